"""What Keras does today, asked twice: by the traps, and here without them."""

from __future__ import annotations

import _thread
import gc
import os
import random
import re
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.core.trap_results import TrapResults
from dropviz.errors import DropvizError
from dropviz.keras_inside.seeding import tensorflow_seed_kept
from dropviz.traps import run as module
from dropviz.traps.run import EXHIBITS, traps
from dropviz.traps.tools import Finding, NotMeasurableError, quiet
from tests.keras_models import REFUSED, REFUSES_ONE

Layer = Any
Measured = tuple[bool, object]

X = np.random.default_rng(8).normal(size=(3, 4, 32)).astype("float32")
ONES = np.ones((2, 32), "float32")


@pytest.fixture(scope="module")
def museum() -> TrapResults:
    return traps()


def arr(tensor: Any) -> Any:
    return np.array(np.asarray(tensor))


def lstm(**kwargs: Any) -> Layer:
    return keras.layers.LSTM(3, **({"seed": 6, "bias_initializer": "ones"} | kwargs))


def seed_state(layer: Layer) -> list[int]:
    return [int(each) for each in arr(layer.seed_generator.state)]


def model_of(*layers: Layer) -> Any:
    model = keras.Sequential([keras.Input(X.shape[1:]), *layers])
    model.compile("sgd", "mse", run_eagerly=True)
    return model


# ---------------------------------------------------------------- the facts, without dropviz


def rate_one() -> Measured:
    if REFUSES_ONE:
        for kind in ("LSTM", "GRU", "SimpleRNN"):
            with pytest.raises(ValueError, match=REFUSED):
                getattr(keras.layers, kind)(3, dropout=1.0)(X, training=True)
        return False, "refused"
    outputs = {}
    for kind in ("LSTM", "GRU", "SimpleRNN"):
        layer = getattr(keras.layers, kind)(3, dropout=1.0)
        outputs[kind] = arr(layer(X, training=True)), arr(layer(X)), arr(layer(0 * X))
    same = {kind: np.array_equal(one, two) for kind, (one, two, _) in outputs.items()}
    zeroed = np.array_equal(outputs["SimpleRNN"][0], outputs["SimpleRNN"][2])
    return same == {"LSTM": True, "GRU": True, "SimpleRNN": False} and zeroed, (same, zeroed)


def rates_clamped() -> Measured:
    read = [(layer := lstm(dropout=r, recurrent_dropout=r)).dropout for r in (2, -1)]
    with pytest.raises(ValueError, match="between 0 and 1"):
        keras.layers.Dropout(1.5)
    return read == [1, 0] and layer.recurrent_dropout == 0, read


def tiny_recurrent_dropout() -> Measured:
    cells = [keras.layers.LSTMCell(3, dropout=0.5, recurrent_dropout=r) for r in (0, 1e-9)]
    tied, untied = (cell.get_dropout_mask(ONES) for cell in cells)
    differ = isinstance(untied, list) and not np.array_equal(untied[0], untied[1])
    return tf.is_tensor(tied) and differ and len(untied) == 4, (type(tied), type(untied))


def one_step() -> Measured:
    def same(x: Any) -> bool:
        layer = lstm(recurrent_dropout=0.9)
        return np.array_equal(layer(x, training=True), layer(x))

    return same(X[:, :1]) and not same(X), (same(X[:, :1]), same(X))


def output_not_masked() -> Measured:
    layer = lstm(dropout=0.5, recurrent_dropout=0.5, return_sequences=True)
    zeros = int((arr(layer(X, training=True)) == 0).sum())
    return zeros == 0, zeros


def spatial_dropout_twin() -> Measured:
    whole, plain = lstm(dropout=0.3, seed=2), lstm()
    expected = arr(whole(X, training=True))
    plain.build(X.shape)
    plain.set_weights(whole.get_weights())
    kinds = (keras.layers.SpatialDropout1D, keras.layers.Dropout)
    outputs = [plain(kind(0.3, seed=2)(X, training=True), training=True) for kind in kinds]
    apart = [float(abs(expected - arr(other)).max()) for other in outputs]
    return apart[0] == 0 < apart[1], apart


