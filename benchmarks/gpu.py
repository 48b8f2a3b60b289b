"""What recording does and costs on the device that Keras trains on: a GPU, where there is one.

``KERAS_BACKEND`` chooses the backend; TensorFlow, JAX and PyTorch each on CUDA by the same lines.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import keras
import numpy as np

from benchmarks.pairs import Ratio, paired
from dropviz.core.call_paths import word_paths
from dropviz.core.setting import Setting
from dropviz.keras_inside.call_path import heard_call_paths
from dropviz.methods.variable_rates import VariableRates
from dropviz.recording.record import record

RATES = {"none": (0.0, 0.0), "dropout": (0.3, 0.0), "both": (0.3, 0.3)}
_MIB = 2**20
Model = Any


@dataclass(frozen=True)
class Size:
    """A training that is large enough for a GPU to be busy.

    Attributes:
        samples: Sequences.
        batch: Of them in a batch.
        steps: Time steps.
        units: Of the LSTM.
        features: Of a step.
        pairs: Pairs of trainings that are timed.
    """

    samples: int = 4096
    batch: int = 256
    steps: int = 100
    units: int = 512
    features: int = 64
    pairs: int = 11


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        what: What was looked at.
        bound: What it must reach; empty where nothing is asked.
        measured: What came out, or why nothing could.
    """

    what: str
    bound: str
    measured: str


def gpu() -> str:
    """The name of the GPU that the backend computes on; empty where it has none."""
    return _GPUS[keras.config.backend()]()


def rows(size: Size) -> Iterator[Row]:
    """Measures each row on the device at hand; one that fails says why, and the next follows."""
    tried: dict[str, tuple[str, Callable[[Size], str]]] = {
        # First, as what is told is the peak of the whole process.
        "device memory at most, recorded (not recorded)": ("+ 64 MiB", _memory),
        "weights, optimizer and random streams with recording / without": ("equal bits", _bits),
        "`fit` with recording / without, no rate": ("", _recording("none")),
        "`fit` with recording / without, dropout alone": ("", _recording("dropout")),
        "`fit` with recording / without, both": ("<= 1.02", _recording("both")),
        "`fit` with rates that may change / with constant ones": ("", _live),
        'way through the steps, `use_cudnn="auto"`': ("", _paths),
    }
    for what, (bound, measure) in tried.items():
        try:
            said = measure(size)
        except Exception as error:  # noqa: BLE001 (a device may fail in any way; the others go on)
            said = f"could not be measured: {type(error).__name__}: {str(error).splitlines()[0]}"
        yield Row(what, bound, said)


class _Training:
    """A model with its data on the way to the device."""

    def __init__(self, size: Size, rates: str) -> None:
        keras.utils.set_random_seed(5)
        draw = np.random.default_rng(0)
        shape = (size.samples, size.steps, size.features)
        self.x = draw.normal(size=shape).astype(np.float32)
        self.y = draw.integers(0, 10, size=size.samples)
        dropout, recurrent = RATES[rates]
        self.layer = keras.layers.LSTM(
            size.units, dropout=dropout, recurrent_dropout=recurrent, seed=3
        )
        self.model = keras.Sequential(
            [keras.Input(shape[1:]), self.layer, keras.layers.Dense(10, activation="softmax")]
        )
        self.model.compile("adam", "sparse_categorical_crossentropy")
        self._batch = size.batch

    def fit(self) -> None:
        """Trains an epoch more."""
        self.model.fit(self.x, self.y, batch_size=self._batch, shuffle=False, verbose=0)


def _bits(size: Size) -> str:
    states = []
    for recorded in (False, True):
        training = _Training(size, "both")
        with record(training.model) if recorded else nullcontext():
            training.fit()
        variables = [*training.model.variables, *training.model.optimizer.variables]
        states.append([np.array(each.numpy()) for each in variables])
    apart = [np.abs(one - other).max() for one, other in zip(*states, strict=True)]
    return "equal" if not max(apart) else f"up to {max(apart):.1e} apart"


def _recording(rates: str) -> Callable[[Size], str]:
    def measure(size: Size) -> str:
        plain, recorded = (_Training(size, rates) for _ in range(2))
        plain.fit()
        with record(recorded.model):
            recorded.fit()  # compiles
            return _ratio(paired(plain.fit, recorded.fit, size.pairs))

    return measure


def _live(size: Size) -> str:
    plain, moving = (_Training(size, "both") for _ in range(2))
    dropout, recurrent = RATES["both"]
    VariableRates(moving.layer, Setting(dropout=dropout, recurrent_dropout=recurrent))
    for each in (plain, moving):
        each.fit()
    return _ratio(paired(plain.fit, moving.fit, size.pairs))


def _paths(size: Size) -> str:
    said = []
    for rates in RATES:
        training = _Training(size, rates)
        with heard_call_paths(training.layer) as paths:
            training.fit()
        said.append(f"{rates}: {word_paths(list(dict.fromkeys(paths)))}")
    return "; ".join(said)


def _memory(size: Size) -> str:
    most = _MOST_MEMORY[keras.config.backend()]
    taken = []
    for recorded in (False, True):
        training = _Training(size, "both")
        with record(training.model) if recorded else nullcontext():
            training.fit()
        taken.append(most() / _MIB)
        del training  # or the next peak would be of both
        gc.collect()
    return f"{taken[1]:,.0f} MiB ({taken[0]:,.0f} MiB)"


def _ratio(ratio: Ratio) -> str:
    return (
        f"**{ratio.median:.3f}** ({ratio.low:.3f} to {ratio.high:.3f}, {ratio.pairs} pairs; "
        f"{ratio.first:.2f} s and {ratio.second:.2f} s)"
    )


# ---------------------------------------------------------------- what each backend tells


def _tensorflow_gpu() -> str:
    tensorflow = import_module("tensorflow")
    found = tensorflow.config.list_physical_devices("GPU")
    if not found:
        return ""
    return str(tensorflow.config.experimental.get_device_details(found[0])["device_name"])


def _jax_gpu() -> str:
    found = import_module("jax").devices()
    return str(found[0].device_kind) if found[0].platform != "cpu" else ""


def _torch_gpu() -> str:
    cuda = import_module("torch").cuda
    return str(cuda.get_device_name(0)) if cuda.is_available() else ""


def _tensorflow_memory() -> float:
    config = import_module("tensorflow").config.experimental
    return float(config.get_memory_info("GPU:0")["peak"])


def _jax_memory() -> float:
    return float(import_module("jax").devices()[0].memory_stats()["peak_bytes_in_use"])


def _torch_memory() -> float:
    return float(import_module("torch").cuda.max_memory_allocated())


_GPUS = {"tensorflow": _tensorflow_gpu, "jax": _jax_gpu, "torch": _torch_gpu}
_MOST_MEMORY = {"tensorflow": _tensorflow_memory, "jax": _jax_memory, "torch": _torch_memory}
