"""Masks that show too seldom: how long they are looked for, and where they are put on no arrow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from dropviz.experiment.observations import Doubt, Look, Place
from dropviz.experiment.observe import Observer
from dropviz.experiment.probe import Probe
from dropviz.experiment.rare_masks import (
    doubt_what_was_not_placed,
    look_for_rare_masks,
    withdraw_inner_masks,
)

from .numpy_layer import NumPyLayer, observer_of
from .zoo_truth import SiteTruth, at

# Draws without a drop that rule a rate out: (1 - rate) to their power is below one in a million.
DRAWS = {0.2: 62, 0.4: 28, 0.5: 20}
TOGETHER: dict[str, Any] = {"same_over_samples": True, "scaling": "none"}


def look(share: float, kept: float = 1.0, **how: Any) -> Look:
    """What was seen where so many of ten are dropped."""
    bits = np.zeros((1, 10, 1))
    bits[0, : round(10 * share)] = 1
    return Look(kept, 0.0, bits, **how)


def shared(share: float, kept: float = 1.0) -> Look:
    return look(share, kept, shared=True)


def observer_at(*truths: SiteTruth, **how: Any) -> Observer:
    """Listens to a layer of which nothing is known, nor was it run."""
    observer = observer_of(NumPyLayer(truths, **how))
    observer.harness.limit.runs = 0
    return observer


def looked_for(
    monkeypatch: pytest.MonkeyPatch,
    observer: Observer,
    looks: dict[int, Look],
    site: str = "input",
    unheard: int | None = None,
) -> dict[int, int]:
    """By gate, for how many draws it was looked at longer."""
    probes = {gate: None if gate == unheard else Probe(c=gate) for gate in looks}
    before, now, longer = dict(looks), look(0.3), {}

    def look_longer(known: Look, draws: int, probe: Probe, site_: str, gate: int) -> Look:
        assert (known, probe, site_) == (before[gate], probes[gate], site)
        longer[gate] = draws
        return now

    monkeypatch.setattr(observer, "look_longer", look_longer)
    look_for_rare_masks(observer, site, probes, looks)
    assert all((each is now) is (gate in longer) for gate, each in looks.items())
    return longer


# ---------------------------------------------------------------- on an arrow


@pytest.mark.parametrize(("share", "draws"), DRAWS.items())
def test_where_one_gate_shares_a_mask_those_that_showed_none_are_looked_at_as_long_as_it_takes(
    monkeypatch: pytest.MonkeyPatch, share: float, draws: int
) -> None:
    looks = {0: shared(0.6), 1: look(0.0), 2: shared(share), 3: look(0.0)}
    observer = observer_at()
    assert looked_for(monkeypatch, observer, looks) == {1: draws, 3: draws}
    assert observer.harness.calls == 0


def test_a_gate_that_does_not_speak_is_not_looked_at_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = {0: shared(0.4), 1: look(0.0), 2: look(0.0)}
    assert looked_for(monkeypatch, observer_at(), looks, unheard=1) == {2: DRAWS[0.4]}


@pytest.mark.parametrize("seen", [look(0.4), look(0.0, kept=2.0), shared(0.0, kept=2.0)], ids=str)
def test_masks_that_each_sample_has_for_itself_show_at_once(
    monkeypatch: pytest.MonkeyPatch, seen: Look
) -> None:
    observer = observer_at()
    assert looked_for(monkeypatch, observer, {0: seen, 1: look(0.0)}) == {}
    assert (observer.harness.calls, observer.doubts) == (0, [])


@pytest.mark.parametrize(
    ("site", "how", "calls"),
    [
        # A rate of .2 takes 62 draws, of which each gate makes one, and each of two readers.
        ("input", {}, 8),
        ("recurrent", {}, 8),
        ("input", {"features": 1}, 15),  # both read the one input
        ("recurrent", {"features": 1}, 8),
        ("input", {"kind": "GRU"}, 10),
        ("recurrent", {"kind": "GRU"}, 10),
        ("recurrent", {"kind": "GRU", "units": 1}, 20),
    ],
)
def test_where_nothing_is_dropped_all_gates_are_looked_at_once(
    monkeypatch: pytest.MonkeyPatch, site: str, how: dict[str, Any], calls: int
) -> None:
    for bias in (True, False):
        observer = observer_at(**how, bias=bias)
        nothing = {gate: look(0.0) for gate in range(len(observer.harness.gates))}
        assert looked_for(monkeypatch, observer, nothing, site) == {}
        assert (observer.harness.calls, observer.doubts) == (calls, [])


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("units", [1, 4])
@pytest.mark.parametrize("site", ["input", "recurrent"])
@pytest.mark.parametrize("bias", [True, False])
def test_what_drops_on_an_arrow_has_each_gate_looked_at_longer(
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    units: int,
    site: str,
    bias: bool,  # noqa: FBT001
) -> None:
    masks = at(site, rate=0.3, tying="untied", kind=kind, **TOGETHER)
    observer = observer_at(masks, kind=kind, units=units, bias=bias)
    gates = range(len(observer.harness.gates))
    longer = looked_for(monkeypatch, observer, {gate: look(0.0) for gate in gates}, site)
    assert longer == dict.fromkeys(gates, DRAWS[0.2])
    assert observer.doubts == []


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("units", [1, 4])
@pytest.mark.parametrize("inner", ["candidate", "cell", "carried", "output"])
def test_what_drops_inside_the_cell_too_is_put_on_no_arrow(
    monkeypatch: pytest.MonkeyPatch, kind: str, units: int, inner: str
) -> None:
    observer = observer_at(at(inner, rate=0.3, kind=kind, **TOGETHER), kind=kind, units=units)
    nothing = {gate: look(0.0) for gate in range(len(observer.harness.gates))}
    assert looked_for(monkeypatch, observer, nothing) == {}
    assert observer.doubts == [Doubt.RARE]


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_a_memory_speaks_without_a_bias_too(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    for site in ("input", "recurrent") if kind == "LSTM" else ("input",):
        masks = at("carried", rate=0.3, kind=kind, **TOGETHER)
        observer = observer_at(masks, kind=kind, bias=False)
        nothing = {gate: look(0.0) for gate in range(len(observer.harness.gates))}
        assert looked_for(monkeypatch, observer, nothing, site) == {}
        assert observer.doubts == [Doubt.RARE]


def test_what_was_found_inside_the_cell_explains_what_drops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    observer = observer_at(at("cell", rate=0.3, **TOGETHER))
    observer.register("cell", shared(0.3))
    nothing = {gate: look(0.0) for gate in range(4)}
    assert looked_for(monkeypatch, observer, nothing) == {}
    assert observer.doubts == []
    # Noise there explains whatever comes out.
    observer = observer_at(at("cell", rate=0.3, **TOGETHER))
    observer.register("cell", Look(1.0, 0.5, np.zeros((1, 1, 1))))
    assert looked_for(monkeypatch, observer, nothing) == {}
    assert (observer.harness.calls, observer.doubts) == (0, [])


# ---------------------------------------------------------------- off the arrows again


def withdrawn(observer: Observer, **found: Mapping[Any, Look]) -> bool:
    """Whether masks that were found so are taken off the arrows."""
    observer.places = {site: Place(site, {**looks}) for site, looks in found.items()}
    observer.unheard = [("input", 3), ("recurrent", 1)]
    return withdraw_inner_masks(observer)


def test_masks_by_the_candidate_that_are_inside_the_cell_are_taken_off_the_arrows() -> None:
    inner = at("candidate", rate=0.3, **TOGETHER)
    observer = observer_at(inner)
    assert withdrawn(observer, input={0: shared(0.3), 2: shared(0.3)}, recurrent={1: look(0.4)})
    assert list(observer.places) == ["recurrent"]
    assert observer.unheard == [("recurrent", 1)]
    assert observer.doubts == [Doubt.RARE]
    observer = observer_at(inner)
    assert withdrawn(observer, input={2: shared(0.3)}, recurrent={0: shared(0.3)})
    assert (observer.places, observer.unheard) == ({}, [])


@pytest.mark.parametrize(
    "looks", [{0: look(0.3), 2: look(0.3)}, {0: shared(0.3), 1: shared(0.3)}, {3: shared(0.3)}]
)
def test_masks_of_each_sample_or_at_other_gates_are_left(looks: dict[int | None, Look]) -> None:
    observer = observer_at(at("candidate", rate=0.3, **TOGETHER))
    assert not withdrawn(observer, input=looks)
    assert list(observer.places) == ["input"]
    assert (observer.harness.calls, observer.doubts) == (0, [])
    assert len(observer.unheard) == 2


@pytest.mark.parametrize(
    ("shares", "draws"),
    # Seen scaled and never dropped: a rate of .2 is looked for.
    [((0.4, 0.5), 28), ((0.5, 0.4), 28), ((0.5, 0.5), 20), ((0.0, 0.5), 62), ((0.0, 0.0), 62)],
)
def test_where_nothing_drops_inside_as_many_draws_are_seen_as_rule_it_out(
    shares: tuple[float, float], draws: int
) -> None:
    for site in ("input", "recurrent"):
        observer = observer_at(at(site, **TOGETHER))
        looks = {gate: shared(share, 2.0) for gate, share in zip((0, 2), shares, strict=True)}
        assert not withdrawn(observer, **{site: looks})
        assert list(observer.places) == [site]
        assert observer.harness.calls == math.ceil(draws / 2)  # readers


# ---------------------------------------------------------------- nowhere


def test_a_place_where_nothing_shows_again_is_given_up() -> None:
    observer = observer_at()
    observer.places = {
        "input": Place("input", {0: look(0.0)}),
        "recurrent": Place("recurrent", {0: look(0.0), 1: look(0.4)}),
    }
    doubt_what_was_not_placed(observer)
    assert list(observer.places) == ["recurrent"]
    assert (observer.harness.calls, observer.doubts) == (0, [Doubt.RARE])


def test_what_drops_and_has_no_place_is_a_doubt() -> None:
    observer = observer_at()
    doubt_what_was_not_placed(observer)
    assert (observer.harness.calls, observer.doubts) == (50, [])
    observer = observer_at(at("recurrent_kernel", rate=0.05, **TOGETHER))
    doubt_what_was_not_placed(observer)
    assert observer.doubts == [Doubt.RARE]


def test_what_drops_often_and_has_no_place_is_not_said_to_be_rare() -> None:
    observer = observer_at(at("recurrent", rate=0.4))
    doubt_what_was_not_placed(observer)
    assert observer.doubts == [Doubt.ELSEWHERE]


@pytest.mark.parametrize("known", [True, False])
def test_beside_what_is_known_or_doubted_nothing_is_looked_for(known: bool) -> None:  # noqa: FBT001
    observer = observer_at(at("recurrent", rate=0.4))
    if known:
        observer.register("cell", look(0.4))
    else:
        observer.doubt(Doubt.GATE)
    doubt_what_was_not_placed(observer)
    assert (observer.harness.calls, observer.doubts) == (0, [] if known else [Doubt.GATE])