# Keras 3.8 asks for the masks at inference too, and fails there in the same way.
MASKS_ASKED_FOR_AT_INFERENCE = keras.__version__.startswith("3.8.")


def implementation_one() -> Measured:
    layer = lstm(dropout=0.5, implementation=1)
    if not MASKS_ASKED_FOR_AT_INFERENCE:
        layer(X)
    with quiet(), pytest.raises(tf.errors.InvalidArgumentError, match="Rank of input"):
        layer(X, training=True)
    with pytest.raises(ValueError, match="rank"):
        model_in_graph(lstm(dropout=0.5, implementation=1)).fit(X, X[:, 0, :3], verbose=0)
    return True, ""


def model_in_graph(layer: Layer) -> Any:
    model = model_of(layer)
    model.compile("sgd", "mse")
    return model


def masks_at_inference() -> Measured:
    layer, drop = lstm(dropout=0.5), keras.layers.Dropout(0.5, seed=6)
    model_of(drop, layer).evaluate(X, X[:, 0, :3], verbose=0)
    return seed_state(layer.cell) == [6, 1] and seed_state(drop) == [6, 0], (
        seed_state(layer.cell),
        seed_state(drop),
    )


def jit_other_masks() -> Measured:
    def mask(*, jit: bool) -> Any:
        return arr(tf.function(lambda: keras.random.dropout(ONES, 0.5, seed=4), jit_compile=jit)())

    with quiet():
        graph, jit = mask(jit=False), mask(jit=True)
    eager = arr(keras.random.dropout(ONES, 0.5, seed=4))
    return np.array_equal(eager, graph) and not np.array_equal(graph, jit), (graph, jit)


def config_drops_implementation() -> Measured:
    layer = lstm(dropout=0.5, implementation=1, use_cudnn=False)
    config = layer.get_config()
    copy = keras.layers.LSTM.from_config(config)
    read = (copy.cell.implementation, copy.use_cudnn, {"implementation", "use_cudnn"} & {*config})
    return read == (2, "auto", set()), read


def bidirectional_use_cudnn() -> Measured:
    both = keras.layers.Bidirectional(keras.layers.LSTM(2, use_cudnn=False))
    found = both.forward_layer.use_cudnn, both.backward_layer.use_cudnn
    return found != (False, False), found


def predict_and_training() -> Measured:
    model = model_of(lstm(dropout=0.5, recurrent_dropout=0.5, seed=1))
    many = arr(model(np.repeat(X[:1], 20_000, axis=0), training=True))
    away = abs(many.mean(axis=0) - model.predict(X[:1], verbose=0)[0])
    errors = away / (many.std(axis=0) / 20_000**0.5)
    repeated = np.array_equal(model.predict(X, verbose=0), model.predict(X, verbose=0))
    return repeated and errors.max() > 6, (repeated, errors)


def failed_call() -> Measured:
    layer = lstm(dropout=0.5)
    layer(X)
    with pytest.raises(IndexError):
        layer(X, initial_state=[np.zeros((3, 3), "float32")])
    left = layer.cell._dropout_mask
    with quiet(), pytest.raises(tf.errors.InvalidArgumentError, match="Incompatible shapes"):
        layer(X[:2], training=True)
    return left is not None, left


def cell_by_hand() -> Measured:
    cell = keras.layers.LSTMCell(3, dropout=0.5, seed=6)
    state = [np.zeros((2, 3), "float32")] * 2
    first, again = (arr(cell(ONES, state, training=True)[0]) for _ in range(2))
    cell.reset_dropout_mask()
    other = arr(cell(ONES, state, training=True)[0])
    same = [np.array_equal(first, each) for each in (again, other)]
    return same == [True, False], same


def bidirectional_seed() -> Measured:
    def same(seed: int | None) -> bool:
        both = keras.layers.Bidirectional(lstm(dropout=0.5, seed=seed))
        cells = both.forward_layer.cell, both.backward_layer.cell
        return np.array_equal(*(arr(cell.get_dropout_mask(ONES)) for cell in cells))

    keras.utils.set_random_seed(3)
    return same(6) and not same(None), (same(6), same(None))


