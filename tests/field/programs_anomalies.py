"""Programs on series: what is normal, what is likely, what is carried on."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from .parts import (
    FEATURES,
    SAMPLES,
    STEPS,
    UNITS,
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
    parts,
    program,
    sequences,
    sequential,
)

ANOMALIES: Table = {}
ops = keras.ops

# ---------------------------------------------------------------- what is normal


@program(ANOMALIES, of(6, "encoder", "drop", "decoder", "above"), draws_more=True)
def anomalies() -> list[Model]:
    """keras.io/examples/timeseries/timeseries_anomaly_detection, with LSTMs."""
    inside = [lstm(name="encoder"), drop(), layers.RepeatVector(STEPS)]
    above = [lstm(name="decoder", return_sequences=True), drop("above")]
    model = sequential(*inside, *above, layers.TimeDistributed(layers.Dense(FEATURES)))
    model.compile("adam", "mae")
    x, _ = data()
    fitted(model, x, x, epochs=1)
    wrong = np.abs(model.predict(x, verbose=0) - x).mean((1, 2))
    normal = x[np.argsort(wrong)[:17]]
    return fitted(model, normal, normal, epochs=1)


class Variational(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.two = lstm(name="encoder"), layers.Dense(4)
        self.decoder = lstm(name="decoder", return_sequences=True)
        self.out, self.seeds = layers.Dense(FEATURES), keras.random.SeedGenerator(1)

    def call(self, x: Any, training: Any = None) -> Any:
        mean, spread = ops.split(self.two(self.encoder(x, training=training)), 2, axis=-1)
        noise = keras.random.normal(ops.shape(mean), seed=self.seeds)
        self.add_loss(ops.mean(mean**2 + ops.exp(spread) - spread - 1))
        drawn = ops.repeat((mean + ops.exp(spread / 2) * noise)[:, None], STEPS, axis=1)
        return self.out(self.decoder(drawn, training=training))


@program(ANOMALIES, of(6, "encoder", "decoder"))
def variational() -> list[Model]:
    """Bowman et al. 2016; keras.io/examples/generative/vae with LSTMs."""
    return fitted(Variational(), data()[0], data()[0])


# ---------------------------------------------------------------- more than a number


@program(ANOMALIES, of(6, "lstm"))
def quantiles() -> list[Model]:
    """Three quantiles, each an output with a loss of its own."""

    def pinball(share: float) -> Any:
        return lambda y, out: ops.mean(ops.maximum(share * (y - out), (share - 1) * (y - out)))

    inputs = sequences()
    read = lstm()(inputs)
    shares = {"low": 0.1, "middle": 0.5, "high": 0.9}
    model = keras.Model(inputs, {name: layers.Dense(1, name=name)(read) for name in shares})
    model.compile("adam", {name: pinball(share) for name, share in shares.items()})
    x, y = data()
    return fitted(model, x, dict.fromkeys(shares, y[:, None]))


@program(ANOMALIES, of(6, "lstm"), draws_more=True)
def deep_autoregression() -> list[Model]:
    """Salinas et al. 2020: a mean and a spread for each moment, from what was before."""

    def unlikely(y: Any, out: Any) -> Any:
        mean, spread = out[..., :1], ops.softplus(out[..., 1:]) + 0.1
        return ops.mean(ops.log(spread) + ((y - mean) / spread) ** 2 / 2)

    begun, series = keras.Input((2,)), sequences(1)
    states = [layers.Dense(UNITS)(begun), layers.Dense(UNITS)(begun)]
    read = lstm(return_sequences=True)(series, initial_state=states)
    model = keras.Model([begun, series], layers.Dense(2)(read))
    model.compile("adam", unlikely)
    about, x = data(SAMPLES, 2)[0], data()[0]
    fitted(model, [about, x[..., :1]], x[..., 1:2])
    model.predict([about, x[..., :1]], verbose=0)
    return [model]


@program(ANOMALIES, of(6, "past", "future"), skipped=("multi_head_attention/dropout",))
def fusion() -> list[Model]:
    """Lim et al. 2021: what is fixed begins the states; past and future; attention above."""
    fixed, past, future = keras.Input((2,)), sequences(), sequences(2)
    begun = [layers.Dense(UNITS)(fixed), layers.Dense(UNITS)(fixed)]
    read, *states = lstm(name="past", return_sequences=True, return_state=True)(
        past, initial_state=begun
    )
    ahead = lstm(name="future", return_sequences=True)(future, initial_state=states)
    seen = layers.MultiHeadAttention(1, 2, dropout=0.1)(ahead, read)
    out = layers.Dense(1)(layers.LayerNormalization()(layers.add([ahead, seen])))
    x, _ = data()
    model = keras.Model([fixed, past, future], out)
    return fitted(model, [data(SAMPLES, 2)[0], x, x[..., :2]], x[..., :1])


@program(ANOMALIES, both(6))
def heartbeats() -> list[Model]:
    """Heartbeats: a convolution below, rare classes that weigh more."""
    below = [layers.Conv1D(4, 2, padding="causal"), layers.MaxPooling1D(2)]
    model = sequential(*below, layers.Bidirectional(lstm()), layers.Dense(1, "sigmoid"))
    model.compile("adam", "binary_crossentropy", metrics=["auc"])
    return fitted(model, data()[0], labels(), class_weight={0: 1.0, 1: 5.0})


# ---------------------------------------------------------------- state carried on


# Two epochs of four batches of 5.
@program(ANOMALIES, of(8, "lstm"), draws_more=True)
def another_batch_size() -> list[Model]:
    """Keras's former example lstm_stateful; then the weights in a model for one sequence."""

    def made(size: int) -> Model:
        first = keras.Input((STEPS, FEATURES), batch_size=size)
        model = sequential(lstm(stateful=True), layers.Dense(1), first=first)
        model.compile("adam", "mse")
        return model

    model, single = made(5), made(1)
    for _ in range(2):
        for x, y in parts(*data(), size=5):
            model.train_on_batch(x, y)
        model.layers[0].reset_states()
        single.set_weights(model.get_weights())
        single.predict(data()[0][:2], batch_size=1, verbose=0)
    return [model]


class Learned(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.read, self.out = gru(), layers.Dense(1)
        self.first = self.add_weight(shape=(1, UNITS), name="first")

    def call(self, x: Any, training: Any = None) -> Any:
        begun = ops.repeat(self.first, ops.shape(x)[0], axis=0)
        return self.out(self.read(x, initial_state=begun, training=training))


@program(ANOMALIES, of(6, "gru"))
def learned_first_state() -> list[Model]:
    """A first state that is learned."""
    return fitted(Learned())
