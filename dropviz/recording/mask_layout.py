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
    """One site's masks in a call: how many, how wide, and whether they can drop.

    Attributes:
        site: Where they multiply.
        gates: Masks drawn: one for each gate, or 1 for all; 0 where the site has none.
        units: Entries of one mask; 0 where the site has none.
        rate: The cell's drop rate.
        drawn: Whether the masks came from the random stream (a rate of 1 does not).
        reason: Why nothing is dropped; empty where something can be.
        by_step: Whether each time step has masks of its own.
        by_sample: Whether each sample has masks of its own.
        inverted: Whether kept entries are 1/(1-rate), or else 1.
        argument: Where the rate is a variable, the argument that sets it; ``rate`` then
            stands for any rate above 0.
    """

    site: str
    gates: int
    units: int
    rate: float
    drawn: bool
    reason: str
    by_step: bool = False
    by_sample: bool = True
    inverted: bool = True
    argument: str = ""

    def shape(self, samples: int, steps: int) -> tuple[int, int, int, int]:
        """Shape of the masks of one call: (steps, gates, samples, units)."""
        return (
            steps if self.by_step else 1,
            self.gates,
            samples if self.by_sample else 1,
            self.units,
        )

    @property
    def plan(self) -> MaskPlan:
        """What it takes to draw them."""
        flags = self.by_step, self.by_sample, self.inverted
        return MaskPlan(self.site, self.gates, self.units, self.rate, *flags)


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
        sites = (
            replace(site, rate=by_name[site.argument]) if site.argument else site
            for site in self.sites
        )
        return replace(self, sites=tuple(sites))

    @property
    def mask_count(self) -> int:
        """Masks taken from the random stream in one call."""
        return sum(site.gates for site in self.sites if site.drawn)

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
        reason = _why_nothing(cell, rate, drawn=bool(masks))
        used = [] if reason else masks
        tensors += used
        units = int(used[0].shape[-1]) if used else 0
        # A cell of somebody's own may draw one mask for all.
        by_sample = not used or used[0].shape[0] != 1 or samples == 1
        layout = SiteLayout(
            *(site, len(used), units, rate),
            drawn=bool(used) and rate < 1,
            reason=reason,
            by_sample=by_sample,
        )
        sites.append(replace(layout, argument=argument) if live_rates(cell) and used else layout)
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
            reason = NOT_DRAWN if rule.rate else "nothing is dropped: the rate is 0."
            sites.append(SiteLayout(rule.site, 0, 0, rule.rate, drawn=False, reason=reason))
            continue
        plan = cell.plan(rule)
        tensors.append(masks)
        layout = SiteLayout(
            *(rule.site, plan.gates, plan.units, plan.rate),
            drawn=True,
            reason="",
            by_step=plan.by_step,
            by_sample=plan.by_sample,
            inverted=plan.inverted,
        )
        argument = cell.setting.argument(rule)
        moves = live_rates(cell) is not None and argument in RATES
        sites.append(replace(layout, argument=argument) if moves else layout)
    return Layout(tuple(sites), str(cell.compute_dtype)), tensors


def _ignored(cell: Cell, rate: float) -> bool:
    # LSTM and GRU test `0 < rate < 1`; SimpleRNN uses whatever mask there is.
    return rate >= 1 and not isinstance(cell, keras.layers.SimpleRNNCell)


def _why_nothing(cell: Cell, rate: float, *, drawn: bool) -> str:
    name = kind(cell)[0]
    if rate == 0:
        return "nothing is dropped: the rate is 0 (Keras takes negative rates as 0)."
    if _ignored(cell, rate):
        return (
            "nothing is dropped: the rate is 1 (Keras takes higher rates as 1), and its "
            f"{name} cell applies a mask only where 0 < rate < 1. Give a rate below 1."
        )
    return "" if drawn else NOT_DRAWN
