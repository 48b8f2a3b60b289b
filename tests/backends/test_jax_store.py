"""How a store rides through JAX's steps and comes home, and what JAX cannot keep; JAX alone."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from dropviz.errors import DropvizError
from dropviz.recording import jax_store
from tests.backends.test_store import made, opened, write


class Trains:
    """As much of a model in a step of JAX as hands its variables' values home."""

    def __init__(self) -> None:
        self.homes: list[int] = []
        self.store: Any = None

    def jax_state_sync(self) -> None:
        """Notes how many calls the store had then."""
        self.homes.append(int(np.asarray(self.store.ends.value)[4]) if self.store else 0)


def taken() -> tuple[Any, Trains, Any]:
    store, model, layer = made(), Trains(), keras.layers.Layer()
    store.takes(model, [layer])
    model.store = store
    return store, model, layer


def test_a_store_is_among_a_layer_s_variables_until_it_is_released() -> None:
    store, _, layer = taken()

    riding = [id(each) for each in layer.non_trainable_variables]
    store.release()

    assert riding == [id(each) for each in store.variables]
    assert layer.variables == []


def test_what_a_step_holds_comes_home_before_anything_is_read() -> None:
    store, model, _ = taken()
    assert model.homes == [0]  # before the store rides along

    store.frozen()
    store.newest(0, 1)

    assert len(model.homes) == 3


def test_what_a_step_holds_comes_home_before_it_is_forgotten() -> None:
    store, model, _ = taken()
    write(store, 0, np.ones(4, "float32"))
    store.restart()
    # While the call was still there: what came home later would write over the beginning.
    assert model.homes == [0, 1]

    with store.resting():
        write(store, 0, np.ones(4, "float32"))

    assert model.homes == [0, 1, 0, 1]
    assert store.frozen().read(0).calls == 0


def test_as_many_numbers_as_32_bits_count_are_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax_store, "MOST", 30)

    assert made(30).capacity == 30
    with pytest.raises(DropvizError, match=r"at most 30 numbers.*a budget for 31\."):
        made(31)


def test_masks_of_double_precision_are_refused_where_jax_has_none() -> None:
    with pytest.raises(DropvizError, match="JAX computes in float32 where Keras is asked"):
        opened(100, 9, "float64", 1)
