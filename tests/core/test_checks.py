from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dropviz.core.checks import check_rate, check_whole
from dropviz.errors import DropvizError


@pytest.mark.parametrize(
    ("given", "rate"),
    [
        (0, 0.0),
        (-0.0, 0.0),
        (0.999, 0.999),
        ("0.2", 0.2),
        (" .2 ", 0.2),
        ("1e-3", 0.001),
        (np.float64(0.25), 0.25),
        (np.array(0.25), 0.25),
        (Fraction(1, 4), 0.25),
        (Decimal("0.5"), 0.5),
    ],
)
def test_whatever_is_a_number_from_0_to_below_1_is_a_rate(given: Any, rate: float) -> None:
    kept = check_rate("dropout", given)

    assert kept == rate
    assert type(kept) is float


@pytest.mark.parametrize("name", ["dropout", "recurrent_dropout"])
@pytest.mark.parametrize(
    ("given", "advice"),
    [
        (-0.1, "Keras would silently use 0"),
        (-math.inf, "Keras would silently use 0"),
        (1, "Keras from 3.14 on would silently apply none; try 0.9"),
        (1.5, "Keras from 3.14 on would silently apply none; try 0.9"),
        ("1.0", "Keras from 3.14 on would silently apply none; try 0.9"),
        (math.inf, "Keras from 3.14 on would silently apply none; try 0.9"),
        (math.nan, "Give a number"),
        ("nan", "Give a number"),
        ("0,2", "Give a number"),
        ("", "Give a number"),
        ("20%", "Give a number"),
        (None, "Give a number"),
        ([0.2], "Give a number"),
        (0.2j, "Give a number"),
        (False, "Give a number"),
        (True, "Give a number"),
        (np.False_, "Give a number"),
    ],
    ids=str,
)
def test_a_rate_out_of_range_is_refused_in_one_sentence_with_advice(
    name: str, given: Any, advice: str
) -> None:
    with pytest.raises(DropvizError) as caught:
        check_rate(name, given)

    said = str(caught.value)
    assert said.startswith(f"{name} must be at least 0 and below 1. Received: {name}={given!r}. ")
    assert advice in said
    assert "\n" not in said


def test_a_rate_too_large_for_a_float_is_refused_too() -> None:
    with pytest.raises(DropvizError, match=r"^dropout must be at least 0 and below 1"):
        check_rate("dropout", 10**400)


@pytest.mark.parametrize("given", [1, 10**6, np.int64(3), np.uint32(7)])
def test_whole_numbers_in_range_are_kept_as_python_integers(given: Any) -> None:
    kept = check_whole("units", given, 1)

    assert kept == given
    assert type(kept) is int


@pytest.mark.parametrize("given", [0, 5])
def test_both_ends_of_a_range_belong_to_it(given: int) -> None:
    assert check_whole("seed", given, 0, 5) == given


@pytest.mark.parametrize(("high", "range_"), [(None, "from 0"), (5, "from 0 to 5")])
@pytest.mark.parametrize("given", [-1, 2.5, 3.0, "3", True, None, math.nan], ids=str)
def test_what_is_not_a_whole_number_in_range_is_refused_with_its_range(
    given: Any, high: int | None, range_: str
) -> None:
    with pytest.raises(DropvizError) as caught:
        check_whole("seed", given, 0, high)

    assert str(caught.value) == f"seed must be a whole number {range_}. Received: seed={given!r}."


def test_the_first_number_above_a_range_is_refused() -> None:
    with pytest.raises(DropvizError, match=r"Received: seed=6\.$"):
        check_whole("seed", 6, 0, 5)
