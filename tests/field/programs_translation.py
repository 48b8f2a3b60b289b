"""Programs that turn one sequence into another, and programs on speech and pictures."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .parts import (
    FEATURES,
    RATES,
    SAMPLES,
    STEPS,
    UNITS,
    WORDS,
    Model,
    Table,
    both,
    data,
    drop,
    fitted,
    gru,
    labels,
    layers,
    lstm,
    of,
    program,
    sequences,
    sequential,
    words,
)

TRANSLATION: Table = {}
ops = keras.ops


@program(TRANSLATION, of(6, "encoder", "decoder"), draws_more=True)
def translation_and_use() -> list[Model]:
    """keras.io/examples/nlp/lstm_seq2seq: two models for use made of the trained layers."""
    source, target = sequences(), sequences()
    encoder, decoder = (
        lstm(name="encoder", return_state=True),
        lstm(name="decoder", return_sequences=True, return_state=True),
    )
    _, *states = encoder(source)
    decoded, *_ = decoder(target, initial_state=states)
    model = keras.Model([source, target], layers.Dense(1)(decoded))
    x, _ = data()
    fitted(model, [x, x], x[..., :1], epochs=1)
    given = [keras.Input((UNITS,)), keras.Input((UNITS,))]
    using = keras.Model([target, *given], decoder(target, initial_state=given))
    using.predict([x, *keras.Model(source, states).predict(x, verbose=0)], verbose=0)
    return fitted(model, [x, x], x[..., :1], epochs=1)


@program(TRANSLATION, both(6) | of(6, "decoder"))
def both_ways_to_decoder() -> list[Model]:
    """The four states of a Bidirectional joined into those of a wider decoder."""
    source, target = sequences(), sequences()
    _, *states = layers.Bidirectional(lstm(return_state=True))(source)
    begin = [layers.concatenate(states[::2]), layers.concatenate(states[1::2])]
    wide = layers.LSTM(2 * UNITS, return_sequences=True, name="decoder", **RATES)
    model = keras.Model([source, target], layers.Dense(1)(wide(target, initial_state=begin)))
    x, _ = data()
    return fitted(model, [x, x], x[..., :1])


@program(TRANSLATION, of(6, "encoder", "decoder"))
def luong() -> list[Model]:
    """Luong et al. 2015: attention between an encoder and a decoder."""
    source, target = keras.Input((STEPS,)), keras.Input((STEPS,))
    seen = [layers.Embedding(WORDS, FEATURES, mask_zero=True)(each) for each in (source, target)]
    read, *states = lstm(name="encoder", return_sequences=True, return_state=True)(seen[0])
    decoded = lstm(name="decoder", return_sequences=True)(seen[1], initial_state=states)
    found = layers.Attention(dropout=0.1)([decoded, read])
    model = keras.Model([source, target], layers.Dense(1)(layers.concatenate([decoded, found])))
    return fitted(model, [words(), words()[::-1]], words()[..., None].astype("float32"))


class Bahdanau(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.encoder = gru(name="encoder", return_sequences=True, return_state=True)
        self.decoder = gru(name="decoder", return_state=True)
        self.attention, self.out = layers.AdditiveAttention(), layers.Dense(1)

    def call(self, x: Any, training: Any = None) -> Any:
        read, state = self.encoder(x, training=training)
        outs = []
        for step in range(STEPS):
            found = self.attention([state[:, None], read])
            given = ops.concatenate([x[:, step : step + 1], found], axis=-1)
            out, state = self.decoder(given, initial_state=state, training=training)
            outs.append(self.out(out))
        return ops.stack(outs, axis=1)


@program(TRANSLATION, of(3, "encoder") | of(3, "decoder", calls=3 * STEPS))
def bahdanau() -> list[Model]:
    """TensorFlow's tutorial nmt_with_attention: the decoder asks anew at each word."""
    x, _ = data()
    return fitted(Bahdanau(), x, x[..., :1], epochs=1)


@program(TRANSLATION, of(6, "lstm", "lstm_1"), draws_more=True)
def addition() -> list[Model]:
    """keras.io/examples/nlp/addition_rnn: fitted epoch by epoch, with guesses between."""
    model = sequential(
        *(lstm(), layers.RepeatVector(3), lstm(name="lstm_1", return_sequences=True)),
        layers.Dense(WORDS, "softmax"),
        first=sequences(WORDS),
    )
    model.compile("adam", "categorical_crossentropy")
    x, y = np.eye(WORDS)[words()], np.eye(WORDS)[words(SAMPLES, 3)]
    for _ in range(2):
        fitted(model, x, y, epochs=1, validation_data=(x, y))
        model.predict(x[:1], verbose=0)
    return [model]


