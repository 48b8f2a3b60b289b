"""Trains what a spec asks for: RunSpec -> Run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import keras

from dropviz.core.runs import Run, Status
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import Task, load_task
from dropviz.errors import StoppedError
from dropviz.layers.lstm import LSTM
from dropviz.layers.recorder import record
from dropviz.layers.trace import prove
from dropviz.layers.undisturbed import undisturbed
from dropviz.studies.progress import Listener, Watch

BATCH_SIZE = 64

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


def run(
    task: str | Task = "digits",
    method: str = "keras",
    dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    units: int = 32,
    epochs: int = 10,
    seed: int = 7,
    listener: Listener | None = None,
    **options: Any,
) -> Run:
    """Trains a real Keras LSTM on a task and records the masks that it uses.

    The training is to the bit that of ``run.code``, which is plain Keras, on the same
    machine; so is a second run with the same arguments. Like that code it seeds
    Keras, NumPy, TensorFlow and Python with ``keras.utils.set_random_seed``.

    Args:
        task: A name in ``dropviz.core.tasks.TASKS``, or a ``dropviz.Task`` of one's own.
        method: Where dropout acts, a key of ``dropviz.core.methods.METHODS``; "keras" is
            ``keras.layers.LSTM`` itself.
        dropout: Drop rate for the inputs x_t, ``0 <= rate < 1``.
        recurrent_dropout: Drop rate of the method's other site (h_{t-1} in Keras),
            ``0 <= rate < 1``.
        units: LSTM units, from 1.
        epochs: Passes over the training data, from 1.
        seed: Seed, 0 to 2**32 - 1.
        listener: Told how the training goes.
        **options: ``life``, ``scaling``, ``zoneout_cell`` and ``zoneout_hidden``, for the
            methods that have them.

    Returns:
        The run.

    Raises:
        DropvizError: If an argument is out of range; nothing is trained then.
        StoppedError: If the training is interrupted; its ``run`` holds what was done.
    """
    spec = RunSpec(
        task=task.name if isinstance(task, Task) else task,
        method=method,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        units=units,
        epochs=epochs,
        seed=seed,
        **options,
    )
    if not isinstance(task, Task):
        task = load_task(task)
    return train(spec, task, listener)


def train(spec: RunSpec, task: Task, listener: Listener | None = None) -> Run:
    """Trains what a spec asks for.

    Args:
        spec: What to train.
        task: The data.
        listener: Told how the training goes.

    Returns:
        The run.

    Raises:
        StoppedError: If the training is interrupted; its ``run`` holds what was done.
    """
    began = time.perf_counter()
    keras.utils.set_random_seed(spec.seed)
    model = _model(spec, task)
    watch = Watch(listener, lambda m: _dropout_off(m, task), stop_when_not_finite=True)
    status: Status = "done"
    with record(model) as recording:
        try:
            model.fit(
                task.x,
                task.y,
                validation_data=(task.x_val, task.y_val),
                batch_size=BATCH_SIZE,
                epochs=spec.epochs,
                verbose=0,
                callbacks=[watch],
            )
        except KeyboardInterrupt:
            status = "stopped"
    reason = ""
    if watch.not_finite:
        status, reason = "failed", f"the loss was not finite in epoch {watch.curves.epochs}"
    seconds = time.perf_counter() - began
    done = Run(
        spec=spec,
        curves=watch.curves,
        recording=recording,
        status=status,
        seconds=seconds,
        code=code(spec, task),
        reason=reason,
        proof=prove(model, recording) if status == "done" else {},
        model=model,
    )
    if status == "stopped":
        raise stopped(done)
    return done


def stopped(run: Run) -> StoppedError:
    """Words an interrupt whose results are kept."""
    of = f" of {run.spec.epochs}" if run.spec else ""
    # A loop of one's own has no epochs that anybody counted.
    after = f" after epoch {run.curves.epochs}{of}" if run.spec or run.curves.epochs else ""
    return StoppedError(f"stopped{after}; results kept", run)


def code(spec: RunSpec, task: Task) -> str:
    """Writes the plain Keras code whose training is to the bit the same.

    Args:
        spec: What to train.
        task: The data.

    Returns:
        Python source.
    """
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


def _model(spec: RunSpec, task: Task) -> Any:
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


def _dropout_off(model: Any, task: Task) -> Mapping[str, float]:
    with undisturbed(model):
        figures = model.evaluate(task.x, task.y, batch_size=256, verbose=0, return_dict=True)
    return {f"{name}_dropout_off": float(value) for name, value in figures.items()}
