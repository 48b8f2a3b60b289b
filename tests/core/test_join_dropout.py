from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dropviz.core.join_dropout import joined
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks


def layer(
    name: str, site: str, batches: Sequence[int], units: int, calls: Sequence[int] = ()
) -> LayerRecording:
    """Makes a recording whose masks tell their batch."""
    values = np.array(batches, np.float32).reshape(-1, 1, 1, 1, 1) + np.zeros((1, 2, 1, 3, units))
    masks = Masks(
        layer=name,
        site=site,
        values=values,
        rate=0.5,
        gates=(),
        time_steps=2,
        batch_sizes=(3,) * len(batches),
        batches=tuple(batches),
        calls=tuple(calls),
    )
    return LayerRecording(name, "LSTM" if site == "input" else "Dropout", units, 9, {site: masks})


def test_masks_stand_beside_those_of_their_own_batch() -> None:
    both = joined(layer("lstm", "input", [4, 5, 6], 2), layer("drop", "between", [5, 6, 7], 3))

    assert list(both) == ["input", "between"]
    assert both["between"].layer == "drop"
    assert both["between"].batches == (4, 5, 6)
    first = both["between"].values[:, 0, 0, 0, 0]
    np.testing.assert_array_equal(first, [np.nan, 5, 6])
    assert both["between"].of_batch(0).size == 0
    assert both["between"].of_batch(1).shape == (2, 1, 3, 3)


def test_calls_of_one_batch_are_told_apart() -> None:
    both = joined(
        layer("lstm", "input", [1, 1], 2, calls=[0, 1]),
        layer("drop", "between", [1, 2], 2, calls=[1, 0]),
    )

    np.testing.assert_array_equal(both["between"].values[:, 0, 0, 0, 0], [np.nan, 1])


def test_of_a_layer_that_holds_nothing_all_is_shown() -> None:
    both = joined(layer("lstm", "input", [], 2), layer("drop", "between", [3], 2))

    assert both["between"].shape == (0, 2, 1, 3, 2)


def test_all_else_that_is_known_of_the_layer_stays() -> None:
    lstm = layer("lstm", "input", [1], 2)
    lstm.note, lstm.calls, lstm.drawn_only, lstm.stateful = "a note", 18, True, True
    lstm.models = ("model",)
    both = joined(lstm, layer("drop", "between", [1], 2))

    kept, mine = ({**vars(each), "_masks": None} for each in (both, lstm))
    assert kept == mine
    assert list(lstm) == ["input"]
