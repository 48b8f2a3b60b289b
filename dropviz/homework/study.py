"""The third assignment at the student's: carries a design out, and reads what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from dropviz.core.checks import check_whole
from dropviz.core.method_options import RATES
from dropviz.core.number_forms import MOST_SEED
from dropviz.core.runs import Run
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import TASKS
from dropviz.errors import DropvizError, received, unknown_name
from dropviz.homework.judges_keras import check_backend_of_homework
from dropviz.recording.redraw import redraw
from dropviz.studies.train import run

MARK = "dropviz-results: "
# What may vary or be held; a seed is given for itself.
FACTORS = tuple(each.name for each in fields(RunSpec) if each.name not in ("seed", "schedule"))
_KEYS = ("vary", "hold", "seeds", "measure")
_MOST_TRAININGS, _MOST_UNITS, _MOST_EPOCHS = 60, 64, 30
_APART = 0.01  # of two rates, which so few samples can tell apart at best
_LAST_BIT = 1e-9  # .3 - .29 is less than .01 by its last bits
_DIGITS = 12  # of a fingerprint


@dataclass(frozen=True)
class Design:
    """An experiment as it was designed.

    Attributes:
        vary: What varies: by factor, the values.
        hold: What is held: by factor, the value.
        seeds: The seeds of each value, as they were named; one that is named twice counts once.
        measure: The curve whose last value counts.
    """

    vary: Mapping[str, Sequence[Any]]
    hold: Mapping[str, Any]
    seeds: tuple[int, ...]
    measure: str

    def specs(self, factor: str) -> dict[str, tuple[RunSpec, ...]]:
        """By value of a factor, the trainings, one for each seed."""
        return {
            json.dumps(value): tuple(
                RunSpec(**{**self.hold, factor: value}, seed=seed)
                for seed in dict.fromkeys(self.seeds)
            )
            for value in self.vary[factor]
        }


@dataclass(frozen=True)
class Row:
    """What came out of one training of a design.

    Attributes:
        value: The value of what varies, as JSON.
        seed: The seed.
        score: The last value of the measure.
        masks: By site, a fingerprint of the masks of the first batch.
        of: A fingerprint of the design; "" where none was told.
    """

    value: str
    seed: int
    score: float
    masks: Mapping[str, str]
    of: str = ""


def design_from(literal: object) -> Design:
    """Reads a design.

    Args:
        literal: A dictionary with "vary", "hold", "seeds" and "measure"; more may stand there.

    Returns:
        The design.

    Raises:
        DropvizError: If it is none, too large, or compares a value with itself or, of rates, with
            one that is nearly the same.
    """
    if not isinstance(literal, Mapping) or not all(key in literal for key in _KEYS):
        raise DropvizError(
            f"design must be a plain dictionary with {', '.join(_KEYS)}. "
            f"Received: {received(literal)}."
        )
    vary, hold, seeds, measure = (literal[key] for key in _KEYS)
    if not isinstance(vary, Mapping) or not isinstance(hold, Mapping) or not vary:
        raise DropvizError('"vary" and "hold" must be dictionaries, and something must vary.')
    for name in (*vary, *hold):
        if name not in FACTORS:
            raise unknown_name("factor", name, FACTORS)
    if not all(isinstance(values, (list, tuple)) and values for values in vary.values()):
        raise DropvizError('Each factor of "vary" must have a list of values.')
    if not isinstance(seeds, (list, tuple)) or not isinstance(measure, str):
        raise DropvizError('"seeds" must be a list of whole numbers, and "measure" a name.')
    checked = tuple(check_whole("seed", seed, 0, MOST_SEED) for seed in seeds)
    _check_size(vary, hold, checked)
    plan = Design(dict(vary), dict(hold), checked, measure)
    if len(vary) == 1:
        _check_values_differ(plan, *vary)
    return plan


def _check_size(
    vary: Mapping[str, Sequence[Any]], hold: Mapping[str, Any], seeds: Sequence[int]
) -> None:
    many = len(set(seeds)) * sum(len(values) for values in vary.values())
    if many > _MOST_TRAININGS:
        raise DropvizError(
            f"A design may have {_MOST_TRAININGS} trainings. Received: {many}. Leave values out."
        )
    for name, most in (("units", _MOST_UNITS), ("epochs", _MOST_EPOCHS)):
        for value in (*vary.get(name, ()), hold.get(name, 1)):
            check_whole(name, value, 1, most)
    for task in (*vary.get("task", ()), hold.get("task", "digits")):
        if not isinstance(task, str) or task not in TASKS or not TASKS[task].offline:
            raise unknown_name("task", task, [name for name in TASKS if TASKS[name].offline])


def _check_values_differ(plan: Design, factor: str) -> None:
    """A value beside itself, as 0 beside -0.0, would be compared with itself."""
    known: dict[object, object] = {}
    rates: dict[float, object] = {}
    for value in plan.vary[factor]:
        try:
            spec = RunSpec(**{**plan.hold, factor: value})
        except DropvizError:
            continue  # said where it is to be trained; what else was designed is judged without
        dropping = tuple(rule for rule in spec.setting.rules if rule.rate)
        trained = (spec.task, spec.method, spec.units, spec.epochs, dropping)
        if trained in known:
            raise DropvizError(
                f"Two values of {factor} train the same. Expected values that make a difference. "
                f"Received: {received(known[trained])} and {received(value)}. Leave one of them "
                "out."
            )
        known[trained] = value
        if factor in RATES:
            rates[getattr(spec, factor)] = value
    for (low, one), (high, other) in pairwise(sorted(rates.items())):
        # Masks of 0 and of 1e-9 are the same, and so is all that is compared then.
        if high - low < _APART - _LAST_BIT:
            raise DropvizError(
                f"Two values of {factor} are too near to each other to be told apart. Expected "
                f"values that differ by {_APART:g} or more. Received: {received(one)} and "
                f"{received(other)}. Leave one of them out."
            )


def carry_out(design: object) -> None:
    """Trains what a design asks for, and prints the results where the judge looks for them.

    Args:
        design: The dictionary. Keep the output in the notebook that is handed in.

    Raises:
        DropvizError: If the design is none, varies more than one factor, or measures what is no
            curve of its task; or Keras is on another backend than the judge's.
    """
    check_backend_of_homework()
    wanted = design_from(design)
    if len(wanted.vary) != 1:
        names = " and ".join(wanted.vary)
        raise DropvizError(
            f"A design that is carried out varies one factor. Received: {names}. If both change, "
            "nobody can say which of them made the difference."
        )
    (factor,) = wanted.vary
    rows: list[dict[str, Any]] = []
    of = _digest_of(wanted, factor)
    for value, specs in wanted.specs(factor).items():
        for spec in specs:
            trained = retrain(spec)
            if wanted.measure not in trained.curves:
                raise unknown_name("measure", wanted.measure, trained.curves)
            score = trained.curves[wanted.measure][-1]
            masks = fingerprints(trained)
            row = {"value": value, "seed": spec.seed, "score": score, "masks": masks, "of": of}
            rows.append(row)
            print(f"{factor}={value}, seed {spec.seed}: {wanted.measure} {score:.4f}")  # noqa: T201
            # Each time, as the last results count: an interrupt loses none.
            print(MARK + json.dumps(rows), flush=True)  # noqa: T201


def retrain(spec: RunSpec, epochs: int | None = None) -> Run:
    """Trains what a spec asks for, for so many epochs."""
    given = {name: value for name, value in spec.to_dict().items() if name != "schedule"}
    return run(**{**given, "epochs": epochs or spec.epochs})


def fingerprints(trained: Run) -> dict[str, str]:
    """Fingerprints of the masks of the first batch, by layer and site.

    Masks come from the seed alone: they are the same on every machine, as losses are not.

    Args:
        trained: A run.

    Returns:
        Hexadecimal digits of SHA-256; nothing where nothing was dropped.
    """
    found: dict[str, str] = {}
    for name, layer in trained.recording.items():
        if layer.draw_log is None:
            continue
        for site, masks in redraw(layer, 0).items():
            dropped = np.packbits(masks.of_batch(0) == 0).tobytes()
            found[f"{name}/{site}"] = hashlib.sha256(dropped).hexdigest()[:_DIGITS]
    return found


def rows_from(printed: Iterable[str], design: object = None) -> list[Row] | None:
    """Reads the results that ``carry_out`` printed.

    Args:
        printed: The outputs of a notebook, in order.
        design: The literal of the design that was handed in; None where nobody knows it.

    Returns:
        The rows: of results of several designs the last of this one, and else the last; None where
        there are none, or they are damaged.
    """
    # Jupyter may keep one cell's output in several pieces, wherever they were cut.
    read = [_rows(each) for each in "".join(printed).split(MARK)[1:]]
    found = [each for each in read if each is not None]
    if not found:
        return None
    try:
        plan = design_from(design)
        (factor,) = plan.vary
        wanted = {(value, spec.seed) for value, each in plan.specs(factor).items() for spec in each}
        of = _digest_of(plan, factor)
    except (DropvizError, ValueError):
        return found[-1]
    return max(reversed(found), key=partial(_likeness, wanted, of))


def _likeness(wanted: set[tuple[str, int]], of: str, rows: Sequence[Row]) -> tuple[bool, ...]:
    """How sure it is that results are of a design; they are told again after each training."""
    trained = {(row.value, row.seed) for row in rows}
    named = bool(rows) and all(row.of == of for row in rows)
    return named, trained == wanted, bool(trained) and trained <= wanted


def _digest_of(plan: Design, factor: str) -> str:
    trainings = [spec.to_dict() for each in plan.specs(factor).values() for spec in each]
    words = json.dumps([plan.measure, trainings], sort_keys=True, default=str)
    return hashlib.sha256(words.encode()).hexdigest()[:_DIGITS]


def _rows(told: str) -> list[Row] | None:
    try:
        return [_row(**each) for each in json.loads(told.splitlines()[0])]
    except (ValueError, TypeError, AttributeError, RecursionError, LookupError, OverflowError):
        return None


def _row(value: str, seed: int, score: float, masks: Mapping[str, str], of: str = "") -> Row:
    plain = {str(site): str(digits) for site, digits in masks.items()}
    if type(seed) is not int or not isinstance(value, str):
        raise TypeError(seed)
    return Row(value, seed, float(score), plain, str(of))
