"""Turns what a store held for a cell into masks with names and shapes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dropviz.core.draw_log import DrawLog
from dropviz.core.masks import Array, LayerRecording, Masks
from dropviz.methods.variable_rates import live_rates
from dropviz.recording.find_layers import kind, setting
from dropviz.recording.log_rows import (
    CARRIED,
    COUNTER,
    DROPOUT,
    LAYOUT,
    RECURRENT,
    SAMPLES,
    SEED,
    STEPS,
    Held,
)
from dropviz.recording.mask_layout import Layout, SiteLayout

_NEVER = (
    "no training batch came by. (A tf.function that was traced before the recording "
    "began keeps its old graph: make it inside the block.)"
)


@dataclass(frozen=True)
class Facts:
    """What is known of a recorded cell without its masks.

    Attributes:
        path: The layer's path.
        cell: The cell.
        layouts: Every layout that was traced; more than one where rates were changed.
    """

    path: str
    cell: Any
    layouts: tuple[Layout, ...]


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
    name, gates = kind(facts.cell)
    units = int(facts.cell.units) if hasattr(facts.cell, "units") else 0
    if not len(held.log):
        return LayerRecording(
            facts.path, name, units, 0, {}, note=_NEVER, setting=setting(facts.cell)
        )
    rates = held.log[-1, DROPOUT : RECURRENT + 1].copy().view(np.float64).tolist()
    layout = facts.layouts[held.log[-1, LAYOUT]].at(rates)
    since = _since(held)
    live = live_rates(facts.cell)
    batches = _batches(held, layout, since, keep)
    masks = {site.site: _masks(facts.path, gates, layout, site, batches) for site in layout.sites}
    return LayerRecording(
        facts.path,
        name,
        units,
        held.calls,
        masks,
        draw_log=_draws(facts.cell, layout, held, since),
        note=_note(batches, held, since),
        setting=live.at(*rates) if live else setting(facts.cell),
    )


def _since(held: Held) -> int:
    """The row after the last change of rates."""
    now = held.log[:, LAYOUT:] == held.log[-1, LAYOUT:]
    other = np.flatnonzero(~now.all(axis=1))
    return int(other[-1]) + 1 if other.size else 0


@dataclass(frozen=True)
class _Batch:
    number: int
    samples: int
    steps: int
    carried: bool
    block: Array


def _batches(held: Held, layout: Layout, since: int, keep: int | None) -> list[_Batch]:
    first = held.calls - len(held.log)
    blocks = dict(zip(held.rows, held.blocks, strict=True))
    rows = list(held.rows) if layout.size(1, 1) else list(range(len(held.log)))
    found = []
    rows = [row for row in rows if row >= since]
    for row in rows[-keep:] if keep else rows:
        entry = held.log[row]
        block = blocks.get(row, np.zeros(0, np.float32))
        samples, steps = int(entry[SAMPLES]), int(entry[STEPS])
        # A batch larger than the whole budget is held in part only.
        if block.size == layout.size(samples, steps):
            found.append(_Batch(first + row, samples, steps, bool(entry[CARRIED]), block))
    return found


def _masks(
    path: str, gates: tuple[str, ...], layout: Layout, site: SiteLayout, batches: Sequence[_Batch]
) -> Masks:
    steps = max((batch.steps for batch in batches), default=0)
    reason = site.reason
    carried = any(batch.carried for batch in batches)
    if not reason and site.site == "recurrent" and steps == 1 and not carried:
        reason = (
            "nothing is dropped: with one time step the masks multiply the initial h alone, "
            "and it is zero. Use longer sequences."
        )
    return Masks(
        layer=path,
        site=site.site,
        values=_values(layout, site, batches),
        rate=site.rate,
        gates=gates,
        time_steps=steps,
        batch_sizes=tuple(batch.samples for batch in batches),
        batches=tuple(batch.number for batch in batches),
        reason=reason,
    )


def _values(layout: Layout, site: SiteLayout, batches: Sequence[_Batch]) -> Array:
    samples = max((batch.samples for batch in batches), default=0)
    steps = max((batch.steps for batch in batches), default=0)
    if not site.gates:
        # Nothing multiplied: ones say so without taking memory.
        return np.broadcast_to(np.float32(1), (len(batches), 1, 1, samples, 1))
    before = layout.sites[: layout.sites.index(site)]
    dtype = batches[0].block.dtype if batches else np.dtype(np.float32)
    values = np.full((len(batches), *site.shape(samples, steps)), np.nan, dtype)
    for row, batch in enumerate(batches):
        size = batch.samples, batch.steps
        start = sum(math.prod(other.shape(*size)) for other in before)
        part = batch.block[start:][: math.prod(site.shape(*size))].reshape(site.shape(*size))
        values[row, : len(part), :, : part.shape[2]] = part
    return values


def _draws(cell: Any, layout: Layout, held: Held, since: int) -> DrawLog | None:
    if not layout.mask_count or not hasattr(cell, "seed_generator"):
        return None
    # Each mask drawn moved the counter on by one (keras.random.SeedGenerator.next).
    states = held.log[since:, [SEED, COUNTER]] - np.array([0, layout.mask_count])
    return DrawLog(
        first=held.calls - len(held.log) + since,
        states=states,
        samples=held.log[since:, SAMPLES].copy(),
        steps=held.log[since:, STEPS].copy(),
        plan=tuple(site.plan for site in layout.sites if site.drawn),
        dtype=layout.dtype,
    )


def _note(batches: Sequence[_Batch], held: Held, since: int) -> str:
    notes = []
    if since:
        notes.append("its rates changed while it was recorded; these masks are the latest.")
    if not batches:
        notes.append("no masks are held: one batch is larger than budget_mib.")
    if held.calls > len(held.log):
        notes.append(f"too long to redraw its first {held.calls - len(held.log):,} batches.")
    return " ".join(notes)
