"""Layers drawn by chance: any method, size, rate, type and option, with the truth about each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dropviz.core.methods import METHODS
from dropviz.core.setting import Setting
from dropviz.core.verdict import Verdict
from tests.tables import GATED, LIVES, SCALINGS, VARIANTS, ZONED, ZONES

from .zoo_cells import BY_GATE, Mask
from .zoo_gru import gru, in_gru
from .zoo_layers import in_cell
from .zoo_methods import is_method
from .zoo_right import lstm, same_methods, truth_of_rule
from .zoo_truth import Layer, SiteTruth, Specimen, at, specimen
from .zoo_verdict import untrue

Rng = np.random.Generator

TYPES = ("float32", "float32", "float32", "mixed_float16", "float16", "float64")
_SIZES = (1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 8, 13, 16, 32, 64)
_INPUTS = (1, 1, 2, 3, 5, 8, 16)
_STUDENT = ("input", "recurrent", "candidate", "cell", "carried", "output", "recurrent_kernel")
_GRU_STUDENT = ("input", "recurrent", "candidate", "carried", "output", "hidden_update")


@dataclass(frozen=True)
class Case:
    """A layer drawn by chance.

    Attributes:
        number: Which one it is: the seed of the draw, and of the experiment.
        words: What was drawn.
        specimen: The truth about it.
        build: Makes it.
    """

    number: int
    words: str
    specimen: Specimen
    build: Callable[[], Layer]


def draw_case(number: int) -> Case:
    """Draws a layer; the same number gives the same layer."""
    rng = np.random.default_rng(number)
    family = rng.choice(["method", "keras", "gru", "student", "student gru"], p=_ODDS)
    words, drawn = _FAMILIES[str(family)](rng)
    units, features = int(rng.choice(_SIZES)), int(rng.choice(_INPUTS))
    seed, options = int(rng.integers(1000)), _options(rng, str(family))
    batch = int(rng.choice([1, 2, 5, 32])) if options.get("stateful") else None

    def build() -> Layer:
        layer = drawn.make(units, features, seed, **options)
        if batch is not None:
            layer(np.ones((batch, 2, features), "float32"))
        return layer

    told = {"units": units, "features": features, "seed": seed, **options}
    if batch is not None:
        told["batch"] = batch
    text = ", ".join(f"{key}={value}" for key, value in told.items())
    truth = replace(drawn, units=units, features=features, fixed_batch=batch is not None)
    return Case(number, f"{family} {words}, {text}", truth, build)


def explained_wrongly(case: Case, verdict: Verdict) -> list[str]:
    """Every statement of a verdict that is not true of the layer."""
    truths = [case.specimen, *by_another_name(case.specimen)]
    return min((untrue(truth, verdict) for truth in truths), key=len)


def by_another_name(drawn: Specimen) -> list[Specimen]:
    """In a layer of one unit a mask on h is one on the weights that h is multiplied with."""
    names = {"recurrent": "recurrent_kernel", "recurrent_kernel": "recurrent"}
    turned = {
        names.get(site, site): replace(truth, site=names.get(site, site))
        for site, truth in drawn.sites.items()
    }
    if drawn.units > 1 or set(turned) == set(drawn.sites):
        return []
    other = _named(replace(drawn, sites=turned))
    every = tuple(m for m in METHODS if m in (*drawn.methods, *other.methods))
    return [replace(other, methods=every), replace(drawn, methods=every)]


def _rate(rng: Rng) -> float:
    return float(rng.choice([0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9]))


def _options(rng: Rng, family: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if rng.random() < 0.5:
        options["dtype"] = str(rng.choice(TYPES))
    if family in ("method", "keras", "student") and rng.random() < 0.3:
        options["use_bias"] = False
    if rng.random() < 0.3:
        options["return_sequences"] = False
    for name, odds in (("go_backwards", 0.3), ("stateful", 0.1), ("return_state", 0.2)):
        if rng.random() < odds:
            options[name] = True
    return options


def _method(rng: Rng) -> tuple[str, Specimen]:
    name = str(rng.choice([method for method in METHODS if method != "keras"]))
    row = METHODS[name]
    given: dict[str, Any] = {}
    if rng.random() < 0.6 or len(row.rules) == 1:
        given["dropout"] = _rate(rng)
    if len(row.rules) > 1 and (not given or rng.random() < 0.8):
        given["recurrent_dropout"] = _rate(rng)
        if set(VARIANTS) <= set(row.options):
            given |= {"life": str(rng.choice(LIVES)), "scaling": str(rng.choice(SCALINGS))}
        if set(ZONES) <= set(row.options) and rng.random() < 0.5:
            del given["recurrent_dropout"]
            given |= {name: _rate(rng) for name in ZONES}
    setting = Setting(name, **given)
    truths = [truth_of_rule(rule) for rule in setting.rules if rule.rate]
    made = specimen(lstm(method=name, **given), truths, same_methods(setting))
    return f"{name} {given}", made


def _keras_rates(rng: Rng) -> dict[str, float]:
    names = ("dropout", "recurrent_dropout")
    return {name: _rate(rng) for name in names if rng.random() < 0.7}


def _arrows(rates: dict[str, float], kind: str) -> list[SiteTruth]:
    x, h = rates.get("dropout", 0.0), rates.get("recurrent_dropout", 0.0)
    tying = "untied" if h else "tied"
    pairs = (("input", x), ("recurrent", h))
    return [at(site, rate=rate, tying=tying, kind=kind) for site, rate in pairs if rate]


def _keras(rng: Rng) -> tuple[str, Specimen]:
    rates = _keras_rates(rng)
    return f"{rates}", _named(specimen(lstm(**rates), _arrows(rates, "LSTM")))


def _gru(rng: Rng) -> tuple[str, Specimen]:
    rates, after = _keras_rates(rng), bool(rng.random() < 0.5)
    made = specimen(gru(reset_after=after, **rates), _arrows(rates, "GRU"), kind="GRU")
    return f"reset_after={after} {rates}", _named(made)


def _named(drawn: Specimen) -> Specimen:
    methods = tuple(method for method in METHODS if is_method(drawn, method))
    return replace(drawn, methods=methods)


def _student(rng: Rng) -> tuple[str, Specimen]:
    masks, truths = _masks(rng, _STUDENT, "LSTM")
    return f"{_said(masks)}", _named(specimen(in_cell(*masks), truths))


def _student_gru(rng: Rng) -> tuple[str, Specimen]:
    masks, truths = _masks(rng, _GRU_STUDENT, "GRU")
    return f"{_said(masks)}", _named(specimen(in_gru(*masks), truths, kind="GRU"))


def _said(masks: list[Mask]) -> str:
    fields = ("place", "rate", "life", "gates", "by_sample", "kept", "rest")
    return "; ".join(" ".join(str(getattr(mask, name)) for name in fields) for mask in masks)


def _masks(rng: Rng, places: tuple[str, ...], kind: str) -> tuple[list[Mask], list[SiteTruth]]:
    """One mask; or one on an arrow and one elsewhere."""
    first = str(rng.choice(places))
    chosen = [first]
    if rng.random() < 0.4 and first not in ("input", "recurrent"):
        chosen.append("input")
    pairs = [_mask(rng, place, kind) for place in chosen]
    return [mask for mask, _ in pairs], [truth for _, truth in pairs]


def _mask(rng: Rng, place: str, kind: str) -> tuple[Mask, SiteTruth]:
    rate, life = _rate(rng), str(rng.choice(LIVES))
    zoned, gated = place in ZONED, place in GATED
    scaling = "expectation" if zoned else str(rng.choice(["inverted", "test-time", "none"]))
    many = {"LSTM": 4, "GRU": 3}[kind]
    gates = many if place in BY_GATE and (place == "recurrent_kernel" or rng.random() < 0.5) else 1
    truth = at(
        place,
        rate=rate,
        life=life,
        tying="untied" if gates > 1 else "tied",
        scaling=scaling,
        kind=kind,
        same_over_samples=bool(rng.random() < (0.7 if place == "recurrent_kernel" else 0.15)),
    )
    assert bool(truth.tying) == gated
    mask = Mask(
        place,
        rate=rate,
        life=life,
        gates=gates,
        by_sample=not truth.same_over_samples,
        kept=truth.kept,
        rest=truth.at_inference,
    )
    return mask, truth


_ODDS = (0.4, 0.15, 0.15, 0.2, 0.1)
_FAMILIES: dict[str, Callable[[Rng], tuple[str, Specimen]]] = {
    "method": _method,
    "keras": _keras,
    "gru": _gru,
    "student": _student,
    "student gru": _student_gru,
}
