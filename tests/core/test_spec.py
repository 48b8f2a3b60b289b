from __future__ import annotations

import dataclasses
import json
import math
import shlex
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dropviz.core.checks import check_rate
from dropviz.core.spec import RunSpec
from dropviz.errors import DropvizError, UnknownNameError

RATES = ("dropout", "recurrent_dropout")


@pytest.mark.parametrize("name", RATES)
@pytest.mark.parametrize(
    ("given", "rate"),
    [
        (0, 0.0),
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
def test_whatever_is_a_number_from_0_to_below_1_is_a_rate(
    name: str, given: Any, rate: float
) -> None:
    kept = getattr(RunSpec(**{name: given}), name)

    assert kept == rate
    assert type(kept) is float


@pytest.mark.parametrize("name", RATES)
@pytest.mark.parametrize(
    ("given", "advice"),
    [
        (-0.1, "Keras would silently use 0"),
        (-math.inf, "Keras would silently use 0"),
        (1, "Keras would silently apply none; try 0.9"),
        (1.5, "Keras would silently apply none; try 0.9"),
        ("1.0", "Keras would silently apply none; try 0.9"),
        (math.inf, "Keras would silently apply none; try 0.9"),
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
        RunSpec(**{name: given})

    said = str(caught.value)
    assert said.startswith(f"{name} must be at least 0 and below 1. Received: {name}={given!r}. ")
    assert advice in said
    assert "\n" not in said


@pytest.mark.parametrize("name", RATES)
def test_a_rate_too_large_for_a_float_is_refused_too(name: str) -> None:
    with pytest.raises(DropvizError, match=f"^{name} must be at least 0 and below 1"):
        RunSpec(**{name: 10**400})  # type: ignore[arg-type]


def test_a_rate_can_be_checked_without_a_spec() -> None:
    assert check_rate("dropout", "0.3") == 0.3
    with pytest.raises(DropvizError, match=r"^recurrent_dropout must be"):
        check_rate("recurrent_dropout", 2)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("units", 1),
        ("units", 10**6),
        ("epochs", 1),
        ("seed", 0),
        ("seed", 2**32 - 1),
        ("units", np.int64(3)),
        ("seed", np.uint32(7)),
    ],
)
def test_whole_numbers_in_range_are_kept_as_python_integers(name: str, given: Any) -> None:
    kept = getattr(RunSpec(**{name: given}), name)

    assert kept == given
    assert type(kept) is int


@pytest.mark.parametrize(
    ("name", "low"), [("units", "from 1"), ("epochs", "from 1"), ("seed", "from 0 to 4294967295")]
)
@pytest.mark.parametrize("given", [-1, 2.5, 3.0, "3", True, None, math.nan], ids=str)
def test_what_is_not_a_whole_number_in_range_is_refused_with_its_range(
    name: str, low: str, given: Any
) -> None:
    with pytest.raises(DropvizError) as caught:
        RunSpec(**{name: given})

    assert str(caught.value) == (
        f"{name} must be a whole number {low}. Received: {name}={given!r}."
    )


@pytest.mark.parametrize(("name", "given"), [("units", 0), ("epochs", 0), ("seed", 2**32)])
def test_the_first_number_out_of_range_is_refused(name: str, given: int) -> None:
    with pytest.raises(DropvizError, match=f"Received: {name}={given}"):
        RunSpec(**{name: given})  # type: ignore[arg-type]


def test_an_unknown_method_names_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match=r"no method 'kears'.*Did you mean 'keras'\?"):
        RunSpec(method="kears")


def test_an_unknown_task_names_the_nearest_one_when_it_is_checked() -> None:
    with pytest.raises(UnknownNameError, match=r"no task 'digit'.*Did you mean 'digits'\?"):
        RunSpec(task="digit").check_task()


def test_a_task_that_comes_with_dropviz_passes_its_check() -> None:
    RunSpec(task="digits").check_task()


def test_a_spec_cannot_be_changed() -> None:
    spec = RunSpec()

    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.units = 3  # type: ignore[misc]


def test_equal_specs_are_equal_and_have_equal_hashes() -> None:
    one, other = RunSpec(dropout="0.2"), RunSpec(dropout=0.2)  # type: ignore[arg-type]

    assert one == other
    assert hash(one) == hash(other)
    assert one != RunSpec(dropout=0.3)


def test_a_spec_goes_through_json_and_back() -> None:
    spec = RunSpec(dropout=1 / 3, recurrent_dropout=0.1, units=5, epochs=2, seed=2**32 - 1)

    assert RunSpec(**json.loads(json.dumps(spec.to_dict()))) == spec


@pytest.mark.parametrize(
    "spec",
    [
        RunSpec(),
        RunSpec(dropout=0.2, recurrent_dropout=0.5, units=8, epochs=3, seed=0),
        RunSpec(dropout=1 / 3, recurrent_dropout=0.1234567891),
    ],
    ids=["as given by default", "short rates", "long rates"],
)
def test_the_magic_line_asks_for_the_same_training(spec: RunSpec) -> None:
    magic, *words = shlex.split(spec.magic)
    given = dict(zip(words[::2], words[1::2], strict=True))

    assert magic == "%lstm_dropout"
    assert spec == RunSpec(
        dropout=float(given["-d"]),
        recurrent_dropout=float(given["-r"]),
        task=given["--task"],
        units=int(given["--units"]),
        epochs=int(given["--epochs"]),
        seed=int(given["--seed"]),
    )
