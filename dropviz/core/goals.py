"""What a task can ask for, and how a model of it ends, is trained and is scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Figures = dict[str, float]

# Keras takes no probability for smaller (its epsilon), so that no guess costs infinitely much.
_LEAST = 1e-7


@dataclass(frozen=True)
class Goal:
    """A row of the table of goals.

    Attributes:
        asks: What is asked for, in words.
        loss: Keras's name of the loss.
        metric: Keras's name of the metric; its curve is called so too.
        activation: Keras's name of the last layer's activation.
        classes: Whether answers are classes; otherwise they are numbers.
        each_step: Whether each of the last steps has an answer, or the sequence has one.
    """

    asks: str
    loss: str
    metric: str
    activation: str
    classes: bool = True
    each_step: bool = False


_LOG = ("sparse_categorical_crossentropy", "accuracy", "softmax")

GOALS: Mapping[str, Goal] = {
    "classes": Goal("a class", *_LOG),
    "classes-per-step": Goal("a class at each step", *_LOG, each_step=True),
    "numbers": Goal("a number", "mse", "mae", "linear", classes=False),
}


def score_constant(goal: Goal, y: NDArray[np.generic], y_val: NDArray[np.generic]) -> Figures:
    """Scores the best guess that is the same whatever the inputs and the step.

    Args:
        goal: What is asked for.
        y: The answers that the guess is made of: how frequent each class is, or the mean.
        y_val: The answers that it is scored on.

    Returns:
        "loss" and the goal's metric, as Keras would report them of such a model.
    """
    if goal.classes:
        return _score_classes(y.astype(np.int64), y_val.astype(np.int64), goal.metric)
    error = y_val.astype(np.float64) - y.astype(np.float64).mean(axis=0)
    return {"loss": float(np.mean(error**2)), goal.metric: float(np.mean(np.abs(error)))}


def _score_classes(y: NDArray[np.int64], y_val: NDArray[np.int64], metric: str) -> Figures:
    # By the classes that there are: one may have a number of ten digits.
    found, counts = np.unique(y, return_counts=True)
    at = np.minimum(np.searchsorted(found, y_val), len(found) - 1)
    shares = np.where(found[at] == y_val, counts[at] / y.size, 0.0)
    loss = -np.log(np.maximum(shares, _LEAST)).mean()
    return {"loss": float(loss), metric: float(np.mean(y_val == found[counts.argmax()]))}
