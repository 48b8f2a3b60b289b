"""What is typed, chosen and moved on the page."""

from __future__ import annotations

import pytest

from .page_driver import DROPOUT, TITLE, Open, status, type_in

pytestmark = pytest.mark.browser


def test_a_method_without_a_recurrent_mask_says_so_and_leaves_the_slider(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5")

    page.select_option("#menu-method", "zaremba")

    assert "recurrent_dropout has nothing to act on" in page.inner_text("#why-recurrent_dropout")
    assert page.input_value("#slide-recurrent_dropout") == "0.5"
    page.select_option("#menu-method", "keras")
    assert page.inner_text("#why-recurrent_dropout") == ""
    assert "recurrent_dropout=0.5" in page.inner_text(TITLE)


def test_options_come_with_their_method(opened: Open) -> None:
    page = opened("lstm:u8:r.5")
    page.click("#more details > summary")

    assert not page.is_visible("#menu-life")
    page.select_option("#menu-method", "moon")
    page.select_option("#menu-life", "step")
    assert "life=step" in page.url
    page.select_option("#menu-method", "keras")
    assert "life" not in page.url


def test_typed_rates_are_kept_as_typed_and_bad_ones_refused_in_a_sentence(opened: Open) -> None:
    page = opened("lstm:u8:d.2")
    typed = page.get_by_label("dropout, typed", exact=True)

    typed.fill("0.33")
    typed.press("Enter")
    assert page.inner_text(TITLE) == "LSTM(8, dropout=0.33, recurrent_dropout=0)"
    assert typed.input_value() == "0.33"
    typed.fill("1")
    typed.press("Enter")

    assert "at least 0 and below 1" in page.inner_text("#said")
    assert page.inner_text(TITLE) == "LSTM(8, dropout=0.33, recurrent_dropout=0)"


@pytest.mark.parametrize("rate", ["0", "0.2"])
@pytest.mark.parametrize(
    ("typed", "came"), [("", "What was typed"), ("1e", '"1e"'), (" a half", '"a half"')]
)
def test_a_rate_that_cannot_be_read_changes_nothing(
    opened: Open, typed: str, came: str, rate: str
) -> None:
    page = opened(f"lstm:u8:d{rate}")
    page.click("#step")
    status(page, "batch 1 of")
    url = page.url

    type_in(page, DROPOUT, typed)

    assert page.inner_text("#said") == f"{came} is no dropout: at least 0 and below 1."
    assert page.input_value(DROPOUT) == page.input_value("#slide-dropout") == rate
    assert page.url == url
    assert "next batch" not in page.inner_text("#status")


@pytest.mark.parametrize(
    ("rate", "keys", "came"),
    [
        (".33", ["ArrowRight"], "0.35"),
        (".33", ["ArrowLeft"], "0.3"),
        (".99", ["End", "ArrowRight"], "0.99"),
        (".99", ["ArrowLeft"], "0.95"),
    ],
)
def test_a_slider_stands_at_a_rate_between_two_of_its_stops(
    opened: Open, rate: str, keys: list[str], came: str
) -> None:
    page = opened(f"lstm:u8:d{rate}")
    bar = page.locator("#slide-dropout")
    stood = bar.input_value()

    for key in keys:
        bar.press(key)

    assert stood == f"0{rate}"
    assert page.input_value(DROPOUT) == bar.input_value() == came


def test_a_comma_stands_for_a_point(opened: Open) -> None:
    page = opened("lstm:u8:d.2")

    type_in(page, DROPOUT, "0,35")

    assert page.inner_text("#said") == ""
    assert page.inner_text(TITLE) == "LSTM(8, dropout=0.35, recurrent_dropout=0)"


def test_a_rate_is_refused_where_it_has_nothing_to_act_on_too(opened: Open) -> None:
    page = opened("lstm:u8:d.2:m=zaremba")

    type_in(page, "[aria-label='recurrent_dropout, typed']", "5")

    assert page.inner_text("#said") == '"5" is no recurrent_dropout: at least 0 and below 1.'
    assert page.input_value("[aria-label='recurrent_dropout, typed']") == "0"


@pytest.mark.parametrize("typed", ["", "1e", "-"])
def test_a_seed_that_cannot_be_read_leaves_the_training(opened: Open, typed: str) -> None:
    page = opened("lstm:u8:d.2:s7")
    page.click("#step")
    status(page, "batch 1 of")
    page.click("#more details > summary")

    type_in(page, "#number-seed", typed)

    said = "What was typed is no seed that this page has: 0 to 4294967295."
    assert page.inner_text("#said") == said
    assert page.input_value("#number-seed") == "7"
    assert "batch 1 of" in page.inner_text("#status")
    page.locator("#number-seed").press("ArrowUp")
    page.keyboard.press("Enter")
    assert page.url.endswith(":s8")
    assert page.inner_text("#said") == ""


def test_an_option_that_cannot_be_read_stays_and_an_empty_one_is_not_given(opened: Open) -> None:
    page = opened("lstm:u8:m=zoneout:r.2:zc.5")
    page.click("#more details > summary")

    type_in(page, "#number-zoneout_cell", "1e")
    assert page.inner_text("#said") == '"1e" is no zoneout_cell: at least 0 and below 1.'
    assert page.input_value("#number-zoneout_cell") == "0.5"
    type_in(page, "#number-zoneout_cell", "0,25")
    assert ":zc.25:" in page.url
    type_in(page, "#number-zoneout_cell", "")
    assert ":zc" not in page.url
    assert page.inner_text("#said") == ""
    type_in(page, "#number-zoneout_cell", "1e")
    assert page.input_value("#number-zoneout_cell") == ""


def test_a_method_that_has_no_place_for_a_rate_says_so_of_none(opened: Open) -> None:
    page = opened("lstm:u8:m=zaremba:d.2")

    said = page.locator("#rates .slider").nth(1).inner_text()
    assert "zaremba has nothing for recurrent_dropout to act on." in said
    assert "Received" not in said
