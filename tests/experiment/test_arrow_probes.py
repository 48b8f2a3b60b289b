"""What makes a gate speak of x or of h: weights and states, as they were worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from dropviz.experiment import input_sites
from dropviz.experiment.input_sites import (
    find_input_masks,
    find_mask_for_both,
    gate_probe,
    read_ties,
)
from dropviz.experiment.observations import Look, Place
from dropviz.experiment.observe import Observer
from dropviz.experiment.probe import Probe

from .numpy_layer import NumPyLayer, observer_of

FREE, DROPPING = (Look(1.0, 0.0, np.full((2, 100, 2), share)) for share in (0.0, 1.0))


def same_probes(one: Probe, other: Probe) -> None:
    """Alike to rounding; a weight of a gate that a GRU lacks is none."""
    for field in fields(Probe):
        first, second = (getattr(each, field.name) for each in (one, other))
        if isinstance(second, tuple):
            np.testing.assert_allclose([*first, 0.0][:4], second, err_msg=field.name)
        else:
            assert first == (second if second is None else pytest.approx(second)), field.name


LIFT: dict[str, Any] = {"b": (0, 0, 0.3, 0)}


def x_or_h(site: str, *weights: float) -> dict[str, Any]:
    """What has these gates read x, or the h of a source."""
    return {"wx": weights} if site == "input" else {"wh": weights, "source": 1.0}


# ---------------------------------------------------------------- one gate


@pytest.mark.parametrize("site", ["input", "recurrent"])
def test_a_gate_of_an_lstm_speaks_by_what_it_lets_through(site: str) -> None:
    observer = observer_of(NumPyLayer())
    wanted = [
        Probe(**x_or_h(site, 0.25, 0, 0, 0), **LIFT),  # i lets through what a bias raises
        Probe(**x_or_h(site, 0, 0.25, 0, 0), c=0.1),
        Probe(**x_or_h(site, 0, 0, 0.1, 0), c=0.1),
        Probe(**x_or_h(site, 0, 0, 0, 0.25), c=0.1),
    ]
    for gate, probe in enumerate(wanted):
        found = gate_probe(observer, site, gate)
        assert found is not None
        same_probes(found, probe)
    unbiased = observer_of(NumPyLayer(bias=False))
    assert [gate_probe(unbiased, site, gate) is None for gate in range(4)] == [True, *[False] * 3]


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("site", ["input", "recurrent"])
def test_a_gate_of_a_gru_speaks_by_the_old_h_or_by_what_a_bias_raises(
    site: str,
    after: bool,  # noqa: FBT001
) -> None:
    observer = observer_of(NumPyLayer(kind="GRU", reset_after=after))
    z = {"h": 0.1} if site == "input" else LIFT
    # Where the source's h is read, the reader's own stays out of it.
    own = 0.1 if site == "input" else None
    wanted = [
        Probe(**x_or_h(site, 0.25, 0, 0, 0), **z),
        Probe(**x_or_h(site, 0, 0.25, 0, 0), reset=0.3) if after else None,
        Probe(**x_or_h(site, 0, 0, 0.1, 0), h=own),
    ]
    for gate, probe in enumerate(wanted):
        found = gate_probe(observer, site, gate)
        assert (found is None) is (probe is None)
        if found and probe:
            same_probes(found, probe)
    unbiased = observer_of(NumPyLayer(kind="GRU", bias=False))
    heard = [gate_probe(unbiased, site, gate) is not None for gate in range(3)]
    assert heard == [site == "input", False, True]


@pytest.mark.parametrize(
    ("kind", "found", "stored"),
    [
        ("LSTM", "carried", 0.0),
        ("LSTM", "hidden_update", 0.1),
        ("GRU", "carried", 0.0),
        # An old h that stays on has the other sign than what x adds.
        ("GRU", "hidden_update", -0.1),
    ],
)
def test_a_candidate_speaks_beside_a_memory_that_does_not_hide_it(
    kind: str, found: str, stored: float
) -> None:
    observer = observer_of(NumPyLayer(kind=kind))
    observer.places[found] = Place(found, {})
    probe = gate_probe(observer, "input", 2)
    assert probe is not None
    assert (probe.c if kind == "LSTM" else probe.h) == stored


# ---------------------------------------------------------------- through the other arrow


def through(
    monkeypatch: pytest.MonkeyPatch, observer: Observer, *dropping: tuple[str, int]
) -> dict[tuple[str, int], tuple[Probe, list[str]]]:
    """By site and gate, the last probe of each, and the arrows that it takes as well."""
    heard = {}

    def look(probe: Probe, site: str, gate: int, also: Sequence[str] = ()) -> Look:
        heard[site, gate] = probe, list(also)
        return DROPPING if (site, gate) in dropping else FREE

    monkeypatch.setattr(observer, "look", look)
    find_input_masks(observer)
    return heard


def test_without_a_bias_i_lets_through_what_the_other_arrow_raises(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    observer = observer_of(NumPyLayer(bias=False))
    heard = through(monkeypatch, observer, ("input", 1))
    probe, also = heard["recurrent", 0]
    same_probes(probe, Probe(wh=(0.25, 0, 0, 0), source=1.0, wx=(0, 0, 0.3, 0)))
    assert also == ["input"]  # which is masked
    probe, also = heard["input", 0]
    same_probes(probe, Probe(wx=(0.25, 0, 0, 0), source=1.0, wh=(0, 0, 0.3, 0)))
    assert also == []


def test_the_gate_r_before_the_kernel_speaks_by_the_h_of_the_source_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for dropping in ([], [("recurrent", 0)]):
        observer = observer_of(NumPyLayer(kind="GRU", reset_after=False))
        heard = through(monkeypatch, observer, *dropping)
        probe, also = heard["recurrent", 1]
        same_probes(probe, Probe(wh=(0, 0, 0.3, 0), source=1.0, source_wh=(0, 0.25, 0, 0)))
        assert also == []
        probe, also = heard["input", 1]
        same_probes(probe, Probe(wh=(0, 0, 0.3, 0), source=1.0, source_wx=(0, 0.25, 0, 0)))
        assert also == ["recurrent"] * len(dropping)


def test_without_a_bias_z_speaks_of_h_by_what_x_raises_and_r_by_the_h_of_the_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = through(monkeypatch, observer_of(NumPyLayer(kind="GRU", bias=False)))
    read: dict[str, Any] = {"wh": (0, 0, 0.3, 0), "source": 1.0}
    for key, wanted in {
        ("recurrent", 0): Probe(wh=(0.25, 0, 0, 0), source=1.0, wx=(0, 0, 0.3, 0)),
        ("recurrent", 1): Probe(**read, source_wh=(0, 0.25, 0, 0)),
        ("input", 0): Probe(wx=(0.25, 0, 0, 0), h=0.1),
        ("input", 1): Probe(**read, source_wx=(0, 0.25, 0, 0)),
    }.items():
        same_probes(heard[key][0], wanted)


# ---------------------------------------------------------------- many gates at once


def drawn(monkeypatch: pytest.MonkeyPatch, site: str, gates: list[int], **how: Any) -> list[Probe]:
    """The probes of these gates among which the telling one is chosen."""
    observer, probes = observer_of(NumPyLayer(**how)), []

    def choose(_: Any, among: list[Probe], __: Any) -> Probe:
        probes.extend(among)
        return among[0]

    monkeypatch.setattr(input_sites, "choose_probe", choose)
    monkeypatch.setattr(input_sites, "TRIES", 1500)
    observer.places[site] = Place(site, dict.fromkeys(gates, DROPPING))
    read_ties(observer, site)
    return probes


def spans(values: Any, low: float, high: float) -> None:
    """Between these, and to within a hundredth of either: of 1500 draws some twelve are so near."""
    assert low <= min(values) < low + 0.01
    assert high - 0.01 < max(values) <= high


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("site", ["input", "recurrent"])
def test_gates_are_driven_up_and_down_by_weights_that_shut_none(
    monkeypatch: pytest.MonkeyPatch,
    site: str,
    bias: bool,  # noqa: FBT001
) -> None:
    probes = drawn(monkeypatch, site, [0, 2, 3], bias=bias)
    weights = np.array([each.wx if site == "input" else each.wh for each in probes])
    assert not weights[:, 1].any()
    for gate in (0, 2, 3):
        spans(abs(weights[:, gate]), 0.2, 1.2)
        assert (weights[:, gate] > 0).mean() == pytest.approx(0.5, abs=0.1)
    spans([each.c for each in probes], 0.2, 1.5)
    assert {(each.h, each.reset) for each in probes} == {(None, 0.0)}
    lifts = np.array([each.b for each in probes])
    assert not lifts[:, [0, 1, 3]].any()
    if bias:
        spans(lifts[:, 2], 0.2, 1.0)
    else:
        assert not lifts.any()
    assert {each.source for each in probes} == {float(site == "recurrent")}


@pytest.mark.parametrize("site", ["input", "recurrent"])
@pytest.mark.parametrize("after", [True, False])
def test_the_gate_r_speaks_where_it_multiplies(
    monkeypatch: pytest.MonkeyPatch,
    site: str,
    after: bool,  # noqa: FBT001
) -> None:
    probes = drawn(monkeypatch, site, [0, 1], kind="GRU", reset_after=after)
    spans([each.h for each in probes], 0.2, 1.5)
    assert {each.c for each in probes} == {0.0}
    weights = np.array([each.wx if site == "input" else each.wh for each in probes])
    sources = np.array([each.source_wx if site == "input" else each.source_wh for each in probes])
    if after:
        spans([each.reset for each in probes], 0.3, 1.5)
        assert not sources.any()
        return
    # Before the kernel: the source's own r, and three times as far, for it is read through h.
    assert {(each.reset, each.source) for each in probes} == {(0.0, 1.0)}
    np.testing.assert_allclose(sources[:, 1], 3 * weights[:, 1])
    assert not sources[:, [0, 2]].any()
    if site == "input":
        read = np.array([each.wh for each in probes])
        spans(read[:, 2], 0.3, 1.0)
        assert not read[:, :2].any()


def test_of_x_and_h_at_once_the_candidate_reads_x_and_one_gate_reads_h(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    observer, probes = observer_of(NumPyLayer()), []

    def choose(_: Any, among: list[Probe], __: Any) -> Probe:
        probes.append(among)
        return among[0]

    monkeypatch.setattr(input_sites, "choose_probe", choose)
    monkeypatch.setattr(input_sites, "TRIES", 1500)
    observer.places["input"] = Place("input", {2: DROPPING})
    observer.places["recurrent"] = Place("recurrent", {1: DROPPING, 3: DROPPING})
    find_mask_for_both(observer)
    assert len(probes) == 2
    for gate, among in zip((1, 3), probes, strict=True):
        x, h = (np.array([getattr(each, name) for each in among]) for name in ("wx", "wh"))
        spans(x[:, 2], 0.2, 1.2)
        spans(abs(h[:, gate]), 0.2, 1.2)
        assert not np.delete(x, 2, axis=1).any()
        assert not np.delete(h, gate, axis=1).any()
        assert all(each.aligned for each in among)
