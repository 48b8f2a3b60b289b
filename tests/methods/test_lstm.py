from __future__ import annotations

import copy
import inspect
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

import dropviz
from dropviz.core.methods import METHODS
from dropviz.errors import DropvizError
from dropviz.methods.lstm import LSTM, MethodLSTM
from tests.keras_models import (
    BATCH,
    FEATURES,
    METHOD_CASES,
    MODES,
    MOST_UNLIKE,
    ONE_OF_EACH,
    RATES,
    SAMPLES,
    STEPS,
    UNITS,
    Layer,
    Model,
    compiled,
    data,
    dropping,
    fit,
    fresh,
    sequential,
)

X, Y = data()
# Methods whose cells differ most: masks beside the inputs, in the cell, on the weights.
THREE = ("semeniuta step test-time", "zoneout two rates", "weight-drop")
STEP_LIFE = tuple(
    name
    for name, case in METHOD_CASES.items()
    if any(rule.life == "step" and rule.rate for rule in dropping(name).cell.setting.rules)
)


def theirs(**kwargs: Any) -> Layer:
    """Keras's layer with the order of operations that dropviz follows."""
    return keras.layers.LSTM(
        **({"units": UNITS, "implementation": 1, "use_cudnn": False, "name": "lstm"} | kwargs)
    )


def without_rates(case: str) -> dict[str, Any]:
    return {name: 0 if isinstance(v, float) else v for name, v in METHOD_CASES[case].items()}


def copied(case: str, **kwargs: Any) -> tuple[Layer, Layer]:
    """A layer of Keras, and one of a case without rates with its weights."""
    its = theirs(**kwargs)
    its.build(X.shape)
    its.set_weights([w + np.float32(0.1) for w in its.get_weights()])
    given: dict[str, Any] = {"units": UNITS, "name": "lstm", **without_rates(case), **kwargs}
    mine = LSTM(**given)
    mine.build(X.shape)
    mine.set_weights(its.get_weights())
    return mine, its


def arrays(values: Any) -> list[NDArray[Any]]:
    return [np.asarray(value) for value in keras.tree.flatten(values)]


def assert_equal(mine: Any, its: Any) -> None:
    for one, other in zip(arrays(mine), arrays(its), strict=True):
        np.testing.assert_array_equal(one, other)


# ---------------------------------------------------------------- keras itself


def test_the_method_keras_is_the_layer_of_keras() -> None:
    layer = LSTM(UNITS, method="keras", **RATES, seed=4, return_sequences=True, use_cudnn=False)

    assert type(layer) is keras.layers.LSTM
    twin = keras.layers.LSTM(
        UNITS, **RATES, seed=4, return_sequences=True, use_cudnn=False, name=layer.name
    )
    assert layer.get_config() == twin.get_config()
    assert layer.use_cudnn is False


def test_the_method_keras_is_what_is_meant_without_a_word() -> None:
    assert type(LSTM(UNITS, life=None, zoneout_cell=None)) is keras.layers.LSTM
    assert LSTM(UNITS, implementation=1).cell.implementation == 1


@pytest.mark.parametrize("method", ["keras", "moon", "semeniuta"])
def test_rates_of_other_types_are_taken_alike_by_every_method(method: str) -> None:
    layer = LSTM(2, method=method, dropout=np.float32(0.25), recurrent_dropout="0.5")

    assert (layer.dropout, layer.recurrent_dropout) == (0.25, 0.5)


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", METHOD_CASES)
def test_every_other_method_is_an_lstm_that_says_so(case: str) -> None:
    layer = dropping(case)

    assert isinstance(layer, keras.layers.LSTM)
    assert layer.cell.setting.method == METHOD_CASES[case]["method"]
    assert (layer.dropout, layer.recurrent_dropout) == tuple(
        METHOD_CASES[case].get(name, 0) for name in ("dropout", "recurrent_dropout")
    )


def test_the_cases_here_are_all_methods() -> None:
    assert {case["method"] for case in METHOD_CASES.values()} == set(METHODS) - {"keras"}
    assert len(ONE_OF_EACH) == len(METHODS) - 1


