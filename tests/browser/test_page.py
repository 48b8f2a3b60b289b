"""The page that a run writes, and an output of a notebook, in Chromium with the network cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dropviz.figures import chosen_scene
from dropviz.figures.heatmaps import atlas
from dropviz.jupyter import living, mime
from dropviz.jupyter.report import pictures
from tests.jupyter.test_report import recorded, run

pytestmark = pytest.mark.browser


@pytest.fixture
def cut(chromium: Any) -> Iterator[Any]:
    """A page without a network, which notes what it asks for and what goes wrong."""
    context = chromium.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: asked.append(str(error)))
    page.on("console", lambda message: asked.append(message.text))
    yield page, asked
    context.close()


def test_the_page_lives_without_a_network_and_tells_a_mask_to_the_keys(
    cut: Any, tmp_path: Path
) -> None:
    page, asked = cut
    path = run(recorded()).page(tmp_path / "run.html")

    page.goto(path.as_uri())
    page.wait_for_selector(".dropviz-picture[data-alive] .dropviz-scene")
    page.locator("[data-arrow=x]").first.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")

    card = page.locator(".dropviz-card:not([data-empty])").inner_text()
    assert "mask i" in card
    assert "recurrent_dropout=0.5 multiplied h_(t-1)" in card
    assert "h_tm1_i = h_tm1 * rec_dp_mask[0]" in card
    assert page.locator(".dropviz-scene").count() == 3
    assert page.locator(".dropviz-picture img:visible").count() == 0
    assert asked == [path.as_uri()]


def test_a_page_where_no_script_runs_shows_the_pictures(chromium: Any, tmp_path: Path) -> None:
    path = run(recorded()).page(tmp_path / "run.html")
    context = chromium.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()

    page.goto(path.as_uri())

    images = page.locator(".dropviz-picture img:visible")
    assert images.count() == 3
    assert all(each.get_attribute("alt") for each in images.all())
    context.close()


def test_batch_and_gate_are_chosen_without_a_kernel(cut: Any) -> None:
    page, asked = cut
    layer = recorded()
    drawn = atlas(layer)
    drawn.scene = chosen_scene.atlases(layer)
    page.set_content(
        f"<!doctype html><body>{living.picture(drawn, drawn.png())}{living.page_script()}</body>"
    )
    page.wait_for_selector(".dropviz-picture[data-alive] .dropviz-scene[data-kind=atlas]")
    before = page.locator(".dropviz-scene canvas").count()

    page.get_by_role("combobox", name="gate").select_option("f")
    one = page.locator(".dropviz-scene canvas").count()
    page.get_by_role("combobox", name="gate").select_option("all")
    first = page.inner_text(".dropviz-scene[data-kind=atlas]")
    page.get_by_role("combobox", name="batch").select_option(index=0)

    assert one < before == page.locator(".dropviz-scene canvas").count()
    assert page.inner_text(".dropviz-scene[data-kind=atlas]") != first
    assert [each for each in asked if not each.startswith("about:")] == []


def test_outputs_of_a_notebook_come_alive_whichever_comes_first(cut: Any) -> None:
    page, asked = cut
    outputs = [living.picture(each, each.png(), called=True) for each in pictures(run(recorded()))]
    page.set_content("<!doctype html><body></body>")

    def put(html: str) -> None:
        # As JupyterLab does: scripts that come as HTML are made anew, to run.
        page.evaluate(
            """(html) => {
              const output = document.createElement("div");
              output.innerHTML = html;
              document.body.append(output);
              for (const script of output.querySelectorAll("script")) {
                const again = document.createElement("script");
                for (const { name, value } of script.attributes) again.setAttribute(name, value);
                again.textContent = script.textContent;
                script.replaceWith(again);
              }
            }""",
            html,
        )

    put(outputs[0])
    put(mime.words(["a report"])["text/html"] + living.output_script())
    page.wait_for_selector("[data-kind=curves]")
    for output in outputs[1:]:
        put(output)
    page.wait_for_selector("[data-kind=unrolled]")
    page.wait_for_selector("[data-kind=atlas]")

    assert page.locator(".dropviz-scene").count() == 3
    assert [each for each in asked if not each.startswith(("blob:", "data:image/png"))] == []


@pytest.fixture
def asked_first(cut: Any, tmp_path: Path) -> Any:
    """A page of a run, with a script that hears keys before it, as a notebook around it does."""
    page, _ = cut
    page.goto(run(recorded()).page(tmp_path / "run.html").as_uri())
    page.wait_for_selector(".dropviz-picture[data-alive] .dropviz-scene")
    page.evaluate(
        """() => {
          window.taken = [];
          document.addEventListener("keydown", (event) => {
            if (!event.target.hasAttribute("data-lm-suppress-shortcuts")) {
              window.taken.push(event.key);
            }
          }, true);
        }"""
    )
    return page


@pytest.mark.parametrize(
    ("keys", "taken"),
    [
        (["ArrowRight", "ArrowUp", "Home", "Enter", "Space"], []),
        (["d", "Escape"], ["d", "Escape"]),
        (["Control+s"], ["Control", "s"]),
        (["Shift+Enter"], ["Shift", "Enter"]),
    ],
    ids=["its own", "letters", "to save", "to run the cell"],
)
def test_keys_of_a_picture_are_kept_from_the_notebook_and_no_others(
    asked_first: Any, keys: list[str], taken: list[str]
) -> None:
    asked_first.locator("[data-arrow=x]").first.focus()

    for key in keys:
        asked_first.keyboard.press(key)

    assert asked_first.evaluate("window.taken") == taken


def test_letters_typed_into_a_menu_of_a_picture_are_its_own(cut: Any) -> None:
    page, _ = cut
    layer = recorded()
    drawn = atlas(layer)
    drawn.scene = chosen_scene.atlases(layer)
    alive = living.picture(drawn, drawn.png())
    # An output for each: every one brings the script.
    page.set_content(f"<!doctype html><body>{(alive + living.page_script()) * 3}</body>")
    menu = page.get_by_role("combobox", name="gate").last
    menu.focus()
    page.evaluate(
        """() => document.addEventListener("keydown", ({ target }) => {
             window.kept = target.hasAttribute("data-lm-suppress-shortcuts"); }, true)"""
    )

    page.keyboard.press("f")

    assert page.evaluate("window.kept")
    assert menu.input_value() == "f"


def test_where_there_is_no_canvas_the_pictures_stay(chromium: Any, tmp_path: Path) -> None:
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    path = run(recorded()).page(tmp_path / "run.html")

    page.goto(path.as_uri())

    assert page.locator(".dropviz-picture img:visible").count() == 3
    assert page.locator(".dropviz-scene").count() == 0
    context.close()


def test_a_scene_that_is_broken_leaves_the_picture(cut: Any) -> None:
    page, asked = cut
    (curves, *_) = pictures(run(recorded()))
    whole = living.picture(curves, curves.png())
    broken = whole.replace('"kind":"curves"', '"kind":"nothing"')
    page.set_content(f"<!doctype html>{broken}{whole}{living.page_script()}")

    page.wait_for_selector("[data-kind=curves]")

    assert page.locator(".dropviz-picture img:visible").count() == 1
    assert any("a picture stays as it is" in each for each in asked)
