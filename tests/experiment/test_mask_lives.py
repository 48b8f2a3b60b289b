"""How long masks live: those of several steps, against the masks that were used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dropviz.experiment.input_sites import find_input_masks
from dropviz.experiment.mask_lives import bits_beside, read_lives
from dropviz.experiment.observe import Observer
from dropviz.experiment.state_sites import find_cell_zoneout, find_state_masks, find_zoneout
from tests.tables import LIVES

from .numpy_layer import NumPyLayer, dropped_entries, explained, observer_of
from .zoo_truth import SiteTruth, at

Array = Any


def looked_at(*truths: SiteTruth, **how: Any) -> tuple[NumPyLayer, Observer]:
    layer = NumPyLayer(truths, **how)
    observer = observer_of(layer)
    find_zoneout(observer)
    find_state_masks(observer)
    find_input_masks(observer)
    find_cell_zoneout(observer)
    return layer, observer


def steps_read(observer: Observer, site: str) -> Array:
    read_lives(observer, site)
    steps = observer.places[site].steps
    assert steps is not None
    return steps


def steps_used(layer: NumPyLayer, site: str, gate: int | None, steps: int) -> Array:
    """Kept bits of the last two calls: shape (steps, calls, samples, readers)."""
    used = [dropped_entries(layer, 2, site, gate, step) for step in range(steps)]
    return 1 - np.stack(used)


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("site", ["input", "recurrent"])
@pytest.mark.parametrize("units", [1, 4])
def test_three_steps_of_an_arrow_are_read(site: str, life: str, units: int) -> None:
    layer, observer = looked_at(at(site, life=life), units=units)
    read = steps_read(observer, site)
    assert read.shape[0] == 3
    told = ~np.isnan(read)
    np.testing.assert_array_equal(read[told], steps_used(layer, site, 2, 3)[told])
    assert told.mean() > 0.9
    assert observer.places[site].only is None


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize(("site", "steps"), [("cell", 3), ("candidate", 3), ("carried", 3)])
def test_the_steps_of_a_mask_inside_are_read(site: str, steps: int, life: str) -> None:
    layer, observer = looked_at(at(site, life=life))
    read = steps_read(observer, site)
    assert read.shape[0] == steps
    told = ~np.isnan(read)
    np.testing.assert_array_equal(read[told], steps_used(layer, site, None, steps)[told])
    assert all(step.any() for step in told)


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize(
    ("kind", "bias", "units"),
    [("LSTM", True, 4), ("LSTM", True, 1), ("LSTM", False, 3), ("GRU", True, 4), ("GRU", True, 1)],
)
def test_the_outputs_themselves_show_which_are_dropped(
    life: str,
    kind: str,
    bias: bool,  # noqa: FBT001
    units: int,
) -> None:
    truth = at("output", life=life, kind=kind)
    layer, observer = looked_at(truth, kind=kind, bias=bias, units=units)
    read = steps_read(observer, "output")
    np.testing.assert_array_equal(read, steps_used(layer, "output", None, 9))


def test_without_all_steps_nothing_is_read_of_an_output() -> None:
    _, observer = looked_at(at("output"), sequences=False)
    read_lives(observer, "output")
    assert observer.places["output"].steps is None


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("site", ["hidden_update", "cell_update"])
def test_the_steps_of_zoneout_are_read(site: str, life: str) -> None:
    layer, observer = looked_at(at(site, life=life, scaling="expectation"))
    read = steps_read(observer, site)
    # The last step's update of c shows in no h.
    assert read.shape[0] == 3
    told = ~np.isnan(read)
    np.testing.assert_array_equal(read[told], steps_used(layer, site, None, 3)[told])
    assert told[0].mean() > 0.3


def test_a_mask_at_the_first_step_alone_is_told() -> None:
    _, observer = looked_at(at("input", steps="first"))
    read_lives(observer, "input")
    place = observer.places["input"]
    assert place.only == (0,)
    assert place.steps is not None
    assert np.isnan(place.steps).mean() < 0.05


@pytest.mark.parametrize("site", ["cell", "carried", "candidate"])
def test_the_h_that_is_read_went_through_the_masks_of_its_own_unit(site: str) -> None:
    for seed in range(3):
        layer, observer = looked_at(at(site, life="step"), at("recurrent"), seed=seed)
        read = steps_read(observer, "recurrent")
        told = ~np.isnan(read)
        used = steps_used(layer, "recurrent", 2, 2)
        np.testing.assert_array_equal(read[told], used[told])
        beside = bits_beside(observer, "recurrent", 2)
        assert [(b.site, b.step, b.source) for b in beside] == [
            *((site, step, False) for step in (0, 1)),
            (site, 0, True),
        ]


def test_a_unit_alone_reads_itself() -> None:
    _, observer = looked_at(at("cell", life="step"), at("recurrent"), units=1)
    assert not any(bit.source for bit in bits_beside(observer, "recurrent", 2))


def test_masks_that_only_another_would_part_prove_nothing_where_it_stays() -> None:
    # Of a GRU's gate z two steps change places where the candidate's mask stays.
    z = at("input", rate=0.9, life="step", scaling="none", kind="GRU", gates=("z",))
    for life in LIVES:
        _, observer = looked_at(
            at("candidate", rate=0.2, kept=1.25, life=life, kind="GRU"), z, kind="GRU"
        )
        steps_read(observer, "input")
        assert observer.places["input"].luck["steps"] == 1.0


TOLD: dict[str, tuple[list[SiteTruth], dict[str, Any]]] = {
    "beside g, dropped at each step": (
        [at("recurrent"), at("candidate", rate=0.3, life="step")],
        {"units": 16, "features": 8},
    ),
    "in place in a GRU": (
        [at("recurrent", kind="GRU"), at("carried", kind="GRU", same_mask_as="recurrent")],
        {"kind": "GRU"},
    ),
    "in place in a GRU, with r before the kernel": (
        [at("recurrent", kind="GRU"), at("carried", kind="GRU", same_mask_as="recurrent")],
        {"kind": "GRU", "reset_after": False},
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_a_mask_on_h_that_another_hides_now_and_then_is_told_to_last(case: str) -> None:
    truths, how = TOLD[case]
    verdict = explained(NumPyLayer(truths, **how))
    assert verdict.sites["recurrent"].life == "sequence"
    assert verdict.sites["recurrent"].tying == "tied"
