"""The page's scenarios, sentences and questions are Python's own."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from dropviz.browser.tables import tables
from dropviz.core.gates import LSTM_GATES
from dropviz.core.masks import Masks
from dropviz.core.quiz_questions import Question
from dropviz.core.scenario_string import Scenario, parse
from dropviz.core.sentences import answer, figure, intentions
from dropviz.core.setting import Setting
from dropviz.core.spec import RunSpec
from dropviz.errors import DropvizError

from .engines import Engine
from .every_setting import EVERY, named
from .test_masks import plain

TABLES = json.loads(json.dumps(tables()))

GOOD = [
    "lstm",
    " lstm:u16 ",
    "lstm:u16:d.2:r.5",
    "lstm:d0.2:r0:s0",
    "lstm:d+.3:r3e-1",
    "lstm:m=moon:r.25:life=step:scaling=inverted",
    "lstm:m=zoneout:d.1:zc.5:zh.05",
    "lstm:m=zaremba:d.5:task=temporal-order:e3:s4294967295",
    "lstm:quiz:u1:m=weight-drop",
    "lstm:u128",
]
BAD = [
    "",
    "gru:u16",
    "LSTM",
    "lstm:",
    "lstm:u",
    "lstm:u16:u16",
    "lstm:u1.5",
    "lstm:u0",
    "lstm:u-3",
    "lstm:d1",
    "lstm:d-.1",
    "lstm:d.2.3",
    "lstm:dnan",
    "lstm:d1e999",
    "lstm:d\u0663",
    "lstm:m=",
    "lstm:m=mooon",
    "lstm:m=constructor",
    "lstm:toString=1",
    "lstm:__proto__=1",
    "lstm:task=nothing",
    "lstm:life=step",
    "lstm:m=moon:life=day",
    "lstm:m=zaremba:r.5",
    "lstm:m=zoneout:r.5:zc.1:zh.1",
    "lstm:zc.5",
    "lstm:quiz:quiz",
    "lstm:e0",
    "lstm:s4294967296",
    "lstm:s-1",
    "lstm:x9",
    "lstm:d.2 r.5",
    "lstm:u" + "9" * 400,
    "lstm:<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
]
# What Python has and the page has not.
ELSEWHERE = ["lstm:u129", "lstm:task=adding", "lstm:@20%,d.3"]


@pytest.mark.parametrize("text", GOOD)
def test_a_scenario_is_read_and_written_as_in_python(engine: Engine, text: str) -> None:
    expected = parse(text)

    seen = engine.ask("scenario", tables=TABLES, text=text)

    fields = asdict(expected.spec)
    fields.pop("schedule")
    assert seen["spec"] == pytest.approx(fields)
    assert seen["quiz"] == expected.quiz
    assert parse(seen["written"]) == expected
    assert seen["written"] == str(expected)


@pytest.mark.parametrize("text", BAD, ids=[str(n) for n in range(len(BAD))])
def test_what_python_refuses_the_page_refuses_in_one_short_line(engine: Engine, text: str) -> None:
    with pytest.raises(DropvizError):
        parse(text).spec.check_task()

    refused = engine.ask("scenario", tables=TABLES, text=text)["refused"]

    assert refused.endswith(".")
    assert len(refused) < 200
    assert refused.isprintable()


@pytest.mark.parametrize("text", ELSEWHERE)
def test_what_only_python_has_is_refused(engine: Engine, text: str) -> None:
    assert parse(text)
    assert engine.ask("scenario", tables=TABLES, text=text)["refused"]


def test_marks_that_turn_writing_round_are_seen(engine: Engine) -> None:
    refused = engine.ask("scenario", tables=TABLES, text="lstm:\u202eevil\u200b\x1b[1m")["refused"]

    assert refused.isprintable()
    assert "\\u{202e}evil\\u{200b}\\u{1b}[1m" in refused


@pytest.mark.parametrize("setting", EVERY, ids=named)
def test_what_settings_will_do_is_said_as_in_python(engine: Engine, setting: Setting) -> None:
    for rates in ((0.25, setting.recurrent_dropout), (0.0, setting.recurrent_dropout)):
        asked = replace(setting, dropout=rates[0])

        said = engine.ask("intentions", tables=TABLES, setting=plain(asked))

        assert said == intentions(asked)


@pytest.mark.parametrize("rate", [0.125, 0.004, 0.996, 1 / 3])
def test_no_rate_is_rounded_to_another(engine: Engine, rate: float) -> None:
    asked = Setting("keras", rate, rate / 2)

    said = engine.ask("intentions", tables=TABLES, setting=plain(asked))

    assert said == intentions(asked)


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("site", ["input", "cell", "recurrent_kernel", "hidden_update"])
def test_what_masks_did_is_said_as_in_python(engine: Engine, site: str, *, same: bool) -> None:
    steps, gates, samples, units = 6, 4, 5, 30
    rng = np.random.default_rng(1)
    shape = (1, 1, 1, 1, units) if same else (1, steps, gates, samples, units)
    masks = Masks(
        layer="lstm",
        site=site,
        values=((rng.random(shape) >= 0.4) / 0.6).astype(np.float32),
        rate=0.4,
        gates=LSTM_GATES,
        time_steps=steps,
        batch_sizes=(samples,),
        batches=(0,),
    )
    shared = {axis: getattr(masks, f"same_over_{axis}") for axis in ("steps", "gates", "samples")}
    rule = {"argument": "recurrent_dropout", "rate": 0.4}
    snapshot: dict[str, Any] = {
        "site": site,
        "rule": rule,
        "scale": masks.scale,
        "dropped": masks.dropped,
        "shared": shared,
    }

    said = engine.ask("sentence", tables=TABLES, masks=snapshot, steps=steps)

    assert said == answer(masks, "recurrent_dropout")


def test_numbers_are_written_as_in_python(engine: Engine) -> None:
    values = [0.0, 3e-5, 0.00012, 0.05, 0.125, 0.2, 1 / 3, 0.999, 1.25, 12.3456789, 123.0]

    seen = engine.ask("numbers", values=values)

    assert seen == [[f"{v:g}", f"{v:.3g}", f"{v:.1%}", figure(v)] for v in values]


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("anew", [True, False])
@pytest.mark.parametrize("hits", [0, 5, 8])
def test_a_prediction_is_scored_as_in_python(
    engine: Engine, hits: int, *, anew: bool, same: bool
) -> None:
    answers = (True, False, True, True, False, False, True, False)
    marks = [mark if at < hits else not mark for at, mark in enumerate(answers)]
    question = Question("input", "step", "?", answers, answers, same, "Why it is so.")
    expected = question.score(marks, anew=anew)

    asked = {"answer": answers, "same": same, "why": question.why}
    seen = engine.ask("score", tables=TABLES, question=asked, marks=marks, anew=anew)

    assert (seen["points"], seen["sentence"]) == (expected.points, expected.sentence)


def test_temporal_order_is_the_task_of_python(engine: Engine) -> None:
    sizes = {"samples": 400, "steps": 30, "features": 2}
    seen = engine.ask("temporalOrder", sizes=sizes, seed=3)
    x, y = np.reshape(seen["x"], (400, 30, 2)), np.array(seen["y"])

    assert set(np.unique(x)) == {0, 1}
    marks = [np.flatnonzero(row) for row in x[:, :, 1]]
    assert all(len(each) == 2 or (each == [10]).all() for each in marks)
    lows, highs = (np.array([each[end] for each in marks]) for end in (0, -1))
    # Both ends of both ranges come, and nothing else.
    assert (lows.min(), lows.max(), highs.min(), highs.max()) == (0, 10, 10, 20)
    row = np.arange(400)
    np.testing.assert_array_equal(y, 2 * x[row, lows, 0] + x[row, highs, 0])


def test_the_first_setting_of_the_page_is_python_s(engine: Engine) -> None:
    assert engine.ask("scenario", tables=TABLES, text="lstm")["written"] == str(Scenario(RunSpec()))
