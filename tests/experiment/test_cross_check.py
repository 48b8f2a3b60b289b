"""Three witnesses agree on every method, and a contradiction is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
import pytest

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.methods import METHODS
from dropviz.experiment.cross_check import Witnesses, hear_witnesses, measure_untying, plain
from dropviz.methods.lstm import LSTM

from .zoo import ZOO

Layer = Any


def heard_on(method: str, units: int = 8) -> Witnesses:
    second = {"recurrent_dropout": 0.3} if len(METHODS[method].rules) > 1 else {}
    layer = LSTM(units, method=method, dropout=0.4, seed=1, **second)
    layer.build((None, None, 5))
    (heard,), _ = hear_witnesses(layer)
    return heard


@pytest.mark.full
@pytest.mark.parametrize("method", METHODS)
def test_the_witnesses_agree_on_every_method(method: str) -> None:
    heard = heard_on(method)
    assert heard.disagreements == []
    assert method in (heard.verdict.method, *heard.verdict.same_as)
    assert heard.verdict.differences == ()
    assert heard.recorded is not None
    assert {site for site, masks in heard.recorded.items() if masks.entries} == set(
        heard.verdict.sites
    )
    assert heard.proof is not None
    assert heard.keras == keras.__version__
    assert heard.is_keras == (method in ("keras", "gal-untied"))


def faked(heard: Witnesses, sites: Mapping[str, Masks]) -> Witnesses:
    """The same, as if these masks had been recorded."""
    old = heard.recorded
    assert old is not None
    recorded = LayerRecording(old.layer, old.kind, old.units, old.batches, sites)
    return replace(heard, recorded=recorded)


@pytest.mark.slow
def test_a_recording_that_contradicts_the_experiment_is_said() -> None:
    (heard,), _ = hear_witnesses(plain())
    other = heard_on("naive", 16)
    assert heard.recorded is not None
    assert other.recorded is not None
    fake = {**heard.recorded, "recurrent": other.recorded["recurrent"]}
    told = faked(heard, fake).disagreements
    assert told == [
        "recurrent, life: sequence by experiment, step as recorded.",
        "recurrent, tying: untied by experiment, tied as recorded.",
    ]


@pytest.mark.full
@pytest.mark.slow
def test_a_site_that_one_of_them_does_not_see_is_said() -> None:
    (heard,), _ = hear_witnesses(plain())
    assert heard.recorded is not None
    verdict = heard.verdict
    alone = {"input": verdict.sites["input"]}
    assert replace(heard, verdict=replace(verdict, sites=alone)).disagreements == [
        "the recorder sees masks at the site recurrent, the experiment does not."
    ]
    assert faked(heard, {"input": heard.recorded["input"]}).disagreements == [
        "the experiment sees masks at the site recurrent, the recorder does not."
    ]


@pytest.mark.full
@pytest.mark.slow
def test_what_one_cannot_tell_is_no_contradiction() -> None:
    (heard,), _ = hear_witnesses(plain())
    sites = {
        name: replace(site, life=None, tying=None, same_over_samples=None)
        for name, site in heard.verdict.sites.items()
    }
    assert replace(heard, verdict=replace(heard.verdict, sites=sites)).disagreements == []


def test_a_layer_that_keeps_no_masks_has_one_witness() -> None:
    (heard,), _ = hear_witnesses(ZOO["own_loop_mask_on_c"].make(8, 5, 3))
    assert (heard.recorded, heard.proof, heard.disagreements) == (None, None, [])
    assert not heard.is_keras


@pytest.mark.full
def test_raising_recurrent_dropout_unties_the_input_masks() -> None:
    (line,) = measure_untying()
    assert "with recurrent_dropout=0 its input masks are tied over the gates" in line
    assert "with recurrent_dropout=0.01 they are untied" in line
