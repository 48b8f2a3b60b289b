"""What is said of the gates at an arrow, by looks that are made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dropviz.experiment import input_sites
from dropviz.experiment.input_sites import find_input_masks
from dropviz.experiment.observations import Doubt, Look
from dropviz.experiment.observe import Observer
from dropviz.experiment.probe import Probe

from .numpy_layer import NumPyLayer, observer_of


def four_of_ten(*shape: int) -> Any:
    bits = np.arange(np.prod(shape)) % 10 < 4
    return np.random.default_rng(0).permuted(bits).reshape(shape).astype(float)


BITS = four_of_ten(2, 200, 2)
FREE, DROPPING = Look(1.0, 0.0, 0 * BITS), Look(1.0, 0.0, BITS)
UNTOLD = Look(1.0, 0.0, np.nan * BITS)
SHARED = Look(1.0, 0.0, np.repeat(four_of_ten(5, 1, 2), 200, axis=1), shared=True)
INPUT, RECURRENT = "input", "recurrent"
Looks = Mapping[tuple[str, int], Look]


class Told:
    """An observer that is told what it sees, of a layer that drops nothing.

    Attributes:
        observer: The observer.
        asked: Site and gate of each look, in turn.
        longer: Site, gate and draws of each longer one.
        again: Site and gate of each that was looked at again.
        also: By site and gate, the other arrows that the last look allowed for.
    """

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, looks: Looks, later: Looks | None = None, **how: Any
    ) -> None:
        self.observer = observer_of(NumPyLayer(**how))
        self.asked: list[tuple[str, int]] = []
        self.longer: list[tuple[str, int, int]] = []
        self.again: list[tuple[str, int]] = []
        self.also: dict[tuple[str, int], list[str]] = {}
        self.looks, self.later = looks, later or {}
        for name in ("look", "look_longer", "look_again"):
            monkeypatch.setattr(self.observer, name, getattr(self, f"_{name}"))

    def find(self) -> Observer:
        find_input_masks(self.observer)
        return self.observer

    def _look(self, _: Probe, site: str, gate: int, also: Sequence[str] = ()) -> Look:
        self.also[site, gate] = list(also)
        looks = self.later if (site, gate) in self.asked and self.later else self.looks
        self.asked.append((site, gate))
        return looks.get((site, gate), FREE)

    def _look_longer(self, before: Look, draws: int, _: Probe, site: str, gate: int) -> Look:
        self.longer.append((site, gate, draws))
        return before

    def _look_again(self, before: Look, _: Probe, site: str, gate: int) -> Look:
        self.again.append((site, gate))
        return self.later.get((site, gate), before)


def heard_at(observer: Observer, site: str) -> tuple[list[int | None], list[int | None]]:
    """The gates that see masks, and those that see none."""
    acting = list(observer.places[site].acting(observer.slack))
    return acting, [gate for gate in observer.places[site].looks if gate not in acting]


# ---------------------------------------------------------------- which gates


def test_gates_are_told_to_see_masks_or_none_or_are_not_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Of a rate of .4, 28 draws without a drop leave no more than one in a million.
    few, enough = (Look(1.0, 0.0, np.zeros((1, many, 1))) for many in (27, 28))
    for free, idle in ((few, []), (enough, [3])):
        looks = {
            (INPUT, 0): DROPPING,
            (INPUT, 1): UNTOLD,
            (INPUT, 2): replace(FREE, shows=False),
            (INPUT, 3): free,
        }
        observer = Told(monkeypatch, looks).find()
        assert heard_at(observer, INPUT) == ([0], idle)
        assert observer.unheard == [(INPUT, gate) for gate in (1, 2, 3) if gate not in idle]


def test_readers_of_one_input_have_seen_its_draws_once(monkeypatch: pytest.MonkeyPatch) -> None:
    second = np.full((1, 100, 2), [np.nan, 0.0])
    looks = {(INPUT, 0): DROPPING, (INPUT, 1): Look(1.0, 0.0, second)}
    for features, idle in ((1, [2, 3]), (2, [1, 2, 3])):
        observer = Told(monkeypatch, looks, features=features).find()
        assert heard_at(observer, INPUT) == ([0], idle)
        assert observer.places[INPUT].distinct == features


def test_where_no_gate_sees_masks_there_is_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    observer = Told(monkeypatch, {(INPUT, 0): UNTOLD}).find()
    assert (observer.places, observer.unheard, observer.doubts) == ({}, [], [])


SCALED = Look(2.0, 0.1, BITS, 1.0, explained=1.0, blur=0.05)


@pytest.mark.parametrize(
    ("look", "acts"),
    [
        (SCALED, False),
        (replace(SCALED, explained=0.999), False),
        (replace(SCALED, explained=0.998), True),
        # Where a dropped entry does not show, what is inside would explain all there is.
        (replace(SCALED, shows=False), True),
        # At inference what is inside stays at rest as well, or is random.
        (replace(SCALED, at_inference=0.6), True),
        (replace(SCALED, at_inference=1.04), False),
        (replace(SCALED, at_inference=1.06), True),
        (replace(SCALED, at_inference=1.004, blur=0.0), False),
        (replace(SCALED, at_inference=0.6, random=True), False),
    ],
)
def test_a_gate_sees_no_masks_where_those_inside_the_cell_explain_all(
    monkeypatch: pytest.MonkeyPatch,
    look: Look,
    acts: bool,  # noqa: FBT001
) -> None:
    observer = Told(monkeypatch, {(INPUT, 1): look, (INPUT, 3): DROPPING}).find()
    assert heard_at(observer, INPUT) == (([1, 3], [0, 2]) if acts else ([3], [0, 1, 2]))
    if not acts:
        seen = observer.places[INPUT].looks[1]
        assert (seen.kept, seen.spread, seen.share, seen.blur) == (1.0, 0.0, 0.0, look.blur)
        assert not np.isnan(seen.dropped).any()


def test_what_was_not_told_stays_so_where_those_inside_explain_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bits = np.where(np.arange(2), BITS, np.nan)
    looks = {(INPUT, 1): replace(SCALED, dropped=bits), (INPUT, 3): DROPPING}
    seen = Told(monkeypatch, looks).find().places[INPUT].looks[1]
    np.testing.assert_array_equal(np.isnan(seen.dropped), np.isnan(bits))


@pytest.mark.parametrize("doubt", [Doubt.SEVERAL_STORED, Doubt.GATE])
def test_behind_what_hides_the_arrows_none_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, doubt: Doubt
) -> None:
    told = Told(monkeypatch, {(INPUT, 0): DROPPING})
    told.observer.doubt(doubt)
    assert (told.find().places, told.asked) == ({}, [])


def test_noise_inside_the_cell_is_said_to_hide_the_arrows(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(monkeypatch, {(INPUT, 0): DROPPING})
    told.observer.register("cell", Look(1.0, 0.5, BITS))
    assert told.find().doubts == [Doubt.NOISE_INSIDE]
    assert told.asked == []
    # What is open besides hides nothing.
    told = Told(monkeypatch, {(INPUT, 0): DROPPING})
    told.observer.doubt(Doubt.NO_BIAS)
    assert list(told.find().places) == [INPUT]


def test_gates_beside_one_whose_samples_share_a_mask_are_looked_at_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = Told(monkeypatch, {(INPUT, 1): SHARED, (INPUT, 3): DROPPING})
    told.find()
    assert [each[:2] for each in told.longer] == [(INPUT, 0), (INPUT, 2)]


# ---------------------------------------------------------------- the candidate, without a bias

BOTH = {(RECURRENT, 2): DROPPING, (INPUT, 2): replace(DROPPING, kept=2.0)}


def unbiased(
    monkeypatch: pytest.MonkeyPatch,
    drops: bool | None,  # noqa: FBT001
    looks: Looks,
    later: Looks | None = None,
) -> Told:
    """What is found of a layer without a bias whose candidate drops, or does not."""
    told = Told(monkeypatch, looks, later, bias=False)
    monkeypatch.setattr(input_sites, "candidate_drops", lambda *_: drops)
    monkeypatch.setattr(input_sites, "look_gently", lambda _, __, look: look)
    told.find()
    return told


def test_a_candidate_that_drops_is_told_by_the_arrow_that_drops_least_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = dict.fromkeys(BOTH, FREE)
    told = unbiased(monkeypatch, True, BOTH, free)  # noqa: FBT003
    assert list(told.observer.places) == ["candidate"]
    assert told.observer.inner_look("candidate").kept == 1.0
    # Nor is a mask on either arrow allowed for where the other is heard through it.
    assert told.also[RECURRENT, 0] == told.also[INPUT, 0] == []
    # The candidate's gate is looked at anew, and the others as long as what they showed.
    assert told.asked[6:8] == [(RECURRENT, 2), (INPUT, 2)]
    assert told.again == [(site, gate) for site in (RECURRENT, INPUT) for gate in (1, 3)]

    told = unbiased(monkeypatch, True, {**BOTH, (RECURRENT, 1): DROPPING}, free)  # noqa: FBT003
    assert list(told.observer.places) == ["candidate", RECURRENT]
    assert told.observer.inner_look("candidate").kept == 2.0
    # What is seen now takes the place of what was seen.
    again = {**free, (RECURRENT, 1): FREE, (INPUT, 3): DROPPING}
    told = unbiased(monkeypatch, True, {**BOTH, (RECURRENT, 1): DROPPING}, again)  # noqa: FBT003
    assert list(told.observer.places) == ["candidate", INPUT]
    assert told.observer.unheard == []


@pytest.mark.parametrize(
    ("drops", "also"), [(None, [(INPUT, 1)]), (True, [(INPUT, 1), (RECURRENT, 3)])]
)
def test_a_candidate_that_cannot_be_told_from_the_arrows_is_a_doubt(
    monkeypatch: pytest.MonkeyPatch,
    drops: bool | None,  # noqa: FBT001
    also: list[tuple[str, int]],
) -> None:
    told = unbiased(monkeypatch, drops, {**BOTH, **dict.fromkeys(also, DROPPING)})
    observer = told.observer
    assert observer.doubts == [Doubt.NO_BIAS_CANDIDATE]
    for site in (INPUT, RECURRENT):
        gates = [gate for where, gate in also if where == site]
        assert (site in observer.places) is bool(gates)
        if gates:
            # Nothing is said of the candidate, nor of i, which speaks by it.
            assert heard_at(observer, site) == (gates, [4 - gates[0]])
            assert {gate for where, gate in observer.unheard if where == site} == {0, 2}
    assert (told.again, len(told.asked)) == ([], 6)


def test_a_candidate_that_does_not_drop_leaves_masks_on_both_arrows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = unbiased(monkeypatch, False, BOTH)  # noqa: FBT003
    assert told.observer.doubts == []
    for site in (RECURRENT, INPUT):
        assert heard_at(told.observer, site) == ([2], [0, 1, 3])
    # i is heard through the other arrow, last of all.
    assert told.asked[6:] == [(RECURRENT, 0), (INPUT, 0)]


def test_beside_what_was_found_inside_the_cell_the_candidate_is_not_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = Told(monkeypatch, BOTH, bias=False)
    told.observer.register("cell", DROPPING)
    monkeypatch.setattr(input_sites, "candidate_drops", None)
    told.find()
    assert list(told.observer.places) == ["cell", RECURRENT, INPUT]
    assert told.asked[6:] == [(RECURRENT, 0), (INPUT, 0)]


@pytest.mark.parametrize(
    ("recurrent", "input_", "longer"),
    [
        # Of few draws a share may be twice the rate: a rate of .2 takes 62 draws.
        (SHARED, FREE, [(INPUT, 2, 62)]),
        (FREE, SHARED, [(RECURRENT, 2, 62)]),
        (SHARED, SHARED, []),
        (DROPPING, FREE, []),
        (replace(SHARED, kept=2.0, dropped=0 * BITS), FREE, []),
        (SHARED, DROPPING, []),
    ],
)
def test_the_candidate_is_looked_at_as_long_through_both_arrows(
    monkeypatch: pytest.MonkeyPatch,
    recurrent: Look,
    input_: Look,
    longer: list[tuple[str, int, int]],
) -> None:
    monkeypatch.setattr(input_sites, "look_for_rare_masks", lambda *_: None)
    told = unbiased(monkeypatch, False, {(RECURRENT, 2): recurrent, (INPUT, 2): input_})  # noqa: FBT003
    assert told.longer == longer
