"""What acts on the arrows: gates, ties and entries, against the masks that were used."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dropviz.experiment import observe
from dropviz.experiment.harness import CANDIDATE
from dropviz.experiment.input_sites import (
    find_input_masks,
    find_mask_for_both,
    gate_probe,
    read_structure,
    read_ties,
)
from dropviz.experiment.observations import Doubt, Look, Note, Place
from dropviz.experiment.observe import Observer
from dropviz.experiment.state_sites import find_state_masks

from .numpy_layer import NumPyLayer, dropped_entries, observer_of
from .zoo_truth import SiteTruth, at

Array = Any
KERNEL: dict[str, Any] = {"tying": "untied", "same_over_samples": True}


def looked_at(*truths: SiteTruth, **how: Any) -> tuple[NumPyLayer, Observer]:
    layer = NumPyLayer(truths, **how)
    observer = observer_of(layer)
    find_state_masks(observer)
    find_input_masks(observer)
    return layer, observer


def gates_of(place: Place, slack: float) -> tuple[list[int | None], list[int | None]]:
    acting = list(place.acting(slack))
    return acting, [gate for gate in place.looks if gate not in acting]


def kept_entries(layer: NumPyLayer, calls: int, *what: tuple[str, int, int]) -> Array:
    """Kept bits by site, gate and step: shape (of those, calls, samples, readers)."""
    return np.stack([1 - dropped_entries(layer, calls, *each) for each in what])


def same_where_told(read: Array, used: Array, *, told: float = 1.0) -> None:
    known = ~np.isnan(read)
    np.testing.assert_array_equal(read[known], used[known])
    assert known.mean() >= told


# ---------------------------------------------------------------- which gates


@pytest.mark.parametrize("site", ["input", "recurrent"])
@pytest.mark.parametrize("gates", [("i",), ("f", "o"), ("g",), ("i", "f", "g", "o")], ids=str)
@pytest.mark.parametrize("bias", [True, False])
def test_the_gates_that_see_masks_are_told_from_those_that_do_not(
    site: str,
    gates: tuple[str, ...],
    bias: bool,  # noqa: FBT001
) -> None:
    layer, observer = looked_at(at(site, tying="untied", gates=gates), bias=bias)
    assert list(observer.places) == [site]
    acting, idle = gates_of(observer.places[site], observer.slack)
    numbers = [number for number, gate in enumerate(layer.gates) if gate in gates]
    assert (acting, idle) == (numbers, [n for n in range(4) if n not in numbers])
    assert (observer.unheard, observer.doubts) == ([], [])


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("site", ["input", "recurrent"])
@pytest.mark.parametrize("gates", [("z",), ("r",), ("g",), ("z", "r", "g")], ids=str)
def test_the_gates_of_a_gru_are_told(site: str, gates: tuple[str, ...], after: bool) -> None:  # noqa: FBT001
    truth = at(site, kind="GRU", tying="untied", gates=gates)
    layer, observer = looked_at(truth, kind="GRU", reset_after=after)
    assert list(observer.places) == [site]
    acting, idle = gates_of(observer.places[site], observer.slack)
    numbers = [number for number, gate in enumerate(layer.gates) if gate in gates]
    assert (acting, idle) == (numbers, [n for n in range(3) if n not in numbers])
    assert observer.unheard == []


def test_a_gate_whose_mask_is_the_candidates_own_and_unscaled_is_not_heard() -> None:
    truth = at("recurrent", kind="GRU", scaling="none")
    _, observer = looked_at(truth, kind="GRU", reset_after=False)
    assert observer.unheard == [("recurrent", 1)]
    # Scaled, the mask of r shows where the candidate's keeps.
    _, observer = looked_at(replace(truth, kept=1 / 0.6), kind="GRU", reset_after=False)
    assert observer.unheard == []


def test_what_is_masked_inside_is_not_taken_for_a_mask_on_an_arrow() -> None:
    for how in ({}, {"units": 1}, {"active": True}, {"bias": False}, {"features": 1}):
        _, observer = looked_at(at("cell"), **how)
        assert list(observer.places) == ["cell"]
    for site in ("carried", "candidate"):
        _, observer = looked_at(at(site, kind="GRU"), kind="GRU", units=1)
        assert list(observer.places) == [site]


def test_a_gate_behind_what_is_dropped_for_all_samples_is_not_said_to_be_free() -> None:
    inner = at("cell", rate=0.7, scaling="none", same_over_samples=True)
    for seed in range(3):
        layer, observer = looked_at(inner, at("input", tying="untied", scaling="none"), seed=seed)
        found = observer.places["input"]
        _, idle = gates_of(found, observer.slack)
        assert idle == []
        heard = {gate for gate in range(len(layer.gates)) if gate in found.looks}
        assert observer.unheard == [("input", g) for g in range(4) if g not in heard]


def test_the_gate_z_speaks_of_x_past_a_candidate_that_is_dropped() -> None:
    masks = at("candidate", kind="GRU"), at("input", kind="GRU", tying="untied")
    _, observer = looked_at(*masks, kind="GRU")
    look = observer.places["input"].looks[0]
    assert not np.isnan(look.dropped).any()
    assert look.shows


# ---------------------------------------------------------------- seldom


@pytest.mark.parametrize("site", ["recurrent_kernel", "input"])
def test_a_mask_drawn_once_a_call_that_scales_nothing_is_found(site: str) -> None:
    truth = at(site, rate=0.2, scaling="none", **KERNEL)
    for seed in range(3):
        _, observer = looked_at(truth, units=2, features=1, seed=seed)
        arrow = site.removesuffix("_kernel")
        assert list(observer.places) == [arrow]
        acting, idle = gates_of(observer.places[arrow], observer.slack)
        assert (acting, idle) == ([0, 1, 2, 3], [])


def test_a_candidate_that_one_arrow_alone_showed_dropped_is_looked_at_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    truth = at("candidate", rate=0.15, scaling="none", same_over_samples=True)
    longer: list[Look] = []
    for seed in range(8):
        layer = NumPyLayer((truth,), bias=False, units=2, seed=seed)
        observer = observer_of(layer)
        known = observer.look_longer

        def look_longer(look: Look, *more: Any, known: Any = known) -> Look:
            longer.append(look)
            found: Look = known(look, *more)
            return found

        monkeypatch.setattr(observer, "look_longer", look_longer)
        find_state_masks(observer)
        find_input_masks(observer)
        assert list(observer.places) == ["candidate"] or Doubt.NO_BIAS_CANDIDATE in observer.doubts
    assert longer
    assert {look.share for look in longer} == {0.0}


@pytest.mark.parametrize(
    ("gate", "found", "stored"),
    [(CANDIDATE, "carried", 0.0), (CANDIDATE, "cell", 0.1), (1, "carried", 0.1), (3, "cell", 0.1)],
)
def test_a_gate_speaks_beside_what_is_stored_but_for_a_candidate_whose_memory_is_masked(
    gate: int, found: str, stored: float
) -> None:
    observer = observer_of(NumPyLayer(()))
    observer.places[found] = Place(found, {})
    probe = gate_probe(observer, "input", gate)
    assert probe is not None
    assert probe.c == stored


def test_what_drops_seldom_inside_the_cell_is_put_on_no_arrow() -> None:
    truth = at("candidate", rate=0.1, scaling="none", same_over_samples=True, same_over_units=True)
    seen = set()
    for seed in range(6):
        _, observer = looked_at(truth, seed=seed)
        assert set(observer.places) <= {"candidate"}
        seen |= {*observer.places, *observer.doubts}
    assert Doubt.RARE in seen


# ---------------------------------------------------------------- without a bias


@pytest.mark.few(8)
@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.7])
@pytest.mark.parametrize("scaling", ["inverted", "test-time", "none"])
@pytest.mark.parametrize("units", [1, 4])
def test_without_a_bias_the_candidate_is_told_from_the_arrows(
    rate: float, scaling: str, units: int
) -> None:
    truth = at("candidate", rate=rate, scaling=scaling, life="step")
    _, observer = looked_at(truth, bias=False, units=units)
    assert list(observer.places) == ["candidate"]
    look = observer.inner_look("candidate")
    assert look.kept == pytest.approx(truth.kept, rel=0.01)
    assert look.share == pytest.approx(rate, abs=0.1)
    assert observer.doubts == []


@pytest.mark.parametrize("scaling", ["none", "inverted"])
def test_without_a_bias_a_candidate_that_all_samples_share_is_put_on_no_arrow(scaling: str) -> None:
    truth = at("candidate", rate=0.3, scaling=scaling, same_over_samples=True)
    # Drawn but once a call, it was seen to drop through one arrow alone with these seeds.
    for seed in (0, 2):
        layer, observer = looked_at(truth, bias=False, units=2, seed=seed)
        assert list(observer.places) == ["candidate"]
        look = observer.inner_look("candidate")
        assert look.shared
        assert look.kept == pytest.approx(truth.kept, rel=0.01)
        assert len(layer.used) < 1000


@pytest.mark.parametrize("bias", [True, False])
def test_masks_on_both_arrows_are_no_mask_on_the_candidate(bias: bool) -> None:  # noqa: FBT001
    for tying in ("tied", "untied"):
        both = at("input", tying=tying), at("recurrent", rate=0.2, kept=1.25, tying=tying)
        _, observer = looked_at(*both, bias=bias)
        assert set(observer.places) == {"input", "recurrent"}
        assert (observer.doubts, observer.unheard) == ([], [])


@pytest.mark.parametrize("arrows", [("input",), ("recurrent",)], ids=str)
def test_without_a_bias_the_candidate_is_told_by_the_arrow_that_is_free(
    arrows: tuple[str, ...],
) -> None:
    masks = [at(site, rate=0.2, kept=1.25) for site in arrows]
    _, observer = looked_at(at("candidate"), *masks, bias=False)
    assert set(observer.places) == {"candidate", *arrows}
    assert observer.inner_look("candidate").share == pytest.approx(0.4, abs=0.1)
    for site in arrows:
        looks = observer.places[site].acting(observer.slack)
        assert list(looks) == [0, 1, 2, 3]
        for look in looks.values():
            assert look.kept == pytest.approx(1.25, rel=0.01)
            # A dropped entry does not show behind a candidate that may be dropped itself.
            assert look.share == pytest.approx(0.2 if look.shows else 0, abs=0.1)
    assert (observer.doubts, observer.unheard) == ([], [])


def test_without_a_bias_a_candidate_behind_masks_on_both_arrows_is_a_doubt() -> None:
    _, observer = looked_at(at("candidate"), at("input"), at("recurrent"), bias=False)
    assert observer.doubts == [Doubt.NO_BIAS_CANDIDATE]
    # What is heard without the candidate is told, and of the other gates nothing is.
    for site in ("input", "recurrent"):
        assert gates_of(observer.places[site], observer.slack) == ([1, 3], [])
    assert observer.unheard == [("recurrent", 0), ("recurrent", 2), ("input", 0), ("input", 2)]


def test_without_a_bias_a_candidate_scaled_out_of_reach_is_a_doubt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(observe, "_MOST", 20)  # more calls show no more of it
    # What is kept comes out 33 times as large, as nothing makes it that multiplies x or h.
    _, observer = looked_at(at("candidate", rate=0.97), bias=False)
    assert observer.places == {}
    assert observer.doubts == [Doubt.NO_BIAS_CANDIDATE]


# ---------------------------------------------------------------- ties and entries


@pytest.mark.parametrize("site", ["input", "recurrent"])
@pytest.mark.parametrize("tying", ["tied", "untied"])
@pytest.mark.parametrize("units", [1, 4])
def test_the_masks_of_all_gates_are_read_in_the_same_calls(
    site: str, tying: str, units: int
) -> None:
    layer, observer = looked_at(at(site, tying=tying), units=units)
    read_ties(observer, site)
    joint = observer.places[site].joint
    assert joint is not None
    assert joint.shape == (4, 2, 256, len(observer.harness.readers))
    gates = [(site, gate, 0) for gate in range(4)]
    same_where_told(joint, kept_entries(layer, 2, *gates))
    assert 0.2 < observer.places[site].luck["joint"] < 0.8  # .52 by the rate


@pytest.mark.parametrize("site", ["input", "recurrent"])
@pytest.mark.parametrize("after", [True, False])
def test_the_masks_of_a_grus_gates_are_read(site: str, after: bool) -> None:  # noqa: FBT001
    truth = at(site, kind="GRU", tying="untied")
    layer, observer = looked_at(truth, kind="GRU", reset_after=after)
    read_ties(observer, site)
    joint = observer.places[site].joint
    assert joint is not None
    gates = [(site, gate, 0) for gate in range(3)]
    # Behind a candidate that is dropped, the gate r before it is not seen.
    told = 0.6 if site == "recurrent" and not after else 1.0
    same_where_told(joint, kept_entries(layer, 2, *gates), told=told)


def test_one_gate_has_nothing_to_tie() -> None:
    _, observer = looked_at(at("input", gates=("f",)))
    read_ties(observer, "input")
    assert observer.places["input"].joint is None


@pytest.mark.parametrize("site", ["input", "recurrent"])
@pytest.mark.parametrize("units", [2, 4, 7])
def test_two_entries_are_read_by_each_reader(site: str, units: int) -> None:
    layer, observer = looked_at(at(site, tying="untied"), units=units)
    read_structure(observer, site)
    place = observer.places[site]
    gate = max(gate for gate in place.looks if gate is not None)
    readers = units - 2 if units > 3 else units
    assert not place.single
    assert place.sources is not None
    assert place.sources.shape == (2, 2, 256, readers)
    used = np.stack([each[site][0, gate, :, :2] != 0 for each in layer.used[-2:]])
    wanted = np.repeat(np.moveaxis(used, -1, 0)[..., np.newaxis], readers, axis=-1)
    np.testing.assert_array_equal(place.sources, wanted)


def test_a_dropped_weight_is_read_by_its_own_reader_alone() -> None:
    layer, observer = looked_at(at("recurrent_kernel", **KERNEL), units=6)
    read_structure(observer, "recurrent")
    place = observer.places["recurrent"]
    assert place.sources is not None
    calls = place.sources.shape[1]
    gate = max(gate for gate in place.looks if gate is not None)
    weights = [each["recurrent_kernel"][0, gate, 0].reshape(6, 6) for each in layer.used[-calls:]]
    used = np.stack([kernel[:2, 2:] != 0 for kernel in weights], axis=1)
    np.testing.assert_array_equal(place.once(place.sources)[:, :, 0], used)


@pytest.mark.parametrize(
    ("units", "features", "single"), [(1, 1, True), (1, 3, False), (2, 1, False), (3, 1, False)]
)
def test_a_layer_of_one_weight_a_gate_is_known_as_such(
    units: int,
    features: int,
    single: bool,  # noqa: FBT001
) -> None:
    _, observer = looked_at(at("input"), units=units, features=features)
    read_structure(observer, "input")
    assert observer.places["input"].single is single
    assert (observer.places["input"].sources is None) is (features == 1)


# ---------------------------------------------------------------- one mask for both


@pytest.mark.parametrize("one", [True, False])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("width", [3, 4])
def test_one_mask_for_x_and_h_is_noted(one: bool, kind: str, width: int) -> None:  # noqa: FBT001
    x = at("input", kind=kind)
    h = at("recurrent", kind=kind, same_mask_as="input" if one else "")
    # As many inputs as units, or one mask would not fit both.
    _, observer = looked_at(x, h, kind=kind, units=width, features=width)
    find_mask_for_both(observer)
    notes = observer.places["input"].notes
    assert notes == ([Note.ONE_MASK_FOR_X_AND_H] if one else [])


@pytest.mark.parametrize("one", [True, False])
def test_masks_that_all_samples_share_are_drawn_once_however_many_samples_show_them(
    one: bool,  # noqa: FBT001
) -> None:
    x = at("input", rate=0.4, same_over_samples=True)
    h = replace(x, site="recurrent", same_mask_as="input" if one else "")
    said = []
    # With these seeds the first few masks that are drawn apart are equal by luck.
    for seed in (0, 4, 6):
        _, observer = looked_at(x, h, units=4, features=4, seed=seed)
        find_mask_for_both(observer)
        said.append(observer.places["input"].notes == [Note.ONE_MASK_FOR_X_AND_H])
    assert set(said) == {one}


@pytest.mark.parametrize(("units", "features"), [(4, 1), (4, 2), (7, 4)])
def test_fewer_inputs_than_units_meet_the_first_entries_of_one_mask(
    units: int, features: int
) -> None:
    h, x = at("recurrent"), at("input", same_mask_as="recurrent")
    _, observer = looked_at(h, x, units=units, features=features)
    find_mask_for_both(observer)
    assert observer.places["input"].notes == [Note.ONE_MASK_FOR_X_AND_H]


def test_one_arrow_shares_with_no_other() -> None:
    _, observer = looked_at(at("input"))
    calls = observer.harness.calls
    find_mask_for_both(observer)
    assert observer.harness.calls == calls
    assert CANDIDATE in observer.places["input"].looks
