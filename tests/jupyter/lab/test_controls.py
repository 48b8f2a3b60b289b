from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import ipywidgets as widgets
import pytest
from traitlets import HasTraits, Unicode

from dropviz.core.methods import METHODS
from dropviz.core.scenario_string import Scenario, parse
from dropviz.core.schedule import Change
from dropviz.core.spec import RunSpec
from dropviz.errors import DropvizError, UnknownNameError
from dropviz.jupyter.lab.controls import BUTTONS, NAMES, SETTINGS, SWITCHES, Controls, _tip

from .panels import text_of, tip

TASKS = {"digits": "rows of pixels", "temporal-order": "which bits"}


def controls(
    scenario: str = "lstm:u16:d.2:r.5:s7",
    tasks: Mapping[str, str] = TASKS,
    hide: Collection[str] = (),
    lock: Collection[str] = (),
) -> Controls:
    return Controls(parse(scenario), tasks, hide, lock)


# ---------------------------------------------------------------- what there is


def test_there_is_a_control_for_every_name() -> None:
    made = controls()

    assert tuple(made.by_name) == NAMES
    kinds = {type(made.by_name[name]) for name in ("dropout", "recurrent_dropout")}
    assert kinds == {widgets.FloatSlider}


@pytest.mark.parametrize("name", NAMES)
def test_every_control_has_a_description_and_a_tooltip(name: str) -> None:
    control = controls().by_name[name]

    assert len(control.description) >= 4
    assert len(tip(control)) > 10
    assert tip(control).endswith(".")


def test_no_two_controls_say_the_same() -> None:
    made = list(controls().by_name.values())

    assert len({control.description for control in made}) == len(NAMES)
    assert len({tip(control) for control in made}) == len(NAMES)


class _Seven(HasTraits):  # type: ignore[misc,unused-ignore]
    description_tooltip = Unicode()


class _Eight(HasTraits):  # type: ignore[misc,unused-ignore]
    tooltip = Unicode()


@pytest.mark.parametrize("kind", [_Seven, _Eight])
def test_a_tooltip_goes_by_the_name_that_ipywidgets_has_for_it(kind: Any) -> None:
    (given,) = _tip(kind, "seed").items()

    assert given == (kind.class_trait_names()[0], tip(controls().by_name["seed"]))


@pytest.mark.parametrize("name", NAMES)
def test_every_control_is_in_the_box(name: str) -> None:
    made = controls()

    def inside(widget: Any) -> list[Any]:
        return [widget, *(w for child in getattr(widget, "children", ()) for w in inside(child))]

    found = inside(made.box)
    assert made.by_name[name] in found
    assert made.status in found
    assert made.line in found


def test_every_task_is_offered_with_a_few_words() -> None:
    labels = [label for label, _ in controls().by_name["task"].options]

    assert labels == [f"{name}: {words}" for name, words in TASKS.items()]


def test_every_method_is_offered() -> None:
    assert list(controls().by_name["method"].options) == list(METHODS)


# ---------------------------------------------------------------- hide and lock


@pytest.mark.parametrize("name", NAMES)
def test_a_hidden_control_is_left_out_and_no_other(name: str) -> None:
    made = controls(hide=[name])

    hidden = [each for each in NAMES if made.by_name[each].layout.display == "none"]

    assert hidden == [name]


@pytest.mark.parametrize("name", NAMES)
def test_a_locked_control_cannot_be_moved_from_the_begin(name: str) -> None:
    made = controls(lock=[name])

    assert [each for each in NAMES if made.by_name[each].disabled] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_a_locked_control_stays_so(name: str) -> None:
    made = controls(lock=[name])

    made.able(**dict.fromkeys(NAMES, False))
    made.able(**dict.fromkeys(NAMES, True))
    made.show(parse("lstm:m=moon:r.1"))

    assert [each for each in NAMES if made.by_name[each].disabled] == [name]


@pytest.mark.parametrize(("hide", "lock"), [(["sed"], []), ([], ["dropout", "sed"])])
def test_an_unknown_control_names_the_nearest_one(hide: list[str], lock: list[str]) -> None:
    with pytest.raises(UnknownNameError, match=r"no control 'sed'\. Did you mean 'seed'\?"):
        controls(hide=hide, lock=lock)


def test_a_hidden_control_still_counts() -> None:
    assert controls("lstm:s5", hide=["seed"]).scenario.spec.seed == 5


# ---------------------------------------------------------------- scenarios in and out

SCENARIOS = [
    "lstm:u16:d.2:r.5:m=keras:task=digits:e10:s7",
    "lstm:u16:d.2:r.5:m=keras:task=digits:e10:s7:quiz",
    "lstm:u1:d0:r0:m=keras:task=temporal-order:e1:s4294967295",
    "lstm:u8:d.3333333333333333:r.123456789:m=naive:task=digits:e10:s7",
    "lstm:u8:d.97:r.999:m=keras:task=digits:e20000:s7",
    "lstm:u2000000:d.2:r.5:m=keras:task=digits:e10:s7",
    "lstm:u8:d.2:r0:m=zaremba:task=digits:e10:s7",
    "lstm:u8:d.2:r.5:m=moon:life=step:scaling=inverted:task=digits:e10:s7",
    "lstm:u8:d.2:r0:m=zoneout:zc.5:zh.05:task=digits:e10:s7",
    "lstm:u8:d.2:r.3:m=zoneout:zc.5:task=digits:e10:s7",
    "lstm:u8:d.2:r.5:m=keras:task=digits:e10:s7:@20,d.3:@40,r.1,freeze:@50,release:quiz",
]


