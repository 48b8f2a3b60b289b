"""Which layers are put to the experiment: those whose steps are the oracle's, however scaled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core import oracle
from dropviz.errors import DropvizError
from dropviz.experiment.explain import explain
from dropviz.experiment.preconditions import check_fit

from .numpy_layer import NumPyLayer, observer_of
from .zoo_truth import at

Array = Any
Activation = Callable[[Array], Array]


class OtherLayer(NumPyLayer):
    """A layer in NumPy with other activations."""

    activation: Activation = staticmethod(np.tanh)
    recurrent: Activation = staticmethod(oracle.sigmoid)

    def __call__(self, x: Any, *, initial_state: Sequence[Any], training: bool) -> Any:
        del training
        h, *c = (np.asarray(each, float) for each in initial_state)
        how: dict[str, Any] = {
            "activation": self.activation,
            "recurrent_activation": self.recurrent,
        }
        if self.kind == "LSTM":
            done = oracle.lstm(self._weights, np.asarray(x, float), h=h, c=c[0], **how)
        else:
            done = oracle.gru(self._weights, np.asarray(x, float), h=h, **how)
        return done.outputs.astype("float32")


def other(kind: str, *, bias: bool = True, **activations: Activation) -> OtherLayer:
    layer = OtherLayer(kind=kind, bias=bias)
    for name, function in activations.items():
        setattr(layer, name, function)
    return layer


def soft_sign(a: Array) -> Array:
    return a / (1 + np.abs(a))


def scaled_tanh(a: Array) -> Array:
    """LeCun's: it ends at 1.7159."""
    return 1.7159 * np.tanh(2 * a / 3)


def steep_tanh(a: Array) -> Array:
    """It ends where tanh does, and is there sooner."""
    return np.tanh(3 * a)


def endless_tanh(a: Array) -> Array:
    """It is tanh wherever a candidate is looked at, and grows beyond: only c gets there."""
    return np.tanh(a) + np.sign(a) * np.maximum(np.abs(a) - 100, 0)


KINDS = pytest.mark.parametrize(("kind", "bias"), [("LSTM", True), ("LSTM", False), ("GRU", True)])


@KINDS
def test_keras_own_activations_fit(kind: str, bias: bool) -> None:  # noqa: FBT001
    check_fit(observer_of(other(kind, bias=bias)).harness)


@KINDS
@pytest.mark.parametrize(
    "function",
    [
        oracle.ACTIVATIONS["relu"],
        oracle.ACTIVATIONS["linear"],
        soft_sign,
        scaled_tanh,
        steep_tanh,
        endless_tanh,
    ],
)
def test_another_candidate_is_refused(kind: str, bias: bool, function: Activation) -> None:  # noqa: FBT001
    # Without a bias only the ends are compared: x may be scaled, and how much is not known.
    unheard = kind == "GRU" if function is endless_tanh else not bias
    if function in (scaled_tanh, soft_sign, steep_tanh, endless_tanh) and unheard:
        check_fit(observer_of(other(kind, bias=bias, activation=function)).harness)
        return
    with pytest.raises(DropvizError, match=rf"steps of an? {kind} with activation='tanh'"):
        check_fit(observer_of(other(kind, bias=bias, activation=function)).harness)


@KINDS
@pytest.mark.parametrize(
    "function",
    [
        oracle.ACTIVATIONS["hard_sigmoid"],
        oracle.ACTIVATIONS["linear"],
        np.tanh,
        lambda a: oracle.sigmoid(2 * a),
    ],
)
def test_another_gate_is_refused(kind: str, bias: bool, function: Activation) -> None:  # noqa: FBT001
    layer = other(kind, bias=bias, recurrent=function)
    if not bias and float(function(np.array(1.0))) == float(oracle.sigmoid(np.array(2.0))):
        check_fit(observer_of(layer).harness)
        return
    with pytest.raises(DropvizError, match="recurrent_activation='sigmoid'"):
        check_fit(observer_of(layer).harness)