# ---------------------------------------------------------------- weights and outputs


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", METHOD_CASES)
def test_weights_of_keras_fit_and_give_its_outputs_to_the_bit(case: str) -> None:
    mine, its = copied(case, return_sequences=True, return_state=True)

    assert [w.path for w in mine.weights] == [w.path for w in its.weights]
    assert [w.shape for w in mine.weights] == [w.shape for w in its.weights]
    for training in (False, True):
        assert_equal(mine(X, training=training), its(X, training=training))


def test_outputs_of_the_usual_lstm_differ_by_rounding_alone() -> None:
    mine, its = copied("naive")
    usual = keras.layers.LSTM(UNITS)
    usual.build(X.shape)
    usual.set_weights(its.get_weights())

    # Its `implementation=2` adds up in another order.
    np.testing.assert_allclose(mine(X), usual(X), rtol=0, atol=1e-6)


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_a_fresh_layer_begins_with_the_weights_of_keras(case: str) -> None:
    fresh()
    its = compiled(sequential(theirs(**RATES), keras.layers.Dropout(0.5)))
    fresh()
    mine = compiled(sequential(dropping(case), keras.layers.Dropout(0.5)))

    assert_equal(mine.get_weights(), its.get_weights())
    assert_equal(mine.non_trainable_variables, its.non_trainable_variables)


# A value for each argument of keras.layers.LSTM that is not its default.
ARGUMENTS: dict[str, Any] = {
    "units": 4,
    "activation": "relu",
    "recurrent_activation": "hard_sigmoid",
    "use_bias": True,
    "kernel_initializer": "he_normal",
    "recurrent_initializer": "glorot_normal",
    "bias_initializer": "ones",
    "unit_forget_bias": False,
    # Not L1 itself, which takes float32 alone before Keras 3.15.
    "kernel_regularizer": keras.regularizers.L1L2(0.1),
    "recurrent_regularizer": keras.regularizers.L2(0.2),
    "bias_regularizer": keras.regularizers.L1L2(0.3, 0.4),
    "activity_regularizer": keras.regularizers.L2(0.5),
    "kernel_constraint": keras.constraints.MaxNorm(0.5),
    "recurrent_constraint": keras.constraints.NonNeg(),
    "bias_constraint": keras.constraints.UnitNorm(),
    "dropout": 0.25,
    "recurrent_dropout": 0.5,
    "seed": 9,
    "return_sequences": True,
    "return_state": True,
    "go_backwards": True,
    "stateful": True,
    "unroll": True,
    "use_cudnn": False,
    # Taken by the layers below LSTM.
    "zero_output_for_mask": True,
    "name": "memory",
    "dtype": "float64",
    "trainable": False,
}


def test_all_arguments_of_keras_are_taken_and_kept() -> None:
    signature = inspect.signature(keras.layers.LSTM.__init__).parameters
    assert set(signature) - {"self", "kwargs"} <= set(ARGUMENTS)

    mine = LSTM(method="gal-untied", **ARGUMENTS)

    its = keras.layers.LSTM(**ARGUMENTS)
    kept = mine.get_config()
    assert {name: kept[name] for name in its.get_config()} == its.get_config()
    assert MethodLSTM.from_config(kept).get_config() == kept


@pytest.mark.full
@pytest.mark.parametrize("changed", [{}, {"use_bias": False}, {"trainable": True}], ids=str)
def test_arguments_of_keras_act_as_in_keras(changed: dict[str, Any]) -> None:
    kwargs = {**ARGUMENTS, **changed}
    outcomes = []
    for method in ("gal-untied", "keras"):
        fresh()
        layer = LSTM(method=method, **kwargs)
        seen = [layer(X.astype("float64"), training=True) for _ in range(2)]
        outcomes.append([seen, layer.losses, layer.weights, layer.states])
        for weight in layer.weights:
            value = weight.value if weight.constraint is None else weight.constraint(weight.value)
            outcomes[-1].append(value)
        assert len(layer.trainable_weights) == (len(layer.weights) if layer.trainable else 0)
        assert layer.cell.trainable == layer.trainable

    assert_equal(*outcomes)


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_an_argument_that_nobody_knows_is_refused_by_keras(case: str) -> None:
    with pytest.raises(ValueError, match=r"Unrecognized keyword arguments .*'untis'"):
        dropping(case, untis=3)


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"implementation": 2}, "here the method does. Received: implementation=2."),
        ({"implementation": 1}, "Received: implementation=1. Leave it out."),
        ({"use_cudnn": True}, "so method 'moon' cannot use it. Received: use_cudnn=True."),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1."),
        ({"recurrent_dropout": float("nan")}, "recurrent_dropout must be at least 0"),
        ({"zoneout_cell": 0.5}, "Method 'moon' has no option zoneout_cell."),
        ({"life": "batch"}, "life must be 'step' or 'sequence'."),
        ({"method": "mon"}, "There is no method 'mon'. Did you mean 'moon'?"),
        ({"method": ["moon"]}, "There is no method ['moon']."),
        ({"method": "keras", "dropout": 1.0}, "dropout must be at least 0 and below 1."),
        ({"method": "keras", "scaling": "inverted"}, "Method 'keras' has no option scaling."),
        ({"method": "zaremba", "recurrent_dropout": 0.5}, "masks the inputs only"),
    ],
    ids=str,
)
def test_what_cannot_act_is_refused_in_one_line(kwargs: dict[str, Any], words: str) -> None:
    with pytest.raises(DropvizError) as caught:
        LSTM(**{"units": UNITS, "method": "moon", **kwargs})

    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- ways to call it


