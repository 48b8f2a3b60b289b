"""No data set that a panel goes through is tuned by a thread: whoever lets go of one waits for it.

Measured on TensorFlow 2.21: of twelve iterators that had lived for two seconds one to three took
.7 s to be let go of. Other threads of Python went on meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tensorflow.python.data.ops.iterator_ops import OwnedIterator

from dropviz.core.spec import RunSpec
from dropviz.studies.open_batch import order_of
from dropviz.studies.session import Session
from dropviz.studies.steering import Steering
from dropviz.studies.train import train

from .conftest import tiny

SPEC = RunSpec(task="tiny", dropout=0.3, recurrent_dropout=0.4, units=4, epochs=2, seed=41)
WORK: dict[str, Callable[[Session], object]] = {
    "a training": lambda session: session.train(SPEC, Steering(SPEC)),
    "another seed": lambda session: session.train(other := replace(SPEC, seed=42), Steering(other)),
    "a measurement of cost": lambda session: session.cost(SPEC),
    "an order": lambda _: order_of(43, 5),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WORK)
def test_no_data_set_is_tuned(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tuned: list[bool | None] = []
    create = OwnedIterator._create_iterator

    def noting(self: OwnedIterator, dataset: object) -> None:
        tuned.append(dataset.options().autotune.enabled)  # type: ignore[attr-defined]
        create(self, dataset)

    monkeypatch.setattr(OwnedIterator, "_create_iterator", noting)
    with Session(SPEC, tiny()) as session:
        WORK[name](session)

    assert tuned
    assert set(tuned) == {False}


@pytest.mark.slow
@pytest.mark.parametrize("part", ["x", "y", "x_val"])
def test_each_training_takes_the_data_as_they_are_then(part: str) -> None:
    task = tiny()
    with Session(SPEC, task) as session:
        first = session.train(SPEC, Steering(SPEC)).curves
        values = getattr(task, part)
        values[:] = values[::-1].copy()
        again = session.train(SPEC, Steering(SPEC)).curves

    plain = train(SPEC, task).curves
    for name in ("loss", "val_loss"):
        assert again[name] == plain[name]
    assert [first["loss"], first["val_loss"]] != [again["loss"], again["val_loss"]]