class OtherWeights(NumPyLayer):
    """A layer that changes what it is given before it computes with it."""

    change: Callable[[Array, int], None] = staticmethod(lambda *_: None)

    def set_weights(self, weights: Sequence[Array]) -> None:
        super().set_weights([np.array(each, float) for each in weights])
        for each in self._weights:
            self.change(each, self.units)


def forgets_less(weights: Array, units: int) -> None:
    """Adds 1 to the bias of f, as TensorFlow 1 did."""
    if weights.ndim == 1:
        weights[units : 2 * units] += 1


def lets_in_more(weights: Array, units: int) -> None:
    """Adds 1 to the bias of i."""
    if weights.ndim == 1:
        weights[:units] += 1


def coupled(weights: Array, units: int) -> None:
    """Makes f what i leaves: 1 - i."""
    weights[..., units : 2 * units] = -weights[..., :units]


def resets_less(weights: Array, units: int) -> None:
    """Adds 1 to a GRU's own bias of r."""
    if weights.shape[0] == 2 and weights.shape[1] == 3 * units:
        weights[0, units : 2 * units] += 1


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("LSTM", forgets_less),
        ("LSTM", lets_in_more),
        ("LSTM", coupled),
        ("GRU", resets_less),
    ],
)
def test_steps_of_another_kind_of_cell_are_no_dropout(
    kind: str, change: Callable[[Array, int], None]
) -> None:
    for units in (4, 6):
        layer = OtherWeights(kind=kind, units=units, features=3)
        layer.change = change
        with pytest.raises(DropvizError, match="recurrent_activation='sigmoid'"):
            check_fit(observer_of(layer).harness)


@pytest.mark.parametrize("site", ["hidden_update", "cell_update"])
@pytest.mark.parametrize("active", [True, False])
def test_zoneout_is_no_other_gate(site: str, *, active: bool) -> None:
    layer = NumPyLayer([at(site, life="step", scaling="expectation")], active=active)
    check_fit(observer_of(layer).harness)


@pytest.mark.parametrize("site", ["input", "recurrent", "cell", "output", "candidate"])
@pytest.mark.parametrize("bias", [True, False])
def test_what_scales_at_inference_is_left_out(site: str, bias: bool) -> None:  # noqa: FBT001
    for rate in (0.1, 0.5, 0.8):
        layer = NumPyLayer([at(site, rate=rate, scaling="test-time")], bias=bias)
        check_fit(observer_of(layer).harness)


def test_masks_at_inference_are_waited_for_until_something_comes_through() -> None:
    check_fit(observer_of(NumPyLayer([at("cell", rate=0.9)], active=True, units=16)).harness)


def test_a_gru_without_a_bias_and_three_digits_are_refused() -> None:
    with pytest.raises(DropvizError, match="use_bias=True"):
        check_fit(observer_of(NumPyLayer(kind="GRU", bias=False)).harness)
    layer = NumPyLayer()
    layer.compute_dtype = "bfloat16"
    with pytest.raises(DropvizError, match="three digits"):
        check_fit(observer_of(layer).harness)


class Mixing(keras.layers.LSTMCell):  # type: ignore[misc]
    """A cell that gives out a sum of its new h and its old one."""

    def __init__(self, new: float, old: float, **kwargs: Any) -> None:
        super().__init__(5, **kwargs)
        self.shares = new, old

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        h, (_, c) = super().call(inputs, states, training=training)
        new, old = self.shares
        mixed = new * h + old * states[0]
        return mixed, [mixed, c]


@pytest.mark.parametrize(
    ("new", "old", "how"),
    [
        (1.0, 1.0, {}),
        (1.0, 1.0, {"recurrent_dropout": 0.4}),
        (0.5, 0.5, {}),
        (0.5, 0.5, {"dropout": 0.3}),
    ],
)
def test_of_a_cell_that_gives_its_old_h_on_nothing_is_said_to_drop(
    new: float, old: float, how: dict[str, float]
) -> None:
    layer = keras.layers.RNN(Mixing(new, old, **how), name="mixing")

    with pytest.raises(DropvizError, match=r"'mixing' .* does not compute the steps of an LSTM"):
        explain(layer)
