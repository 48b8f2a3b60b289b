"""Programs whose models are built in unusual ways."""

from __future__ import annotations

from typing import Any

import keras

from .parts import (
    FEATURES,
    RATES,
    STEPS,
    UNITS,
    Model,
    Table,
    both,
    data,
    drop,
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

MODELS: Table = {}
ops = keras.ops


# ---------------------------------------------------------------- layers in layers


@program(MODELS, both(3, "sum") | both(3, "mul") | both(3, "ave") | both(3, "apart"))
def ways_to_merge() -> list[Model]:
    """Keras's guide "Working with RNNs": every way to join two directions."""
    inputs = sequences()
    joined = [
        layers.Bidirectional(lstm(), mode, name=mode)(inputs) for mode in ("sum", "mul", "ave")
    ]
    joined += layers.Bidirectional(lstm(), None, name="apart")(inputs)
    return fitted(keras.Model(inputs, layers.Dense(1)(layers.concatenate(joined))), epochs=1)


@program(MODELS, of(6, "two/forward_forth", "two/back"))
def another_way_back() -> list[Model]:
    """A Bidirectional of an LSTM forth and a GRU back."""
    back = gru(name="back", go_backwards=True)
    model = regression(layers.Bidirectional(lstm(name="forth"), backward_layer=back, name="two"))
    return fitted(model)


@program(MODELS, both(6, kind="rnn"))
def both_ways_of_a_cell() -> list[Model]:
    """A Bidirectional of a layer made of a cell."""
    inner = layers.RNN(layers.GRUCell(UNITS, **RATES), name="rnn")
    return fitted(regression(layers.Bidirectional(inner)))


class Minimal(layers.Layer):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.state_size, self.drop = UNITS, drop("inside")
        self.kernel = layers.Dense(UNITS, "tanh")

    def build(self, input_shape: Any) -> None:
        self.kernel.build((None, input_shape[-1] + UNITS))

    def call(self, x: Any, states: Any, training: Any = None) -> Any:
        h = self.kernel(ops.concatenate([self.drop(x, training=training), states[0]], axis=-1))
        return h, [h]


@program(MODELS, of(6, "lstm"), skipped=("own",))
def own_cell() -> list[Model]:
    """Keras's page on ``keras.layers.RNN``: a cell from nothing, below an LSTM."""
    return fitted(regression(layers.RNN(Minimal(), return_sequences=True, name="own"), lstm()))


class Normalised(layers.LSTMCell):  # type: ignore[misc]
    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.norm = layers.LayerNormalization()
        self.norm.build((None, UNITS))

    def call(self, x: Any, states: Any, training: Any = None) -> Any:
        h, states = super().call(x, states, training=training)
        h = self.norm(h)
        return h, [h, states[1]]


@program(MODELS, of(6, "own"), unlike=("own",))
def own_lstm_cell() -> list[Model]:
    """Ba et al. 2016: an LSTM's cell whose output is normalised."""
    return fitted(regression(layers.RNN(Normalised(UNITS, **RATES), name="own")))


@program(MODELS, of(6, "there", "back"), draws_more=True)
def one_cell_in_two_layers() -> list[Model]:
    """One cell that reads both ways, its weights shared."""
    cell, inputs = layers.LSTMCell(UNITS, **RATES), sequences()
    there = layers.RNN(cell, name="there")(inputs)
    back = layers.RNN(cell, name="back", go_backwards=True)(inputs)
    return fitted(keras.Model(inputs, layers.Dense(1)(layers.add([there, back]))))


@program(MODELS, of(6, "lstm"))
def in_a_lambda() -> list[Model]:
    """A layer used inside a Lambda, which its model does not know of."""
    hidden = lstm()
    hidden.build((None, STEPS, FEATURES))
    model = regression(layers.Lambda(lambda x: hidden(x), output_shape=(UNITS,)))  # noqa: PLW0108
    return [*fitted(model), hidden]


class Block(layers.Layer):  # type: ignore[misc]
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ways = {"low": [lstm(name="low", return_sequences=True), drop()]}
        self.high = [gru(name="high")]

    def build(self, input_shape: Any) -> None:
        self.ways["low"][0].build(input_shape)
        self.high[0].build((*input_shape[:-1], UNITS))

    def call(self, x: Any, training: Any = None) -> Any:
        for each in [*self.ways["low"], *self.high]:
            x = each(x, training=training)
        return x


@program(MODELS, of(6, "block/low", "block/drop", "block/high"))
def kept_in_lists() -> list[Model]:
    """Layers of a layer, kept in a list in a dictionary."""
    return fitted(regression(Block(name="block")))


@program(MODELS, of(6, "outer/middle/inner/lstm"))
def four_deep() -> list[Model]:
    """A model in a model in a model."""
    model = sequential(lstm(), name="inner")
    for name in ("middle", "outer"):
        inputs = sequences()
        model = keras.Model(inputs, model(inputs), name=name)
    return fitted(regression(model))


@program(MODELS, of(6, "inner/lstm", calls=12) | of(6, "inner/drop", calls=12))
def twice_in_a_model() -> list[Model]:
    """A model called twice inside another."""
    inner = sequential(lstm(return_sequences=True), drop(), name="inner")
    inputs = sequences()
    once = inner(inputs)
    again = inner(layers.Lambda(lambda x: -x)(inputs))
    return fitted(keras.Model(inputs, layers.Dense(1)(layers.add([once, again])[:, -1])))


# Two sentences in each of three batches.
@program(MODELS, of(3, "each/inner/lstm", calls=6))
def steps_told_by_the_data() -> list[Model]:
    """TimeDistributed over a number of steps that the model does not know, and the data do."""
    inner = sequential(lstm(unroll=True), name="inner")
    wrapped = layers.TimeDistributed(inner, name="each")
    first = keras.Input((None, STEPS, FEATURES))
    model = sequential(wrapped, layers.GlobalAveragePooling1D(), layers.Dense(1), first=first)
    return fitted(model, *data(20, 2, STEPS, FEATURES), epochs=1)


class Late(keras.Model):  # type: ignore[misc]
    def build(self, input_shape: Any) -> None:
        self.low, self.drop = lstm(name="low", return_sequences=True), drop()
        self.high, self.out = gru(name="high"), layers.Dense(1)
        self.low.build(input_shape)
        self.high.build((*input_shape[:-1], UNITS))
        self.out.build((None, UNITS))

    def call(self, x: Any, training: Any = None) -> Any:
        dropped = self.drop(self.low(x, training=training), training=training)
        return self.out(self.high(dropped, training=training))


@program(MODELS, of(6, "low", "drop", "high"))
def made_late() -> list[Model]:
    """Keras's guide "Making new layers": layers that are made in ``build``."""
    return fitted(Late())


# ---------------------------------------------------------------- arguments


@program(MODELS, of(6, "lstm", "drop", "above"), draws_more=True)
def always_dropping() -> list[Model]:
    """Gal & Ghahramani 2016: ``training=True`` written into the model, for doubt at inference."""
    inputs = sequences()
    read = lstm(return_sequences=True)(inputs, training=True)
    above = lstm(name="above")(drop()(read, training=True), training=True)
    model = keras.Model(inputs, layers.Dense(1)(above))
    fitted(model, validation_data=data())
    for _ in range(3):
        model.predict(data()[0], verbose=0)
    return [model]


# A functional model hands its own ``training`` to all that is in it, whatever was written
# there: the base drops all the same.
@program(MODELS, of(6, "base/lstm", "head"))
def base_at_rest() -> list[Model]:
    """Keras's guide "Transfer learning": a base that is called with ``training=False``."""
    base = sequential(lstm(return_sequences=True), name="base")
    base.trainable = False
    inputs = sequences()
    head = lstm(name="head")(base(inputs, training=False))
    return fitted(keras.Model(inputs, layers.Dense(1)(head)))


@program(MODELS, of(6, "low", "drop", "high"))
def one_mask_for_all_steps() -> list[Model]:
    """Dropout between layers with a ``noise_shape``, so that all steps share a mask."""
    between = layers.Dropout(0.4, noise_shape=(None, 1, UNITS), name="drop")
    low = lstm(name="low", return_sequences=True)
    return fitted(regression(low, between, lstm(name="high")))


@program(MODELS, of(6, "lstm"))
def regularised() -> list[Model]:
    """Every regulariser and constraint that a layer takes."""
    held = {f"{each}_regularizer": "l2" for each in ("kernel", "recurrent", "bias", "activity")}
    bound = {"recurrent_constraint": keras.constraints.MaxNorm(2.0)}
    return fitted(regression(lstm(**held, **bound, recurrent_initializer="glorot_uniform")))


@program(MODELS, of(6, "low", "high"))
def masks_go_on() -> list[Model]:
    """Masked steps give zeros, and the mask goes on to the layer above."""
    x, y = data()
    x[::3, 2:] = 0
    low = lstm(name="low", return_sequences=True, zero_output_for_mask=True)
    return fitted(regression(layers.Masking(), low, lstm(name="high")), x, y)


class Priced(layers.Layer):  # type: ignore[misc]
    def call(self, inputs: Any) -> Any:
        out, y = inputs
        self.add_loss(ops.mean((out[:, 0] - y) ** 2))
        return out


@program(MODELS, of(6, "lstm"))
def loss_in_a_layer() -> list[Model]:
    """Keras's guide "The Functional API": targets as an input, the loss in a layer."""
    inputs, target = sequences(), keras.Input(())
    model = keras.Model([inputs, target], Priced()([layers.Dense(1)(lstm()(inputs)), target]))
    model.compile("adam")
    return fitted(model, [*data()])
