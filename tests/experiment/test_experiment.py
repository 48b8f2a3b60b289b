"""The whole experiment on layers in NumPy, of each kind and drawn by chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, product
from typing import Any

import numpy as np
import pytest

from dropviz.core.verdict import Verdict
from dropviz.experiment import experiment
from dropviz.experiment.observations import Doubt, Look, Note
from dropviz.experiment.observe import Observer
from tests.tables import LIVES

from .numpy_layer import NumPyLayer, explained, specimen_of
from .numpy_random import draw_layer
from .zoo_random import by_another_name
from .zoo_truth import ACTIVE, Specimen, at
from .zoo_verdict import untold, untrue

INSIDE = ("candidate", "cell", "carried", "output")
SCALINGS = ("inverted", "test-time", "none")
TIES = ("tied", "untied")
SHARED = ("same_over_samples", "same_over_units", "frozen")
ZONED = ("hidden_update", "cell_update")
KERNEL: dict[str, Any] = {"tying": "untied", "same_over_samples": True}


def one_mask_each() -> Iterator[NumPyLayer]:
    """A layer for each site, life, tying and scaling."""
    for life in LIVES:
        for tying in TIES:
            x, h = (at(site, life=life, tying=tying) for site in ("input", "recurrent"))
            yield from map(NumPyLayer, ([x], [h], [x, replace(h, rate=0.3, kept=1 / 0.7)]))
        for scaling, site in product(SCALINGS, INSIDE):
            yield NumPyLayer([at(site, life=life, scaling=scaling)])
        for site in ZONED:
            yield NumPyLayer([at(site, life=life, scaling="expectation")])
        yield NumPyLayer([at("recurrent_kernel", life=life, **KERNEL)])
    for scaling in SCALINGS:
        yield NumPyLayer([at("input", scaling=scaling), at("recurrent", scaling=scaling)])


def odd_ones() -> Iterator[NumPyLayer]:
    """Masks that share a draw, or are drawn at inference too; and no mask at all."""
    zones = [at(site, life="step", scaling="expectation") for site in ZONED]
    yield NumPyLayer(zones)
    yield NumPyLayer([zones[0], replace(zones[1], same_mask_as=zones[0].site)])
    yield NumPyLayer([at("input"), at("recurrent_kernel", **KERNEL)])
    yield NumPyLayer([])
    for name, site in product(SHARED, ("input", "recurrent", "cell", "output", "candidate")):
        shared: dict[str, Any] = {name: True}
        yield NumPyLayer([at(site, **shared)], units=8, features=8)
    for site in ("input", "recurrent", *INSIDE):
        yield NumPyLayer([at(site)], active=True)
        yield NumPyLayer([at(site, life="step")], backwards=True)
        yield NumPyLayer([at(site)], sequences=False)


def sizes_and_kinds() -> Iterator[NumPyLayer]:
    """Layers of few units, without a bias; and GRUs."""
    for units in (1, 2, 3, 16):
        both = [at("input"), at("recurrent", tying="untied")]
        yield NumPyLayer(both, units=units)
        yield NumPyLayer(both, units=units, features=1, bias=False)
        yield NumPyLayer([at("candidate")], units=units, bias=False)
        yield NumPyLayer([at("cell"), at("input")], units=units, bias=False)
        yield NumPyLayer([at("recurrent_kernel", **KERNEL)], units=units)
    for after, site in product((True, False), ("input", "recurrent", *INSIDE)):
        truth, x = at(site, kind="GRU"), at("input", kind="GRU")
        yield NumPyLayer([truth], "GRU", reset_after=after)
        if site != "input":
            yield NumPyLayer([truth, x], "GRU", reset_after=after)


def name_of(layer: NumPyLayer) -> str:
    def said(truth: Any) -> str:
        odd = [each for each in ODD if getattr(truth, each)]
        return "-".join([truth.site, truth.life, truth.tying, truth.scaling, *odd])

    usual = NumPyLayer()
    options = ("kind", "units", "features", "bias", "reset_after", "backwards", "sequences")
    changed = [
        f"{option}={getattr(layer, option)}"
        for option in (*options, "active")
        if getattr(layer, option) != getattr(usual, option)
    ]
    return "+".join(map(said, layer.truths)) + "".join(f",{each}" for each in changed)


ODD = (*SHARED, "same_mask_as")
EVERY = chain(one_mask_each(), odd_ones(), sizes_and_kinds())
KINDS = {name_of(layer): layer for layer in EVERY}
SEVERAL = 2


def left_open(layer: NumPyLayer) -> set[str]:
    """What nobody can tell of a layer, or not from the draws that are made."""
    found: set[str] = set()
    read = {"input": layer.features, "recurrent": layer.units, "recurrent_kernel": layer.units}
    for truth in layer.truths:
        site = truth.site
        # Of two units one is a reader, that tells of one mask inside the cell.
        entries = read.get(site, layer.units // 2)
        found |= {f"{site}.same_over_units"} if entries < SEVERAL else set()
        # Nothing lifts the candidate again at a later step.
        unlifted = not layer.bias and site in INSIDE
        # The last output tells of the last step alone.
        last = site == "output" and not layer.sequences
        # All samples share what is drawn for a call, and an output is read in few.
        few = site == "output" and truth.same_over_samples
        found |= {f"{site}.life"} if unlifted or last or few else set()
    return found


def cannot_tell(layer: NumPyLayer) -> dict[str, str]:
    return {f"{truth.site}.at_inference": ACTIVE for truth in layer.truths if layer.active}


@pytest.mark.few(60)
@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_told_whole(name: str) -> None:
    layer = KINDS[name]
    specimen = specimen_of(layer, cannot_tell=cannot_tell(layer))
    verdict = explained(layer)
    assert untrue(specimen, verdict) == []
    assert untold(specimen, verdict) == left_open(layer)


# Those of the first 400 of which something untrue was said once, a few of each cause.
WORST = (14, 35, 41, 51, 72, 76, 92, 118, 130, 151, 181, 184, 222, 239, 279, 353)


# What is untrue still.
LEFT = {
    98: "a scale of five per cent beside another mask in a layer of one unit is not seen",
    185: "zoneout of c that all samples share, in one call of ten, was not seen",
}
CASES = [
    pytest.param(
        number,
        id=str(number),
        marks=pytest.mark.xfail(strict=True, reason=LEFT[number]) if number in LEFT else (),
    )
    for number in sorted({*range(200), *WORST})
]


@pytest.mark.full
@pytest.mark.few(*map(str, WORST))
@pytest.mark.parametrize("number", CASES)
def test_nothing_untrue_is_said_of_a_layer_drawn_by_chance(number: int) -> None:
    layer = draw_layer(number)
    specimen = specimen_of(layer, cannot_tell=cannot_tell(layer))
    verdict = explained(layer)
    assert untrue_of_any([specimen, *by_another_name(specimen)], verdict) == []


def untrue_of_any(specimens: list[Specimen], verdict: Verdict) -> list[str]:
    """What is untrue of a layer by any of its names, apart from what is said to be doubtful."""
    found = [untrue(each, by_its_other_name(verdict, each)) for each in specimens]
    doubted: tuple[str, ...] = ()
    if Doubt.RARE.value in verdict.doubts:
        doubted = ("is masked", "without a difference")
    if Doubt.NO_BIAS_CANDIDATE.value in verdict.doubts:
        doubted = ("is masked", "is not masked")
    wrong = min(found, key=len)
    return [words for words in wrong if not any(each in words for each in doubted)]


def by_its_other_name(verdict: Verdict, specimen: Specimen) -> Verdict:
    """The verdict with what may be at two sites put where it is."""
    sites = {}
    for site, found in verdict.sites.items():
        moved = site not in specimen.sites and found.perhaps in specimen.sites
        sites[found.perhaps if moved else site] = (
            replace(found, site=found.perhaps) if moved else found
        )
    return replace(verdict, sites=sites)


def test_a_method_is_only_perhaps_the_one_where_more_is_dropped_that_was_not_placed() -> None:
    verdict = explained(NumPyLayer([at("input")]))
    assert (verdict.unplaced, verdict.is_open) == (False, False)
    perhaps = replace(verdict, unplaced=True)
    assert perhaps.is_open
    assert " may drop by " in perhaps.title
    rare = at("candidate", rate=0.1, scaling="none", same_over_samples=True, same_over_units=True)
    placed = []
    for seed in range(6):
        verdict = explained(NumPyLayer([rare], seed=seed))
        placed.append(not verdict.unplaced)
        assert verdict.unplaced == (Doubt.RARE.value in verdict.doubts)
        assert verdict.active_at_inference == (None if verdict.unplaced else False)
    assert not all(placed)


@pytest.mark.parametrize("one", [True, False])
def test_a_mask_that_serves_both_arrows_is_told_with_the_whole_layer(one: bool) -> None:  # noqa: FBT001
    h = at("recurrent", same_mask_as="input" if one else "")
    verdict = explained(NumPyLayer([at("input"), h], features=4))
    assert verdict.sites["input"].notes == ((Note.ONE_MASK_FOR_X_AND_H.value,) if one else ())


def test_what_is_seen_once_and_not_again_is_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    def once(observer: Observer) -> None:
        bits = np.zeros((2, 256, 2))
        observer.register("cell", Look(1.0, 0.0, bits))

    monkeypatch.setattr(experiment, "find_state_masks", once)
    verdict = explained(NumPyLayer())
    assert verdict.sites == {}
    assert verdict.doubts == (Doubt.RARE.value,)
    assert verdict.title.endswith("where it drops could not be told.")
