from __future__ import annotations

import ast
import math
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dropviz.core import task_data
from dropviz.core.task import Task
from dropviz.core.task_data import noisy_sines
from dropviz.core.tasks import TASKS, check_own_name, load_task
from dropviz.errors import DropvizError, UnknownNameError

OFFLINE = [name for name, entry in TASKS.items() if entry.offline]


@pytest.fixture(scope="module")
def digits() -> Task:
    return load_task("digits")


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


# ---------------------------------------------------------------- the others


def test_adding_asks_for_the_sum_of_the_two_that_are_marked() -> None:
    x, y = joined(load_task("adding"))
    marks = x[:, :, 1]

    assert x.shape == (8400, 30, 2)
    assert set(np.unique(marks)) == {0, 1}
    assert (marks[:, :15].sum(axis=1) == 1).all()
    assert (marks[:, 15:].sum(axis=1) == 1).all()
    assert (marks.sum(axis=0) > 0).all()
    np.testing.assert_allclose((x[:, :, 0] * marks).sum(axis=1), y, rtol=1e-6)
    assert 0 <= x[:, :, 0].min() < x[:, :, 0].max() < 1


def test_a_guess_at_adding_costs_the_variance_of_a_sum_of_two() -> None:
    guess = load_task("adding").guess

    # Arjovsky et al. 2016: .167; of two uniform numbers, 2 / 12. The mean distance is 1/3.
    assert guess == pytest.approx({"loss": 1 / 6, "mae": 1 / 3}, abs=0.005)


def test_copy_asks_for_its_first_symbols_in_their_order() -> None:
    task = load_task("copy")
    x, y = joined(task)

    assert (x.shape, y.shape, task.classes, task.skipped) == ((8400, 20, 9), (8400, 5), 8, 15)
    np.testing.assert_array_equal(x[:, :5, :8].argmax(axis=2), y)
    assert (x[:, :5].sum(axis=2) == 1).all()
    assert not x[:, 5:15].any()
    assert not x[:, 15:, :8].any()
    assert (x[:, 15:, 8] == 1).all()


def test_a_guess_at_copy_is_right_in_one_of_eight() -> None:
    guess = load_task("copy").guess

    assert guess == pytest.approx({"loss": math.log(8), "accuracy": 1 / 8}, abs=0.005)


def test_no_answer_of_copy_is_in_both_halves_more_often_than_by_chance() -> None:
    task = load_task("copy")
    known = set(map(bytes, task.y))

    # 6,400 draws of 8**5 answers.
    assert np.mean([bytes(each) in known for each in task.y_val]) == pytest.approx(0.18, abs=0.03)


def test_the_next_value_of_a_sine_is_its_own_with_noise() -> None:
    task = load_task("noisy-sine")
    x, y = joined(task)

    assert (x.shape, y.shape, task.outputs) == ((5000, 20, 1), (5000,), 1)
    # y is one more of what x is made of.
    assert np.std(y) == pytest.approx(np.std(x), rel=0.05)
    # The mean square of amplitudes from 0.5 to 1, halved by the sine, and the noise.
    assert task.guess["loss"] == pytest.approx((1 - 0.125) / 3 + 0.01, rel=0.06)


def test_sines_of_other_amplitudes_are_the_task_s_but_for_these() -> None:
    x, y = noisy_sines(4000, 0.5, 1, seed=0)
    far, _ = noisy_sines(200, 3, 3, seed=2)

    task = load_task("noisy-sine")
    np.testing.assert_array_equal(x, task.x)
    np.testing.assert_array_equal(y, task.y)
    assert np.abs(task.x).max() < 1.5
    assert np.abs(far).max(axis=1).min() > 2


def test_language_is_text_whose_every_character_is_asked_for() -> None:
    task = load_task("language")
    x, y = joined(task)

    assert x.shape == y.shape == (7200, 50)
    assert (task.features, task.skipped, task.characters) == (32, 0, True)
    assert task.symbols == task.classes == 96
    np.testing.assert_array_equal(x.ravel()[1:], y.ravel()[:-1])
    read = "".join("\n" if code == 0 else chr(code + 31) for code in x.ravel())
    assert read.startswith('The "assert" statement\n****')
    assert "Raises an auditing event" in read or "lambda" in read


