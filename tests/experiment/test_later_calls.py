"""Masks that stay for some calls, come back, or change their rate leave a doubt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from dropviz.core.masks import Array
from dropviz.experiment.harness import CANDIDATE
from dropviz.experiment.later_calls import are_alike, doubt_what_changes, probe_at
from dropviz.experiment.observations import Doubt, Look, Place
from dropviz.experiment.observe import Observer
from dropviz.experiment.probe import Probe

from .numpy_layer import NumPyLayer, explained, observer_of
from .zoo_truth import SiteTruth, at

Masks = dict[str, Array]


@dataclass
class Kept(NumPyLayer):
    """A layer that draws its masks for nine steps, and keeps them as it is told.

    Attributes:
        number: By how many times it was trained before, the number of the masks to use.
    """

    number: Callable[[int], int] = field(default=lambda trained: trained)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._kept: dict[int, Masks] = {}
        self._trained = 0

    def _masks(self, samples: int, steps: int, *, training: bool) -> Masks:
        if not training:
            return super()._masks(samples, steps, training=training)
        number = self.number(self._trained)
        self._trained += 1
        if number not in self._kept:
            self._kept[number] = super()._masks(samples, 9, training=training)
        return {site: mask[:steps].copy() for site, mask in self._kept[number].items()}


X, H, C = at("input"), at("recurrent"), at("cell")
CHANGING: dict[str, tuple[SiteTruth, Callable[[int], int]]] = {
    "x anew in each second call": (X, lambda trained: trained // 2),
    "h anew in each third call": (H, lambda trained: trained // 3),
    "c anew in each tenth call": (C, lambda trained: trained // 10),
    "two masks on x by turns": (X, lambda trained: trained % 2),
    "three masks on h by turns": (H, lambda trained: trained % 3),
    "four masks on x by turns": (X, lambda trained: trained % 4),
    "six masks on c by turns": (C, lambda trained: trained % 6),
    "eight masks on the candidate by turns": (at("candidate"), lambda trained: trained % 8),
}


@pytest.mark.parametrize("case", CHANGING)
def test_what_stays_for_some_calls_is_neither_frozen_nor_drawn_anew(case: str) -> None:
    truth, number = CHANGING[case]
    verdict = explained(Kept([truth], number=number))

    assert Doubt.CALLS.value in verdict.doubts
    assert verdict.sites[truth.site].frozen is None
    assert verdict.active_at_inference is None
    assert " drops by " not in verdict.title


@pytest.mark.parametrize("truth", [X, H, C], ids=lambda truth: truth.site)
@pytest.mark.parametrize("frozen", [True, False])
def test_what_never_changes_or_always_does_leaves_no_doubt(truth: SiteTruth, frozen: bool) -> None:  # noqa: FBT001
    verdict = explained(Kept([truth], number=lambda trained: 0 if frozen else trained))

    assert verdict.doubts == ()
    assert verdict.sites[truth.site].frozen is frozen


@dataclass
class Slower(NumPyLayer):
    """A layer whose rate falls from call to call."""

    def _masks(self, samples: int, steps: int, *, training: bool) -> Masks:
        masks = super()._masks(samples, steps, training=training)
        spared = self._random.random((1, 1, samples, 1)) > np.exp(-len(self.used) / 50)
        return {site: np.where(spared, 1.0, mask) for site, mask in masks.items()}


@pytest.mark.parametrize("site", ["input", "recurrent", "candidate"])
def test_a_rate_that_falls_is_no_rate_that_a_method_has(site: str) -> None:
    verdict = explained(Slower([at(site, scaling="none")]))

    assert " drops by " not in verdict.title
    assert Doubt.CALLS.value in verdict.doubts or verdict.sites[site].notes


@pytest.mark.parametrize(("features", "seed"), [(2, 2), (3, 3)])
def test_inputs_that_many_units_read_leave_no_doubt(features: int, seed: int) -> None:
    layer = NumPyLayer([at("input", tying="untied")], units=64, features=features, seed=seed)
    assert explained(layer).doubts == ()


@pytest.mark.parametrize("distinct", [2, 3, 4])
def test_readers_of_one_input_are_counted_once(distinct: int) -> None:
    random = np.random.default_rng(0)
    known, seen = (
        Look(1.0, 0.0, np.tile((random.random((2, 100, distinct)) < rate) * 1.0, 64))
        for rate in (0.43, 0.5)
    )
    assert are_alike(known, seen, 0.01, distinct)
    assert not are_alike(known, seen, 0.01, 64 * distinct)


def dropping(share: float, kept: float = 2.0, **how: Any) -> Look:
    """A look at two calls of a hundred samples and two readers, so many of which are dropped."""
    bits = np.random.default_rng(0).permuted(np.arange(400) < 400 * share).reshape(2, 100, 2)
    return Look(kept, 0.0, bits.astype(float), **how)


@pytest.mark.parametrize(
    ("known", "seen", "alike"),
    [
        # Of four hundred draws, chance takes a share of .4 to .31 or .5, and another as far.
        (dropping(0.4), dropping(0.5), True),
        (dropping(0.5), dropping(0.4), True),
        (dropping(0.4), dropping(0.65), False),
        (dropping(0.65), dropping(0.4), False),
        # Rounding takes as many hundredths of what is kept as it is large, but of 1 at the least.
        (dropping(0.4), dropping(0.4, 2.019), True),
        (dropping(0.4), dropping(0.4, 2.021), False),
        (dropping(0.4), dropping(0.4, 1.979), False),
        (dropping(0.4, 0.5), dropping(0.4, 0.509), True),
        (dropping(0.4, 0.5), dropping(0.4, 0.511), False),
        (dropping(0.4, -2.0), dropping(0.4, -2.019), True),
        (dropping(0.4, blur=0.03), dropping(0.4, 2.059), True),
        (dropping(0.4), dropping(0.4, 2.059, blur=0.03), True),
        (dropping(0.4, blur=0.03), dropping(0.4, 2.061), False),
        # What was dropped throughout does not say what is kept.
        (dropping(1.0), dropping(1.0, 1.0), True),
        (dropping(1.0), dropping(0.4, 1.0), False),
        # What does not show is like everything.
        (dropping(0.4, shows=False), dropping(0.9, 1.0), True),
        (dropping(0.4), dropping(0.9, 1.0, shows=False), True),
        (dropping(0.4), Look(1.0, 0.0, np.full((2, 100, 2), np.nan)), True),
        # Of what samples share, too few draws are seen to compare how often they drop.
        (dropping(0.4, shared=True), dropping(0.9), True),
        (dropping(0.4), dropping(0.9, shared=True), True),
        (dropping(0.4, shared=True), dropping(0.0), False),
        (dropping(0.0), dropping(0.4, shared=True), False),
        (dropping(0.0, shared=True), dropping(0.0), True),
    ],
)
def test_two_looks_are_alike_as_far_as_chance_and_rounding_let_one_say(
    known: Look,
    seen: Look,
    alike: bool,  # noqa: FBT001
) -> None:
    assert are_alike(known, seen, 0.01, 2) is alike


def test_units_that_drop_together_are_as_few_draws_as_samples_that_do() -> None:
    random = np.random.default_rng(0)
    known, seen, never = (
        Look(1.0, 0.0, np.repeat((random.random((2, 200, 1)) < rate) * 1.0, 2, axis=2))
        for rate in (0.4, 0.9, 0.0)
    )
    assert are_alike(known, seen, 0.01, 2)
    assert not are_alike(known, never, 0.01, 2)


# ---------------------------------------------------------------- by calls that are made up

# Masks that are drawn each by itself.
MANY = [(np.random.default_rng(n).random((200, 2)) < 0.4) * 1.0 for n in range(20)]
A, B, C_, D, *OTHERS = MANY
NOTHING = 0 * A


def looked_again(
    monkeypatch: pytest.MonkeyPatch,
    known: Mapping[Any, Look],
    later: Mapping[Any, list[Array]],
    site: str = "input",
    kept: float = 2.0,
) -> Observer:
    """What is said where later calls of some gates drop so."""
    observer = observer_of(NumPyLayer())
    observer.places[site] = Place(site, {**known}, distinct=2)

    def look_in_training(calls: int, *at: Any) -> Look:
        gate = at[-1]
        assert calls == len(later[gate])
        return Look(kept, 0.0, np.stack(later[gate]))

    monkeypatch.setattr(observer, "look_in_training", look_in_training)
    doubt_what_changes(observer)
    assert observer.places[site].changes is (observer.doubts == [Doubt.CALLS])
    return observer


@pytest.mark.parametrize(
    ("before", "later", "changing"),
    [
        ([A, B], OTHERS[:9], False),  # always anew
        ([A, A], [A] * 9, False),  # never
        ([A, B], [A, *OTHERS[:8]], True),  # one comes back
        ([A, B], [C_, D, D, *OTHERS[:6]], True),  # one stays
        ([A, A], [B] * 9, True),
        # Of many calls before, the last nine are compared.
        ([A, *OTHERS[:8]], [A, *OTHERS[8:16]], True),
        ([A, B, *OTHERS[:8]], [A, *OTHERS[8:16]], False),
        ([A, B], [NOTHING] * 9, True),  # no more
    ],
)
def test_later_calls_drop_anew_each_time_or_never_or_leave_a_doubt(
    monkeypatch: pytest.MonkeyPatch,
    before: list[Array],
    later: list[Array],
    changing: bool,  # noqa: FBT001
) -> None:
    known = Look(2.0, 0.0, np.stack(before))
    observer = looked_again(monkeypatch, {0: known}, {0: later})
    assert observer.doubts == [Doubt.CALLS] * changing


def test_what_later_calls_keep_otherwise_is_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    known, later = Look(2.0, 0.0, np.stack([A, B])), OTHERS[:9]
    assert looked_again(monkeypatch, {0: known}, {0: later}, kept=1.0).doubts == [Doubt.CALLS]


def test_of_several_gates_the_first_and_the_last_are_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {gate: Look(2.0, 0.0, np.stack([A, B])) for gate in range(4)}
    anew, again = OTHERS[:9], [A, *OTHERS[:8]]
    for changing in range(4):
        later = {gate: again if gate == changing else anew for gate in range(4)}
        doubts = looked_again(monkeypatch, known, later).doubts
        assert bool(doubts) is (changing in (0, 3))
    # A gate where what is dropped does not show, or nothing is, says nothing.
    known[3] = Look(2.0, 0.0, np.stack([A, B]), shows=False)
    known[0] = Look(1.0, 0.0, np.stack([NOTHING, NOTHING]))
    for changing in range(4):
        later = {gate: again if gate == changing else anew for gate in range(4)}
        doubts = looked_again(monkeypatch, known, later).doubts
        assert bool(doubts) is (changing in (1, 2))


def test_noise_and_places_that_do_not_speak_alone_are_not_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    again = [A, *OTHERS[:8]]
    noisy = Look(2.0, 0.5, np.stack([A, B]))
    assert looked_again(monkeypatch, {0: noisy}, {0: again}).doubts == []
    known = Look(2.0, 0.0, np.stack([A, B]))
    assert looked_again(monkeypatch, {None: known}, {}, "cell_update").doubts == []
    assert looked_again(monkeypatch, {None: known}, {None: again}, "cell").doubts == [Doubt.CALLS]


def test_draws_that_samples_share_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two hundred samples show the same two draws a call, which are alike one time in four.
    def all_of(*bits: float) -> Array:
        return np.tile(bits, (200, 1))

    known = Look(2.0, 0.0, np.stack([all_of(1, 0), all_of(0, 1)]), shared=True)
    later = [all_of(*divmod(number % 4, 2)) for number in range(9)]
    assert looked_again(monkeypatch, {0: known}, {0: later}).doubts == []


@pytest.mark.parametrize(
    ("site", "kind", "bias", "probe"),
    [
        ("candidate", "LSTM", True, Probe(b=(0, 0, 0.3, 0))),
        ("candidate", "LSTM", False, None),
        ("cell_update", "LSTM", True, None),
        ("hidden_update", "LSTM", True, Probe(h=0.1)),
        ("cell", "LSTM", True, Probe(c=0.1)),
        ("output", "LSTM", True, Probe(c=0.1)),
        ("carried", "GRU", True, Probe(h=0.1)),
    ],
)
def test_a_site_inside_the_cell_speaks_by_what_it_multiplies(
    site: str,
    kind: str,
    bias: bool,  # noqa: FBT001
    probe: Probe | None,
) -> None:
    found = probe_at(observer_of(NumPyLayer(kind=kind, bias=bias)), site, None)
    assert (found is None) is (probe is None)
    if found and probe:
        assert (found.c, found.h) == (probe.c, probe.h)
        assert found.b[CANDIDATE] == pytest.approx(probe.b[CANDIDATE])


def test_an_arrow_speaks_by_one_gate() -> None:
    observer = observer_of(NumPyLayer())
    assert probe_at(observer, "input", None) is None
    for site, weights in (("input", "wx"), ("recurrent", "wh")):
        probe = probe_at(observer, site, 1)
        assert probe is not None
        assert np.flatnonzero(getattr(probe, weights)).tolist() == [1]
