"""What a verdict says of a specimen that is not true, and what it leaves untold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dropviz.core.verdict import SiteVerdict, Verdict, Verdicts
from dropviz.experiment.explain import explain
from dropviz.experiment.observations import Doubt

from .zoo_truth import SiteTruth, Specimen

Layer = Any
WORDS = ("life", "tying", "scaling", "same_over_samples", "same_over_units", "frozen")
NUMBERS = ("kept", "at_inference")
CLOSE = 0.02  # the harness reads multipliers off a table; float32 gives three digits


def verdicts_on(layer: Layer, *, seed: int = 0) -> list[Verdict]:
    """The verdicts on a layer, one or several."""
    found = explain(layer, seed=seed)
    return list(found.values()) if isinstance(found, Verdicts) else [found]


def untold(specimen: Specimen, verdict: Verdict) -> set[str]:
    """The fields that are left open, as "site.field"."""
    return {
        f"{site}.{field}"
        for site, found in verdict.sites.items()
        if site in specimen.sites
        for field in WORDS
        if getattr(found, field) is None
    }


def notes(verdict: Verdict) -> list[str]:
    """What is noted at the sites."""
    return [f"{site}: {note}" for site, found in verdict.sites.items() for note in found.notes]


def untrue(specimen: Specimen, verdict: Verdict, *, close: float = CLOSE) -> list[str]:
    """Every statement of a verdict that is not true of the specimen."""
    wrong: list[str] = []
    if not (specimen.sites and found_nowhere(verdict)):
        wrong += [*_sites(specimen, verdict), *_method(specimen, verdict)]
    for site, found in verdict.sites.items():
        if site in specimen.sites:
            wrong += [f"{site}.{words}" for words in _at(specimen, found, close)]
            wrong += [f"{site}.{words}" for words in _gates(specimen, verdict, found)]
    told = verdict.active_at_inference
    if told != specimen.active_at_inference and not (told is None and verdict.unplaced):
        wrong.append(f"active_at_inference {verdict.active_at_inference}")
    if verdict.kind != specimen.kind:
        wrong.append(f"kind {verdict.kind}")
    return wrong


def found_nowhere(verdict: Verdict) -> bool:
    """Whether a verdict says that something is dropped, and that it cannot be told where."""
    return not verdict.sites and Doubt.RARE.value in verdict.doubts


def _sites(specimen: Specimen, verdict: Verdict) -> Iterator[str]:
    for site in verdict.sites:
        if site not in specimen.sites:
            yield f"{site} is not masked"
    for site, truth in specimen.sites.items():
        follows = truth.same_mask_as and truth.steps == "later"
        said = "output: the next step reads the masked h." in notes(verdict)
        if site not in verdict.sites and not (follows and said):
            yield f"{site} is masked"


def _at(specimen: Specimen, found: SiteVerdict, close: float) -> Iterator[str]:
    truth: SiteTruth = specimen.sites[found.site]
    for field in WORDS:
        told, real = getattr(found, field), getattr(truth, field)
        if told is not None and told != real:
            yield f"{field} {told!r}, in truth {real!r}"
    for field in NUMBERS:
        told, real = getattr(found, field), getattr(truth, field)
        open_ = f"{found.site}.{field}" in specimen.cannot_tell
        if not open_ and told != pytest.approx(real, rel=close, abs=close / 10):
            yield f"{field} {told:.4f}, in truth {real:.4f}"
    low, high = found.rate_interval
    if not low - 1e-9 <= truth.rate <= high + 1e-9:
        yield f"rate between {low:.4f} and {high:.4f}, in truth {truth.rate:.4f}"
    if not (low <= found.rate <= high or (truth.gaussian and np.isnan(found.rate))):
        yield f"rate {found.rate} outside of its own interval"
    if not np.isin(np.nan_to_num(found.seen), (0, 1)).all():
        yield "seen is not of zeros and ones"


def _gates(specimen: Specimen, verdict: Verdict, found: SiteVerdict) -> Iterator[str]:
    real, said = set(specimen.sites[found.site].gates), set(found.gates)
    arrow = found.site.removesuffix("_kernel")
    open_ = {g for g in real if f"{arrow}: whether the gate {g} sees masks." in verdict.doubts}
    if said - real or real - said - open_ or real & set(found.missing):
        yield f"gates {found.gates}, missing {found.missing}, in truth {sorted(real)}"


def _method(specimen: Specimen, verdict: Verdict) -> Iterator[str]:
    named = {verdict.method, *verdict.same_as}
    if not specimen.sites:
        if named != {None}:
            yield f"method {named}, in truth nothing is dropped"
    elif verdict.is_open:  # "may drop by"
        if specimen.methods and not named & set(specimen.methods):
            yield f"perhaps {named}, in truth {sorted(specimen.methods)}"
    elif specimen.methods:
        if verdict.differences:
            yield f"differences from {verdict.method}: {verdict.differences}"
        if named != set(specimen.methods):
            yield f"methods {sorted(map(str, named))}, in truth {sorted(specimen.methods)}"
    elif not verdict.differences or not all(words.strip() for words in verdict.differences):
        yield f"named {named} without a difference, in truth none of the table"
    elif verdict.same_as or verdict.method is None:
        yield f"nearest {verdict.method}, the same as {verdict.same_as}"
