"""GRU layers, right and wrong."""

from __future__ import annotations

from typing import Any

import keras

from .zoo_cells import Mask, ZooGRUCell
from .zoo_truth import RATE, Factory, Layer, SiteTruth, Specimen, at, built, seeded, specimen


def gru(**fixed: Any) -> Factory:
    """Keras's own GRU."""

    def make(units: int, features: int, seed: int, **options: Any) -> Layer:
        options = {"return_sequences": True, **fixed, **options}
        return built(keras.layers.GRU(units, **seeded(seed), **options), features)

    return make


def in_gru(*masks: Mask, **cell: Any) -> Factory:
    """``keras.layers.RNN`` around a GRU cell that masks so."""

    def make(units: int, features: int, seed: int, **options: Any) -> Layer:
        made = ZooGRUCell(units, masks, seed, **cell, dtype=options.get("dtype"))
        return built(keras.layers.RNN(made, **{"return_sequences": True, **options}), features)

    return make


def _at(site: str, **how: Any) -> SiteTruth:
    return at(site, kind="GRU", **how)


def _keras() -> dict[str, Specimen]:
    """Each combination of rates, with r after and before the recurrent kernel."""
    found = {}
    rates: dict[str, tuple[dict[str, float], list[SiteTruth], tuple[str, ...]]] = {
        "plain": ({}, [], ()),
        "x": ({"dropout": RATE}, [_at("input")], ("keras", "gal-tied", "weight-drop")),
        "h": (
            {"recurrent_dropout": 0.3},
            [_at("recurrent", rate=0.3, tying="untied")],
            ("keras", "gal-untied"),
        ),
        "both": (
            {"dropout": RATE, "recurrent_dropout": 0.3},
            [_at("input", tying="untied"), _at("recurrent", rate=0.3, tying="untied")],
            ("keras", "gal-untied"),
        ),
    }
    for name, (given, truths, methods) in rates.items():
        for suffix, after in (("", True), ("_reset_before", False)):
            make = gru(reset_after=after, **given)
            found[f"gru_{name}{suffix}"] = specimen(make, truths, methods, kind="GRU")
    return found


def _in_place(*, reset_after: bool) -> Specimen:
    # keras#20276: h_tm1 = h_tm1 * mask, then h = z * h_tm1 + (1 - z) * hh
    return specimen(
        in_gru(Mask("recurrent", key="h"), Mask("carried", key="h"), reset_after=reset_after),
        [_at("recurrent"), _at("carried", same_mask_as="recurrent")],
        nearest="gal-tied",
        kind="GRU",
    )


GRUS: dict[str, Specimen] = {
    **_keras(),
    "gru_candidate": specimen(
        in_gru(Mask("candidate", life="step", kept=1, rest=0.6)),
        [_at("candidate", life="step", scaling="test-time")],
        ("semeniuta",),
        kind="GRU",
    ),
    "gru_candidate_sequence": specimen(
        in_gru(Mask("candidate"), reset_after=False),
        [_at("candidate")],
        ("semeniuta",),
        kind="GRU",
    ),
    "gru_masked_in_place": _in_place(reset_after=True),
    "gru_masked_in_place_reset_before": _in_place(reset_after=False),
    "gru_carried": specimen(in_gru(Mask("carried")), [_at("carried")], kind="GRU"),
    "gru_h_step": specimen(
        in_gru(Mask("recurrent", life="step")),
        [_at("recurrent", life="step")],
        ("naive",),
        kind="GRU",
    ),
    "gru_h_one_mask_for_the_batch": specimen(
        in_gru(Mask("recurrent", by_sample=False)),
        [_at("recurrent", same_over_samples=True)],
        kind="GRU",
    ),
    "gru_h_two_gates": specimen(
        in_gru(Mask("recurrent", seen=(0, 1))),
        [_at("recurrent", gates=("z", "r"))],
        kind="GRU",
    ),
    "gru_x_step": specimen(
        in_gru(Mask("input", life="step")),
        [_at("input", life="step")],
        ("zaremba", "naive", "moon", "semeniuta", "zoneout"),
        kind="GRU",
    ),
    "gru_zoneout": specimen(
        in_gru(Mask("hidden_update", life="step", kept=1, rest=0.6)),
        [_at("hidden_update", life="step", scaling="expectation")],
        ("zoneout",),
        kind="GRU",
    ),
    "gru_output_step": specimen(
        in_gru(Mask("output", life="step")), [_at("output", life="step")], kind="GRU"
    ),
}
