"""What varies at random as no mask does is said to, and is put nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dropviz.core.masks import Array
from dropviz.experiment.observations import Doubt
from dropviz.experiment.unlike_masks import adds_at_random, varies_by_what_it_sees

from .numpy_layer import NumPyLayer, explained, observer_of
from .zoo_truth import at


class Dropping(NumPyLayer):
    """Drops what it is told to, of inputs, states or outputs, in training."""

    def __init__(self, what: str, of: Callable[[Array, Array], Array], **how: Any) -> None:
        super().__init__(**how)
        self.what, self.of = what, of

    def __call__(self, x: Any, *, initial_state: Any, training: bool) -> Any:
        def changed(what: str, values: Any) -> Any:
            if not training or what != self.what:
                return values
            values = np.asarray(values, float)
            return self.of(values, self._random.random(values.shape) < 0.4)

        h, *c = initial_state
        states = [changed("h", h), *(changed("c", each) for each in c)]
        out = super().__call__(changed("x", x), initial_state=states, training=training)
        return np.asarray(changed("out", out), "float32")


def if_negative(values: Array, dropped: Array) -> Array:
    return np.where(np.logical_and(values < 0, dropped), 0, values)


def mean_of_inputs(values: Array, dropped: Array) -> Array:
    return np.where(dropped, values.mean(axis=-1, keepdims=True), values)


def filled(values: Array, dropped: Array) -> Array:
    return np.where(dropped, 0.5, values)


def noisy(values: Array, dropped: Array) -> Array:
    return values + 0.1 * dropped


def if_positive(values: Array, dropped: Array) -> Array:
    return np.where(values > 0, values * (1 - dropped) / 0.6, values)


def more_if_large(values: Array, dropped: Array) -> Array:
    # The larger ones are dropped as often, and scaled otherwise.
    return values * (1 - dropped) / np.where(np.abs(values) > 0.5, 0.6, 0.9)


def only_if_large(values: Array, dropped: Array) -> Array:
    return np.where(np.abs(values) > 0.5, values * (1 - dropped) / 0.6, values)


SEEN = {"x": if_negative, "h": if_negative, "c": if_negative, "x by their mean": mean_of_inputs}


@pytest.mark.parametrize(
    ("case", "kind"),
    [*((case, "LSTM") for case in SEEN), *((case, "GRU") for case in SEEN if case != "c")],
)
def test_what_drops_by_the_value_alone_is_not_nothing(case: str, kind: str) -> None:
    verdict = explained(Dropping(case.split(maxsplit=1)[0], SEEN[case], kind=kind))

    # In a GRU nine steps have shown an h below zero before.
    assert verdict.doubts in ((Doubt.ODD.value,), (Doubt.MORE.value,))
    assert verdict.title.endswith("where it drops could not be told.")
    assert verdict.active_at_inference is None


@pytest.mark.parametrize("how", [if_positive, more_if_large, only_if_large])
@pytest.mark.parametrize("units", [2, 16])
def test_a_mask_that_looks_at_what_it_multiplies_is_doubted(
    how: Callable[[Array, Array], Array], units: int
) -> None:
    verdict = explained(Dropping("x", how, units=units))
    assert Doubt.MORE.value in verdict.doubts
    assert " drops by " not in verdict.title


@pytest.mark.parametrize("how", [filled, noisy])
@pytest.mark.parametrize("what", ["out", "c", "h"])
def test_what_is_added_is_no_mask(what: str, how: Callable[[Array, Array], Array]) -> None:
    kind = "GRU" if what == "h" else "LSTM"
    layer = Dropping(what, how, kind=kind)
    assert adds_at_random(observer_of(layer))
    verdict = explained(layer)

    assert verdict.sites == {}
    assert verdict.doubts == (Doubt.ODD.value,)


@pytest.mark.parametrize("site", ["input", "recurrent", "candidate", "cell", "carried", "output"])
def test_masks_add_nothing(site: str) -> None:
    assert not adds_at_random(observer_of(NumPyLayer([at(site)])))


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_a_layer_without_masks_does_not_vary(kind: str) -> None:
    for bias in (True, False):
        assert not varies_by_what_it_sees(observer_of(NumPyLayer(kind=kind, bias=bias)))


@pytest.mark.parametrize("case", SEEN)
def test_what_drops_by_the_value_shows_under_values_of_every_sign(case: str) -> None:
    layer = Dropping(case.split(maxsplit=1)[0], SEEN[case])
    assert varies_by_what_it_sees(observer_of(layer))


@pytest.mark.parametrize("bias", [True, False])
def test_the_same_values_of_every_sign_go_in_once_at_inference_and_ten_times_in_training(
    monkeypatch: pytest.MonkeyPatch,
    bias: bool,  # noqa: FBT001
) -> None:
    observer = observer_of(NumPyLayer(units=32, features=32, bias=bias))
    given: list[Any] = []

    def call(*values: Any, training: bool) -> Array:
        given.append((*values, training))
        return np.zeros((256, 32))

    monkeypatch.setattr(observer.harness, "call", call)
    assert not varies_by_what_it_sees(observer)

    assert [training for *_, training in given] == [False, *[True] * 10]
    weights, x, states, _ = given[0]
    assert [each.shape for each in weights] == [(32, 128), (32, 128), (128,)][: 2 + bias]
    assert x.shape == (256, 2, 32)
    assert [each.shape for each in states] == [(256, 32)] * 2
    for later in given[1:]:
        assert all(one is other for one, other in zip(later[:3], (weights, x, states), strict=True))
    # 128 draws, the fewest, take a mean off by .04 as a rule.
    for values, size in [*((each, 0.5) for each in (*weights, *states)), (x, 1.0)]:
        assert values.mean() == pytest.approx(0, abs=0.15)
        assert values.std() == pytest.approx(size, abs=0.15)


def test_twice_is_looked_for_what_is_added() -> None:
    observer = observer_of(NumPyLayer([at("input")]))
    before = observer.harness.calls
    adds_at_random(observer)
    assert observer.harness.calls == before + 2
