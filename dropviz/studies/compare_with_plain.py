"""How far a compiled training is from a training by plain Keras."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dropviz.core.cell_result import Difference
from dropviz.core.spec import RunSpec
from dropviz.keras_inside.jax_state import variables_without_riders
from dropviz.studies.plain_training import train_plainly
from dropviz.studies.training_program import TrainingProgram

Model = Any


def compare_with_plain(
    program: TrainingProgram, spec: RunSpec, curves: Mapping[str, Sequence[float]]
) -> Difference:
    """Trains with plain Keras what a program trains, and says how far the two are apart.

    Args:
        program: The program; it trains the spec again unless that was its last, as weights and
            random streams can only be those of a training here.
        spec: What is trained, one that the program trains.
        curves: What the curves came to; they may be those of a training elsewhere.

    Returns:
        The largest differences; 0 where all is the same to the bit.
    """
    if program.last != spec:
        program.train(spec.dropout, spec.recurrent_dropout, spec.seed)
    plain, model = train_plainly(spec, program.task, program.engine)
    pairs = list(zip(_parts(program.model), _parts(model), strict=True))
    weights, optimizer, streams = (largest(mine, its) for mine, its in pairs)
    # A file of results keeps its names in another order.
    same_names = set(curves) == set(plain.curves)
    return Difference(
        weights=weights,
        optimizer=optimizer,
        curves=largest([curves[name] for name in plain.curves], [*plain.curves.values()])
        if same_names
        else math.inf,
        same_streams=streams == 0,
    )


def largest(some: Sequence[Any], others: Sequence[Any]) -> float:
    """The largest difference of two lists of arrays.

    Args:
        some: Arrays, or what NumPy makes arrays of.
        others: As many.

    Returns:
        The largest absolute difference of two numbers; infinite where shapes differ, or
        one number is NaN and the other is not.
    """
    return max((_largest(*pair) for pair in zip(some, others, strict=True)), default=0.0)


def _largest(one: Any, other: Any) -> float:
    a, b = (np.asarray(each, "float64") for each in (one, other))
    if a.shape != b.shape:
        return math.inf
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    apart = np.abs(a[~same] - b[~same])
    return float(np.nan_to_num(apart, nan=math.inf).max(initial=0.0))


def _parts(model: Model) -> tuple[list[Any], list[Any], list[Any]]:
    """Weights, what the optimizer keeps, and where the random streams stand."""
    weights = {id(each) for each in model.weights}
    streams = [each for each in variables_without_riders(model) if id(each) not in weights]
    return model.weights, model.optimizer.variables, streams
