"""Traps about what the two rates do, and do not do."""

from __future__ import annotations

from functools import partial

import keras
import numpy as np

from dropviz.traps.tools import (
    UNITS,
    Exhibit,
    Finding,
    apart,
    array,
    distinct,
    error_of,
    lstm,
    number,
    raised,
    seeded_arguments,
    sequences,
    watched,
)


def rate_one() -> Finding:
    """Rates of 1 in four kinds of layer."""
    x = sequences()
    figures: dict[str, float | str] = {}

    def measure(kind: str) -> None:
        layer = getattr(keras.layers, kind)(UNITS, **seeded_arguments(dropout=1.0, name="layer"))
        figures[kind] = apart(layer(x, training=True), layer(x))
        figures[f"{kind} from zeros"] = apart(layer(x, training=True), layer(0 * x))

    said = []
    for kind in ("LSTM", "GRU", "SimpleRNN"):
        if error := error_of(partial(measure, kind)):
            figures[kind] = f"raised {error}"
            said.append(f"`{kind}(dropout=1.0)` {figures[kind]}.")
            continue
        said.append(
            f"`{kind}(dropout=1.0)`: the outputs in training and at inference are "
            f"{figures[kind]:.3g} apart, and those of x and of zeros in training "
            f"{figures[f'{kind} from zeros']:.3g}."
        )

    def drop() -> None:
        dropped = keras.layers.Dropout(1.0, seed=4, name="dropout")(x, training=True)
        figures["Dropout"] = float(np.abs(array(dropped)).max())

    if error := error_of(drop):
        figures["Dropout"] = f"raised {error}"
        said.append(f"`Dropout(1.0)` {figures['Dropout']}.")
    else:
        said.append(f"The largest output of `Dropout(1.0)` is {figures['Dropout']:.3g}.")
    holds = figures["LSTM"] == figures["GRU"] == 0 and figures["LSTM from zeros"] != 0
    return Finding(holds, " ".join(said), figures)


def rates_clamped() -> Finding:
    """Rates outside [0, 1]."""
    read: dict[str, float | str] = {}

    def make() -> None:
        layer = lstm(dropout=2, recurrent_dropout=-1)
        read["dropout"] = float(layer.dropout)
        read["recurrent_dropout"] = float(layer.recurrent_dropout)

    read["LSTM"] = raised(error_of(make))
    read["Dropout"] = raised(error_of(lambda: keras.layers.Dropout(1.5, seed=4, name="dropout")))
    became = (
        f" The layer's rates are {read['dropout']} and {read['recurrent_dropout']}."
        if "dropout" in read
        else ""
    )
    said = (
        f"`LSTM(dropout=2, recurrent_dropout=-1)` {read['LSTM']}.{became} "
        f"`keras.layers.Dropout(1.5)` {read['Dropout']}."
    )
    holds = read.get("dropout") == 1 and read.get("recurrent_dropout") == 0
    return Finding(holds, said, read)


def tiny_recurrent_dropout() -> Finding:
    """The masks of the input, without and with a recurrent rate of next to nothing."""
    x = sequences()
    outputs, counts, zeros = [], [], []
    for rate in (0.0, 1e-9):
        layer = lstm(dropout=0.5, recurrent_dropout=rate)
        seen, recurrent = watched(layer.cell), watched(layer.cell, "recurrent")
        outputs.append(array(layer(x, training=True)))
        counts.append(distinct(seen[-1]))
        zeros.append(int(sum((mask == 0).sum() for mask in recurrent)))
    change = apart(*outputs)
    said = (
        f"`LSTM(dropout=0.5)` used {counts[0]} input mask for its 4 gates. With "
        f"`recurrent_dropout=1e-9` it used {counts[1]}, and dropped {zeros[1]} entries of "
        f"h_(t-1). The outputs of one seed are {number(change)} apart."
    )
    evidence = {"masks": counts[0], "masks with 1e-9": counts[1], "outputs apart": change}
    return Finding(counts[1] > counts[0], said, evidence)


def one_step() -> Finding:
    """A high recurrent rate over one step, over two, and over one with a state."""

    def change(steps: int, *, state: bool = False) -> float:
        layer, x = lstm(recurrent_dropout=0.9), sequences(steps=steps)
        first = [np.ones((len(x), UNITS), "float32")] * 2 if state else None
        return apart(layer(x, initial_state=first, training=True), layer(x, initial_state=first))

    one, two, given = change(1), change(2), change(1, state=True)
    said = (
        "`LSTM(recurrent_dropout=0.9)`: training changed the output by "
        f"{number(one)} over 1 step, by {number(two)} over 2 steps, and by "
        f"{number(given)} over 1 step from a given initial state."
    )
    evidence = {"1 step": one, "2 steps": two, "1 step from a state": given}
    return Finding(one == 0 and two > 0, said, evidence)


