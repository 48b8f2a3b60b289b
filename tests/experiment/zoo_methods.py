"""Which methods of the table a layer of the zoo is, told from the truth about it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from dropviz.core.gates import GRU_GATES, LSTM_GATES
from dropviz.core.methods import METHODS, Rule
from dropviz.core.setting import Setting
from tests.tables import LIVES, SCALINGS, VARIANTS, ZONES

from .zoo_truth import SiteTruth, Specimen


def settings(method: str, rates: Mapping[str, float]) -> list[Setting]:
    """The settings of a method that could drop at these sites with these rates."""
    row = METHODS[method]
    given: dict[str, Any] = {rule.argument: rates.get(rule.site, 0.0) for rule in row.rules}
    choices: list[dict[str, Any]] = [{}]
    if set(VARIANTS) <= set(row.options):
        choices = [dict(zip(VARIANTS, pair, strict=True)) for pair in product(LIVES, SCALINGS)]
    assert set(row.options) in (set(), set(VARIANTS), set(ZONES))
    return [Setting(method, **given, **choice) for choice in choices]


def as_rule(truth: SiteTruth, argument: str) -> Rule:
    """The rule that a site follows, if it follows one."""
    shared = not truth.same_over_samples
    return Rule(
        truth.site, argument, truth.life, truth.tying, truth.scaling, shared, round(truth.rate, 9)
    )


def is_method(specimen: Specimen, method: str) -> bool:
    """Whether a layer does, at its rates, what a method does."""
    truths = specimen.sites
    odd = specimen.active_at_inference or any(
        t.frozen or t.same_over_units or t.same_mask_as or t.steps != "all" or t.gaussian
        for t in truths.values()
    )
    every = LSTM_GATES if specimen.kind == "LSTM" else GRU_GATES
    odd = odd or any(t.tying and t.gates != every for t in truths.values())
    if odd or not truths or any(truth.rate == 1 for truth in truths.values()):
        return False
    for setting in settings(method, {site: t.rate for site, t in truths.items()}):
        rules = {rule.site: rule for rule in setting.rules if rule.rate}
        if set(rules) == set(truths) and all(
            as_rule(truths[site], rule.argument) == replace(rule, rate=round(rule.rate, 9))
            for site, rule in rules.items()
        ):
            return True
    return False
