"""Programs with several networks that play against each other, or together."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from .parts import (
    FEATURES,
    WORDS,
    Model,
    Table,
    data,
    descend,
    drop,
    error,
    fitted,
    labels,
    layers,
    lstm,
    of,
    parts,
    program,
    regression,
    sequences,
    sequential,
    words,
)

ADVERSARIES: Table = {}
Adam = keras.optimizers.Adam


def maker(name: str = "maker", **kwargs: Any) -> Model:
    return sequential(lstm(name=name, return_sequences=True), layers.Dense(FEATURES), **kwargs)


# ---------------------------------------------------------------- adversaries


class Gan(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.maker = maker(name="making")
        self.critic = regression(lstm(name="critic"), name="criticising")
        self.optimizers = Adam(), Adam()
        self.seeds = keras.random.SeedGenerator(2)

    def made(self, x: Any) -> Any:
        return self.maker(keras.random.normal(keras.ops.shape(x), seed=self.seeds), training=True)

    def train_step(self, data: Any) -> Any:
        made, cross = self.made(data), keras.ops.binary_crossentropy
        both, truth = tf.concat([made, data], 0), tf.repeat([[0.0], [1.0]], tf.shape(data)[0], 0)
        descend(
            self.optimizers[0],
            self.critic.trainable_variables,
            lambda: cross(truth, self.critic(both, training=True), from_logits=True),
        )
        ones = truth[tf.shape(data)[0] :]
        loss = descend(
            self.optimizers[1],
            self.maker.trainable_variables,
            lambda: cross(ones, self.critic(self.made(data), training=True), from_logits=True),
        )
        return {"loss": tf.reduce_mean(loss)}


# Each of three batches makes two steps. The first call of the maker, outside of every tape, is
# a look; both layers are called once more in the second step.
@program(ADVERSARIES, of(3, "sequential/making") | of(6, "criticising/critic"), draws_more=True)
def gan_in_train_step() -> list[Model]:
    """keras.io/examples/generative/dcgan_overriding_train_step, for sequences."""
    model = Gan()
    model.compile()
    return fitted(model, data()[0], epochs=1)


# A round is two steps of the critic of three calls each, and one of the maker.
@program(ADVERSARIES, of(6, "maker") | of(6, "critic", calls=14))
def wasserstein() -> list[Model]:
    """keras.io/examples/generative/wgan_gp: the slope of the critic is part of its loss."""
    make, critic = maker(), regression(lstm(name="critic", unroll=True))
    optimizers, (real, _) = (Adam(), Adam()), data()

    def criticised() -> Any:
        made = make(real[::-1], training=True)
        between = (made + real) / 2
        with tf.GradientTape() as tape:
            tape.watch(between)
            said = critic(between, training=True)
        steep = tf.reduce_mean((tf.norm(tape.gradient(said, between), axis=(1, 2)) - 1) ** 2)
        return tf.reduce_mean(critic(made, training=True) - critic(real, training=True)) + steep

    @tf.function  # type: ignore[untyped-decorator]
    def play() -> None:
        for _ in range(2):
            descend(optimizers[0], critic.trainable_variables, criticised)
        descend(
            optimizers[1],
            make.trainable_variables,
            lambda: -tf.reduce_mean(critic(make(real, training=True), training=True)),
        )

    for _ in range(2):
        play()
    return [make, critic]


# Three steps a round: to rebuild, to foresee, to make.
@program(
    ADVERSARIES,
    of(6, "embedder", "recovery") | of(4, "supervisor") | of(2, "maker"),
    draws_more=True,
)
def time_gan() -> list[Model]:
    """Yoon et al. 2019: four recurrent networks, trained in turn."""
    embedder, recovery = maker("embedder"), maker("recovery")
    supervisor, make = maker("supervisor"), maker("maker")
    optimizer, (x, _) = [Adam() for _ in range(3)], data()

    def far(a: Any, b: Any) -> Any:
        return tf.reduce_mean((a - b) ** 2)

    def through(*models: Model, x: Any = x) -> Any:
        for each in models:
            x = each(x, training=True)
        return x

    def foreseen() -> Any:
        code = through(embedder)
        ahead = through(supervisor, x=code)[:, :-1]
        return far(code[:, 1:], ahead) + far(through(recovery, x=code), x)

    def made() -> Any:
        code = through(make, supervisor, x=x[::-1])
        return far(code, embedder(x, training=True)) + far(recovery(code, training=True), x)

    for _ in range(2):
        mine = embedder.trainable_variables + recovery.trainable_variables
        descend(optimizer[0], mine, lambda: far(through(embedder, recovery), x))
        descend(optimizer[1], [*mine, *supervisor.trainable_variables], foreseen)
        descend(optimizer[2], make.trainable_variables, made)
    return [embedder, recovery, supervisor, make]


@program(ADVERSARIES, of(3, "lstm", calls=6))
def hostile_words() -> list[Model]:
    """Miyato et al. 2017: words moved to where the loss is worst, and read again."""
    seen, model, optimizer = layers.Embedding(WORDS, FEATURES), regression(), Adam()
    seen.build(())
    mine = model.trainable_variables + seen.trainable_variables

    @tf.function  # type: ignore[untyped-decorator]
    def step(x: Any, y: Any) -> None:
        with tf.GradientTape() as tape:
            given = seen(x)
            with tf.GradientTape() as inner:
                inner.watch(given)
                loss = error(model, given, y)
            moved = given + 0.1 * tf.sign(inner.gradient(loss, given))
            loss += error(model, tf.stop_gradient(moved), y)
        optimizer.apply(tape.gradient(loss, mine), mine)

    for x, y in parts(words(), labels()):
        step(tf.constant(x), y)
    return [seen, model]


@tf.custom_gradient  # type: ignore[untyped-decorator]
def turned(x: Any) -> Any:
    return tf.identity(x), lambda slope: -0.1 * slope


@program(ADVERSARIES, of(6, "lstm", "drop", "above"))
def domains_confused() -> list[Model]:
    """Ganin et al. 2016: one head's gradient is turned round."""
    inputs = sequences()
    read = lstm(name="above")(drop()(lstm(return_sequences=True)(inputs)))
    domain = layers.Dense(1, "sigmoid", name="domain")(layers.Lambda(turned)(read))
    model = keras.Model(inputs, [layers.Dense(1, name="value")(read), domain])
    model.compile("adam", ["mse", "binary_crossentropy"], loss_weights=[1.0, 0.3])
    return fitted(model, data()[0], [data()[1], labels()])


# Each of three batches is one step, in which each of the two is called twice.
@program(ADVERSARIES, of(3, "there", "back", calls=6))
def there_and_back() -> list[Model]:
    """Zhu et al. 2017: what is translated there and back is as it was."""
    there, back, optimizer = maker("there"), maker("back"), Adam()
    mine = there.trainable_variables + back.trainable_variables

    def lost(x: Any) -> Any:
        again = back(there(x, training=True), training=True)
        other = there(back(x, training=True), training=True)
        return tf.reduce_mean((again - x) ** 2 + (other - x) ** 2)

    for x in parts(data()[0]):
        descend(optimizer, mine, lambda x=x: lost(x))  # type: ignore[misc]
    return [there, back]
