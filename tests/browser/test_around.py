"""Pictures and what lies around them: its ground, its going and coming back, and who listens."""

from __future__ import annotations

from typing import Any

import pytest

from dropviz.browser.read_scripts import joined
from dropviz.figures import chosen_scene, curves_scene
from dropviz.figures.colours import theme
from dropviz.figures.scene import plain_data
from tests.figures.scenes_made import SCENES
from tests.jupyter.test_report import recorded

from .test_painters import as_script, paint

pytestmark = pytest.mark.browser

GROUND = """() => getComputedStyle(document.querySelector(".dropviz-scene"))
  .getPropertyValue("--dropviz-ground")"""
# Counts who listens to what the reader's system wants.
COUNTED = """(() => {
  window.listening = 0;
  const { addEventListener, removeEventListener } = MediaQueryList.prototype;
  MediaQueryList.prototype.addEventListener = function (...given) {
    window.listening += 1;
    addEventListener.apply(this, given);
  };
  MediaQueryList.prototype.removeEventListener = function (...given) {
    window.listening -= 1;
    removeEventListener.apply(this, given);
  };
})()"""


@pytest.mark.parametrize(
    ("ground", "tone"),
    [
        ("oklch(0.98 0.01 100)", "light"),
        ("color(srgb 1 1 1)", "light"),
        ("color(srgb 0.05 0.05 0.1)", "dark"),
        ("oklch(0.2 0.02 250)", "dark"),
        ("color-mix(in srgb, white 90%, black)", "light"),
        ("rgb(250, 250, 250)", "light"),
        ("#102030", "dark"),
        ("rgba(0, 0, 0, 0.1)", "light"),
        ("oklch(0.1 0 0 / 0.1)", "light"),  # which is hardly seen on white
    ],
)
def test_a_ground_is_light_or_dark_however_it_is_written(page: Any, ground: str, tone: str) -> None:
    paint(page, {"cell": SCENES["cell"]})
    page.evaluate(
        """(ground) => {
          document.body.style.background = ground;
          window.paint(document.getElementById("cell"), window.scene, window.theme);
        }""".replace("window.scene", as_script(plain_data(SCENES["cell"]))),
        ground,
    )

    assert page.evaluate(GROUND) == theme()[tone]["ground"]


def test_a_picture_that_goes_stops_listening_and_listens_when_it_comes_back(page: Any) -> None:
    page.add_init_script(COUNTED)
    page.goto("about:blank")
    paint(page, {"cell": SCENES["cell"], "curves": SCENES["curves"]})
    all_of_them = page.evaluate("window.listening")

    page.evaluate("document.getElementById('curves').remove()")
    page.wait_for_function(f"window.listening === {all_of_them // 2}")
    page.evaluate("window.place = document.getElementById('cell'); place.remove()")
    page.wait_for_function("window.listening === 0")
    page.evaluate("document.body.style.background = '#000'; document.body.append(place)")
    page.wait_for_function(f"window.listening === {all_of_them // 2}")

    dark = theme()["dark"]["ground"]
    page.wait_for_function(f"({GROUND})() === '{dark}'")


def test_another_kind_of_picture_takes_the_place_of_one_and_its_listeners(page: Any) -> None:
    page.add_init_script(COUNTED)
    page.goto("about:blank")
    paint(page, {"place": SCENES["cell"]})
    one = page.evaluate("window.listening")

    for name in ("curves", "atlas", "cell"):
        given = as_script(plain_data(SCENES[name]))
        page.evaluate(f"paint(document.getElementById('place'), {given}, theme)")

    assert page.evaluate("window.listening") == one > 0


def test_scenes_to_choose_from_stop_listening_when_they_go(page: Any) -> None:
    page.add_init_script(COUNTED)
    page.goto("about:blank")
    page.set_content("<!doctype html><body><div id='place'></div></body>")
    given = as_script(plain_data(chosen_scene.atlases(recorded())))
    shown = f"paintChosen(document.getElementById('place'), {given}, {as_script(theme())});"
    page.add_script_tag(type="module", content=f"{joined('scenes/choose.js')}\n{shown}")
    page.wait_for_function("window.listening > 0")

    page.evaluate("document.getElementById('place').remove()")

    page.wait_for_function("window.listening === 0")


