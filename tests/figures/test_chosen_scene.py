from __future__ import annotations

import json
from itertools import product

import pytest

from dropviz.figures import atlas_scene, chosen_scene, unrolled_scene
from dropviz.figures.chosen_scene import ChosenScene
from dropviz.figures.scene import plain_data

from .made import called_often, recorded


def scene_of(chosen: ChosenScene, *options: str) -> object:
    """The scene of some choices, found as the painter finds it."""
    number = 0
    for chooser, option in zip(chosen.choosers, options, strict=True):
        number = number * len(chooser.options) + chooser.options.index(option)
    return chosen.scenes[number]


def first(chosen: ChosenScene) -> object:
    return scene_of(chosen, *(each.options[each.at] for each in chosen.choosers))


def test_every_choice_has_its_scene() -> None:
    layer = recorded()
    batches = layer.require_batch().batches

    chosen = chosen_scene.atlases(layer)

    names = {each.name: each.options for each in chosen.choosers}
    assert list(names) == ["batch", "gate"]
    assert names["gate"] == ("all", "i", "f", "g", "o")
    assert names["batch"] == tuple(f"{each + 1:,}" for each in batches[-4:])
    for batch, gate in product(names["batch"], names["gate"]):
        at = [f"{each + 1:,}" for each in batches].index(batch)
        wanted = atlas_scene.of_recording(layer, at, 0, None if gate == "all" else gate)
        assert scene_of(chosen, batch, gate) == wanted


def test_calls_of_one_batch_are_told_apart() -> None:
    batches, _ = chosen_scene.atlases(called_often()).choosers

    assert batches.options == ("12,345, call 99", "12,345, call 100")


def test_the_picture_that_stands_still_comes_first() -> None:
    layer = recorded()

    assert first(chosen_scene.atlases(layer, 1)) == atlas_scene.of_recording(layer, sample=1)


@pytest.mark.parametrize("sample", [0, 2])
def test_samples_can_be_chosen_and_the_one_that_was_open_keeps_its_numbers(sample: int) -> None:
    layer = recorded()
    shown = unrolled_scene.of_recording(layer, sample=0)

    chosen = chosen_scene.unrolled(layer, shown, sample)

    assert first(chosen) is shown
    (samples,) = chosen.choosers
    for option in samples.options:
        if int(option) - 1 != sample:
            wanted = unrolled_scene.of_recording(layer, sample=int(option) - 1)
            assert scene_of(chosen, option) == wanted


def test_scenes_are_small_enough_for_a_saved_notebook() -> None:
    layer = recorded(units=64, features=64, steps=30, samples=32, batches=8)
    shown = unrolled_scene.of_recording(layer)
    both = [chosen_scene.atlases(layer), chosen_scene.unrolled(layer, shown)]

    # A notebook with two labs stays below a megabyte.
    assert len(json.dumps(plain_data(both))) < 300_000
