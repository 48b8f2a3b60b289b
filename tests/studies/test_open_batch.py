from __future__ import annotations

import numpy as np

from dropviz.core.spec import RunSpec
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
