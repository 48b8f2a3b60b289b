"""The data as a person sees them: the sequence that is read, and what was made of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from dropviz.core.opened_batch import OpenedBatch
from dropviz.core.sentences import figure
from dropviz.core.tasks import TASKS

# Every step is sent: 80 tokens are 1 kB, 200 steps of 32 features 42, a seventh of what Inside
# sends of their gates and states.
_FEATURES = 32  # shown at the most


def sequence_of(opened: OpenedBatch | None, task: str) -> dict[str, Any] | None:
    """A sequence, for the front end; None where none is open.

    Args:
        opened: The sequence.
        task: What it comes from.

    Returns:
        "values" by step and feature, with their "low" and "high"; "says", where it comes from;
        "asked" and "answer", in words.
    """
    if opened is None:
        return None
    every = np.atleast_2d(opened.data.T).T
    data = every[:, :_FEATURES]
    whole = bool(np.all(data == np.round(data)))
    batch, sample = opened.batch + 1, opened.sample + 1
    return {
        "values": [[round(float(value), 3) for value in row] for row in data],
        "low": float(data.min()),
        "high": float(data.max()),
        "whole": whole,
        "says": (
            f"Sample {sample} of batch {batch:,}: training sequence {opened.index + 1:,} of "
            f"{task}. {_asks(task)}{_cut(every.shape[1])}"
        ),
        "result": _result(opened.target.ravel(), opened.answer),
    }


def _asks(task: str) -> str:
    return f"{TASKS[task].title[0].upper()}{TASKS[task].title[1:]}." if task in TASKS else ""


def _cut(features: int) -> str:
    return f" Its first {_FEATURES} features of {features:,}." if features > _FEATURES else ""


def _result(target: Any, answer: Any) -> str:
    """What was asked for and what the model answered, in words."""
    if np.issubdtype(target.dtype, np.integer) and target.size == 1:
        best = int(np.argmax(answer)) if answer.size > 1 else int(answer[0] > 0.5)  # noqa: PLR2004
        sure = float(answer[best]) if answer.size > 1 else float(max(answer[0], 1 - answer[0]))
        right = "right" if best == int(target[0]) else "wrong"
        return f"Asked: {int(target[0])}. Answered with these masks: {best} ({sure:.0%}), {right}."
    if np.issubdtype(target.dtype, np.integer):
        best = answer.reshape(target.size, -1).argmax(axis=1)
        hits = int(np.sum(best == target))
        return f"Answered with these masks: {hits} of {target.size} steps right."
    pairs = zip(target[:3].tolist(), answer[:3].tolist(), strict=False)
    told = "; ".join(f"asked {figure(one)}, answered {figure(other)}" for one, other in pairs)
    return f"With these masks: {told}."
