"""A sweep over both rates: which of them help on a task, and how sure one may be."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np

from dropviz.core.checks import check_rate
from dropviz.core.estimate import Estimate
from dropviz.core.method_options import OPTIONS
from dropviz.core.number_forms import counted
from dropviz.core.spec import RunSpec
from dropviz.core.sweep_result import Sweep
from dropviz.core.task import Task
from dropviz.core.training_result import cell_of
from dropviz.errors import DropvizError
from dropviz.studies.arguments import check_names, checked_seeds, checked_values
from dropviz.studies.engines import Engine
from dropviz.studies.seed_statistics import bootstrapped, paired
from dropviz.studies.sent_task import shown_name, task_name
from dropviz.studies.study import How, Listener, run_study

_RATES = (0.0, 0.25, 0.5)
_MOST = 100_000  # trainings
_SHARED = ("units", "epochs", "method", *OPTIONS)


def sweep(
    dropout: Iterable[float] = _RATES,
    recurrent_dropout: Iterable[float] = _RATES,
    seeds: int | Sequence[int] = 3,
    task: str | Task = "digits",
    *,
    executor: Executor | None = None,
    engine: Engine = "exact",
    results: str | os.PathLike[str] | None = None,
    listener: Listener | None = None,
    **spec: Any,
) -> Sweep:
    """Trains a grid of rates with several seeds: a rate map, and what can be told from it.

    Each training is a real Keras training; of two of them it is shown (``engine``). With
    TensorFlow all epochs of a seed meet the samples in one order, as in plain Keras after
    ``keras.utils.set_random_seed``.

    Args:
        dropout: Values of ``dropout``, ``0 <= rate < 1``, each once; 100,000 trainings in all at
            the most.
        recurrent_dropout: Values of the method's other rate, likewise.
        seeds: How many seeds for each pair of rates, 1 to 10,000, which are 1, 2, 3 ...; or which,
            each 0 to 2**32 - 1, and once.
        task: A name in ``dropviz.core.tasks.TASKS``, or a ``dropviz.Task`` of one's own.
        executor: Any ``concurrent.futures.Executor``, as Dask's ``client.get_executor()``; by
            default processes on this machine, with TensorFlow of one thread each.
        engine: "exact" (to the bit plain Keras) or, with TensorFlow, "xla" (faster: to the bit, or
            up to rounding, plain Keras with ``jit_compile=True``).
        results: A file to which each result is written at once, and from which a sweep that was
            interrupted or killed goes on; its folder must exist. What failed for another reason
            than its loss, as for want of memory or a network, is trained again then.
        listener: Called with a ``dropviz.studies.run_cells.StudyProgress`` as the sweep begins and
            after each training. What it returns is not looked at; an error that it raises ends
            the sweep, and comes out of this call.
        **spec: What all trainings share: ``units``, ``epochs``, ``method`` and its options, as of
            ``dropviz.run``.

    Returns:
        The sweep. A training that fails does not end it: ``trainings.failures`` says which and
        why. With PyTorch, and with "xla" on JAX, all do.

    Raises:
        UnknownNameError: If there is no such task, engine, method or argument.
        DropvizError: If an argument is out of range or has a value twice, the data cannot be had
            or are not finite, the results file is another study's or cannot be written, or the
            executor is none or broken, or has workers with other versions; results so far are
            kept in the file.
        KeyboardInterrupt: If it is interrupted; likewise.
    """
    check_names(sweep, spec, _SHARED)
    how = How(executor, engine, results, listener)
    rows = _checked("dropout", dropout)
    columns = _checked("recurrent_dropout", recurrent_dropout)
    chosen = checked_seeds(seeds)
    count = len(chosen) * len(rows) * len(columns)
    if count > _MOST:
        raise DropvizError(
            f"A sweep has {_MOST:,} trainings at the most. Received: {len(rows):,} by "
            f"{len(columns):,} rates with {counted(len(chosen), 'seed')}, {count:,} trainings. "
            "Take fewer rates, or fewer seeds."
        )
    name = task_name(task)
    # Seeds run fastest: what is found after a while is a coarse map of all seeds.
    specs = [
        RunSpec(task=name, dropout=d, recurrent_dropout=r, seed=seed, **spec)
        for seed in chosen
        for d in rows
        for r in columns
    ]
    trainings = run_study(specs, task, how)
    shape = len(chosen), len(rows), len(columns)
    last = [trainings.results[cell_of(each)].last(trainings.score) for each in specs]
    scores = np.asarray(last).reshape(shape).transpose(1, 2, 0)
    places = [(row, column) for row in range(shape[1]) for column in range(shape[2])]
    found = Sweep(
        spec=specs[0],
        dropout=rows,
        recurrent_dropout=columns,
        seeds=chosen,
        trainings=trainings,
        scores=scores,
        estimates={place: bootstrapped(scores[place]) for place in places},
        behind={},
        task=shown_name(task),
    )
    return replace(found, behind=_behind(found, places))


def _behind(found: Sweep, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Estimate]:
    """How far each cell is from the best, seed by seed; above 0 is better."""
    if found.best is None:
        return {}
    best, sign = found.scores[found.best], 1 if found.trainings.more_is_better else -1
    return {place: paired(sign * found.scores[place], sign * best) for place in places}


def _checked(name: str, values: Iterable[float]) -> tuple[float, ...]:
    return checked_values(name, [check_rate(name, each) for each in checked_values(name, values)])
