"""Programs on words, speech and pictures."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .parts import (
    BATCH,
    FEATURES,
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

TEXT: Table = {}
ops = keras.ops


def embedding(width: int = FEATURES, **kwargs: Any) -> Any:
    return layers.Embedding(WORDS, width, **kwargs)


def sentences() -> Any:
    return keras.Input((STEPS,))


# ---------------------------------------------------------------- one label a text


@program(TEXT, both(6) | both(6, "bidirectional_1"))
def sentiment() -> list[Model]:
    """keras.io/examples/nlp/bidirectional_lstm_imdb."""
    inside = [layers.Bidirectional(lstm(return_sequences=True)), layers.Bidirectional(lstm())]
    model = sequential(embedding(), *inside, layers.Dense(1, "sigmoid"), first=sentences())
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return fitted(model, words(), labels())


@program(TEXT, of(6, "spatial") | both(6, kind="gru"))
def toxic_comments() -> list[Model]:
    """Kaggle's toxic comments: channels of an embedding dropped, two poolings of a GRU."""
    inputs = sentences()
    dropped = layers.SpatialDropout1D(0.4, name="spatial")(embedding()(inputs))
    read = layers.Bidirectional(gru(return_sequences=True))(dropped)
    pooled = [layers.GlobalAveragePooling1D()(read), layers.GlobalMaxPooling1D()(read)]
    model = keras.Model(inputs, layers.Dense(1, "sigmoid")(layers.concatenate(pooled)))
    model.compile(keras.optimizers.Adam(clipvalue=0.5), "binary_crossentropy")
    return fitted(model, words(), labels())


@program(TEXT, of(6, "drop", "lstm"))
def convolutions_below() -> list[Model]:
    """Keras's former example imdb_cnn_lstm."""
    inside = [embedding(), drop(), layers.Conv1D(4, 2), layers.MaxPooling1D(2), lstm()]
    return fitted(sequential(*inside, layers.Dense(1), first=sentences()), words(), labels())


@program(TEXT, of(6, "lstm"))
def given_embedding() -> list[Model]:
    """keras.io/examples/nlp/pretrained_word_embeddings: vectors from elsewhere, not trained."""
    known = embedding(trainable=False, mask_zero=True)
    model = sequential(known, lstm(), layers.Dense(1), first=sentences())
    known.set_weights([data(WORDS, FEATURES)[0]])
    return fitted(model, words(), labels())


@program(TEXT, of(6, "lstm"))
def from_strings() -> list[Model]:
    """keras.io/examples/nlp/text_classification_from_scratch: words looked up in the pipeline."""
    texts = [f"word{number % 5} word{number % 3} again" for number in range(SAMPLES)]
    lookup = layers.TextVectorization(WORDS, output_sequence_length=STEPS)
    lookup.adapt(texts)
    pairs = tf.data.Dataset.from_tensor_slices((texts, labels())).batch(BATCH)
    pairs = pairs.map(lambda text, label: (lookup(text), label)).cache().prefetch(2)
    model = sequential(embedding(), lstm(), layers.Dense(1), first=sentences())
    return fitted(model, pairs, batch_size=None)


@program(TEXT, of(6, "lstm"))
def ragged() -> list[Model]:
    """TensorFlow's guide on ragged tensors: texts of many lengths, padded by batch."""
    lengths = np.arange(SAMPLES) % 4 + 2
    texts = tf.RaggedTensor.from_row_lengths(words(int(lengths.sum())), lengths)
    pairs = tf.data.Dataset.from_tensor_slices((texts, labels())).batch(BATCH)
    pairs = pairs.map(lambda text, label: (text.to_tensor(), label))
    inside = [embedding(mask_zero=True), lstm(), layers.Dense(1)]
    return fitted(sequential(*inside, first=keras.Input((None,))), pairs, batch_size=None)


# Ten texts of each length, in batches of 4, 4 and 2.
@program(TEXT, of(6, "lstm"))
def by_length() -> list[Model]:
    """Texts of like length in one batch, as ``bucket_by_sequence_length`` does."""
    texts = [words(2 + number % 2 * 2) for number in range(SAMPLES)]
    kind = tf.TensorSpec((None,), tf.int64), tf.TensorSpec((), tf.float32)
    pairs = tf.data.Dataset.from_generator(
        lambda: zip(texts, labels(), strict=True), output_signature=kind
    ).bucket_by_sequence_length(lambda text, _: tf.shape(text)[0], [3], [4, 4])
    inside = [embedding(mask_zero=True), lstm(), layers.Dense(1)]
    model = sequential(*inside, first=keras.Input((None,)))
    return fitted(model, pairs, batch_size=None, epochs=1)


@program(TEXT, of(6, "each/sentence/lstm", calls=12) | of(6, "document"))
def documents() -> list[Model]:
    """Yang et al. 2016: a model of sentences inside a model of documents."""
    sentence = sequential(embedding(), lstm(), first=sentences(), name="sentence")
    inside = [layers.TimeDistributed(sentence, name="each"), lstm(name="document"), layers.Dense(1)]
    return fitted(
        sequential(*inside, first=keras.Input((2, STEPS))), words(SAMPLES, 2, STEPS), labels()
    )


@program(TEXT, of(6, "story_drop", "question_drop", "story", "question", "answer"))
def story_and_question() -> list[Model]:
    """Keras's former example babi_rnn."""
    ins, read = [sentences(), sentences()], []
    for name, each in zip(("story", "question"), ins, strict=True):
        dropped = layers.Dropout(0.3, name=f"{name}_drop")(embedding()(each))
        read.append(lstm(name=name, return_sequences=name == "story")(dropped))
    both_read = layers.add([read[0], layers.RepeatVector(STEPS)(read[1])])
    model = keras.Model(ins, layers.Dense(WORDS, "softmax")(lstm(name="answer")(both_read)))
    model.compile("adam", "sparse_categorical_crossentropy")
    return fitted(model, [words(), words()[::-1]], words(SAMPLES))


