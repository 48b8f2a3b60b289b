"""Small models, ways to train them, and what they do in plain NumPy."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from dropviz.methods.lstm import LSTM
from dropviz.recording.log_rows import shares
from dropviz.recording.record import record

Layer = Any  # Keras has no type stubs
Model = Any
Array = NDArray[np.floating]

SAMPLES, BATCH, STEPS, FEATURES, UNITS = 10, 4, 3, 3, 3
SIZES = (4, 4, 2)  # of the batches that SAMPLES make: the last one is partial
RATES = {"dropout": 0.5, "recurrent_dropout": 0.4}
CELLS = (keras.layers.LSTMCell, keras.layers.GRUCell, keras.layers.SimpleRNNCell)
# Before Keras 3.14 a rate of 1 reaches TensorFlow, which refuses it once a layer trains.
REFUSES_ONE = tuple(map(int, keras.__version__.split(".")[:2])) < (3, 14)
REFUSED = r"`rate` must be a scalar tensor or a float in the range \[0, 1\)"
MODES: dict[str, dict[str, Any]] = {
    "graph": {},
    "eager": {"run_eagerly": True},
    "jit": {"jit_compile": True},
}


# Every method with each of its options: arguments of ``dropviz.LSTM``.
METHOD_CASES: dict[str, dict[str, Any]] = {
    "zaremba": {"method": "zaremba", "dropout": 0.5},
    **{name: {"method": name, **RATES} for name in ("naive", "gal-tied", "gal-untied")},
    **{
        f"{name} {life} {scaling}": {"method": name, **RATES, "life": life, "scaling": scaling}
        for name in ("moon", "semeniuta")
        for life in ("step", "sequence")
        for scaling in ("inverted", "test-time")
    },
    "zoneout one rate": {"method": "zoneout", **RATES},
    "zoneout two rates": {
        "method": "zoneout",
        "dropout": 0.5,
        "zoneout_cell": 0.4,
        "zoneout_hidden": 0.2,
    },
    "zoneout one of each": {
        "method": "zoneout",
        "recurrent_dropout": 0.3,
        "zoneout_hidden": 0.6,
    },
    "weight-drop": {"method": "weight-drop", **RATES},
}
# One of each method, where the options do not matter.
# Those whose cells differ most: masks for each gate, in the cell, on the states, on the weights.
MOST_UNLIKE = ("gal-untied", "semeniuta step test-time", "zoneout two rates", "weight-drop")
ONE_OF_EACH = tuple(
    {
        METHOD_CASES[name]["method"]: name for name in (*reversed(METHOD_CASES), *MOST_UNLIKE)
    }.values()
)


def dropping(case: str, **kwargs: Any) -> Layer:
    """Makes the layer of a case of ``METHOD_CASES``."""
    given: dict[str, Any] = {"units": UNITS, "name": "lstm", **METHOD_CASES[case], **kwargs}
    return LSTM(**given)


def data(*shape: int) -> tuple[Array, Array]:
    """Makes sequences, and one target for each."""
    x = np.random.default_rng(3).normal(size=shape or (SAMPLES, STEPS, FEATURES))
    x = x.astype("float32")
    return x, x.reshape(len(x), -1).sum(axis=1, keepdims=True)


def fresh(seed: int = 5) -> None:
    """Makes the next model come out like the last one: same names, same seeds."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(seed)


def lstm(**kwargs: Any) -> Layer:
    return keras.layers.LSTM(**({"units": UNITS, **RATES, "name": "lstm"} | kwargs))


def rnn(**kwargs: Any) -> Layer:
    return keras.layers.SimpleRNN(UNITS, **({**RATES, "name": "rnn"} | kwargs))


def sequential(*layers: Layer, steps: int | None = STEPS) -> Model:
    """Makes a built model that is not compiled, of an LSTM if no layer is given."""
    return keras.Sequential(
        [keras.Input((steps, FEATURES)), *(layers or [lstm()]), keras.layers.Dense(1)]
    )


def compiled(model: Model | None = None, **kwargs: Any) -> Model:
    model = model or sequential()
    model.compile(keras.optimizers.SGD(0.1), "mse", **kwargs)
    return model


def quick(name: str = "rnn", **kwargs: Any) -> Model:
    """Makes a compiled model that is traced quickly, for where the layer does not matter."""
    return compiled(sequential(rnn(unroll=True, name=name)), **kwargs)


