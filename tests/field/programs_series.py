"""Programs on series: windows, and several layers."""

from __future__ import annotations

from typing import Any

import keras

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
    fitted,
    gru,
    layers,
    lstm,
    of,
    program,
    regression,
    sequences,
    sequential,
)

SERIES: Table = {}
ops = keras.ops


# ---------------------------------------------------------------- windows


# Windows of 9 of 40 moments begin at 32 places: four batches of 8, in each of two epochs.
@program(SERIES, of(8, "lstm"), draws_more=True)
def weather() -> list[Model]:
    """keras.io/examples/timeseries/timeseries_weather_forecasting."""
    series, _ = data(40, FEATURES)
    how = {"sequence_length": STEPS, "sampling_rate": 2, "batch_size": BATCH}
    windows = keras.utils.timeseries_dataset_from_array(series, series[8:, 0], **how)
    stop = keras.callbacks.EarlyStopping(patience=5)
    return fitted(regression(), windows, batch_size=None, validation_data=windows, callbacks=[stop])


@program(SERIES, of(6, "lstm"))
def several_steps_at_once() -> list[Model]:
    """TensorFlow's tutorial time_series: the next moments in one shot."""
    head = [layers.Dense(2 * FEATURES), layers.Reshape((2, FEATURES))]
    x, _ = data()
    return fitted(sequential(lstm(), *head), x, x[:, :2])


class FeedBack(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.cell = layers.LSTMCell(UNITS, name="cell", **RATES)
        self.warm = layers.RNN(self.cell, return_state=True, name="warm")
        self.out = layers.Dense(FEATURES)

    def call(self, x: Any, training: Any = None) -> Any:
        h, *states = self.warm(x, training=training)
        guesses = [self.out(h)]
        for _ in range(2):
            h, states = self.cell(guesses[-1], states, training=training)
            guesses.append(self.out(h))
        self.cell.reset_dropout_mask()
        self.cell.reset_recurrent_dropout_mask()
        return ops.stack(guesses, axis=1)


@program(SERIES, of(6, "warm"), skipped=("cell",), draws_more=True)
def fed_back() -> list[Model]:
    """TensorFlow's tutorial time_series: a layer warms up, its cell goes on alone."""
    x, _ = data()
    return fitted(FeedBack(), x, x[:, :3])


class Change(keras.Model):  # type: ignore[misc]
    def __init__(self, inner: Model) -> None:
        super().__init__()
        self.inner = inner

    def call(self, x: Any, training: Any = None) -> Any:
        return x + self.inner(x, training=training)


@program(SERIES, of(6, "inner/lstm"))
def residual() -> list[Model]:
    """TensorFlow's tutorial time_series: only the change is predicted."""
    inner = sequential(lstm(return_sequences=True), layers.Dense(FEATURES), name="inner")
    return fitted(Change(inner), data()[0], data()[0])


# Of 8, 12 and 16 windows: one, two and two batches.
@program(SERIES, of(5, "lstm"), draws_more=True)
def walked_forward() -> list[Model]:
    """Validation that walks forward: fitted on all that is past, tried on what follows."""
    model = regression()
    x, y = data()
    for known in (8, 12, 16):
        fitted(model, x[:known], y[:known], epochs=1, shuffle=False)
        model.predict(x[known : known + 4], verbose=0)
    return [model]


@program(SERIES, of(4, "lstm"))
def as_they_come() -> list[Model]:
    """Learning from one sequence at a time, of any length."""
    model = sequential(lstm(), layers.Dense(1), first=keras.Input((None, FEATURES)))
    model.compile(keras.optimizers.SGD(0.01), "mse")
    x, y = data()
    for number, length in enumerate((5, 3, 4, 3)):
        model.train_on_batch(x[number : number + 1, :length], y[number : number + 1])
    return [model]


# ---------------------------------------------------------------- several layers


@program(SERIES, of(6, "lstm", "gru", "rnn"))
def mixed_stack() -> list[Model]:
    """Three kinds over each other: plain, backwards, unrolled."""
    rnn = layers.SimpleRNN(UNITS, unroll=True, name="rnn", **RATES)
    middle = gru(go_backwards=True, return_sequences=True, reset_after=False)
    return fitted(regression(lstm(return_sequences=True), middle, rnn))


@program(SERIES, of(6, "cells/lstm_cell", "cells/gru_cell", "cells/simple_rnn_cell"))
def stacked_cells() -> list[Model]:
    """Keras's guide "Working with RNNs": cells stacked in one layer."""
    kinds = layers.LSTMCell, layers.GRUCell, layers.SimpleRNNCell
    return fitted(regression(layers.RNN([kind(UNITS, **RATES) for kind in kinds], name="cells")))


@program(SERIES, of(6, "first", "second", "third"))
def a_head_for_each_variable() -> list[Model]:
    """Each variable of a series through a layer of its own."""
    inputs = [sequences(1) for _ in range(3)]
    names = ("first", "second", "third")
    heads = [lstm(name=name)(each) for name, each in zip(names, inputs, strict=True)]
    model = keras.Model(inputs, layers.Dense(1)(layers.concatenate(heads)))
    x, y = data()
    return fitted(model, [x[..., :1], x[..., 1:2], x[..., 2:]], y)


# A layer is called once a batch, for the nodes of all samples: 20 graphs in batches of 8.
class OverNodes(layers.Layer):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name="graph")
        self.mixed, self.lstm = layers.Dense(2), lstm()

    def build(self, input_shape: Any) -> None:
        self.mixed.build((None, input_shape[-1]))
        self.lstm.build((None, STEPS, 2))

    def call(self, x: Any, training: Any = None) -> Any:
        mixed = self.mixed(ops.transpose(x, (0, 2, 1, 3)))
        flat = ops.reshape(mixed, (-1, STEPS, 2))
        return ops.reshape(self.lstm(flat, training=training), (-1, 3, UNITS))


@program(SERIES, of(6, "graph/lstm"))
def traffic() -> list[Model]:
    """keras.io/examples/timeseries/timeseries_traffic_forecasting: nodes become samples."""
    model = sequential(OverNodes(), layers.Dense(1), first=keras.Input((STEPS, 3, 1)))
    return fitted(model, data(SAMPLES, STEPS, 3, 1)[0], data(SAMPLES, 3, 1)[0])