def stateful_new_masks() -> Measured:
    layer = lstm(dropout=0.5, stateful=True)
    outputs = []
    for _window in range(2):
        outputs.append(arr(layer(X, training=True)))
        states = [float(abs(arr(state)).max()) for state in layer.states]
        layer.reset_state()
    differ = not np.array_equal(*outputs)
    return differ and min(states) > 0, (differ, states)


def stacked_cells() -> Measured:
    counts = []
    for number in (1, 2):
        cells = [keras.layers.LSTMCell(32) for _ in range(number)]
        layer = keras.layers.RNN(cells if number > 1 else cells[0], unroll=True)
        layer.build(X.shape)
        with pytest.MonkeyPatch.context() as patches:
            calls: list[int] = []
            real = keras.layers.LSTMCell.call
            patches.setattr(
                keras.layers.LSTMCell,
                "call",
                lambda self, *args, calls=calls, real=real, **kwargs: (
                    calls.append(1) or real(self, *args, **kwargs)
                ),
            )
            layer(X)
        counts.append(len(calls))
    return counts == [4, 10], counts


def seed_not_saved() -> Measured:
    layer = lstm(dropout=0.5)
    model = model_of(layer)
    model(X, training=True)
    path = Path("m.keras")
    with warnings.catch_warnings():  # NumPy 2 warns of what Keras's variables do
        warnings.simplefilter("ignore", DeprecationWarning)
        model.save(path)
    states = seed_state(layer.cell), seed_state(keras.models.load_model(path).layers[0].cell)
    counts = len(layer.variables), len(layer.weights)
    return (*states, counts) == ([6, 1], [6, 0], (4, 3)), (states, counts)


def one_order() -> Measured:
    orders: list[list[int]] = []

    class Noting(keras.Model):  # type: ignore[misc]
        def train_step(self, data: Any) -> dict[str, Any]:
            orders.append([int(each) for each in arr(data)])
            return {"loss": 0.0}

    model = Noting()
    model.compile(run_eagerly=True)
    with tensorflow_seed_kept():
        keras.utils.set_random_seed(3)
        model.fit(np.arange(40), epochs=3, batch_size=40, verbose=0)
    shuffled = sorted(orders[0]) == [*range(40)] != orders[0]
    return shuffled and orders[0] == orders[1] == orders[2], orders


def neighbouring_seeds() -> Measured:
    drawn = []
    for seed in (20, 21):
        layer = keras.layers.Dropout(0.5, seed=seed)
        drawn.append([arr(layer(np.ones((4, 64), "float32"), training=True)) for _ in range(3)])
    same = [np.array_equal(one, other) for one, other in zip(drawn[0][1:], drawn[1], strict=False)]
    return all(same), same


FACTS: dict[str, Callable[[], Measured]] = {
    "rate-one": rate_one,
    "rates-clamped": rates_clamped,
    "tiny-recurrent-dropout": tiny_recurrent_dropout,
    "one-step": one_step,
    "output-not-masked": output_not_masked,
    "spatial-dropout-twin": spatial_dropout_twin,
    "implementation-one": implementation_one,
    "masks-at-inference": masks_at_inference,
    "jit-other-masks": jit_other_masks,
    "config-drops-implementation": config_drops_implementation,
    "bidirectional-use-cudnn": bidirectional_use_cudnn,
    "predict-and-training": predict_and_training,
    "one-order": one_order,
    "failed-call": failed_call,
    "cell-by-hand": cell_by_hand,
    "bidirectional-seed": bidirectional_seed,
    "stateful-new-masks": stateful_new_masks,
    "stacked-cells": stacked_cells,
    "seed-not-saved": seed_not_saved,
    "neighbouring-seeds": neighbouring_seeds,
}


# Seen in Keras 3.8.0, and no more in 3.13.2 and 3.15.1.
FORGETS_USE_CUDNN = [int(part) for part in keras.__version__.split(".")[:2]] < [3, 13]
# What is not so in every Keras that dropviz works with, and whether it is in this one.
SO_HERE = {
    "rate-one": not REFUSES_ONE,
    "bidirectional-use-cudnn": FORGETS_USE_CUDNN,
    "neighbouring-seeds": keras.config.backend() == "torch",
}


