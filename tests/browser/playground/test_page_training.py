"""How the page trains, and what it says meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dropviz.browser.tables import tables

from .page_driver import STAGE, TITLE, Open, alt, reached, status

pytestmark = pytest.mark.browser


def test_it_shows_what_settings_will_do_before_anything_is_trained(opened: Open) -> None:
    page = opened("lstm:u16:d.2:r.5")

    assert page.inner_text(TITLE) == "LSTM(16, dropout=0.2, recurrent_dropout=0.5)"
    assert page.inner_text("#status") == "ready"
    assert alt(page).startswith("A plan, before anything is trained.")
    assert "drawn by this page, by the rules measured in Keras" in page.inner_text("#source-said")
    assert "20% dropped, the rest times 1.25" in page.inner_text("#words")


def test_a_step_is_one_batch_and_shows_its_masks(opened: Open) -> None:
    page = opened("lstm:u16:d.2:r.5")

    page.click("#step")
    assert status(page, "batch 1 of").startswith("paused")
    one = page.inner_html(STAGE)
    page.click("#step")
    status(page, "batch 2 of")

    assert page.inner_html(STAGE) != one
    # One mask for all steps: A on each x, B on each h.
    assert "Vertical arrows (x) carry the masks A, A, A, A;" in alt(page)
    assert "Horizontal arrows (h) carry the masks B, B, B;" in alt(page)
    assert page.locator("#picture-where [data-badge=A]").count() == 4


def test_it_learns_and_the_sliders_act_while_it_trains(opened: Open) -> None:
    page = opened("lstm:u16:d.2:r.5")
    page.click("#train")
    reached(page, 3)

    page.locator("#slide-dropout").focus()
    page.keyboard.press("ArrowRight")
    page.locator(f'{TITLE}:has-text("dropout=0.25")').wait_for()
    batch = int(re.findall(r"batch (\d+),", page.inner_text("#picture-where"))[0])
    accuracy = int(re.findall(r"(\d+)% of the validation sequences right", reached(page, 9))[0])

    assert batch > 2 * 23  # it went on where it was
    assert accuracy > 50  # guessing is right in one of ten
    page.click("#tab-curves")
    assert "training, dropout on" in alt(page, "curves")


def test_the_same_seed_trains_the_same(opened: Open) -> None:
    seen = []
    for seed in (3, 3, 4):
        page = opened(f"lstm:u8:d.2:r.5:s{seed}")
        page.click("#step")
        seen.append((status(page, "batch 1 of"), page.inner_html(STAGE)))

    assert seen[0] == seen[1]
    assert seen[0] != seen[2]


def test_what_is_moved_while_it_is_paused_is_said_to_come(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5")
    page.click("#step")
    status(page, "batch 1 of")

    page.locator("#slide-recurrent_dropout").press("ArrowLeft")

    assert "from the next batch: recurrent_dropout 0.45" in page.inner_text("#status")
    assert "recurrent_dropout=0.5)" in page.inner_text(TITLE)
    page.click("#step")
    status(page, "batch 2 of")
    assert "recurrent_dropout=0.45)" in page.inner_text(TITLE)


@pytest.mark.few(4)
@pytest.mark.parametrize("method", list(tables()["methods"]))
def test_every_method_trains_on_both_tasks(opened: Open, method: str) -> None:
    for task in tables()["tasks"]:
        page = opened(f"lstm:u4:d.3:r{0 if method == 'zaremba' else '.4'}:m={method}:task={task}")
        page.click("#step")
        status(page, "batch 1 of")
        for tab in ("where", "masks", "curves", "inside"):
            page.click(f"#tab-{tab}")
            assert page.is_visible(f"#picture-{tab}")
        assert page.inner_text("#said") == ""


def test_what_comes_late_of_a_training_that_was_left_is_not_shown(opened: Open) -> None:
    page = opened("lstm:u32:d.4:task=temporal-order")
    leaving: list[Callable[[], Any]] = [
        lambda: page.select_option("#menu-method", "moon"),
        lambda: page.click("#reset"),
        lambda: page.locator("#predict").check(),
    ]
    for leave in leaving:
        page.click("#train")
        status(page, "batch")
        page.click("#train")
        leave()
        page.wait_for_timeout(1000)  # some batches' time

        assert page.inner_text("#status") == "ready"


# A worker that is slow to begin.
SLOW_WORKER = """window.Worker = class extends window.Worker {
  postMessage(asked) { setTimeout(() => super.postMessage(asked), window.wait ?? 0); }
}"""


def test_one_step_says_that_it_is_on_its_way_until_its_picture_is_there(opened: Open) -> None:
    page = opened("lstm:u4:d.2", script=SLOW_WORKER)
    page.evaluate("window.wait = 1000")
    page.click("#step")
    assert page.inner_text("#status") == "the first batch is on its way ..."
    status(page, "paused · epoch 1, batch 1 of")
    # What was asked for before another beginning is on its way no more.
    page.click("#reset")
    page.click("#step")
    page.click("#reset")
    assert page.inner_text("#status") == "ready"


def test_a_page_that_is_still_coming_takes_no_clicks_and_says_so(
    opened: Open, file: Path, tmp_path: Path
) -> None:
    page = opened()
    page.click("#train")  # of the whole page
    status(page, "batch")
    beginning = file.read_text(encoding="utf-8").partition('<script type="module">')[0]
    (tmp_path / "beginning.html").write_text(beginning, encoding="utf-8")
    page.goto((tmp_path / "beginning.html").as_uri())

    assert page.inner_text("#status") == "loading the page ..."
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "BODY"


def test_the_line_of_status_says_what_is_so_and_not_each_batch_aloud(opened: Open) -> None:
    page = opened("lstm:u4:d.2", script=SLOW_WORKER)

    def live() -> str:
        text: str = page.get_attribute("#status", "aria-live")
        return text

    assert (page.inner_text("#status"), live()) == ("ready", "polite")
    page.evaluate("window.wait = 1000")
    page.click("#train")
    assert (page.inner_text("#status"), live()) == ("the first batch is on its way ...", "off")
    page.evaluate("window.wait = 0")
    status(page, "epoch 1")
    page.click("#train")
    status(page, "paused")
    assert live() == "polite"
