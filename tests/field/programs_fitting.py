"""Programs that call ``fit`` in unusual ways."""

from __future__ import annotations

import tempfile
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .parts import (
    BATCH,
    FEATURES,
    STEPS,
    Model,
    Table,
    data,
    dropped,
    fitted,
    layers,
    lstm,
    of,
    parts,
    program,
    regression,
)

FITTING: Table = {}
callbacks = keras.callbacks


# ---------------------------------------------------------------- numbers and graphs


@program(FITTING, of(6, "low", "drop", "high"))
def doubles() -> list[Model]:
    """``set_floatx("float64")``: all in double precision."""
    keras.config.set_floatx("float64")
    try:
        return fitted(dropped())
    finally:
        keras.config.set_floatx("float32")


@program(FITTING, of(6, "low", "drop", "high"))
def half_precision() -> list[Model]:
    """Keras's guide "Mixed precision", for the whole model."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        return fitted(dropped())
    finally:
        keras.config.set_dtype_policy("float32")


@program(FITTING, of(6, "low", "drop", "high"), rounds=True)
def under_xla() -> list[Model]:
    """``jit_compile=True``, layers unrolled."""
    model = dropped(unroll=True)
    model.compile("adam", "mse", jit_compile=True)
    return fitted(model)


@program(FITTING, of(6, "low", "drop", "high"))
def several_steps_an_execution() -> list[Model]:
    """``steps_per_execution=2`` with three batches an epoch."""
    model = dropped()
    model.compile("adam", "mse", steps_per_execution=2)
    return fitted(model)


@program(FITTING, of(6, "low", "drop", "high"))
def run_eagerly() -> list[Model]:
    """``run_eagerly=True``, as one does to find a mistake."""
    model = dropped()
    model.compile("adam", "mse", run_eagerly=True)
    return fitted(model)


@program(FITTING, of(6, "low", "drop", "high"))
def mirrored() -> list[Model]:
    """Keras's guide "Distributed training with TensorFlow", on one device."""
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        model = dropped()
    return fitted(model)


# Whole batches alone: Keras 3.15 reuses a mask of eight samples for the last four.
@program(FITTING, of(2, "low", "drop", "high"), draws_more=True)
def computed_again() -> list[Model]:
    """Gradient checkpointing: ``keras.RematScope`` computes activations twice."""
    with keras.RematScope(mode="full"):
        model = dropped()
    model.compile("adam", "mse", run_eagerly=True)
    return fitted(model, *(each[: 2 * BATCH] for each in data()), epochs=1)


# ---------------------------------------------------------------- data


@program(FITTING, of(8, "lstm"))
def repeated() -> list[Model]:
    """A data set without end, shuffled, with a number of steps."""
    pairs = tf.data.Dataset.from_tensor_slices(data()).shuffle(20, seed=1).repeat()
    how = {"batch_size": None, "steps_per_epoch": 4, "shuffle": False}
    return fitted(regression(), pairs.batch(BATCH), **how)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    def __len__(self) -> int:
        return 3

    def __getitem__(self, number: int) -> Any:
        return parts(*data())[number]


@program(FITTING, of(6, "lstm"))
def batches_by_number() -> list[Model]:
    """``keras.utils.PyDataset``: a data set of one's own."""
    return fitted(regression(), Batches(), batch_size=None, shuffle=False)


@program(FITTING, of(6, "lstm"))
def weighted_in_time() -> list[Model]:
    """A weight for each sample and step, in a dictionary of inputs."""
    inputs = {"x": keras.Input((STEPS, FEATURES), name="x")}
    out = layers.Dense(1)(lstm(return_sequences=True)(inputs["x"]))
    model = keras.Model(inputs, out)
    x, _ = data()
    weights = np.abs(x[..., 0])
    return fitted(model, {"x": x}, x[..., :1], sample_weight=weights)


# ---------------------------------------------------------------- callbacks


# Nothing is ever better by so much: training stops after the second epoch.
@program(FITTING, of(6, "low", "drop", "high"), draws_more=True)
def stopped_early() -> list[Model]:
    """The usual callbacks together, and the best weights back."""
    with tempfile.TemporaryDirectory() as folder:
        return fitted(
            dropped(),
            epochs=6,
            validation_data=data(),
            callbacks=[
                callbacks.EarlyStopping(
                    "loss", min_delta=1e9, patience=1, restore_best_weights=True
                ),
                callbacks.ReduceLROnPlateau("loss", patience=0, min_delta=1e9),
                callbacks.ModelCheckpoint(f"{folder}/best.keras", "val_loss", save_best_only=True),
                callbacks.CSVLogger(f"{folder}/log.csv"),
                callbacks.TerminateOnNaN(),
            ],
        )


class Looks(keras.callbacks.Callback):  # type: ignore[misc]
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.model.predict(data()[0][: batch + 1], verbose=0)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.model.evaluate(*data(), verbose=0)
        self.model(data()[0], training=True)


@program(FITTING, of(6, "low", "drop", "high"), draws_more=True)
def looks_while_fitting() -> list[Model]:
    """A callback that predicts after each batch, and evaluates after each epoch."""
    return fitted(dropped(), callbacks=[Looks()])


class Averages(keras.callbacks.Callback):  # type: ignore[misc]
    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        self.seen: list[Any] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.seen.append(self.model.get_weights())

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
        self.model.set_weights([np.mean(each, 0) for each in zip(*self.seen, strict=True)])


@program(FITTING, of(6, "low", "drop", "high"))
def averaged_weights() -> list[Model]:
    """Izmailov et al. 2018: the mean of the weights of all epochs."""
    rate = callbacks.LearningRateScheduler(lambda epoch: 0.01 / (epoch + 1))
    return fitted(dropped(), callbacks=[Averages(), rate])


class Anneals(keras.callbacks.Callback):  # type: ignore[misc]
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.model.layers[0].cell.dropout = 0.5 / (epoch + 1)
        self.model.layers[1].rate = 0.4 / (epoch + 1)


# Of masks of several rates those after the last change are kept.
@program(FITTING, of(6, "low", "drop", "high"), rates_change=True)
def annealed() -> list[Model]:
    """Rennie et al. 2014: rates that fall while it trains, set by a callback."""
    model = dropped()
    model.compile("adam", "mse", run_eagerly=True)
    return fitted(model, callbacks=[Anneals()])
