from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from dropviz.figures import unrolled_scene
from dropviz.figures.colours import Colour
from dropviz.figures.scene import Sign, plain_data

from .scenes_made import SCENES


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_goes_through_json_as_it_is(name: str) -> None:
    data = plain_data(SCENES[name])

    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["kind"] == SCENES[name].kind
    assert data["alt"]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, np.float64("nan")])
def test_a_number_that_is_not_finite_is_none(number: float) -> None:
    assert plain_data([number, 1.5, 2]) == [None, 1.5, 2]


def test_parts_become_dictionaries_by_the_names_of_their_fields() -> None:
    part: Any = {"a": (Sign("kept", "unit kept"), Colour("dropout", 2))}

    assert plain_data(part) == {
        "a": [{"sign": "kept", "says": "unit kept"}, {"argument": "dropout", "shade": 2}]
    }


def test_a_scene_of_a_large_layer_is_a_few_kb() -> None:
    from .made import Kind, recorded

    large = recorded(Kind(units=256, features=128, samples=128, steps=20, life="step", batches=1))

    # Of masks, 32 units of the steps that are drawn are told.
    assert len(json.dumps(plain_data(unrolled_scene.of_recording(large)))) < 12_000
