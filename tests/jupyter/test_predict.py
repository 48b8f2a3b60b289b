"""A prediction is kept with its time before anything is measured, and set beside it afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from dropviz.errors import DropvizError
from dropviz.homework.chat_lines import chat_line, read_lines
from dropviz.jupyter.predict import Prediction, predict
from tests.jupyter.conftest import InProcess, Kernel

ARROWS = ["vertical", "horizontal", "both"]
ASK = f"guess = dropviz.predict('Which arrows carry a mask?', {ARROWS})"
WIDGET = "application/vnd.jupyter.widget-view+json"


def controls(asked: Prediction) -> Any:
    """The buttons that a person sees."""
    asked._repr_mimebundle_()
    return asked._controls[-1]


def test_nobody_s_answer_blocks_nothing() -> None:
    asked = predict("Which?", ARROWS)

    found = asked.against("both")

    assert found.sentence == "No prediction was made; measured: both."
    assert (found.predicted, found.measured, found.at) == (None, "both", None)


def test_an_answer_is_kept_with_its_time() -> None:
    before = datetime.now().astimezone()
    asked = predict("Which?", ARROWS, answer="vertical")
    after = datetime.now().astimezone()

    found = asked.against("both")

    assert asked.at is not None
    assert before <= asked.at <= after
    at = f"{asked.at:%H:%M:%S}"
    assert found.sentence == f"You predicted: vertical (at {at}); measured: both."
    assert repr(found) == found.sentence


def test_a_click_is_kept_and_the_last_one_counts() -> None:
    asked = Prediction("Which?", ARROWS)
    buttons = controls(asked)
    assert asked.answer is None  # nothing is chosen by being shown

    buttons._choice.value = "vertical"
    buttons._choice.value = "horizontal"

    assert asked.answer == "horizontal"
    assert asked.at is not None
    assert "horizontal" in buttons._kept.value


def test_nothing_can_be_chosen_once_it_was_measured() -> None:
    asked = Prediction("Which?", ARROWS)
    buttons = controls(asked)

    asked.against("both")
    buttons._choice.value = "both"

    assert asked.answer is None
    assert buttons._choice.disabled
    assert "Run this cell again" in buttons._kept.value
    assert asked.against("both").predicted is None


def test_every_copy_of_a_question_shows_what_was_chosen_and_is_closed() -> None:
    asked = Prediction("Which?", ARROWS)
    first, second = controls(asked), controls(asked)

    first._choice.value = "vertical"
    told = [(each._choice.value, "vertical" in each._kept.value) for each in (first, second)]
    second._choice.value = "both"
    at = asked.at
    asked.choose("horizontal")
    typed = [each._choice.value for each in (first, second)]
    asked.against("both")

    assert told == [("vertical", True)] * 2
    assert at is not None
    assert typed == ["horizontal"] * 2
    assert [each._choice.disabled for each in (first, second)] == [True, True]


def test_numbers_are_choices_too() -> None:
    asked = predict("How many?", [1, 4], answer=4)

    assert asked.answer == "4"
    assert asked.against(0.98765).sentence.endswith("measured: 0.988.")


def test_it_is_shown_in_every_form(ipython: InProcess) -> None:
    ran = ipython.run(f"import dropviz\n{ASK}")

    assert ran.error is None
    (shown,) = (each["data"] for each in ran.shown)
    assert set(shown) == {"text/plain", "text/html", WIDGET}
    for form in ("text/plain", "text/html"):
        assert all(words in shown[form] for words in ["Which arrows carry a mask?", *ARROWS])


def test_as_the_value_of_its_cell_it_is_shown_once_and_later_again(ipython: InProcess) -> None:
    asking = ipython.run(f"import dropviz\n{ASK}\nguess")
    again = ipython.run("guess")

    assert (asking.error, again.error) == (None, None)
    assert [len(each.shown) for each in (asking, again)] == [1, 1]
    assert WIDGET in again.shown[0]["data"]


def test_what_is_only_opened_says_to_run_it_first_and_buttons_do_not() -> None:
    asked = Prediction("Which?", ARROWS)

    forms = asked._repr_mimebundle_()

    for form in ("text/plain", "text/html"):
        assert "Run this cell, then click on one, or add answer=" in forms[form]
    (buttons,) = asked._controls
    assert buttons._kept.value.startswith("Click on one, or add answer=")


def test_a_typed_answer_needs_no_buttons() -> None:
    forms = predict("Which?", ARROWS, answer="both")._repr_mimebundle_()

    assert set(forms) == {"text/plain", "text/html"}
    assert "Kept at" in forms["text/plain"]


def test_a_texts_markup_does_nothing() -> None:
    asked = Prediction("<b>Which?</b>", ["<i>a</i>", "b"])

    assert "<b>Which" not in asked._repr_mimebundle_()["text/html"]
    assert "<i>" not in asked._repr_mimebundle_()["text/html"]
    assert "<b>" not in asked.against("<b>x</b>")._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ("yes", "choices must be a list"),
        (["yes"], "two or more"),
        (["yes", "yes"], "two or more"),
        ([1, "1"], "all different"),
    ],
)
def test_choices_that_are_none_are_refused(choices: Any, said: str) -> None:
    with pytest.raises(DropvizError, match=said):
        predict("Which?", choices)


def test_an_answer_that_is_no_choice_is_refused() -> None:
    with pytest.raises(DropvizError, match="Did you mean 'vertical'"):
        predict("Which?", ARROWS, answer="vertikal")


def test_a_line_of_a_chat_carries_it() -> None:
    question = "Over 8 steps, how many masks does dropout=0.5 draw for one sequence?"
    asked = predict(question, ["one", "one a step: 8"], answer="one a step: 8")

    told, damaged = read_lines(chat_line("ada", dict([asked.pair])))

    assert damaged == []
    name = "Over-8-steps-how-many-masks-does-dropout"
    assert dict(told[0].predictions) == {name: "one-a-step-8"}


@pytest.mark.parametrize(
    ("choices", "lines"),
    [
        ([-1, 1], ["1-1", "2-1"]),
        (["p < .5", "p > .5"], ["1-p-.5", "2-p-.5"]),
        (["<", ">"], ["1", "2"]),
        (["да", "нет"], ["да", "нет"]),
        (["x" * 60, "x" * 50 + "y"], ["1-" + "x" * 38, "2-" + "x" * 38]),
    ],
    ids=str,
)
def test_choices_that_a_line_of_a_chat_cannot_tell_apart_are_told_by_their_number(
    choices: list[object], lines: list[str]
) -> None:
    pairs = [predict("Which?", choices, answer=each).pair for each in choices]

    assert [answer for _, answer in pairs] == lines
    for pair in pairs:
        told, damaged = read_lines(chat_line("ada", dict([pair])))
        assert damaged == []
        assert dict(told[0].predictions) == dict([pair])


def test_a_question_without_a_letter_has_a_name_in_a_line_all_the_same() -> None:
    question, _ = predict("?", [1, 2], answer=1).pair

    assert question == "question"


def test_what_was_not_predicted_cannot_be_told() -> None:
    with pytest.raises(DropvizError, match="Nothing was predicted of 'Which"):
        _ = predict("Which?", ARROWS).pair


@pytest.mark.kernel
def test_a_kernel_runs_from_top_to_bottom_without_an_answer(kernel: Kernel) -> None:
    ran = kernel.run_all({"ask": f"import dropviz\n{ASK}", "measure": "guess.against('both')"})

    assert [cell.errors for cell in ran.cells.values()] == [[], []]
    (asked,) = ran["ask"].bundles
    assert WIDGET in asked
    question, sentence = ran["measure"].value.splitlines()
    assert question == "Which arrows carry a mask?"
    assert sentence == "No prediction was made; measured: both."
