"""Programs with teachers and twins."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .parts import (
    Model,
    Table,
    data,
    descend,
    drop,
    error,
    fitted,
    gru,
    layers,
    lstm,
    of,
    parts,
    program,
    regression,
    sequential,
)

TEACHERS: Table = {}
Adam = keras.optimizers.Adam

# ---------------------------------------------------------------- teachers


class Distiller(keras.Model):  # type: ignore[misc]
    def __init__(self, teacher: Model, student: Model) -> None:
        super().__init__()
        self.teacher, self.student = teacher, student

    def train_step(self, data: Any) -> Any:
        x, y = data
        told = self.teacher(x, training=False)
        with tf.GradientTape() as tape:
            said = self.student(x, training=True)
            loss = tf.reduce_mean((said - told) ** 2) + tf.reduce_mean((said[:, 0] - y) ** 2)
        mine = self.student.trainable_variables
        self.optimizer.apply(tape.gradient(loss, mine), mine)
        return {"loss": loss}


@program(TEACHERS, of(3, "teacher") | of(6, "small/student"), draws_more=True)
def distilled() -> list[Model]:
    """keras.io/examples/vision/knowledge_distillation."""
    teacher = regression(lstm(name="teacher"), name="large")
    fitted(teacher, epochs=1)
    model = Distiller(teacher, regression(gru(name="student"), name="small"))
    model.compile("adam")
    return fitted(model)


# The teacher drops too, and no gradient is taken of it: where a layer has no other calls,
# those are recorded, each a batch of its own.
@program(TEACHERS, of(3, "student", "teacher"), draws_more=True)
def mean_teacher() -> list[Model]:
    """Tarvainen & Valpola 2017: the teacher is the student's mean, with dropout of its own."""
    student, teacher = regression(lstm(name="student")), regression(lstm(name="teacher"))
    optimizer = Adam()
    for x, y in parts(*data()):
        told = teacher(x, training=True)[:, 0]
        mine = student.trainable_variables
        descend(optimizer, mine, lambda x=x, y=y, told=told: error(student, x, (y + told) / 2))  # type: ignore[misc]
        for mean, now in zip(teacher.weights, student.weights, strict=True):
            mean.assign(0.9 * mean + 0.1 * now)
    return [student, teacher]


@program(TEACHERS, of(3, "lstm"), draws_more=True)
def told_while_the_tape_rests() -> list[Model]:
    """A guess with dropout on inside a tape that rests: ``tape.stop_recording``."""
    model, optimizer = regression(), Adam()
    for x, y in parts(*data()):
        with tf.GradientTape() as tape:
            with tape.stop_recording():
                told = model(x, training=True)[:, 0]
            loss = error(model, x, (y + told) / 2)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return [model]


# ---------------------------------------------------------------- twins


class Triplet(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.encoder = sequential(lstm(), name="encoder")

    def train_step(self, data: Any) -> Any:
        with tf.GradientTape() as tape:
            mine, like, unlike = (self.encoder(each, training=True) for each in data[0])
            near, far = tf.norm(mine - like, axis=1), tf.norm(mine - unlike, axis=1)
            loss = tf.reduce_mean(tf.maximum(near - far + 0.5, 0))
        mine = self.encoder.trainable_variables
        self.optimizer.apply(tape.gradient(loss, mine), mine)
        return {"loss": loss}


@program(TEACHERS, of(6, "encoder/lstm", calls=18))
def triplets() -> list[Model]:
    """keras.io/examples/vision/siamese_network, for sequences."""
    model = Triplet()
    model.compile("adam")
    x, _ = data()
    return fitted(model, (x, x + 0.1, x[::-1]), np.zeros(len(x)))


@program(TEACHERS, of(3, "lstm", "drop", calls=6))
def like_itself() -> list[Model]:
    """Gao et al. 2021: one batch twice, with other masks; each is most like itself."""
    model = sequential(lstm(return_sequences=True), drop(), layers.GlobalAveragePooling1D())
    optimizer = Adam()

    def unlike(x: Any) -> Any:
        once, again = model(x, training=True), model(x, training=True)
        alike = tf.matmul(once, again, transpose_b=True)
        truth = tf.range(tf.shape(x)[0])
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(truth, alike))

    for x in parts(data()[0]):
        descend(optimizer, model.trainable_variables, lambda x=x: unlike(x))  # type: ignore[misc]
    return [model]


@program(TEACHERS, of(2, "lstm", "sequential_2/lstm"))
def federated() -> list[Model]:
    """McMahan et al. 2017: copies learn apart, the mean of their weights goes on."""
    model, members = regression(), [regression(), regression()]
    x, y = data()
    for _ in range(2):
        for number, each in enumerate(members):
            each.set_weights(model.get_weights())
            each.train_on_batch(x[number::2], y[number::2])
        model.set_weights(
            [np.mean(w, 0) for w in zip(*(m.get_weights() for m in members), strict=True)]
        )
    return [model, *members]
