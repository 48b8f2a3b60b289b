from __future__ import annotations

import numpy as np
import pytest

from dropviz.core.share_interval import share_interval


@pytest.mark.parametrize(
    ("count", "draws", "sigmas"),
    [(0, 10, 3.89), (10, 10, 1.96), (1, 400, 3.89), (1, 1, 1.0), (160, 400, 1.96)],
)
def test_its_ends_solve_wilson_s_equation(count: int, draws: int, sigmas: float) -> None:
    share = count / draws
    for end in share_interval(count, draws, sigmas):
        deviation = np.sqrt(end * (1 - end) / draws)
        # Of numbers between 0 and 1 in double precision.
        np.testing.assert_allclose(abs(share - end), sigmas * deviation, atol=1e-12)


def test_it_is_that_of_the_literature() -> None:
    assert share_interval(14, 20, 1.959964) == pytest.approx((0.4810, 0.8545), abs=1e-4)


def test_without_a_draw_a_share_can_be_anything() -> None:
    assert share_interval(0, 0, 1.96) == (0.0, 1.0)


@pytest.mark.parametrize("sigmas", [1.0, 1.959964, 3.89])
def test_none_and_all_reach_their_ends_to_the_last_digit(sigmas: float) -> None:
    for draws in range(1, 3000):
        assert share_interval(0, draws, sigmas)[0] == 0
        assert share_interval(draws, draws, sigmas)[1] == 1
