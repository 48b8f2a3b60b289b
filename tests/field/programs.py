"""Programs in the manner of what people write: each trains, and gives its models back.

They are our own, small, and follow what is named beside each. None knows dropviz.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

Model = Any
layers = keras.layers

SAMPLES, STEPS, FEATURES, UNITS, BATCH = 20, 5, 3, 4, 8
RATES: dict[str, float] = {"dropout": 0.3, "recurrent_dropout": 0.2}


def data(*shape: int) -> tuple[Any, Any]:
    """Sequences, and a target for each."""
    x = np.random.default_rng(0).normal(size=shape or (SAMPLES, STEPS, FEATURES))
    return x.astype("float32"), x.sum(axis=(1, 2)).astype("float32")


def lstm(**kwargs: Any) -> Any:
    return layers.LSTM(UNITS, **(RATES | {"name": "lstm"} | kwargs))


def regression(*inside: Any) -> Model:
    model = keras.Sequential(
        [keras.Input((STEPS, FEATURES)), *(inside or [lstm()]), layers.Dense(1)]
    )
    model.compile("adam", "mse")
    return model


def stepping(model: Model, optimizer: Any, **kwargs: Any) -> Callable[[Any, Any], Any]:
    """A hand-written, compiled step, as in Keras's guide "Writing a training loop"."""

    @tf.function(**kwargs)  # type: ignore[untyped-decorator]
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True)[:, 0] - y) ** 2)
        slopes = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(slopes, model.trainable_variables, strict=True))
        return loss

    return step  # type: ignore[no-any-return]


# ---------------------------------------------------------------- with fit


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


def unknown_length() -> list[Model]:
    """A ``tf.data`` pipeline that filters, whose length Keras cannot know."""
    model = regression()
    pairs = tf.data.Dataset.from_tensor_slices(data()).filter(lambda x, y: y < 100)  # noqa: ARG005
    model.fit(pairs.batch(BATCH), epochs=2, shuffle=False, verbose=0)
    return [model]


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


def mixed_precision() -> list[Model]:
    """mixed_float16 with its scaled loss."""
    model = keras.Sequential(
        [keras.Input((STEPS, FEATURES)), lstm(dtype="mixed_float16"), layers.Dense(1)]
    )
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()), "mse")
    model.fit(*data(), batch_size=BATCH, epochs=2, verbose=0)
    return [model]


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


def own_train_step() -> list[Model]:
    """Keras's guide "Customizing what happens in fit()"."""
    inputs = keras.Input((STEPS, FEATURES))
    model = OwnStep(inputs, layers.Dense(1)(lstm()(inputs)))
    model.compile("adam", "mse")
    model.fit(*data(), batch_size=BATCH, epochs=2, verbose=0)
    return [model]


# ---------------------------------------------------------------- with loops of one's own


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


def compiled_loop() -> list[Model]:
    """A compiled step that meets a smaller last batch."""
    model = regression()
    x, y = data()
    step = stepping(model, keras.optimizers.Adam())
    for start in range(0, SAMPLES, BATCH):
        step(x[start : start + BATCH], y[start : start + BATCH])
    return [model]


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


def looked_at() -> list[Model]:
    """Training between predictions with dropout on, as an estimate of doubt does."""
    model = regression()
    x, y = data()
    for start in range(0, SAMPLES, BATCH):
        model.train_on_batch(x[start : start + BATCH], y[start : start + BATCH])
        for _ in range(3):
            model(x, training=True)
    return [model]


@dataclass(frozen=True)
class Program:
    """A program, and what a recording must say of it.

    Attributes:
        run: Trains, and gives the trained models back.
        batches: By layer, as the recording names it: its batches, and its calls in them.
    """

    run: Callable[[], list[Model]]
    batches: dict[str, tuple[int, int]]


PROGRAMS: dict[str, Program] = {
    each.run.__name__: each
    for each in (
        Program(
            text,
            {"bidirectional/forward_lstm": (6, 6), "bidirectional/backward_lstm": (6, 6)},
        ),
        Program(unknown_length, {"lstm": (6, 6)}),
        Program(generator, {"lstm": (4, 4)}),
        Program(folds, {"lstm": (2, 2), "sequential/lstm": (2, 2), "sequential/lstm#2": (2, 2)}),
        Program(siamese, {"lstm": (6, 12)}),
        Program(captions, {"lstm": (6, 6)}),
        Program(translation, {"encoder": (6, 6), "decoder": (6, 6)}),
        Program(stateful, {"lstm": (8, 8)}),
        Program(mixed_precision, {"lstm": (6, 6)}),
        Program(accumulated, {"lstm": (6, 6)}),
        Program(word_by_word, {"lstm": (6, 6 * STEPS)}),
        Program(own_train_step, {"lstm": (6, 6)}),
        Program(eager_loop, {"lstm": (3, 3)}),
        Program(compiled_loop, {"lstm": (3, 3)}),
        Program(forced_by_a_coin, {"lstm": (4, 4)}),
        # A round is two steps: the critic is called twice in the first, once in the second.
        Program(adversaries, {"maker": (6, 6), "critic": (6, 9)}),
        Program(summed_by_hand, {"lstm": (2, 4)}),
        Program(looked_at, {"lstm": (3, 3)}),
    )
}
