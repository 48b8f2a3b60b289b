"""What one call of a Keras cell draws, uses and leaves unused."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras

from dropviz.core.draw_log import MaskPlan
from dropviz.core.method_options import RATES
from dropviz.keras_inside.cell_masks import kept_masks
from dropviz.methods.method_cell import MethodCell
from dropviz.methods.variable_rates import live_rates
from dropviz.recording.find_layers import kind

Tensor = Any
Cell = Any

NOT_DRAWN = (
    "no mask was there before the first time step, where Keras draws them; "
    "what the cell draws inside the loop cannot be recorded."
)


@dataclass(frozen=True)
class SiteLayout:
    """One site's masks in a call, and whether they can drop.

    Attributes:
        plan: How many, how wide and of which rate; without gates and units where there are none.
        drawn: Whether the masks came from the random stream (a rate of 1 does not).
        reason: Why nothing is dropped; empty where something can be.
        unread: Whether that is not known, as no mask was there when it was looked for.
        argument: Where the rate is a variable, the argument that sets it; the plan's then
            stands for any rate above 0.
    """

    plan: MaskPlan
    drawn: bool
    reason: str = ""
    unread: bool = False
    argument: str = ""

    def shape(self, samples: int, steps: int) -> tuple[int, int, int, int]:
        """Shape of the masks of one call: (steps, gates, samples, units)."""
        return (
            steps if self.plan.by_step else 1,
            self.plan.gates,
            samples if self.plan.by_sample else 1,
            self.plan.units,
        )

    def at(self, rate: float) -> SiteLayout:
        """The same with another rate."""
        return replace(self, plan=replace(self.plan, rate=rate))


@dataclass(frozen=True)
class Layout:
    """How the masks of one call lie in a flat block.

    Attributes:
        sites: The sites in the order in which they are drawn.
        dtype: Floating type that the masks were drawn in.
    """

    sites: tuple[SiteLayout, ...]
    dtype: str

    def at(self, rates: Sequence[float]) -> Layout:
        """The same with the two rates of a call, where rates are variables."""
        by_name = dict(zip(RATES, rates, strict=True))
        sites = (site.at(by_name[site.argument]) if site.argument else site for site in self.sites)
        return replace(self, sites=tuple(sites))

    @property
    def mask_count(self) -> int:
        """Masks taken from the random stream in one call."""
        return sum(site.plan.gates for site in self.sites if site.drawn)

    def size(self, samples: int, steps: int) -> int:
        """Entries in the block of one call."""
        return sum(math.prod(site.shape(samples, steps)) for site in self.sites)


def read_masks(cell: Cell, samples: int | None = None) -> tuple[Layout, list[Tensor]]:
    """Reads the masks that a cell has drawn for the call under way.

    Args:
        cell: A Keras cell between the drawing of its masks and their reset, that is
            inside ``RNN.inner_loop`` (keras/src/layers/rnn/rnn.py, ``RNN.call``).
        samples: Samples of the call; None where they are not known beforehand.

    Returns:
        Their layout, and the masks that multiply: each of shape (samples, units) in
        Keras's cells, and (steps, gates, samples, units) in those of dropviz.
    """
    if isinstance(cell, MethodCell):
        return _read_method(cell)
    sites: list[SiteLayout] = []
    tensors: list[Tensor] = []
    for site, argument in (("input", RATES[0]), ("recurrent", RATES[1])):
        rate = float(getattr(cell, argument))
        masks = kept_masks(cell, argument)
        masks = [] if masks is None else masks if isinstance(masks, (list, tuple)) else [masks]
        reason = _why_nothing(cell, rate)
        unread = not reason and not masks
        used = [] if reason else masks
        tensors += used
        units = int(used[0].shape[-1]) if used else 0
        # A cell of somebody's own may draw one mask for all.
        by_sample = not used or used[0].shape[0] != 1 or samples == 1
        sites.append(
            SiteLayout(
                MaskPlan(site, len(used), units, rate, by_sample=by_sample),
                drawn=bool(used) and rate < 1,
                reason=NOT_DRAWN if unread else reason,
                unread=unread,
                argument=argument if live_rates(cell) and used else "",
            )
        )
    return Layout(tuple(sites), str(cell.compute_dtype)), tensors


def rates_of(cell: Cell) -> Any:
    """Both drop rates of a cell: numbers, or a tensor where they are variables."""
    live = live_rates(cell)
    return live.exact if live else [float(getattr(cell, name)) for name in RATES]


def _read_method(cell: MethodCell) -> tuple[Layout, list[Tensor]]:
    sites: list[SiteLayout] = []
    tensors: list[Tensor] = []
    for rule in cell.setting.rules:
        masks = cell.masks.get(rule.site)
        if masks is None:
            none, unread = MaskPlan(rule.site, 0, 0, rule.rate), rule.rate > 0
            reason = NOT_DRAWN if unread else "nothing is dropped: the rate is 0."
            sites.append(SiteLayout(none, drawn=False, reason=reason, unread=unread))
            continue
        tensors.append(masks)
        argument = cell.setting.argument(rule)
        moves = live_rates(cell) is not None and argument in RATES
        sites.append(SiteLayout(cell.plan(rule), drawn=True, argument=argument if moves else ""))
    return Layout(tuple(sites), str(cell.compute_dtype)), tensors


def _ignored(cell: Cell, rate: float) -> bool:
    # LSTM and GRU test `0 < rate < 1`; SimpleRNN uses whatever mask there is.
    return rate >= 1 and not isinstance(cell, keras.layers.SimpleRNNCell)


def _why_nothing(cell: Cell, rate: float) -> str:
    """Why a rate drops nothing; empty where it can."""
    name = kind(cell)[0]
    if rate == 0:
        return "nothing is dropped: the rate is 0 (Keras takes negative rates as 0)."
    if _ignored(cell, rate):
        return (
            "nothing is dropped: the rate is 1 (Keras takes higher rates as 1), and its "
            f"{name} cell applies a mask only where 0 < rate < 1. Give a rate below 1."
        )
    return ""
