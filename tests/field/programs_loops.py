"""Programs with steps of their own."""

from __future__ import annotations

from typing import Any

import keras
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
    drop,
    error,
    fitted,
    layers,
    lstm,
    of,
    parts,
    program,
    regression,
    sequences,
    sequential,
    stepping,
)

LOOPS: Table = {}
Adam, SGD = keras.optimizers.Adam, keras.optimizers.SGD


# ---------------------------------------------------------------- steps


@program(LOOPS, of(3, "low", "drop", "high"))
def dropout_between() -> list[Model]:
    """Keras's guide "Writing a training loop", for layers with a Dropout between."""
    model = regression(lstm(name="low", return_sequences=True), drop(), lstm(name="high"))
    step = stepping(model, Adam())
    for x, y in parts(*data()):
        step(x, y)
    return [model]


@program(LOOPS, of(3, "lstm"))
def compiled_by_xla() -> list[Model]:
    """``tf.function(jit_compile=True)`` around a step."""
    model, optimizer = regression(lstm(unroll=True)), Adam()
    optimizer.build(model.trainable_variables)
    step = stepping(model, optimizer, jit_compile=True)
    for x, y in parts(*data()):
        step(x, y)
    return [model]


@program(LOOPS, of(4, "lstm"))
def one_graph_for_all_sizes() -> list[Model]:
    """A step with an ``input_signature``, traced once for batches and lengths of any size."""
    kinds = [tf.TensorSpec((None, None, FEATURES)), tf.TensorSpec((None,))]
    model = sequential(lstm(), layers.Dense(1), first=keras.Input((None, FEATURES)))
    step = stepping(model, Adam(), input_signature=kinds)
    x, y = data()
    for size, length in ((8, 5), (4, 3), (1, 2), (8, 4)):
        step(x[:size, :length], y[:size])
    return [model]


@program(LOOPS, of(6, "lstm"))
def whole_epoch_in_a_graph() -> list[Model]:
    """``for`` over a data set inside a ``tf.function``: two epochs of three batches."""
    model, optimizer = regression(), Adam()
    optimizer.build(model.trainable_variables)

    @tf.function  # type: ignore[untyped-decorator]
    def epoch(batches: Any) -> None:
        for x, y in batches:
            with tf.GradientTape() as tape:
                loss = error(model, x, y)
            slopes = tape.gradient(loss, model.trainable_variables)
            optimizer.apply(slopes, model.trainable_variables)

    for _ in range(2):
        epoch(tf.data.Dataset.from_tensor_slices(data()).batch(BATCH))
    return [model]


# Four steps, in each of which a loop of the graph calls the decoder five times.
@program(LOOPS, of(4, "lstm", calls=4 * STEPS))
def words_in_a_graph_loop() -> list[Model]:
    """TensorFlow's tutorial nmt_with_attention: a decoder called in a loop of the graph."""
    decoder, out, optimizer = lstm(return_state=True), layers.Dense(FEATURES), Adam()
    decoder.build((None, 1, FEATURES))
    out.build((None, UNITS))
    mine = decoder.trainable_variables + out.trainable_variables
    optimizer.build(mine)

    @tf.function  # type: ignore[untyped-decorator]
    def step(x: Any) -> None:
        with tf.GradientTape() as tape:
            given, h, c, loss = x[:, 0], tf.zeros((8, UNITS)), tf.zeros((8, UNITS)), 0.0
            for now in tf.range(STEPS):
                read, h, c = decoder(given[:, None], initial_state=[h, c], training=True)
                given = out(read)
                loss += tf.reduce_mean((given - x[:, now]) ** 2)
        optimizer.apply(tape.gradient(loss, mine), mine)

    for _ in range(4):
        step(data()[0][:8])
    return [decoder, out]


