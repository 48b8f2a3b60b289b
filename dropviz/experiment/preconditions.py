"""Whether a layer can be put to the experiment at all: its steps must be those of the oracle."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

import numpy as np

from dropviz.errors import DropvizError
from dropviz.experiment.harness import Harness
from dropviz.experiment.probe import Probe

_FAR = 40.0  # where tanh stands at its end
_SHUT = -4.0  # closes i so far that what is added is small
_AT = (-40.0, 0.0, 1.0, 2.0)  # where a gate is asked: shut, and three places that tell
_GENTLE = 0.01  # so small that what comes of it is straight
_CLOSE = 0.015  # hard_sigmoid is 0.04 away from sigmoid, and float16 rounds by 0.003
_TRIES = 8  # a call in which all was dropped says nothing
_COARSE = "bfloat16"


def check_fit(harness: Harness) -> None:
    """Refuses a layer whose masks could not be read off its outputs.

    Whatever scales x, h, c or the output at inference leaves what is compared here.

    Args:
        harness: The layer.

    Raises:
        DropvizError: If it rounds too coarsely, is a GRU without a bias, or its
            activations are not sigmoid and tanh.
    """
    name = harness.layer.name
    if str(getattr(harness.layer, "compute_dtype", "")) == _COARSE:
        raise DropvizError(
            f"{name!r} computes in {_COARSE}, whose three digits are too few to tell masks apart. "
            "Build it in float32, mixed_float16 or float64 to explain it."
        )
    if harness.kind == "GRU" and harness.bias is None:
        raise DropvizError(
            f"{name!r} is a GRU without a bias, whose gates cannot be heard one by one. "
            "Build it with use_bias=True to explain it."
        )
    for activation, usual, fits in (
        ("recurrent_activation", "sigmoid", _sigmoid),
        ("activation", "tanh", _tanh),
        # These are heard through the candidate.
        ("recurrent_activation", "sigmoid", _sigmoid_inside),
    ):
        if not fits(harness):
            raise DropvizError(
                f"{name!r} does not compute the steps of {'an' if harness.kind == 'LSTM' else 'a'} "
                f"{harness.kind} with {activation}={usual!r}, which the experiment needs to read "
                "masks off its outputs. Build it so to explain it."
            )


def refuse_other_steps(harness: Harness, what: str) -> NoReturn:
    """Refuses a layer that was found to compute otherwise, once it was listened to.

    Args:
        harness: The layer.
        what: What it does, as in "adds its old h".

    Raises:
        DropvizError: Always.
    """
    raise DropvizError(
        f"{harness.layer.name!r} {what}: it does not compute the steps of "
        f"{'an LSTM' if harness.kind == 'LSTM' else 'a GRU'}, which the experiment needs to read "
        "masks off its outputs."
    )


def _out(harness: Harness, probe: Probe) -> float:
    """What the readers give out at inference: the value farthest from zero."""
    for _ in range(_TRIES):
        out = harness.run(probe, training=False).ravel()
        if out.any():
            return float(out[np.argmax(np.abs(out))])
    return 0.0


def _lifted(harness: Harness, *gates: float) -> Probe:
    """A probe that drives the gates: by bias, or by x where there is none."""
    row = (*gates, *[0.0] * (len(harness.gates) - len(gates)))
    return Probe(b=row) if harness.bias is not None else Probe(wx=row)


def _sigmoid(harness: Harness) -> bool:
    """Whether the gate o, in a GRU the gate z, is a sigmoid."""
    # z keeps what was, and lets in 1 - z of what comes.
    probes = [
        replace(_lifted(harness, 0.0, 0.0, 0.0, a), c=1.0)
        if harness.kind == "LSTM"
        else _lifted(harness, -a, 0.0, 1.0)
        for a in (0.0, 1.0, 2.0)
    ]
    return _like_sigmoid(harness, [_out(harness, probe) for probe in probes])


def _sigmoid_inside(harness: Harness) -> bool:
    """Whether the gates i and f, in a GRU the gate r, are each a sigmoid of its own.

    A GRU whose r multiplies h before the kernel (reset_after=False) is not asked for its r.
    """
    if harness.kind == "LSTM":
        gates = [[_lifted(harness, a, 0.0, _GENTLE) for a in _AT], _forgetting(harness)]
    elif harness.reset_bias:
        gates = [[replace(_lifted(harness, 0.0, a), reset=_GENTLE) for a in _AT]]
    else:
        gates = []
    return all(_fits(harness, probes) for probes in gates)


def _forgetting(harness: Harness) -> list[Probe]:
    return [replace(_lifted(harness, 0.0, a), c=_GENTLE) for a in _AT]


def _fits(harness: Harness, probes: list[Probe]) -> bool:
    """Whether a gate goes from shut to open as a sigmoid does; so where chance acts, too."""
    for each in probes:
        first, again = (harness.run(each, training=False) for _ in range(2))
        if not np.array_equal(first, again):
            return True
    # What stays of the memory by zoneout at inference is there with the gate shut.
    shut, *outs = (_out(harness, each) for each in probes)
    return _like_sigmoid(harness, [out - shut for out in outs])


def _like_sigmoid(harness: Harness, outs: list[float]) -> bool:
    """Whether three outputs are to each other as a sigmoid at 0, 1 and 2, or at twice that."""
    if not outs[0]:
        return False
    half, one, two = (out / outs[0] / 2 for out in outs)
    if not half < one < 1:
        return False
    # x may be scaled: how much a weight of 1 does tells what one of 2 must do.
    scaled = np.log(one / (1 - one)) if harness.bias is None else 1.0
    return bool(abs(two * (1 + np.exp(-2 * scaled)) - 1) < _CLOSE)


def _tanh(harness: Harness) -> bool:
    """Whether the candidate, and c on its way out, go through tanh.

    Without a bias only its ends are compared: what scales x is not known.
    """
    shut = _SHUT if harness.kind == "LSTM" else 0.0
    far, farther, below = (
        _out(harness, _lifted(harness, shut, 0.0, a)) for a in (_FAR, 2 * _FAR, -_FAR)
    )
    fits = _alike(far, farther) and _alike(far, -below)
    if fits and harness.bias is not None:
        fits = _alike(_out(harness, _lifted(harness, shut, 0.0, 0.5)), far * np.tanh(0.5))
    if fits and harness.kind == "LSTM":
        full, fuller = (_out(harness, Probe(c=5 * a)) for a in (_FAR, 2 * _FAR))
        fits = _alike(full, fuller) and _alike(full, -_out(harness, Probe(c=-5 * _FAR)))
    return fits


def _alike(one: float, other: float) -> bool:
    return bool(np.isfinite([one, other]).all() and one and abs(other / one - 1) < _CLOSE)
