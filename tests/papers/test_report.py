"""The words of the studies claim no more than an interval holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dropviz.core.estimate import Estimate
from dropviz.core.text_table import Table
from studies.readme import markdown
from studies.report import difference, failures, proof
from studies.study_results import Results, column, estimate
from studies.temporal_order_report import fullest, sentences


def made(rows: list[dict[str, object]]) -> Results:
    return Results("a", "python -m studies papers a", {}, {"keras": "3"}, "x86_64", rows)


@pytest.mark.parametrize(
    ("low", "high", "more_is_better", "said"),
    [
        (0.01, 0.05, True, "A is better than B by 0.030 (0.010 to 0.050)."),
        (0.01, 0.05, False, "A is worse than B by 0.030 (0.010 to 0.050)."),
        (-0.05, -0.01, True, "A is worse than B by 0.030 (0.010 to 0.050)."),
        (-0.05, -0.01, False, "A is better than B by 0.030 (0.010 to 0.050)."),
        (
            -0.01,
            0.07,
            True,
            "A and B: no difference beyond the noise of these 5 seeds (-0.010 to 0.070).",
        ),
        (
            0.0,
            0.06,
            True,
            "A and B: no difference beyond the noise of these 5 seeds (0.000 to 0.060).",
        ),
    ],
)
def test_a_difference_is_one_only_where_its_interval_says_so(
    low: float, high: float, said: str, *, more_is_better: bool
) -> None:
    found = Estimate((low + high) / 2, low, high, 0.02, 5)

    assert difference("A", found, "B", more_is_better=more_is_better) == said


@pytest.mark.parametrize(
    ("mean", "said"),
    [
        (0.0, "A and B: the same score in each of these 5 seeds."),
        (
            0.125,
            (
                "A and B: the difference was the same, 0.125, in each of these 5 seeds, so that "
                "their noise cannot be told."
            ),
        ),
    ],
)
def test_of_differences_that_do_not_scatter_no_noise_is_told(mean: float, said: str) -> None:
    found = Estimate(mean, float("nan"), float("nan"), 0.0, 5)

    assert difference("A", found, "B") == said


def test_of_one_seed_nothing_is_said() -> None:
    found = Estimate(0.5, float("nan"), float("nan"), float("nan"), 1)

    assert difference("A", found, "B") == "A and B: 1 seed with both; nothing can be said."


def test_the_largest_distance_from_plain_keras_is_told() -> None:
    near: dict[str, object] = {"apart_from_plain": {"weights": 0.0, "curves": 0.0}}
    far: dict[str, object] = {"apart_from_plain": {"weights": 1e-7, "curves": 0.0}}
    none: dict[str, object] = {"apart_from_plain": None}

    assert proof(made([none, near])).endswith(
        "1 net, chosen at random, trained again in plain "
        "Keras with jit_compile=True: equal to the bit."
    )
    assert "2 nets" in proof(made([far, near]))
    assert proof(made([far, near])).endswith("weights differ by up to 1.00e-07.")
    assert proof(made([none])) == "No net was trained again in plain Keras."


def test_a_training_that_failed_has_no_score_and_is_named() -> None:
    rows: list[dict[str, object]] = [
        {"score": 0.5, "status": "done", "cell": "a", "reason": ""},
        {"score": None, "status": "failed", "cell": "b", "reason": "the loss was not finite"},
        {"score": 0.7, "status": "done", "cell": "c", "reason": ""},
    ]

    assert failures(made(rows)) == [
        "Failed, and so without a score: 1 training, first b: the loss was not finite."
    ]
    assert failures(made(rows[:1])) == []
    assert estimate(rows, "score").mean == pytest.approx(0.6)
    assert estimate(rows, "score").count == 2
    assert str(column(rows, "score")[1]) == "nan"


def test_a_length_that_is_not_learned_without_dropout_either_is_told_so() -> None:
    learned = {"none": 0.25, "moon": 0.26, "zoneout": 0.99}
    rows: list[dict[str, object]] = [
        {"length": 60, "setting": name, "test": score, "test_masks_on": score - 0.01 - seed / 1000}
        for name, score in learned.items()
        for seed in (1, 2, 3)
    ]
    results = made(rows)
    chosen = {"epochs": 8, "lengths": [{"steps": 60, "settings": [*learned]}]}

    first, slow = sentences(replace(results, chosen=chosen), 60)

    assert first.startswith("60 steps: zoneout with masks off is better than itself")
    assert "did not reach 0.9 within 8 epochs" in slow
    assert all(f"{name} 0.2" in slow for name in ("none", "moon"))
    assert "zoneout" not in slow


def test_two_methods_are_compared_at_the_length_that_has_most_of_them() -> None:
    lengths = [{"steps": 30, "settings": ["none", "moon"]}, {"steps": 60, "settings": ["none"]}]

    assert fullest(replace(made([]), chosen={"lengths": lengths})) == 30


def test_a_table_as_markdown_has_a_line_for_each_row() -> None:
    assert markdown(Table(("a", "b"), [("1", "2")])) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"
