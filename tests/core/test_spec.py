from __future__ import annotations

import dataclasses
import json
import shlex
from typing import Any

import numpy as np
import pytest

from dropviz.core import scenario_string
from dropviz.core.methods import METHODS
from dropviz.core.setting import Setting
from dropviz.core.spec import RunSpec
from dropviz.errors import DropvizError, UnknownNameError
from tests.tables import LIVES, SCALINGS


@pytest.mark.parametrize("name", ["dropout", "recurrent_dropout", "zoneout_cell", "zoneout_hidden"])
def test_a_rate_of_a_spec_is_checked_by_its_name(name: str) -> None:
    method = "zoneout" if name.startswith("zoneout") else "keras"

    kept = getattr(RunSpec(method=method, **{name: "0.25"}), name)  # type: ignore[arg-type]

    assert (kept, type(kept)) == (0.25, float)
    with pytest.raises(DropvizError, match=rf"^{name} must be .* Received: {name}=1\.5\."):
        RunSpec(method=method, **{name: 1.5})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "low", "high"), [("units", 1, 10**6), ("epochs", 1, 10**6), ("seed", 0, 2**32 - 1)]
)
def test_whole_numbers_of_a_spec_are_checked_by_their_names(name: str, low: int, high: int) -> None:
    for number in (low, np.int64(high)):
        kept = getattr(RunSpec(**{name: number}), name)  # type: ignore[arg-type]
        assert (kept, type(kept)) == (number, int)
    for wrong in (low - 1, 2.5, "3", True, None):
        with pytest.raises(DropvizError, match=f"^{name} must be a whole number from {low}"):
            RunSpec(**{name: wrong})  # type: ignore[arg-type]


def test_the_first_seed_out_of_range_is_refused() -> None:
    with pytest.raises(DropvizError, match=r"from 0 to 4294967295\. Received: seed=4294967296"):
        RunSpec(seed=2**32)


def test_an_unknown_method_names_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match=r"no method 'kears'.*Did you mean 'keras'\?"):
        RunSpec(method="kears")


def test_an_unknown_task_names_the_nearest_one_when_it_is_checked() -> None:
    with pytest.raises(UnknownNameError, match=r"no task 'digit'.*Did you mean 'digits'\?"):
        RunSpec(task="digit").check_task()


@pytest.mark.parametrize("wrong", [None, 5, ["digits"], b"digits"])
def test_a_task_is_called_by_a_name(wrong: Any) -> None:
    with pytest.raises(DropvizError, match=r"^task must be a name, as in task="):
        RunSpec(task=wrong)


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


# ---------------------------------------------------------------- methods and options


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"method": "moon", "life": "for ever"}, "life must be 'step' or 'sequence'"),
        ({"method": "moon", "scaling": "x"}, "scaling must be 'inverted' or 'test-time'"),
        ({"method": "gal-tied", "life": "step"}, "'gal-tied' has no option life"),
        ({"scaling": "inverted"}, "'keras' has no option scaling"),
        ({"method": "moon", "zoneout_cell": 0.1}, "has no option zoneout_cell"),
        ({"method": "zaremba", "recurrent_dropout": 0.1}, "masks the inputs only"),
        (
            {"method": "zoneout", "recurrent_dropout": 0.1, "zoneout_cell": 0, "zoneout_hidden": 0},
            "zoneout_cell and zoneout_hidden are both given",
        ),
    ],
    ids=str,
)
def test_what_cannot_act_together_is_refused_in_one_line(given: dict[str, Any], said: str) -> None:
    with pytest.raises(DropvizError) as caught:
        RunSpec(**given)

    assert said in str(caught.value)
    assert "Received: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_spec_knows_its_setting() -> None:
    spec = RunSpec(method="moon", dropout=0.1, recurrent_dropout=0.2, life="step")

    assert spec.setting == Setting("moon", 0.1, 0.2, life="step")


SPECS = {
    "as given by default": RunSpec(),
    "short rates": RunSpec(dropout=0.2, recurrent_dropout=0.5, units=8, epochs=3, seed=0),
    "long rates": RunSpec(dropout=1 / 3, recurrent_dropout=0.1234567891),
    "another task": RunSpec(task="temporal-order"),
    **{
        name: RunSpec(
            method=name, dropout=0.1, recurrent_dropout=0.3 if len(row.rules) > 1 else 0.0
        )
        for name, row in METHODS.items()
    },
    **{
        f"{name}, {life}, {scaling}": RunSpec(
            method=name, recurrent_dropout=0.3, life=life, scaling=scaling
        )
        for name in ("moon", "semeniuta")
        for life in (*LIVES, None)
        for scaling in (*SCALINGS, None)
    },
    "zoneout of c": RunSpec(method="zoneout", zoneout_cell=1 / 3, recurrent_dropout=0.1),
    "zoneout of h": RunSpec(method="zoneout", zoneout_hidden=1e-17),
    "zoneout of both": RunSpec(method="zoneout", zoneout_cell=0.0, zoneout_hidden=0.25),
}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_a_spec_goes_through_json_and_back(spec: RunSpec) -> None:
    assert RunSpec(**json.loads(json.dumps(spec.to_dict()))) == spec


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_magic_line_asks_for_the_same_training(spec: RunSpec) -> None:
    magic, *words = shlex.split(scenario_string.magic(spec))

    flags, values = words[::2], words[1::2]

    assert magic == "%lstm_dropout"
    assert len(set(flags)) == len(flags)
    names = {"-d": "dropout", "-r": "recurrent_dropout"}
    given: dict[str, Any] = {
        names.get(flag, flag.lstrip("-").replace("-", "_")): value
        for flag, value in zip(flags, values, strict=True)
    }
    given |= {name: int(given[name]) for name in ("units", "epochs", "seed")}
    assert RunSpec(**given) == spec
