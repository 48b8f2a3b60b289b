from __future__ import annotations

import itertools

import pytest

from dropviz.core.luck import alike_by_luck, are_one


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.25, 0.5, 0.9, 1.0])
def test_two_draws_agree_where_both_drop_or_both_keep(rate: float) -> None:
    odds = {True: rate, False: 1 - rate}
    agree = sum(odds[a] * odds[b] for a, b in itertools.product(odds, odds) if a == b)

    assert alike_by_luck(rate) == pytest.approx(agree)


@pytest.mark.parametrize(
    ("equal", "alike", "found"),
    # A million to one: twenty draws of which each agrees every other time.
    [(0, 0.5, None), (19, 0.5, None), (20, 0.5, True), (10**6, 1.0, None)],
)
def test_equal_entries_are_of_one_draw_where_luck_is_ruled_out(
    equal: int, alike: float, *, found: bool | None
) -> None:
    assert are_one(equal, alike) is found
