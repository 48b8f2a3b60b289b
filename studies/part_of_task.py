"""A part of a task: fewer sequences, so that a net can learn them by heart, or be quick."""

from __future__ import annotations

from dataclasses import replace

from dropviz.core.task import Task


def part_of(task: Task, train: int, test: int) -> Task:
    """Cuts a task down.

    Args:
        task: The whole task.
        train: How many of its training sequences are kept, from the first.
        test: How many of its validation sequences.

    Returns:
        The part, which has no code of its own.
    """
    return replace(
        task,
        x=task.x[:train],
        y=task.y[:train],
        x_val=task.x_val[:test],
        y_val=task.y_val[:test],
        code="",
    )
