"""Programs that act: rewards instead of targets, and learning to learn."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .parts import (
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
)

AGENTS: Table = {}
Adam = keras.optimizers.Adam


def policy(name: str = "lstm") -> Model:
    return sequential(lstm(name=name), layers.Dense(3), first=keras.Input((None, FEATURES)))


# Acting is no training; each of two episodes is one batch.
@program(AGENTS, of(2, "lstm"), draws_more=True)
def reinforce() -> list[Model]:
    """Williams 1992: an episode is played, and what was done is made likelier by its reward."""
    model, optimizer, (x, _) = policy(), Adam(), data()
    for episode in x[:2]:
        done, rewards = [], []
        for step in range(STEPS):
            odds = model(episode[None, : step + 1], training=False)
            done.append(int((odds[0] + np.random.gumbel(size=3)).numpy().argmax()))  # noqa: NPY002
            rewards.append(float(episode[step, done[-1]]))

        def lost(episode: Any = episode, done: Any = done, rewards: Any = rewards) -> Any:
            # Each moment is a sequence of its own, filled up with zeros at its end.
            seen = episode * np.tri(STEPS, dtype="float32")[..., None]
            cross = tf.nn.sparse_softmax_cross_entropy_with_logits(done, model(seen, training=True))
            return tf.reduce_mean(cross * rewards)

        descend(optimizer, model.trainable_variables, lost)
    return [model]


# Two episodes of five steps, each episode in one tape.
@program(AGENTS, of(2, "gru", calls=2 * STEPS))
def actor_and_critic() -> list[Model]:
    """keras.io/examples/rl/actor_critic_cartpole, with a memory: a tape around an episode."""
    memory, heads, optimizer = gru(return_state=True), layers.Dense(4), Adam(0.01)
    memory.build((1, 1, FEATURES))
    heads.build((1, UNITS))
    mine = memory.trainable_variables + heads.trainable_variables

    def played(episode: Any) -> Any:
        state, loss = tf.zeros((1, UNITS)), 0.0
        for now in episode:
            read, state = memory(now[None, None], initial_state=state, training=True)
            out = heads(read)[0]
            act = int(tf.argmax(out[:3] + np.random.gumbel(size=3)))  # noqa: NPY002
            gain = float(now[act]) - out[3]
            loss += gain**2 - tf.stop_gradient(gain) * tf.nn.log_softmax(out[:3])[act]
        return loss

    for episode in data()[0][:2]:
        descend(optimizer, mine, lambda episode=episode: played(episode))  # type: ignore[misc]
    return [memory, heads]


@program(AGENTS, of(3, "online"), draws_more=True)
def deep_q() -> list[Model]:
    """Hausknecht & Stone 2015: a network that learns from a slower copy of itself."""
    online, target, optimizer = policy("online"), policy("target"), Adam()

    @tf.function  # type: ignore[untyped-decorator]
    def step(x: Any, reward: Any) -> None:
        worth = reward + 0.9 * tf.reduce_max(target(x[:, 1:], training=False), axis=1)
        descend(
            optimizer,
            online.trainable_variables,
            lambda: tf.reduce_mean((online(x[:, :-1], training=True)[:, 0] - worth) ** 2),
        )

    for x, y in parts(*data()):
        step(x, y)
        target.set_weights(online.get_weights())
    return [online, target]


# Old and new odds are compared four times for what was played once.
@program(AGENTS, of(4, "lstm"), draws_more=True)
def proximal() -> list[Model]:
    """keras.io/examples/rl/ppo_cartpole: several steps on what was played once."""
    model, optimizer, (x, y) = policy(), Adam(), data()
    acts = np.arange(len(x)) % 3
    before = tf.gather(tf.nn.log_softmax(model(x)), acts, batch_dims=1)

    @tf.function  # type: ignore[untyped-decorator]
    def step() -> None:
        def lost() -> Any:
            now = tf.gather(tf.nn.log_softmax(model(x, training=True)), acts, batch_dims=1)
            ratio = tf.exp(now - before)
            return -tf.reduce_mean(tf.minimum(ratio * y, tf.clip_by_value(ratio, 0.8, 1.2) * y))

        descend(optimizer, model.trainable_variables, lost)

    for _ in range(4):
        step()
    return [model]


@program(AGENTS, of(6, "lstm"))
def dreams() -> list[Model]:
    """Ha & Schmidhuber 2018: a mixture of what may come next."""

    def unlikely(y: Any, out: Any) -> Any:
        share, mean, spread = tf.split(out, 3, axis=-1)
        far = -(((y - mean) / tf.exp(spread)) ** 2) / 2 - spread
        return -tf.reduce_mean(tf.reduce_logsumexp(tf.nn.log_softmax(share) + far, axis=-1))

    model = sequential(lstm(return_sequences=True), layers.Dense(6))
    model.compile("adam", unlikely)
    x, _ = data()
    model.fit(x, x[..., :1], batch_size=8, epochs=2, verbose=0)
    return [model]


# Two tasks of two steps each; the move towards what was learned is made by no optimizer.
@program(AGENTS, of(4, "lstm"))
def learning_to_learn() -> list[Model]:
    """keras.io/examples/vision/reptile: a few steps on each task, a move towards its weights."""
    model, optimizer, (x, y) = regression(), keras.optimizers.SGD(0.05), data()
    for task in (1.0, -1.0):
        before = model.get_weights()
        for _ in range(2):
            descend(
                optimizer,
                model.trainable_variables,
                lambda task=task: error(model, x, task * y),  # type: ignore[misc]
            )
        moved = zip(before, model.get_weights(), strict=True)
        model.set_weights([old + 0.5 * (new - old) for old, new in moved])
    return [model]


@program(AGENTS, of(3, "reader", calls=6))
def predicted_codes() -> list[Model]:
    """van den Oord et al. 2018: the true future among the others of its batch."""
    code, reader, guess = layers.Dense(UNITS), gru(name="reader"), layers.Dense(UNITS)
    for each, width in ((code, FEATURES), (reader, UNITS), (guess, UNITS)):
        each.build((None, STEPS, width) if each is not guess else (None, width))
    mine = [v for each in (code, reader, guess) for v in each.trainable_variables]
    optimizer = Adam()

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(x: Any) -> None:
        with tf.GradientTape() as tape:
            codes, loss = code(x), 0.0
            for known in (3, 4):
                context = guess(reader(codes[:, :known], training=True))
                alike = tf.matmul(context, codes[:, known], transpose_b=True)
                truth = tf.range(tf.shape(x)[0])
                loss += tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(truth, alike))
        optimizer.apply(tape.gradient(loss, mine), mine)

    for x in parts(data()[0]):
        step(tf.constant(x))
    return [code, reader, guess]
