"""Draws the masks of any batch of a recording again, and checks them against kept ones."""

from __future__ import annotations

import keras
import numpy as np

from dropviz.core.checks import check_whole
from dropviz.core.draw_log import DrawLog
from dropviz.core.free_memory import has_room
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Array, Masks
from dropviz.errors import DropvizError, received
from dropviz.methods.draw_masks import draw

_COMPARED = 32  # kept batches at the most; drawing one takes some milliseconds
_BYTES = 16  # for each entry: random numbers, what is compared, and the masks twice


def redraw(recorded: LayerRecording, batch: int, call: int = 0) -> dict[str, Masks]:
    """Draws the masks that a layer used in one call again.

    The state of the layer's random stream was noted before every call, so that masks come back
    that no longer fit the memory, or that ``every`` left out. They are drawn as by
    ``_create_dropout_mask`` of keras/src/layers/rnn/dropout_rnn_cell.py. Keras's stateless random
    numbers depend on how a step was compiled (``jit_compile=True`` draws others,
    keras/src/backend/tensorflow/random.py), so up to 32 of the kept batches are drawn again first
    and compared.

    Args:
        recorded: One layer of a recording, as ``recording["lstm"]``; a recurrent one that drew
            masks.
        batch: The number of the batch, counted from 0 over the whole recording; negative ones do
            not count from the end. ``recorded.draw_log.batches`` holds all that can be drawn: up
            to the last, from the first unless the recording is too long for its log (131,072
            calls of all layers, fewer with a small ``budget_mib``) or rates changed on the way.
        call: The number of the call within the batch, from 0, for a layer that is called several
            times.

    Returns:
        By site, the masks with one batch, ``values`` of shape (1, steps, gates, samples, units);
        sites that drew nothing are left out.

    Raises:
        DropvizError: If ``recorded`` is no layer of a recording, is no recurrent layer or drew no
            masks; the batch or the call was not noted; the masks have no room in memory; or a
            kept batch comes out differently or none is kept, so that redrawing is not known to
            be exact.
    """
    if not isinstance(recorded, LayerRecording):
        raise DropvizError(
            'redraw takes one layer of a recording, as in recording["lstm"]. '
            f"Received: {received(recorded)}."
        )
    draws = recorded.draw_log
    if draws is None:
        why = (
            "drew no masks, so there is nothing to redraw"
            if recorded.is_recurrent
            else "is no recurrent layer; its masks are kept and cannot be drawn again"
        )
        raise DropvizError(f"{recorded.layer!r} {why}.")
    batch = check_whole("batch", batch, int(draws.batches[0]), int(draws.batches[-1]))
    call = check_whole("call", call, 0)
    row = _row_of(batch, call, draws, recorded.layer)
    size = int(draws.samples[row]), int(draws.steps[row])
    if not has_room(_BYTES * sum(plan.entries(*size) for plan in draws.plan)):
        raise DropvizError(
            f"The masks of {recorded.layer!r} in batch {batch} have no room in memory here. "
            f"Expected fewer than {size[0]:,} samples of {size[1]:,} steps; try another batch."
        )
    if not redraws_exactly(recorded):
        raise DropvizError(
            f"The masks of {recorded.layer!r} cannot be redrawn exactly: a kept batch comes "
            "out differently, or none is kept. A step compiled with jit_compile=True draws other "
            "random numbers; so do another backend and, on PyTorch, a layer without a seed; keep "
            "more batches (keep=, budget_mib=) or leave jit_compile out."
        )
    return {
        site: Masks(
            layer=recorded.layer,
            site=site,
            values=values[np.newaxis],
            rate=recorded[site].rate,
            gates=recorded[site].gates,
            time_steps=int(draws.steps[row]),
            batch_sizes=(int(draws.samples[row]),),
            batches=(batch,),
            reason=recorded[site].reason,
            calls=(call,),
        )
        for site, values in _draw(draws, row).items()
    }


def _row_of(batch: int, call: int, draws: DrawLog, layer: str) -> int:
    """The row of a call in the log of draws."""
    rows = np.flatnonzero(draws.batches == batch)
    if not rows.size:
        raise DropvizError(
            f"Batch {batch} of {layer!r} cannot be redrawn: its masks had another shape than those "
            "of the last. Expected one of its draw_log.batches."
        )
    row = next((int(row) for row in rows if draws.calls[row] == call), None)
    if row is None:
        raise DropvizError(
            f"There is no call {received(call)} of {layer!r} in batch {batch}. Expected "
            f"{', '.join(str(draws.calls[row]) for row in rows)}."
        )
    return row


def redraws_exactly(recorded: LayerRecording) -> bool:
    """Tells whether redrawing gives kept batches to the bit: all of a few, else some.

    Args:
        recorded: One layer of a recording.

    Returns:
        False also where no batch is kept to compare with.
    """
    draws = recorded.draw_log
    if draws is None:
        return False
    kept = recorded[draws.plan[0].site].kept
    rows = {
        (int(batch), int(call)): row
        for row, (batch, call) in enumerate(zip(draws.batches, draws.calls, strict=True))
    }
    some = np.unique(np.linspace(0, len(kept) - 1, _COMPARED).round().astype(int))
    if not kept or not rows.keys() >= set(kept):
        return False
    return all(
        np.array_equal(values, recorded[site].of_batch(at))
        for at in some
        for site, values in _draw(draws, rows[kept[at]]).items()
    )


def _draw(draws: DrawLog, at: int) -> dict[str, Array]:
    seed, counter = (int(each) for each in draws.states[at])
    # A name of its own: Keras numbers the nameless, and later layers' names would change.
    generator = keras.random.SeedGenerator(seed=seed, name="dropviz_redraw")
    generator.state.assign([seed, counter])
    size = int(draws.samples[at]), int(draws.steps[at])
    wide = "float64" if draws.dtype == "float64" else "float32"
    drawn = {}
    for plan in draws.plan:
        masks = draw(plan, *size, generator, draws.dtype)
        drawn[plan.site] = keras.ops.convert_to_numpy(keras.ops.cast(masks, wide))
    return drawn
