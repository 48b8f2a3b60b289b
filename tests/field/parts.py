"""What the programs of the field are made of, and what a recording must say of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

Model = Any
Tensor = Any
layers = keras.layers

SAMPLES, STEPS, FEATURES, UNITS, BATCH, WORDS = 20, 5, 3, 4, 8, 9
RATES: dict[str, float] = {"dropout": 0.3, "recurrent_dropout": 0.2}


@dataclass(frozen=True)
class Program:
    """A program, and what a recording must say of it.

    Attributes:
        run: Trains, and gives the trained models back.
        batches: By layer, as the recording names it: its batches, and its calls in them.
        skipped: Layers that cannot be recorded.
        unlike: Layers that NumPy cannot reproduce, as their cells compute something else.
        draws_more: Whether cells draw masks that are not used in training: they do so at
            inference too, where the masks do not multiply.
        rates_change: Whether rates change, so that only the masks of the last are kept.
        rounds: Whether XLA, beside what is recorded, sums in another order here.
    """

    run: Callable[[], list[Model]]
    batches: Mapping[str, tuple[int, int]]
    skipped: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    draws_more: bool = False
    rates_change: bool = False
    rounds: bool = False


Table = dict[str, Program]
Run = Callable[[], list[Model]]


def program(
    table: Table, batches: Mapping[str, tuple[int, int]], **more: Any
) -> Callable[[Run], Run]:
    """Puts a program into a table, with what a recording must say of it."""

    def add(run: Run) -> Run:
        table[run.__name__] = Program(run, batches, **more)
        return run

    return add


def of(batches: int, *names: str, calls: int | None = None) -> dict[str, tuple[int, int]]:
    """The same batches and calls for layers of some names."""
    return dict.fromkeys(names, (batches, batches if calls is None else calls))


def both(
    batches: int, name: str = "bidirectional", kind: str = "lstm", calls: int | None = None
) -> dict[str, tuple[int, int]]:
    """The same for the two layers of a Bidirectional."""
    return of(batches, f"{name}/forward_{kind}", f"{name}/backward_{kind}", calls=calls)


# ---------------------------------------------------------------- data


def data(*shape: int) -> tuple[Any, Any]:
    """Sequences, and a target for each."""
    x = np.random.default_rng(0).normal(size=shape or (SAMPLES, STEPS, FEATURES))
    return x.astype("float32"), x.reshape(len(x), -1).sum(1).astype("float32")


def words(*shape: int, below: int = WORDS) -> Any:
    """Sentences as numbers; 0 is no word."""
    return np.random.default_rng(0).integers(0, below, shape or (SAMPLES, STEPS))


def labels() -> Any:
    """One of two classes for each sample."""
    return (np.arange(SAMPLES) % 2).astype("float32")


def parts(*arrays: Any, size: int = BATCH) -> list[Any]:
    """Batches in order; the last one is smaller where they do not fit."""
    starts = range(0, len(arrays[0]), size)
    cut = [tuple(each[start : start + size] for each in arrays) for start in starts]
    return cut if len(arrays) > 1 else [only for (only,) in cut]


# ---------------------------------------------------------------- models


def lstm(**kwargs: Any) -> Any:
    return layers.LSTM(UNITS, **(RATES | {"name": "lstm"} | kwargs))


def gru(**kwargs: Any) -> Any:
    return layers.GRU(UNITS, **(RATES | {"name": "gru"} | kwargs))


def drop(name: str = "drop") -> Any:
    return layers.Dropout(0.3, name=name)


def sequences(features: int = FEATURES) -> Any:
    return keras.Input((STEPS, features))


def sequential(*inside: Any, first: Any = None, **kwargs: Any) -> Model:
    return keras.Sequential([sequences() if first is None else first, *inside], **kwargs)


def regression(*inside: Any, **kwargs: Any) -> Model:
    model = sequential(*(inside or [lstm()]), layers.Dense(1), **kwargs)
    model.compile("adam", "mse")
    return model


def dropped(**kwargs: Any) -> Model:
    """Two layers with a Dropout between, compiled."""
    low, high = lstm(name="low", return_sequences=True, **kwargs), lstm(name="high", **kwargs)
    return regression(low, drop(), high)


def fitted(model: Model, *given: Any, **kwargs: Any) -> list[Model]:
    """Fits a model, for two epochs of three batches unless told otherwise."""
    if not model.compiled:
        model.compile("adam", "mse")
    how = {"batch_size": BATCH, "epochs": 2, "verbose": 0} | kwargs
    if how["batch_size"] is None:
        how["shuffle"] = False  # a data set has its own order, and Keras says so otherwise
    model.fit(*(given or data()), **how)
    return [model]


def descend(optimizer: Any, variables: Any, loss: Callable[[], Tensor]) -> Tensor:
    """One step of an optimizer."""
    with tf.GradientTape() as tape:
        value = loss()
    optimizer.apply(tape.gradient(value, variables), variables)
    return value


def error(model: Model, x: Any, y: Any, **kwargs: Any) -> Tensor:
    """The mean squared error of a model that trains."""
    return tf.reduce_mean((model(x, **({"training": True} | kwargs))[:, 0] - y) ** 2)


def stepping(model: Model, optimizer: Any, **kwargs: Any) -> Callable[[Any, Any], Any]:
    """A hand-written, compiled step, as in Keras's guide "Writing a training loop"."""

    @tf.function(**kwargs)  # type: ignore[untyped-decorator]
    def step(x: Any, y: Any) -> Any:
        return descend(optimizer, model.trainable_variables, lambda: error(model, x, y))

    return step  # type: ignore[no-any-return]
