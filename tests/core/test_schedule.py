from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dropviz
from dropviz.core.curves import Curves
from dropviz.core.recording import Recording
from dropviz.core.runs import Run
from dropviz.core.schedule import Change, checked, number
from dropviz.core.spec import RunSpec
from dropviz.errors import DropvizError

SCHEDULE = (
    Change(0, 1 / 3, 0.0),
    Change(120, 0.1 + 0.2, 0.5, frozen=True),
    Change(121, 0.0, 1e-17),
)


def refused(make: Any) -> str:
    with pytest.raises(DropvizError) as caught:
        make()
    said = str(caught.value)
    assert "\n" not in said
    return said


# ---------------------------------------------------------------- one change


@pytest.mark.parametrize("name", ["dropout", "recurrent_dropout"])
@pytest.mark.parametrize("wrong", [-0.1, 1, 1.0, float("nan"), "much", None])
def test_a_rate_of_a_change_is_checked_by_its_name(name: str, wrong: Any) -> None:
    rates = {"dropout": 0.1, "recurrent_dropout": 0.2} | {name: wrong}

    assert refused(lambda: Change(0, **rates)).startswith(f"{name} must be at least 0 and below 1")


@pytest.mark.parametrize("wrong", [-1, 2.5, "3", True, None])
def test_the_batch_of_a_change_is_a_whole_number_from_0(wrong: Any) -> None:
    said = refused(lambda: Change(wrong, 0.1, 0.2))

    assert said == f"batch must be a whole number from 0 to 999999999. Received: batch={wrong!r}."


@pytest.mark.parametrize("batch", [10**9, 2**63, 10**400])
def test_a_batch_that_no_scenario_writes_is_refused(batch: int) -> None:
    assert refused(lambda: Change(batch, 0.1, 0.2)).startswith("batch must be a whole number")


@pytest.mark.parametrize("wrong", ["no", None, [], np.zeros(2)])
def test_masks_are_frozen_or_not(wrong: Any) -> None:
    assert refused(lambda: Change(0, 0.1, 0.2, wrong)).startswith("frozen must be True or False.")


def test_a_schedule_that_cannot_be_asked_for_its_changes_is_none() -> None:
    class Broken:
        def __iter__(self) -> Any:
            raise LookupError

    for wrong in (Broken(), (1 / 0 for _ in [1]), [Broken()]):
        assert refused(lambda wrong=wrong: checked(wrong)).startswith("schedule must be changes")


def test_what_a_change_holds_is_of_plain_types() -> None:
    change = Change(3, "0.25", 0, 1)  # type: ignore[arg-type]

    assert [type(each) for each in dataclasses.astuple(change)] == [int, float, float, bool]
    assert dataclasses.astuple(change) == (3, 0.25, 0.0, True)


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (Change(9, 0.2, 0.5), ""),
        (Change(9, 0.3, 0.5), "dropout .2 → .3"),
        (Change(9, 0.2, 0.0), "recurrent_dropout .5 → 0"),
        (Change(9, 0.0, 0.25), "dropout .2 → 0, recurrent_dropout .5 → .25"),
        (Change(9, 0.2, 0.5, frozen=True), "masks frozen"),
        (Change(9, 0.1, 0.5, frozen=True), "dropout .2 → .1, masks frozen"),
    ],
)
def test_the_words_say_what_changed_and_nothing_else(to: Change, said: str) -> None:
    assert to.since(Change(4, 0.2, 0.5)) == said


def test_the_words_say_that_masks_are_released() -> None:
    frozen = Change(4, 0.2, 0.5, frozen=True)

    assert Change(9, 0.2, 0.5).since(frozen) == "masks released"
    assert Change(9, 0.2, 0.5, frozen=True).since(frozen) == ""


@pytest.mark.parametrize(
    ("rate", "said"),
    [(0.0, "0"), (-0.0, "0"), (0.2, ".2"), (0.1 + 0.2, ".30000000000000004"), (1e-17, "1e-17")],
)
def test_a_rate_is_written_as_a_person_would_with_every_digit(rate: float, said: str) -> None:
    assert number(rate) == said
    assert float(said) == rate


