"""Three witnesses agree on every method, and a contradiction is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.methods import METHODS
from dropviz.core.verdict import SiteVerdict, Verdict
from dropviz.errors import DropvizError
from dropviz.experiment import cross_check
from dropviz.experiment.cross_check import Witnesses, hear_witnesses, measure_untying
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


# What the recorder holds where one mask serves all, by axis of the values.
SHAPE = {"steps": 3, "gates": 4, "samples": 5}


def masks(site: str, *shared: str, reason: str = "") -> Masks:
    """Masks of this site, drawn by themselves along every axis but those that are shared."""
    kept = [1 if axis in shared else size for axis, size in SHAPE.items()]
    drawn = np.random.default_rng(0).random((1, *kept, 16)) < 0.5
    names = ("i", "f", "g", "o")
    return Masks("lstm", site, drawn * 2.0, 0.5, names, 3, (5,), (0,), reason)


def told(site: str, **said: Any) -> SiteVerdict:
    """What the experiment says of this site."""
    rest: dict[str, Any] = {
        "life": "sequence",
        "tying": "untied",
        "same_over_samples": False,
    } | said
    return SiteVerdict(
        site=site, rate=0.5, rate_interval=(0.4, 0.6), scaling="inverted", kept=2.0,
        at_inference=1.0, gates=(), missing=(), same_over_units=False, frozen=False, **rest,
    )  # fmt: skip


def contradictions(said: Sequence[SiteVerdict], held: Sequence[Masks]) -> list[str]:
    """Where the two contradict each other."""
    sites = {each.site: each for each in said}
    verdict = Verdict(
        layer="lstm", kind="LSTM", sites=sites, active_at_inference=False, method="keras",
        same_as=(), differences=(), doubts=(), seconds=0.0, calls=0,
    )  # fmt: skip
    recorded = LayerRecording("lstm", "LSTM", 4, 1, {each.site: each for each in held})
    return Witnesses(verdict, recorded, None, keras.__version__).disagreements


AS_KERAS = [masks("input", "steps"), masks("recurrent", "steps")]


def test_witnesses_that_say_the_same_do_not_contradict_each_other() -> None:
    assert contradictions([told("input"), told("recurrent")], AS_KERAS) == []
    assert (
        contradictions([], [masks("input", "steps", reason="nothing is dropped: the rate is 0.")])
        == []
    )
    nothing = np.zeros((0, 1, 4, 5, 16))
    assert (
        contradictions([], [replace(masks("input"), values=nothing, batches=(), batch_sizes=())])
        == []
    )


def test_a_site_that_one_of_them_does_not_see_is_said() -> None:
    assert contradictions([told("input")], AS_KERAS) == [
        "the recorder sees masks at the site recurrent, the experiment does not."
    ]
    assert contradictions([told("cell"), told("input"), told("recurrent")], AS_KERAS) == [
        "the experiment sees masks at the site cell, the recorder does not."
    ]
    assert contradictions([told("output")], [masks("cell", "steps")]) == [
        "the recorder sees masks at the site cell, the experiment does not.",
        "the experiment sees masks at the site output, the recorder does not.",
    ]


@pytest.mark.parametrize(
    ("said", "shared", "expected"),
    [
        ({"life": "step"}, ["steps"], "life: step by experiment, sequence as recorded."),
        ({"life": "sequence"}, [], "life: sequence by experiment, step as recorded."),
        ({"tying": "tied"}, ["steps"], "tying: tied by experiment, untied as recorded."),
        (
            {"tying": "untied"},
            ["steps", "gates"],
            "tying: untied by experiment, tied as recorded.",
        ),
        (
            {"same_over_samples": True},
            ["steps"],
            "sharing by samples: True by experiment, False as recorded.",
        ),
    ],
)
def test_a_site_that_they_see_otherwise_is_said(
    said: dict[str, Any], shared: list[str], expected: str
) -> None:
    assert contradictions([told("input", **said)], [masks("input", *shared)]) == [
        f"input, {expected}"
    ]


@pytest.mark.parametrize("what", ["life", "tying", "same_over_samples"])
def test_what_one_cannot_tell_is_no_contradiction(what: str) -> None:
    other = masks("input", "gates", "samples")

    assert len(contradictions([told("input")], [other])) == len(["life", "tying", "samples"])
    said = contradictions([told("input", **{what: None})], [other])

    assert len(said) == len(contradictions([told("input")], [other])) - 1
    assert not any(line.startswith(f"input, {what}") for line in said)


def test_a_site_that_may_as_well_be_another_contradicts_neither() -> None:
    assert contradictions([told("output", perhaps="carried")], [masks("carried", "steps")]) == []
    assert contradictions([told("output", perhaps="carried")], [masks("output", "steps")]) == []
    assert contradictions([told("output", perhaps="carried")], [masks("input", "steps")]) == [
        "the recorder sees masks at the site input, the experiment does not.",
        "the experiment sees masks at the site output, the recorder does not.",
    ]


def test_a_layer_that_keeps_no_masks_has_one_witness() -> None:
    (heard,), _ = hear_witnesses(ZOO["own_loop_mask_on_c"].make(8, 5, 3))
    assert (heard.recorded, heard.proof, heard.disagreements) == (None, None, [])
    assert not heard.is_keras


@pytest.mark.parametrize(("raised", "lines"), [("untied", 1), ("tied", 0)])
def test_raising_recurrent_dropout_is_told_where_it_changes_the_input_masks(
    monkeypatch: pytest.MonkeyPatch, raised: str, lines: int
) -> None:
    asked = []

    def found(name: str, layer: Any, _: int) -> Any:
        asked.append((name, layer.built, layer.dropout, layer.recurrent_dropout))
        tying = raised if layer.recurrent_dropout else "tied"
        return SimpleNamespace(sites={"input": SimpleNamespace(tying=tying)})

    monkeypatch.setattr(cross_check, "run_experiment", found)

    assert len(measure_untying()) == lines
    assert asked == [("lstm", True, 0.5, 0.0), ("lstm", True, 0.5, 0.01)]


@pytest.mark.full
def test_raising_recurrent_dropout_unties_the_input_masks() -> None:
    (line,) = measure_untying()
    assert "with recurrent_dropout=0 its input masks are tied over the gates" in line
    assert "with recurrent_dropout=0.01 they are untied" in line


@pytest.mark.parametrize(
    ("how", "keras_s"),
    [
        ({}, True),
        ({"method": "gal", "same_as": ("keras",)}, True),
        ({"method": "gal"}, False),
        ({"method": None}, False),
        ({"kind": "GRU"}, False),
        ({"differences": ("h is dropped, too.",)}, False),
        ({"unplaced": True}, False),
        ({"kind": "GRU", "method": "gal", "unplaced": True}, False),
    ],
)
def test_a_layer_is_keras_s_where_nothing_is_left_open(
    how: dict[str, Any], *, keras_s: bool
) -> None:
    usual: dict[str, Any] = {
        "layer": "lstm", "kind": "LSTM", "sites": {}, "active_at_inference": False,
        "method": "keras", "same_as": (), "differences": (), "doubts": (),
        "seconds": 0.0, "calls": 0,
    }  # fmt: skip
    heard = Witnesses(Verdict(**{**usual, **how}), None, None, keras.__version__)
    assert heard.is_keras is keras_s


def test_the_layer_that_keras_is_asked_with_drops_by_both_arguments() -> None:
    layer = cross_check.plain()
    assert 0 < layer.dropout < 1
    assert 0 < layer.recurrent_dropout < 1


# ---------------------------------------------------------------- what is recorded


class OwnCell(keras.layers.LSTMCell):  # type: ignore[misc]
    """A cell of one's own."""


