"""How far a compiled training is from a training by plain Keras."""

from __future__ import annotations

from typing import Any

from dropviz.core.cell_result import PlainTwin, largest_difference
from dropviz.core.spec import RunSpec
from dropviz.keras_inside.jax_state import variables_without_riders
from dropviz.studies.plain_training import train_plainly
from dropviz.studies.training_program import TrainingProgram

Model = Any


def compare_with_plain(program: TrainingProgram, spec: RunSpec) -> PlainTwin:
    """Trains with plain Keras what a program trains, and says how far the two are apart.

    Args:
        program: The program; it trains the spec again unless that was its last, as weights and
            random streams can only be those of a training here.
        spec: What is trained, one that the program trains.

    Returns:
        The curves of plain Keras, and the largest differences of the rest; 0 where all is the
        same to the bit.
    """
    if program.last != spec:
        program.train(spec.dropout, spec.recurrent_dropout, spec.seed)
    plain, model = train_plainly(spec, program.task, program.engine)
    pairs = list(zip(_parts(program.model), _parts(model), strict=True))
    weights, optimizer, streams = (largest_difference(mine, its) for mine, its in pairs)
    return PlainTwin(plain.curves, weights, optimizer, same_streams=streams == 0)


def _parts(model: Model) -> tuple[list[Any], list[Any], list[Any]]:
    """Weights, what the optimizer keeps, and where the random streams stand."""
    weights = {id(each) for each in model.weights}
    streams = [each for each in variables_without_riders(model) if id(each) not in weights]
    return model.weights, model.optimizer.variables, streams