@pytest.mark.parametrize("name", EXHIBITS)
def test_the_trap_says_whether_keras_does_it(
    name: str, museum: TrapResults, record_property: Callable[[str, object], None]
) -> None:
    trap = museum[name]
    record_property("seconds", trap.seconds)
    print(f"{name}: {trap.seconds:.2f} s")  # noqa: T201 (shown with -s, or where it fails)

    assert trap.holds is SO_HERE.get(name, True), f"trap {name!r} ({trap.title}): {trap.happens}"


@pytest.mark.slow
@pytest.mark.few(6)
@pytest.mark.parametrize("name", EXHIBITS)
def test_whether_keras_does_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    fact, measured = FACTS[name]()

    so = SO_HERE.get(name, True)
    assert fact == so, f"trap {name!r} ({EXHIBITS[name].title}): measured {measured}"


# ---------------------------------------------------------------- a Keras that does otherwise

Patches = pytest.MonkeyPatch


def calls_otherwise(patches: Patches, change: Callable[..., Any]) -> None:
    """Puts ``change`` in the place of ``LSTM.call``; it gets the real one first."""
    real = keras.layers.LSTM.call

    def call(
        self: Layer,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        def go(x: Any = sequences, *, training: bool = training) -> Any:
            return real(self, x, initial_state=initial_state, mask=mask, training=training)

        return change(self, go, sequences, training)

    patches.setattr(keras.layers.LSTM, "call", call)


def made_otherwise(patches: Patches, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes the arguments with which an LSTM is made."""
    real = keras.layers.LSTM.__init__

    def init(self: Layer, units: int, **kwargs: Any) -> None:
        change(kwargs)
        real(self, units, **kwargs)

    patches.setattr(keras.layers.LSTM, "__init__", init)


def one_drops_all(self: Layer, go: Any, x: Any, training: Any) -> Any:
    return go(0 * x if training and self.dropout == 1 else x)


def outputs_are_dropped(self: Layer, go: Any, x: Any, training: Any) -> Any:
    del self, x
    return keras.random.dropout(go(), 0.5, seed=1) if training else go()


def inference_draws_nothing(self: Layer, go: Any, x: Any, training: Any) -> Any:
    del x
    state = self.cell.seed_generator.state
    before = np.asarray(state)
    outputs = go()
    if not training:
        state.assign(before)
    return outputs


def failures_are_tidied(self: Layer, go: Any, x: Any, training: Any) -> Any:
    del x, training
    try:
        return go()
    except Exception:
        self.cell.reset_dropout_mask()
        raise


def training_is_ignored(self: Layer, go: Any, x: Any, training: Any) -> Any:
    del self, x, training
    return go(training=False)


def rates_are_checked(arguments: dict[str, Any]) -> None:
    if not 0 <= arguments.get("dropout", 0) <= 1:
        raise ValueError("dropout")


def tiny_rates_are_none(arguments: dict[str, Any]) -> None:
    arguments["recurrent_dropout"] = round(arguments.get("recurrent_dropout", 0), 6)


def one_avoids_cudnn(arguments: dict[str, Any]) -> None:
    if arguments.get("implementation") == 1:
        arguments["use_cudnn"] = False


def state_starts_at_one(patches: Patches) -> None:
    patches.setattr(
        keras.layers.LSTMCell,
        "get_initial_state",
        lambda self, batch_size=None: [keras.ops.ones((batch_size, d)) for d in self.state_size],
    )


def masks_come_from_no_generator(patches: Patches) -> None:
    def every_second(self: Layer, step_input: Any) -> Any:
        del self
        return keras.ops.ones_like(step_input) * np.array([0, 2] * 8, "float32")

    patches.setattr(keras.layers.LSTMCell, "get_dropout_mask", every_second)


def config_is_whole(patches: Patches) -> None:
    real = keras.layers.LSTM.get_config

    def whole(self: Layer) -> dict[str, Any]:
        more = {"implementation": self.cell.implementation, "use_cudnn": self.use_cudnn}
        return {**real(self), **more}

    patches.setattr(keras.layers.LSTM, "get_config", whole)


def directions_keep_use_cudnn(patches: Patches) -> None:
    real = keras.layers.Bidirectional.__init__

    def init(self: Layer, layer: Layer, **kwargs: Any) -> None:
        real(self, layer, **kwargs)
        self.forward_layer.use_cudnn = self.backward_layer.use_cudnn = layer.use_cudnn

    patches.setattr(keras.layers.Bidirectional, "__init__", init)


def cells_draw_each_time(patches: Patches) -> None:
    real = keras.layers.LSTMCell.call

    def call(self: Layer, inputs: Any, states: Any, training: Any = False) -> Any:  # noqa: FBT002
        self.reset_dropout_mask()
        return real(self, inputs, states, training=training)

    patches.setattr(keras.layers.LSTMCell, "call", call)


def directions_differ(patches: Patches) -> None:
    real = keras.layers.Bidirectional.__init__

    def init(self: Layer, layer: Layer, **kwargs: Any) -> None:
        real(self, layer, **kwargs)
        self.backward_layer.cell.seed_generator.state.assign([99, 0])

    patches.setattr(keras.layers.Bidirectional, "__init__", init)


def seeds_are_saved(patches: Patches) -> None:
    real = keras.models.load_model

    def load(path: Path) -> Any:
        model = real(path)
        model.layers[0].cell.seed_generator.state.assign([4, 2])
        return model

    patches.setattr(keras.models, "load_model", load)


def epochs_are_shuffled_apart(patches: Patches) -> None:
    real = keras.Model.fit

    def fit(self: Any, x: Any, y: Any = None, epochs: int = 1, **kwargs: Any) -> None:
        for epoch in range(epochs):
            order = np.random.default_rng(epoch).permutation(len(x))
            given = (x[order], y[order]) if isinstance(x, np.ndarray) else (x,)
            real(self, *given, epochs=1, **kwargs)

    patches.setattr(keras.Model, "fit", fit)


def without(method: str) -> Callable[[Patches], None]:
    return lambda patches: patches.setattr(keras.layers.RNN, method, lambda *_: None)


def called(change: Callable[..., Any]) -> Callable[[Patches], None]:
    return lambda patches: calls_otherwise(patches, change)


def made(change: Callable[[dict[str, Any]], object]) -> Callable[[Patches], None]:
    return lambda patches: made_otherwise(patches, change)


OTHERWISE: dict[str, Callable[[Patches], None]] = {
    "rate-one": called(one_drops_all),
    "rates-clamped": made(rates_are_checked),
    "tiny-recurrent-dropout": made(tiny_rates_are_none),
    "one-step": state_starts_at_one,
    "output-not-masked": called(outputs_are_dropped),
    "spatial-dropout-twin": lambda patches: patches.setattr(
        keras.layers, "SpatialDropout1D", keras.layers.Dropout
    ),
    "implementation-one": made(one_avoids_cudnn),
    "masks-at-inference": called(inference_draws_nothing),
    "jit-other-masks": masks_come_from_no_generator,
    "config-drops-implementation": config_is_whole,
    "bidirectional-use-cudnn": directions_keep_use_cudnn,
    "predict-and-training": called(training_is_ignored),
    "one-order": epochs_are_shuffled_apart,
    "failed-call": called(failures_are_tidied),
    "cell-by-hand": cells_draw_each_time,
    "bidirectional-seed": directions_differ,
    "stateful-new-masks": without("_maybe_reset_dropout_masks"),
    "stacked-cells": without("_maybe_config_dropout_masks"),
    "seed-not-saved": seeds_are_saved,
    # TensorFlow is a backend that does otherwise; tests/backends asks PyTorch.
    "neighbouring-seeds": lambda _: None,
}


@pytest.mark.slow
@pytest.mark.few(5)
@pytest.mark.parametrize("name", EXHIBITS)
def test_a_keras_that_does_otherwise_is_found_out(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    OTHERWISE[name](monkeypatch)

    trap = traps(name)[name]

    assert trap.holds is False, f"trap {name!r}: {trap.happens}"
    assert trap.happens.startswith(
        f"This Keras ({keras.__version__}, tensorflow) does not do so here: "
    )
    assert trap.heading == f"{EXHIBITS[name].title} (not so here)"


def test_a_rate_of_1_that_raises_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(arguments: dict[str, Any]) -> None:
        if arguments.get("dropout") == 1:
            raise TypeError("no")

    made_otherwise(monkeypatch, refuse)

    trap = traps("rate-one")[0]

    assert trap.holds is False
    assert "`LSTM(dropout=1.0)` raised TypeError." in trap.happens


# ---------------------------------------------------------------- asking for them


def test_there_are_at_least_twelve_and_each_says_all_it_should(museum: TrapResults) -> None:
    assert len(museum) >= 12
    assert museum.names == tuple(EXHIBITS)
    assert set(FACTS) == set(OTHERWISE) == set(EXHIBITS)
    for trap in museum:
        assert trap.evidence
        assert trap.seconds > 0
        assert all(said.endswith(".") and len(said) > 20 for _, said in trap.rows)
        assert len(trap.title) <= 80


def test_those_that_are_named_are_run_once_each_in_that_order() -> None:
    chosen = traps("stacked-cells", "rates-clamped", "stacked-cells")

    assert chosen.names == ("stacked-cells", "rates-clamped")


@pytest.mark.parametrize("name", ["rate-on", 3, ["rate-one"], ""])
def test_an_unknown_name_is_one_sentence_and_nothing_is_run(
    name: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_run", lambda *_: pytest.fail("a trap was run"))

    with pytest.raises(DropvizError, match=r"^There is no trap .* Known: 'rate-one', ") as raised:
        traps("rate-one", name)  # type: ignore[arg-type]

    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", EXHIBITS)
def test_the_code_it_quotes_is_in_the_file_it_names(name: str) -> None:
    why = EXHIBITS[name].why
    files = re.findall(r"keras/src/[\w/]+\.py", why)
    sources = [(Path(keras.__file__).parent.parent / file).read_text("utf-8") for file in files]
    quoted = re.findall(r"`([^`]+)`", why)

    assert files
    assert any(code in source for code in quoted for source in sources), (name, quoted, files)


def test_an_error_in_one_trap_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Finding:
        raise TypeError("first line\nsecond line")

    def cannot() -> Finding:
        raise NotMeasurableError("there is no XLA.")

    monkeypatch.setitem(EXHIBITS, "one-step", replace(EXHIBITS["one-step"], measure=fail))
    monkeypatch.setitem(EXHIBITS, "rate-one", replace(EXHIBITS["rate-one"], measure=cannot))

    broken, none, whole = traps("one-step", "rate-one", "rates-clamped")

    assert broken.holds is none.holds is None
    assert broken.happens == "It could not be measured here: TypeError: first line"
    assert none.happens == "It could not be measured here: there is no XLA."
    assert whole.holds is True


# ---------------------------------------------------------------- leaving nothing behind


def _drawn_next() -> list[object]:
    """What the streams, and the counters of names, give to whoever comes next."""
    layer = keras.layers.LSTM(2, dropout=0.5)
    layer.build((None, 3, 2))
    return [
        random.random(),  # noqa: S311
        float(np.random.random()),  # noqa: NPY002
        arr(keras.random.normal((2,))).tolist(),
        arr(tf.random.normal((2,))).tolist(),
        arr(layer.cell.kernel).tolist(),
        seed_state(layer.cell),
        [variable.path for variable in layer.variables],
        keras.layers.Dense(1).name,
        keras.Sequential().name,
        keras.optimizers.SGD().name,
        keras.config.dtype_policy().name,
    ]


@pytest.mark.full
@pytest.mark.slow
def test_random_streams_and_names_go_on_as_if_nothing_had_been_run() -> None:
    outcomes = []
    for wanted in (False, True):
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(5)
        keras.layers.LSTM(2)
        if wanted:
            traps()
        outcomes.append(_drawn_next())

    assert outcomes[0] == outcomes[1]


@pytest.mark.slow
def test_no_layers_no_threads_and_no_output_are_left(capfd: pytest.CaptureFixture[str]) -> None:
    def layers() -> int:
        gc.collect()
        return sum(issubclass(type(each), keras.Layer) for each in gc.get_objects())

    traps("rate-one")
    before, threads = layers(), threading.enumerate()

    assert traps().names == tuple(EXHIBITS)

    assert layers() == before
    assert threading.enumerate() == threads
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("_mixed")
def test_a_policy_of_the_user_changes_nothing(museum: TrapResults) -> None:
    assert traps("rate-one")[0].evidence == museum["rate-one"].evidence
    assert keras.config.dtype_policy().name == "mixed_float16"


@pytest.mark.full
def test_all_is_quiet_where_tensorflow_logs_all_it_can() -> None:
    script = (
        "import sys, warnings, keras\n"
        "from dropviz.traps.run import traps\n"
        "print('from here', file=sys.stderr, flush=True)\n"
        "warnings.simplefilter('error')\n"
        "print(*(trap.name for trap in traps() if not trap.holds))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == [name for name, so in SO_HERE.items() if not so]
    assert told.stderr.partition("from here\n")[2] == ""


# Before TensorFlow 2.21 some lines begin with a date.
@pytest.mark.parametrize("start", [b"W0000 00:00:1.2 3 ", b"2026-11-25 09:13:24.4: W tensorflow/"])
def test_what_others_write_to_stderr_comes_through(
    start: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with quiet():
        os.write(2, start + b"local_rendezvous.cc:412] Local rendezvous is aborting\n")
        os.write(2, start + b"something.cc:1] else\n")
        print("a word", file=sys.stderr)  # noqa: T201

    lines = capfd.readouterr().err.splitlines()
    assert sorted(lines) == [f"{start.decode()}something.cc:1] else", "a word"]


def test_an_interrupt_waits_for_the_trap_and_puts_the_streams_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = []

    def slow() -> Finding:
        random.random()  # noqa: S311
        time.sleep(0.1)  # so that the main thread waits already
        _thread.interrupt_main()
        time.sleep(0.2)
        done.append(True)
        return Finding(holds=True, said="", evidence={})

    monkeypatch.setitem(EXHIBITS, "one-step", replace(EXHIBITS["one-step"], measure=slow))
    before = random.getstate()

    with pytest.raises(KeyboardInterrupt):
        traps("one-step")

    assert done == [True]
    assert random.getstate() == before


# ---------------------------------------------------------------- the advice


def test_rnn_of_a_cell_with_implementation_1_trains() -> None:
    cell = keras.layers.LSTMCell(3, dropout=0.5, implementation=1)

    keras.layers.RNN(cell)(X, training=True)

    assert len(cell.get_dropout_mask(X[:, 0])) == 4


def test_a_copy_keeps_masks_that_a_tiny_recurrent_rate_untied() -> None:
    layer = lstm(dropout=0.5, recurrent_dropout=1e-9)
    copy = keras.layers.LSTM.from_config(layer.get_config())

    assert len(copy.cell.get_dropout_mask(ONES)) == 4


def test_a_seed_state_put_back_undoes_an_evaluation_and_goes_on_after_loading() -> None:
    layer = lstm(dropout=0.5)
    model = model_of(layer)
    state = layer.cell.seed_generator.state
    model(X, training=True)
    saved = np.asarray(state)
    expected = arr(model(X, training=True))

    state.assign(saved)
    model.evaluate(X, X[:, 0, :3], verbose=0)
    state.assign(saved)
    again = arr(model(X, training=True))
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    copy.layers[0].cell.seed_generator.state.assign(saved)

    np.testing.assert_array_equal(again, expected)
    np.testing.assert_array_equal(arr(copy(X, training=True)), expected)


def test_data_sets_that_shuffle_themselves_have_an_order_for_each_epoch() -> None:
    def orders(data: Any) -> int:
        seen: list[list[float]] = []

        class Noting(keras.Model):  # type: ignore[misc]
            def train_step(self, data: Any) -> dict[str, Any]:
                seen.append(arr(data[0]).tolist())
                return {"loss": 0.0}

        model = Noting()
        model.compile(run_eagerly=True)
        model.fit(data, epochs=3, shuffle=False, verbose=0)
        return len({tuple(each) for each in seen})

    x = np.arange(40)
    plain = tf.data.Dataset.from_tensor_slices((x, x))
    with tensorflow_seed_kept():
        keras.utils.set_random_seed(3)

        assert orders(plain.shuffle(40).batch(40)) == 3