def output_not_masked() -> Finding:
    """Zeros in what a layer hands on."""
    layer = lstm(dropout=0.5, recurrent_dropout=0.5, return_sequences=True)
    after = keras.layers.Dropout(0.5, seed=4, name="dropout")
    outputs = array(layer(sequences(64), training=True))
    zeros = float((outputs == 0).mean())
    masked = float((array(after(outputs, training=True)) == 0).mean())
    said = (
        f"{zeros:.1%} of {outputs.size:,} outputs of "
        "`LSTM(dropout=0.5, recurrent_dropout=0.5)` were 0. After one more "
        f"`Dropout(0.5)` layer, {masked:.1%} were."
    )
    return Finding(zeros == 0, said, {"zeros": zeros, "zeros after Dropout": masked})


def spatial_dropout_twin() -> Finding:
    """``dropout`` beside two layers in front of a plain LSTM, all with one seed."""
    x = sequences()
    inside = lstm(dropout=0.5)(x, training=True)
    spatial = keras.layers.SpatialDropout1D(0.5, seed=4, name="spatial")
    plain = keras.layers.Dropout(0.5, seed=4, name="dropout")
    twin = apart(inside, lstm()(spatial(x, training=True), training=True))
    other = apart(inside, lstm()(plain(x, training=True), training=True))
    said = (
        "The outputs of `LSTM(dropout=0.5, seed=4)` and of "
        f"`SpatialDropout1D(0.5, seed=4)` before a plain LSTM are {number(twin)} apart. "
        f"With `Dropout(0.5, seed=4)` instead they are {number(other)} apart."
    )
    evidence = {"SpatialDropout1D": twin, "Dropout": other}
    return Finding(twin == 0 and other > 0, said, evidence)


EXHIBITS = (
    Exhibit(
        name="rate-one",
        title="A rate of 1 drops nothing in an LSTM or a GRU",
        expect="`dropout=1.0` drops every input.",
        why=(
            "The cells apply a mask only if `training and 0.0 < self.dropout < 1.0` "
            "(keras/src/layers/rnn/lstm.py, keras/src/layers/rnn/gru.py). SimpleRNN applies "
            "whatever mask there is. Where a backend takes all steps in one operation (cuDNN on a "
            "GPU; a GRU on JAX, both on PyTorch), the layer tests `if training and self.dropout:` "
            "instead, so that a rate of 1 drops all there."
        ),
        advice="Give rates below 1, such as 0.9.",
        measure=rate_one,
    ),
    Exhibit(
        name="rates-clamped",
        title="An LSTM takes rates above 1 and below 0 without a word",
        expect="A rate outside 0 to 1 is an error, as it is for `keras.layers.Dropout`.",
        why=(
            "`self.dropout = min(1.0, max(0.0, dropout))` in keras/src/layers/rnn/lstm.py. "
            "Trap rate-one tells what a rate of 1 does then."
        ),
        advice=(
            "Check the rates before they reach the layer. `dropout=20`, meant as 20 %, becomes 1.0."
        ),
        measure=rates_clamped,
    ),
    Exhibit(
        name="tiny-recurrent-dropout",
        title="Any recurrent_dropout unties the masks of the input",
        expect="`recurrent_dropout` changes what happens to h_(t-1) and leaves x_t alone.",
        why=(
            "`if self.recurrent_dropout != 0.0:` sets `self.implementation = 1`, which draws "
            "one mask for each gate (keras/src/layers/rnn/lstm.py): tied masks become untied."
        ),
        advice=(
            "Do not compare `recurrent_dropout=0` with small rates as if one thing changed. "
            "`RNN(LSTMCell(..., implementation=1))` has untied input masks for both."
        ),
        measure=tiny_recurrent_dropout,
    ),
    Exhibit(
        name="one-step",
        title="Over one time step, recurrent_dropout does nothing",
        expect="`recurrent_dropout=0.9` changes the output in training.",
        why=(
            "The mask multiplies h_(t-1), and h_0 is zeros: `get_initial_state` in "
            "keras/src/layers/rnn/lstm.py. The first step of every sequence is so."
        ),
        advice=(
            "Check that the axis of time is the second one and longer than 1. An input of "
            "shape (1, 28) has one step of 28 features."
        ),
        measure=one_step,
    ),
    Exhibit(
        name="output-not-masked",
        title="dropout does not mask what the layer hands on",
        expect="A layer with `dropout` drops some of its outputs.",
        why=(
            "The masks multiply x_t and h_(t-1) on their way into the gates, and nothing "
            "after: `h = o * self.activation(c)` in keras/src/layers/rnn/lstm.py."
        ),
        advice=(
            "Put a `Dropout` layer after the LSTM for the site output, or give the layer "
            "above a `dropout` of its own."
        ),
        measure=output_not_masked,
    ),
    Exhibit(
        name="spatial-dropout-twin",
        title="dropout is a SpatialDropout1D in front of the layer, not a Dropout",
        expect="`LSTM(dropout=p)` is a `Dropout(p)` layer followed by a plain LSTM.",
        why=(
            "The mask lives for a whole sequence: `dp_mask = ops.expand_dims(dp_mask, axis=1)` "
            "in keras/src/layers/rnn/lstm.py repeats it over the steps, as SpatialDropout1D "
            "does. A Dropout layer draws a new mask for each step."
        ),
        advice=(
            "Choose by the life of the mask: `dropout=` or `SpatialDropout1D` for the "
            "sequence, a `Dropout` layer for the step."
        ),
        measure=spatial_dropout_twin,
    ),
)