class Constants(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.read = lstm()
        self.tell = layers.LSTM(UNITS, return_sequences=True, name="tell", **RATES)

    def call(self, x: Any, training: Any = None) -> Any:
        about = self.read(x, training=training)
        wide = ops.repeat(about[:, None], STEPS, axis=1)
        return self.tell(ops.concatenate([x, wide], axis=-1), training=training)


@program(TRANSLATION, of(6, "lstm", "tell"))
def told_at_each_step() -> list[Model]:
    """A sequence's summary beside each of its steps."""
    x, _ = data()
    return fitted(Constants(), x, x[..., :1].repeat(UNITS, -1))


# ---------------------------------------------------------------- speech


@program(TRANSLATION, both(6, kind="gru") | both(6, "bidirectional_1", kind="gru") | of(6, "drop"))
def speech() -> list[Model]:
    """keras.io/examples/audio/ctc_asr: two layers, and a loss that aligns."""
    below, above = (layers.Bidirectional(gru(return_sequences=True)) for _ in range(2))
    model = sequential(below, drop(), above, layers.Dense(4))
    model.compile("adam", keras.losses.CTC())
    return fitted(model, data()[0], words(SAMPLES, 2) % 3 + 1)


@program(TRANSLATION, of(6, "lstm", "spatial", "gru"))
def padded_speech() -> list[Model]:
    """Utterances of many lengths, filled up with zeros that are masked."""
    x, y = data()
    for number, each in enumerate(x):
        each[2 + number % 4 :] = 0
    spatial = layers.SpatialDropout1D(0.3, name="spatial")
    inside = [layers.Masking(), lstm(return_sequences=True), spatial, gru()]
    return fitted(sequential(*inside, layers.Dense(1)), x, y)


# ---------------------------------------------------------------- pictures


@program(TRANSLATION, of(6, "picture_drop", "word_drop", "lstm"))
def merged_captions() -> list[Model]:
    """Tanti et al. 2017: a picture's features join after the words were read."""
    picture, said = keras.Input((6,)), keras.Input((STEPS,))
    seen = layers.Dense(UNITS, "relu")(drop("picture_drop")(picture))
    read = lstm()(drop("word_drop")(layers.Embedding(WORDS, FEATURES, mask_zero=True)(said)))
    model = keras.Model([picture, said], layers.Dense(WORDS)(layers.add([seen, read])))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return fitted(model, [data(SAMPLES, 6)[0], words()], words(SAMPLES))


@program(TRANSLATION, of(3, "each/rows", calls=12) | of(3, "columns"))
def rows_of_pictures() -> list[Model]:
    """Keras's former example mnist_hierarchical_rnn."""
    rows = layers.TimeDistributed(lstm(name="rows"), name="each")
    model = regression_of_pictures(rows, lstm(name="columns"))
    return fitted(model, data(SAMPLES, 4, 4, 1)[0], labels(), epochs=1)


def regression_of_pictures(*inside: Any) -> Model:
    return sequential(*inside, layers.Dense(1), first=keras.Input((4, 4, 1)))


@program(TRANSLATION, of(3, "lstm"))
def frames() -> list[Model]:
    """A small convolution over each frame, an LSTM over the frames."""
    seen = [layers.TimeDistributed(each) for each in (layers.Conv2D(2, 2), layers.Flatten())]
    model = sequential(*seen, lstm(), layers.Dense(1), first=keras.Input((STEPS, 4, 4, 1)))
    return fitted(model, data(SAMPLES, STEPS, 4, 4, 1)[0], labels(), epochs=1)


@program(TRANSLATION, of(6, "gru", "above", "drop"))
def frames_with_a_mask() -> list[Model]:
    """keras.io/examples/vision/video_classification: which frames are there is an input."""
    seen, there = sequences(), keras.Input((STEPS,), dtype="bool")
    read = gru(return_sequences=True)(seen, mask=there)
    model = keras.Model([seen, there], layers.Dense(1)(drop()(gru(name="above")(read))))
    lengths = np.arange(SAMPLES)[:, None] % 4 + 1
    return fitted(model, [data()[0], np.arange(STEPS) < lengths], labels())


@program(TRANSLATION, of(3, "lstm"), skipped=("images",))
def convolutions_that_recur() -> list[Model]:
    """keras.io/examples/vision/conv_lstm, with an LSTM above."""
    model = sequential(
        layers.ConvLSTM2D(2, 2, return_sequences=True, name="images", **RATES),
        *(layers.TimeDistributed(layers.Flatten()), lstm(), layers.Dense(1)),
        first=keras.Input((STEPS, 4, 4, 1)),
    )
    return fitted(model, data(SAMPLES, STEPS, 4, 4, 1)[0], labels(), epochs=1)


class Encoded(layers.Layer):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name="decoder")
        self.lstm, self.out = lstm(return_state=True), layers.Dense(FEATURES)

    def build(self, shape: Any) -> None:
        self.lstm.build(shape)
        self.out.build((None, UNITS))

    def compute_output_shape(self, shape: Any) -> Any:
        return shape  # so that Keras need not trace the loop to know

    @tf.function  # type: ignore[untyped-decorator]  # else Keras hides the loop from AutoGraph
    def call(self, x: Any, training: Any = None) -> Any:
        outs = tf.TensorArray(tf.float32, STEPS, element_shape=(None, FEATURES))
        given, h, c = x[:, :1], tf.zeros((tf.shape(x)[0], UNITS)), tf.zeros((tf.shape(x)[0], UNITS))
        for step in tf.range(STEPS):
            out, h, c = self.lstm(given, initial_state=[h, c], training=training)
            outs = outs.write(step, self.out(out))
            given = x[:, step][:, None]
        return tf.transpose(outs.stack(), (1, 0, 2))


@program(TRANSLATION, of(3, "decoder/lstm", calls=3 * STEPS))
def loop_in_the_graph() -> list[Model]:
    """TensorFlow's tutorial nmt_with_attention: ``for`` over ``tf.range``, one call in a loop."""
    x, _ = data()
    return fitted(sequential(Encoded()), x, x, epochs=1)
