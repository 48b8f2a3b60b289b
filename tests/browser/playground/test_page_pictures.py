"""Pictures of the page that answer: arrows, heatmaps, and the inside of a cell."""

from __future__ import annotations

import pytest

from .page_driver import Open, status, trained

pytestmark = pytest.mark.browser


def test_an_arrow_answers_to_pointer_and_keys(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5")
    page.click("#step")
    status(page, "batch 1 of")
    card = page.locator("#picture-where .dropviz-card")

    page.locator("#picture-where [data-badge=B]").first.hover()
    assert "recurrent_dropout multiplies" in card.inner_text()
    assert "h_tm1_i = h_tm1 * rec_dp_mask[0]" in card.inner_text()
    said = card.inner_text()
    page.locator("#picture-where [data-open]").focus()
    page.keyboard.press("ArrowRight")
    assert card.inner_text() != said


def test_heatmaps_say_what_is_shared(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5")
    page.click("#step")
    status(page, "batch 1 of")
    page.click("#tab-masks")

    assert page.locator("#picture-masks canvas").count() == 8  # four gates at two sites
    said = page.inner_text("#picture-masks")
    assert said.count("same at all 8 steps; differs between gates and samples") == 2


def test_inside_shows_one_sequence_at_one_step(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5")
    trained(page)
    page.click("#tab-inside")

    assert "Marked: input (dropout=0.2)" in page.locator("#cell [role=figure]").get_attribute(
        "aria-label"
    )
    one = page.inner_text("#gates")
    page.locator("#sample").press("ArrowRight")
    page.locator('#reads:has-text("Sequence 2:")').wait_for()
    page.locator("#at-step").press("End")
    assert page.inner_text("#at-step-said") == "step 8 of 8"
    assert page.inner_text("#gates") != one


def test_bars_stand_where_their_words_say(opened: Open) -> None:
    page = opened("lstm:u4:d.2:task=temporal-order")
    page.click("#more details > summary")
    page.click("#step")
    status(page, "batch 1 of")
    page.click("#tab-inside")
    page.locator("#at-step").press("End")

    for task, steps in (("digits", 8), ("temporal-order", 30)):
        page.select_option("#menu-task", task)
        page.click("#step")
        status(page, "batch 1 of")
        assert page.inner_text("#at-step-said") == f"step {steps} of {steps}"
        assert page.input_value("#at-step") == str(steps)

    # A browser may bring a bar back to where it was on another visit.
    page.locator("#sample").evaluate("bar => { bar.value = 5; }")
    page.click("#step")
    status(page, "batch 2 of")
    assert page.inner_text("#sample-said") == "sequence 1"
    assert page.input_value("#sample") == "1"


def test_where_a_slider_moved_the_inside_is_still_of_the_batch_that_is_shown(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5")
    page.click("#step")
    status(page, "batch 1 of")
    page.locator("#slide-dropout").press("ArrowRight")
    page.click("#tab-inside")

    assert "from the next batch: dropout 0.25" in page.inner_text("#status")
    told = page.locator("#cell").inner_text() + page.inner_text("#words")
    assert "0.25" not in told
    assert "dropout=0.2" in told


def test_an_arrow_tells_what_it_carried_before_and_after_its_mask(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5")
    page.click("#step")
    status(page, "batch 1 of")
    page.locator("#picture-where [data-key='h:1']").focus()

    card = page.locator("#picture-where .dropviz-card")
    rows = {
        row.locator("th").inner_text(): [each.inner_text() for each in row.locator("td").all()]
        for row in card.locator("tbody tr").all()
    }
    assert list(rows)[:3] == ["h_1 before", "\u00d7 mask i", "= after"]
    values = (
        [float(each.replace("\u2212", "-")) for each in rows[name]] for name in list(rows)[:2]
    )
    after = [
        float(each.inner_text().replace("\u2212", "-"))
        for each in card.locator("tbody tr").nth(2).locator("td").all()
    ]
    products = [before * mask for before, mask in zip(*values, strict=True)]
    # Two digits behind the point are shown of what is left.
    assert after == pytest.approx(products, abs=0.0051)


def test_a_cell_that_is_clicked_opens_at_its_step_and_the_bar_moves_its_numbers(
    opened: Open,
) -> None:
    page = opened("lstm:u8:d.2:r.5")
    page.click("#step")
    status(page, "batch 1 of")
    page.locator("#picture-where [data-cell='2']").click()

    page.locator("#values td").first.wait_for()
    assert page.inner_text("#at-step-said") == "step 3 of 8"
    before = page.inner_text("#values")
    page.locator("#at-step").press("ArrowRight")
    assert page.inner_text("#at-step-said") == "step 4 of 8"
    assert page.inner_text("#values") != before
