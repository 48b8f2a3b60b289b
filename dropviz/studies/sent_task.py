"""A task as a study sends it: by its name, or somebody's own arrays by their digest."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from dropviz.core.task import Task
from dropviz.core.tasks import TASKS, check_own_name, load_task
from dropviz.errors import DropvizError, received
from dropviz.keras_inside.start_keras import ready
from dropviz.studies.study_file import data_digest

OWN = "own"
# What a task is called changes no training of it.
_NAMES = ("name", "title", "code")


def task_digest(task: Task) -> str:
    """A digest of a task's data, and of all else that its trainings depend on."""
    told = [each.name for each in fields(task) if each.name not in _NAMES]
    return data_digest({name: np.asarray(getattr(task, name)) for name in told})


def chosen_task(task: str | Task) -> tuple[str, Task, Any]:
    """What a study asks its workers for.

    Args:
        task: A name in ``dropviz.core.tasks.TASKS``, or a task of one's own.

    Returns:
        The name that travels, the task, and what is sent to a worker that asks for data: the
        task itself where it is somebody's own, else None.

    Raises:
        DropvizError: If there is no such task, its data cannot be had, or somebody's own has the
            name of one that comes with dropviz.
    """
    name = task_name(task)
    if isinstance(task, Task):
        check_own_name(task)
        return name, task, task
    if name in TASKS and not TASKS[name].offline:
        ready()  # Keras has the data
    return name, load_task(name), None


def shown_name(task: str | Task) -> str:
    """What a task is called where people read it: somebody's own by its own name."""
    return task.name if isinstance(task, Task) else task


def task_name(task: object) -> str:
    """What a task is called on its way to a worker; raises DropvizError if it is none."""
    if isinstance(task, Task):
        return OWN
    if not isinstance(task, str):
        raise DropvizError(
            f"task must be the name of a task ({', '.join(TASKS)}) or a dropviz.Task. "
            f"Received: {received(task)}."
        )
    return task
