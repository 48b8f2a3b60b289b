"""The probes that show the masks of several steps: what they drive, and how strongly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dropviz.core.masks import Array
from dropviz.experiment.decode_masks import Bit
from dropviz.experiment.mask_lives import bits_beside, draw_life_probe
from dropviz.experiment.observations import Look, Place
from dropviz.experiment.observe import Observer
from dropviz.experiment.probe import Probe

from .numpy_layer import NumPyLayer, observer_of

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