@pytest.mark.few(4)
@pytest.mark.parametrize("case", ONE_OF_EACH)
@pytest.mark.parametrize("backwards", [True, False], ids=["backwards", "forwards"])
def test_steps_that_are_masked_out_are_skipped(case: str, *, backwards: bool) -> None:
    keep = np.ones((SAMPLES, STEPS), bool)
    keep[2, 1:], keep[3, 0] = False, False
    options = {"return_sequences": True, "go_backwards": backwards}
    mine, its = copied(case, **options)
    layer = dropping(case, **options)
    layer.build(X.shape)

    assert_equal(mine(X, mask=keep), its(X, mask=keep))
    states = [np.asarray(layer(X, mask=keep, training=True)) for _ in range(2)]
    for outputs in states:
        skipped = [2, 1] if backwards else [1, 2]
        if backwards:  # two steps are skipped at the start: nothing is known yet
            assert not outputs[2, :2].any()
        else:
            np.testing.assert_array_equal(outputs[2, skipped[0]], outputs[2, 0])
            np.testing.assert_array_equal(outputs[2, skipped[1]], outputs[2, 0])


@pytest.mark.few(4)
@pytest.mark.parametrize("case", STEP_LIFE)
def test_unrolling_changes_nothing(case: str) -> None:
    outcomes = []
    for unroll in (True, False):
        fresh()
        layer = dropping(case, seed=3, unroll=unroll, return_sequences=True)
        outcomes.append(layer(X, training=True))

    assert_equal(*outcomes)


@pytest.mark.full
@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", METHOD_CASES)
def test_going_backwards_is_going_forwards_over_steps_turned_round(case: str) -> None:
    outcomes = []
    for backwards, x in ((True, X), (False, X[:, ::-1])):
        fresh()
        layer = dropping(case, seed=3, go_backwards=backwards, return_sequences=True)
        outcomes.append(layer(x, training=True))

    assert_equal(*outcomes)


@pytest.mark.full
@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_a_stateful_layer_carries_its_state(case: str) -> None:
    layer = dropping(case, stateful=True, return_state=True)

    _, h, c = layer(X, training=True)

    assert_equal(layer.states, [h, c])
    apart = layer(X)[0] - layer(X, initial_state=[np.zeros_like(h)] * 2)[0]
    assert float(np.abs(apart).max()) > 0
    layer.reset_states()
    assert not np.asarray(layer.states[0]).any()


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_inference_draws_nothing_that_is_seen(case: str) -> None:
    layer = dropping(case, return_sequences=True)

    assert_equal(layer(X), layer(X))
    assert_equal(layer(X), layer(X, training=False))


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_each_training_call_draws_masks_of_its_own(case: str) -> None:
    layer = dropping(case, return_sequences=True)
    x, _ = data(8, 4, FEATURES)
    plain = layer(x)

    one, other = layer(x, training=True), layer(x, training=True)

    for a, b in ((one, other), (one, plain), (other, plain)):
        assert float(np.abs(np.asarray(a) - np.asarray(b)).max()) > 1e-3


