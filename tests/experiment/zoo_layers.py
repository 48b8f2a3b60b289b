"""Layers that a student writes, and what makes them for the zoo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from .zoo_cells import Mask, Notes, ZooLSTMCell
from .zoo_truth import RATE, Factory, Layer, SiteTruth, Specimen, built, seeded, specimen

Tensor = Any
OF_A_CELL = ("use_bias", "activation", "recurrent_activation")  # options that a cell takes


class OwnLoop(keras.layers.Layer):  # type: ignore[misc]
    """A student's own loop over time, around a cell."""

    def __init__(
        self, units: int, masks: Sequence[Mask], seed: int, *, return_sequences: bool = True
    ) -> None:
        super().__init__()
        self.cell = ZooLSTMCell(units, masks, seed)
        self.return_sequences = return_sequences

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:  # noqa: ARG002
        self.cell.build((sequences_shape[0], sequences_shape[2]))

    def call(
        self,
        sequences: Tensor,
        initial_state: Any = None,
        mask: Tensor | None = None,
        training: bool = False,  # noqa: FBT001, FBT002
    ) -> Tensor:
        samples, steps = keras.ops.shape(sequences)[0], sequences.shape[1]
        state = initial_state or self.cell.get_initial_state(samples)
        out, outputs = state[0], []
        self.cell.get_dropout_mask(sequences[:, 0])
        for step in range(steps):
            self.cell.step = step
            new_out, new_state = self.cell.call(sequences[:, step], state, training=training)
            runs = True if mask is None else mask[:, step, None]
            out = keras.ops.where(runs, new_out, out)
            state = [keras.ops.where(runs, *pair) for pair in zip(new_state, state, strict=True)]
            outputs.append(out)
        self.cell.reset_dropout_mask()
        return keras.ops.stack(outputs, axis=1) if self.return_sequences else out


