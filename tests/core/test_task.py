from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dropviz.core.task import Task
from dropviz.errors import DropvizError, UnknownNameError

X = np.arange(24, dtype="float32").reshape(4, 3, 2)
Y = np.array([0, 1, 2, 1])
STEPS = np.array([[0, 1], [2, 0], [1, 1], [0, 0]])  # a class at each of the last two steps
NUMBERS = np.array([0.5, -1.0, 2.0, 0.0])
TOKENS = np.array([[0, 5, 1], [2, 2, 2], [1, 0, 0], [3, 1, 4]])


def made(**changed: Any) -> Task:
    return Task(**({"name": "own", "x": X, "y": Y, "x_val": X[:2], "y_val": Y[:2]} | changed))


def with_answers(y: Any, goal: str, **changed: Any) -> Task:
    return made(**({"y": y, "y_val": y[:2], "goal": goal} | changed))


def with_value(value: float) -> Any:
    x = X.copy()
    x[1, 2, 0] = value
    return x


# ---------------------------------------------------------------- a task of one's own


def test_a_task_of_ones_own_counts_its_classes() -> None:
    assert made().classes == 3


def test_classes_that_turn_up_in_validation_only_count_too() -> None:
    assert made(y_val=np.array([0, 6])).classes == 7


def test_sizes_are_those_of_the_data() -> None:
    task = made()

    assert (task.steps, task.features, task.outputs) == (3, 2, 3)
    assert (task.symbols, task.skipped) == (0, 0)


def test_plain_lists_are_taken_as_arrays() -> None:
    task = made(x=X.tolist(), y=Y.tolist(), x_val=X[:2].tolist(), y_val=Y[:2].tolist())

    assert task.classes == 3


