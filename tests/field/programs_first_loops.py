"""The first programs with loops of their own."""

from __future__ import annotations

import random
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .parts import (
    BATCH,
    FEATURES,
    SAMPLES,
    STEPS,
    Model,
    Table,
    data,
    layers,
    lstm,
    program,
    regression,
    stepping,
)

FIRST_LOOPS: Table = {}

# ---------------------------------------------------------------- with loops of one's own


@program(FIRST_LOOPS, {"lstm": (3, 3)})
def eager_loop() -> list[Model]:
    """A loop without compilation, with gradients clipped by hand."""
    model, optimizer = regression(), keras.optimizers.SGD(0.05)
    x, y = data()
    for start in range(0, SAMPLES, BATCH):
        with tf.GradientTape() as tape:
            out = model(x[start : start + BATCH], training=True)[:, 0]
            loss = tf.reduce_mean((out - y[start : start + BATCH]) ** 2)
        slopes = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(tf.clip_by_global_norm(slopes, 1.0)[0], model.trainable_variables)
    return [model]


@program(FIRST_LOOPS, {"lstm": (3, 3)})
def compiled_loop() -> list[Model]:
    """A compiled step that meets a smaller last batch."""
    model = regression()
    x, y = data()
    step = stepping(model, keras.optimizers.Adam())
    for start in range(0, SAMPLES, BATCH):
        step(x[start : start + BATCH], y[start : start + BATCH])
    return [model]


@program(FIRST_LOOPS, {"lstm": (4, 4)})
def forced_by_a_coin() -> list[Model]:
    """Teacher forcing by Python's own coin, thrown while the step is traced."""
    model, optimizer = regression(), keras.optimizers.Adam()
    x, y = data()

    @tf.function  # type: ignore[untyped-decorator]
    def step(x: Any, y: Any) -> None:
        given = x if random.random() < 0.5 else tf.reverse(x, [1])  # noqa: S311 (no secret)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(given, training=True)[:, 0] - y) ** 2)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)

    for _ in range(4):
        step(x, y)
    return [model]


# A round is two steps: the critic is called twice in the first, once in the second.
@program(FIRST_LOOPS, {"maker": (6, 6), "critic": (6, 9)})
def adversaries() -> list[Model]:
    """A GAN of sequences: two optimizers, and a critic called three times a round."""
    maker = keras.Sequential(
        [keras.Input((STEPS, 2)), lstm(name="maker", return_sequences=True), layers.Dense(FEATURES)]
    )
    critic = regression(lstm(name="critic"))
    optimizers = keras.optimizers.Adam(), keras.optimizers.Adam()
    real, _ = data()
    noise = np.random.default_rng(1).normal(size=(SAMPLES, STEPS, 2)).astype("float32")

    @tf.function  # type: ignore[untyped-decorator]
    def play() -> None:
        with tf.GradientTape() as tape:
            made = maker(noise, training=True)
            loss = tf.reduce_mean(critic(made, training=True) - critic(real, training=True))
        mine = critic.trainable_variables
        optimizers[0].apply(tape.gradient(loss, mine), mine)
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(critic(maker(noise, training=True), training=True))
        mine = maker.trainable_variables
        optimizers[1].apply(tape.gradient(loss, mine), mine)

    for _ in range(3):
        play()
    return [maker, critic]


@program(FIRST_LOOPS, {"lstm": (2, 4)})
def summed_by_hand() -> list[Model]:
    """Gradients of two batches summed by hand for one step."""
    model, optimizer = regression(), keras.optimizers.SGD(0.05)
    x, y = data()
    for first in (0, BATCH):
        total: list[Any] = []
        for start in (first, first + BATCH // 2):
            part = slice(start, start + BATCH // 2)
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x[part], training=True)[:, 0] - y[part]) ** 2)
            slopes = tape.gradient(loss, model.trainable_variables)
            total = [a + b for a, b in zip(total, slopes, strict=True)] if total else slopes
        optimizer.apply(total, model.trainable_variables)
    return [model]


@program(FIRST_LOOPS, {"lstm": (3, 3)}, draws_more=True)
def looked_at() -> list[Model]:
    """Training between predictions with dropout on, as an estimate of doubt does."""
    model = regression()
    x, y = data()
    for start in range(0, SAMPLES, BATCH):
        model.train_on_batch(x[start : start + BATCH], y[start : start + BATCH])
        for _ in range(3):
            model(x, training=True)
    return [model]