@program(LOOPS, of(4, "lstm", calls=4 * STEPS))
def scheduled_sampling() -> list[Model]:
    """Bengio et al. 2015: a coin of the graph says which word the decoder is given."""
    decoder, out, optimizer = lstm(return_state=True), layers.Dense(FEATURES), Adam()
    coin = keras.random.SeedGenerator(3)
    x = tf.constant(data()[0][:8])

    def rolled() -> Any:
        given, states, loss = x[:, 0], None, 0.0
        for step in range(STEPS):
            read, *states = decoder(given[:, None], initial_state=states, training=True)
            guess = out(read)
            loss += tf.reduce_mean((guess - x[:, step]) ** 2)
            forced = keras.random.uniform((8, 1), seed=coin) < 0.5
            given = tf.where(forced, x[:, step], guess)
        return loss

    rolled_once = tf.function(rolled)
    decoder.build((None, 1, FEATURES))
    out.build((None, UNITS))
    for _ in range(4):
        descend(optimizer, decoder.trainable_variables + out.trainable_variables, rolled_once)
    return [decoder, out]


# No optimizer of Keras makes a step: each call is a batch.
@program(LOOPS, of(3, "lstm"))
def descended_by_hand() -> list[Model]:
    """Zhang et al., "Dive into Deep Learning": gradient descent from nothing."""
    model = regression()
    for x, y in parts(*data()):
        with tf.GradientTape() as tape:
            loss = error(model, x, y)
        for each, slope in zip(
            model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True
        ):
            each.value.assign_sub(0.05 * slope)
    return [model]


@program(LOOPS, of(3, "low", "high"))
def faster_above() -> list[Model]:
    """Two optimizers for the layers of one model, from one persistent tape."""
    low, high = lstm(name="low", return_sequences=True), lstm(name="high")
    model, slow, fast = regression(low, high), SGD(0.001), SGD(0.1)
    for x, y in parts(*data()):
        with tf.GradientTape(persistent=True) as tape:
            loss = error(model, x, y)
        slow.apply(tape.gradient(loss, low.trainable_variables), low.trainable_variables)
        rest = model.trainable_variables[3:]
        fast.apply(tape.gradient(loss, rest), rest)
        del tape
    return [model]


class Accumulates(keras.Model):  # type: ignore[misc]
    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        self.sums = [tf.Variable(tf.zeros(each.shape)) for each in self.trainable_variables]
        self.count = tf.Variable(0)

    def train_step(self, data: Any) -> Any:
        x, y = data
        with tf.GradientTape() as tape:
            loss = error(self, x, y)
        for total, slope in zip(
            self.sums, tape.gradient(loss, self.trainable_variables), strict=True
        ):
            total.assign_add(slope)
        self.count.assign_add(1)
        tf.cond(self.count % 2 == 0, self.step, lambda: None)
        return {"loss": loss}

    def step(self) -> None:
        self.optimizer.apply(self.sums, self.trainable_variables)
        for total in self.sums:
            total.assign(tf.zeros_like(total))


# Two epochs of three batches, of which each second makes a step: three steps of two calls.
@program(LOOPS, of(3, "lstm", calls=6))
def accumulated_in_train_step() -> list[Model]:
    """Gradients summed in variables; a condition of the graph says when a step is made."""
    inputs = sequences()
    model = Accumulates(inputs, layers.Dense(1)(lstm()(inputs)))
    model.build()
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return fitted(model)


class Sharpness(keras.Model):  # type: ignore[misc]
    def train_step(self, data: Any) -> Any:
        x, y = data
        with tf.GradientTape() as tape:
            loss = error(self, x, y)
        moves = [0.05 * each for each in tape.gradient(loss, self.trainable_variables)]
        for each, move in zip(self.trainable_variables, moves, strict=True):
            each.assign_add(move)
        with tf.GradientTape() as tape:
            worst = error(self, x, y)
        slopes = tape.gradient(worst, self.trainable_variables)
        for each, move in zip(self.trainable_variables, moves, strict=True):
            each.assign_sub(move)
        self.optimizer.apply(slopes, self.trainable_variables)
        return {"loss": loss}


@program(LOOPS, of(6, "lstm", calls=12))
def sharpness_aware() -> list[Model]:
    """keras.io/examples/vision/sam: two passes for one step."""
    inputs = sequences()
    return fitted(Sharpness(inputs, layers.Dense(1)(lstm()(inputs))))