class Broken:
    """Fails at whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


@pytest.mark.parametrize("part", ["x", "x_val"])
@pytest.mark.parametrize(
    ("x", "said"),
    [
        (X[:, :, 0], r"\(samples, steps, features\).*shape \(4, 3\).*\[:, :, None\]"),
        (X[..., None], r"\(samples, steps, features\).*shape \(4, 3, 2, 1\)"),
        (np.float32(1), r"\(samples, steps, features\).*shape \(\)"),
        (X[:0], r"must not be empty.*shape \(0, 3, 2\)"),
        (X[:, :0], r"must not be empty.*shape \(4, 0, 2\)"),
        (X[:, :, :0], r"must not be empty.*shape \(4, 3, 0\)"),
        (with_value(np.nan), r"must be finite.*1 of 24 values are NaN or infinite"),
        (with_value(np.inf), r"must be finite.*1 of 24 values"),
        (with_value(-np.inf), r"must be finite.*1 of 24 values"),
        (X.astype(str), r"must be numbers.*dtype <U"),
        (X.astype(object), r"must be numbers.*dtype object"),
        (X.astype(complex), r"must be numbers.*dtype complex128"),
        (X.astype("float64") * 1e40, r"must be finite.*23 of 24 values.*in single precision"),
        ([[[1.0]], [[1.0], [2.0]]], r"must be an array of one shape"),
        (np.ma.masked_greater(X, 1), r"must have a value everywhere.*are masked"),
        (Broken(), r"must be an array of one shape"),
    ],
    ids=[
        "no features",
        "four axes",
        "a scalar",
        "no samples",
        "no steps",
        "zero features",
        "nan",
        "infinite",
        "minus infinite",
        "text",
        "objects",
        "complex",
        "beyond single precision",
        "ragged",
        "masked",
        "what fails when it is asked for anything",
    ],
)
def test_inputs_that_cannot_be_trained_on_are_refused(part: str, x: Any, said: str) -> None:
    with pytest.raises(DropvizError, match=rf"^{part} of task 'own' .*{said}"):
        made(**{part: x})


@pytest.mark.parametrize("part", ["y", "y_val"])
@pytest.mark.parametrize(
    ("y", "said"),
    [
        (np.array([0]), r"one class for each of the \d samples.*shape \(1,\)"),
        (np.zeros((4, 3), int), r"one class for each of the \d samples.*shape \(4, 3\)"),
        (np.zeros(0, int), r"one class for each of the \d samples.*shape \(0,\)"),
    ],
    ids=["too few", "one-hot", "none"],
)
def test_classes_that_do_not_fit_the_samples_are_refused(part: str, y: Any, said: str) -> None:
    with pytest.raises(DropvizError, match=rf"^{part} of task 'own' .*{said}"):
        made(**{part: y})


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (np.array([0, -1, 2, 1]), "smallest -1"),
        (np.array([0.0, 1.0, 2.0, 1.0]), "dtype float64"),
        (np.array([0, np.nan, 2, 1]), "dtype float64"),
        (np.array([True, False, True, True]), "dtype bool"),
        (np.array(["cat", "dog", "cat", "dog"]), "dtype <U3"),
    ],
    ids=["negative", "floats", "nan", "booleans", "words"],
)
def test_classes_that_are_not_integers_from_0_are_refused(y: Any, said: str) -> None:
    with pytest.raises(DropvizError, match=rf"^y of task 'own' must be integers from 0\..*{said}"):
        made(y=y)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"x": X.astype("m8[s]")}, r"x .* must be numbers\. Received: dtype timedelta64\[s\]\.$"),
        ({"x": X.astype("longdouble")}, r"x .* numbers\..* float128\. Try \.astype\(\"float64\"\)"),
        ({"y": Y.astype("m8[s]")}, r"y .* integers from 0\. Received: dtype timedelta64\[s\]"),
        ({"y": Y.astype("m8[s]"), "goal": "numbers"}, r"y .* numbers\. Received: dtype timedelta"),
        ({"y": Y.astype("longdouble"), "goal": "numbers"}, r"y .* numbers\..*Try \.astype"),
        ({"x": TOKENS.astype("m8[D]"), "embedding": 2}, r"x .* integers from 0\. Received: dtype"),
    ],
)
def test_numbers_that_keras_does_not_know_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(DropvizError, match=f"^{said}"):
        made(**given)


@pytest.mark.parametrize("kind", ["int8", "uint64", "float16", ">f4", ">i8", "float64"])
def test_numbers_may_be_of_any_kind_that_keras_knows(kind: str) -> None:
    assert made(x=X.astype(kind)).steps == 3


@pytest.mark.parametrize("part", ["name", "title", "code"])
@pytest.mark.parametrize("wrong", [None, 5, b"mine", ["mine"]])
def test_what_is_shown_of_a_task_is_text(part: str, wrong: Any) -> None:
    with pytest.raises(DropvizError, match=f"^{part} of a task must be a text. Received: "):
        made(**{part: wrong})


@pytest.mark.parametrize("wrong", ["yes", None, np.zeros(2)])
def test_classes_are_characters_or_not(wrong: Any) -> None:
    with pytest.raises(DropvizError, match=r"^characters of a task must be true or false"):
        made(characters=wrong)


@pytest.mark.parametrize("wrong", [np.zeros(2), "3", -1])
def test_a_data_set_is_not_read_for_an_embedding_that_is_no_width(wrong: Any) -> None:
    with pytest.raises(DropvizError, match=r"^embedding must be a whole number from 0"):
        Task.from_dataset("own", iter(()), iter(()), embedding=wrong)


@pytest.mark.parametrize("x_val", [X[:2, :2], X[:2, :, :1]], ids=["steps", "features"])
def test_training_and_validation_must_have_the_same_shape(x_val: Any) -> None:
    with pytest.raises(DropvizError, match=r"must agree in steps and features.*\(3, 2\) and"):
        made(x_val=x_val)


# ---------------------------------------------------------------- what is asked for


def test_a_class_at_each_of_the_last_steps_leaves_out_the_first() -> None:
    task = with_answers(STEPS, "classes-per-step")

    assert (task.classes, task.outputs, task.skipped) == (3, 3, 1)
    assert task.asked.each_step


def test_every_step_may_have_its_class() -> None:
    assert with_answers(TOKENS, "classes-per-step").skipped == 0


@pytest.mark.parametrize(
    ("y", "outputs"), [(NUMBERS, 1), (np.arange(4), 1), (STEPS / 2, 2), (NUMBERS[:, None], 1)]
)
def test_numbers_are_asked_for_one_or_several_a_sequence(y: Any, outputs: int) -> None:
    task = with_answers(y, "numbers")

    assert (task.classes, task.outputs, task.skipped) == (0, outputs, 0)


def test_integers_are_embedded() -> None:
    task = made(x=TOKENS, x_val=TOKENS[:2] + 1, embedding=7)

    assert (task.steps, task.features, task.symbols) == (3, 7, 7)


@pytest.mark.parametrize(
    ("y", "goal", "said"),
    [
        (STEPS, "classes", r"one class for each.*shape \(4, 2\)\. .*goal=\"classes-per-step\""),
        (NUMBERS, "classes", r"integers from 0.*dtype float64\. .*goal=\"numbers\"\.$"),
        (Y, "classes-per-step", r"class at each of its last steps, 3 at most.*shape \(4,\)"),
        (np.zeros((4, 4), int), "classes-per-step", r"3 at most\. Received: shape \(4, 4\)"),
        (np.zeros((4, 0), int), "classes-per-step", r"3 at most\. Received: shape \(4, 0\)"),
        (STEPS[:3], "classes-per-step", r"for each of the 4 samples.*shape \(3, 2\)"),
        (STEPS - 1, "classes-per-step", r"integers from 0\. Received: smallest -1\."),
        (STEPS / 2, "classes-per-step", r"integers from 0\. Received: dtype float64\. For"),
        (NUMBERS[:3], "numbers", r"a number, or a row.*the 4 samples.*shape \(3,\)"),
        (np.zeros((4, 3, 2)), "numbers", r"a row of numbers.*shape \(4, 3, 2\)"),
        (np.zeros((4, 0)), "numbers", r"a row of numbers.*shape \(4, 0\)"),
        (np.array([0, np.nan, 1, np.inf]), "numbers", "finite. Received: 2 of 4 values are NaN"),
        (np.array(list("abcd")), "numbers", "be numbers. Received: dtype <U1"),
        (np.array([1, 0, 1, 0], bool), "numbers", "be numbers. Received: dtype bool"),
    ],
)
def test_answers_that_the_goal_does_not_ask_for_are_refused(y: Any, goal: str, said: str) -> None:
    with pytest.raises(DropvizError, match=rf"^y of task 'own' must .*{said}"):
        with_answers(y, goal)


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (X, r"must have the shape \(samples, steps\)\. Received: shape \(4, 3, 2\)"),
        (TOKENS / 2, "must be integers from 0. Received: dtype float64"),
        (TOKENS - 1, "must be integers from 0. Received: smallest -1"),
        (TOKENS[:0], "must not be empty"),
    ],
)
def test_tokens_that_cannot_be_embedded_are_refused(x: Any, said: str) -> None:
    with pytest.raises(DropvizError, match=rf"^x of task 'own'.*{said}"):
        made(x=x, embedding=4)


def test_who_gives_tokens_without_an_embedding_is_told_of_it() -> None:
    with pytest.raises(DropvizError, match=r"shape \(4, 3\)\..*stand for words, try embedding=32"):
        made(x=TOKENS)


@pytest.mark.parametrize("embedding", [-1, 1.5, True, "wide", None])
def test_an_embedding_has_a_width(embedding: Any) -> None:
    with pytest.raises(DropvizError, match="embedding must be a whole number from 0"):
        made(x=TOKENS, x_val=TOKENS, y_val=Y, embedding=embedding)


@pytest.mark.parametrize("goal", ["clases", "", None, ["classes"]])
def test_an_unknown_goal_is_refused(goal: Any) -> None:
    with pytest.raises(UnknownNameError, match=r"There is no goal .* Known: 'classes'"):
        made(goal=goal)


def test_training_and_validation_must_have_as_many_answers() -> None:
    with pytest.raises(DropvizError, match=r"^y and y_val .* agree in answers.*\(2,\) and \(1,\)"):
        with_answers(STEPS, "classes-per-step", y_val=STEPS[:2, :1])


def test_numbers_are_no_characters() -> None:
    with pytest.raises(DropvizError, match="must be classes to be characters"):
        with_answers(NUMBERS, "numbers", characters=True)


# ---------------------------------------------------------------- guessing


def test_a_guess_is_scored_on_validation_as_it_was_made_in_training() -> None:
    guess = made(y=np.array([0, 0, 0, 1]), y_val=np.array([0, 1])).guess

    assert guess == pytest.approx({"loss": -(math.log(0.75) + math.log(0.25)) / 2, "accuracy": 0.5})


def test_bits_per_character_follow_from_each_loss() -> None:
    task = with_answers(STEPS, "classes-per-step", characters=True)

    assert task.with_derived({"loss": math.log(4), "val_loss_x": 0.0, "accuracy": 0.5}) == {
        "loss": math.log(4),
        "val_loss_x": 0.0,
        "accuracy": 0.5,
        "bits_per_character": pytest.approx(2),
        "val_bits_per_character_x": 0.0,
    }
    assert task.guess["bits_per_character"] == pytest.approx(task.guess["loss"] / math.log(2))


def test_what_is_no_text_has_no_bits() -> None:
    assert made().with_derived({"loss": 1.0}) == {"loss": 1.0}


def test_a_task_says_what_it_is_in_a_line() -> None:
    assert repr(with_answers(np.ones(4), "numbers")) == (
        "<Task own: 4 sequences to train on and 2 to validate, 3 steps of 2 features; asks for a "
        "number; the best constant scores loss 0.000, mae 0.000>"
    )


# ---------------------------------------------------------------- of a data set


def pairs() -> list[tuple[Any, Any]]:
    return list(zip(X, Y, strict=True))


def test_a_data_set_becomes_a_task() -> None:
    task = Task.from_dataset("own", pairs(), pairs()[:2], title="mine", learning_rate=0.1)

    np.testing.assert_array_equal(task.x, X)
    np.testing.assert_array_equal(task.y_val, Y[:2])
    assert (task.classes, task.title, task.learning_rate) == (3, "mine", 0.1)


def test_batches_of_tokens_become_a_task() -> None:
    batches = [(TOKENS[:3], STEPS[:3]), (TOKENS[3:], STEPS[3:])]

    task = Task.from_dataset("own", batches, batches, goal="classes-per-step", embedding=4)

    np.testing.assert_array_equal(task.x, TOKENS)
    np.testing.assert_array_equal(task.y, STEPS)


def test_the_data_of_a_data_set_are_checked() -> None:
    with pytest.raises(DropvizError, match=r"^x of task 'own' must be finite"):
        Task.from_dataset("own", [(with_value(np.nan), Y)], pairs())


@pytest.mark.parametrize("part", ["train", "validation"])
def test_an_endless_data_set_is_named(part: str) -> None:
    endless = SimpleNamespace(cardinality=lambda: -1)
    sets = {"train": pairs(), "validation": pairs()} | {part: endless}

    with pytest.raises(DropvizError, match=f"^{part} of task 'own' must have an end"):
        Task.from_dataset("own", **sets)


# ---------------------------------------------------------------- how fast it learns

NO_RATE = ["fast", None, [1, 2], 0, math.nan, math.inf, -1.0, True, 10**400, np.zeros(1), 1j]


@pytest.mark.parametrize("rate", NO_RATE, ids=str)
def test_what_is_no_learning_rate_is_said(rate: object) -> None:
    with pytest.raises(DropvizError, match=r"^learning_rate must be a finite number above 0"):
        made(learning_rate=rate)


@pytest.mark.parametrize("rate", [1, 0.01, np.float64(0.5), np.int64(2)])
def test_a_learning_rate_is_kept_as_a_float(rate: Any) -> None:
    kept = made(learning_rate=rate).learning_rate

    assert (kept, type(kept)) == (rate, float)


# ---------------------------------------------------------------- huge numbers


@pytest.mark.parametrize("number", [2**31, 2**31 + 5, 10**12])
def test_a_class_or_word_that_keras_cannot_count_is_refused(number: int) -> None:
    for changed in ({"y": np.array([0, 1, 0, number])}, {"x": TOKENS + number, "embedding": 2}):
        with pytest.raises(DropvizError, match=r"to 2,147,483,647\. Received: largest"):
            made(**{"x_val": TOKENS[:2], **changed} if "x" in changed else changed)


@pytest.mark.parametrize("name", ["gaol", "nam", "seed"])
def test_a_data_set_is_not_read_for_a_name_that_there_is_not(name: str) -> None:
    with pytest.raises(UnknownNameError, match=f"There is no attribute of a task '{name}'"):
        Task.from_dataset("own", None, None, **{name: "numbers"})
