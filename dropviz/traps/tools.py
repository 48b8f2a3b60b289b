"""What the traps share: small seeded layers, a look at their masks, a quiet stderr."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from dropviz.keras_inside.standard_error import held_back

Layer = Any  # Keras has no type stubs
Model = Any
Array = NDArray[np.float32]
Evidence = Mapping[str, float | str]

SAMPLES, STEPS, FEATURES, UNITS = 4, 5, 16, 4

# What TensorFlow's C++ side writes where an operation fails, and where XLA starts. Before
# TensorFlow 2.21 some lines begin with a date.
_LOGGED = re.compile(
    rb"^([IW]\d{4}|\d{4}-\d\d-\d\d \S+ [IW]) "
    rb".*\b(local_rendezvous|service|device_compiler|dump_mlir_util)\.(cc|h):"
    rb"|^WARNING: All log messages before absl"
)


@dataclass(frozen=True)
class Finding:
    """What a measurement found.

    Attributes:
        holds: Whether Keras behaves as the trap's title says.
        said: The figures, in sentences that read well whether it holds or not.
        evidence: The figures by name.
    """

    holds: bool
    said: str
    evidence: Evidence


@dataclass(frozen=True)
class Exhibit:
    """A trap before it is run; the texts are those of ``dropviz.core.trap_results.Trap``.

    Attributes:
        name: Its name.
        title: The behaviour in one line.
        expect: What a reader would expect.
        why: The mechanism.
        advice: What to do.
        measure: Runs real Keras layers and tells what they did.
    """

    name: str
    title: str
    expect: str
    why: str
    advice: str
    measure: Callable[[], Finding]


class NotMeasurableError(Exception):
    """A trap cannot be measured here; the message says why."""


def seeded_arguments(**kwargs: Any) -> dict[str, Any]:
    """Arguments of a recurrent layer that draws nothing from any global stream."""
    return {
        "kernel_initializer": keras.initializers.GlorotUniform(seed=1),
        "recurrent_initializer": keras.initializers.GlorotUniform(seed=2),
        "bias_initializer": keras.initializers.RandomNormal(seed=3),
        "seed": 4,
        **kwargs,
    }


def lstm(**kwargs: Any) -> Layer:
    """Makes a small LSTM layer with seeds."""
    return keras.layers.LSTM(UNITS, **seeded_arguments(**({"name": "lstm"} | kwargs)))


def dense() -> Layer:
    """Makes a head for a model."""
    first = keras.initializers.GlorotUniform(seed=5)
    return keras.layers.Dense(1, kernel_initializer=first, name="head")


def sequences(
    samples: int = SAMPLES, steps: int = STEPS, features: int = FEATURES, seed: int = 0
) -> Array:
    """Makes input data."""
    drawn = np.random.default_rng(seed).normal(size=(samples, steps, features))
    return drawn.astype("float32")


def array(tensor: Any) -> Array:
    """A tensor as an array of its own."""
    # np.array by itself, and convert_to_numpy, make NumPy 2 warn of Keras's variables.
    # PyTorch's own tensors may ask for gradients, and become arrays only without them.
    bare = tensor.detach() if hasattr(tensor, "detach") else tensor
    return np.array(np.asarray(bare), dtype="float32")


def apart(one: Any, other: Any) -> float:
    """The largest absolute difference."""
    return float(np.abs(array(one) - array(other)).max())


def number(value: float) -> str:
    """A measured value with as many digits as tell something."""
    return f"{value:.3g}"


def watched(cell: Layer, site: str = "input") -> list[Array]:
    """Notes the masks that a cell takes from now on, in eager calls.

    Args:
        cell: A Keras cell.
        site: "input" or "recurrent".

    Returns:
        The masks in the order in which they are asked for, each of shape (1 if tied or
        gates, samples, units); it grows as the cell is called.
    """
    name = {"input": "get_dropout_mask", "recurrent": "get_recurrent_dropout_mask"}[site]
    get, seen = getattr(cell, name), []

    def noted(step_input: Any) -> Any:
        mask = get(step_input)
        if mask is not None:
            each = mask if isinstance(mask, (list, tuple)) else [mask]
            seen.append(np.stack([array(one) for one in each]))
        return mask

    setattr(cell, name, noted)
    return seen


def distinct(masks: Any) -> int:
    """How many of several masks differ."""
    return len({np.asarray(mask).tobytes() for mask in masks})


def error_of(call: Callable[[], object]) -> str:
    """Runs something that may fail.

    Args:
        call: What to run.

    Returns:
        The name of the error; empty where there was none.
    """
    with quiet():
        try:
            call()
        except Exception as error:  # noqa: BLE001 (whatever Keras raises is what is measured)
            return type(error).__name__
    return ""


def raised(error: str) -> str:
    """Words the name of an error that came or did not come."""
    return f"raised {error}" if error else "worked"


def quiet() -> AbstractContextManager[None]:
    """Holds back what TensorFlow logs on file descriptor 2, and passes on all else."""
    return held_back(_LOGGED)
