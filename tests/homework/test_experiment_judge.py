"""The judge of Unnamed layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from dropviz.homework import child as child_module
from dropviz.homework.asked_layer import AskedLayer
from dropviz.homework.experiment_judge import (
    METHODS,
    NothingNamedError,
    Unnamed,
    asks,
    judge_experiment,
    runs_here,
    unnamed_layers,
)
from dropviz.homework.frames import Frame, Kind
from dropviz.homework.sandbox import RefusedError


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


# ---------------------------------------------------------------- a layer that is not named


class Answering:
    """A child that names each layer what it is, but for some."""

    def __init__(self, layers: Sequence[Unnamed], does: Mapping[int, str]) -> None:
        self._replies = enumerate(layers)
        self._does = does
        self.refused = ""

    def say(self, _: Frame) -> None:
        if self.refused:
            raise RefusedError(self.refused)

    def hear(self) -> Frame:
        number, layer = next(self._replies)
        does = self._does.get(number, "")
        if does == "late":
            self.refused = "it gave no answer within 20 s"
            raise RefusedError(self.refused)
        if does:
            return Frame(Kind.NAMED, text=does, numbers=(1, 0, 0, 0))
        return Frame(Kind.NAMED, text=layer.method, numbers=(0, 0, 0, 0))


@pytest.mark.parametrize(
    ("does", "lost", "said"),
    [
        ({0: "IndexError: empty"}, 1, "its code says IndexError: empty."),
        ({11: "late"}, 1, "it gave no answer within 20 s."),
        ({10: "ValueError: a layer may be run 60 times", 11: "late"}, 2, "run 60 times."),
    ],
)
def test_a_layer_that_is_not_named_takes_no_point_of_another(
    does: dict[int, str], lost: int, said: str
) -> None:
    layers = sorted(unnamed_layers(1), key=lambda each: each.seed)
    child: Any = Answering(layers, does)

    checks = judge_experiment(asks(child), layers)

    short = {layers[number].method for number in does}
    assert {check.name for check in checks if not check.points} == short
    assert len(short) == lost
    assert any(check.hint.endswith(said) for check in checks)
    assert all(bool(check.hint) == (check.name in short) for check in checks)


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ({0: "late"}, "within 20 s"),
        (dict.fromkeys(range(12), "IndexError: empty"), "its code says IndexError: empty"),
        ({0: "ValueError: first", 1: "late"}, "its code says ValueError: first"),
    ],
)
def test_where_nothing_is_named_at_all_the_first_reason_is_told(
    does: dict[int, str], said: str
) -> None:
    layers = unnamed_layers(1)
    child: Any = Answering(layers, does)

    with pytest.raises(NothingNamedError, match=said):
        judge_experiment(asks(child), layers)


@pytest.mark.parametrize("error", [IndexError("empty"), SystemExit(1), MemoryError()])
def test_what_an_experiment_raises_is_told_and_the_next_layer_asked_about(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def identify(layer: AskedLayer) -> str:
        if layer.units == 4:
            raise error
        return "moon"

    asked = iter([Frame(Kind.IDENTIFY, numbers=(3, units, 0, 0)) for units in (4, 6)])
    replies: list[Frame] = []
    monkeypatch.setattr(child_module, "read", lambda *_, **__: next(asked))
    monkeypatch.setattr(child_module, "write", lambda _, reply: replies.append(reply))
    runner = child_module.AnswerRunner(0, 0)
    runner._space["identify"] = identify
    with pytest.raises(StopIteration):
        runner.serve()

    assert [each.kind for each in replies] == [Kind.NAMED] * 2
    assert replies[0].numbers[:1] == (1,)
    assert replies[0].text.startswith(type(error).__name__)
    assert (replies[1].text, replies[1].numbers[:1]) == ("moon", ())
