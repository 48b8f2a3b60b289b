"""An experiment, or an opened pass, that is interrupted: the layer is as it was."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.experiment.cross_check import hear_witnesses
from dropviz.experiment.explain import explain
from dropviz.recording.trace import trace

Layer = Any

X = np.random.default_rng(0).normal(size=(4, 5, 3)).astype("float32")


class Sends(keras.layers.LSTM):  # type: ignore[misc]
    """A layer in the middle of whose calls interrupts come: by the number of each call."""

    # Of the class: what an experiment puts back are attributes of the layer.
    at: Sequence[int] = ()
    calls = 0

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,  # noqa: FBT001, FBT002 (Keras's own signature)
    ) -> Any:
        Sends.calls += 1
        for _ in range(Sends.at.count(Sends.calls)):
            signal.raise_signal(signal.SIGINT)
        return super().call(sequences, initial_state, mask, training)


def made(at: Sequence[int]) -> Sends:
    layer = Sends(4, dropout=0.3, recurrent_dropout=0.3, seed=1, name="sends")
    layer.build((None, 5, 3))
    Sends.at, Sends.calls = at, 0
    return layer


def check_as_before(layer: Layer, act: Callable[[], object]) -> None:
    """Interrupts something, and holds the layer against what it was."""
    before = [np.asarray(each) for each in layer.variables]
    names, handler = set(vars(layer)), signal.getsignal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        act()

    for mine, its in zip(layer.variables, before, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), its)
    assert set(vars(layer)) == names
    assert signal.getsignal(signal.SIGINT) is handler
    Sends.at = ()
    np.testing.assert_array_equal(layer(X), layer(X))
    assert np.abs(np.asarray(layer(X, training=True) - layer(X))).max() > 0


@pytest.mark.few("[20, 20]-explain")
@pytest.mark.parametrize("act", [explain, hear_witnesses])
# In the first call; in the middle; by one who presses twice.
@pytest.mark.parametrize("at", [[1], [20], [20, 20]], ids=str)
def test_an_experiment_that_is_interrupted_leaves_the_layer_as_it_was(
    at: Sequence[int], act: Callable[[Layer], object]
) -> None:
    layer = made(at)

    check_as_before(layer, lambda: act(layer))

    # It did not go on: the next run was not begun.
    assert Sends.calls == at[0] + 4  # and four by ``check_as_before``


@pytest.mark.parametrize("at", [[1], [1, 1]], ids=str)
def test_a_trace_that_is_interrupted_leaves_the_layer_as_it_was(at: Sequence[int]) -> None:
    layer = made(at)

    check_as_before(layer, lambda: trace(layer, X))


def test_a_layer_inside_a_model_is_put_back_too() -> None:
    layer = made([20])
    model = keras.Sequential([keras.Input((5, 3)), layer, keras.layers.Dense(1)])

    check_as_before(layer, lambda: explain(model))


def test_a_layer_that_was_not_built_is_not_afterwards() -> None:
    layer = Sends(4, dropout=0.3, name="sends")
    Sends.at, Sends.calls = [20], 0

    with pytest.raises(KeyboardInterrupt):
        explain(layer)

    assert (layer.built, layer.weights) == (False, [])
