"""LSTM layers that are right: Keras's own, ``dropviz.LSTM``, a student's own."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import keras

from dropviz.core.gates import LSTM_GATES
from dropviz.core.methods import METHODS, Rule
from dropviz.core.setting import Setting
from dropviz.methods.lstm import LSTM
from tests.keras_models import REFUSES_ONE
from tests.tables import GATED, LIVES, SCALINGS

from .zoo_layers import gal_tied, in_loop, per_sequence
from .zoo_truth import RATE, Factory, Layer, SiteTruth, Specimen, at, built, seeded, specimen

BOTH: dict[str, float] = {"dropout": RATE, "recurrent_dropout": 0.3}
X_TIED = ("keras", "gal-tied", "weight-drop")
X_EACH_STEP = ("zaremba", "naive", "moon", "semeniuta", "zoneout")
UNTIED = ("keras", "gal-untied")


def lstm(**fixed: Any) -> Factory:
    """``dropviz.LSTM``; with the method left out it is ``keras.layers.LSTM``."""

    def make(units: int, features: int, seed: int, **options: Any) -> Layer:
        options = {"return_sequences": True, **fixed, **options}
        return built(LSTM(units, **seeded(seed), **options), features)

    return make


def in_keras_cell(**fixed: Any) -> Factory:
    """``keras.layers.RNN`` around Keras's own cell."""

    def make(units: int, features: int, seed: int, **options: Any) -> Layer:
        cell = keras.layers.LSTMCell(units, **seeded(seed), **fixed)
        return built(keras.layers.RNN(cell, **{"return_sequences": True, **options}), features)

    return make


def _bidirectional(units: int, features: int, seed: int, **options: Any) -> Layer:
    options = {"return_sequences": True, **BOTH, **options}
    forward = keras.layers.LSTM(units, **seeded(seed), **options)
    backward = keras.layers.LSTM(units, **seeded(seed + 9), **options, go_backwards=True)
    return built(keras.layers.Bidirectional(forward, backward_layer=backward), features)


def _rate_of_1(units: int, features: int, seed: int, **options: Any) -> Layer:
    options = {"return_sequences": True, "dropout": 1.0, **options}
    return built(keras.layers.LSTM(units, **seeded(seed), **options), features)


def _truths(rate_x: float, rate_h: float) -> list[SiteTruth]:
    tying = "untied" if rate_h else "tied"
    sites = {"input": rate_x, "recurrent": rate_h}
    return [at(site, rate=rate, tying=tying) for site, rate in sites.items() if rate]


_BOTH = _truths(RATE, 0.3)

KERAS: dict[str, Specimen] = {
    "keras_plain": specimen(lstm(), []),
    "keras_x": specimen(lstm(dropout=RATE), _truths(RATE, 0), X_TIED),
    "keras_h": specimen(lstm(recurrent_dropout=RATE), _truths(0, RATE), UNTIED),
    "keras_both": specimen(lstm(**BOTH), _BOTH, UNTIED),
    "keras_high_rates": specimen(
        lstm(dropout=0.9, recurrent_dropout=0.8), _truths(0.9, 0.8), UNTIED
    ),
    "keras_low_rates": specimen(
        lstm(dropout=0.05, recurrent_dropout=0.1), _truths(0.05, 0.1), UNTIED
    ),
    "cell_x_untied": specimen(
        in_keras_cell(dropout=RATE, implementation=1),
        [at("input", tying="untied")],
        ("gal-untied",),
    ),
    "cell_x_tied": specimen(in_keras_cell(dropout=RATE), [at("input")], X_TIED),
    "cell_both": specimen(in_keras_cell(implementation=1, **BOTH), _BOTH, UNTIED),
    "spatial_dropout_inside": specimen(per_sequence, [at("input")], X_TIED),
    "student_gal_tied": specimen(
        gal_tied(), [at("input"), at("recurrent", rate=0.3)], ("gal-tied",)
    ),
    "student_own_loop": specimen(in_loop(), []),
    "bidirectional": specimen(_bidirectional, _BOTH, UNTIED),
}

OPTIONS: dict[str, dict[str, Any]] = {
    "last": {"return_sequences": False},
    "state": {"return_state": True},
    "last_state": {"return_sequences": False, "return_state": True},
    "backwards": {"go_backwards": True},
    "stateful": {"stateful": True},
    "unrolled": {"unroll": True},
    "no_bias": {"use_bias": False},
}
if not REFUSES_ONE:
    KERAS["keras_rate_of_1"] = specimen(_rate_of_1, [])  # Keras then drops nothing
for _name, _options in OPTIONS.items():
    KERAS[f"keras_both_{_name}"] = specimen(
        lstm(**BOTH, **_options), _BOTH, UNTIED, fixed_batch="stateful" in _options
    )

KERAS["keras_both_1_unit_1_feature"] = replace(
    KERAS["keras_both"],
    units=1,
    features=1,
    cannot_tell={
        f"{site}.same_over_units": "each mask has one entry" for site in ("input", "recurrent")
    },
)
KERAS["keras_both_2_units"] = replace(KERAS["keras_both"], units=2, features=3)
KERAS["keras_both_64_units"] = replace(KERAS["keras_both"], units=64, features=16)


def truth_of_rule(rule: Rule) -> SiteTruth:
    """The truth about a site that follows a rule of the table."""
    return SiteTruth(
        rule.site,
        rule.rate,
        rule.life,
        rule.tying,
        rule.scaling,
        rule.kept,
        rule.at_inference,
        gates=LSTM_GATES if rule.site in GATED else (),
        same_over_samples=not rule.by_sample,
        same_over_units=False,
        frozen=False,
    )


def same_methods(setting: Setting) -> tuple[str, ...]:
    """The methods that do the same at these rates."""
    if not setting.recurrent_dropout and not setting.zoneout_cell and setting.dropout:
        groups: tuple[tuple[str, ...], ...] = (X_TIED, X_EACH_STEP)
    else:
        groups = (UNTIED,)
    return next((group for group in groups if setting.method in group), (setting.method,))


def _table() -> dict[str, Specimen]:
    """Every method with each combination of its rates, and with each of its options."""
    found: dict[str, Specimen] = {}
    for method, row in METHODS.items():
        h = {"recurrent_dropout": 0.3} if len(row.rules) > 1 else {}
        given: list[dict[str, Any]] = [{"dropout": RATE}, *([h, BOTH] if h else [])]
        if "life" in row.options:
            choices = product(LIVES, SCALINGS)
            given += [{**h, "life": life, "scaling": scaling} for life, scaling in choices]
        if "zoneout_cell" in row.options:
            given.append({"dropout": RATE, "zoneout_cell": 0.5, "zoneout_hidden": 0.2})
            given.append({"zoneout_cell": 0.5, "zoneout_hidden": 0.0})
        for arguments in given:
            setting = Setting(method, **arguments)
            truths = [truth_of_rule(rule) for rule in setting.rules if rule.rate]
            name = "_".join([method, *(f"{key}={value}" for key, value in arguments.items())])
            make = lstm(method=method, **arguments)
            found[name] = specimen(make, truths, same_methods(setting))
    return found


RIGHT = {**KERAS, **_table()}
