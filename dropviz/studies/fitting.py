"""The model of a spec, its one way to be fitted, and the plain code that does the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import keras

from dropviz.core.run_file import Status
from dropviz.core.scenario_string import call
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import BATCH_SIZE, Task
from dropviz.methods.lstm import LSTM
from dropviz.studies.memory_limit import check_memory
from dropviz.studies.progress import CurveCollector
from dropviz.studies.steering import StopTrainingError

Model = Any

_CODE = """\
import keras
{imports}{data}
keras.utils.set_random_seed({seed})
model = keras.Sequential([
    keras.Input({shape}),
    {layer},
    keras.layers.Dense({classes}, activation="softmax"),
])
model.compile(
    keras.optimizers.Adam({learning_rate}),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
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
    steps, features = task.x.shape[1:]
    # With a mask for each weight, one matrix is drawn, one multiplied, one kept.
    check_memory(spec.units, features, steps, BATCH_SIZE, masks=3 * weights)


def build(spec: RunSpec, task: Task) -> Model:
    """Makes and compiles the model of a spec.

    Args:
        spec: What is to be trained.
        task: The data.

    Returns:
        A Keras model whose LSTM has the name "lstm".

    Raises:
        DropvizError: If it needs more memory than there is.
    """
    check_size(spec, task)
    model = keras.Sequential(
        [
            keras.Input(task.x.shape[1:]),
            # The name is the same whatever else the session has built.
            LSTM(spec.units, name="lstm", **asdict(spec.setting)),
            keras.layers.Dense(task.classes, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(task.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def fit(
    model: Model, spec: RunSpec, task: Task, callbacks: Sequence[Any], collector: CurveCollector
) -> tuple[Status, str]:
    """Fits a model, once its weights and the random seeds are set.

    Args:
        model: The model.
        spec: What is to be trained.
        task: The data.
        callbacks: Keras callbacks, called before the collector.
        collector: What follows the training.

    Returns:
        How it ended, and why, where it did not come to its end.
    """
    try:
        model.fit(
            task.x,
            task.y,
            validation_data=(task.x_val, task.y_val),
            batch_size=BATCH_SIZE,
            epochs=spec.epochs,
            verbose=0,
            callbacks=[*callbacks, collector],
        )
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
    given = "".join(f", {name}={value!r}" for name, value in spec.setting.arguments.items())
    layer = f"keras.layers.LSTM({spec.units}{given})"
    imports = ""
    if spec.method != "keras":
        layer = f"dropviz.LSTM({spec.units}, method={spec.method!r}{given})"
        imports = "\nimport dropviz\n"
    return _CODE.format(
        seed=spec.seed,
        epochs=spec.epochs,
        layer=layer,
        imports=imports,
        data=task.code or f"# x, y, x_val, y_val: the data of task {task.name!r}\n",
        shape=task.x.shape[1:],
        classes=task.classes,
        learning_rate=task.learning_rate,
        batch_size=BATCH_SIZE,
    )
