"""The setting in the address of the page."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from dropviz.core.scenario_string import parse

from .page_driver import TITLE, Open, status

pytestmark = pytest.mark.browser


def test_the_address_is_the_setting_and_python_reads_it(opened: Open) -> None:
    page = opened()
    page.locator("#slide-dropout").press("ArrowRight")
    page.select_option("#menu-method", "semeniuta")

    scenario = page.url.partition("#")[2]
    spec = parse(scenario).spec

    assert (spec.method, spec.dropout, spec.recurrent_dropout) == ("semeniuta", 0.25, 0.5)
    assert f'dropviz.run("{scenario}")' in page.locator("#code").text_content()


def test_another_address_is_another_setting(opened: Open, file: Path) -> None:
    page = opened("lstm:u8:d.2")

    page.goto(f"{file.as_uri()}#lstm:u4:d.5:m=moon:r.1")

    page.locator(f"{TITLE}:has-text('method=\"moon\"')").wait_for()
    assert "LSTM(4," in page.inner_text(TITLE)


HOSTILE = [
    "lstm:<script>window.hit=1</script>",
    '"><img src=x onerror=window.hit=1>',
    "lstm:m=<svg onload=window.hit=1>",
    "javascript:window.hit=1",
    "lstm:\u202etxt.exe\u202c",
    "lstm:m='; DROP TABLE; --",
    "%E0%A4%A",
    "lstm:__proto__=1:constructor=2",
    "lstm:" + "d.1:" * 5000,
    "x" * 200_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
def test_a_hostile_address_is_one_sentence_and_the_page_works(opened: Open, text: str) -> None:
    page = opened(text if text.startswith("%") else quote(text), bypass_csp=True)

    said = page.inner_text("#said")

    assert said.startswith("The setting in the address was left out: ")
    assert said.isprintable()
    assert len(said) < 250
    assert page.evaluate("window.hit") is None
    assert page.locator("main img, main script, main iframe").count() == 0
    page.click("#step")
    status(page, "batch 1 of")


@pytest.mark.parametrize("address", ["", "nonsense", "lstm:d7"])
def test_a_training_goes_on_where_an_address_asks_for_nothing(opened: Open, address: str) -> None:
    page = opened("lstm:u4:d.2")
    page.click("#step")
    status(page, "batch 1 of")
    setting = page.url

    page.evaluate("(address) => { location.hash = address; }", address)
    page.wait_for_function("(setting) => location.href === setting", arg=setting)

    assert "batch 1 of" in page.inner_text("#status")
    assert bool(address) == ("left out" in page.inner_text("#said"))


def test_an_address_that_cannot_be_written_leaves_the_picture_right(opened: Open) -> None:
    refuse = "history.replaceState = () => { throw new DOMException('no', 'SecurityError'); }"
    page = opened("lstm:u8:d.2", script=refuse)

    page.locator("#slide-dropout").press("ArrowRight")
    page.locator(f'{TITLE}:has-text("dropout=0.25")').wait_for()
    page.select_option("#menu-method", "semeniuta")
    page.locator(f'{TITLE}:has-text("semeniuta")').wait_for()
    page.click("#step")
    status(page, "batch 1 of")