def test_text_of_language_that_is_validated_on_was_hardly_trained_on() -> None:
    task = load_task("language")
    known = bytes(task.x.astype("uint8"))

    # Without leaving repeated paragraphs out it would be one in nine.
    assert np.mean([bytes(each) in known for each in task.x_val.astype("uint8")]) < 0.05


def test_a_guess_at_characters_is_their_entropy() -> None:
    task = load_task("language")
    shares = np.bincount(task.y_val.ravel()) / task.y_val.size
    least = -(shares[shares > 0] * np.log2(shares[shares > 0])).sum()

    # Nothing that is always the same costs less than the entropy of what it is scored on.
    assert least < task.guess["bits_per_character"] < least + 0.2
    assert task.guess["accuracy"] == shares[1]  # a space


# ---------------------------------------------------------------- all of them


@pytest.mark.parametrize("name", TASKS)
def test_an_entry_says_where_it_comes_from_and_what_it_needs(name: str) -> None:
    entry = TASKS[name]

    assert all((entry.title, entry.source, entry.needs))
    assert "download" in entry.title or entry.offline


@pytest.mark.parametrize("name", OFFLINE)
def test_an_entry_has_the_sizes_of_its_data(name: str) -> None:
    entry, task = TASKS[name], load_task(name)

    assert (len(task.x), task.steps, task.features) == (
        entry.samples,
        entry.steps,
        entry.features,
    )


@pytest.mark.parametrize("name", OFFLINE)
def test_a_guess_is_finite_and_better_than_none(name: str) -> None:
    guess = load_task(name).guess

    assert set(guess) >= {"loss"}
    assert all(math.isfinite(value) and value > 0 for value in guess.values())
    assert guess.get("accuracy", 0) < 0.3


@pytest.mark.parametrize("name", OFFLINE)
def test_a_task_is_the_same_at_every_load(name: str) -> None:
    one, other = load_task(name), load_task(name)

    for part in ("x", "y", "x_val", "y_val"):
        np.testing.assert_array_equal(getattr(one, part), getattr(other, part))


@pytest.mark.parametrize("name", OFFLINE)
def test_loading_a_task_leaves_the_random_streams_alone(name: str) -> None:
    before = pickle.dumps(np.random.get_state())  # noqa: NPY002

    load_task(name)

    assert pickle.dumps(np.random.get_state()) == before  # noqa: NPY002


@pytest.mark.parametrize("name", OFFLINE)
def test_the_plain_code_of_a_task_makes_the_same_data(name: str) -> None:
    task = load_task(name)
    made_by_code: dict[str, Any] = {}

    exec(task.code, made_by_code)  # noqa: S102 (it is what a reader would run)

    for part in ("x", "y", "x_val", "y_val"):
        np.testing.assert_array_equal(made_by_code[part], getattr(task, part))


@pytest.mark.parametrize("name", OFFLINE)
def test_a_task_is_named_as_it_is_asked_for(name: str) -> None:
    assert load_task(name).name == name


def own(name: str, **changed: Any) -> Task:
    return replace(load_task("digits"), name=name, **changed)


@pytest.mark.parametrize(
    "task",
    [
        lambda: load_task("digits"),
        lambda: own("mine", code=""),
        lambda: own("digits", title="mine"),
        lambda: own("mnist"),
    ],
    ids=["as it comes", "a name of its own", "the same data", "a download"],
)
def test_a_name_that_finds_the_same_data_again_is_taken(task: Callable[[], Task]) -> None:
    check_own_name(task())


@pytest.mark.parametrize(
    "task",
    [
        lambda: own("digits", code=""),
        lambda: own("digits", x=load_task("digits").x + 1),
        lambda: own("digits", learning_rate=0.5),
        lambda: own("copy"),
        lambda: own("imdb", code=""),
    ],
    ids=["no code", "other data", "another rate", "of another task", "of a download"],
)
def test_a_name_that_would_find_other_data_is_refused(task: Callable[[], Task]) -> None:
    with pytest.raises(DropvizError, match="must have a name of its own"):
        check_own_name(task())


def test_an_unknown_task_names_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match=r"no task 'dgits'.*Did you mean 'digits'\?"):
        load_task("dgits")


# ---------------------------------------------------------------- downloads


