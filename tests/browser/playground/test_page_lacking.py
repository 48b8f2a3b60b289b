"""The page in a browser that lacks something."""

from __future__ import annotations

import pytest

from .page_driver import DROPOUT, TITLE, Open, alt, status, type_in

pytestmark = pytest.mark.browser


SILENT = """window.Worker = class {
  constructor() { setTimeout(() => this.onerror({}), 0); }
  postMessage() {}
}"""


@pytest.mark.parametrize(
    ("script", "why"),
    [("delete window.Worker", "no workers"), (SILENT, "could not start")],
    ids=["none", "silent"],
)
def test_without_a_worker_there_is_the_plan_a_sentence_and_the_replay(
    opened: Open, script: str, why: str
) -> None:
    page = opened("lstm:u8:d.2", script=script)
    page.locator(f'#said:has-text("{why}")').wait_for()
    said = page.inner_text("#said")

    def idle() -> list[bool]:
        return [page.is_disabled(f"#{name}") for name in ("train", "step", "reset")]

    assert idle() == [True] * 3
    assert alt(page).startswith("A plan")
    for tab, shown in (
        ("masks", "#picture-masks"),
        ("curves", "#picture-curves"),
        ("inside", "#gates"),
    ):
        page.click(f"#tab-{tab}")
        assert page.inner_text(shown) == said
    page.click("#tab-where")
    page.locator("#slide-dropout").press("ArrowRight")
    assert "dropout=0.25" in page.inner_text(TITLE)
    assert page.inner_text("#said") == said
    type_in(page, DROPOUT, "2")  # another sentence, until all is well again
    assert page.inner_text("#said") != said
    page.locator("#slide-dropout").press("ArrowRight")
    assert page.inner_text("#said") == said
    assert idle() == [True] * 3

    page.check("#source-keras")
    assert idle() == [False] * 3
    page.click("#step")
    status(page, "batch 2 of")
    page.check("#source-page")
    assert idle() == [True] * 3
    assert page.inner_text("#status") == "cannot train"


def test_without_canvas_the_words_remain(opened: Open) -> None:
    page = opened("lstm:u8:d.2", script="HTMLCanvasElement.prototype.getContext = () => null")
    page.click("#step")
    status(page, "batch 1 of")
    page.click("#tab-masks")

    assert "% dropped" in page.inner_text("#picture-masks")


def test_without_a_canvas_a_sentence_says_what_is_missing(opened: Open) -> None:
    page = opened("lstm:u8:d.2", script="HTMLCanvasElement.prototype.getContext = () => null")

    assert "no canvas" in page.inner_text("#lacks")
    page.click("#step")
    status(page, "batch 1 of")
    assert opened("lstm:u8:d.2").inner_text("#lacks") == ""