@pytest.mark.few(2)
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_one_seed_gives_one_series_of_masks(case: str) -> None:
    outcomes = []
    for seed in (3, 3, 4):
        fresh()
        layer = dropping(case, seed=seed)
        outcomes.append([np.asarray(layer(X, training=True)) for _ in range(2)])

    assert_equal(outcomes[0], outcomes[1])
    assert float(np.abs(outcomes[0][0] - outcomes[2][0]).max()) > 0


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_one_sample_and_one_step_and_one_unit_are_enough(case: str) -> None:
    layer = dropping(case, units=1, return_sequences=True)

    outputs = np.asarray(layer(X[:1, :1], training=True))

    assert outputs.shape == (1, 1, 1)
    assert np.isfinite(outputs).all()


@pytest.mark.few(3)
@pytest.mark.parametrize("case", THREE)
@pytest.mark.parametrize("dtype", ["mixed_float16", "bfloat16", "float64"])
def test_types_are_those_of_keras(case: str, dtype: str) -> None:
    # TensorFlow has no orthogonal matrices in bfloat16.
    kwargs = {"dtype": dtype, "recurrent_initializer": "glorot_uniform", "return_state": True}
    mine, its = dropping(case, **kwargs), theirs(**RATES, **kwargs)

    for training in (True, False):
        outputs, expected = mine(X, training=training), its(X, training=training)
        assert [each.dtype for each in outputs] == [each.dtype for each in expected]
        assert all(np.isfinite(each.astype("float64")).all() for each in arrays(outputs))
    assert [w.dtype for w in mine.weights] == [w.dtype for w in its.weights]


# ---------------------------------------------------------------- what is left of a call


class _BrokenError(Exception):
    pass


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_a_call_that_failed_leaves_no_mask(case: str) -> None:
    def broken(a: Any) -> Any:
        del a
        raise _BrokenError

    layer = dropping(case)
    layer.build(X.shape)
    working = layer.cell.activation
    layer.cell.activation = broken

    with pytest.raises(_BrokenError):
        layer(X, training=True)

    assert layer.cell.masks == {}
    assert layer.cell.time_steps is None
    layer.cell.activation = working
    assert layer(X[:2], training=True).shape == (2, UNITS)


def test_a_call_that_went_well_leaves_no_mask() -> None:
    layer = dropping("naive")

    layer(X, training=True)

    assert layer.cell.masks == {}
    assert layer.cell.time_steps is None


# ---------------------------------------------------------------- inside models


class _Own(keras.Model):  # type: ignore[misc]
    def __init__(self, case: str) -> None:
        super().__init__()
        self.memory = dropping(case)
        self.head = keras.layers.Dense(1)

    def call(self, x: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        return self.head(self.memory(x, training=training))


def _functional(case: str) -> Model:
    inputs = keras.Input((STEPS, FEATURES))
    masked = keras.layers.Masking()(inputs)
    states = keras.layers.LSTM(UNITS, return_state=True, name="first")(masked)[1:]
    outputs = dropping(case)(masked, initial_state=states)
    return keras.Model(inputs, keras.layers.Dense(1)(outputs))


MODELS: dict[str, Callable[[str], Model]] = {
    "sequential": lambda case: sequential(dropping(case)),
    "functional": _functional,
    "subclassed": _Own,
    "bidirectional": lambda case: sequential(keras.layers.Bidirectional(dropping(case))),
    "always training": lambda case: keras.Sequential(
        [keras.Input((STEPS, FEATURES)), _Always(case), keras.layers.Dense(1)]
    ),
}


class _Always(keras.layers.Layer):  # type: ignore[misc]
    def __init__(self, case: str) -> None:
        super().__init__()
        self.memory = dropping(case)

    def call(self, x: Any) -> Any:
        return self.memory(x, training=True)


def _trained(model: Model, **kwargs: Any) -> list[NDArray[Any]]:
    losses = fit(model, **kwargs).history["loss"]
    assert np.isfinite(losses).all()
    weights = arrays(model.get_weights())
    assert all(np.isfinite(w).all() for w in weights)
    return weights


@pytest.mark.full
@pytest.mark.few(2)
@pytest.mark.parametrize("kind", MODELS)
def test_every_kind_of_model_trains(kind: str) -> None:
    fresh()
    model = compiled(MODELS[kind]("semeniuta step test-time"), run_eagerly=True)
    model(X)
    before = arrays(model.get_weights())

    after = _trained(model)

    moved = [np.abs(a - b).max() for a, b in zip(after, before, strict=True)]
    assert min(moved) > 0


@pytest.mark.full
@pytest.mark.few("weight-drop")
@pytest.mark.parametrize("case", ["naive", "weight-drop"])
def test_masks_can_be_on_at_inference_too(case: str) -> None:
    model = keras.Sequential([keras.Input((None, FEATURES)), _Always(case)])

    one, other = (model.predict(X, verbose=0) for _ in range(2))

    assert float(np.abs(one - other).max()) > 0


# The last batch is a partial one, and its size and length are not known beforehand.
@pytest.mark.full
@pytest.mark.few("naive")
@pytest.mark.parametrize("case", ["naive", "moon sequence test-time", *THREE[1:]])
def test_a_graph_of_unknown_sizes_trains_as_an_eager_call_does(case: str) -> None:
    outcomes = []
    for mode, kwargs in (
        ("graph", METHOD_CASES[case]),
        ("eager", METHOD_CASES[case]),
        ("eager", without_rates(case)),
    ):
        fresh()
        layer = LSTM(UNITS, **kwargs)
        outcomes.append(_trained(compiled(sequential(layer, steps=None), **MODES[mode])))

    graph, eager, plain = outcomes
    for one, other in zip(graph, eager, strict=True):
        # Both compute the same in single precision, in another order.
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)
    assert max(np.abs(a - b).max() for a, b in zip(graph, plain, strict=True)) > 1e-3


