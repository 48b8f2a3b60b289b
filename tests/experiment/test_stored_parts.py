"""What is noted of what is stored, part by part: small scales, old values, which way steps go."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dropviz.core.masks import Array
from dropviz.experiment import state_sites
from dropviz.experiment.decode_masks import Bit
from dropviz.experiment.observations import Doubt, Look, Note
from dropviz.experiment.observe import SMALL, Observer
from dropviz.experiment.probe import Probe
from dropviz.experiment.state_sites import (
    find_cell_zoneout,
    find_direction_again,
    find_state_masks,
    find_zoneout,
)

from .numpy_layer import NumPyLayer, observer_of
from .zoo_truth import SiteTruth, at

SAMPLES, READERS = 256, 2
ZONES: dict[str, Any] = {"life": "step", "scaling": "expectation"}


def drawn(rate: float = 0.4, *shape: int, seed: int = 0) -> Array:
    """Bits (calls, samples, readers), 1 where dropped."""
    shape = shape or (2, SAMPLES, READERS)
    return (np.random.default_rng(seed).random(shape) < rate).astype(float)


# ---------------------------------------------------------------- stored, and added


@pytest.mark.parametrize(
    ("stored", "added", "apart"),
    [
        # What is read is known to .006 of 1, or of what is more than 1.
        (1.02, 1.02, False),
        (1.02, 1.031, True),
        (1.031, 1.02, True),
        (5.0, 5.02, False),
        (5.0, 5.04, True),
        (0.5, 0.51, True),
    ],
)
def test_what_is_scaled_a_little_more_is_scaled_apart(
    stored: float,
    added: float,
    apart: bool,  # noqa: FBT001
) -> None:
    both = [
        at(site, rate=0.0, scaling="other", kept=kept)
        for site, kept in (("carried", stored), ("candidate", added))
    ]
    observer = observer_of(NumPyLayer(both))
    find_state_masks(observer)
    (place,) = observer.places.values()
    assert place.notes == [Note.MASKED_APART] * apart


def told(dropped: Array, *, kept: float = 1.0, spread: float = 0.0) -> Look:
    return Look(kept, spread, dropped)


@pytest.mark.parametrize(
    ("stored", "added", "noted"),
    [
        ((0.4, 2.0, 0.0), (0.4, 2.0, 0.0), False),
        ((0.4, 2.0, 0.0), (0.4, 2.1, 0.0), True),
        # Of 512 draws a rate is known to .08.
        ((0.4, 2.0, 0.0), (0.44, 2.0, 0.0), False),
        ((0.4, 2.0, 0.0), (0.7, 2.0, 0.0), True),
        ((0.7, 2.0, 0.0), (0.4, 2.0, 0.0), True),
        ((0.4, 2.0, 0.0), (0.7, 2.1, 0.0), True),
        # The middle of noise is another one each time.
        ((0.0, 2.0, 0.5), (0.0, 2.1, 0.5), False),
    ],
)
def test_what_is_stored_and_what_is_added_drop_as_often_and_are_scaled_alike(
    monkeypatch: pytest.MonkeyPatch,
    stored: tuple[float, float, float],
    added: tuple[float, float, float],
    noted: bool,  # noqa: FBT001
) -> None:
    observer = observer_of(NumPyLayer())
    looks = [told(drawn(rate), kept=kept, spread=spread) for rate, kept, spread in (stored, added)]
    monkeypatch.setattr(Observer, "look", lambda *_: looks[1])
    monkeypatch.setattr(Observer, "look_again", lambda _, __, probe, *___: looks[bool(probe.b[2])])
    monkeypatch.setattr(state_sites, "_masked_apart", lambda *_: False)
    monkeypatch.setattr(state_sites, "find_stored_site", lambda *_: ("cell", "carried"))
    monkeypatch.setattr(state_sites, "gives_out_masked_again", lambda *_: False)
    state_sites._register_stored(observer, looks[0])
    (place,) = observer.places.values()
    assert place.notes == [Note.MASKED_APART] * noted
    # Noise is noise at either place.
    assert (place.site, place.perhaps) == ("cell", "output" if stored[2] else "carried")
    assert place.looks[None] is looks[0]


@pytest.mark.parametrize(
    ("memory", "update", "apart"),
    [
        (told(drawn(), spread=0.5), told(drawn(), spread=0.5), False),
        (told(drawn(), spread=0.5), told(drawn()), True),
        (told(drawn()), told(drawn(), spread=0.5), True),
        # What never drops does so nowhere by itself.
        (told(0 * drawn(), kept=2.0), told(drawn()), False),
    ],
)
def test_noise_at_one_of_two_places_acts_apart(memory: Look, update: Look, *, apart: bool) -> None:
    observer = observer_of(NumPyLayer())
    calls = observer.harness.calls
    assert state_sites._masked_apart(observer, memory, update) is apart
    assert observer.harness.calls == calls


def test_bits_that_were_not_all_told_set_nothing_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = 1 - drawn()
    for changed, hidden, apart in (
        (False, False, False),
        (True, False, True),
        (True, True, False),
    ):
        read = np.stack([kept, kept, kept])
        read[1, 1, 7, 0] = read[0, 1, 7, 0] if not changed else 1 - read[0, 1, 7, 0]
        if hidden:
            read[2, 1, 7, 0] = np.nan  # what acts beside them was not told there
        monkeypatch.setattr(Observer, "read_bits", lambda *_, read=read: read)
        observer = observer_of(NumPyLayer())
        assert state_sites._masked_apart(observer, told(drawn()), told(drawn())) is apart


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("same", [True, False])
def test_one_mask_on_both_is_told_from_two_that_drop_as_often(kind: str, *, same: bool) -> None:
    truths = [at("carried", kind=kind)]
    truths.append(at("candidate", kind=kind, same_mask_as="carried" if same else ""))
    observer = observer_of(NumPyLayer(truths, kind))
    looks = [
        observer.look(observer.memory, "carried"),
        observer.look(Probe(**(observer.lift or {})), "candidate"),
    ]
    assert state_sites._masked_apart(observer, *looks) is not same


# ---------------------------------------------------------------- which way


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("also", [False, True])
def test_the_way_that_steps_go_explains_every_output_and_the_other_does_not(
    monkeypatch: pytest.MonkeyPatch, kind: str, *, backwards: bool, also: bool
) -> None:
    truths = [at("hidden_update", kind=kind, **ZONES)]
    if also and kind == "LSTM":
        truths.append(at("cell_update", rate=0.5, **ZONES))
    observer = observer_of(NumPyLayer(truths, kind, backwards=backwards))
    find_zoneout(observer)
    shares: dict[bool, float] = {}
    plain = state_sites._explained_as

    def noted(*args: Any, backwards: bool) -> float:
        shares[backwards] = plain(*args, backwards=backwards)
        return shares[backwards]

    monkeypatch.setattr(state_sites, "_explained_as", noted)
    observer.harness.backwards = not backwards
    find_direction_again(observer)
    assert observer.harness.backwards is backwards
    assert shares[backwards] == 1
    assert shares[not backwards] < 0.9


def test_where_no_old_value_stays_the_direction_is_not_asked_again() -> None:
    observer = observer_of(NumPyLayer([at("cell")]))
    find_state_masks(observer)
    calls = observer.harness.calls
    find_direction_again(observer)
    assert observer.harness.calls == calls


# ---------------------------------------------------------------- old c that stays


def zoned(*truths: SiteTruth, **how: Any) -> Observer:
    observer = observer_of(NumPyLayer(truths, **how))
    find_zoneout(observer)
    find_cell_zoneout(observer)
    return observer


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_an_old_c_that_stays_is_read_off_at_its_rate(rate: float) -> None:
    observer = zoned(at("cell_update", rate=rate, **ZONES))
    assert list(observer.places) == ["cell_update"]
    look = observer.inner_look("cell_update")
    assert (look.kept, look.spread, look.random, look.shared) == (1.0, 0.0, False, False)
    # 512 draws, of which some are not told: four times their scatter.
    assert look.share == pytest.approx(rate, abs=0.12)
    assert look.at_inference == pytest.approx(1 - rate, abs=2e-3)


@pytest.mark.parametrize("one", [True, False])
def test_c_and_h_that_stay_together_share_a_mask(*, one: bool) -> None:
    h = at("hidden_update", **ZONES)
    c = at("cell_update", same_mask_as="hidden_update" if one else "", **ZONES)
    observer = zoned(h, c)
    assert list(observer.places) == ["hidden_update", "cell_update"]
    notes = observer.places["cell_update"].notes
    assert notes == [Note.ONE_MASK_FOR_C_AND_H] * one


def test_of_a_c_that_all_samples_keep_a_dozen_draws_are_read() -> None:
    observer = zoned(at("cell_update", rate=0.5, same_over_samples=True, **ZONES), units=8, seed=1)
    look = observer.inner_look("cell_update")
    assert look.shared
    # Of four readers: three calls have a dozen draws, but six are made at least.
    assert len(look.dropped) == 6
    assert set(np.unique(look.dropped[~np.isnan(look.dropped)])) <= {0.0, 1.0}


def test_a_c_that_all_samples_keep_now_and_then_is_waited_for() -> None:
    truth = at("cell_update", rate=0.2, same_over_samples=True, **ZONES)
    found = [zoned(truth, seed=seed).places.get("cell_update") for seed in range(12)]
    shares = [place.looks[None].share for place in found if place]
    # Of 15 draws none drops once in thirty times: then it is not found. Nor does any of the dozen
    # that are read then once in fifteen, and what was seen before is kept.
    assert len(shares) >= 11
    assert min(shares) > 0


def test_where_something_else_acts_on_c_no_old_one_is_looked_for() -> None:
    for truth, kind in ((at("cell"), "LSTM"), (at("hidden_update", kind="GRU", **ZONES), "GRU")):
        observer = observer_of(NumPyLayer([truth], kind))
        find_zoneout(observer)
        find_state_masks(observer)
        before, calls = list(observer.places), observer.harness.calls
        find_cell_zoneout(observer)
        assert list(observer.places) == before
        assert observer.harness.calls == calls


# ---------------------------------------------------------------- the gate r


@pytest.mark.parametrize(
    ("varies", "masked", "kind", "bias", "doubted"),
    [
        (True, False, "GRU", True, True),
        (False, False, "GRU", True, False),
        (True, True, "GRU", True, False),
        (True, False, "LSTM", True, False),
        (True, None, "GRU", False, False),
    ],
)
def test_the_gate_r_is_doubted_where_it_alone_varies(
    monkeypatch: pytest.MonkeyPatch,
    varies: bool,  # noqa: FBT001
    masked: bool | None,  # noqa: FBT001
    kind: str,
    bias: bool,  # noqa: FBT001
    doubted: bool,  # noqa: FBT001
) -> None:
    observer = observer_of(NumPyLayer(kind=kind, bias=bias))
    probes = []

    def look(_: Observer, probe: Probe, site: str) -> Look:
        probes.append((probe, site))
        return told(drawn() * varies)

    monkeypatch.setattr(Observer, "look", look)
    update = None if masked is None else told(drawn() * masked)
    state_sites._doubt_dropped_reset(observer, update)
    assert observer.doubts == [Doubt.GATE] * doubted
    # What r multiplies is as large as what otherwise lifts the candidate.
    asked = kind == "GRU" and masked is False
    assert probes == [(Probe(reset=3 * SMALL), "candidate")] * asked


def test_an_old_h_is_read_as_its_bit() -> None:
    observer = zoned(at("hidden_update", **ZONES))
    (bit,) = observer.inner_bits()
    assert bit == Bit("hidden_update", bit.kept)
    assert bit.kept == pytest.approx(1.0, abs=1e-3)
