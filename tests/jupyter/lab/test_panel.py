from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dropviz.core.scenario_string import Scenario, magic, parse
from dropviz.core.spec import RunSpec
from dropviz.errors import DropvizError
from dropviz.jupyter.lab.panel import Desk
from dropviz.jupyter.lab.tabs import VIEWS, Shown

from .panels import SECONDS, of_setting, text_of, tip

SHAPES = {"digits": (8, 8), "temporal-order": (30, 2)}


@pytest.fixture
def desk() -> Iterator[Desk]:
    asked = parse("lstm:u9:d.2:r.5")
    made = Desk(asked, dict.fromkeys(SHAPES, "a title"), SHAPES, (), ())
    yield made
    made.painter.close()
    made.painter.join(SECONDS)


def inside(widget: Any) -> list[Any]:
    return [widget, *(each for child in getattr(widget, "children", ()) for each in inside(child))]


def said(desk: Desk) -> str:
    return text_of(desk.knobs.status.value)


# ---------------------------------------------------------------- what there is


def test_there_is_a_tab_for_every_view_and_the_first_is_open(desk: Desk) -> None:
    titles = [desk.tabs.get_title(number) for number in range(len(desk.tabs.children))]

    assert titles == list(VIEWS)
    assert desk.view == "Where"


@pytest.mark.parametrize("number", range(len(VIEWS)))
def test_the_view_is_that_of_the_tab_that_is_open(desk: Desk, number: int) -> None:
    desk.tabs.selected_index = number

    assert desk.view == list(VIEWS)[number]


def test_controls_quiz_and_views_are_in_the_box(desk: Desk) -> None:
    found = inside(desk.box)

    for widget in (desk.knobs.box, desk.predict.box, desk.tabs, desk.sample, desk.gate):
        assert widget in found
    assert set(desk.buttons.values()) <= set(found)


def test_choosers_and_buttons_have_descriptions(desk: Desk) -> None:
    for control in (desk.sample, desk.gate, *desk.buttons.values()):
        assert control.description
    for button in desk.buttons.values():
        assert tip(button).endswith(".")


def test_no_two_panels_have_the_same_mark(desk: Desk) -> None:
    asked = parse("lstm")
    other = Desk(asked, dict.fromkeys(SHAPES, ""), SHAPES, (), ())
    other.painter.close()

    assert other.mark != desk.mark
    assert re.fullmatch(r"dropviz-\w+", desk.mark)


def test_the_panel_holds_a_style_rule_that_hides_its_static_copy(desk: Desk) -> None:
    values = [str(getattr(each, "value", "")) for each in inside(desk.box)]
    styles = [value for value in values if "<style>" in value]

    assert [each.replace(" ", "") for each in styles] == [
        f"<style>.{desk.mark}{{display:none}}</style>"
    ]


# ---------------------------------------------------------------- settings that move


def test_what_the_settings_will_do_is_drawn_once_they_moved(desk: Desk) -> None:
    drawn = threading.Event()
    desk._pages["Where"].observe(lambda _: drawn.set(), names="value")

    desk.knobs.by_name["dropout"].value = 0.35
    desk.follow_knobs()

    assert drawn.wait(SECONDS)
    assert "dropout=0.35 will multiply x_t" in text_of(desk._pages["Where"].value)
    assert desk.scene.spec == desk.knobs.scenario.spec


def test_the_line_is_that_of_the_settings(desk: Desk) -> None:
    desk.knobs.by_name["units"].value = 21

    desk.follow_knobs()

    expected = magic(RunSpec(units=21, dropout=0.2, recurrent_dropout=0.5))
    assert expected in text_of(desk.knobs.line.value)


def test_the_plan_has_the_steps_and_features_of_the_task(desk: Desk) -> None:
    shapes = [desk.scene.shape]
    desk.knobs.by_name["task"].value = "temporal-order"
    desk.follow_knobs()

    assert [*shapes, desk.scene.shape] == [(8, 8), (30, 2)]


@pytest.mark.parametrize(
    ("moved", "words"),
    [
        ({}, "Keras draws four masks, one for each gate, for the inputs too"),
        ({"dropout": 0.0}, "Keras draws four masks, one for each gate and"),
        ({"recurrent_dropout": 0.0}, "one input mask serves all four gates"),
        ({"method": "moon"}, "moon is a layer of dropviz"),
    ],
    ids=str,
)
def test_a_note_says_what_the_rates_mean(desk: Desk, moved: dict[str, Any], words: str) -> None:
    desk.knobs.move(**moved)
    desk.follow_knobs()

    assert words in text_of(desk.knobs.note.value)


def test_settings_that_cannot_act_together_are_said_and_nothing_moves(desk: Desk) -> None:
    before = desk.scene.spec
    desk.knobs.move(method="zaremba")

    with pytest.raises(DropvizError, match="masks the inputs only"):
        desk.follow_knobs()
    desk.write_line()

    assert "masks the inputs only" in said(desk)
    assert desk.scene.spec == before


def test_while_it_trains_moves_are_drawn_by_the_training_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = list[None]()
    monkeypatch.setattr(desk.painter, "want", lambda: wishes.append(None))

    desk.follow_knobs()
    desk.update(training=True)
    desk.follow_knobs()

    assert len(wishes) == 1


# ---------------------------------------------------------------- a sample and a gate


@pytest.mark.parametrize(
    ("sample", "gate", "chosen"),
    [(1, "f", (0, "f")), (3, "all gates", (2, None)), (64, "o", (63, "o"))],
)
def test_a_sample_and_a_gate_are_chosen(
    desk: Desk, sample: int, gate: str, chosen: tuple[int, str | None]
) -> None:
    desk.gate.value, desk.sample.value = gate, sample

    assert (desk.scene.sample, desk.scene.gate) == chosen


def test_choosing_draws_the_masks_anew(desk: Desk) -> None:
    desk.update(layer=of_setting(desk.scene.spec.setting))
    desk.tabs.selected_index = list(VIEWS).index("Masks")
    drawn = threading.Event()
    desk._pages["Masks"].observe(lambda _: drawn.set(), names="value")

    desk.gate.value = "c"

    assert drawn.wait(SECONDS)


# ---------------------------------------------------------------- pictures that fail


def test_a_picture_that_fails_is_said_and_the_next_is_drawn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Shown:
        raise ZeroDivisionError("no colour left")

    monkeypatch.setattr("dropviz.jupyter.lab.panel.shown", fail)
    desk.painter.now()
    monkeypatch.setattr("dropviz.jupyter.lab.panel.shown", lambda *_: Shown(["here it is"]))
    desk.painter.now()

    assert said(desk) == "Where could not be drawn: no colour left"
    assert text_of(desk._pages["Where"].value) == "here it is"


def test_only_the_view_that_is_open_is_drawn(desk: Desk) -> None:
    desk.tabs.selected_index = list(VIEWS).index("Code")

    desk.painter.now()

    assert [name for name, page in desk._pages.items() if page.value] == ["Code"]


def test_the_scene_begins_with_what_was_asked(desk: Desk) -> None:
    assert Scenario(desk.scene.spec) == parse("lstm:u9:d.2:r.5")
    assert not desk.scene.training
    assert desk.scene.layer is None
