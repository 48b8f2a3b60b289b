"""What recording comes to on the backend at hand: layers, rates, compiled or not.

``python -m tests.backends.matrix`` writes the table of this backend into ``docs/backends.md``; set
KERAS_BACKEND to choose it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from dropviz.core.layer_recording import LayerRecording
from dropviz.keras_inside.call_path import heard_call_paths
from dropviz.recording.record import record

Layer = Any
Model = Any
Array = NDArray[Any]

PAGE = Path(__file__).parents[2] / "docs" / "backends.md"
BATCH, STEPS, FEATURES, UNITS, BATCHES = 4, 3, 2, 3, 2
KINDS = ("LSTM", "GRU", "SimpleRNN", "Bidirectional")
RATES: dict[str, dict[str, float]] = {
    "none": {},
    "dropout": {"dropout": 0.5},
    "recurrent": {"recurrent_dropout": 0.4},
    "both": {"dropout": 0.5, "recurrent_dropout": 0.4},
}
MODES: dict[str, dict[str, Any]] = {"compiled": {}, "eager": {"run_eagerly": True}}
CASES = list(itertools.product(KINDS, RATES, MODES))
_GETTERS = {"input": "get_dropout_mask", "recurrent": "get_recurrent_dropout_mask"}
_TITLES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


@dataclass(frozen=True)
class Measured:
    """What came of one training with a recording, beside the same without.

    Attributes:
        recorded: The layer's batches in the recording; 0 where it could not be heard.
        bits: Whether weights, optimizer and random streams are to the bit those without.
        masks: Whether every recorded mask is the one that an unrecorded training noted.
        path: Which ways the layer went through its steps.
        note: What the recording says where there is no batch.
    """

    recorded: int
    bits: bool
    masks: bool
    path: tuple[str, ...]
    note: str = ""

    @property
    def cell(self) -> str:
        """What the table says."""
        if not self.recorded:
            return f"not recorded: {self.note}"
        said = f"{self.recorded} batches by {' and '.join(self.path)}"
        wrong = [name for name in ("bits", "masks") if not getattr(self, name)]
        return said + "".join(f"; {name} differ" for name in wrong)


def build(kind: str, rates: str, mode: str) -> Model:
    """Makes a small model, alike each time."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(5)
    one = getattr(keras.layers, "LSTM" if kind == "Bidirectional" else kind)
    layer = one(UNITS, seed=11, **RATES[rates], name="layer")
    layer = keras.layers.Bidirectional(layer, name="both") if kind == "Bidirectional" else layer
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), layer, keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), "mse", **MODES[mode])
    return model


def fit(model: Model) -> None:
    """Trains for two batches."""
    x = np.random.default_rng(3).normal(size=(BATCH * BATCHES, STEPS, FEATURES)).astype("float32")
    model.fit(x, x.sum(axis=(1, 2)), batch_size=BATCH, verbose=0, shuffle=False)


def recurrent(model: Model) -> Layer:
    """The layer that is looked at: of a Bidirectional one, the forward one."""
    layer = model.layers[0]
    return getattr(layer, "forward_layer", layer)


def state(model: Model) -> list[Array]:
    """All that a training leaves behind in a model, as bits."""
    every = [*model.variables, *model.optimizer.variables]
    return [np.array(keras.ops.convert_to_numpy(each.value)) for each in every]


def measure(kind: str, rates: str, mode: str) -> Measured:
    """Trains one case with a recording and without."""
    plain = build(kind, rates, mode)
    fit(plain)
    model = build(kind, rates, mode)
    layer = recurrent(model)
    with record(model) as recording:
        fit(model)
    found = next(each for path, each in recording.items() if path.endswith(layer.name))
    bits = all(
        np.array_equal(one, other) for one, other in zip(state(plain), state(model), strict=True)
    )
    notes, path = noted(kind, rates)
    return Measured(found.batches, bits, _as_noted(found, notes), path, found.note)


@cache
def noted(kind: str, rates: str) -> tuple[dict[str, list[Array]], tuple[str, ...]]:
    """The masks of each batch, noted where the cell draws them, in eager mode and unrecorded.

    Returns:
        By site, for each batch an array (gates, samples, units); and the ways that the layer went.
    """
    model = build(kind, rates, "eager")
    layer = recurrent(model)
    notes: dict[str, list[Array]] = {site: [] for site in _GETTERS}
    with _noting(layer.cell, notes), heard_call_paths(layer) as paths:
        fit(model)
    return notes, tuple(paths)


@contextmanager
def _noting(cell: Layer, notes: dict[str, list[Array]]) -> Iterator[None]:
    for site, name in _GETTERS.items():

        def getter(like: Any, site: str = site, name: str = name) -> Any:
            kept = getattr(cell, name.removeprefix("get"), None)
            masks = getattr(type(cell), name)(cell, like)
            if masks is not None and kept is None and _has_numbers(masks):
                each = masks if isinstance(masks, list) else [masks]
                notes[site].append(np.stack([keras.ops.convert_to_numpy(m) for m in each]))
            return masks

        cell.__dict__[name] = getter
    try:
        yield
    finally:
        for name in _GETTERS.values():
            del cell.__dict__[name]


def _has_numbers(masks: Any) -> bool:
    """Whether masks are numbers by now, and not symbols of a graph."""
    try:
        [np.asarray(each) for each in keras.tree.flatten(masks)]
    except Exception:  # noqa: BLE001 (each backend raises its own)
        return False
    return True


def _as_noted(found: LayerRecording, notes: dict[str, list[Array]]) -> bool:
    """Whether what was recorded is what was noted; where nothing drops, that nothing was noted."""
    for site, masks in found.items():
        if masks.reason:
            if notes[site]:
                return False
            continue
        if len(notes[site]) != len(masks.values):
            return False
        for mine, theirs in zip(masks.values[:, 0], notes[site], strict=True):
            if not np.array_equal(mine, theirs):
                return False
    return True


def row(case: tuple[str, str, str], cell: str) -> str:
    """One line of a table."""
    return f"| {' | '.join([*case, cell])} |"


def section(backend: str) -> str:
    """The heading of a backend's table."""
    return f"## {_TITLES[backend]}"


def table() -> str:
    """The table of the backend at hand."""
    rows = []
    for case in CASES:
        rows.append(row(case, measure(*case).cell))
        print(rows[-1], flush=True)  # noqa: T201 (it takes minutes)
    head = ["| layer | rates | mode | what came of it |", "| --- | --- | --- | --- |"]
    return "\n".join([section(keras.config.backend()), "", *head, *rows, ""])


def _write() -> None:
    mine = table()
    head, *parts = PAGE.read_text(encoding="utf-8").split("\n## ")
    parts = [f"## {part.rstrip()}\n" for part in parts if not mine.startswith(f"## {part[:5]}")]
    parts = sorted(
        [*parts, mine], key=lambda part: [*map(section, _TITLES)].index(part.split("\n")[0])
    )
    PAGE.write_text("\n".join([head.rstrip() + "\n", *parts]), encoding="utf-8")


if __name__ == "__main__":
    _write()
