"""Masks that stay for some calls, come back, or change their rate leave a doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from dropviz.core.masks import Array
from dropviz.experiment.later_calls import are_alike
from dropviz.experiment.observations import Doubt, Look

from .numpy_layer import NumPyLayer, explained
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