def traced_with(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[tuple[int, ...]]:
    """Has a pass be recorded by what it is told to answer, and notes of which shape."""
    shapes: list[tuple[int, ...]] = []

    def trace(_: Layer, x: Any) -> Any:
        assert np.isfinite(x).all()
        assert len(np.unique(x)) == x.size  # no two numbers alike
        shapes.append(x.shape)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(cross_check, "trace", trace)
    return shapes


@pytest.mark.parametrize("samples", [None, 5])
def test_a_layer_that_keeps_states_is_recorded_on_as_many_samples(
    monkeypatch: pytest.MonkeyPatch, samples: int | None
) -> None:
    answer = SimpleNamespace(masks=object(), proof=object())
    shapes = traced_with(monkeypatch, answer)
    layer = keras.layers.LSTM(4, stateful=samples is not None)
    layer.build((samples, None, 3))
    recorded, proof = cross_check._recorded(layer)
    assert recorded is answer.masks
    assert proof is answer.proof
    assert shapes == [(samples or 8, 8, 3)]


def test_what_is_no_recurrent_layer_of_keras_is_not_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shapes = traced_with(monkeypatch, ValueError())
    layer = keras.layers.Dense(4)
    layer.build((None, 3))
    assert cross_check._recorded(layer) == (None, None)
    assert shapes == []


@pytest.mark.parametrize("own", [True, False])
def test_only_a_cell_of_one_s_own_may_fail_as_nobody_expects(
    monkeypatch: pytest.MonkeyPatch, *, own: bool
) -> None:
    layer = keras.layers.RNN((OwnCell if own else keras.layers.LSTMCell)(4))
    layer.build((None, None, 3))
    traced_with(monkeypatch, DropvizError("no masks"))
    assert cross_check._recorded(layer) == (None, None)
    traced_with(monkeypatch, ValueError("other inputs"))
    if own:
        assert cross_check._recorded(layer) == (None, None)
        return
    with pytest.raises(ValueError, match="other inputs"):
        cross_check._recorded(layer)
