"""Traps about whose mask is whose, and how long a mask lives."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np

from dropviz.core.number_forms import counted
from dropviz.traps.tools import (
    SAMPLES,
    STEPS,
    UNITS,
    Array,
    Exhibit,
    Finding,
    Layer,
    NotMeasurableError,
    apart,
    array,
    distinct,
    error_of,
    lstm,
    number,
    raised,
    seeded_arguments,
    sequences,
    watched,
)


def failed_call() -> Finding:
    """The mask of the call after one that failed."""
    x = sequences()
    state = [np.zeros((SAMPLES, UNITS), "float32")]  # an LSTM needs two

    def failed() -> tuple[Layer, list[Array], str]:
        layer = lstm(dropout=0.5)
        layer(x, training=True)
        seen = watched(layer.cell)
        error = error_of(lambda: layer(x, initial_state=state, training=True))
        return layer, seen, error

    layer, seen, error = failed()
    if not error or not seen:
        raise NotMeasurableError("a call with one initial state instead of two drew no mask.")
    of_failed = seen[-1]
    shared = []
    for _batch in range(2):
        layer(x, training=True)
        shared.append(float((seen[-1] == of_failed).mean()))
    smaller, _, _ = failed()
    other = raised(error_of(lambda: smaller(x[:2], training=True)))
    smaller.cell.reset_dropout_mask()
    mended = raised(error_of(lambda: smaller(x[:2], training=True)))
    said = (
        f"A call failed ({error}). The next batch had {shared[0]:.0%} of its mask in common "
        f"with it, and the batch after that {shared[1]:.0%}. In a second layer the next batch "
        f"was smaller, and {other}; after `reset_dropout_mask()` it {mended}."
    )
    evidence: dict[str, float | str] = {
        "shared": shared[0],
        "shared later": shared[1],
        "smaller batch": other,
        "smaller batch after reset": mended,
    }
    return Finding(shared[0] == 1 and shared[1] < 1, said, evidence)


def cell_by_hand() -> Finding:
    """The masks of a cell in a loop of one's own, without and with a reset."""
    batches = 6

    def masks(*, reset: bool) -> int:
        cell = keras.layers.LSTMCell(UNITS, **seeded_arguments(dropout=0.5, name="cell"))
        seen = watched(cell)
        for batch in range(batches):
            x = sequences(seed=batch)
            state = [np.zeros((SAMPLES, UNITS), "float32")] * 2
            if reset:
                cell.reset_dropout_mask()
            for step in range(STEPS):
                _, state = cell(x[:, step], state, training=True)
        return distinct(seen)

    without, with_reset = masks(reset=False), masks(reset=True)
    said = (
        f"A loop over {batches} batches used {counted(without, 'mask')}; with "
        f"`cell.reset_dropout_mask()` before each batch it used {counted(with_reset, 'mask')}."
    )
    evidence = {"batches": batches, "masks": without, "masks with reset": with_reset}
    return Finding(without == 1 and with_reset == batches, said, evidence)


def bidirectional_seed() -> Finding:
    """The masks of the two directions, with one seed and with two."""
    x = sequences()

    def shared(**kwargs: Any) -> tuple[float, int]:
        both = keras.layers.Bidirectional(lstm(dropout=0.5, seed=4), name="both", **kwargs)
        forward, backward = watched(both.forward_layer.cell), watched(both.backward_layer.cell)
        both(x, training=True)
        return float((forward[-1] == backward[-1]).mean()), forward[-1].size

    same, _ = shared()
    own = lstm(dropout=0.5, seed=9, go_backwards=True, name="backward")
    other, entries = shared(backward_layer=own)
    said = (
        f"The two directions of `Bidirectional(LSTM(dropout=0.5, seed=4))` had {same:.0%} of "
        f"their masks in common. With a `backward_layer` of another seed it was {other:.0%} of "
        f"their {entries} entries, where chance gives about half."
    )
    evidence = {"one seed": same, "two seeds": other}
    return Finding(same == 1 and other < 1, said, evidence)


def stateful_new_masks() -> Finding:
    """State and mask over two windows of a stateful layer."""
    x = sequences()
    layer = lstm(dropout=0.5, stateful=True)
    seen = watched(layer.cell)
    layer(x, training=True)
    first, before = seen[-1], [array(state) for state in layer.states]
    ended = float(np.abs(before[0]).max())
    layer(x, training=True)
    shared = float((seen[-1] == first).mean())
    went_on = layer(x)
    layer.reset_state()
    carried = apart(went_on, layer(x))
    said = (
        f"After the first window the state is as large as {number(ended)}, and it changes the "
        f"output of a later one by {number(carried)}. The masks of the first two windows had "
        f"{shared:.0%} in common (half is what chance gives)."
    )
    evidence = {"state": ended, "carried": carried, "shared": shared}
    return Finding(carried > 0 and shared < 1, said, evidence)


