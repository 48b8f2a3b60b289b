"""Judges the second assignment, Unnamed layers: an experiment, on layers that nobody has seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from dropviz.homework.asked_layer import AskedLayer
from dropviz.homework.frames import Array, Frame, Kind
from dropviz.homework.report import Check
from dropviz.homework.sandbox import Child, RefusedError, said
from dropviz.methods.lstm import LSTM

METHODS = ("keras", "gal-tied", "moon", "semeniuta", "zoneout", "weight-drop")
POINTS = 2  # for each method
_EACH = 2  # layers of each
_FEATURES, _UNITS, _RATES = (3, 4, 5, 6), (4, 6, 8), (0.3, 0.4, 0.5)
_SAMPLES, _STEPS, _CALLS = 512, 32, 60
_STATES = 2
_OTHER = "another name"

Identify = Callable[[AskedLayer], str]


class NothingNamedError(Exception):
    """An experiment did not come to a name for one layer; the message says why, as a clause."""


@dataclass(frozen=True)
class Unnamed:
    """A layer that is to be named.

    Attributes:
        method: What it is.
        features: Inputs at each step.
        units: Its units.
        rate: Its drop rate.
        seed: Where its random stream begins.
    """

    method: str
    features: int
    units: int
    rate: float
    seed: int


@dataclass(frozen=True)
class _Named:
    """What a layer is, what it was called ("" for nothing), and why nothing where that is known."""

    truth: str
    name: str
    why: str = ""


def unnamed_layers(seed: int) -> list[Unnamed]:
    """Draws the layers: two of each method, in no order.

    Args:
        seed: Of an answer, out of the teacher's key; at least 0.

    Returns:
        The same each time.
    """
    rng = np.random.default_rng(seed)
    methods = rng.permutation([*METHODS] * _EACH)
    return [
        Unnamed(
            str(method),
            int(rng.choice(_FEATURES)),
            int(rng.choice(_UNITS)),
            float(rng.choice(_RATES)),
            int(rng.integers(1 << 31)),
        )
        for method in methods
    ]


def judge_experiment(
    identify: Callable[[Unnamed, _Runner], str], layers: Sequence[Unnamed]
) -> list[Check]:
    """Judges an experiment: a method counts where its layers are named so, and no others.

    Args:
        identify: Has the experiment name a layer that the runner runs; where that raises
            ``NothingNamedError``, the layer has no name, and the others are asked about.
        layers: What to name.

    Returns:
        A check for each method.

    Raises:
        NothingNamedError: If that was raised of every layer; the first reason.
    """
    named = [_named(identify, layer) for layer in layers]
    if all(each.why for each in named):
        raise NothingNamedError(named[0].why)
    return [_check(method, named) for method in METHODS]


def _named(identify: Callable[[Unnamed, _Runner], str], layer: Unnamed) -> _Named:
    try:
        return _Named(layer.method, identify(layer, _Runner(layer)))
    except NothingNamedError as error:
        return _Named(layer.method, "", str(error))


def _check(method: str, named: Sequence[_Named]) -> Check:
    own = Counter(_shown(each.name) for each in named if each.truth == method)
    others = Counter(each.truth for each in named if each.truth != method and each.name == method)
    right = own[method] == own.total() and not others
    measured = f"{own[method]} of {own.total()} named so"
    wrong = {name: count for name, count in own.items() if name != method}
    if wrong:
        measured += f"; taken for {_listed(wrong)}"
    if others:
        measured += f"; {_listed(others)} named so too"
    asked = f"every layer of the method {method} named so, and no other"
    mine = [each for each in named if each.truth == method]
    why = dict.fromkeys(each.why for each in mine if each.why)
    strange = dict.fromkeys(each.name for each in mine if _shown(each.name) == _OTHER)
    hints = [f"Nothing was named, as {'; and '.join(why)}."] if why else []
    hints += [f"Another name is none of the table: {', '.join(strange)}."] if strange else []
    return Check(method, POINTS * right, POINTS, asked, measured, " ".join(hints))


def _shown(name: str) -> str:
    """A name as what was measured holds it, which a whole class sees: a person's is none."""
    return name if name in {*METHODS, ""} else _OTHER


def _listed(counts: dict[str, int] | Counter[str]) -> str:
    return " and ".join(f"{count} x {name or 'nothing'}" for name, count in counts.items())