@pytest.mark.parametrize("text", SCENARIOS)
def test_a_scenario_comes_out_as_it_went_in(text: str) -> None:
    assert str(controls(text).scenario) == text


@pytest.mark.parametrize("text", SCENARIOS)
def test_every_control_shows_its_part_of_a_scenario(text: str) -> None:
    asked = parse(text)
    made = controls(text)

    assert {name: made.by_name[name].value for name in SETTINGS} == {
        name: getattr(asked.spec, name) for name in SETTINGS
    }
    assert made.by_name["quiz"].value == asked.quiz


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("dropout", 0.35), ("recurrent_dropout", 0.0), ("method", "moon")),
        *(("task", "temporal-order"), ("units", 3), ("epochs", 4), ("seed", 0)),
    ],
)
def test_a_control_that_moves_changes_its_part_alone(name: str, value: Any) -> None:
    made = controls()
    before = made.scenario.spec.to_dict()

    made.by_name[name].value = value

    assert made.scenario.spec.to_dict() == before | {name: value}


def test_freezing_is_a_change_from_the_first_batch_on() -> None:
    made = controls("lstm:d.2:r.5")

    made.by_name["freeze"].value = True

    assert made.scenario.spec.schedule == (Change(0, 0.2, 0.5, frozen=True),)


def test_a_schedule_goes_with_the_settings_that_it_came_with() -> None:
    made = controls("lstm:d.2:@20,d.3")
    own = made.scenario.spec.schedule

    made.by_name["units"].value += 1
    moved = made.scenario.spec.schedule
    made.by_name["units"].value -= 1

    assert own == made.scenario.spec.schedule == (Change(20, 0.3, 0.0),)
    assert moved == ()


def test_the_options_of_a_method_come_back_with_it() -> None:
    made = controls("lstm:d.2:r.3:m=moon:life=step")

    made.by_name["method"].value = "keras"
    away = made.scenario.spec
    made.by_name["method"].value = "moon"

    assert (away.method, away.life) == ("keras", None)
    assert made.scenario.spec.life == "step"


def test_settings_that_cannot_act_together_are_refused() -> None:
    made = controls("lstm:m=zaremba")

    made.move(recurrent_dropout=0.3)

    with pytest.raises(DropvizError, match="masks the inputs only"):
        _ = made.scenario


# ---------------------------------------------------------------- moves


@pytest.mark.parametrize("name", [*SETTINGS, *SWITCHES])
def test_a_move_is_told_with_its_name(name: str) -> None:
    made, told = controls(), list[str]()
    made.on_move(told.append)
    other = {"method": "moon", "task": "temporal-order", "freeze": True, "quiz": True}

    made.by_name[name].value = other.get(name, 0.4 if "dropout" in name else 12)

    assert told == [name]


def test_what_nobody_moved_is_not_told() -> None:
    made, told = controls(), list[str]()
    made.on_move(told.append)

    made.show(parse("lstm:u3:d.1:r.1:m=moon:task=temporal-order:e2:s1:quiz"))
    made.move(dropout=0.9, freeze=True)
    with made.quietly():
        with made.quietly():
            made.by_name["seed"].value = 9
        made.by_name["seed"].value = 10

    assert told == []
    made.by_name["seed"].value = 11
    assert told == ["seed"]


@pytest.mark.parametrize("method", METHODS)
def test_the_second_slider_rests_where_a_method_has_nothing_for_it(method: str) -> None:
    made = controls("lstm:d.2:r.5")

    made.by_name["method"].value = method
    made.fit_method()

    slider = made.by_name["recurrent_dropout"]
    assert slider.disabled == (len(METHODS[method].rules) == 1)
    assert slider.value == (0 if slider.disabled else 0.5)
    assert made.scenario.spec.method == method


def test_the_second_slider_rests_where_options_give_all_rates() -> None:
    both, one = (controls(f"lstm:m=zoneout:{zones}") for zones in ("zc.5:zh.05", "zc.5"))

    assert both.by_name["recurrent_dropout"].disabled
    assert not one.by_name["recurrent_dropout"].disabled


def test_a_rate_beyond_the_slider_can_be_shown_later_too() -> None:
    made = controls()

    made.move(dropout=0.99)

    assert made.by_name["dropout"].value == 0.99
    assert made.scenario == Scenario(RunSpec(units=16, dropout=0.99, recurrent_dropout=0.5))


# ---------------------------------------------------------------- the line that says how it goes


def test_what_is_said_is_text() -> None:
    made = controls()

    made.say("<b>1 & 2</b>")

    assert text_of(made.status.value) == "<b>1 & 2</b>"
    assert "<b>" not in made.status.value


@pytest.mark.parametrize(("alert", "role"), [(False, "status"), (True, "alert")])
def test_a_screen_reader_knows_an_alert_from_the_rest(role: str, *, alert: bool) -> None:
    made = controls()

    made.say("words", alert=alert)

    assert f'role="{role}"' in made.status.value


def test_last_words_stay() -> None:
    made = controls()

    made.say("closed", last=True)
    made.say("training: epoch 3 of 10")

    assert text_of(made.status.value) == "closed"


def test_buttons_have_the_names_of_what_they_do() -> None:
    assert [controls().by_name[name].description.lower() for name in BUTTONS] == list(BUTTONS)