@program(TEXT, of(6, "lstm"), skipped=("multi_head_attention/dropout",))
def attention_above() -> list[Model]:
    """Self-attention with dropout of its own, over an LSTM."""
    inputs = sentences()
    read = lstm(return_sequences=True)(embedding()(inputs))
    seen = layers.MultiHeadAttention(2, 2, dropout=0.2)(read, read)
    summed = layers.LayerNormalization()(layers.add([read, seen]))
    model = keras.Model(inputs, layers.Dense(1)(layers.GlobalAveragePooling1D()(summed)))
    return fitted(model, words(), labels())


# ---------------------------------------------------------------- a label for each word


@program(TEXT, both(6) | of(6, "drop"))
def tags() -> list[Model]:
    """Names in texts (Lample et al. 2016, without its last layer)."""
    read = layers.Bidirectional(lstm(return_sequences=True))
    inside = [embedding(mask_zero=True), read, drop(), layers.TimeDistributed(layers.Dense(3))]
    model = sequential(*inside, first=sentences())
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return fitted(model, words(), words() % 3)


@program(TEXT, both(3, "each/letters", calls=3 * STEPS) | both(3))
def letters_and_words() -> list[Model]:
    """Ma & Hovy 2016: the letters of each word beside the words."""
    spelt, said = keras.Input((STEPS, 3)), sentences()
    spelling = layers.Bidirectional(lstm(), name="letters")
    below = layers.TimeDistributed(spelling, name="each")(layers.Embedding(9, 2)(spelt))
    joined = layers.concatenate([below, embedding()(said)])
    read = layers.Bidirectional(lstm(return_sequences=True))(joined)
    model = keras.Model([spelt, said], layers.Dense(1)(read))
    return fitted(model, [words(SAMPLES, STEPS, 3), words()], words()[..., None], epochs=1)


class Chain(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.read, self.out = lstm(return_sequences=True), layers.Dense(3)
        self.moves = self.add_weight(shape=(3, 3), name="moves")

    def call(self, x: Any, training: Any = None) -> Any:
        return self.out(self.read(x, training=training))

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, *_: Any, **__: Any
    ) -> Any:
        del x
        total = y_pred[:, 0]
        for step in range(1, STEPS):
            total = ops.logsumexp(total[:, :, None] + self.moves, axis=1) + y_pred[:, step]
        gold = ops.sum(ops.one_hot(y, 3) * y_pred, axis=(1, 2))
        return ops.mean(ops.logsumexp(total, axis=1) - gold)


@program(TEXT, of(6, "lstm"))
def chain_of_tags() -> list[Model]:
    """A conditional random field as a loss of one's own."""
    model = Chain()
    model.compile("adam")
    return fitted(model, data()[0], words() % 3)


# ---------------------------------------------------------------- the next word


@program(TEXT, of(6, "lstm"), draws_more=True)
def letters() -> list[Model]:
    """keras.io/examples/generative/lstm_character_level_text_generation."""
    model = sequential(lstm(), layers.Dense(WORDS, "softmax"), first=sequences(WORDS))
    model.compile(keras.optimizers.RMSprop(0.01), "categorical_crossentropy")
    shown = np.eye(WORDS, dtype="float32")
    for _ in range(2):
        fitted(model, shown[words()], shown[words(SAMPLES)], epochs=1)
        text = [0] * STEPS
        for _ in range(3):
            odds = model.predict(shown[text[-STEPS:]][None], verbose=0)[0].astype("float64")
            text.append(int(np.random.multinomial(1, odds / odds.sum()).argmax()))  # noqa: NPY002
    return [model]


@program(TEXT, of(8, "low_drop", "low", "drop", "high", "high_drop"))
def penn_treebank() -> list[Model]:
    """Zaremba et al. 2014: two layers with state, Dropout below, between and above."""
    kinds = {"stateful": True, "return_sequences": True}
    model = sequential(
        *(embedding(), drop("low_drop"), lstm(name="low", **kinds), drop()),
        *(lstm(name="high", **kinds), drop("high_drop"), layers.Dense(WORDS, "softmax")),
        first=keras.Input((STEPS,), batch_size=5),
    )
    model.compile(keras.optimizers.SGD(1.0, clipnorm=5), "sparse_categorical_crossentropy")
    return fitted(model, words(), np.roll(words(), -1, axis=1), batch_size=5, shuffle=False)


class Tied(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.words, self.drop = embedding(UNITS), layers.SpatialDropout1D(0.3, name="drop")
        self.read = lstm(return_sequences=True)

    def call(self, x: Any, training: Any = None) -> Any:
        read = self.read(self.drop(self.words(x), training=training), training=training)
        return ops.matmul(read, ops.transpose(self.words.embeddings))


@program(TEXT, of(6, "drop", "lstm"))
def tied_weights() -> list[Model]:
    """Press & Wolf 2017: the embedding is the last layer too."""
    model = Tied()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return fitted(model, words(), np.roll(words(), -1, axis=1))


@program(TEXT, of(6, "forth", "back"))
def both_ways() -> list[Model]:
    """Peters et al. 2018: two language models, one of them backwards."""
    inputs = sentences()
    seen = embedding()(inputs)
    forth = lstm(name="forth", return_sequences=True)(seen)
    back = lstm(name="back", return_sequences=True, go_backwards=True)(seen)
    turned = layers.Lambda(lambda each: ops.flip(each, axis=1))(back)
    model = keras.Model(inputs, layers.Dense(WORDS)(layers.concatenate([forth, turned])))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return fitted(model, words(), words())
