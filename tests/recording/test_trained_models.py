from __future__ import annotations

import gc

import pytest

from dropviz.recording.trained_models import TrainedModels, free_name


class Model:
    """As much of a model as there is to know of it."""

    def __init__(self, name: str) -> None:
        self.name = name


def test_models_are_in_the_order_in_which_each_trained_last() -> None:
    models, one, two = TrainedModels(), Model("one"), Model("two")

    for each in (one, two, one):
        models.trains(each)

    assert [each.name for each in models] == ["two", "one"]


@pytest.mark.parametrize(
    ("last_calls", "order"),
    [
        ({}, ["one", "two", "dense", "three"]),
        ({"a": 7, "b": 3, "c": 5}, ["two", "three", "dense", "one"]),
        ({"a": 1, "b": 3, "c": 2, "d": 4}, ["three", "two", "dense", "one"]),
        # The first call of all is one too.
        ({"a": 5, "b": 0}, ["two", "one", "dense", "three"]),
        # Of layers whose calls were written over nothing is known.
        ({"b": 3}, ["one", "two", "dense", "three"]),
    ],
)
def test_calls_that_were_recorded_tell_who_trained_last(
    last_calls: dict[str, int], order: list[str]
) -> None:
    models, asked = TrainedModels(), []
    layers: dict[str, tuple[str, ...]] = {
        "one": ("a", "d"),
        "two": ("b",),
        "dense": (),
        "three": ("c",),
    }
    kept = [Model(name) for name in layers]
    for each in kept:
        models.trains(each).layers = layers[each.name]

    models.ends(lambda: asked.append(1) or last_calls)  # type: ignore[func-returns-value]

    assert not asked
    assert [each.name for each in models] == order
    assert [each.name for each in models] == order
    assert len(asked) == 1


def test_a_model_is_known_again() -> None:
    models, one, two = TrainedModels(), Model("one"), Model("two")
    first = models.trains(one)
    first.layers = ("lstm",)

    assert models.trains(one) is first
    models.trains(two)
    assert models.trains(one) is first


def test_models_of_one_name_are_told_apart() -> None:
    models = TrainedModels()
    kept = [Model("sequential") for _ in range(3)]

    assert [models.trains(each).name for each in kept] == [
        "sequential",
        "sequential#2",
        "sequential#3",
    ]


def test_a_model_that_is_gone_keeps_its_name_and_no_memory() -> None:
    models = TrainedModels()
    first = models.trains(Model("sequential"))
    gc.collect()

    assert first.model() is None
    assert models.trains(Model("sequential")).name == "sequential#2"


@pytest.mark.parametrize(
    ("wanted", "taken", "free"),
    [
        (["lstm"], [], "lstm"),
        (["lstm"], ["lstm"], "lstm#2"),
        (["lstm", "two/lstm"], ["lstm"], "two/lstm"),
        (["lstm", "two/lstm"], ["lstm", "two/lstm"], "two/lstm#2"),
        (["lstm", "two/lstm"], ["lstm/cell", "two/lstm", "two/lstm#2"], "two/lstm#3"),
    ],
)
def test_a_name_that_is_taken_gets_more_before_it_or_a_number(
    wanted: list[str], taken: list[str], free: str
) -> None:
    assert free_name(wanted, taken) == free
