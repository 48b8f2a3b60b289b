"""Judges the first assignment, Build the mask: by experiment, then by the oracle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import keras

from dropviz.core.sites import place_of
from dropviz.core.verdict import SiteVerdict, Verdict
from dropviz.errors import DropvizError, received
from dropviz.experiment.explain import run_experiment
from dropviz.experiment.temporary_build import built_for_now
from dropviz.homework.mask_draws import noted
from dropviz.homework.ordinary_weights import Agreement, agreement
from dropviz.homework.report import Check, scored
from dropviz.homework.variants import Variant

UNITS = 8
POINTS = {
    "site": 3,
    "life": 2,
    "sharing": 1,
    "rate": 1,
    "scaling": 1,
    "samples": 1,
    "equations": 2,
}
_check = partial(scored, POINTS)

Layer = Any


def judge_mask(
    make: Callable[[int, float], Layer], asked: Variant, seed: int
) -> tuple[list[Check], str]:
    """Judges a layer that masks.

    Args:
        make: Makes a layer of so many units with a rate.
        asked: What was asked.
        seed: Where random streams begin.

    Returns:
        The checks, and why there are not more; "" where nothing stopped it.

    Raises:
        DropvizError: If the layer is none that can be explained.
    """
    layer = make(UNITS, asked.rate)
    if not isinstance(layer, keras.Layer):
        raise DropvizError(
            f"make must give back a Keras layer. Received: {received(layer)}. Return one, as in "
            "return keras.layers.RNN(YourCell(units, rate))."
        )
    with built_for_now(layer):
        verdict = run_experiment(layer.name, layer, seed)
    right = list(verdict.sites) == [asked.site]
    checks = [_check("site", right, place_of(asked.site), _sites(verdict))]
    if not right:
        return checks, "the other checks are of a mask at the site that was asked for"
    agreed = agreement(make, verdict, asked.site, asked.rate, seed)
    same = _check("equations", agreed.holds, _SAME, agreed.sentence)
    if agreed.other:
        # What the experiment saw is then not what this layer does.
        return [same], (
            "with ordinary random weights the layer does not do what it did in the experiment, so "
            "that nothing of the experiment counts"
        )
    return [*checks, *_manners(verdict, asked, agreed), same], ""


_WIDE = 0.5  # of an interval that says nothing of a rate: that of a single draw, or of none
_OF_ONE = 0.12  # four standard deviations of 256 draws: where entries share theirs, one has as many
_OF_STEPS = ("steps share", "of three steps")  # how the experiment's notes of steps begin
_NOT_TOLD = "it could not be told"
_SAME = "with ordinary weights, the outputs of an LSTM with such a mask"


def _sites(verdict: Verdict) -> str:
    places = [found.place for found in verdict.sites.values()]
    if places:
        return " and ".join(places)
    return "a place that could not be told" if verdict.doubts else "nothing is masked"


def _manners(verdict: Verdict, asked: Variant, agreed: Agreement) -> Iterator[Check]:
    found = verdict.sites[asked.site]
    life = _life_seen(found)
    life += f", but {agreed.odd_steps}" if agreed.odd_steps else ""
    lives = found.life == asked.life and not found.frozen and not agreed.odd_steps
    yield _check("life", lives, f"a mask that lives for {_life(asked.life)}", life)
    yield _sharing(found, asked, agreed)
    yield _rate(found, asked, agreed)
    yield _scaling(found, asked, verdict)
    many = {True: "one mask for all", False: "one each", None: _NOT_TOLD}
    single = found.same_over_samples is False
    yield _check(
        "samples", single, "a mask for each sequence of the batch", many[found.same_over_samples]
    )


def _life_seen(found: SiteVerdict) -> str:
    if found.frozen:
        return "the mask is never drawn again"
    noted = [note.rstrip(".") for note in found.notes if note.startswith(_OF_STEPS)]
    return noted[0] if noted and found.life is None else _life(found.life)


def _life(life: str | None) -> str:
    return {"step": "one step", "sequence": "one sequence"}.get(life or "", _NOT_TOLD)


def _sharing(found: SiteVerdict, asked: Variant, agreed: Agreement) -> Check:
    apart = _apart(found, agreed)
    alone = {True: "all units at once", False: "each unit by itself", None: _NOT_TOLD}
    if not asked.tying:
        right = found.same_over_units is False and not apart
        return _check(
            "sharing", right, "each unit dropped by itself", apart or alone[found.same_over_units]
        )
    words = {"tied": "the same mask for all gates", "untied": "one mask for each gate"}
    seen = words.get(found.tying or "", _NOT_TOLD)
    if found.missing:
        seen = f"only the gates {' '.join(found.gates)} are masked"
    if found.same_over_units:
        seen += ", and it drops all at once"
    elif apart:
        seen += f", and {apart}"
    right = found.tying == asked.tying and not (found.missing or found.same_over_units or apart)
    return _check("sharing", right, f"{words[asked.tying]}, each entry dropped by itself", seen)


def _apart(found: SiteVerdict, agreed: Agreement) -> str:
    """In words, that entries are not dropped each by itself; empty where they may be."""
    if found.same_over_units:
        return ""
    if agreed.together > 0 or (noted(found, 1) and not agreed.rates):
        return "some entries drop together more often than chance has it"
    if agreed.together < 0 or noted(found, -1):
        return "entries drop together less often than chance has it"
    return ""


def _rate(found: SiteVerdict, asked: Variant, agreed: Agreement) -> Check:
    low, high = found.rate_interval
    if noted(found, 1):
        low, high = found.rate - _OF_ONE, found.rate + _OF_ONE
    told = high - low < _WIDE
    counted = f"between {low:.3f} and {high:.3f}" if told else _NOT_TOLD
    if agreed.rates:
        counted = "entries have rates of their own, from {:.2f} to {:.2f}".format(*agreed.rates)
    right = told and low < asked.rate < high and not agreed.rates
    return _check("rate", right, f"rate {asked.rate:g}", counted)


def _scaling(found: SiteVerdict, asked: Variant, verdict: Verdict) -> Check:
    kept, slack = 1 / (1 - asked.rate), max(0.01, found.precision)
    # Of a layer with another rate, that is said of its rate.
    right = abs(found.kept / kept - 1) < slack and abs(found.at_inference - 1) < slack
    who = "those kept" if found.drops_at_inference else "all"
    seen = f"kept entries times {found.kept:.3g} in training, {who} times {found.at_inference:.3g}"
    seen += " at inference"
    # Where that is open, ordinary weights have told that nothing drops there.
    if verdict.active_at_inference:
        right, seen = False, f"{seen}, and something drops there too"
    return _check(
        "scaling", right, f"kept entries times {kept:.3g} in training, nothing at inference", seen
    )
