"""The probes that show the masks of several steps: what they drive, and how strongly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dropviz.core.masks import Array
from dropviz.experiment.decode_masks import Bit
from dropviz.experiment.mask_lives import bits_beside, draw_life_probe, read_lives
from dropviz.experiment.observations import Doubt, Look, Place
from dropviz.experiment.observe import Observer
from dropviz.experiment.probe import Probe

from .numpy_layer import NumPyLayer, dropped_entries, observer_of
from .zoo_truth import SiteTruth, at

MANY = 400  # of so many evenly drawn numbers one lies within a fiftieth of each end, nearly surely


def drawn(observer: Observer, site: str, gate: int | None, steps: int = 3) -> list[Probe]:
    return [draw_life_probe(observer, site, gate, steps) for _ in range(MANY)]


def spans(values: Any, low: float, high: float) -> bool:
    """Whether numbers lie all between two, and come near to both."""
    near = 0.05 * (high - low)
    array = np.asarray(values, float)
    inside = low <= array.min() and array.max() <= high
    return bool(inside and array.min() < low + near and array.max() > high - near)


def spans_both_signs(values: Any, low: float, high: float) -> bool:
    """Whether numbers lie between two, or as far below zero."""
    array = np.asarray(values, float)
    return spans(array[array > 0], low, high) and spans(-array[array < 0], low, high)


def others_of(rows: list[tuple[float, ...]], gate: int) -> Array:
    return np.delete(np.array(rows), gate, axis=1)


def busy(kept: float = 2.0, spread: float = 0.0) -> Look:
    return Look(kept, spread, np.eye(1, 4)[..., np.newaxis])


@pytest.mark.parametrize("site", ["input", "recurrent"])
def test_an_arrow_of_an_lstm_is_driven_at_one_gate_beside_a_memory_and_a_candidate(
    site: str,
) -> None:
    probes = drawn(observer_of(NumPyLayer()), site, 1)
    weights = [probe.wx if site == "input" else probe.wh for probe in probes]
    assert spans_both_signs([row[1] for row in weights], 0.2, 1.2)
    assert not others_of(weights, 1).any()
    assert not any(np.any(probe.wh if site == "input" else probe.wx) for probe in probes)
    assert spans([probe.c for probe in probes], -1.5, 1.5)
    assert spans([probe.b[2] for probe in probes], -1, 1)
    assert not others_of([probe.b for probe in probes], 2).any()
    assert {(probe.h, probe.steps, probe.x) for probe in probes} == {(None, 3, 1.0)}
    # What h is read of must have something in it at each step.
    sources = {(probe.source, probe.source_c) for probe in probes}
    assert sources == ({(0.9, 1.5)} if site == "recurrent" else {(0.0, 0.0)})
    assert not any(np.any(probe.source_b) or np.any(probe.own) for probe in probes)


@pytest.mark.parametrize("site", ["input", "recurrent"])
def test_the_memory_of_a_gru_is_its_h_and_what_it_reads_comes_back_by_a_bias(site: str) -> None:
    probes = drawn(observer_of(NumPyLayer(kind="GRU")), site, 0)
    assert {probe.c for probe in probes} == {0.0}
    assert spans([probe.h for probe in probes], -1.5, 1.5)
    assert {probe.source_b for probe in probes} == {
        (0.0, 0.0, 1.0) if site == "recurrent" else (0.0,) * 4
    }


def test_without_a_bias_none_is_asked_for() -> None:
    for kind in ("LSTM", "GRU"):
        observer = observer_of(NumPyLayer(kind=kind, bias=False))
        probes = drawn(observer, "recurrent", 2)
        assert not any(np.any(probe.b) or np.any(probe.source_b) for probe in probes)


def test_a_mask_inside_the_cell_needs_no_arrow() -> None:
    for probe in drawn(observer_of(NumPyLayer()), "cell", None):
        assert not np.any(probe.wx)
        assert not np.any(probe.wh)
        assert probe.source == 0


@pytest.mark.parametrize("site", ["hidden_update", "cell_update"])
def test_where_old_values_stay_each_step_makes_another_new_one(site: str) -> None:
    probes = drawn(observer_of(NumPyLayer()), site, None)
    assert spans_both_signs([probe.wx[2] for probe in probes], 0.6, 3.6)
    assert not others_of([probe.wx for probe in probes], 2).any()
    assert spans([probe.x for probe in probes], -1, 1)
    assert {len(probe.x) for probe in probes if isinstance(probe.x, tuple)} == {3}
    assert spans([probe.own[2] for probe in probes], -2, 2)
    assert not others_of([probe.own for probe in probes], 2).any()
    assert spans([probe.c for probe in probes], -1.5, 1.5)
    # What may stay is in h from the start.
    assert all(probe.h == probe.c for probe in probes)


@pytest.mark.parametrize("site", ["input", "recurrent"])
@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_what_would_be_one_more_unknown_does_not_drive_an_update(site: str, spread: float) -> None:
    observer = observer_of(NumPyLayer())
    observer.places[site] = Place(site, {2: busy(spread=spread)})
    probe = draw_life_probe(observer, "hidden_update", None, 3)
    # Masks on x are read beside it, noise cannot be; masks on h are kept out.
    assert np.any(probe.wx) == (site == "recurrent" or not spread)
    assert np.any(probe.own) == (site == "input")


# ---------------------------------------------------------------- what acts beside


def beside(site: str, *also: str, units: int = 4, spread: float = 0.0) -> list[Bit]:
    observer = observer_of(NumPyLayer(units=units))
    for each in also:
        gate = 2 if each in ("input", "recurrent") else None
        observer.places[each] = Place(each, {gate: busy(spread=spread)})
    return bits_beside(observer, site, 2)


def at_steps(site: str, *steps: int, gate: int | None = None, **how: Any) -> list[Bit]:
    return [Bit(site, 2.0, gate, step, **how) for step in steps]


def test_what_acts_inside_the_cell_acts_beside_an_arrow_at_each_step() -> None:
    assert beside("input") == []
    assert beside("input", "cell") == at_steps("cell", 0, 1)
    assert beside("cell", "cell", "output") == at_steps("output", 0, 1)


def test_the_h_that_is_read_was_masked_as_that_of_its_own_unit_a_step_before() -> None:
    own = at_steps("cell", 0, source=True)
    assert beside("recurrent", "cell") == [*at_steps("cell", 0, 1), *own]
    assert beside("recurrent", "cell", units=2) == [*at_steps("cell", 0, 1), *own]
    assert beside("recurrent", "cell", units=1) == at_steps("cell", 0, 1)
    # The next step reads h before it was dropped on its way up.
    assert beside("recurrent", "output") == at_steps("output", 0, 1)


@pytest.mark.parametrize("site", ["hidden_update", "cell_update"])
def test_masks_on_x_act_beside_an_update_and_noise_is_kept_out(site: str) -> None:
    assert beside(site, "input") == at_steps("input", 0, 1, gate=2)
    assert beside(site, "input", spread=0.5) == []
    assert beside(site, "recurrent") == []
    assert beside("cell", "input") == []


def test_masks_on_x_that_the_candidate_does_not_see_are_not_beside_an_update() -> None:
    observer = observer_of(NumPyLayer())
    observer.places["input"] = Place("input", {1: busy()})
    assert bits_beside(observer, "hidden_update", 2) == []


# ---------------------------------------------------------------- what was read explains all


def found(*sites: str, truths: Any = (), **how: Any) -> Observer:
    """An observer that was told of these sites, of a layer that masks as it may."""
    layer = NumPyLayer(list(truths), **how)
    observer = observer_of(layer)
    for site in sites:
        gate = 2 if site in ("input", "recurrent") else None
        look = Look(2.0, 0.0, (np.arange(512) < 205).reshape(2, 256, 1).repeat(2, 2) * 1.0)
        observer.places[site] = Place(site, {gate: look}, distinct=2)
    return observer


def truth_of(site: str, rate: float = 0.4, **how: Any) -> SiteTruth:
    return at(site, rate=rate, **{"kept": 2.0, "life": "step", **how})


@pytest.mark.parametrize(("steps", "only"), [("first", (0,)), ("later", (1, 2)), ("all", None)])
def test_the_fewest_steps_that_explain_all_are_those_that_are_masked(
    steps: str, only: tuple[int, ...] | None
) -> None:
    observer = found("input", truths=[truth_of("input", rate=0.6, steps=steps)])
    read_lives(observer, "input")
    place = observer.places["input"]
    assert place.only == only
    assert place.steps is not None
    assert len(place.steps) == len(only or (0, 1, 2))
    assert np.nanmean(place.steps) == pytest.approx(0.4, abs=0.1)  # kept, of 512 draws a step
    assert observer.doubts == []


@pytest.mark.parametrize("rate", [0.3, 0.8])
@pytest.mark.parametrize("also", [[], ["cell"]])
def test_where_something_acts_besides_what_was_read_is_no_mask(
    rate: float, also: list[str]
) -> None:
    hidden = truth_of("candidate", rate, kept=1.3)
    truths = [truth_of("input"), *(truth_of(each) for each in also)]
    observer = found("input", *also, truths=[*truths, hidden])
    read_lives(observer, "input")
    assert observer.places["input"].steps is None
    assert observer.places["input"].only is None
    assert observer.doubts == [Doubt.MORE]


@pytest.mark.parametrize(
    ("site", "also", "steps"),
    [
        ("input", [], 3),
        ("input", ["cell"], 2),
        ("cell", ["candidate"], 2),
        ("recurrent", ["cell"], 2),
        ("hidden_update", [], 3),
        # Of c only the steps before the last one show.
        ("cell_update", ["hidden_update"], 3),
    ],
)
def test_beside_others_two_steps_are_read_and_alone_three(
    site: str, also: list[str], steps: int
) -> None:
    sites = [site, *also]
    kept = {each: 1.0 if each.endswith("update") else 2.0 for each in sites}
    observer = found(*sites, truths=[truth_of(each, kept=kept[each]) for each in sites])
    for each in sites:
        (look,) = observer.places[each].looks.values()
        look.kept = kept[each]
    read_lives(observer, site)
    place = observer.places[site]
    assert place.steps is not None
    assert place.steps.shape == (steps, observer.harness.times, 256, 2)
    assert 0 <= place.luck["steps"] <= 1
    assert observer.doubts == []


@pytest.mark.parametrize("gates", [(0,), (1, 3), (0, 2)])
def test_masks_are_read_at_the_candidate_or_at_the_first_gate_that_sees_them(
    gates: tuple[int, ...],
) -> None:
    names = tuple("ifgo"[gate] for gate in gates)
    layer = NumPyLayer([truth_of("input", tying="untied", gates=names)])
    observer = observer_of(layer)
    look = Look(2.0, 0.0, (np.arange(512) < 205).reshape(2, 256, 1).repeat(2, 2) * 1.0)
    idle = Look(1.0, 0.0, np.zeros((2, 256, 2)))
    looks: dict[int | None, Look] = {gate: look if gate in gates else idle for gate in range(4)}
    observer.places["input"] = Place("input", looks, distinct=2)
    read_lives(observer, "input")
    gate = 2 if 2 in gates else gates[0]
    used = 1 - np.stack([dropped_entries(layer, 2, "input", gate, step) for step in range(3)])
    read = observer.places["input"].steps
    assert read is not None
    told = ~np.isnan(read)
    np.testing.assert_array_equal(read[told], used[told])
    assert told.mean() > 0.5