@pytest.mark.full
# Batches of one size: XLA compiles each size anew, for seconds.
@pytest.mark.parametrize("case", ["semeniuta step test-time", "weight-drop"])
def test_xla_trains_too(case: str) -> None:
    x, y = data(BATCH, STEPS, FEATURES)
    outcomes = []
    for kwargs in (METHOD_CASES[case], without_rates("naive")):
        fresh()
        model = compiled(sequential(LSTM(UNITS, **kwargs)), jit_compile=True)
        model.fit(x, y, batch_size=BATCH, verbose=0)
        outcomes.append(arrays(model.get_weights()))

    assert all(np.isfinite(w).all() for w in outcomes[0])
    assert max(np.abs(a - b).max() for a, b in zip(*outcomes, strict=True)) > 1e-3


@pytest.mark.full
@pytest.mark.few("graph")
@pytest.mark.parametrize("mode", MODES)
def test_gal_untied_trains_as_keras_to_the_bit(mode: str) -> None:
    x, y = data(2 * BATCH, STEPS, FEATURES)
    outcomes = []
    for method in ("keras", "gal-untied"):
        fresh()
        model = compiled(sequential(LSTM(UNITS, method, **RATES)), **MODES[mode])
        seen = model.fit(
            x,
            y,
            batch_size=BATCH,
            epochs=2,
            validation_data=(x, y),
            validation_batch_size=BATCH,
            verbose=0,
        )
        predicted = model.predict(x, batch_size=BATCH, verbose=0)
        seeds = model.non_trainable_variables
        outcomes.append([seen.history, model.get_weights(), predicted, seeds])

    assert set(outcomes[0][0]) == {"loss", "val_loss"}
    assert_equal(*outcomes)


@pytest.mark.full
@pytest.mark.parametrize("seed", [None, 7])
def test_directions_share_masks_only_where_a_seed_is_given_as_in_keras(seed: int | None) -> None:
    same = []
    for method in ("gal-untied", "keras"):
        fresh()
        layer = LSTM(UNITS, method, **RATES, seed=seed)
        layer = keras.layers.Bidirectional(layer, merge_mode=None)
        layer.build(X.shape)
        layer.backward_layer.set_weights(layer.forward_layer.get_weights())
        turned = np.concatenate([X, X[:, ::-1]], axis=1)  # reads the same both ways
        forward, backward = layer(turned, training=True)
        same.append(np.array_equal(forward, backward))

    assert same == [seed is not None] * 2


# ---------------------------------------------------------------- copies and files


@pytest.fixture
def _keras_may_warn() -> Iterator[None]:
    with warnings.catch_warnings():
        # Keras 3.15 on NumPy 2.4, while it saves or copies any model.
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        yield