class _Counted(keras.layers.LSTMCell):  # type: ignore[misc]
    """An LSTMCell that counts its calls."""

    calls = 0

    def call(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return super().call(*args, **kwargs)


def stacked_cells() -> Finding:
    """How often cells are called, alone and stacked."""
    steps = 7

    def calls(number_of_cells: int) -> list[int]:
        cells = [
            _Counted(UNITS, **seeded_arguments(dropout=0.5, name=f"cell_{place}"))
            for place in range(number_of_cells)
        ]
        given = cells if number_of_cells > 1 else cells[0]
        layer = keras.layers.RNN(given, unroll=True, name="rnn")
        layer.build((SAMPLES, steps, UNITS))
        for cell in cells:
            cell.calls = 0
        layer(sequences(SAMPLES, steps, UNITS), training=True)
        return [cell.calls for cell in cells]

    alone, stacked = calls(1), calls(2)
    said = (
        f"Over {steps} steps, `RNN(cell)` called its cell {alone[0]} times; `RNN([cell, cell])` "
        f"called its cells {stacked[0]} and {stacked[1]} times, {sum(stacked)} in all."
    )
    evidence = {"steps": steps, "alone": alone[0], "stacked": sum(stacked)}
    return Finding(alone[0] == steps and sum(stacked) > 2 * steps, said, evidence)


def seed_not_saved() -> Finding:
    """Variables and weights of a layer, and the masks after saving and loading."""
    x = sequences()
    layer = lstm(dropout=0.5)
    model = keras.Sequential([keras.Input(x.shape[1:]), layer], name="model")
    seen = watched(layer.cell)
    for _batch in range(2):
        model(x, training=True)
    first = seen[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        with warnings.catch_warnings():  # NumPy 2 warns of what Keras's variables do
            warnings.simplefilter("ignore", DeprecationWarning)
            model.save(path)
        loaded = keras.models.load_model(path)
    again = watched(loaded.layers[0].cell)
    model(x, training=True)
    loaded(x, training=True)
    on = float((again[-1] == seen[-1]).mean())
    back = float((again[-1] == first).mean())
    said = (
        f"`LSTM(dropout=0.5)` has {len(layer.variables)} variables and {len(layer.weights)} "
        "weights. After 2 batches the model was saved and loaded. The next mask of the loaded "
        f"model had {on:.0%} in common with the next one of the saved model, and {back:.0%} "
        "with the first one of all (half is what chance gives)."
    )
    evidence = {
        "variables": len(layer.variables),
        "weights": len(layer.weights),
        "shared with next": on,
        "shared with first": back,
    }
    extra = len(layer.variables) - len(layer.weights)
    return Finding(extra == 1 and back == 1 and on < 1, said, evidence)


EXHIBITS = (
    Exhibit(
        name="failed-call",
        title="After a call that failed, the next batch gets its masks",
        expect="A failed call leaves the layer as it was.",
        why=(
            "`self._maybe_reset_dropout_masks(self.cell)` comes after the loop over the steps "
            "in keras/src/layers/rnn/rnn.py, so an error or an interrupt in between skips it."
        ),
        advice=(
            "After an error in eager code call `layer.cell.reset_dropout_mask()` and "
            "`layer.cell.reset_recurrent_dropout_mask()`, or make the model again."
        ),
        measure=failed_call,
    ),
    Exhibit(
        name="cell-by-hand",
        title="An LSTMCell in a loop of your own keeps its first mask for ever",
        expect="Each batch gets new masks, as in `keras.layers.LSTM`.",
        why=(
            "The cell draws only if `self._dropout_mask is None` "
            "(keras/src/layers/rnn/dropout_rnn_cell.py); it is the RNN layer that resets it."
        ),
        advice=(
            "Call `cell.reset_dropout_mask()` and `cell.reset_recurrent_dropout_mask()` before "
            "each batch, or put the cell into `keras.layers.RNN`."
        ),
        measure=cell_by_hand,
    ),
    Exhibit(
        name="bidirectional-seed",
        title="With a seed, both directions of a Bidirectional use the same masks",
        expect="The two directions are two layers with masks of their own.",
        why=(
            "`config = serialization_lib.serialize_keras_object(layer)` in "
            "keras/src/layers/rnn/bidirectional.py copies the configuration, seed included. "
            "Two layers with one seed and one shape do the same."
        ),
        advice=(
            "Leave `seed=None` and use `keras.utils.set_random_seed`, or give a "
            "`backward_layer` with another seed and `go_backwards=True`."
        ),
        measure=bidirectional_seed,
    ),
    Exhibit(
        name="stateful-new-masks",
        title="stateful=True carries the state over, but not the masks",
        expect="A sequence cut into windows keeps its masks, as it keeps its state.",
        why=(
            "A mask lives for one call of the layer, and each window is a call: "
            "`self._maybe_reset_dropout_masks(self.cell)` in keras/src/layers/rnn/rnn.py."
        ),
        advice="Take longer windows where one mask for the whole sequence matters.",
        measure=stateful_new_masks,
    ),
    Exhibit(
        name="stacked-cells",
        title="Cells stacked in one RNN run one step more than the sequence has",
        expect="Each cell is called once for each step.",
        why=(
            "To know the shape of each cell's input before it draws masks, RNN calls them once: "
            "`input_sequence, _ = cell_call_fn(input_sequence, s)` in "
            "keras/src/layers/rnn/rnn.py."
        ),
        advice="Do not count on the calls of a cell of your own; stack layers where it matters.",
        measure=stacked_cells,
    ),
    Exhibit(
        name="seed-not-saved",
        title="A loaded model starts its masks over: the seed's state is no weight",
        expect="A model that is saved and loaded trains on as the first one would have.",
        why=(
            "`self.seed_generator = backend.random.SeedGenerator(seed=seed)` in "
            "keras/src/layers/rnn/lstm.py holds its state in a variable that is not among the "
            "weights, and a saved file holds weights. The loaded layer counts from 0 again, and "
            "without a seed it gets another one."
        ),
        advice=(
            "To go on exactly, save `layer.cell.seed_generator.state` too, and `assign` it after "
            "loading."
        ),
        measure=seed_not_saved,
    ),
)
