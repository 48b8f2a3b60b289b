from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dropviz.core.scenario_string import Scenario, magic, parse
from dropviz.core.spec import RunSpec
from dropviz.errors import DropvizError
from dropviz.jupyter.lab.panel import Panel
from dropviz.jupyter.lab.tabs import TABS, Shown

from .panels import SECONDS, of_setting, text_of, tip

SHAPES = {"digits": (8, 8), "temporal-order": (30, 2)}


@pytest.fixture
def panel() -> Iterator[Panel]:
    asked = parse("lstm:u9:d.2:r.5")
    made = Panel(asked, dict.fromkeys(SHAPES, "a title"), SHAPES, (), ())
    yield made
    made.draw_thread.close()
    made.draw_thread.join(SECONDS)


def inside(widget: Any) -> list[Any]:
    return [widget, *(each for child in getattr(widget, "children", ()) for each in inside(child))]


def said(panel: Panel) -> str:
    return text_of(panel.controls.status.value)


# ---------------------------------------------------------------- what there is


def test_there_is_a_tab_for_every_view_and_the_first_is_open(panel: Panel) -> None:
    titles = [panel.tabs.get_title(number) for number in range(len(panel.tabs.children))]

    assert titles == list(TABS)
    assert panel.tab == "Where"


@pytest.mark.parametrize("number", range(len(TABS)))
def test_the_view_is_that_of_the_tab_that_is_open(panel: Panel, number: int) -> None:
    panel.tabs.selected_index = number

    assert panel.tab == list(TABS)[number]


def test_controls_quiz_and_views_are_in_the_box(panel: Panel) -> None:
    found = inside(panel.box)

    for widget in (panel.controls.box, panel.quiz.box, panel.tabs, panel.sample, panel.gate):
        assert widget in found
    assert set(panel.buttons.values()) <= set(found)


def test_choosers_and_buttons_have_descriptions(panel: Panel) -> None:
    for control in (panel.sample, panel.gate, *panel.buttons.values()):
        assert control.description
    for button in panel.buttons.values():
        assert tip(button).endswith(".")


def test_no_two_panels_have_the_same_mark(panel: Panel) -> None:
    asked = parse("lstm")
    other = Panel(asked, dict.fromkeys(SHAPES, ""), SHAPES, (), ())
    other.draw_thread.close()

    assert other.mark != panel.mark
    assert re.fullmatch(r"dropviz-\w+", panel.mark)


def test_the_panel_holds_a_style_rule_that_hides_its_static_copy(panel: Panel) -> None:
    values = [str(getattr(each, "value", "")) for each in inside(panel.box)]
    styles = [value for value in values if "<style>" in value]

    assert [each.replace(" ", "") for each in styles] == [
        f"<style>.{panel.mark}{{display:none}}</style>"
    ]


# ---------------------------------------------------------------- settings that move


def test_what_the_settings_will_do_is_drawn_once_they_moved(panel: Panel) -> None:
    drawn = threading.Event()
    panel._pages["Where"].observe(lambda _: drawn.set(), names="value")

    panel.controls.by_name["dropout"].value = 0.35
    panel.follow_controls()

    assert drawn.wait(SECONDS)
    assert "dropout=0.35 will multiply x_t" in text_of(panel._pages["Where"].value)
    assert panel.scene.spec == panel.controls.scenario.spec


def test_the_line_is_that_of_the_settings(panel: Panel) -> None:
    panel.controls.by_name["units"].value = 21

    panel.follow_controls()

    expected = magic(RunSpec(units=21, dropout=0.2, recurrent_dropout=0.5))
    assert expected in text_of(panel.controls.line.value)


def test_the_plan_has_the_steps_and_features_of_the_task(panel: Panel) -> None:
    shapes = [panel.scene.shape]
    panel.controls.by_name["task"].value = "temporal-order"
    panel.follow_controls()

    assert [*shapes, panel.scene.shape] == [(8, 8), (30, 2)]


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
def test_a_note_says_what_the_rates_mean(panel: Panel, moved: dict[str, Any], words: str) -> None:
    panel.controls.move(**moved)
    panel.follow_controls()

    assert words in text_of(panel.controls.note.value)


def test_settings_that_cannot_act_together_are_said_and_nothing_moves(panel: Panel) -> None:
    before = panel.scene.spec
    panel.controls.move(method="zaremba")

    with pytest.raises(DropvizError, match="masks the inputs only"):
        panel.follow_controls()
    panel.write_line()

    assert "masks the inputs only" in said(panel)
    assert panel.scene.spec == before


def test_while_it_trains_moves_are_drawn_by_the_training_alone(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = list[None]()
    monkeypatch.setattr(panel.draw_thread, "want", lambda: wishes.append(None))

    panel.follow_controls()
    panel.update(training=True)
    panel.follow_controls()

    assert len(wishes) == 1


# ---------------------------------------------------------------- a sample and a gate


@pytest.mark.parametrize(
    ("sample", "gate", "chosen"),
    [(1, "f", (0, "f")), (3, "all gates", (2, None)), (64, "o", (63, "o"))],
)
def test_a_sample_and_a_gate_are_chosen(
    panel: Panel, sample: int, gate: str, chosen: tuple[int, str | None]
) -> None:
    panel.gate.value, panel.sample.value = gate, sample

    assert (panel.scene.sample, panel.scene.gate) == chosen


def test_choosing_draws_the_masks_anew(panel: Panel) -> None:
    panel.update(layer=of_setting(panel.scene.spec.setting))
    panel.tabs.selected_index = list(TABS).index("Masks")
    drawn = threading.Event()
    panel._pages["Masks"].observe(lambda _: drawn.set(), names="value")

    panel.gate.value = "g"

    assert drawn.wait(SECONDS)


# ---------------------------------------------------------------- pictures that fail


def test_a_picture_that_fails_is_said_and_the_next_is_drawn(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Shown:
        raise ZeroDivisionError("no colour left")

    monkeypatch.setattr("dropviz.jupyter.lab.panel.shown", fail)
    panel.draw_thread.now()
    monkeypatch.setattr("dropviz.jupyter.lab.panel.shown", lambda *_: Shown(["here it is"]))
    panel.draw_thread.now()

    assert said(panel) == "Where could not be drawn: no colour left"
    assert text_of(panel._pages["Where"].value) == "here it is"


def test_only_the_view_that_is_open_is_drawn(panel: Panel) -> None:
    panel.tabs.selected_index = list(TABS).index("Code")

    panel.draw_thread.now()

    assert [name for name, page in panel._pages.items() if page.value] == ["Code"]


def test_the_scene_begins_with_what_was_asked(panel: Panel) -> None:
    assert Scenario(panel.scene.spec) == parse("lstm:u9:d.2:r.5")
    assert not panel.scene.training
    assert panel.scene.layer is None
