"""The judge of Unnamed layers."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from dropviz.homework.asked_layer import AskedLayer
from dropviz.homework.experiment_judge import (
    METHODS,
    Unnamed,
    judge_experiment,
    runs_here,
    unnamed_layers,
)

pytestmark = pytest.mark.slow


def test_the_layers_are_two_of_each_and_differ_from_student_to_student() -> None:
    layers = unnamed_layers(1)

    assert Counter(layer.method for layer in layers) == dict.fromkeys(METHODS, 2)
    assert layers == unnamed_layers(1)
    assert [each.method for each in layers] != [each.method for each in unnamed_layers(2)]


def test_a_method_counts_where_its_layers_are_named_so_and_no_others() -> None:
    def takes_zoneout_for_moon(layer: Unnamed, run: object) -> str:
        del run
        return "moon" if layer.method == "zoneout" else layer.method

    checks = judge_experiment(takes_zoneout_for_moon, unnamed_layers(1))

    points = {check.name: check.points for check in checks}
    assert points == {**dict.fromkeys(METHODS, 2), "moon": 0, "zoneout": 0}
    said = {check.name: check.measured for check in checks}
    assert said["moon"] == "2 of 2 named so; 2 x zoneout named so too"
    assert said["zoneout"] == "0 of 2 named so; taken for 2 x moon"


def test_what_is_no_question_to_a_layer_is_said() -> None:
    asked: list[str] = []

    def identify(layer: AskedLayer) -> str:
        f, u = layer.features, layer.units
        right = [np.zeros((f, 4 * u)), np.zeros((u, 4 * u)), np.zeros(4 * u)]
        for weights, x, states in (
            (right[:2], np.zeros((1, 1, f)), None),
            (right, np.zeros((1, 1, f + 1)), None),
            (right, np.zeros((513, 1, f)), None),
            (right, np.zeros((1, 1, f)), [np.zeros((1, u))]),
            (right, np.full((1, 1, f), np.nan), None),
        ):
            layer.set_weights(weights)
            try:
                layer(x, states)
            except ValueError as error:
                asked.append(str(error).split()[0])
        layer.set_weights(right)
        assert layer(np.zeros((7, 2, f)), training=True).shape == (7, u)
        return ""

    judge_experiment(runs_here(identify), unnamed_layers(1)[:1])

    assert asked == ["set_weights", "x", "x", "initial_state", "weights,"]
