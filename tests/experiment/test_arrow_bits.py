"""Ties, entries and one mask for both arrows, read off multipliers and bits that are made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dropviz.experiment.input_sites import find_mask_for_both, read_structure, read_ties
from dropviz.experiment.observations import Look, Note, Place
from dropviz.experiment.observe import Observer

from .numpy_layer import NumPyLayer, dropped_entries, observer_of
from .zoo_truth import at

Array = Any
BITS = (np.random.default_rng(0).random((2, 200, 2)) < 0.4) * 1.0
FREE, DROPPING = Look(1.0, 0.0, 0 * BITS), Look(2.0, 0.0, BITS)


def observer_with(places: dict[str, dict[int | None, Look]], **how: Any) -> Observer:
    observer = observer_of(NumPyLayer(**how))
    observer.places = {site: Place(site, looks) for site, looks in places.items()}
    return observer


# ---------------------------------------------------------------- two entries at once


def paired(
    monkeypatch: pytest.MonkeyPatch,
    observer: Observer,
    multipliers: Any = ((1.0,),),
    site: str = "input",
) -> tuple[list[tuple[Any, ...]], Place]:
    """By call, the site, gate and readers of which two entries were read; and what was found."""
    asked: list[tuple[Any, ...]] = []

    def run_pairs(_: Any, *what: Any) -> Array:
        asked.append(what)
        return np.zeros((1, 1))

    monkeypatch.setattr(observer.harness, "run_pairs", run_pairs)
    monkeypatch.setattr(observer, "read_multipliers", lambda *_: (np.array(multipliers), True))
    read_structure(observer, site)
    return asked, observer.places[site]


@pytest.mark.parametrize("kept", [1.0, 2.0, 1 / 0.6])
def test_a_third_and_two_thirds_of_a_weight_tell_two_entries_apart(
    monkeypatch: pytest.MonkeyPatch, kept: float
) -> None:
    observer = observer_with({"input": {0: replace(DROPPING, kept=kept)}})
    # The last but two are what no two entries come to; the first is as far off as rounding takes.
    thirds = np.array([[0.1, 0.0, 1.0, 2.0, 3.0, 4.0, -1.0, np.nan]])
    _, place = paired(monkeypatch, observer, kept * thirds / 3)
    nan = np.nan
    wanted = [[0, 0, 1, 0, 1, nan, nan, nan], [0, 0, 0, 1, 1, nan, nan, nan]]
    assert place.sources is not None
    assert place.sources.shape == (2, 2, 1, 8)  # entries, calls, samples and readers
    for call in (0, 1):
        np.testing.assert_array_equal(place.sources[:, call, 0], wanted)


@pytest.mark.parametrize(
    ("site", "how", "readers"),
    [
        # The first two units are read, and from four on none of them reads.
        ("input", {"units": 4}, [2, 3]),
        ("input", {"units": 5}, [2, 3, 4]),
        ("input", {"units": 3}, [0, 1, 2]),
        ("input", {"units": 1}, [0]),
        ("input", {"units": 4, "features": 2}, [2, 3]),
        ("input", {"units": 4, "features": 1}, None),  # there are no two
        ("recurrent", {"units": 4, "features": 1}, [2, 3]),
        ("recurrent", {"units": 2}, [0, 1]),
        ("recurrent", {"units": 1}, None),
        # In a GRU of few units, h is what is read and what reads.
        ("input", {"units": 4, "kind": "GRU"}, [2, 3]),
        ("input", {"units": 3, "kind": "GRU"}, [0, 1, 2]),
        ("recurrent", {"units": 3, "kind": "GRU"}, [2]),
        ("recurrent", {"units": 2, "kind": "GRU"}, None),
    ],
)
def test_two_entries_are_read_by_units_that_are_none_of_them(
    monkeypatch: pytest.MonkeyPatch, site: str, how: dict[str, Any], readers: list[int] | None
) -> None:
    observer = observer_with({site: {0: DROPPING}}, **how)
    asked, place = paired(monkeypatch, observer, site=site)
    assert asked == ([(site, 0, readers)] * observer.harness.times if readers else [])
    assert (place.sources is None) is (readers is None)


@pytest.mark.parametrize(
    ("looks", "gate"),
    [
        ({0: DROPPING, 1: DROPPING, 3: DROPPING}, 3),
        ({0: DROPPING, 1: DROPPING, 3: FREE}, 1),
        ({0: DROPPING, 1: DROPPING, 3: replace(DROPPING, shows=False)}, 1),
        ({0: FREE, 1: replace(DROPPING, shows=False)}, None),
        ({None: DROPPING}, None),
    ],
)
def test_two_entries_are_read_at_the_last_gate_where_a_dropped_one_shows(
    monkeypatch: pytest.MonkeyPatch, looks: dict[int | None, Look], gate: int | None
) -> None:
    asked, _ = paired(monkeypatch, observer_with({"input": looks}))
    assert {each[1] for each in asked} == ({gate} if gate is not None else set())


def test_a_gate_that_does_not_speak_alone_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    observer = observer_with({"input": {0: DROPPING, 1: DROPPING}}, kind="GRU", reset_after=False)
    asked, _ = paired(monkeypatch, observer)
    assert {gate for _, gate, _ in asked} == {0}


@pytest.mark.parametrize(("units", "single"), [(1, True), (2, False)])
def test_one_weight_a_gate_is_one_row_and_one_unit(units: int, single: bool) -> None:  # noqa: FBT001
    observer = observer_with({"recurrent": {0: DROPPING}}, units=units)
    read_structure(observer, "recurrent")
    assert observer.places["recurrent"].single is single


# ---------------------------------------------------------------- ties


@pytest.mark.parametrize(
    "looks", [{1: DROPPING}, {1: DROPPING, 2: FREE}, {None: DROPPING}], ids=str
)
def test_fewer_than_two_gates_are_tied_to_nothing(looks: dict[int | None, Look]) -> None:
    observer = observer_with({"input": looks})
    before = observer.harness.calls
    read_ties(observer, "input")
    assert (observer.places["input"].joint, observer.harness.calls) == (None, before)


def test_the_gates_that_act_are_tied_beside_a_memory_that_is_dropped() -> None:
    x, c = at("input", tying="untied", gates=("f", "o")), at("cell")
    layer = NumPyLayer([x, c])
    observer = observer_of(layer)
    acting = Look(x.kept, 0.0, BITS)
    observer.register("cell", Look(c.kept, 0.0, BITS))
    observer.places["input"] = Place("input", {1: acting, 2: FREE, 3: acting})
    read_ties(observer, "input")
    joint = observer.places["input"].joint
    assert joint is not None
    assert joint.shape == (2, 2, 256, 2)
    told = ~np.isnan(joint)
    used = np.stack([1 - dropped_entries(layer, 2, "input", gate) for gate in (1, 3)])
    np.testing.assert_array_equal(joint[told], used[told])
    # Behind what is stored, where that is kept: six of ten.
    assert told.mean() == pytest.approx(0.6, abs=0.1)
    # By their shares, .4 here: .16 and .36.
    assert observer.places["input"].luck == {"joint": pytest.approx(0.52, abs=0.05)}


@pytest.mark.parametrize("known", [True, False])
def test_r_before_the_kernel_is_read_beside_a_candidate_whose_h_is_dropped(known: bool) -> None:  # noqa: FBT001
    x = at("input", kind="GRU", tying="untied", gates=("z", "r"))
    h = at("recurrent", kind="GRU", tying="untied", gates=("g",))
    layer = NumPyLayer([x, h], "GRU", reset_after=False)
    observer = observer_of(layer)
    acting = Look(x.kept, 0.0, BITS)
    observer.places["input"] = Place("input", {0: acting, 1: acting})
    observer.places["recurrent"] = Place("recurrent", {2 if known else 0: acting})
    read_ties(observer, "input")
    joint = observer.places["input"].joint
    assert joint is not None
    told = ~np.isnan(joint)
    # The h that r multiplies comes through six times of ten: unless that is known, the outputs
    # are those of no pattern.
    if known:
        assert told[1].mean() == pytest.approx(0.6, abs=0.1)
        used = 1 - dropped_entries(layer, 2, "input", 0)
        np.testing.assert_array_equal(joint[0][told[0]], used[told[0]])
    else:
        assert told.mean() < 0.1


# ---------------------------------------------------------------- one mask for x and h

KEPT = 1 - BITS
OTHER = 1 - np.roll(BITS, 1, axis=1)


def noted(
    monkeypatch: pytest.MonkeyPatch,
    observer: Observer,
    *bits: tuple[Array, Array],
) -> tuple[bool, list[int]]:
    """Whether one mask is noted where bits of x and h come out so; and how often it was run."""
    times: list[int] = []

    def read_bits(_: Any, asked: list[Any], many: int) -> Array:
        assert [(each.site, each.kept) for each in asked[:2]] == [("input", 2), ("recurrent", 2)]
        x, h = bits[len(times)]
        times.append(many)
        # What acts inside the cell is read with them.
        return np.stack([x, h, *[0 * x for _ in asked[2:]]])

    monkeypatch.setattr(observer, "read_bits", read_bits)
    find_mask_for_both(observer)
    said = [note for place in observer.places.values() for note in place.notes]
    assert said in ([], [Note.ONE_MASK_FOR_X_AND_H])
    assert not observer.places.get("input") or observer.places["input"].notes == said
    return bool(said), times


def test_equal_bits_of_x_and_h_are_one_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    both: dict[str, dict[int | None, Look]] = {"recurrent": {1: DROPPING}, "input": {2: DROPPING}}
    assert noted(monkeypatch, observer_with(both, features=4), (KEPT, KEPT)) == (True, [2])
    assert noted(monkeypatch, observer_with(both, features=4), (KEPT, OTHER)) == (False, [2])
    observer = observer_with({**both, "cell": {None: DROPPING}}, features=4)
    assert noted(monkeypatch, observer, (KEPT, KEPT)) == (True, [2])
    # The second reader's source stands at 1, which is no input of one; the first's is.
    half = np.concatenate([KEPT[..., :1], OTHER[..., 1:]], axis=-1)
    for features, one in ((4, False), (2, False), (1, True)):
        observer = observer_with(both, features=features)
        assert noted(monkeypatch, observer, (KEPT, half)) == (one, [2])


def test_one_gate_whose_h_shares_the_mask_of_x_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    both: dict[str, dict[int | None, Look]] = {
        "recurrent": {0: DROPPING, 1: FREE, 3: DROPPING},
        "input": {2: DROPPING},
    }
    for bits, answer in (
        ([(KEPT, OTHER), (KEPT, KEPT)], (True, [2, 2])),
        ([(KEPT, KEPT), (KEPT, OTHER)], (True, [2])),
        ([(KEPT, OTHER), (KEPT, OTHER)], (False, [2, 2])),
    ):
        assert noted(monkeypatch, observer_with(both), *bits) == answer


SHARED = replace(DROPPING, shared=True)


@pytest.mark.parametrize(
    "places",
    [
        {"input": {2: DROPPING}},
        {"recurrent": {2: DROPPING}},
        {"recurrent": {2: SHARED}, "input": {2: DROPPING}},
        {"recurrent": {2: DROPPING}, "input": {2: SHARED}},
        # x is read by way of the candidate.
        {"recurrent": {2: DROPPING}, "input": {1: DROPPING}},
        {"recurrent": {2: DROPPING}, "input": {1: DROPPING, 2: FREE}},
    ],
    ids=str,
)
def test_what_cannot_be_one_mask_is_not_looked_at(
    monkeypatch: pytest.MonkeyPatch, places: dict[str, dict[int | None, Look]]
) -> None:
    assert noted(monkeypatch, observer_with(places)) == (False, [])


def test_of_masks_that_samples_share_a_draw_is_counted_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both: dict[str, dict[int | None, Look]] = {"recurrent": {1: SHARED}, "input": {2: SHARED}}
    few = np.repeat(KEPT[:, :1], 200, axis=1)
    # Four draws that are equal, each seen two hundred times, may be luck.
    assert not noted(monkeypatch, observer_with(both, features=4), (few, few))[0]
    many = np.repeat(KEPT[0][:, np.newaxis], 2, axis=1)
    said, (times,) = noted(monkeypatch, observer_with(both, features=4), (many, many))
    assert said
    assert times > 2


def test_the_only_input_is_read_by_all_units_where_they_are_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    observer = observer_with({"input": {0: DROPPING}}, units=3, features=1)

    asked, place = paired(monkeypatch, observer, ((1.0, 0.0, np.nan),))

    assert asked == [("input", 0, [0, 1, 2], (1.0,))] * observer.harness.times
    assert (place.sources, place.alone) == (None, False)
    for call in range(observer.harness.times):
        np.testing.assert_array_equal(place.one_entry[call, 0], [0, 1, np.nan])  # type: ignore[index]
