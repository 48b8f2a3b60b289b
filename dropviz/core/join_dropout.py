"""A recurrent layer and the Dropout layer above it, as one recording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dropviz.core.layer_recording import LayerRecording


def joined(recorded: LayerRecording, above: LayerRecording) -> LayerRecording:
    """Adds the masks of the Dropout layer that drops a recurrent layer's outputs.

    Args:
        recorded: The recurrent layer's recording.
        above: The recording of the Dropout layer.

    Returns:
        A recording with the site "between" beside the layer's own. Of a batch, or a call in
        it, that the Dropout layer does not hold, the masks there are all NaN.
    """
    between = above["between"]
    mine = next(iter(recorded.values()), between)
    rows = {at: row for row, at in enumerate(between.kept)}
    values = np.full((len(mine.batches), *between.shape[1:]), np.nan, between.values.dtype)
    for row, at in enumerate(mine.kept):
        if at in rows:
            values[row] = between.values[rows[at]]
    aligned = replace(
        between,
        values=values,
        batch_sizes=mine.batch_sizes,
        batches=mine.batches,
        calls=mine.calls,
    )
    return recorded.beside(aligned)
