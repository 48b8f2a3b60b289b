"""Compares settings on one task: the same weights at first, batches and order for each seed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np

from dropviz.core.checks import check_rate
from dropviz.core.comparison import Comparison, Entry
from dropviz.core.methods import METHODS
from dropviz.core.scenario_string import Scenario, is_scenario, parse
from dropviz.core.setting import Setting
from dropviz.core.spec import RunSpec
from dropviz.core.study_result import Trainings
from dropviz.core.task import Task
from dropviz.core.tasks import batches_of
from dropviz.core.training_result import TrainingResult, cell_of
from dropviz.errors import DropvizError, is_known, received, unknown_name
from dropviz.studies.arguments import check_names, checked_seeds, checked_values
from dropviz.studies.engines import Engine
from dropviz.studies.seed_statistics import bootstrapped, paired, seeds_needed
from dropviz.studies.sent_task import shown_name, task_name
from dropviz.studies.study import How, Listener, run_study

NONE = "none"
_SHARED = ("units", "epochs")
_OF_ALL = (*_SHARED, "task", "seed")  # whatever a scenario or a spec says of them
_RATE = 0.25
_VISIBLE = 0.01


def compare(
    methods: Iterable[str | RunSpec],
    task: str | Task = "digits",
    seeds: int | Sequence[int] = 5,
    *,
    dropout: float = _RATE,
    recurrent_dropout: float = _RATE,
    executor: Executor | None = None,
    engine: Engine = "exact",
    results: str | os.PathLike[str] | None = None,
    listener: Listener | None = None,
    **spec: Any,
) -> Comparison:
    """Trains several settings with the same seeds, and compares them pair by pair.

    For each seed all settings begin with the same weights, and meet the same batches in the same
    order (with TensorFlow one order for all epochs, as in plain Keras after
    ``keras.utils.set_random_seed``).

    Args:
        methods: The settings; others are compared with the first. Each is "none" (no dropout), a
            key of ``dropviz.core.methods.METHODS`` at the two rates below, a scenario such as
            "lstm:d.5:@50%,d0" (its method, rates, options and schedule count), or a ``RunSpec``;
            1 to 10,000 of them, of which no two may ask for the same training. What a scenario
            or a spec says of task, units, epochs and seed gives way to that of the comparison.
        task: A name in ``dropviz.core.tasks.TASKS``, or a ``dropviz.Task`` of one's own.
        seeds: How many seeds, 1 to 10,000, which are 1, 2, 3 ...; or which, each 0 to 2**32 - 1,
            and once.
        dropout: The rate for x of methods given by name, ``0 <= rate < 1``.
        recurrent_dropout: Their other rate, likewise; not of methods that have none.
        executor: Any ``concurrent.futures.Executor``; by default processes on this machine.
        engine: "exact" or "xla", as in ``dropviz.sweep``.
        results: A file to which each result is written at once, and from which the comparison
            goes on, as in ``dropviz.sweep``.
        listener: Called with a ``dropviz.studies.run_cells.StudyProgress``, as in
            ``dropviz.sweep``.
        **spec: What all share: ``units`` (32 by default) and ``epochs`` (10).

    Returns:
        The comparison. A training that fails does not end it, as in ``dropviz.sweep``.

    Raises:
        UnknownNameError: As ``dropviz.sweep`` does.
        DropvizError: As ``dropviz.sweep`` does; or if two settings are the same.
        KeyboardInterrupt: As ``dropviz.sweep`` does.
    """
    check_names(compare, spec, _SHARED)
    how = How(executor, engine, results, listener)
    chosen = checked_seeds(seeds)
    name = task_name(task)
    base = RunSpec(task=name, **spec)
    rates = (
        check_rate("dropout", dropout),
        check_rate("recurrent_dropout", recurrent_dropout),
    )
    settings = _settings(checked_values("methods", methods), base, rates, task)
    specs = {key: [replace(one, seed=seed) for seed in chosen] for key, one in settings.items()}
    trainings = run_study([each for listed in specs.values() for each in listed], task, how)
    cells = {
        key: tuple(trainings.results[cell_of(each)] for each in listed)
        for key, listed in specs.items()
    }
    entries = tuple(_entry(key, cells, trainings, base.epochs) for key in cells)
    return Comparison(
        shown_name(task), chosen, base.epochs, base.units, entries, trainings, _VISIBLE
    )


def _settings(
    methods: Sequence[str | RunSpec], base: RunSpec, rates: tuple[float, float], task: str | Task
) -> dict[str, RunSpec]:
    """The settings by what they are called, each a different training."""
    found: dict[str, RunSpec] = {}
    given: dict[RunSpec, str] = {}
    for each in methods:
        name, spec = _named(each, base, rates, task)
        told = cell_of(each) if isinstance(each, RunSpec) else str(each)
        if spec in given:
            raise DropvizError(
                f"Each setting must be a different training. Received: {received(given[spec])} and "
                f"{received(told)}, which are both method {spec.method!r} with "
                f"dropout={spec.dropout:g} and recurrent_dropout={spec.recurrent_dropout:g}. "
                "Leave one out, or give other rates."
            )
        found[name], given[spec] = spec, told
    return found


def _named(
    setting: str | RunSpec, base: RunSpec, rates: tuple[float, float], task: str | Task
) -> tuple[str, RunSpec]:
    """What a setting is called, and its spec, with the task, units, epochs and seed of all."""
    if is_scenario(setting):
        asked = parse(setting, batches_of(task, base.epochs))
        if asked.given.isdisjoint(_OF_ALL):
            return setting, _with_what_all_share(asked.spec, base)
        setting = asked.spec
    if isinstance(setting, RunSpec):
        # By what is its own: the rest would be said, and not be so.
        spec = _with_what_all_share(setting, base)
        return Scenario(spec).without(_OF_ALL), spec
    spec = _by_name(setting, base, rates)
    return setting, spec


def _with_what_all_share(spec: RunSpec, base: RunSpec) -> RunSpec:
    return replace(spec, **{name: getattr(base, name) for name in _OF_ALL})


def _by_name(setting: str, base: RunSpec, rates: tuple[float, float]) -> RunSpec:
    """A method at the rates of all, or none."""
    if isinstance(setting, str) and setting == NONE:
        return base
    if not isinstance(setting, str):
        raise DropvizError(
            'A setting is "none", a method\'s name, a scenario or a RunSpec. '
            f"Received: {received(setting)}."
        )
    if not is_known(setting, METHODS):
        raise unknown_name("method", setting, [NONE, *METHODS])
    dropout, recurrent = rates
    rests = Setting(setting).idle
    return replace(
        base, method=setting, dropout=dropout, recurrent_dropout=0.0 if rests else recurrent
    )


def _entry(
    key: str, cells: dict[str, tuple[TrainingResult, ...]], trainings: Trainings, epochs: int
) -> Entry:
    first, mine = next(iter(cells.values())), cells[key]
    scores = [cell.last(trainings.score) for cell in mine]
    others = [cell.last(trainings.score) for cell in first]
    difference = None if mine is first else paired(scores, others)
    needed = 0
    if difference is not None and difference.count > 1 and difference.deviation > 0:
        needed = seeds_needed(difference.deviation, _VISIBLE)
    seconds = [each.seconds / epochs for each in mine if each.status == "done" and each.seconds]
    ratios = [
        a.seconds / b.seconds
        for a, b in zip(mine, first, strict=True)
        if a.status == b.status == "done" and a.seconds and b.seconds
    ]
    return Entry(
        name=key,
        cells=mine,
        score=bootstrapped(scores),
        difference=difference,
        needed=needed,
        seconds=float(np.median(seconds)) if seconds else float("nan"),
        cost=float(np.median(ratios)) if ratios else float("nan"),
    )
