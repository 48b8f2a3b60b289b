from __future__ import annotations

import math

import numpy as np
import pytest

from dropviz.core.estimate import MOST_SEEDS
from dropviz.studies.seed_statistics import bootstrapped, paired, seeds_needed


def test_the_interval_of_a_paired_difference_is_student_s() -> None:
    found = paired([2.0, 4.0, 9.0], [1.0, 2.0, 3.0])

    # Differences 1, 2, 6: mean 3, deviation 2.6458; t(2) = 4.3027.
    assert (found.mean, found.count) == (3.0, 3)
    assert found.deviation == pytest.approx(math.sqrt(7))
    assert found.high - found.mean == pytest.approx(4.302653 * math.sqrt(7 / 3), rel=1e-6)
    assert found.low == pytest.approx(2 * found.mean - found.high)
    assert not found.differs


def test_pairs_of_which_one_failed_are_left_out() -> None:
    found = paired([1.0, math.nan, 3.0, 5.0], [0.0, 1.0, math.nan, 2.0])

    assert (found.mean, found.count) == (2.0, 2)


@pytest.mark.parametrize("apart", [0.0, 0.05])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_spread_that_cannot_be_measured_gives_no_interval(apart: float, count: int) -> None:
    # Accuracies of 360 samples, as float32 has them: k / 360 less (k - 18) / 360, rounded.
    others = [float(np.float32(k / 360)) for k in (291, 310, 277, 302, 333)[:count]]
    scores = [float(np.float32(round((each + apart) * 360) / 360)) for each in others]

    found = paired(scores, others)

    # Each score is within half of float32's epsilon of what it stands for.
    assert found.mean == pytest.approx(apart, abs=1.2e-7)
    assert (found.deviation, found.count) == (0.0, count)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert not found.differs
    assert str(found).endswith(f"(the same with {count} seeds)")


def test_one_step_of_one_pair_is_a_spread() -> None:
    found = paired([0.85, 0.80, 0.75 + 1 / 360], [0.80, 0.75, 0.70])

    assert found.deviation == pytest.approx(3**-0.5 / 360)
    assert found.differs


def test_a_score_that_is_infinite_is_left_out_of_both() -> None:
    found = paired([math.inf, 2.0, 3.5], [math.inf, 1.0, 2.0])

    assert (found.mean, found.count) == (1.25, 2)


@pytest.mark.parametrize(
    ("scores", "count"), [([], 0), ([math.nan], 0), ([0.5], 1), ([0.5, math.inf], 1)]
)
def test_fewer_than_two_have_no_interval(scores: list[float], count: int) -> None:
    found = bootstrapped(scores)

    assert found.count == count
    assert math.isnan(found.low)
    assert not found.differs


def test_a_bootstrap_interval_covers_the_mean_and_is_the_same_each_time() -> None:
    scores = np.random.default_rng(1).normal(0.8, 0.05, 12).tolist()

    found = bootstrapped(scores)

    assert found.low < found.mean < found.high
    # Of so many the percentile interval is near the normal one.
    half = 1.96 * np.std(scores) / math.sqrt(12)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.1)
    assert bootstrapped(scores) == found


def test_student_s_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    draws = rng.normal(0.0, 1.0, (2000, 2, 5))

    covered = np.mean([not paired(a, b).differs for a, b in draws])

    # 2,000 studies: four standard errors of a share of .95 are .02.
    assert covered == pytest.approx(0.95, abs=0.02)


def seen(count: int, deviation: float, difference: float) -> float:
    """The share of 1,000 studies whose verdict is the difference."""
    draws = np.random.default_rng(3).normal(difference, deviation, (1000, count))
    return float(np.mean([paired(draw, np.zeros(count)).low > 0 for draw in draws]))


@pytest.mark.parametrize("deviation", [0.002, 0.006, 0.025])
def test_the_seeds_that_are_needed_see_the_difference_four_times_of_five(deviation: float) -> None:
    needed = seeds_needed(deviation, difference=0.01)

    # Of 1,000 studies: four standard errors of a share of .8 are .05.
    assert seen(needed, deviation, 0.01) > 0.8 - 0.05
    assert seen(needed - 1, deviation, 0.01) < 0.8 + 0.05


def test_a_few_more_seeds_are_needed_than_the_normal_distribution_says() -> None:
    needed = seeds_needed(deviation=0.05, difference=0.02)

    assert needed == 52  # (2.8016 * 2.5)**2 = 49.06, and half of 1.96 squared
    assert seen(needed, 0.05, 0.02) == pytest.approx(0.8, abs=0.05)


def test_of_many_seeds_the_normal_distribution_tells_how_many() -> None:
    # (2.8016 * 30)**2 = 7,064; Student's t takes half of 1.96 squared more of them.
    assert seeds_needed(deviation=0.3, difference=0.01) == 7066


@pytest.mark.parametrize("deviation", [1e9, 1e200, math.inf])
def test_what_takes_more_seeds_than_a_study_may_have_is_not_counted(deviation: float) -> None:
    assert seeds_needed(deviation, 0.01) == MOST_SEEDS + 1


def test_two_seeds_are_needed_at_the_least() -> None:
    assert seeds_needed(1e-9, 0.5) == 2