def fit(model: Model, **kwargs: Any) -> Any:
    x, y = data()
    return model.fit(x, y, **({"batch_size": BATCH, "shuffle": False, "verbose": 0} | kwargs))


def budget_of(masks: int) -> float:
    """The ``budget_mib`` that leaves so many bytes for masks, beside those for the log."""
    return bisect_left(range(2**32), masks, key=lambda budget: shares(budget)[0]) / 2**20


def recorded(model: Model, *, wanted: bool = True) -> AbstractContextManager[Any]:
    return record(model) if wanted else nullcontext()


class Subclassed(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.memory = rnn()
        self.head = keras.layers.Dense(1)

    def call(self, x: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        return self.head(self.memory(x, training=training))


class Shared(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.memory = rnn()
        self.head = keras.layers.Dense(1)

    def call(self, x: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        once = self.memory(x, training=training)
        again = self.memory(-x, training=training)
        return self.head(once + again)


def _functional() -> Model:
    inputs = keras.Input((STEPS, FEATURES))
    return keras.Model(inputs, keras.layers.Dense(1)(rnn()(inputs)))


def _nested() -> Model:
    inner = keras.Sequential([keras.Input((STEPS, FEATURES)), rnn()], name="inner")
    return keras.Sequential(
        [keras.Input((STEPS, FEATURES)), inner, keras.layers.Dense(1)], name="outer"
    )


def _stacked_layers() -> Model:
    return sequential(lstm(name="lower", return_sequences=True), lstm(name="upper"))


def _stacked_cells() -> Model:
    made = [keras.layers.LSTMCell(4, **RATES, name="low"), keras.layers.GRUCell(UNITS, **RATES)]
    return sequential(keras.layers.RNN(made, name="cells"))


def _time_distributed() -> Model:
    wrapped = keras.layers.TimeDistributed(rnn(), name="td")
    return keras.Sequential(
        [
            keras.Input((2, STEPS, FEATURES)),
            wrapped,
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(1),
        ]
    )


@dataclass(frozen=True)
class Kind:
    """A way to build a model, with the cells in it by the path they must get."""

    build: Callable[[], Model]
    cells: Callable[[Model], dict[str, Layer]]
    calls: int = 1  # of each layer in one training step
    shape: tuple[int, ...] = (SAMPLES, STEPS, FEATURES)


def _only(layer: Callable[[], Layer], path: str) -> Kind:
    return Kind(lambda: sequential(layer()), lambda model: {path: model.layers[0].cell})


KINDS: dict[str, Kind] = {
    "lstm": _only(lstm, "lstm"),
    "gru": _only(lambda: keras.layers.GRU(UNITS, **RATES), "gru"),
    "simple_rnn": _only(rnn, "rnn"),
    "tied": _only(lambda: lstm(recurrent_dropout=0), "lstm"),
    "unrolled backwards": _only(lambda: lstm(unroll=True, go_backwards=True), "lstm"),
    "rnn of a cell": _only(
        lambda: keras.layers.RNN(keras.layers.LSTMCell(UNITS, **RATES), name="cells"), "cells"
    ),
    "rnn of cells": Kind(
        _stacked_cells,
        lambda model: {
            "cells/low": model.layers[0].cell.cells[0],
            "cells/gru_cell": model.layers[0].cell.cells[1],
        },
    ),
    "functional": Kind(_functional, lambda model: {"rnn": model.layers[1].cell}),
    "subclassed": Kind(Subclassed, lambda model: {"rnn": model.memory.cell}),
    "nested": Kind(_nested, lambda model: {"inner/rnn": model.layers[0].layers[0].cell}),
    "stacked layers": Kind(
        _stacked_layers,
        lambda model: {"lower": model.layers[0].cell, "upper": model.layers[1].cell},
    ),
    "bidirectional": Kind(
        lambda: sequential(keras.layers.Bidirectional(lstm())),
        lambda model: {
            "bidirectional/forward_lstm": model.layers[0].forward_layer.cell,
            "bidirectional/backward_lstm": model.layers[0].backward_layer.cell,
        },
    ),
    "time distributed": Kind(
        _time_distributed,
        lambda model: {"td/rnn": model.layers[0].layer.cell},
        calls=2,
        shape=(SAMPLES, 2, STEPS, FEATURES),
    ),
    "shared": Kind(Shared, lambda model: {"rnn": model.memory.cell}, calls=2),
}

Used = Mapping[str, list[Array]]


def used_by(model: Model, train: Callable[[Model], object]) -> dict[int, Used]:
    """Notes, without dropviz, the masks that cells multiply with while they run eagerly.

    Args:
        model: A model that is compiled to run eagerly.
        train: Trains it.

    Returns:
        The masks of each call, shape (gates, samples, units), by the cell's id and site.
    """
    used: dict[int, Used] = defaultdict(lambda: {"input": [], "recurrent": []})
    latest: dict[tuple[int, str], Array] = {}

    def watch(patches: pytest.MonkeyPatch, cell: Any, site: str, name: str) -> None:
        get, reset = getattr(cell, f"get_{name}"), getattr(cell, f"reset_{name}")

        def noted(cell: Any, step_input: Any) -> Any:
            mask = get(cell, step_input)
            if mask is not None and tf.executing_eagerly():
                each = mask if isinstance(mask, list) else [mask]
                latest[id(cell), site] = np.stack([np.asarray(one) for one in each])
            return mask

        def ended(cell: Any) -> None:
            if (id(cell), site) in latest:
                used[id(cell)][site].append(latest.pop((id(cell), site)))
            reset(cell)

        patches.setattr(cell, f"get_{name}", noted)
        patches.setattr(cell, f"reset_{name}", ended)

    with pytest.MonkeyPatch.context() as patches:
        for cell in CELLS:
            watch(patches, cell, "input", "dropout_mask")
            watch(patches, cell, "recurrent", "recurrent_dropout_mask")
        train(model)
    return used


def assert_same_masks(recorded_layer: Any, used: Used) -> None:
    """Compares every batch of a layer's recording with what was used, to the bit."""
    for site, masks in recorded_layer.items():
        kept = [masks.of_batch(number)[0] for number in range(len(masks.batches))]
        if not used[site]:
            assert all(np.all(one == 1) for one in kept)
            continue
        assert len(kept) == len(used[site])
        for mine, its in zip(kept, used[site], strict=True):
            np.testing.assert_array_equal(mine, its.astype(mine.dtype))


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def in_numpy(layer: Layer, x: Array, input_masks: Array, recurrent_masks: Array) -> Array:
    """Runs a layer over sequences with given masks, in double precision.

    Args:
        layer: An LSTM, GRU or SimpleRNN with its default activations.
        x: The sequences.
        input_masks: Shape (gates or 1, samples, features); all ones for none.
        recurrent_masks: Shape (gates or 1, samples, units).

    Returns:
        The output at every step.
    """
    weights = [np.asarray(weight, "float64") for weight in layer.get_weights()]
    kernel, recurrent_kernel, bias = weights
    gates = kernel.shape[1] // layer.units
    wide = (gates, x.shape[0], 1)
    masks_x = np.broadcast_to(input_masks, (gates, *x[:, 0].shape)) * np.ones(wide)
    masks_h = np.broadcast_to(recurrent_masks, (gates, x.shape[0], layer.units)) * np.ones(wide)
    kernels = np.split(kernel, gates, axis=1)
    recurrent_kernels = np.split(recurrent_kernel, gates, axis=1)
    biases = np.split(np.atleast_2d(bias), gates, axis=1)
    h = c = np.zeros((len(x), layer.units))
    outputs = []
    for step in range(x.shape[1]):
        from_x = [
            (x[:, step] * mask) @ one + its_bias[0]
            for mask, one, its_bias in zip(masks_x, kernels, biases, strict=True)
        ]
        from_h = [(h * mask) @ one for mask, one in zip(masks_h, recurrent_kernels, strict=True)]
        if gates == 4:
            i, f, g, o = (a + b for a, b in zip(from_x, from_h, strict=True))
            c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
            h = _sigmoid(o) * np.tanh(c)
        elif gates == 3:
            from_h = [a + its_bias[1] for a, its_bias in zip(from_h, biases, strict=True)]
            z, r = (_sigmoid(a + b) for a, b in zip(from_x[:2], from_h[:2], strict=True))
            h = z * h + (1 - z) * np.tanh(from_x[2] + r * from_h[2])
        else:
            h = np.tanh(from_x[0] + from_h[0])
        outputs.append(h)
    return np.stack(outputs, axis=1)
