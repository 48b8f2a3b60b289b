from __future__ import annotations

from typing import Any

import pytest

from dropviz.core.methods import METHODS
from dropviz.core.scenario_string import parse
from dropviz.core.schedule import Change
from dropviz.core.spec import RunSpec
from dropviz.jupyter.lab.settings import (
    BUTTONS,
    NAMES,
    SETTINGS,
    SWITCHES,
    TIPS,
    is_idle,
    note_of,
    says_epochs,
    scenario_of,
)

SPEC = parse("lstm:u16:d.2:r.5:s7").spec


def values(spec: RunSpec, **moved: Any) -> dict[str, Any]:
    """What the controls show of a spec, but for those that were moved."""
    shown = {name: getattr(spec, name) for name in SETTINGS}
    return {**shown, "freeze": False, "quiz": False, **moved}


@pytest.mark.parametrize("name", NAMES)
def test_every_control_has_a_tip_that_is_a_sentence(name: str) -> None:
    assert len(TIPS[name]) > 10
    assert TIPS[name].endswith(".")


def test_no_two_controls_say_the_same() -> None:
    assert len(set(TIPS.values())) == len(NAMES) == len(TIPS)
    assert {*SETTINGS, *SWITCHES, "speed", *BUTTONS} == set(NAMES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("dropout", 0.35), ("recurrent_dropout", 0.0), ("method", "moon")),
        *(("task", "temporal-order"), ("units", 3), ("epochs", 4), ("seed", 0)),
    ],
)
def test_a_control_that_moves_changes_its_part_alone(name: str, value: Any) -> None:
    asked = scenario_of(values(SPEC, **{name: value}), SPEC)

    assert asked.spec.to_dict() == SPEC.to_dict() | {name: value}


def test_no_epochs_stand_for_those_of_the_scenario() -> None:
    assert scenario_of(values(SPEC, epochs=None), SPEC).spec == SPEC


def test_freezing_is_a_change_from_the_first_batch_on() -> None:
    asked = scenario_of(values(SPEC, freeze=True), SPEC)

    assert asked.spec.schedule == (Change(0, 0.2, 0.5, frozen=True),)


def test_a_schedule_goes_with_the_settings_that_it_came_with() -> None:
    own = parse("lstm:d.2:@20,d.3").spec

    kept, moved = (scenario_of(values(own, units=units), own) for units in (own.units, 9))

    assert kept.spec.schedule == (Change(20, 0.3, 0.0),)
    assert moved.spec.schedule == ()


def test_the_options_of_a_method_come_back_with_it() -> None:
    own = parse("lstm:d.2:r.3:m=moon:life=step").spec

    away, back = (scenario_of(values(own, method=method), own).spec for method in ("keras", "moon"))

    assert (away.method, away.life) == ("keras", None)
    assert back.life == "step"


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        ("lstm", False),
        ("lstm:u16:e10", True),
        ("lstm:e+3", True),
        (" lstm:e3:quiz", True),
        ("lstm:task=mine:@20,d.1", False),
    ],
)
def test_a_training_has_an_end_where_its_scenario_gives_epochs(
    scenario: str, *, said: bool
) -> None:
    assert says_epochs(scenario) is said


@pytest.mark.parametrize("method", METHODS)
def test_a_rate_that_has_nothing_to_act_on_counts_as_zero(method: str) -> None:
    asked = scenario_of(values(SPEC, method=method), SPEC)

    rests = len(METHODS[method].rules) == 1
    assert is_idle(method, SPEC) == rests
    assert asked.spec.recurrent_dropout == (0 if rests else 0.5)


def test_the_second_rate_rests_where_options_give_all_rates() -> None:
    both, one = (parse(f"lstm:m=zoneout:{zones}").spec for zones in ("zc.5:zh.05", "zc.5"))

    assert is_idle("zoneout", both)
    assert not is_idle("zoneout", one)


@pytest.mark.parametrize(
    ("moved", "words"),
    [
        ({}, "Keras draws four masks, one for each gate, for the inputs too"),
        ({"dropout": 0.0}, "Keras draws four masks, one for each gate and"),
        ({"recurrent_dropout": 0.0}, "one input mask serves all four gates"),
        ({"method": "moon"}, "moon is a layer of dropviz"),
        ({"method": "zaremba"}, "nothing for recurrent_dropout to act on; 0.5 waits"),
    ],
    ids=str,
)
def test_a_note_says_what_the_rates_mean(moved: dict[str, Any], words: str) -> None:
    asked = scenario_of(values(SPEC, **moved), SPEC)

    assert words in note_of(asked.spec, 0.5)