class Downloads:
    """What ``keras.datasets`` would have loaded, small."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[dict[str, Any]] = []
        fake = ModuleType("keras")
        fake.datasets = SimpleNamespace(  # type: ignore[attr-defined]
            imdb=SimpleNamespace(load_data=self.imdb), mnist=SimpleNamespace(load_data=self.mnist)
        )
        fake.utils = SimpleNamespace(pad_sequences=self.padded)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "keras", fake)

    def imdb(self, **given: Any) -> Any:
        self.asked.append(given)
        half = ([[1, 14, 22], [1, 7]], np.array([1, 0]))
        return half, half

    def padded(self, reviews: list[list[int]], maxlen: int) -> Any:
        return np.array([[0] * (maxlen - len(each)) + each for each in reviews], "int32")

    def mnist(self) -> Any:
        images = np.arange(3 * 28 * 28).reshape(3, 28, 28).astype("uint8")
        half = (images, np.array([5, 0, 4], "uint8"))
        return half, half


def test_imdb_is_the_end_of_each_review_in_common_words(monkeypatch: pytest.MonkeyPatch) -> None:
    downloads = Downloads(monkeypatch)

    task = load_task("imdb")

    assert downloads.asked == [{"num_words": 20_000}]
    assert (task.steps, task.features) == (TASKS["imdb"].steps, TASKS["imdb"].features)
    assert (task.classes, task.goal, list(task.x[1, -3:])) == (2, "classes", [0, 1, 7])


def test_mnist_is_read_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    Downloads(monkeypatch)

    task = load_task("mnist")

    assert (task.steps, task.features) == (TASKS["mnist"].steps, TASKS["mnist"].features)
    assert task.x.dtype == np.float32
    np.testing.assert_array_equal(task.x[0, 0], (np.arange(28) / 255).astype("float32"))
    assert (task.x.min(), task.x.max(), task.classes) == (0, 1, 6)


@pytest.mark.parametrize("name", ["imdb", "mnist"])
@pytest.mark.parametrize(
    "error",
    [
        # What Keras 3.15 raises without a network.
        Exception("URL fetch failure on https://example.org/x.npz: None -- [Errno -2] unknown"),
        ValueError("Incomplete or corrupted file detected."),
        OSError("no space left"),
        ImportError("no keras"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_download_that_fails_is_one_sentence(
    name: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    downloads = Downloads(monkeypatch)
    monkeypatch.setattr(downloads, name, fail)
    sys.modules["keras"].datasets.__dict__[name].load_data = fail

    with pytest.raises(DropvizError) as caught:
        load_task(name)

    said = str(caught.value)
    assert said.startswith(f"The data of task '{name}' cannot be had here ({type(error).__name__}:")
    assert said.endswith(f"These need no network: {', '.join(OFFLINE)}.")
    assert "\n" not in said


def test_an_interrupt_of_a_download_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    Downloads(monkeypatch)
    sys.modules["keras"].datasets.mnist.load_data = interrupt

    with pytest.raises(KeyboardInterrupt):
        load_task("mnist")


def test_a_python_without_its_help_texts_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)

    with pytest.raises(DropvizError, match=r"task 'language' cannot be had here \(ModuleNotF"):
        load_task("language")


@pytest.mark.full
@pytest.mark.parametrize("name", ["imdb", "mnist"])
def test_keras_s_own_download_without_a_network_is_one_sentence(name: str, tmp_path: Path) -> None:
    code = (
        "import socket\n"
        "def no(*_, **__): raise socket.gaierror(-2, 'Name or service not known')\n"
        "socket.getaddrinfo = no\n"
        "from dropviz.core.tasks import load_task\n"
        f"load_task({name!r})"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"KERAS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"dropviz.errors.DropvizError: The data of task '{name}' cannot be had")


def test_data_that_were_loaded_and_are_wrong_say_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Downloads(monkeypatch)
    none = (np.zeros((0, 28, 28)), np.zeros(0, int))
    sys.modules["keras"].datasets.mnist.load_data = lambda: (none, none)

    with pytest.raises(DropvizError, match=r"^x of task 'mnist' must not be empty"):
        load_task("mnist")


# ---------------------------------------------------------------- what texts import


@pytest.mark.parametrize("name", [name for name in vars(task_data) if name.isupper()])
def test_a_text_that_makes_data_imports_these_and_no_others(name: str) -> None:
    tree = ast.parse(getattr(task_data, name))
    found = {
        each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names
    }
    found |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {each.partition(".")[0] for each in found} <= {"numpy", "sklearn", "pydoc_data", "keras"}
    assert ("keras" in found) == (name in ("IMDB", "MNIST"))
