"""Masks on the candidate and on the memory of a layer without a bias, and what is like them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dropviz.experiment import without_bias
from dropviz.experiment.harness import CANDIDATE
from dropviz.experiment.observations import Look
from dropviz.experiment.observe import ARROWS, Observer
from dropviz.experiment.without_bias import (
    candidate_drops,
    gentle_weight,
    look_gently,
    memory_is_dropped_alone,
    other_shares,
)

from .numpy_layer import NumPyLayer, dropped_entries, observer_of
from .zoo_truth import SiteTruth, at

NAN = math.nan


def look(share: float, kept: float = 2.0, **how: Any) -> Look:
    """What was seen where so many of ten are dropped."""
    bits = np.zeros((1, 10, 1))
    bits[0, : round(10 * share)] = 1
    return Look(kept, 0.0, bits, **how)


def unbiased(*truths: SiteTruth, **how: Any) -> tuple[NumPyLayer, Observer]:
    layer = NumPyLayer(truths, bias=False, **how)
    observer = observer_of(layer)
    layer.used.clear()
    return layer, observer


def seen_of(truths: dict[str, float], kept: float = 2.0) -> dict[str, dict[int, Look]]:
    """By arrow, looks at the gate f, which takes no candidate, and at the candidate."""
    return {site: {1: look(truths.get(site, 0.0)), CANDIDATE: look(0.5, kept)} for site in ARROWS}


# ---------------------------------------------------------------- the candidate


def test_a_mask_on_the_candidate_silences_x_and_h_together() -> None:
    for seed in range(5):
        _, observer = unbiased(at("candidate", rate=0.5, kept=2.0), seed=seed)
        assert candidate_drops(observer, seen_of({})) is True


def test_masks_on_both_arrows_silence_x_and_h_each_by_itself() -> None:
    masks = at("input", rate=0.5, kept=2.0), at("recurrent", rate=0.5, kept=2.0)
    layer, observer = unbiased(*masks)
    assert candidate_drops(observer, seen_of({"input": 0.5, "recurrent": 0.5})) is False
    # Dropped apart at once, where neither gate besides shows less than the candidate.
    assert len(layer.used) == 1


def test_a_candidate_that_drops_besides_both_arrows_is_told() -> None:
    masks = [at(site, rate=0.5, kept=2.0) for site in ARROWS]
    also = at("candidate", rate=0.3, scaling="none")
    _, observer = unbiased(*masks, also)
    seen = {site: {1: look(0.5), CANDIDATE: look(0.6)} for site in ARROWS}
    assert candidate_drops(observer, seen) is True


def test_a_candidate_that_seldom_drops_besides_both_arrows_is_waited_for() -> None:
    masks = [at(site, rate=0.5, kept=2.0) for site in ARROWS]
    layer, observer = unbiased(*masks, at("candidate", rate=0.05, scaling="none"))
    seen = {site: {1: look(0.5), CANDIDATE: look(0.6)} for site in ARROWS}
    assert candidate_drops(observer, seen) is True
    # The first calls have each arrow dropped by itself, and what they show may be luck.
    assert len(layer.used) > 1


@pytest.mark.parametrize("arrow", ARROWS)
def test_where_one_arrow_is_never_silent_the_candidate_is_not_dropped(arrow: str) -> None:
    layer, observer = unbiased(at(arrow, rate=0.5, kept=2.0))
    seen = {site: {CANDIDATE: look(0.5 if site == arrow else 0.0)} for site in ARROWS}
    assert candidate_drops(observer, seen) is False
    assert layer.used == []


def test_nothing_is_said_of_a_candidate_that_was_never_seen_to_drop() -> None:
    _, observer = unbiased()
    assert candidate_drops(observer, seen_of({}, kept=1.0)) is None


def test_a_mask_that_all_samples_share_is_one_draw_a_call() -> None:
    truth = at("candidate", rate=0.5, kept=2.0, same_over_samples=True)
    layer, observer = unbiased(truth)
    seen = {site: {CANDIDATE: look(0.5, shared=True)} for site in ARROWS}
    assert candidate_drops(observer, seen) is True
    # Two readers a call: luck is ruled out by no fewer than ten calls.
    assert len(layer.used) >= 10


SILENT = {"neither": (1, 1), "x": (1, 0), "h": (0, 1), "both": (0, 0)}  # h and x: 1 kept


@pytest.mark.parametrize(
    ("others", "calls", "answer", "needed"),
    [
        # Other gates drop as often as the candidate: one of each by itself says enough.
        (0.5, [("x", "h", "neither")], False, 1),
        (0.5, [("x", "both"), ("x", "neither"), ("h",)], False, 3),
        (0.5, [("h", "both"), ("h", "neither"), ("x",)], False, 3),
        (0.5, [("x", "both"), ("neither",)], None, 40),
        (0.5, [("h", "both"), ("neither",)], None, 40),
        (0.5, [("neither",)], None, 40),
        # They drop less often: perhaps the candidate drops now and then, too.
        (0.0, [("x", "h", "neither")], False, 40),
        # Twelve of 24 are the same twelve once in 2.7 million; eleven of 22, in 0.7 million.
        (0.5, [("both", "neither") * 12], True, 1),
        (0.5, [("both", "neither") * 11, ("both", "neither")], True, 2),
    ],
    ids=str,
)
def test_it_counts_what_is_silent_alone_and_together(
    monkeypatch: pytest.MonkeyPatch,
    others: float,
    calls: list[tuple[str, ...]],
    answer: bool | None,  # noqa: FBT001
    needed: int,
) -> None:
    _, observer = unbiased()
    came: list[Any] = []

    def read_bits(*_: Any) -> Any:
        came.append(calls[min(len(came), len(calls) - 1)])
        bits = np.array([SILENT[each] for each in came[-1]], float)
        return bits.T[:, np.newaxis, :, np.newaxis]  # one call, many samples and one reader

    monkeypatch.setattr(observer, "read_bits", read_bits)
    assert candidate_drops(observer, seen_of(dict.fromkeys(ARROWS, others))) is answer
    # 20 000 draws are forty calls of 256 samples and two readers.
    assert len(came) == needed


# ---------------------------------------------------------------- gently


@pytest.mark.parametrize(("share", "kept"), [(0.0, 2.0), (1.0, 0.0), (0.5, 1.0)])
def test_what_drops_always_or_never_or_scales_nothing_is_not_looked_at_again(
    share: float, kept: float
) -> None:
    layer, observer = unbiased()
    before = look(share, kept)
    assert look_gently(observer, "input", before) is before
    assert layer.used == []


@pytest.mark.parametrize("site", ARROWS)
def test_what_multiplies_the_candidate_is_measured_where_the_candidate_is_straight(
    site: str,
) -> None:
    layer, observer = unbiased(at("candidate", rate=0.9, kept=10.0))
    # As far as its own weight lets tell, x is scaled; the candidate bends there.
    seen = look_gently(observer, site, look(0.9, kept=8.0))
    assert seen.kept == pytest.approx(10, rel=1e-2)
    wanted = dropped_entries(layer, len(layer.used) - 2, "candidate")
    assert seen.share == pytest.approx(wanted.mean(), abs=0.05)


@pytest.mark.parametrize(("kept", "weight"), [(1.0, 0.1 / 3), (2.0, 0.1 / 6), (-4.0, 0.1 / 12)])
def test_a_gentle_weight_is_a_third_of_what_is_small_by_what_multiplies(
    kept: float, weight: float
) -> None:
    assert gentle_weight(look(0.5, kept)) == pytest.approx(weight)


def test_the_share_of_other_gates_is_the_largest_and_not_the_candidates() -> None:
    seen = {
        "input": {0: look(0.1), 1: look(0.3), CANDIDATE: look(0.9)},
        "recurrent": {CANDIDATE: look(0.9)},
    }
    assert other_shares(seen) == {"input": pytest.approx(0.3), "recurrent": 0.0}


# ---------------------------------------------------------------- the memory


def test_a_memory_that_is_dropped_alone_leaves_the_sign_of_what_is_added() -> None:
    layer, observer = unbiased(at("carried", rate=0.5, kept=2.0))
    assert memory_is_dropped_alone(observer, look(0.5)) is True
    assert len(layer.used) == 1


def test_a_memory_that_is_dropped_with_what_is_added_leaves_nothing() -> None:
    layer, observer = unbiased(at("cell", rate=0.5, kept=2.0))
    assert memory_is_dropped_alone(observer, look(0.5)) is False
    # One call has 512 draws, of which 200 are enough.
    assert len(layer.used) == 1


def test_where_no_memory_is_dropped_it_is_left_open() -> None:
    _, observer = unbiased()
    assert memory_is_dropped_alone(observer, look(0.5)) is None


def test_of_a_memory_that_all_samples_share_the_first_is_counted() -> None:
    truth = replace(at("cell", rate=0.5, kept=2.0), same_over_samples=True)
    layer, observer = unbiased(truth)
    assert memory_is_dropped_alone(observer, look(0.5, shared=True)) is not True
    silent = sum(int((dropped_entries(layer, 1, "cell") == 1).sum() > 0) for _ in layer.used)
    assert silent
    # Two readers a call: at most two draws that are silent.
    assert len(layer.used) > 100


def test_as_many_draws_as_it_takes_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(without_bias, "_ENOUGH", 2000)
    layer, observer = unbiased(at("cell", rate=0.5, kept=2.0))
    assert memory_is_dropped_alone(observer, look(0.5)) is False
    # Some 256 a call are silent.
    assert 6 <= len(layer.used) <= 10


@pytest.mark.parametrize(("enough", "calls"), [(10, 5), (11, 6)])
def test_of_samples_that_share_a_memory_each_reader_is_counted_once_a_call(
    monkeypatch: pytest.MonkeyPatch, enough: int, calls: int
) -> None:
    monkeypatch.setattr(without_bias, "_ENOUGH", enough)
    layer, observer = unbiased(at("cell", rate=1.0, scaling="none", same_over_samples=True))
    assert memory_is_dropped_alone(observer, look(0.5, shared=True)) is False
    assert len(layer.used) == calls
