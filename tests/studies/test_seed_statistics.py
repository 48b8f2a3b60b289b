from __future__ import annotations

import math

import numpy as np
import pytest

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


def test_the_seeds_that_are_needed_see_the_difference_four_times_of_five() -> None:
    rng = np.random.default_rng(3)
    needed = seeds_needed(deviation=0.05, difference=0.02)

    assert needed == 50  # (2.8016 * 2.5)**2 = 49.06
    seen = [paired(rng.normal(0.02, 0.05, needed), np.zeros(needed)).low > 0 for _ in range(1000)]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.05)


def test_two_seeds_are_needed_at_the_least() -> None:
    assert seeds_needed(1e-9, 0.5) == 2
