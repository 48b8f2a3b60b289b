from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dropviz.core import read_dataset as module
from dropviz.core.read_dataset import read_dataset
from dropviz.errors import DropvizError

X = np.arange(24, dtype="float32").reshape(4, 3, 2)
Y = np.array([0, 1, 2, 1])


class Counted:
    """A data set that says how many elements it has, as tf.data does."""

    def __init__(self, elements: Any, count: Any) -> None:
        self.elements, self.count = elements, count

    def cardinality(self) -> Any:
        return self.count

    def __iter__(self) -> Iterator[Any]:
        return iter(self.elements)


class Slices:
    """A data set that is asked for its batches by number, and slices for ever as arrays do."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, number: int) -> Any:
        return X[3 * number : 3 * number + 3], Y[3 * number : 3 * number + 3]


def samples() -> list[tuple[Any, Any]]:
    return list(zip(X, Y, strict=True))


@pytest.mark.parametrize(
    "dataset",
    [
        samples(),
        iter(samples()),
        [[X[:3], Y[:3]], [X[3:], Y[3:]]],
        [(X[:1].tolist(), [0]), (X[1:].tolist(), Y[1:].tolist())],
        Counted(samples(), 4),
        Counted(samples(), -2),
        Counted(samples(), "many"),
        Slices(),
        [(X[:0], Y[:0]), (X, Y)],
    ],
    ids=[
        *("samples", "once", "batches", "lists", "counted", "uncounted", "odd count", "slices"),
        "an empty batch",
    ],
)
def test_a_data_set_is_read_whole_and_in_its_order(dataset: Any) -> None:
    x, y = read_dataset("train", dataset, 2)

    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)


def failing() -> Iterator[Any]:
    yield X[0], Y[0]
    raise RuntimeError("a broken\nfile")


class SpeechlessError(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


def failing_without_words() -> Iterator[Any]:
    yield from ()
    raise SpeechlessError


@pytest.mark.parametrize(
    ("dataset", "said"),
    [
        ([], "must not be empty"),
        (Counted(samples(), -1), r"must have an end.*Try \.take\(1000\)"),
        (None, "must be a data set of pairs .* Received: None"),
        (7, "must be a data set of pairs .* Received: 7"),
        (X, r"must give pairs \(x, y\)"),
        ([(X[0], 0, 1.0)], r"must give pairs \(x, y\)"),
        ([{"x": X[0], "y": 0}], r"must give pairs \(x, y\)"),
        ([(X[0, 0], 0)], r"inputs of 2 axes, or batches.*shapes \(2,\) and \(\)"),
        ([(X[None], Y)], r"inputs of 2 axes, or batches.*shapes \(1, 4, 3, 2\)"),
        ([(X, Y[:3])], r"with their answers.*shapes \(4, 3, 2\) and \(3,\)"),
        ([(X, 0)], r"with their answers.*shapes \(4, 3, 2\) and \(\)"),
        ([(X[0], 0), (X[0, :2], 1)], r"samples of one shape.*\(3, 2\) and \(2, 2\)"),
        ([(X[0], 0), (X[0], [1, 2])], r"samples of one shape.*\(\) and \(2,\)"),
        ([([[1, 2], [3]], 0)], "must give arrays"),
        ([(np.array([[{}]]), 0)], "must give arrays of numbers"),
        (failing(), "ended after 1 element with RuntimeError: a broken$"),
        (failing_without_words(), "ended after 0 elements with SpeechlessError$"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(dataset: Any, said: str) -> None:
    with pytest.raises(DropvizError, match=f"^train of 'own' .*{said}") as caught:
        read_dataset("train of 'own'", dataset, 2)

    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("limit", ["MOST_SAMPLES", "MOST_BYTES"])
def test_a_data_set_that_does_not_end_is_left_when_it_is_too_large(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, limit, 1000)
    taken: list[int] = []
    endless = ((X[0], taken.append(each) or 0) for each in itertools.count())  # type: ignore[func-returns-value]

    with pytest.raises(DropvizError, match=r"must be at most .* samples and .*read into memory"):
        read_dataset("train", endless, 2)

    assert len(taken) <= 1001


def test_a_data_set_as_large_as_may_be_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SAMPLES", 4)
    monkeypatch.setattr(module, "MOST_BYTES", X.nbytes + Y.nbytes)

    assert len(read_dataset("train", samples(), 2)[0]) == 4


def test_an_interrupt_goes_through() -> None:
    def interrupted() -> Iterator[Any]:
        yield X[0], 0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_dataset("train", interrupted(), 2)


# ---------------------------------------------------------------- TensorFlow's own


@pytest.fixture(scope="module")
def sliced() -> Any:
    return pytest.importorskip("tensorflow").data.Dataset.from_tensor_slices((X, Y))


@pytest.mark.full
@pytest.mark.parametrize(
    "changed",
    [
        lambda data: data,
        lambda data: data.batch(3),
        lambda data: data.batch(3).prefetch(1).cache(),
        lambda data: data.filter(lambda *_: True),  # which no longer knows its size
        lambda data: data.repeat().take(4),
    ],
    ids=["samples", "batches", "prefetched", "filtered", "taken"],
)
def test_a_data_set_of_tensorflow_is_read(changed: Any, sliced: Any) -> None:
    x, y = read_dataset("train", changed(sliced), 2)

    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)
    assert (x.dtype, y.dtype) == (X.dtype, Y.dtype)


@pytest.mark.full
def test_what_tensorflow_does_not_end_is_refused(
    sliced: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_SAMPLES", 1000)
    unknown = sliced.repeat().filter(lambda *_: True)

    with pytest.raises(DropvizError, match="must have an end"):
        read_dataset("train", sliced.repeat(), 2)
    with pytest.raises(DropvizError, match="without an end"):
        read_dataset("train", unknown, 2)


@pytest.mark.full
def test_an_error_inside_of_tensorflow_is_a_sentence(sliced: Any) -> None:
    tensorflow = pytest.importorskip("tensorflow")
    broken = sliced.map(lambda x, y: (tensorflow.debugging.check_numerics(x / 0, "zero"), y))

    with pytest.raises(DropvizError, match="ended after 0 elements with InvalidArgument") as caught:
        read_dataset("train", broken, 2)

    assert len(str(caught.value)) < 400