def assert_same_layer(mine: Layer, its: Layer) -> None:
    """Compares all that a layer of no calls yet is, and what it computes."""
    assert type(mine) is type(its) is MethodLSTM
    assert mine is not its
    assert mine.cell is not its.cell
    assert mine.get_config() == its.get_config()
    assert mine.cell.setting == its.cell.setting
    assert_equal(mine.variables, its.variables)
    for training in (False, True):
        assert_equal(mine(X, training=training), its(X, training=training))


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", METHOD_CASES)
def test_a_config_makes_the_same_layer_again(case: str) -> None:
    layer = dropping(case, seed=3)
    layer.build(X.shape)

    again = type(layer).from_config(layer.get_config())

    again.build(X.shape)
    again.set_weights(layer.get_weights())
    assert_same_layer(again, layer)


@pytest.mark.full
@pytest.mark.few(3)
@pytest.mark.usefixtures("_keras_may_warn")
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_a_clone_computes_the_same(case: str) -> None:
    model = sequential(dropping(case, seed=3))

    again = keras.models.clone_model(model)

    again.set_weights(model.get_weights())
    assert_same_layer(again.layers[0], model.layers[0])


@pytest.mark.few(2)
@pytest.mark.usefixtures("_keras_may_warn")
@pytest.mark.parametrize("case", THREE)
@pytest.mark.parametrize("alone", [True, False], ids=["layer", "model"])
def test_a_deep_copy_computes_the_same(case: str, *, alone: bool) -> None:
    layer = dropping(case, seed=3)
    model = sequential(layer)

    again = copy.deepcopy(layer) if alone else copy.deepcopy(model).layers[0]

    again.set_weights(layer.get_weights())
    assert_same_layer(again, layer)


@pytest.mark.full
@pytest.mark.few(3)
@pytest.mark.usefixtures("_keras_may_warn")
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_a_saved_model_comes_back(case: str, tmp_path: Path) -> None:
    model = sequential(dropping(case, seed=3))
    model.save(tmp_path / "a.keras")

    again = keras.models.load_model(tmp_path / "a.keras")

    assert_same_layer(again.layers[0], model.layers[0])


READ = """\
import os, sys, warnings
warnings.simplefilter("ignore")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras, numpy as np
def read(name):
    model = keras.models.load_model(f"{name}.keras")
    x = np.load("x.npy")
    outputs = np.asarray(model(x))
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(x, np.ones((len(x), 1)), verbose=0)
    np.savez(name, outputs, *model.get_weights())
    print(name, type(model.layers[0]).__name__, sep=": ")
first, *others = sys.argv[1:]
read(first)
if keras.__version__.startswith("3.8."):  # imports the module of a layer by itself
    print(True)
else:
    try:
        read(others[0])
    except TypeError as error:
        print("Could not locate class 'MethodLSTM'" in str(error))
    assert "dropviz" not in sys.modules
from dropviz import LSTM
for name in others:
    read(name)
"""


@pytest.mark.full
@pytest.mark.usefixtures("_keras_may_warn")
def test_a_fresh_process_loads_keras_alone_and_the_rest_with_dropviz(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    made: dict[str, Model] = {}
    for case in ("keras", *ONE_OF_EACH):
        layer = LSTM(UNITS, "keras", **RATES) if case == "keras" else dropping(case, seed=3)
        made[case] = sequential(layer)
        made[case].save(tmp_path / f"{case}.keras")

    done = subprocess.run(
        [sys.executable, "-c", READ, *made],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(dropviz.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    read = [f"{case}: MethodLSTM" for case in ONE_OF_EACH]
    assert done.stdout.splitlines() == ["keras: LSTM", "True", *read]
    for case, model in made.items():
        with np.load(tmp_path / f"{case}.npz") as file:
            outputs, *weights = file.values()
        np.testing.assert_array_equal(outputs, model(X))
        moved = [np.abs(a - b).max() for a, b in zip(weights, model.get_weights(), strict=True)]
        assert 0 < max(moved) < np.inf


@pytest.mark.full
def test_an_exported_model_gives_the_same_outputs(tmp_path: Path) -> None:
    model = sequential(dropping("semeniuta step test-time"))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        model.export(tmp_path / "exported", verbose=False)

    served = tf.saved_model.load(str(tmp_path / "exported"))

    # In a graph, in single precision.
    np.testing.assert_allclose(served.serve(X), model(X), rtol=0, atol=1e-6)
