"""What the oracle and Keras's own layers say about the layers of the zoo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
import numpy as np

from dropviz.core import oracle

from .zoo import ZOO
from .zoo_notes import Array, Call, Layer, Noted, by_site, called, parts, recurrent, run

STEPS, CALLS, SEED, PROVED = 3, 2, 5, 6


def oracle_outputs(
    layer: Layer, weights: list[Array], x: Array, states: list[Array], noted: Noted
) -> tuple[Array, list[Array]]:
    """What the oracle gives out, step by step, and the last states; sample by sample."""
    options = recurrent(layer)
    x = x[:, ::-1] if getattr(options, "go_backwards", False) else x
    passes = []
    for sample in range(len(x)):
        row = slice(sample, sample + 1)
        own = {p: m[:, :, row] if m.shape[2] > 1 else m for p, m in noted.items()}
        kernel, masks = _entries(weights, own)
        first = [state[row] for state in states]
        if len(states) == 2:
            passes.append(
                oracle.lstm([kernel, *weights[1:]], x[row], masks, h=first[0], c=first[1])
            )
        else:
            after = options.cell.reset_after
            passes.append(
                oracle.gru([kernel, *weights[1:]], x[row], masks, h=first[0], reset_after=after)
            )
    outputs = np.concatenate([each.outputs for each in passes])
    ends = [np.concatenate([each.h[:, -1] for each in passes])]
    return outputs, [*ends, np.concatenate([each.c[:, -1] for each in passes])][: len(states)]


def _entries(weights: list[Array], noted: Noted) -> tuple[Array, Noted]:
    """The kernel with its own masks in it, and the masks of all other sites."""
    units = weights[1].shape[0]
    product_h = noted.pop("product_h", None)
    # Masking unit k of h U is masking column k of U.
    columns = {"recurrent_kernel": np.tile(product_h, units)} if product_h is not None else {}
    masks = by_site({p: m for p, m in noted.items() if p not in ("input_kernel", "product_x")})
    kernel = weights[0]
    for place in ("input_kernel", "product_x"):
        if place in noted:
            values = noted[place]
            assert all(np.array_equal(values[0], each) for each in values)
            shape = (kernel.shape[0], units) if place == "input_kernel" else (1, units)
            kernel = kernel * np.concatenate([m.reshape(shape) for m in values[0]], axis=1)
    return kernel, {**masks, **columns}


def expected(layer: Layer, x: Array, states: list[Array], noted: list[Noted]) -> Any:
    """What the oracle says that ``run`` gives, from the notes of each part."""
    weights = layer.get_weights()
    each = parts(layer)
    outputs, ends = [], []
    for number, part in enumerate(each):
        own = [
            values[number * len(values) // len(each) : (number + 1) * len(values) // len(each)]
            for values in (weights, states)
        ]
        steps, last = oracle_outputs(part, own[0], x, own[1], noted[number])
        if not recurrent(part).return_sequences:
            outputs.append(steps[:, -1])
        else:
            outputs.append(steps[:, ::-1] if number else steps)
        ends += last
    return np.concatenate(outputs, axis=-1), ends


def constant(factors: Mapping[str, float], units: int, features: int) -> Noted:
    """Notes of a layer that multiplies whole sites with numbers."""
    widths = {"input": features, "recurrent_kernel": units**2, "input_kernel": features * units}
    return {
        site: np.full((1, 1, 1, widths.get(site, units)), factor)
        for site, factor in factors.items()
    }


@cache
def theirs(
    kind: str, units: int, features: int, samples: int, options: tuple[tuple[str, Any], ...]
) -> tuple[list[Array], Array]:
    """Weights of Keras's own layer without dropout, and its outputs for ``data``."""
    made = {"LSTM": keras.layers.LSTM, "GRU": keras.layers.GRU}.get(kind)
    layer = made(units, **dict(options)) if made else bidirectional(units, dict(options))
    layer.build((None, None, features))
    rng = np.random.default_rng(4)
    layer.set_weights([rng.normal(size=w.shape, scale=0.4) for w in layer.weights])
    first = first_states(1 if kind == "GRU" else 2 if made else 4, samples, units)
    out, _ = run(layer, data(samples, STEPS, features), first, training=False)
    return layer.get_weights(), out


def bidirectional(units: int, options: dict[str, Any]) -> Layer:
    return keras.layers.Bidirectional(keras.layers.LSTM(units, **options))


def data(samples: int, steps: int, features: int) -> Array:
    drawn = np.random.default_rng(1).normal(size=(samples, steps, features))
    return drawn.astype("float32")


def first_states(count: int, samples: int, units: int) -> list[Array]:
    drawn = np.random.default_rng(2).normal(size=(count, samples, units), scale=0.5)
    return list(drawn.astype("float32"))


@dataclass(frozen=True, eq=False)
class Facts:
    """What a specimen did.

    Attributes:
        training: Calls with masks.
        inference: A call without, as far as it leaves them out.
        wanted: What the oracle says about the first ``PROVED`` samples of the first call of
            ``training``.
        plain: What it says about them without masks.
        scaled: What it says about them at inference, from the truth's own factors.
        keras: What Keras's own layer with the same weights gives out at inference.
    """

    training: list[Call]
    inference: Call
    wanted: tuple[Array, list[Array]]
    plain: Array
    scaled: Array
    keras: Array


@cache
def facts(name: str) -> Facts:
    """Runs a specimen with the weights of Keras's own layer."""
    specimen = ZOO[name]
    narrow = any(
        t.same_over_units or (t.same_over_samples and "kernel" not in t.site)
        for t in specimen.sites.values()
    )
    units, features, samples = (80, 80, 80) if narrow else (8, 6, 32)
    layer = specimen.make(units, features, SEED)
    if not layer.built:
        layer.build((samples, None, features))
    both = parts(layer)
    own = recurrent(both[0])
    names = ("return_sequences", "return_state", "go_backwards")
    options = {name: getattr(own, name) for name in names if hasattr(own, name)}
    if specimen.kind == "GRU":
        options["reset_after"] = own.cell.reset_after
    options["use_bias"] = len(layer.weights) == 3 * len(both)
    kind = specimen.kind if len(both) == 1 else "bidirectional"
    weights, keras_out = theirs(kind, units, features, samples, tuple(options.items()))
    layer.set_weights(weights)
    x = data(samples, STEPS, features)
    first = first_states((1 if specimen.kind == "GRU" else 2) * len(both), samples, units)
    training = [called(layer, x, first, training=True) for _ in range(CALLS)]
    inference = called(layer, x, first, training=False)
    few = [state[:PROVED] for state in first]
    factors = {site: truth.at_inference for site, truth in specimen.sites.items()}
    scaled = constant({s: f for s, f in factors.items() if f != 1}, units, features)
    return Facts(
        training,
        inference,
        wanted=expected(layer, x[:PROVED], few, training[0].noted),
        plain=expected(layer, x[:PROVED], few, [{}, {}])[0],
        scaled=expected(layer, x[:PROVED], few, [scaled, scaled])[0],
        keras=keras_out,
    )