def test_the_card_is_told_to_those_who_point_and_not_at_each_batch(page: Any) -> None:
    paint(page, {"keras": SCENES["keras"]})
    card = page.locator("#keras .dropviz-card")
    again = as_script(plain_data(SCENES["a layer above"]))

    page.locator("#keras [data-arrow=x]").first.focus()
    assert card.get_attribute("aria-live") == "polite"
    page.evaluate(f"paint(document.getElementById('keras'), {again}, theme)")
    assert card.get_attribute("aria-live") == "off"
    page.keyboard.press("ArrowRight")
    assert card.get_attribute("aria-live") == "polite"


@pytest.mark.parametrize("touch", [False, True])
@pytest.mark.parametrize("name", ["keras", "atlas", "curves", "cell", "gates"])
def test_a_picture_says_how_to_point_with_what_there_is(
    chromium: Any, name: str, *, touch: bool
) -> None:
    context = chromium.new_context(has_touch=touch)
    page = context.new_page()
    paint(page, {"picture": SCENES[name]})

    said = page.inner_text(".dropviz-card")
    context.close()

    assert said.startswith("Tap a" if touch else "Point at a")
    assert ("arrow keys" in said) != touch


def test_an_index_is_large_enough_in_half_a_page(page: Any) -> None:
    page.set_viewport_size({"width": 1366, "height": 768})
    paint(page, {"cell": SCENES["cell"], "atlas": SCENES["atlas"]})
    page.evaluate("document.body.style.width = '500px'")
    page.wait_for_function("document.querySelector('.dropviz-scene').style.fontSize === '14px'")

    small = page.locator("sub, sup").evaluate_all(
        "all => all.map((each) => parseFloat(getComputedStyle(each).fontSize))"
    )

    assert min(small) >= 14


# ---------------------------------------------------------------- what a picture is made of


def test_a_style_goes_with_what_had_it(page: Any) -> None:
    page.set_content("<!doctype html><body></body>")
    script = f"{joined('scenes/tree.js')}\nwindow.patch = patch;\nwindow.tag = tag;"
    page.add_script_tag(type="module", content=script)
    page.wait_for_function("window.tag !== undefined")

    styles = page.evaluate(
        """[{ style: "color: red" }, { class: "c" }, { style: "width: 3px" }, {}].map((each) => {
          patch(document.body, [tag("div", each)]);
          return document.body.firstChild.getAttribute("style") ?? "";
        })"""
    )

    assert [each.rstrip(";") for each in styles] == ["color: red", "", "width: 3px", ""]


@pytest.mark.parametrize(
    ("losses", "points"),
    [
        ([2.0], 1),
        ([2.3, None], 1),
        ([None, 2.0, None, 1.0, 0.5], 1),
        ([2.0, None, 1.5], 2),
        ([2.0, 1.0], 0),
    ],
    ids=str,
)
def test_an_epoch_that_no_line_reaches_is_a_point(
    page: Any, losses: list[float | None], points: int
) -> None:
    finite = [float("nan") if each is None else each for each in losses]
    paint(page, {"curves": curves_scene.of_runs({"loss": finite})})

    assert page.locator("#curves [data-line=loss] circle").count() == points


def test_what_is_not_measured_yet_is_told_apart_from_what_was_no_number(page: Any) -> None:
    nan = float("nan")
    losses = {
        "loss": [2.0, 1.0, 0.5],
        "val_loss": [nan, 1.5, nan],
        "loss_dropout_off": [1, nan, nan],
    }
    paint(page, {"curves": curves_scene.of_runs(losses, under_way=1)})

    strips = page.locator("#curves [data-key^='epoch:']")
    said = [each.get_attribute("aria-label") for each in strips.all()]

    assert ["no number" in each for each in said] == [True, True, False]
    assert [each.count("not measured yet") for each in said] == [0, 0, 2]
