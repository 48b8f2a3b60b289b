"""Turns what a store held for a cell into masks with names and shapes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dropviz.core.draw_log import DrawLog
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Array, Masks
from dropviz.core.method_options import RATES
from dropviz.core.number_forms import counted
from dropviz.core.setting import Setting
from dropviz.keras_inside.cell_masks import generator_of
from dropviz.methods.variable_rates import live_rates
from dropviz.recording.find_layers import kind, setting
from dropviz.recording.log_rows import (
    BATCH,
    CALL,
    CARRIED,
    COUNTER,
    DROPOUT,
    LAYOUT,
    RECURRENT,
    SAMPLES,
    SEED,
    SIZE,
    STEPS,
    TRAINS,
    Held,
)
from dropviz.recording.mask_layout import Layout, SiteLayout

_NEVER = "no call of it with training=True was seen."
_BACKWARDS = "it goes from the last step to the first: its step 1 is the last of its inputs."
_STATEFUL = "it is stateful: where a sequence goes on in the next batch, masks are drawn anew."
_OVERWRITTEN = "what it used was written over by what came later"
_BY_CALL = "no optimizer of Keras was seen to train it, so each of its calls is counted as a batch."
_UNTRAINED = "it was called without training=True, so nothing was dropped."


@dataclass(frozen=True)
class Facts:
    """What is known of a recorded cell without its masks, whether it is still there or not.

    Attributes:
        path: Its name in the recording.
        number: Its number in the store.
        kind: "LSTM", "GRU" or another.
        gates: Its gates in Keras's order.
        units: Its units; 0 of a cell that does not say.
        setting: The method that it follows, with the rates of now.
        is_live: Whether its rates are variables.
        draws: Whether it draws masks from a stream of its own.
        layouts: Every layout that was traced; more than one where rates were changed.
        untrained: Whether a gradient was taken of a call without ``training=True``.
        by_hand: Whether no optimizer was seen to train it.
        follows: The recurrent layer that a Dropout layer reads from.
        feeds: The one that reads from it.
        foreign: Whether it computes by code that is neither Keras's nor dropviz's.
        backwards: Whether its layer goes from the last step to the first.
        stateful: Whether its layer goes on in the next batch from where it ended.
    """

    path: str
    number: int
    kind: str
    gates: tuple[str, ...]
    units: int
    setting: Setting
    is_live: bool = False
    draws: bool = False
    layouts: tuple[Layout, ...] = ()
    untrained: bool = False
    by_hand: bool = False
    follows: str = ""
    feeds: str = ""
    foreign: bool = False
    backwards: bool = False
    stateful: bool = False

    @classmethod
    def of(cls, path: str, number: int, cell: Any) -> Facts:
        """What is known of a cell.

        Args:
            path: Its name in the recording.
            number: Its number in the store.
            cell: The cell.
        """
        units = int(cell.units) if hasattr(cell, "units") else 0
        draws = generator_of(cell) is not None
        is_live = live_rates(cell) is not None
        return cls(path, number, *kind(cell), units, setting(cell), is_live, draws)


def layer_recording(facts: Facts, held: Held, keep: int | None) -> LayerRecording:
    """Puts together the recording of one layer.

    Args:
        facts: What is known of the cell.
        held: What the store held.
        keep: How many of the last batches to keep; None for all that are held.

    Returns:
        The layer's recording. Where the layer's rates changed while it was recorded,
        only the batches after the last change.
    """
    if not len(held.log):
        return LayerRecording(
            *(facts.path, facts.kind, facts.units, held.batches, {}),
            note=_why_not_logged(facts, held),
            setting=facts.setting,
            calls=held.calls,
        )
    rates = held.log[-1, DROPOUT : RECURRENT + 1].copy().view(np.float64).tolist()
    layout = facts.layouts[held.log[-1, LAYOUT]].at(rates)
    alike = _alike(held)
    kept = _kept_calls(held, layout, alike, keep)
    masks = {site.plan.site: _masks(facts, layout, site, kept) for site in layout.sites}
    draws = _draws(facts, layout, held.log[alike])
    now = dict(zip(RATES, rates, strict=True)) if facts.is_live else {}
    return LayerRecording(
        facts.path,
        facts.kind,
        facts.units,
        held.batches,
        masks,
        calls=held.calls,
        draw_log=draws,
        note=_note(facts, layout, kept, held, redraws=draws is not None),
        setting=replace(facts.setting, **now),
        follows=facts.follows,
        feeds=facts.feeds,
        drawn_only=facts.foreign,
        stateful=facts.stateful,
    )


def _why_not_logged(facts: Facts, held: Held) -> str:
    if held.calls:
        return f"{_OVERWRITTEN}: the log has room for the last calls of all layers."
    return _UNTRAINED if facts.untrained else _NEVER


def _since(held: Held) -> int:
    """The row after the last change of rates."""
    now = held.log[:, DROPOUT : RECURRENT + 1] == held.log[-1, DROPOUT : RECURRENT + 1]
    other = np.flatnonzero(~now.all(axis=1))
    return int(other[-1]) + 1 if other.size else 0


def _alike(held: Held) -> NDArray[np.intp]:
    """The rows whose masks can stand beside those of the last: of its rates, and of its shape."""
    now = np.flatnonzero(held.log[:, LAYOUT] == held.log[-1, LAYOUT])
    return now[now >= _since(held)]


@dataclass(frozen=True)
class _Call:
    batch: int
    call: int
    samples: int
    steps: int
    carried: bool
    block: Array


def _kept_calls(
    held: Held, layout: Layout, alike: NDArray[np.intp], keep: int | None
) -> list[_Call]:
    blocks = dict(zip(held.rows, held.blocks, strict=True))
    found = []
    rows = [int(row) for row in alike if row in blocks or not layout.size(1, 1)]
    if keep:
        last = sorted({int(held.log[row, BATCH]) for row in rows})[-keep:]
        rows = [row for row in rows if held.log[row, BATCH] in last]
    for row in rows:
        entry = held.log[row]
        block = blocks.get(row, np.zeros(0, np.float32))
        samples, steps = int(entry[SAMPLES]), int(entry[STEPS])
        # A batch larger than the whole budget is held in part only.
        if block.size == layout.size(samples, steps):
            number, call = int(entry[BATCH]), int(entry[CALL])
            found.append(_Call(number, call, samples, steps, bool(entry[CARRIED]), block))
    return found


def _masks(facts: Facts, layout: Layout, site: SiteLayout, kept: Sequence[_Call]) -> Masks:
    steps = max((call.steps for call in kept), default=0)
    reason = site.reason
    carried = any(call.carried for call in kept)
    if not reason and site.plan.site == "recurrent" and steps == 1 and not carried:
        reason = (
            "nothing is dropped: with one time step the masks multiply the initial h alone, "
            "and it is zero. Use longer sequences."
        )
    return Masks(
        layer=facts.path,
        site=site.plan.site,
        values=_values(layout, site, kept),
        rate=site.plan.rate,
        gates=facts.gates,
        time_steps=steps,
        batch_sizes=tuple(call.samples for call in kept),
        batches=tuple(call.batch for call in kept),
        calls=tuple(call.call for call in kept),
        reason=reason,
    )


def _values(layout: Layout, site: SiteLayout, kept: Sequence[_Call]) -> Array:
    samples = max((call.samples for call in kept), default=0)
    steps = max((call.steps for call in kept), default=0)
    if not site.plan.gates:
        # Nothing multiplied: ones say so without taking memory.
        return np.broadcast_to(np.float32(1), (len(kept), 1, 1, samples, 1))
    before = layout.sites[: layout.sites.index(site)]
    dtype = kept[0].block.dtype if kept else np.dtype(np.float32)
    values = np.full((len(kept), *site.shape(samples, steps)), np.nan, dtype)
    for row, call in enumerate(kept):
        size = call.samples, call.steps
        start = sum(math.prod(other.shape(*size)) for other in before)
        part = call.block[start:][: math.prod(site.shape(*size))].reshape(site.shape(*size))
        values[row, : len(part), :, : part.shape[2]] = part
    return values


def _draws(facts: Facts, layout: Layout, log: NDArray[np.int64]) -> DrawLog | None:
    if not layout.mask_count or not facts.draws:
        return None
    return DrawLog(
        batches=log[:, BATCH].copy(),
        calls=log[:, CALL].copy(),
        # Each mask drawn moved the counter on by one (keras.random.SeedGenerator.next).
        states=log[:, [SEED, COUNTER]] - np.array([0, layout.mask_count]),
        samples=log[:, SAMPLES].copy(),
        steps=log[:, STEPS].copy(),
        plan=tuple(site.plan for site in layout.sites if site.drawn),
        dtype=layout.dtype,
    )


def _why_no_masks(held: Held, layout: Layout) -> str:
    """Why no masks are held; of a call the store keeps as much as it has room for."""
    if not held.log[_alike(held), SIZE].any():
        return "no masks are held: `every` left out all of these batches."
    size, samples, steps = (int(held.log[-1, each]) for each in (SIZE, SAMPLES, STEPS))
    if 0 < size < layout.size(samples, steps):
        return "no masks are held: one batch is larger than budget_mib."
    return f"no masks are held: {_OVERWRITTEN}. A larger budget_mib keeps more."


def _untaken(held: Held) -> str:
    where = (
        "made where no gradient was seen to be taken, as without a tape, or by a function that was "
        "compiled there"
    )
    if held.log[-1, TRAINS]:
        are = "is" if held.untaken == 1 else "are"
        return f"{counted(held.untaken, 'call')} of it {are} not among these, {where}."
    return f"its calls were {where}, so each of them is counted as a batch."


def _too_long(held: Held) -> str:
    """Which batches the log has no room for, or not for all of their calls."""
    batch, call = held.log[0, [BATCH, CALL]].tolist()
    number = batch + bool(call)
    first = "first batch" if number == 1 else f"first {number:,} batches"
    return f"too long to redraw {'all calls of ' if call else ''}its {first}."


def _note(facts: Facts, layout: Layout, kept: Sequence[_Call], held: Held, *, redraws: bool) -> str:
    notes = [_BACKWARDS] if facts.backwards else []
    drops = any(site.drawn for site in layout.sites)
    notes += [_STATEFUL] if facts.stateful and drops else []
    since = _since(held)
    if since:
        notes.append("its rates changed while it was recorded; these masks are the latest.")
    if (held.log[since:, LAYOUT] != held.log[-1, LAYOUT]).any():
        notes.append("its masks had several shapes; these are all of the shape of the last.")
    if not kept:
        notes.append(_why_no_masks(held, layout))
    if redraws and held.calls > len(held.log) and not held.newest:
        notes.append(_too_long(held))
    if held.untaken:
        notes.append(_untaken(held))
    if held.unfinished:
        are = "is" if held.unfinished == 1 else "are"
        made = counted(held.unfinished, "call")
        notes.append(f"{made} of it {are} no batch, made after the optimizer's last step.")
    if held.by_call and held.calls > 1:
        notes.append(_BY_CALL)
    return " ".join(notes)
