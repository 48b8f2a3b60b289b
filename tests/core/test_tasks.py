from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from dropviz.core.tasks import TASKS, Task, load_task
from dropviz.errors import DropvizError, UnknownNameError

X = np.arange(24, dtype="float32").reshape(4, 3, 2)
Y = np.array([0, 1, 2, 1])


def made(**changed: Any) -> Task:
    return Task(**({"name": "own", "x": X, "y": Y, "x_val": X[:2], "y_val": Y[:2]} | changed))


def with_value(value: float) -> Any:
    x = X.copy()
    x[1, 2, 0] = value
    return x


@pytest.fixture(scope="module")
def digits() -> Task:
    return load_task("digits")


# ---------------------------------------------------------------- a task of one's own


def test_a_task_of_ones_own_counts_its_classes() -> None:
    assert made().classes == 3


def test_classes_that_turn_up_in_validation_only_count_too() -> None:
    assert made(y_val=np.array([0, 6])).classes == 7


def test_plain_lists_are_taken_as_arrays() -> None:
    task = made(x=X.tolist(), y=Y.tolist(), x_val=X[:2].tolist(), y_val=Y[:2].tolist())

    assert task.classes == 3


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


@pytest.mark.parametrize("x_val", [X[:2, :2], X[:2, :, :1]], ids=["steps", "features"])
def test_training_and_validation_must_have_the_same_shape(x_val: Any) -> None:
    with pytest.raises(DropvizError, match=r"must agree in steps and features.*\(3, 2\) and"):
        made(x_val=x_val)


# ---------------------------------------------------------------- tasks that come along


def test_digits_are_all_1797_images_read_as_8_rows_of_8_pixels(digits: Task) -> None:
    assert digits.x.shape == (1437, 8, 8)
    assert digits.x_val.shape == (360, 8, 8)
    assert digits.y.shape == (1437,)
    assert digits.y_val.shape == (360,)
    assert digits.classes == 10
    assert "1,797" in digits.title


def test_digits_are_float32_and_exact_multiples_of_a_sixteenth(digits: Task) -> None:
    both = np.concatenate([digits.x, digits.x_val])

    assert both.dtype == np.float32
    np.testing.assert_array_equal(both * 16, np.round(both * 16))
    assert (both.min(), both.max()) == (0, 1)


def test_digits_are_each_of_the_images_once(digits: Task) -> None:
    from sklearn.datasets import load_digits

    split = np.concatenate([digits.x, digits.x_val]) * 16
    classes = np.concatenate([digits.y, digits.y_val])
    mine = sorted(zip(map(bytes, split.astype("uint8")), classes, strict=True))
    bunch = load_digits()
    original = zip(map(bytes, bunch.images.astype("uint8")), bunch.target, strict=True)

    assert mine == sorted(original)


def test_every_digit_is_as_frequent_in_validation_as_in_training(digits: Task) -> None:
    shares = [np.bincount(y, minlength=10) / len(y) for y in (digits.y, digits.y_val)]

    # A stratified split is off by one image of a class at most.
    np.testing.assert_allclose(shares[0], shares[1], atol=1 / len(digits.y_val))


@pytest.fixture(scope="module")
def order() -> Task:
    return load_task("temporal-order")


def joined(task: Task) -> tuple[Any, Any]:
    return np.concatenate([task.x, task.x_val]), np.concatenate([task.y, task.y_val])


def test_temporal_order_is_8400_sequences_of_30_steps_of_two_numbers(order: Task) -> None:
    assert order.x.shape == (6400, 30, 2)
    assert order.x_val.shape == (2000, 30, 2)
    assert order.y.shape == (6400,)
    assert order.y_val.shape == (2000,)
    assert order.classes == 4
    assert order.x.dtype == order.x_val.dtype == np.float32
    assert "30 random bits" in order.title


def test_two_steps_are_marked_or_one_where_both_ranges_meet(order: Task) -> None:
    x, _ = joined(order)
    marks = x[:, :, 1].sum(axis=1)

    assert set(np.unique(x)) == {0, 1}
    assert set(marks) == {1, 2}
    assert (x[marks == 1, 10, 1] == 1).all()
    # Both at step 10: one in 11 times 11.
    assert 0.004 < (marks == 1).mean() < 0.014


def test_marks_lie_in_their_ranges_with_both_ends(order: Task) -> None:
    x, _ = joined(order)
    two = x[x[:, :, 1].sum(axis=1) == 2, :, 1]
    first, second = two.argmax(axis=1), 29 - two[:, ::-1].argmax(axis=1)

    assert set(first) == set(range(11))
    assert set(second) == set(range(10, 21))


def test_the_class_is_the_marked_bits_in_their_order(order: Task) -> None:
    x, y = joined(order)
    marked = x[:, :, 1] == 1

    for bits, where, label in zip(x[:, :, 0], marked, y, strict=True):
        told = bits[where]
        assert label == 2 * told[0] + told[-1]


def test_a_guess_at_temporal_order_is_right_in_one_of_four(order: Task) -> None:
    for y in (order.y, order.y_val):
        np.testing.assert_allclose(np.bincount(y, minlength=4) / len(y), 0.25, atol=0.03)


def test_bits_are_even_and_tell_nothing_of_the_class_by_their_number(order: Task) -> None:
    x, y = joined(order)
    unmarked = np.where(x[:, :, 1] == 1, np.nan, x[:, :, 0])

    for label in range(4):
        assert np.nanmean(unmarked[y == label]) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_the_same_at_every_load(name: str) -> None:
    one, other = load_task(name), load_task(name)

    for part in ("x", "y", "x_val", "y_val"):
        np.testing.assert_array_equal(getattr(one, part), getattr(other, part))


@pytest.mark.parametrize("name", TASKS)
def test_loading_a_task_leaves_the_random_streams_alone(name: str) -> None:
    before = pickle.dumps(np.random.get_state())  # noqa: NPY002

    load_task(name)

    assert pickle.dumps(np.random.get_state()) == before  # noqa: NPY002


@pytest.mark.parametrize("name", TASKS)
def test_the_plain_code_of_a_task_makes_the_same_data(name: str) -> None:
    task = load_task(name)
    made_by_code: dict[str, Any] = {}

    exec(task.code, made_by_code)  # noqa: S102 (it is what a reader would run)

    for part in ("x", "y", "x_val", "y_val"):
        np.testing.assert_array_equal(made_by_code[part], getattr(task, part))


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_named_as_it_is_asked_for(name: str) -> None:
    assert load_task(name).name == name


def test_an_unknown_task_names_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match=r"no task 'dgits'.*Did you mean 'digits'\?"):
        load_task("dgits")
