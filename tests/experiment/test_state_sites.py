"""What acts inside the cell: which site it is, against the masks that were used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from dropviz.core import oracle
from dropviz.experiment.observations import Doubt, Look, Note
from dropviz.experiment.observe import SMALL, Observer
from dropviz.experiment.probe import Probe
from dropviz.experiment.state_sites import (
    find_cell_zoneout,
    find_direction_again,
    find_state_masks,
    find_zoneout,
)
from tests.tables import LIVES

from .numpy_layer import NumPyLayer, dropped_entries, explained, observer_of
from .zoo_truth import at

INSIDE = ("candidate", "cell", "carried", "output")
ZONES: dict[str, Any] = {"life": "step", "scaling": "expectation"}


def looked_at(layer: NumPyLayer) -> Observer:
    observer = observer_of(layer)
    find_zoneout(observer)
    find_state_masks(observer)
    return observer


@pytest.mark.few(24)
@pytest.mark.parametrize("site", INSIDE)
@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("scaling", ["inverted", "test-time", "none"])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_each_site_is_found_where_it_is(site: str, life: str, scaling: str, kind: str) -> None:
    truth = at(site, life=life, scaling=scaling, kind=kind)
    observer = looked_at(NumPyLayer([truth], kind, units=4))
    assert list(observer.places) == [site]
    look = observer.inner_look(site)
    assert look.kept == pytest.approx(truth.kept, rel=2e-3)
    assert look.at_inference == pytest.approx(truth.at_inference, rel=2e-3)
    assert look.share == pytest.approx(truth.rate, abs=0.1)  # 512 draws
    assert observer.places[site].notes == []
    # The units of a GRU that are dropped for good look as if only their output were.
    open_ = (site, life, scaling, kind) == ("cell", "sequence", "none", "GRU")
    assert observer.places[site].perhaps == ("output" if open_ else "")
    assert observer.doubts == [Doubt.ONE_MASK_FOR_ALL_STEPS] * open_


@pytest.mark.parametrize(
    ("seen", "zoned"),
    [
        ({}, True),
        ({"dropped": np.zeros((1, 4, 1))}, False),
        ({"kept": 1.5}, False),
        ({"spread": 0.1}, False),
        ({"kept": 1.5, "spread": 0.1}, False),
    ],
)
def test_an_old_h_that_stays_is_neither_scaled_nor_noisy(
    monkeypatch: pytest.MonkeyPatch,
    seen: dict[str, Any],
    zoned: bool,  # noqa: FBT001
) -> None:
    observer = observer_of(NumPyLayer())
    usual: dict[str, Any] = {"kept": 1.0, "spread": 0.0, "dropped": np.eye(1, 4)[..., np.newaxis]}
    look = Look(**{**usual, **seen})
    monkeypatch.setattr(Observer, "look", lambda *_: look)
    find_zoneout(observer)
    assert list(observer.places) == ["hidden_update"] * zoned


@pytest.mark.parametrize("units", [1, 4])
def test_a_grus_output_that_nothing_scales_is_missed_by_no_neighbour(units: int) -> None:
    for site in ("cell", "output"):
        truth = at(site, scaling="none", kind="GRU")
        observer = looked_at(NumPyLayer([truth], "GRU", units=units))
        ((found, place),) = observer.places.items()
        told = units > 1 and site == "output"
        assert (found, place.perhaps) == (("output", "") if told else ("cell", "output"))
        assert observer.doubts == [Doubt.ONE_MASK_FOR_ALL_STEPS] * (not told)


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.9])
@pytest.mark.parametrize("site", ["cell", "output"])
@pytest.mark.parametrize("bias", [True, False])
def test_memory_and_output_are_told_apart_at_any_rate(
    site: str,
    rate: float,
    bias: bool,  # noqa: FBT001
) -> None:
    for scaling in ("inverted", "none"):
        truth = at(site, rate=rate, scaling=scaling)
        observer = looked_at(NumPyLayer([truth], bias=bias))
        ((found, place),) = observer.places.items()
        assert (found, place.notes) == (site, [])


def test_an_output_beside_a_masked_h_is_not_taken_for_the_memory() -> None:
    for rate in (0.2, 0.4):
        for seed in range(4):
            output = at("output", rate=rate, scaling="none", life="step")
            h = at("recurrent", rate=0.5, scaling="none", life="step")
            observer = looked_at(NumPyLayer([output, h], seed=seed, units=3))
            ((site, place),) = observer.places.items()
            assert "output" in (site, place.perhaps)
            assert (Doubt.ONE_MASK_FOR_ALL_STEPS in observer.doubts) == bool(place.perhaps)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize(
    "added",
    [
        {"rate": 0.2, "kept": 1.25},
        {"rate": 0.1, "kept": 1 / 0.6},
        {"kept": 1.25},
        {"kept": 2.0},
        {"kept": 1 / 0.6},
    ],
    ids=["otherwise", "seldomer", "scaled less", "scaled more", "alike"],
)
def test_what_is_stored_and_added_apart_is_found_at_both(kind: str, added: dict[str, Any]) -> None:
    both = at("carried", kind=kind), at("candidate", kind=kind, **added)
    observer = looked_at(NumPyLayer(both, kind))
    assert list(observer.places) == ["carried", "candidate"]
    kept = [place.looks[None].kept for place in observer.places.values()]
    np.testing.assert_allclose(kept, [1 / 0.6, added["kept"]], rtol=0.02)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_what_is_scaled_apart_and_never_dropped_is_noted(kind: str) -> None:
    stored = at("carried", rate=0.0, kind=kind, scaling="other", kept=1.5)
    added = at("candidate", rate=0.0, kind=kind, scaling="other", kept=1.2)
    observer = looked_at(NumPyLayer([stored, added], kind))
    (place,) = observer.places.values()

    assert Note.MASKED_APART in place.notes


@pytest.mark.parametrize(("rate", "kept"), [(0.97, 1 / 0.03), (0.96, 25.0), (0.5, 30.0)])
@pytest.mark.parametrize(("kind", "units"), [("LSTM", 4), ("LSTM", 1), ("GRU", 4)])
def test_an_output_that_is_multiplied_far_beyond_1_is_read(
    rate: float, kept: float, kind: str, units: int
) -> None:
    truth = at("output", rate, "step", scaling="other", kept=kept, kind=kind)
    verdict = explained(NumPyLayer([truth], kind, units=units))
    found = verdict.sites["output"]
    assert found.kept == pytest.approx(kept, rel=0.01)
    assert found.rate_interval[0] <= rate <= found.rate_interval[1]


@pytest.mark.parametrize("rate", [0.1, 0.4, 0.8])
@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("units", [1, 4])
def test_one_mask_on_c_and_again_on_h_is_no_mask_on_c(rate: float, life: str, units: int) -> None:
    truths = [at("cell", rate, life), at("output", rate, life, same_mask_as="cell")]
    observer = looked_at(NumPyLayer(truths, units=units))
    assert observer.places == {}
    assert observer.doubts == [Doubt.SEVERAL_STORED]


@pytest.mark.parametrize("scaling", ["inverted", "test-time"])
@pytest.mark.parametrize(("one", "other"), [(0.3, 0.3), (0.5, 0.2), (0.2, 0.6)])
def test_two_masks_on_what_is_stored_are_not_taken_for_one(
    scaling: str, one: float, other: float
) -> None:
    truths = [at("cell", rate=one, scaling=scaling), at("output", rate=other, scaling=scaling)]
    observer = looked_at(NumPyLayer(truths))

    assert observer.places == {}
    assert observer.doubts == [Doubt.SEVERAL_STORED]


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_noise_on_what_is_stored_is_noise_at_either_place(kind: str) -> None:
    for site in ("cell", "output"):
        observer = looked_at(NumPyLayer([at(site, kind=kind, gaussian=True)], kind))
        ((found, place),) = observer.places.items()
        assert (found, place.perhaps) == ("cell", "output")
        assert place.noisy(observer.slack)


@pytest.mark.parametrize("units", [1, 4])
@pytest.mark.parametrize("read", [True, False])
def test_whether_the_next_step_reads_the_masked_output(units: int, read: bool) -> None:  # noqa: FBT001
    truths = [at("output", life="step")]
    if read:
        truths.append(at("recurrent", life="step", steps="later", same_mask_as="output"))
    observer = looked_at(NumPyLayer(truths, units=units))
    notes = observer.places["output"].notes
    assert notes == ([Note.NEXT_STEP_READS_MASKED] if read else [])


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("backwards", [False, True])
def test_zoneout_of_h_is_found_and_the_direction_found_again(
    kind: str,
    backwards: bool,  # noqa: FBT001
) -> None:
    for rate in (0.2, 0.7):
        truth = at("hidden_update", rate=rate, kind=kind, **ZONES)
        layer = NumPyLayer([truth], kind, backwards=backwards)
        observer = looked_at(layer)
        assert list(observer.places) == ["hidden_update"]
        calls = len(observer.inner_look("hidden_update").dropped)
        assert calls == 2
        find_direction_again(observer)
        assert observer.harness.backwards is backwards


def test_a_direction_that_nothing_tells_apart_stays() -> None:
    truth = at("hidden_update", rate=1.0, same_over_samples=True, **ZONES)
    observer = observer_of(NumPyLayer([truth]))
    observer.register("hidden_update", observer.look(Probe(h=SMALL), "hidden_update"))
    for backwards in (False, True):
        observer.harness.backwards = backwards
        find_direction_again(observer)
        assert observer.harness.backwards is backwards


@pytest.mark.parametrize("one", [True, False])
def test_zoneout_of_c_shows_at_the_second_step(one: bool) -> None:  # noqa: FBT001
    c = at("cell_update", **ZONES)
    h = at("hidden_update", same_mask_as="cell_update" if one else "", **ZONES)
    observer = looked_at(NumPyLayer([c, h]))
    find_cell_zoneout(observer)
    assert list(observer.places) == ["hidden_update", "cell_update"]
    place = observer.places["cell_update"]
    assert place.notes == ([Note.ONE_MASK_FOR_C_AND_H] if one else [])
    look = place.looks[None]
    assert look.share == pytest.approx(c.rate, abs=0.1)
    assert (look.kept, look.random, look.shared) == (1.0, False, False)
    assert look.at_inference == pytest.approx(0.6, abs=2e-3)


def test_the_masks_of_c_are_those_that_were_used() -> None:
    layer = NumPyLayer([at("cell_update", **ZONES)])
    observer = looked_at(layer)
    calls = len(layer.used)
    find_cell_zoneout(observer)
    look = observer.inner_look("cell_update")
    quiet = 2
    del layer.used[-quiet:]
    told = ~np.isnan(look.dropped)
    used = dropped_entries(layer, len(look.dropped), "cell_update")
    np.testing.assert_array_equal(look.dropped[told], used[told])
    assert told.mean() > 0.3
    assert len(layer.used) == calls + len(look.dropped)


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_zoneout_of_c_that_all_samples_share_is_found(rate: float) -> None:
    truth = at("cell_update", rate=rate, same_over_samples=True, **ZONES)
    for seed in range(3):
        observer = looked_at(NumPyLayer([truth], units=8, seed=seed))
        find_cell_zoneout(observer)
        assert observer.inner_look("cell_update").shared


def test_zoneout_at_inference_too_is_random() -> None:
    truth = at("cell_update", **ZONES)
    observer = looked_at(NumPyLayer([truth], active=True))
    find_cell_zoneout(observer)
    assert observer.inner_look("cell_update").random


@pytest.mark.parametrize("layer", [NumPyLayer(), NumPyLayer(kind="GRU"), NumPyLayer([at("cell")])])
def test_where_c_is_not_kept_none_is_found(layer: NumPyLayer) -> None:
    observer = looked_at(layer)
    before = list(observer.places)
    find_cell_zoneout(observer)
    assert list(observer.places) == before


class DroppedReset(NumPyLayer):
    """A GRU whose gate r is dropped after its activation, which no site of the table is."""

    rate = 0.4

    def __call__(self, x: Any, *, initial_state: Sequence[Any], training: bool) -> Any:
        kernel, recurrent, bias = self._weights
        (h,) = (np.asarray(each, float) for each in initial_state)
        drawn = np.where(self._random.random(h.shape) < self.rate, 0.0, 1 / (1 - self.rate))
        outputs = []
        for step in np.moveaxis(np.asarray(x, float), 1, 0):
            z, r, g = np.split(step @ kernel + bias[0], 3, axis=1)
            old_z, old_r, old_g = np.split(h @ recurrent + bias[1], 3, axis=1)
            z, r = oracle.sigmoid(z + old_z), oracle.sigmoid(r + old_r)
            r = r * drawn if training else r
            h = z * h + (1 - z) * np.tanh(g + r * old_g)
            outputs.append(h)
        return np.stack(outputs, axis=1).astype("float32")


@pytest.mark.parametrize("units", [2, 4, 6])
@pytest.mark.parametrize("rate", [0.2, 0.4])
def test_a_dropped_gate_r_is_said_and_taken_for_no_mask_on_x_or_h(units: int, rate: float) -> None:
    layer = DroppedReset(kind="GRU", units=units)
    layer.rate = rate
    verdict = explained(layer)

    assert Doubt.GATE.value in verdict.doubts
    assert dict(verdict.sites) == {}
