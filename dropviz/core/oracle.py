"""The LSTM and the GRU in plain NumPy, step by step, with any method's masks.

Written from the equations (Hochreiter & Schmidhuber 1997; Cho et al. 2014; the masks as in
``dropviz.core.methods``) in double precision, apart from Keras, so that an agreement with
a layer proves that the masks are the ones it used, and where.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dropviz.core.gates import GRU_GATES, LSTM_GATES
from dropviz.core.masks import Array
from dropviz.errors import DropvizError

Activation = Callable[[Any], Any]
Masks = Mapping[str, Array]  # by site: (steps, gates, samples, units), 1 where shared


@dataclass(frozen=True, eq=False)
class Pass:
    """One forward pass, opened up; every array is (samples, steps, units).

    Attributes:
        outputs: What the layer gives out at each step.
        gates: By name the gates, and the candidate under "g".
        h: The state h after each step.
        c: The state c after each step; that of a GRU is its h.
    """

    outputs: Array
    gates: Mapping[str, Array]
    h: Array
    c: Array


def sigmoid(a: Array) -> Array:
    """The logistic function, for large arguments too."""
    value: Array = 0.5 * (1 + np.tanh(0.5 * a))
    return value


ACTIVATIONS: Mapping[str, Activation] = {
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "linear": lambda a: a,
    "relu": lambda a: np.maximum(a, 0),
    # keras/src/activations/activations.py: relu6(x + 3) / 6
    "hard_sigmoid": lambda a: np.clip(a / 6 + 0.5, 0, 1),
}


def lstm(
    weights: Sequence[Array],
    x: Array,
    masks: Masks | None = None,
    *,
    h: Array | None = None,
    c: Array | None = None,
    keep: Array | None = None,
    zero_skipped: bool = False,
    activation: Activation = np.tanh,
    recurrent_activation: Activation = sigmoid,
) -> Pass:
    """Runs an LSTM.

    Args:
        weights: Kernel (features, 4 units), recurrent kernel (units, 4 units) and, if
            any, bias (4 units), gates in Keras's order i f g o.
        x: Inputs, shape (samples, steps, features), in the order in which they act.
        masks: By site what multiplies there, shape (steps, gates, samples, units) with 1
            where shared; none by default. Sites are those of
            ``dropviz.core.sites.SITES``, and "carried": c_{t-1} before the update.
        h: Initial h, shape (samples, units); zero by default.
        c: Initial c, likewise.
        keep: Shape (samples, steps), False at steps to skip (Keras's ``mask``).
        zero_skipped: Whether skipped steps give out zeros (Keras's
            ``zero_output_for_mask``) and not the output of the step before.
        activation: Of the candidate and of c.
        recurrent_activation: Of the gates.

    Returns:
        The pass.

    Raises:
        DropvizError: If the weights have other shapes or are not finite.
    """

    def step(at: _Step, x_t: Array, h: Array, c: Array) -> tuple[Array, Array, list[Array]]:
        i, f, g, o = (at.gate(gate, x_t, h) for gate in range(4))
        i, f, o = (recurrent_activation(a) for a in (i, f, o))
        g = activation(g)
        new_c = f * at.times("carried", c) + i * at.times("candidate", g)
        new_c = at.times("cell", new_c)
        new_h = at.zoned("hidden_update", o * activation(new_c), h)
        return new_h, at.zoned("cell_update", new_c, c), [i, f, g, o]

    return _run(step, _Weights(weights, LSTM_GATES), x, masks or {}, (h, c), keep, zero_skipped)


def gru(
    weights: Sequence[Array],
    x: Array,
    masks: Masks | None = None,
    *,
    h: Array | None = None,
    keep: Array | None = None,
    zero_skipped: bool = False,
    activation: Activation = np.tanh,
    recurrent_activation: Activation = sigmoid,
    reset_after: bool = True,
) -> Pass:
    """Runs a GRU.

    Args:
        weights: Kernel (features, 3 units), recurrent kernel (units, 3 units) and, if
            any, bias (3 units) or (2, 3 units), gates in Keras's order z r g.
        x: Inputs, shape (samples, steps, features), in the order in which they act.
        masks: By site what multiplies there; "carried" is h_{t-1} as it goes into the
            new h, which keras#20276 masked in place.
        h: Initial h, shape (samples, units); zero by default.
        keep: Shape (samples, steps), False at steps to skip (Keras's ``mask``).
        zero_skipped: Whether skipped steps give out zeros, as for ``lstm``.
        activation: Of the candidate.
        recurrent_activation: Of the gates.
        reset_after: Whether r multiplies after the recurrent kernel (Keras's default).

    Returns:
        The pass.

    Raises:
        DropvizError: If the weights have other shapes or are not finite.
    """

    def step(at: _Step, x_t: Array, h: Array, _c: Array) -> tuple[Array, Array, list[Array]]:
        z, r = (recurrent_activation(at.gate(gate, x_t, h)) for gate in range(2))
        if reset_after:
            candidate = at.inputs(2, x_t) + r * at.recurrent(2, h)
        else:
            candidate = at.inputs(2, x_t) + at.recurrent(2, h, r)
        g = activation(candidate)
        new_h = z * at.times("carried", h) + (1 - z) * at.times("candidate", g)
        new_h = at.zoned("hidden_update", at.times("cell", new_h), h)
        return new_h, new_h, [z, r, g]

    return _run(step, _Weights(weights, GRU_GATES), x, masks or {}, (h, None), keep, zero_skipped)


class _Weights:
    """Weights in double precision, checked, a matrix for each gate."""

    def __init__(self, weights: Sequence[Array], gates: tuple[str, ...]) -> None:
        kernel, recurrent = (np.asarray(w, np.float64) for w in weights[:2])
        self.gates = gates
        self.units = recurrent.shape[0]
        width = len(gates) * self.units
        bias = np.asarray(weights[2] if len(weights) > 2 else np.zeros(width), np.float64)  # noqa: PLR2004
        shapes = [tuple(w.shape) for w in (kernel, recurrent, bias)]
        fits = kernel.ndim == 2 and kernel.shape[1] == recurrent.shape[-1] == width  # noqa: PLR2004
        if not fits or bias.shape not in ((width,), (2, width)):
            raise DropvizError(
                f"The weights do not fit together. Expected (features, {width}), "
                f"({self.units}, {width}) and ({width},). Received: {shapes}."
            )
        for name, value in (("kernel", kernel), ("recurrent kernel", recurrent), ("bias", bias)):
            if not np.isfinite(value).all():
                bad = int(np.count_nonzero(~np.isfinite(value)))
                raise DropvizError(
                    f"The weights must be finite. Received: {bad} of {value.size} values of "
                    f"the {name} are NaN or infinite. Train with a smaller learning rate, or "
                    "set other weights."
                )
        self.kernel = np.split(kernel, len(gates), axis=1)
        self.recurrent = np.split(recurrent, len(gates), axis=1)
        both = bias if bias.ndim == 2 else np.stack([bias, np.zeros(width)])  # noqa: PLR2004
        self.bias, self.recurrent_bias = (np.split(each, len(gates)) for each in both)


class _Step:
    """The weights and masks of one time step."""

    def __init__(self, weights: _Weights, masks: Masks, step: int) -> None:
        self._weights = weights
        self._masks = {site: m[min(step, len(m) - 1)] for site, m in masks.items()}

    def times(self, site: str, value: Array, gate: int = 0) -> Array:
        if site not in self._masks:
            return value
        masks = self._masks[site]
        mask = masks[min(gate, len(masks) - 1)]
        product: Array = value * (mask.reshape(value.shape) if site == "recurrent_kernel" else mask)
        return product

    def zoned(self, site: str, new: Array, old: Array) -> Array:
        if site not in self._masks:
            return new
        mask = self._masks[site][0]
        mixed: Array = mask * new + (1 - mask) * old
        return mixed

    def inputs(self, gate: int, x: Array) -> Array:
        w = self._weights
        product: Array = self.times("input", x, gate) @ w.kernel[gate] + w.bias[gate]
        return product

    def recurrent(self, gate: int, h: Array, reset: Array | float = 1.0) -> Array:
        w = self._weights
        kernel = self.times("recurrent_kernel", w.recurrent[gate], gate)
        product: Array = reset * self.times("recurrent", h, gate) @ kernel + w.recurrent_bias[gate]
        return product

    def gate(self, gate: int, x: Array, h: Array) -> Array:
        return self.inputs(gate, x) + self.recurrent(gate, h)


_StepFunction = Callable[[_Step, Array, Array, Array], tuple[Array, Array, list[Array]]]


def _run(
    step: _StepFunction,
    weights: _Weights,
    x: Array,
    masks: Masks,
    states: tuple[Array | None, Array | None],
    keep: Array | None,
    zero_skipped: bool,  # noqa: FBT001
) -> Pass:
    samples, steps, _ = x.shape
    zero = np.zeros((samples, weights.units))
    h_t, c_t = (zero if s is None else np.asarray(s, np.float64) for s in states)
    out = zero
    rows: list[list[Array]] = []
    for t in range(steps):
        at = _Step(weights, masks, t)
        new_h, new_c, gates = step(at, np.asarray(x[:, t], np.float64), h_t, c_t)
        runs = np.ones((samples, 1), bool) if keep is None else keep[:, t, np.newaxis]
        # Keras repeats the output of the step before a skipped one, unless it is asked for
        # zeros, as in a Bidirectional that returns sequences.
        out = np.where(runs, at.times("output", new_h), zero if zero_skipped else out)
        h_t, c_t = np.where(runs, new_h, h_t), np.where(runs, new_c, c_t)
        rows.append([out, h_t, c_t, *gates])
    stacked = [np.stack(each, axis=1) for each in zip(*rows, strict=True)]
    named = dict(zip(weights.gates, stacked[3:], strict=True))
    return Pass(outputs=stacked[0], gates=named, h=stacked[1], c=stacked[2])
