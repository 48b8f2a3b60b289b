"""The first programs that call ``fit``."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .parts import (
    BATCH,
    FEATURES,
    RATES,
    SAMPLES,
    STEPS,
    UNITS,
    Model,
    Table,
    data,
    layers,
    lstm,
    program,
    regression,
)

FIRST: Table = {}

# ---------------------------------------------------------------- with fit


@program(FIRST, {"bidirectional/forward_lstm": (6, 6), "bidirectional/backward_lstm": (6, 6)})
def text() -> list[Model]:
    """Keras's guide "Masking and padding": words, an embedding that masks, two directions."""
    words = np.random.default_rng(0).integers(0, 9, (SAMPLES, STEPS))
    model = keras.Sequential(
        [
            keras.Input((STEPS,)),
            layers.Embedding(9, FEATURES, mask_zero=True),
            layers.Bidirectional(lstm()),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    model.fit(words, words.sum(1).astype("float32"), batch_size=BATCH, epochs=2, verbose=0)
    return [model]


@program(FIRST, {"lstm": (6, 6)})
def unknown_length() -> list[Model]:
    """A ``tf.data`` pipeline that filters, whose length Keras cannot know."""
    model = regression()
    pairs = tf.data.Dataset.from_tensor_slices(data()).filter(lambda x, y: y < 100)  # noqa: ARG005
    model.fit(pairs.batch(BATCH), epochs=2, shuffle=False, verbose=0)
    return [model]


@program(FIRST, {"lstm": (4, 4)}, draws_more=True)
def generator() -> list[Model]:
    """A Python generator, with steps_per_epoch and validation."""
    model = regression()
    x, y = data()

    def batches() -> Any:
        while True:
            for start in range(0, SAMPLES, BATCH):
                yield x[start : start + BATCH], y[start : start + BATCH]

    model.fit(
        batches(),
        steps_per_epoch=2,
        epochs=2,
        validation_data=(x, y),
        shuffle=False,
        verbose=0,
    )
    return [model]


@program(FIRST, {"lstm": (2, 2), "sequential#2/lstm": (2, 2), "sequential#3/lstm": (2, 2)})
def folds() -> list[Model]:
    """Cross-validation: a model of the same name for each fold."""
    x, y = data()
    trained = []
    for fold in range(3):
        keras.utils.clear_session()
        model = regression()
        kept = np.arange(SAMPLES) % 3 != fold
        model.fit(x[kept], y[kept], batch_size=BATCH, verbose=0)
        trained.append(model)
    return trained


@program(FIRST, {"lstm": (6, 12)})
def siamese() -> list[Model]:
    """Two questions through one encoder (Mueller & Thyagarajan 2016)."""
    encoder = lstm()
    left, right = keras.Input((STEPS, FEATURES)), keras.Input((STEPS, FEATURES))
    distance = layers.Subtract()([encoder(left), encoder(right)])
    model = keras.Model([left, right], layers.Dense(1)(distance))
    model.compile("adam", "mse")
    x, y = data()
    model.fit([x, x[::-1]], y, batch_size=BATCH, epochs=2, verbose=0)
    return [model]


@program(FIRST, {"lstm": (6, 6)})
def captions() -> list[Model]:
    """A picture's features begin a decoder's state (Vinyals et al. 2015)."""
    picture, words = keras.Input((UNITS,)), keras.Input((STEPS, FEATURES))
    model = keras.Model(
        [picture, words], layers.Dense(1)(lstm()(words, initial_state=[picture, picture]))
    )
    model.compile("adam", "mse")
    x, y = data()
    model.fit([x[:, 0, :1].repeat(UNITS, 1), x], y, batch_size=BATCH, epochs=2, verbose=0)
    return [model]


@program(FIRST, {"encoder": (6, 6), "decoder": (6, 6)})
def translation() -> list[Model]:
    """Encoder and decoder with teacher forcing (Keras's example lstm_seq2seq)."""
    source, target = keras.Input((STEPS, FEATURES)), keras.Input((STEPS, FEATURES))
    _, *states = lstm(name="encoder", return_state=True)(source)
    decoded = lstm(name="decoder", return_sequences=True)(target, initial_state=states)
    model = keras.Model([source, target], layers.Dense(1)(decoded))
    model.compile("adam", "mse")
    x, _ = data()
    model.fit([x, x], x[..., :1], batch_size=BATCH, epochs=2, verbose=0)
    return [model]


@program(FIRST, {"lstm": (8, 8)})
def stateful() -> list[Model]:
    """A long series in windows, the state carried on and reset between epochs."""
    model = keras.Sequential(
        [keras.Input((STEPS, FEATURES), batch_size=5), lstm(stateful=True), layers.Dense(1)]
    )
    model.compile("adam", "mse")
    x, y = data()
    for _ in range(2):
        model.fit(x, y, batch_size=5, shuffle=False, verbose=0)
        model.layers[0].reset_states()
    return [model]


@program(FIRST, {"lstm": (6, 6)})
def mixed_precision() -> list[Model]:
    """mixed_float16 with its scaled loss."""
    model = keras.Sequential(
        [keras.Input((STEPS, FEATURES)), lstm(dtype="mixed_float16"), layers.Dense(1)]
    )
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()), "mse")
    model.fit(*data(), batch_size=BATCH, epochs=2, verbose=0)
    return [model]


@program(FIRST, {"lstm": (6, 6)})
def accumulated() -> list[Model]:
    """Gradients of two batches for one step, in an optimizer that does so itself."""
    model = keras.Sequential(
        [
            keras.Input((STEPS, FEATURES)),
            layers.GRU(UNITS, go_backwards=True, name="lstm", **RATES),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(gradient_accumulation_steps=2), "mse")
    model.fit(*data(), batch_size=BATCH, epochs=2, verbose=0)
    return [model]


class WordByWord(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.decoder, self.out = lstm(return_state=True), layers.Dense(1)

    def call(self, x: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        states = None
        for step in range(STEPS):
            h, *states = self.decoder(
                x[:, step : step + 1], initial_state=states, training=training
            )
        return self.out(h)


@program(FIRST, {"lstm": (6, 6 * STEPS)})
def word_by_word() -> list[Model]:
    """A decoder that is called once a word (TensorFlow's tutorial on translation)."""
    model = WordByWord()
    model.compile("adam", "mse")
    model.fit(*data(), batch_size=BATCH, epochs=2, verbose=0)
    return [model]


class OwnStep(keras.Model):  # type: ignore[misc]
    def train_step(self, data: Any) -> Any:
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
        slopes = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(slopes, self.trainable_variables)
        return {"loss": loss}


@program(FIRST, {"lstm": (6, 6)})
def own_train_step() -> list[Model]:
    """Keras's guide "Customizing what happens in fit()"."""
    inputs = keras.Input((STEPS, FEATURES))
    model = OwnStep(inputs, layers.Dense(1)(lstm()(inputs)))
    model.compile("adam", "mse")
    model.fit(*data(), batch_size=BATCH, epochs=2, verbose=0)
    return [model]
