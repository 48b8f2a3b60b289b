from __future__ import annotations

import numpy as np
import pytest

from dropviz.core.spec import RunSpec
from dropviz.studies import open_batch as module
from dropviz.studies.session import Session
from dropviz.studies.steering import Steering

from .conftest import tiny


def test_with_weights_that_are_not_finite_nothing_is_opened() -> None:
    spec = RunSpec(task="tiny", dropout=0.3, recurrent_dropout=0.4, units=3, epochs=1, seed=3)
    with Session(spec, tiny()) as session:
        ended = []
        for value in (0.0, np.nan):
            session.task.x[:] += value
            run = session.train(spec, Steering(spec), lambda _: None)
            ended.append((run.status, session.open_batch(run.recording["lstm"], 0) is None))

    assert ended == [("done", False), ("failed", True)]


def test_of_epochs_with_orders_of_their_own_the_last_two_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = iter([[3, 1, 0, 2], [0, 3, 2, 1], [2, 0, 1, 3]])
    monkeypatch.setattr(module, "has_one_order", lambda: False)
    monkeypatch.setattr(module, "take_order", lambda indices: indices[next(given)])
    orders = module.EpochOrders(7, 4)
    for epoch in range(3):
        orders.on_epoch_begin(epoch)

    # An epoch is one batch.
    assert [[orders.sample(epoch, place) for place in range(4)] for epoch in (1, 2)] == [
        [0, 3, 2, 1],
        [2, 0, 1, 3],
    ]
    assert len(orders._orders) == 2
