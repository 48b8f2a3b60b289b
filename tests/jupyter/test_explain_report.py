"""The answer of ``%lstm_explain``, put together from witnesses."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import keras
import pytest

import dropviz
from dropviz.core.methods import METHODS
from dropviz.core.trace_result import Proof
from dropviz.core.verdict import Verdict
from dropviz.experiment.cross_check import Witnesses, hear_witnesses, measure_untying, plain
from dropviz.jupyter import explain_report
from dropviz.jupyter.explain_report import lines, show_answer

from .conftest import InProcess, Ran

pytestmark = pytest.mark.slow

BEST_KNOWN = "The two best-known answers"
UNTYING = ["Raising one argument changes what the other does."]


@cache
def heard(method: str = "keras", dropout: float = 0.5, recurrent: float = 0.5) -> Witnesses:
    layer = dropviz.LSTM(
        8, method=method, dropout=dropout, recurrent_dropout=recurrent, seed=1, name="lstm"
    )
    (one,), _ = hear_witnesses(layer)
    return one


@cache
def of_gru() -> Witnesses:
    (one,), _ = hear_witnesses(
        keras.layers.GRU(8, dropout=0.5, recurrent_dropout=0.5, seed=1, name="gru")
    )
    return one


def shown(ipython: InProcess, one: Witnesses, measured: list[str] | None = None) -> Ran:
    ipython.names.update(show_answer=show_answer, one=one, measured=measured or [])
    ran = ipython.run("show_answer(one, measured)")
    assert ran.error is None
    return ran


def pictures(ran: Ran) -> list[str]:
    """The first words of the alt text of each picture."""
    alts = [
        each["metadata"]["image/png"]["alt"] for each in ran.shown if "image/png" in each["data"]
    ]
    return [alt.split(" ")[0] for alt in alts]


def tables(ran: Ran) -> list[str]:
    return [text for text in ran.texts if text.startswith("What changed between versions")]


# ---------------------------------------------------------------- words


def test_a_plain_lstm_is_answered_with_both_arguments_and_the_proof() -> None:
    said = lines(heard(), UNTYING)

    assert said[0] == (
        "dropout masks x_t, the vertical arrows; recurrent_dropout masks h_(t-1), the horizontal "
        "arrows: the scheme of Gal & Ghahramani 2016."
    )
    assert said[1].startswith("lstm (LSTM) drops by the method keras, Gal & Ghahramani 2016")
    assert said[2].startswith("dropout multiplies x_t, the vertical arrows: rate 0.")
    assert said[3].startswith("recurrent_dropout multiplies h_(t-1), the horizontal arrows: rate")
    assert said[4].startswith(BEST_KNOWN)
    assert said[5:6] == UNTYING
    assert any(line.startswith("Proved: plain NumPy") for line in said)
    assert "Nothing drops at inference." in said
    assert not [line for line in said if "disagree" in line]


@pytest.mark.full
@pytest.mark.parametrize("method", METHODS)
def test_each_site_of_a_method_is_answered_with_its_argument(method: str) -> None:
    one = heard(method, 0.3, 0.5 if len(METHODS[method].rules) > 1 else 0.0)

    said = lines(one, [])

    assert not one.disagreements
    assert method in (one.verdict.method, *one.verdict.same_as)
    assert not one.verdict.differences
    for rule in METHODS[method].rules:
        assert [line for line in said if line.startswith(f"{rule.argument} multiplies ")]


@pytest.mark.full
@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("one", "holds"),
    [
        (heard, True),
        (lambda: heard(dropout=0.0), False),
        (lambda: heard("gal-tied"), False),
        (lambda: heard(recurrent=0.0), False),
        (lambda: heard("semeniuta"), False),
        (lambda: heard("naive"), False),
        (lambda: heard(dropout=0.0, recurrent=0.0), False),
        (lambda: differing(heard()), False),
    ],
    ids=[
        "keras",
        "recurrent alone",
        "gal-tied",
        "no recurrent masks",
        "semeniuta",
        "naive",
        "no masks",
        "no known method",
    ],
)
def test_which_web_answer_holds_is_said_only_where_both_masks_of_keras_show_it(
    one: Any,
    holds: bool,  # noqa: FBT001
) -> None:
    assert any(line.startswith(BEST_KNOWN) for line in lines(one(), [])) is holds


def differing(one: Witnesses) -> Witnesses:
    verdict: Verdict = replace(one.verdict, differences=("it differs.",))
    return replace(one, verdict=verdict)


def test_a_layer_of_no_known_method_says_the_nearest() -> None:
    said = lines(differing(heard()), [])

    assert "follows no known method" in said[0]
    assert "Differs from keras: it differs." in said


def test_a_layer_whose_masks_cannot_be_read_says_so() -> None:
    said = lines(replace(heard(), recorded=None, proof=None), [])

    assert "This layer keeps no masks that the recorder could read." in said
    assert not [line for line in said if line.startswith("Proved")]


# ---------------------------------------------------------------- what is shown


def test_a_plain_lstm_shows_words_where_cell_evidence_and_history(ipython: InProcess) -> None:
    ran = shown(ipython, heard(), UNTYING)

    assert ran.report == "\n".join(lines(heard(), UNTYING))
    assert len(pictures(ran)) == 3
    assert pictures(ran)[0] == "LSTM"
    assert pictures(ran)[2] == "Evidence"
    assert [next(iter(each["data"])) for each in ran.shown[1:4]] == ["image/png"] * 3


def test_the_history_says_which_row_was_measured_here(ipython: InProcess) -> None:
    (table,) = tables(shown(ipython, heard()))

    rows = table.splitlines()[2:]
    known = [row.rpartition(" | ")[2] for row in rows]
    assert known == [f"measured here (Keras {keras.__version__})", *["from history"] * 3]


def test_the_history_is_a_table_with_heads_in_a_browser(ipython: InProcess) -> None:
    (page,) = (
        each["data"]["text/html"]
        for each in shown(ipython, heard()).shown
        if "<table" in each["data"].get("text/html", "")
    )

    assert page.count("<tr>") == 5
    assert page.count("<th ") == 4
    assert "measured here" in page


@pytest.mark.full
@pytest.mark.few("moon")
@pytest.mark.parametrize("method", ["moon", "zoneout", "weight-drop"])
def test_another_method_shows_no_history_of_keras(ipython: InProcess, method: str) -> None:
    ran = shown(ipython, heard(method))

    assert len(pictures(ran)) == 3
    assert not tables(ran)


def test_a_layer_that_drops_nothing_shows_no_history(ipython: InProcess) -> None:
    ran = shown(ipython, heard(dropout=0.0, recurrent=0.0))

    assert not tables(ran)
    assert ran.report.startswith("lstm (LSTM): nothing is dropped.")


def test_a_gru_shows_neither_the_cell_of_an_lstm_nor_its_history(ipython: InProcess) -> None:
    ran = shown(ipython, of_gru())

    assert pictures(ran) == ["GRU", "Evidence"]
    assert not tables(ran)


def test_a_layer_of_no_known_method_shows_no_cell(ipython: InProcess) -> None:
    ran = shown(ipython, differing(heard()))

    assert pictures(ran) == ["LSTM", "Evidence"]
    assert not tables(ran)


# ---------------------------------------------------------------- witnesses that disagree


def test_witnesses_that_disagree_say_so_and_where_is_not_drawn(ipython: InProcess) -> None:
    liar = replace(heard(), recorded=heard("moon").recorded)

    ran = shown(ipython, liar)

    assert "The witnesses disagree: the recorder sees masks at the site cell" in ran.report
    assert "the experiment sees masks at the site recurrent" in ran.report
    assert "LSTM" not in pictures(ran)
    assert "Evidence" in pictures(ran)


@pytest.mark.full
def test_another_life_and_tying_is_a_disagreement() -> None:
    said = replace(heard("naive"), recorded=heard("gal-tied").recorded).disagreements

    assert "input, life: step by experiment, sequence as recorded." in said
    assert replace(heard("gal-tied"), recorded=heard().recorded).disagreements == [
        f"{site}, tying: tied by experiment, untied as recorded." for site in ("input", "recurrent")
    ]


def test_a_proof_that_fails_leaves_where_undrawn(ipython: InProcess) -> None:
    ran = shown(ipython, replace(heard(), proof=Proof(0.5, 1e-5, 8, 8)))

    assert "NOT proved: " in ran.report
    assert "LSTM" not in pictures(ran)


# ---------------------------------------------------------------- verdicts, untying


def test_a_verdict_shows_its_lines_and_its_evidence(ipython: InProcess) -> None:
    ipython.names["verdict"] = heard().verdict

    ran = ipython.run("verdict")

    assert ran.report == str(heard().verdict)
    assert pictures(ran) == ["Evidence"]


@pytest.mark.full
@pytest.mark.few(1)
def test_raising_recurrent_dropout_unties_the_input_masks() -> None:
    (line,) = measure_untying()

    assert "with recurrent_dropout=0 its input masks are tied" in line
    assert "with recurrent_dropout=0.01 they are untied" in line


def test_the_plain_layer_is_keras_s_own() -> None:
    assert type(plain()) is keras.layers.LSTM
    assert not plain().built


@pytest.mark.full
@pytest.mark.parametrize(
    "options", [{"life": "step"}, {"scaling": "inverted"}, {"life": "step", "scaling": "inverted"}]
)
def test_the_cell_is_drawn_with_the_options_that_were_found(options: dict[str, str]) -> None:
    layer = dropviz.LSTM(8, method="moon", recurrent_dropout=0.5, seed=1, **options)
    (one,), _ = hear_witnesses(layer)

    setting = explain_report._setting(one.verdict)

    (cell,) = (rule for rule in setting.rules if rule.site == "cell")
    assert setting.method == "moon"
    assert {name: getattr(cell, name) for name in options} == options
    assert cell.rate == pytest.approx(0.5, abs=0.06)
