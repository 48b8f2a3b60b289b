"""What is read off a layer's outputs, bit by bit against the masks that it used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dropviz.experiment.decode_masks import Bit
from dropviz.experiment.observations import Look, Place
from dropviz.experiment.observe import SMALL, Observer
from dropviz.experiment.probe import Probe, drive

from .numpy_layer import NumPyLayer, dropped_entries, observer_of
from .zoo_truth import at

KEPT = {"inverted": 1 / 0.6, "none": 1.0, "test-time": 1.0}
RESTS = {"inverted": 1.0, "none": 1.0, "test-time": 0.6}
CLOSE = 2e-3  # the multipliers are read off a table, between rows a hundredth apart


@pytest.mark.parametrize("scaling", KEPT)
@pytest.mark.parametrize(
    ("site", "gate", "probe"),
    [
        ("input", 1, Probe(**drive("input", (0, 0.25, 0, 0)), c=SMALL)),
        ("input", 2, Probe(**drive("input", (0, 0, SMALL, 0)))),
        ("recurrent", 3, Probe(**drive("recurrent", (0, 0, 0, 0.25)), c=SMALL)),
        ("recurrent", 2, Probe(**drive("recurrent", (0, 0, SMALL, 0)))),
        ("cell", None, Probe(c=SMALL)),
        ("carried", None, Probe(c=SMALL)),
        ("output", None, Probe(c=SMALL)),
        ("candidate", None, Probe(b=(0, 0, SMALL, 0))),
    ],
)
@pytest.mark.parametrize(("units", "features"), [(1, 1), (4, 3), (7, 2)])
def test_a_look_reads_the_masks_that_were_used(
    site: str, gate: int | None, probe: Probe, scaling: str, units: int, features: int
) -> None:
    tying = "untied" if gate is not None else ""
    layer = NumPyLayer([at(site, scaling=scaling, tying=tying)], units=units, features=features)
    observer = observer_of(layer)

    look = observer.look(probe, site, gate)

    calls = len(look.dropped)
    assert calls == observer.harness.times
    np.testing.assert_array_equal(look.dropped, dropped_entries(layer, calls, site, gate))
    assert look.kept == pytest.approx(KEPT[scaling], abs=CLOSE * KEPT[scaling])
    assert look.at_inference == pytest.approx(RESTS[scaling], abs=CLOSE)
    assert look.masked(observer.slack)
    assert (look.shows, look.shared, look.random) == (True, False, False)
    assert look.spread < CLOSE


def test_where_nothing_multiplies_nothing_is_seen() -> None:
    observer = observer_of(NumPyLayer())
    for site, probe in (
        ("carried", observer.memory),
        ("input", Probe(**drive("input", (0, 0.25, 0, 0)), c=SMALL)),
    ):
        look = observer.look(probe, site, 1 if site == "input" else None)
        assert not look.masked(observer.slack)
        assert [look.kept, look.at_inference] == pytest.approx([1, 1])
        assert look.shows
    assert observer.harness.calls == 2 + 2 * (2 + 2)  # direction; at inference and in training


@pytest.mark.parametrize(
    ("rate", "calls"),
    [(0.4, 12 // 2), (0.0, 2)],  # a dozen draws of two readers
)
def test_what_all_samples_share_is_looked_at_for_longer(rate: float, calls: int) -> None:
    truth = at("cell", rate=rate, same_over_samples=True)
    layer = NumPyLayer([truth], seed=3)
    look = observer_of(layer).look(Probe(c=SMALL), "cell")
    assert look.shared is (rate > 0)
    assert len(look.dropped) == calls
    np.testing.assert_array_equal(look.dropped, dropped_entries(layer, calls, "cell"))


@pytest.mark.parametrize(
    ("truth", "calls"),
    [
        ({"rate": 1.0, "kept": 1.0, "scaling": "none"}, 75),  # nothing kept was ever seen
        ({"rate": 0.0, "kept": 1.0, "scaling": "test-time", "at_inference": 0.9}, 75),
        ({"rate": 0.0, "kept": 1.5}, 6),  # what scales is seen at every draw
    ],
)
def test_of_all_or_none_dropped_more_calls_are_made_until_the_other_could_be_seen(
    truth: dict[str, Any], calls: int
) -> None:
    layer = NumPyLayer([at("cell", same_over_samples=True, **truth)], seed=1)
    look = observer_of(layer).look(Probe(c=SMALL), "cell")
    assert len(look.dropped) == calls  # 150 and 12 draws of two readers


def test_masks_at_inference_are_random_and_hide_what_lies_behind_them() -> None:
    layer = NumPyLayer([at("cell")], active=True)
    observer = observer_of(layer)
    look = observer.look(Probe(c=SMALL), "cell")
    assert look.random
    observer.register("cell", look)
    beside = observer.look(Probe(**drive("input", (0, 0.25, 0, 0)), c=SMALL), "input", 1)
    assert not beside.masked(observer.slack)
    assert np.isnan(beside.dropped).mean() == pytest.approx(0.4, abs=0.1)


def test_a_mask_inside_hides_an_arrow_where_it_drops() -> None:
    layer = NumPyLayer([at("output"), at("input", tying="untied")])
    observer = observer_of(layer)
    observer.register("output", observer.look(Probe(c=SMALL), "output"))

    look = observer.look(Probe(**drive("input", (0, 0.25, 0, 0)), c=SMALL), "input", 1)

    calls = len(look.dropped)
    hidden = dropped_entries(layer, calls, "output") == 1
    used = np.where(hidden, np.nan, dropped_entries(layer, calls, "input", 1))
    np.testing.assert_array_equal(look.dropped, used)
    assert look.explained < 1


@pytest.mark.parametrize(
    ("draws", "shared", "site", "calls"),
    [
        (0, False, "", 2),
        (512, False, "", 2),
        (2000, False, "", 4),  # 256 samples and two readers a call
        (0, True, "", 6),
        (100, True, "", 50),
        (100, True, "input", 100),  # both readers read the one input
        (10_000, True, "", 150),
    ],
)
def test_how_many_calls_see_so_many_draws(draws: int, shared: bool, site: str, calls: int) -> None:  # noqa: FBT001
    observer = observer_of(NumPyLayer(features=1))
    assert observer.calls_for(draws, shared=shared, site=site) == calls


def test_the_probe_is_run_longer_where_samples_share_a_mask() -> None:
    observer = observer_of(NumPyLayer())
    bits = np.zeros((2, 256, 2))
    bits[0] = 1
    apart = Place("input", {0: Look(1.0, 0.0, bits)})
    assert observer.times(apart) == observer.harness.times == 2
    # Two masks that are equal in 22 draws at a rate of one half are one; twice as many are made.
    one = Place("input", {0: Look(1.0, 0.0, bits, shared=True)})
    assert observer.times(one) == 2 * 21 // 2


def test_what_was_found_inside_the_cell_is_known_by_its_site() -> None:
    observer = observer_of(NumPyLayer())
    bits = np.zeros((2, 256, 2))
    bits[0] = 1
    look = Look(2.0, 0.0, bits)
    observer.register("cell", look)
    observer.places["input"] = Place("input", {2: look})
    assert observer.inner_sites() == ["cell"]
    assert observer.inner_look("cell") is look
    (bit,) = observer.inner_bits()
    assert (bit.site, bit.kept, bit.gate) == ("cell", 2.0, None)
    assert observer.share_of(bit) == 0.5
    assert observer.places["cell"].distinct == 2
    assert not observer.noisy("cell")
    assert not observer.noisy("output")


def test_nothing_lifts_the_candidate_without_a_bias() -> None:
    assert observer_of(NumPyLayer(bias=False)).lift is None
    assert observer_of(NumPyLayer()).lift == {"b": (0.0, 0.0, 3 * SMALL, 0.0)}
    assert observer_of(NumPyLayer()).memory == Probe(c=SMALL)
    assert observer_of(NumPyLayer(kind="GRU")).memory == Probe(h=SMALL)


@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_a_longer_look_finds_what_is_drawn_once_a_call(rate: float) -> None:
    truth = at("input", rate=rate, scaling="none", same_over_samples=True)
    layer = NumPyLayer([truth])
    observer = observer_of(layer)
    probe = Probe(**drive("input", (0, 0.25, 0, 0)), c=SMALL)
    before = Look(1.0, 0.0, np.zeros((2, 256, 2)))

    look = observer.look_longer(before, 100, probe, "input", 1)

    np.testing.assert_array_equal(look.dropped, dropped_entries(layer, 50, "input", 1))
    assert (look.shared, look.shows, look.kept) == (True, True, 1.0)


def test_a_longer_look_that_does_not_suffice_shows_nothing() -> None:
    observer: Observer = observer_of(NumPyLayer())
    probe = Probe(**drive("input", (0, 0.25, 0, 0)), c=SMALL)
    before = Look(1.0, 0.0, np.zeros((2, 256, 2)))
    assert observer.look_longer(before, 300, probe, "input", 1).shows
    assert not observer.look_longer(before, 301, probe, "input", 1).shows  # 150 calls at most


def test_what_was_seen_to_drop_is_looked_for_until_it_shows_again() -> None:
    truth = at("input", rate=0.05, scaling="none", same_over_samples=True)
    layer = NumPyLayer([truth], seed=1)
    observer = observer_of(layer)
    probe = Probe(**drive("input", (0, 0.25, 0, 0)), c=SMALL)
    before = Look(1.0, 0.0, np.eye(1, 20)[:, :, np.newaxis], shared=True)  # one of twenty
    # With this seed two calls drop nothing, after which nobody would look longer.
    assert observer.look(probe, "input", 1).share == 0

    look = observer.look_again(before, probe, "input", 1)

    assert 0 < look.share < 0.2
    assert look.shared


@pytest.mark.parametrize("before", [{"shared": False}, {"dropped": np.zeros((1, 20, 1))}])
def test_what_was_not_seen_to_drop_in_all_samples_at_once_is_not_looked_for(
    before: dict[str, Any],
) -> None:
    layer = NumPyLayer()
    observer = observer_of(layer)
    usual = {"dropped": np.eye(1, 20)[:, :, np.newaxis], "shared": True}
    probe = Probe(**drive("input", (0, 0.25, 0, 0)), c=SMALL)
    observer.look_again(Look(1.0, 0.0, **{**usual, **before}), probe, "input", 1)
    assert observer.harness.calls == 2 + 2 + 2  # direction; at inference and in training


def test_what_showed_at_once_is_not_looked_for_longer() -> None:
    truth = at("input", scaling="none", same_over_samples=True)
    observer = observer_of(NumPyLayer([truth], units=8))
    probe = Probe(**drive("input", (0, 0.25, 0, 0)), c=SMALL)
    before = Look(1.0, 0.0, np.eye(1, 20)[:, :, np.newaxis], shared=True)  # one of twenty
    calls = observer.harness.calls

    look = observer.look_again(before, probe, "input", 1)

    assert 0 < look.share < 1
    # Two at inference and, of three inputs, four calls that show a dozen draws: six at least.
    assert observer.harness.calls == calls + 2 + 6


def test_what_was_not_seen_again_at_once_is_looked_for_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layer = NumPyLayer([at("input", rate=0.05, scaling="none", same_over_samples=True)])
    observer = observer_of(layer)
    monkeypatch.setattr(Observer, "look", lambda *_: Look(1.0, 0.0, np.zeros((2, 256, 2))))
    before = Look(1.0, 0.0, np.eye(1, 20)[:, :, np.newaxis], shared=True)  # one of twenty
    probe = Probe(**drive("input", (0, 0.25, 0, 0)), c=SMALL)

    look = observer.look_again(before, probe, "input", 1)

    # 546 draws of a rate of .025 show it; of two readers 150 calls, no more, have 300.
    assert len(look.dropped) == 150
    assert 0 < look.share < 0.2


def test_where_a_dropped_entry_looks_like_another_nothing_is_told_of_who_shares_it() -> None:
    # Whether x or the output is dropped, nothing comes out.
    truths = [at(site, tying="tied", same_over_samples=True) for site in ("output", "input")]
    observer = observer_of(NumPyLayer(truths, seed=1))
    observer.register("output", observer.look(Probe(c=SMALL), "output"))
    look = observer.look(Probe(**drive("input", (0, 0, SMALL, 0))), "input", 2)
    assert (look.shows, look.shared) == (False, False)
    assert look.share == 0
    assert look.kept == pytest.approx(1 / 0.6, rel=CLOSE)


def test_bits_are_read_in_as_many_calls_as_are_asked_for() -> None:
    layer = NumPyLayer([at("cell", life="step")])
    observer = observer_of(layer)
    probe, bits = Probe(c=SMALL, steps=2), [Bit("cell", 1 / 0.6)]
    assert observer.read_bits(probe, bits).shape == (1, observer.harness.times, 256, 2)
    assert observer.read_bits(probe, bits, 5).shape == (1, 5, 256, 2)


def test_the_share_of_a_bit_is_that_of_its_gate_or_of_others_where_it_hid() -> None:
    observer = observer_of(NumPyLayer())

    def of(dropped: int, *, shows: bool = True) -> Look:
        return Look(2.0, 0.0, (np.arange(10.0) < dropped).reshape(1, 10, 1) * 1.0, shows=shows)

    observer.places["input"] = Place("input", {0: of(2), 1: of(6), 2: of(9, shows=False)})
    shares = [observer.share_of(Bit("input", 2.0, gate)) for gate in (0, 1, 2)]
    assert shares == pytest.approx([0.2, 0.6, 0.4])
    # A look at all gates at once stands for each; where all hid, what was seen is all there is.
    observer.places["cell"] = Place("cell", {None: of(3)})
    assert observer.share_of(Bit("cell", 2.0)) == pytest.approx(0.3)
    observer.places["output"] = Place("output", {None: of(3, shows=False)})
    assert observer.share_of(Bit("output", 2.0, 2)) == pytest.approx(0.3)


@pytest.mark.parametrize(("one", "other"), [(0.5, 0.5), (0.4, 0.4), (0.1, 0.3)])
def test_two_bits_that_always_show_are_equal_by_luck_as_often_as_both_drop_or_keep(
    one: float, other: float
) -> None:
    observer = observer_of(NumPyLayer())
    for site, share in (("input", one), ("recurrent", other)):
        dropped = (np.arange(10) < 10 * share).reshape(1, 10, 1).astype(float)
        observer.places[site] = Place(site, {2: Look(1.0, 0.0, dropped)})
    probe = Probe(wx=(0, 0, 0.3, 0), wh=(0, 0, 0.7, 0), source=1.0)
    bits = [Bit(site, 1.0, 2) for site in ("input", "recurrent")]
    wanted = one * other + (1 - one) * (1 - other)
    assert observer.luck_of(probe, bits, 2) == pytest.approx(wanted)
