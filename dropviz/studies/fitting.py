"""The model of a spec: built, fitted by Keras, and as code that does the same by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import keras

from dropviz.core.run_file import Status
from dropviz.core.scenario_string import call
from dropviz.core.spec import RunSpec
from dropviz.core.task import Task
from dropviz.core.tasks import BATCH_SIZE
from dropviz.keras_inside.retracing import no_retracing_warnings
from dropviz.methods.lstm import LSTM
from dropviz.studies.memory_limit import Around, check_memory
from dropviz.studies.progress import CurveCollector
from dropviz.studies.steering import StopTrainingError

Model = Any

_CODE = """\
import keras
{imports}{data}
keras.utils.set_random_seed({seed})
model = keras.Sequential([
    {layers},
])
model.compile(
    keras.optimizers.Adam({learning_rate}),
    loss="{loss}",
    metrics=["{metric}"],
)
model.fit(x, y, validation_data=(x_val, y_val), batch_size={batch_size}, epochs={epochs})
"""
_CHANGING = """\
import dropviz

# Plain Keras cannot change a rate while it trains.
run = {call}
"""


def check_size(spec: RunSpec, task: Task) -> None:
    """Raises DropvizError if the model of a spec needs more memory than there is."""
    weights = any(rule.site == "recurrent_kernel" for rule in spec.setting.rules)
    # With a mask for each weight, one matrix is drawn, one multiplied, one kept.
    masks = 3 * weights
    answers = task.steps - task.skipped if task.asked.each_step else 1
    around = Around(task.outputs, answers, task.symbols * task.embedding)
    check_memory(spec.units, task.features, task.steps, BATCH_SIZE, masks, around)


def build(spec: RunSpec, task: Task) -> Model:
    """Makes and compiles the model of a spec.

    Args:
        spec: What is to be trained.
        task: The data.

    Returns:
        A Keras model whose LSTM has the name "lstm"; head, loss and metric follow from what
        the task asks for.

    Raises:
        DropvizError: If it needs more memory than there is.
    """
    check_size(spec, task)
    goal = task.asked
    # In the order of the plain code: each layer draws the seed of its weights as it is made.
    layers = [keras.Input(task.x.shape[1:], **({"dtype": "int32"} if task.embedding else {}))]
    if task.embedding:
        layers += [keras.layers.Embedding(task.symbols, task.embedding)]
    every: dict[str, Any] = {"return_sequences": True} if goal.each_step else {}
    # The name is the same whatever else the session has built.
    layers += [LSTM(spec.units, name="lstm", **every, **asdict(spec.setting))]
    if task.skipped:
        layers += [keras.layers.Cropping1D((task.skipped, 0))]
    layers += [keras.layers.Dense(task.outputs, activation=goal.activation)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(task.learning_rate), loss=goal.loss, metrics=[goal.metric])
    return model


def fit(
    model: Model,
    spec: RunSpec,
    task: Task,
    callbacks: Sequence[Any],
    collector: CurveCollector,
    data: Mapping[str, Any] | None = None,
) -> tuple[Status, str]:
    """Fits a model, once its weights and the random seeds are set.

    Args:
        model: The model.
        spec: What is to be trained.
        task: The data.
        callbacks: Keras callbacks, called before the collector.
        collector: What follows the training.
        data: What Keras's ``fit`` is to take in place of the task's arrays, by its arguments.

    Returns:
        How it ended, and why, where it did not come to its end.
    """
    arrays = {
        "x": task.x,
        "y": task.y,
        "validation_data": (task.x_val, task.y_val),
        "batch_size": BATCH_SIZE,
    }
    followers = [*callbacks, collector]
    try:
        try:
            with no_retracing_warnings():
                model.fit(**(data or arrays), epochs=spec.epochs, verbose=0, callbacks=followers)
        finally:
            collector.finish()
    except (KeyboardInterrupt, StopTrainingError):
        return "stopped", ""
    if collector.not_finite:
        return "failed", not_finite(collector.curves.epochs)
    return "done", ""


def not_finite(epoch: int) -> str:
    """Says why a training ended in an epoch, from 1, whose loss was not finite."""
    return f"the loss was not finite in epoch {epoch}"


def code(spec: RunSpec, task: Task) -> str:
    """Writes the plain Keras code whose training is to the bit the same.

    Args:
        spec: What to train.
        task: The data.

    Returns:
        Python source; a call of ``dropviz.run`` where rates change on the way.
    """
    if spec.schedule:
        return _CHANGING.format(call=call(spec))
    return _CODE.format(
        seed=spec.seed,
        epochs=spec.epochs,
        layers=",\n    ".join(_layers(spec, task)),
        imports="" if spec.method == "keras" else "\nimport dropviz\n",
        data=task.code or f"# x, y, x_val, y_val: the data of task {task.name!r}\n",
        learning_rate=task.learning_rate,
        loss=task.asked.loss,
        metric=task.asked.metric,
        batch_size=BATCH_SIZE,
    )


def _layers(spec: RunSpec, task: Task) -> list[str]:
    """The layers of a model as plain code, one a line; ``build`` makes the same."""
    goal = task.asked
    given = "".join(f", {name}={value!r}" for name, value in spec.setting.arguments.items())
    given += ", return_sequences=True" if goal.each_step else ""
    whole = ', dtype="int32"' if task.embedding else ""
    lines = [f"keras.Input({task.x.shape[1:]}{whole})"]
    if task.embedding:
        lines += [f"keras.layers.Embedding({task.symbols}, {task.embedding})"]
    if spec.method == "keras":
        lines += [f"keras.layers.LSTM({spec.units}{given})"]
    else:
        lines += [f"dropviz.LSTM({spec.units}, method={spec.method!r}{given})"]
    if task.skipped:
        lines += [f"keras.layers.Cropping1D(({task.skipped}, 0))"]
    return [*lines, f'keras.layers.Dense({task.outputs}, activation="{goal.activation}")']