# ---------------------------------------------------------------- a schedule


def test_a_schedule_is_a_tuple_of_changes_however_it_came() -> None:
    assert checked(list(SCHEDULE)) == SCHEDULE
    assert checked(dataclasses.asdict(each) for each in SCHEDULE) == SCHEDULE
    assert checked([]) == ()


@pytest.mark.parametrize("batches", [(1, 1), (5, 4), (0, 3, 2)])
def test_changes_come_in_the_order_of_their_batches_one_for_a_batch(batches: Any) -> None:
    said = refused(lambda: checked([Change(each, 0.1, 0.2) for each in batches]))

    assert said == (
        "The changes of a schedule must be in the order of their batches, one for a batch. "
        f"Received: batch {batches[-1]} after batch {batches[-2]}."
    )


@pytest.mark.parametrize("wrong", [[7], 7, [{"batch": 1}], [{"when": 3}], [None], ["@1"]], ids=str)
def test_what_is_no_schedule_is_refused_with_an_example(wrong: Any) -> None:
    said = refused(lambda: checked(wrong))

    assert said.startswith("schedule must be changes, as in [Change(batch=120, dropout=0.2, ")
    assert said.endswith(f"Received: {wrong!r}.")


# ---------------------------------------------------------------- in a spec


def test_a_spec_has_no_schedule_as_a_rule() -> None:
    assert RunSpec().schedule == ()


def test_a_spec_begins_with_its_own_rates() -> None:
    assert RunSpec(dropout=0.2, recurrent_dropout=0.5).start == Change(0, 0.2, 0.5)


def test_a_spec_tells_the_method_with_the_rates_of_a_change() -> None:
    spec = RunSpec(method="moon", dropout=0.2, recurrent_dropout=0.5, life="step")

    assert spec.setting_at(Change(3, 0.1, 0.0)) == dataclasses.replace(
        spec.setting, dropout=0.1, recurrent_dropout=0.0
    )


def test_a_change_whose_rates_cannot_act_is_refused() -> None:
    said = refused(lambda: RunSpec(method="zaremba", schedule=(Change(3, 0.1, 0.2),)))

    assert "masks the inputs only, so recurrent_dropout has nothing to act on" in said


def test_a_spec_with_a_schedule_goes_through_json_and_back() -> None:
    spec = RunSpec(dropout=0.2, schedule=SCHEDULE)

    again = RunSpec(**json.loads(json.dumps(spec.to_dict())))

    assert again == spec
    assert hash(again) == hash(spec)
    assert all(type(each) is Change for each in again.schedule)


@pytest.mark.parametrize("schedule", [(), SCHEDULE], ids=["none", "three"])
def test_the_schedule_of_a_run_survives_its_file(
    schedule: tuple[Change, ...], tmp_path: Path
) -> None:
    spec = RunSpec(dropout=0.2, schedule=schedule)
    run = Run(spec, Curves({"loss": [1.0]}), Recording.of({}), "done", 1.0, "")

    loaded = dropviz.load(run.save(tmp_path / "run.dropviz"))

    assert isinstance(loaded, Run)
    assert loaded.spec == spec
    assert loaded.title == run.title
    assert ("3 changes on the way, seed 7" in run.title) == bool(schedule)


@pytest.mark.parametrize(
    ("values", "differs"),
    [
        ({}, False),
        ({"batch": 9}, False),
        ({"dropout": 0.3}, True),
        ({"recurrent_dropout": 0.0}, True),
        ({"frozen": True}, True),
    ],
)
def test_changes_differ_by_what_they_change_and_not_by_when(
    values: dict[str, Any],
    differs: bool,  # noqa: FBT001
) -> None:
    before = Change(3, 0.2, 0.5)
    change = dataclasses.replace(before, **values)

    assert change.differs(before) is differs
    assert bool(change.since(before)) is differs
