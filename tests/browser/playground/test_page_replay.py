"""The recorded Keras run that the page replays."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from dropviz.core.scenario_string import parse

from .keras_run import PATH as RECORDED
from .page_driver import TITLE, Open, alt, reached, status

pytestmark = pytest.mark.browser


def test_a_recorded_keras_run_is_replayed_as_it_was(opened: Open) -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    page = opened("lstm:u8:d.4:m=moon:r.3:life=step:e50:s3")
    page.click("#train")
    reached(page, 2)

    page.check("#source-keras")
    code = page.locator("#code").text_content()
    # All of it is the run's own, and nothing of what the page had.
    assert asdict(parse(code.split('"')[1]).spec) | recorded["spec"] == asdict(
        parse(code.split('"')[1]).spec
    )
    assert recorded["made"] in page.inner_text("#source-said")
    assert "used by Keras" in page.inner_text("#picture-where")
    page.click("#step")
    status(page, "batch 2 of 23")
    for site in recorded["sites"]:
        assert f"{site['dropped'][1]:.1%} dropped" in page.inner_text("#words")
    assert page.is_disabled("#slide-dropout")
    page.click("#train")
    reached(page, 2)
    page.click("#tab-curves")
    assert "validation" in alt(page, "curves")

    page.check("#source-page")
    page.click("#tab-where")
    assert page.inner_text(TITLE).startswith('LSTM(8, method="moon", dropout=0.4')


def test_a_replay_that_has_ended_begins_anew(opened: Open) -> None:
    clock = """const every = window.setInterval;
      window.setInterval = (run, time) => every(run, window.slowly ? time : 0)"""
    page = opened(script=clock)
    page.check("#source-keras")
    for _ in range(2):
        page.click('#train:text-is("Replay")')
        page.locator('#train:text-is("Replay")').wait_for()
        status(page, "epoch 3, batch 23 of 23")

        assert status(page, "the end of the recorded run")

    page.evaluate("window.slowly = true")
    page.check("#speed-slow")
    page.click("#train")
    status(page, "epoch 1,")
