"""How far a state of an LSTM reaches: the last h by every state before it, in plain NumPy.

The derivatives of one step follow from its gates, states and masks, which ``dropviz.trace`` gives;
those over many steps are their products. ``tests/papers`` compares them with what automatic
differentiation finds of the real layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dropviz.core.gates import LSTM_GATES
from dropviz.core.trace_result import Trace
from dropviz.recording.find_layers import setting
from dropviz.recording.trace import trace

Array = NDArray[Any]

_SITES = {"recurrent", "cell"}  # of the masks that are known here


def derivatives(net: Any, x: Array, *, training: bool) -> Mapping[str, Array]:
    """The last h of a net by every state before it.

    Args:
        net: A built Keras model with one LSTM, called "lstm", whose masks are for h or for c.
        x: Inputs, shape (samples, steps, features).
        training: Whether its masks are on; each sequence has masks of its own.

    Returns:
        "h" and "c", each of shape (steps - 1, samples, units, units): dh_T/dh_{T-k} with c_{T-k}
        held, and dh_T/dc_{T-k} with h_{T-k} held, from k = 1.
    """
    opened = trace(net, x, training=training)
    cell = net.get_layer("lstm").cell
    masks = _masks(cell, opened, training=training)
    kernel = np.asarray(cell.recurrent_kernel, np.float64).reshape(cell.units, 4, cell.units)
    samples, steps, units = opened.h.shape
    # By the state (h, c) of some step; of the last step h is h itself.
    whole = np.broadcast_to(np.eye(units, 2 * units), (samples, units, 2 * units))
    found = []
    for step in range(steps - 1, 0, -1):
        whole = whole @ _of_one_step(opened, masks, kernel, step)
        found.append(whole)
    reach = np.asarray(found)
    return {"h": reach[..., :units], "c": reach[..., units:]}


def spectral(matrices: Array) -> Array:
    """The largest singular value of each matrix, a mean over samples.

    Args:
        matrices: Shape (lags, samples, units, units).

    Returns:
        Shape (lags,).
    """
    norms: Array = np.linalg.norm(matrices, ord=2, axis=(-2, -1)).mean(axis=1)
    return norms


def _masks(cell: Any, opened: Trace, *, training: bool) -> dict[str, Array]:
    """By site the masks, or what stands in for them; shape (steps, gates, samples, units)."""
    rules = [rule for rule in setting(cell).rules if rule.rate]
    unknown = {rule.site for rule in rules} - _SITES
    if unknown:
        raise NotImplementedError(f"no derivative is known here of masks for {sorted(unknown)}")
    if training:
        return {rule.site: opened.masks[rule.site].values[0] for rule in rules}
    return {rule.site: np.full((1, 1, 1, 1), rule.at_inference) for rule in rules}


def _of_one_step(opened: Trace, masks: Mapping[str, Array], kernel: Array, step: int) -> Array:
    """The state after a step by the state before it, shape (samples, 2 units, 2 units)."""
    gates = {name: np.asarray(opened.gates[name][:, step], np.float64) for name in LSTM_GATES}
    before, after = (opened.c[:, each].astype(np.float64) for each in (step - 1, step))
    memory = _at(masks, "cell", step, 0, after)
    # Each gate by h: its mask, the weights, and the slope of its activation.
    by_h = {
        name: _slope(name, values)[:, :, None]
        * (kernel[:, number].T * _at(masks, "recurrent", step, number, after)[:, None, :])
        for number, (name, values) in enumerate(gates.items())
    }
    c_by_h = memory[:, :, None] * (
        before[:, :, None] * by_h["f"]
        + gates["g"][:, :, None] * by_h["i"]
        + gates["i"][:, :, None] * by_h["g"]
    )
    c_by_c = _diagonal(memory * gates["f"])
    shown = np.tanh(after)
    passed = (gates["o"] * (1 - shown**2))[:, :, None]
    h_by_h = shown[:, :, None] * by_h["o"] + passed * c_by_h
    return np.block([[h_by_h, passed * c_by_c], [c_by_h, c_by_c]])


def _at(masks: Mapping[str, Array], site: str, step: int, gate: int, like: Array) -> Array:
    """The mask of a site at a step for a gate, shape (samples, units); ones where there is none."""
    if site not in masks:
        return np.ones_like(like)
    mask = masks[site]
    one = mask[min(step, len(mask) - 1), min(gate, mask.shape[1] - 1)]
    return np.broadcast_to(one, like.shape)


def _slope(gate: str, values: Array) -> Array:
    slope: Array = 1 - values**2 if gate == "g" else values * (1 - values)
    return slope


def _diagonal(values: Array) -> Array:
    diagonal: Array = values[:, :, None] * np.eye(values.shape[1])
    return diagonal
