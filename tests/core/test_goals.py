from __future__ import annotations

import math

import numpy as np
import pytest

from dropviz.core.goals import GOALS, score_constant

CLASSES = np.array([0, 0, 1, 2])


def test_a_guess_at_classes_costs_the_cross_entropy_of_their_shares() -> None:
    found = score_constant(GOALS["classes"], CLASSES, CLASSES)

    # The entropy of shares of 1/2, 1/4 and 1/4.
    assert found == pytest.approx({"loss": 1.5 * math.log(2), "accuracy": 0.5})


def test_a_guess_at_steps_is_the_same_at_each() -> None:
    y = CLASSES.reshape(2, 2)

    assert score_constant(GOALS["classes-per-step"], y, y) == score_constant(
        GOALS["classes"], CLASSES, CLASSES
    )


def test_a_class_that_training_has_not_costs_what_keras_lets_it_cost() -> None:
    found = score_constant(GOALS["classes"], np.array([0, 0]), np.array([0, 3]))

    assert found == pytest.approx({"loss": -math.log(1e-7) / 2, "accuracy": 0.5})


def test_a_guess_at_numbers_is_their_mean() -> None:
    found = score_constant(GOALS["numbers"], np.array([1.0, 3.0]), np.array([2.0, 5.0]))

    assert found == pytest.approx({"loss": 4.5, "mae": 1.5})


def test_a_guess_at_rows_of_numbers_is_a_mean_for_each() -> None:
    y = np.array([[1.0, 10.0], [3.0, 30.0]], "float32")

    assert score_constant(GOALS["numbers"], y, y) == pytest.approx({"loss": 50.5, "mae": 5.5})


@pytest.mark.parametrize("kind", ["uint8", "int32", "uint64"])
def test_classes_of_any_integers_are_counted(kind: str) -> None:
    y = CLASSES.astype(kind)

    assert score_constant(GOALS["classes"], y, y)["accuracy"] == 0.5


@pytest.mark.parametrize("other", [10**12, 3 * 10**8, 2**31 - 1])
def test_a_class_with_a_huge_number_costs_no_memory(other: int) -> None:
    y = np.array([0, 0, 1, other])

    assert score_constant(GOALS["classes"], y, y) == pytest.approx(
        {"loss": 1.5 * math.log(2), "accuracy": 0.5}
    )