class _Runner:
    """Runs one layer with whatever an experiment asks of it, within bounds."""

    def __init__(self, unnamed: Unnamed) -> None:
        self._calls = 0
        features, units = unnamed.features, unnamed.units
        self._shapes = [(features, 4 * units), (units, 4 * units), (4 * units,)]
        self._features, self._units = features, units
        self._layer: Any = LSTM(
            units, method=unnamed.method, recurrent_dropout=unnamed.rate, seed=unnamed.seed
        )
        self._layer.build((None, 1, features))

    def __call__(self, arrays: Sequence[Array], training: bool, weights: int) -> Array:  # noqa: FBT001
        self._calls += 1
        if self._calls > _CALLS:
            raise ValueError(f"a layer may be run {_CALLS} times")
        given, rest = arrays[:weights], arrays[weights:]
        self._check(given, rest)
        self._layer.set_weights(given)
        states = [keras.ops.convert_to_tensor(each) for each in rest[1:]]
        state = {"initial_state": states} if states else {}
        out = self._layer(keras.ops.convert_to_tensor(rest[0]), training=training, **state)
        return np.asarray(keras.ops.convert_to_numpy(out))

    def _check(self, weights: Sequence[Array], rest: Sequence[Array]) -> None:
        shapes = [each.shape for each in weights]
        if shapes != self._shapes:
            raise ValueError(f"set_weights takes {self._shapes}. Received: {shapes}.")
        x, *states = rest or [np.zeros(0, "f4")]
        fits = x.ndim == 3 and x.shape[2] == self._features  # noqa: PLR2004
        if not fits or not 0 < x.shape[0] <= _SAMPLES or not 0 < x.shape[1] <= _STEPS:
            raise ValueError(
                f"x must have the shape (samples, steps, {self._features}), at most {_SAMPLES} "
                f"samples and {_STEPS} steps. Received: {x.shape}."
            )
        expected = [(x.shape[0], self._units)] * _STATES
        if states and [each.shape for each in states] != expected:
            came = [each.shape for each in states]
            raise ValueError(f"initial_state must have the shapes {expected}. Received: {came}.")
        if not all(np.isfinite(each).all() for each in (*weights, *rest)):
            raise ValueError("weights, inputs and states must be finite")


def layer_here(unnamed: Unnamed) -> AskedLayer:
    """Makes a layer in this process, as an experiment meets it.

    Args:
        unnamed: What it is.

    Returns:
        Its near end, which answers within the judge's bounds.
    """
    return AskedLayer(unnamed.features, unnamed.units, _Runner(unnamed))


def asks(child: Child) -> Callable[[Unnamed, _Runner], str]:
    """Has the experiment of a child name layers that are here.

    Args:
        child: The process that has loaded ``identify``.

    Returns:
        What ``judge_experiment`` takes.
    """

    def identify(layer: Unnamed, run: _Runner) -> str:
        try:
            heard = _heard(child, layer, run)
        except RefusedError as error:
            # Out of time, say, at the last layer: what it named before counts.
            raise NothingNamedError(str(error)) from None
        if heard.numbers[0]:
            raise NothingNamedError(f"its code says {said(heard.text)}")
        return said(heard.text)

    return identify


def _heard(child: Child, layer: Unnamed, run: _Runner) -> Frame:
    child.say(Frame(Kind.IDENTIFY, numbers=(layer.features, layer.units)))
    while True:
        heard = child.hear()
        if heard.kind is Kind.NAMED:
            return heard
        if heard.kind is not Kind.ASK:
            raise child.refuse("what it answered is no answer")
        child.say(_answer(run, heard))


def _answer(run: _Runner, asked: Frame) -> Frame:
    _, training, weights, _ = asked.numbers
    try:
        out = run(asked.arrays, bool(training), min(weights, len(asked.arrays)))
    except ValueError as error:
        return Frame(Kind.FAILED, text=str(error))
    return Frame(Kind.DONE, [out])


def runs_here(identify: Identify) -> Callable[[Unnamed, _Runner], str]:
    """Has an experiment in this process name layers, for practice.

    Args:
        identify: The experiment.

    Returns:
        What ``judge_experiment`` takes.
    """
    return lambda layer, run: said(str(identify(AskedLayer(layer.features, layer.units, run))))
