from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dropviz.core.tasks import TASKS, TaskEntry
from dropviz.studies import sent_task
from dropviz.studies.sent_task import chosen_task, task_digest

from .conftest import tiny

TASK = tiny()


@pytest.mark.parametrize(
    "changed",
    [
        {"x": TASK.x + 1},
        {"y_val": 1 - TASK.y_val},
        {"learning_rate": 0.5},
        {"goal": "numbers"},
        {"characters": True},
        {"x": TASK.x.astype("float64")},
    ],
    ids=["x", "y", "rate", "goal", "characters", "type"],
)
def test_whatever_changes_a_training_changes_the_digest(changed: dict[str, Any]) -> None:
    assert task_digest(replace(TASK, **changed)) != task_digest(TASK)


@pytest.mark.parametrize("changed", [{"name": "other"}, {"title": "digits"}, {"code": "x = 1"}])
def test_what_a_task_is_called_does_not(changed: dict[str, Any]) -> None:
    again = replace(TASK, x=np.array(TASK.x), **changed)

    assert task_digest(again) == task_digest(TASK)


@pytest.mark.parametrize(("offline", "readied"), [(True, []), (False, ["Keras"])])
def test_keras_is_made_ready_for_data_that_come_with_it(
    monkeypatch: pytest.MonkeyPatch, *, offline: bool, readied: list[str]
) -> None:
    told: list[str] = []
    monkeypatch.setattr(sent_task, "ready", lambda: told.append("Keras"))
    entry = TaskEntry(lambda: TASK, 4, 8, 8, "", offline=offline)
    monkeypatch.setitem(TASKS, "theirs", entry)

    assert chosen_task("theirs") == ("theirs", TASK, None)
    assert told == readied