class GalTiedLSTM(keras.layers.LSTM):  # type: ignore[misc]
    """A subclass of ``keras.layers.LSTM`` with a loop and tied masks of its own.

    ``redrawn=True`` draws them inside the loop, which is the mistake.
    """

    def __init__(self, units: int, *, redrawn: bool = False, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.redrawn = redrawn
        self.notes = Notes()

    def call(
        self,
        sequences: Tensor,
        initial_state: Any = None,
        mask: Tensor | None = None,  # noqa: ARG002
        training: bool = False,  # noqa: FBT001, FBT002
    ) -> Tensor:
        samples = keras.ops.shape(sequences)[0]
        h, c = initial_state or self.get_initial_state(samples)
        outputs: list[Tensor] = []
        drawn: list[Tensor] = []
        for step in range(sequences.shape[1]):
            x = sequences[:, step]
            if training:
                drawn = self._drawn(x, h) if self.redrawn or not drawn else drawn
                x_seen, h_seen = x * drawn[0], h * drawn[1]
            else:
                x_seen, h_seen = x, h
            z = x_seen @ self.cell.kernel + h_seen @ self.cell.recurrent_kernel + self.cell.bias
            i, f, g, o = keras.ops.split(z, 4, axis=1)
            c = keras.ops.sigmoid(f) * c + keras.ops.sigmoid(i) * keras.ops.tanh(g)
            h = keras.ops.sigmoid(o) * keras.ops.tanh(c)
            outputs.append(h)
            self._note(drawn)
        return keras.ops.stack(outputs, axis=1) if self.return_sequences else h

    def _drawn(self, x: Tensor, h: Tensor) -> list[Tensor]:
        rates, seed = (self.dropout, self.recurrent_dropout), self.cell.seed_generator
        return [
            keras.random.dropout(keras.ops.ones_like(value), rate, seed=seed)
            for value, rate in zip((x, h), rates, strict=True)
        ]

    def _note(self, drawn: list[Tensor]) -> None:
        if self.notes.on:
            arrays = [np.array(keras.ops.convert_to_numpy(mask))[None] for mask in drawn]
            self.notes.steps.append(dict(zip(("input", "recurrent"), arrays, strict=False)))


class DropoutFirst(keras.layers.Layer):  # type: ignore[misc]
    """A dropout layer and an LSTM inside one layer."""

    def __init__(self, dropout: Any, units: int, seed: int, **kwargs: Any) -> None:
        super().__init__()
        self.dropout = dropout
        self.lstm = keras.layers.LSTM(units, **seeded(seed), **kwargs)
        self.return_sequences = self.lstm.return_sequences
        self.notes = Notes()

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:  # noqa: ARG002
        self.lstm.build(sequences_shape)

    def call(
        self,
        sequences: Tensor,
        initial_state: Any = None,
        mask: Tensor | None = None,
        training: bool = False,  # noqa: FBT001, FBT002
    ) -> Tensor:
        dropped = self.dropout(sequences, training=training)
        if self.notes.on:
            factors = np.array(keras.ops.convert_to_numpy(dropped / sequences)).round(5)
            self.notes.steps += [{"input": step[None]} for step in factors.swapaxes(0, 1)]
        return self.lstm(dropped, initial_state=initial_state, mask=mask, training=training)


class Wrapper(keras.layers.Layer):  # type: ignore[misc]
    """A cell around Keras's cell: Keras never resets the masks of the inner one."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell = cell
        self.state_size, self.output_size = cell.state_size, cell.output_size

    def build(self, input_shape: Any) -> None:
        self.cell.build(input_shape)

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        return self.cell(inputs, states, training=training)


def per_step(units: int, features: int, seed: int, **options: Any) -> Layer:
    """Keras's own Dropout before an LSTM: new masks at each step."""
    dropout = keras.layers.Dropout(RATE, seed=seed)
    options = {"return_sequences": True, **options}
    return built(DropoutFirst(dropout, units, seed, **options), features)


def per_sequence(units: int, features: int, seed: int, **options: Any) -> Layer:
    """Keras's own SpatialDropout1D before an LSTM: one mask a sequence."""
    dropout = keras.layers.SpatialDropout1D(RATE, seed=seed)
    options = {"return_sequences": True, **options}
    return built(DropoutFirst(dropout, units, seed, **options), features)


def wrapped(units: int, features: int, seed: int, **options: Any) -> Layer:
    """A wrapped LSTMCell."""
    rates = {"dropout": RATE, "recurrent_dropout": 0.3}
    cell = Wrapper(keras.layers.LSTMCell(units, **rates, **seeded(seed)))
    return built(keras.layers.RNN(cell, **{"return_sequences": True, **options}), features)


def gal_tied(**fixed: Any) -> Factory:
    """A student's subclass of ``keras.layers.LSTM``."""

    def make(units: int, features: int, seed: int, **options: Any) -> Layer:
        rates = {"dropout": RATE, "recurrent_dropout": 0.3, "return_sequences": True}
        layer = GalTiedLSTM(units, **seeded(seed), **{**rates, **fixed, **options})
        return built(layer, features)

    return make


def in_cell(*masks: Mask) -> Factory:
    """``keras.layers.RNN`` around a cell that masks so."""

    def make(units: int, features: int, seed: int, **options: Any) -> Layer:
        of_cell = {name: options.pop(name) for name in OF_A_CELL if name in options}
        cell = ZooLSTMCell(units, masks, seed, **of_cell, dtype=options.get("dtype"))
        return built(keras.layers.RNN(cell, **{"return_sequences": True, **options}), features)

    return make


def in_loop(*masks: Mask) -> Factory:
    """A student's own loop around a cell that masks so."""

    def make(units: int, features: int, seed: int, **options: Any) -> Layer:
        return built(OwnLoop(units, masks, seed, **options), features)

    return make


def one(mask: Mask, truth: SiteTruth, *args: Any, **kwargs: Any) -> Specimen:
    """A specimen with one mask, in a cell."""
    return specimen(in_cell(mask), [truth], *args, **kwargs)
