"""Programs in which more goes on between the steps of their loops."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from .parts import (
    BATCH,
    FEATURES,
    STEPS,
    UNITS,
    Model,
    Table,
    data,
    descend,
    error,
    gru,
    layers,
    lstm,
    of,
    parts,
    program,
    regression,
    sequential,
    stepping,
)

BETWEEN_STEPS: Table = {}
Adam, SGD = keras.optimizers.Adam, keras.optimizers.SGD

# ---------------------------------------------------------------- what goes on between steps


@program(BETWEEN_STEPS, of(4, "gru"))
def truncated() -> list[Model]:
    """Williams & Peng 1990: the state is carried on, gradients are not."""
    layer, out, state = gru(return_state=True), layers.Dense(1), tf.zeros((4, UNITS))
    layer.build((4, STEPS, FEATURES))
    out.build((4, UNITS))
    optimizer, mine = Adam(), layer.trainable_variables + out.trainable_variables
    for x, y in parts(*data(16, STEPS, FEATURES), size=4):
        with tf.GradientTape() as tape:
            read, state = layer(x, initial_state=state, training=True)
            loss = tf.reduce_mean((out(read)[:, 0] - y) ** 2)
        optimizer.apply(tape.gradient(loss, mine), mine)
        state = tf.stop_gradient(state)
    return [layer, out]


@program(BETWEEN_STEPS, of(3, "lstm"), draws_more=True)
def seen_through() -> list[Model]:
    """Saliency between steps: the slope of what a model says by what it is given."""
    model = regression()
    for x, y in parts(*data()):
        model.train_on_batch(x, y)
        given = tf.convert_to_tensor(x)
        with tf.GradientTape() as tape:
            tape.watch(given)
            said = model(given, training=False)
        tape.gradient(said, given)
    return [model]


@program(BETWEEN_STEPS, of(3, "lstm"), draws_more=True)
def validated_by_hand() -> list[Model]:
    """Metrics, a validation, and a checkpoint that is restored, in a loop."""
    model, mean = regression(), keras.metrics.Mean()
    step = stepping(model, Adam())
    weights = model.get_weights()
    for number, (x, y) in enumerate(parts(*data())):
        mean.update_state(step(x, y))
        if error(model, x, y, training=False) > 1e9 or number == 1:
            model.set_weights(weights)
    return [model]


@program(BETWEEN_STEPS, of(3, "lstm"))
def callbacks_by_hand() -> list[Model]:
    """A loop that tells Keras's callbacks what it does."""
    model = regression()
    told = keras.callbacks.CallbackList([], add_history=True, model=model)
    told.on_train_begin()
    for number, (x, y) in enumerate(parts(*data())):
        told.on_train_batch_begin(number)
        told.on_train_batch_end(number, model.train_on_batch(x, y, return_dict=True))
    told.on_train_end()
    return [model]


@program(BETWEEN_STEPS, of(3, "lstm"))
def noise_on_weights() -> list[Model]:
    """Graves 2011: recurrent weights are moved by noise for a step, and moved back."""
    model = regression()
    weights = model.layers[0].cell.recurrent_kernel
    for x, y in parts(*data()):
        noise = np.random.normal(0, 0.01, weights.shape)  # noqa: NPY002
        weights.assign_add(noise)
        model.train_on_batch(x, y)
        weights.assign_sub(noise)
    return [model]


@program(BETWEEN_STEPS, of(4, "lstm"))
def growing_lengths() -> list[Model]:
    """Bengio et al. 2009: short sequences first; a step traced anew for each length."""
    model = sequential(lstm(), layers.Dense(1), first=keras.Input((None, FEATURES)))
    step = stepping(model, Adam(), reduce_retracing=True)
    x, y = data()
    for length in (2, 3, 4, 5):
        step(x[:BATCH, :length], y[:BATCH])
    return [model]


@program(BETWEEN_STEPS, of(3, "lstm", calls=6))
def both_directions_of_time() -> list[Model]:
    """Sequences and the same turned round, in one tape: twice the data for one step."""
    model, optimizer = regression(), Adam()
    for x, y in parts(*data()):
        descend(
            optimizer,
            model.trainable_variables,
            lambda x=x, y=y: error(model, x, y) + error(model, x[:, ::-1], y),  # type: ignore[misc]
        )
    return [model]
