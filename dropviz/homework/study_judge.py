"""Judges the third assignment, Design and defend: a design, its results, and what is claimed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from dropviz.core.method_options import OPTIONS
from dropviz.core.methods import METHODS
from dropviz.core.number_forms import counted
from dropviz.core.spec import RunSpec
from dropviz.core.study_result import SCORES
from dropviz.core.tasks import TASKS
from dropviz.errors import DropvizError, received
from dropviz.homework.report import Check, scored
from dropviz.homework.study import Design, Row, design_from, fingerprints, retrain
from dropviz.studies.seed_statistics import paired

POINTS = {
    "one factor": 3,
    "seeds": 2,
    "control": 1,
    "measure": 1,
    "results": 2,
    "trained again": 2,
    "claim": 3,
}
_check = partial(scored, POINTS)
_FEWEST_SEEDS = 3
_NAME = 40  # letters of a measure that are shown
# Measured with dropout off: training losses with it on are worse wherever more is dropped.
_FAIR = (*SCORES, "loss_dropout_off", "accuracy_dropout_off")
_WITH_DROPOUT = ("loss", "accuracy")
_SHOWN = {*METHODS, *TASKS, *(word for each in OPTIONS.values() for word in each.choices)}
CONCLUSIONS = ("lower", "higher", "no difference")


def judge_practice(design: object) -> tuple[list[Check], str]:
    """Judges a design that was not carried out yet.

    Args:
        design: The literal that it was designed as.

    Returns:
        The checks of the design, and why there are not more.
    """
    try:
        plan = design_from(design)
    except DropvizError as error:
        return [], _not_carried_out(error)
    return _of_design(plan), "results and claim are looked at by the judge"


def _of_design(plan: Design) -> list[Check]:
    return [_one_factor(plan), _seeds(plan), _control(plan), _measure(plan)]


def _not_carried_out(error: DropvizError) -> str:
    return f"the design cannot be carried out: {str(error).rstrip('.')}"


def judge_study(
    design: object, claim: object, rows: Sequence[Row] | None, seed: int
) -> tuple[list[Check], str]:
    """Judges a study.

    Args:
        design: The literal that it was designed as.
        claim: The literal of what is claimed.
        rows: The results that were handed in; None where there are none.
        seed: It chooses the training that is done again.

    Returns:
        The checks, and why there are not more; "" where nothing stopped it.
    """
    try:
        plan = design_from(design)
    except DropvizError as error:
        return [], _not_carried_out(error)
    checks = _of_design(plan)
    if len(plan.vary) != 1:
        return checks, "results and claim are of a design in which one factor varies"
    (factor,) = plan.vary
    try:
        specs = plan.specs(factor)
    except DropvizError as error:
        return checks, _not_carried_out(error)
    table = {(row.value, row.seed): row for row in rows or ()}
    results = _results(specs, table)
    again = _trained_again(factor, specs, table, seed) if results.points else None
    checks += [results, *([again] if again else [])]
    if again is None or not again.points:
        return checks, "a claim needs results of this design that hold when it is trained again"
    return [*checks, _claim(claim, specs, table)], ""


def _one_factor(plan: Design) -> Check:
    names, hint = list(plan.vary), ""
    seen = f"{len(names)}: {' and '.join(names)}"
    if len(names) > 1:
        hint = "If both change, nobody can say which made the difference."
    elif len(plan.vary[names[0]]) == 1:
        hint = "What has one value does not vary."
    return _check("one factor", not hint, "one factor that varies", seen, hint)


def _seeds(plan: Design) -> Check:
    many = len(set(plan.seeds))
    right = many >= _FEWEST_SEEDS
    hints = [] if right else ["Trainings that differ in the seed alone differ too."]
    if many < len(plan.seeds):
        hints.append("A seed that is named twice is trained once, and counts once.")
    return _check("seeds", right, f"{_FEWEST_SEEDS} seeds or more", f"{many}", " ".join(hints))


def _control(plan: Design) -> Check:
    (values, *_) = plan.vary.values()
    plain = [value for value in values if value in (0, "keras")]
    has = 0 < len(plain) < len(values)
    words = received(list(values))
    # What was measured, a whole class sees: a text that is no value may be a person's name.
    known = all(each is None or isinstance(each, int | float) or _is_shown(each) for each in values)
    seen = "one" if has else f"none among {words}" if known else "none"
    asked = "a value that the others are compared with, 0 or keras, and one besides"
    return _check("control", has, asked, seen, "" if known else f"The values are {words}.")


def _is_shown(value: object) -> bool:
    return isinstance(value, str) and value in _SHOWN


def _measure(plan: Design) -> Check:
    fair = plan.measure in _FAIR
    hint = "" if fair else "With dropout on, a loss is worse wherever more is dropped."
    asked = f"a measure with dropout off: {' or '.join(_FAIR)}"
    seen = plan.measure if fair or plan.measure in _WITH_DROPOUT else "another name"
    if seen != plan.measure:
        hint = f"There is no measure {received(plan.measure[:_NAME])}."
    return _check("measure", fair, asked, seen, hint)


def _results(specs: Mapping[str, Sequence[RunSpec]], table: Mapping[tuple[str, int], Row]) -> Check:
    wanted = {(value, spec.seed) for value, each in specs.items() for spec in each}
    finite = {at for at, row in table.items() if math.isfinite(row.score)}
    lacking, strange = len(wanted - finite), len(set(table) - wanted)
    seen = f"{len(wanted) - lacking} of {len(wanted)}, and {strange} of none"
    if not table:
        seen = "none in the outputs of the notebook"
    right = bool(wanted) and not lacking and not strange
    return _check("results", right, "a finite result of each training of the design", seen)


def _trained_again(
    factor: str,
    specs: Mapping[str, Sequence[RunSpec]],
    table: Mapping[tuple[str, int], Row],
    seed: int,
) -> Check:
    """One epoch of one training, whose first masks must be those that were handed in."""
    dropping = [
        (value, spec)
        for value, each in specs.items()
        for spec in each
        if any(rule.rate for rule in spec.setting.rules)
    ]
    asked = "the masks of a training that is done again"
    if not dropping:
        seen = "nothing is dropped in any training"
        return _check("trained again", bool(dropping), asked, seen)
    value, spec = dropping[int(np.random.default_rng(seed).integers(len(dropping)))]
    same = fingerprints(retrain(spec, epochs=1)) == dict(table[value, spec.seed].masks)
    seen = f"{factor}={value}, seed {spec.seed}: {'the same' if same else 'other masks'}"
    return _check("trained again", same, asked, seen)


def _claim(
    claim: object, specs: Mapping[str, Sequence[RunSpec]], table: Mapping[tuple[str, int], Row]
) -> Check:
    values = list(specs)
    first, last = values[0], values[-1]
    seeds = [spec.seed for spec in specs[first]]
    scores = [[table[value, seed].score for seed in seeds] for value in (last, first)]
    found = paired(*scores)
    truth = "no difference" if not found.differs else "lower" if found.mean < 0 else "higher"
    asked = (
        f"what the results say of {last} against {first}: {found} (95 %, seed by seed), so {truth}"
    )
    if len(seeds) < _FEWEST_SEEDS:
        asked = f"what the results say; of {counted(len(seeds), 'seed')}, nothing of the noise"
    if first == last:
        asked = "what the results say; of one value they say nothing"
    elif len(seeds) >= _FEWEST_SEEDS and not found.has_interval:
        asked = (
            f"what the results say: {found}; of differences that do not scatter they say nothing"
        )
    said: Any = claim.get("conclusion") if isinstance(claim, Mapping) else None
    said = " ".join(said.lower().split()) if isinstance(said, str) else said
    seen = f"the claim is {json.dumps(said)}" if said in CONCLUSIONS else "no claim of the three"
    tells = len(seeds) >= _FEWEST_SEEDS and first != last and found.has_interval
    right = said == truth and tells
    return _check("claim", right, asked, seen)
