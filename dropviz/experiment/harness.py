"""A harness for a recurrent layer: weights and inputs of our choosing, and what comes out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np

from dropviz.core.masks import Array
from dropviz.errors import DropvizError
from dropviz.experiment.first_calls import (
    check_finite,
    free_batch,
    kept_samples,
    reseed,
    try_first_calls,
)
from dropviz.experiment.probe import Probe
from dropviz.experiment.run_limit import RunLimit
from dropviz.experiment.unit_roles import Role, roles
from dropviz.experiment.weight_shapes import shape_of
from dropviz.keras_inside import interrupts
from dropviz.keras_inside.call_path import heard_call_paths
from dropviz.keras_inside.inner_loop import looking
from dropviz.keras_inside.jax_state import trace_only
from dropviz.keras_inside.sublayers import layer_and_sublayers
from dropviz.keras_inside.untracked import attributes_kept, set_attributes
from dropviz.recording.undisturbed import undisturbed

Layer = Any

# Many samples and few calls: a call costs much the same however large it is.
_SAMPLES = 256
# But of a layer with many units so few that a run takes no longer than it must.
_OUTPUTS, _FEWEST = 2**14, 32
_DRAWS = 400
CANDIDATE = 2  # position of the candidate among the gates, of an LSTM and of a GRU
# How far an output may be from its prediction: rounding, seen through the probes.
NOISE = {"float64": 1e-4, "float32": 1e-3, "float16": 3e-3, "bfloat16": 5e-2}


@dataclass
class Harness:
    """A layer that is given weights and inputs, and run.

    Attributes:
        layer: The layer.
        kind: "LSTM" or "GRU".
        gates: Its gates in Keras's order.
        features: Inputs that it was built for.
        units: Its units.
        bias: Shape of its bias; None without one.
        samples: Samples in a batch.
        noise: Relative rounding of its floating type.
        backwards: Whether it runs from the last step to the first.
        sequence: The outputs of the last run at all steps, if the layer gives them out.
        limit: It counts the runs.
        alone: Whether the layer keeps states for one sample, which shares with no other.
        unrolled: Whether its steps are unrolled here, and not by its own argument.
        turn: Which units and inputs are read, as ``roles`` deals them out.
    """

    layer: Layer
    kind: str
    gates: tuple[str, ...]
    features: int
    units: int
    bias: tuple[int, ...] | None
    samples: int = _SAMPLES
    noise: float = NOISE["float32"]
    backwards: bool = False
    sequence: Array | None = None
    limit: RunLimit = field(default_factory=lambda: RunLimit("layer"))
    alone: bool = False
    unrolled: bool = False
    turn: int = 0

    def unroll(self) -> None:
        """Has JAX run the layer's steps one by one, where it calls the cell at each anyhow.

        Each loop that JAX runs eagerly is compiled anew, for some tenths of a second; the cell
        gives the same numbers without.
        """
        if keras.config.backend() != "jax":
            return
        x = np.zeros((self.samples, 2, self.features), np.float32)
        # A layer that does not run is told so at its first call.
        with heard_call_paths(self.layer) as paths, suppress(Exception):
            trace_only(self.layer, x)
        if paths == ["loop"]:
            set_attributes(self.layer, unroll=True)
            self.unrolled = True

    @property
    def calls(self) -> int:
        """How often the layer was run."""
        return self.limit.runs

    @property
    def roles(self) -> list[Role]:
        """The units that are read, with whose h and which input each of them reads."""
        return roles(self.units, self.features, self.turn)

    @property
    def readers(self) -> list[int]:
        """The units whose output is looked at."""
        return [each.reader for each in self.roles]

    @property
    def enough(self) -> int:
        """Samples in a batch that show all that can be seen of so many readers."""
        return min(_SAMPLES, max(_FEWEST, _OUTPUTS // len(self.readers)))

    @property
    def reset_before(self) -> bool:
        """Whether a GRU's r multiplies h before the recurrent kernel (reset_after=False)."""
        return self.kind == "GRU" and self.bias is not None and len(self.bias) == 1

    @property
    def reset_bias(self) -> bool:
        """Whether the recurrent part has a bias of its own (GRU with reset_after)."""
        return self.bias is not None and len(self.bias) > 1

    @property
    def times(self) -> int:
        """How often to run a probe: twice at least, to tell what changes with each call."""
        return max(2, math.ceil(_DRAWS / (self.samples * len(self.readers))))

    def size(self, *, small: bool) -> tuple[int, int]:
        """Features and units: of the layer, or of one pair of units."""
        return (1, min(2, self.units)) if small else (self.features, self.units)

    def weights(self, probe: Probe, *, small: bool = False) -> list[Any]:
        """The weights that a probe asks for.

        Args:
            probe: The probe.
            small: For one pair of units, which all pairs behave like.

        Returns:
            Kernel, recurrent kernel and, where the layer has one, bias.
        """
        features, units = self.size(small=small)
        many = len(self.gates)
        kernel = np.zeros((features, many, units))
        recurrent = np.zeros((units, many, units))
        bias = np.zeros((2, many, units))
        for reader, source, own in self._dealt(small=small):
            feature = source % features if probe.aligned else own
            kernel[feature, :, source] += probe.source_wx[:many]
            kernel[feature, :, reader] += probe.wx[:many]
            recurrent[source, :, source] += probe.source_wh[:many]
            recurrent[source, :, reader] += probe.wh[:many]
            recurrent[reader, :, reader] += probe.own[:many]
            bias[0, :, source] += probe.source_b[:many]
            bias[0, :, reader] += probe.b[:many]
            bias[1, CANDIDATE, reader] = probe.reset
        flat = [kernel.reshape(features, -1), recurrent.reshape(units, -1)]
        if self.bias is not None:
            flat.append(bias.reshape(2, -1) if self.reset_bias else bias[0].ravel())
        return flat

    def _dealt(self, *, small: bool) -> list[Role]:
        return roles(*reversed(self.size(small=True))) if small else self.roles

    def states(self, probe: Probe, samples: int, *, small: bool = False) -> list[Array]:
        """The initial states that a probe asks for: h, and c in an LSTM."""
        h, c = np.zeros((2, samples, self.size(small=small)[1]))
        reading = [each.reader for each in self._dealt(small=small)]
        h[:], c[:] = probe.source, probe.source_c
        c[:, reading] = probe.c
        if h.shape[1] > 1:
            h[:, reading] = 0
        if probe.h is not None:
            h[:, reading] = probe.h
        return [h, c] if self.kind == "LSTM" else [h]

    def inputs(self, probe: Probe, samples: int, *, small: bool = False) -> Array:
        """The inputs that a probe asks for, in the order in which they act."""
        features = self.size(small=small)[0]
        x = np.full((samples, probe.steps, features), 1.0)
        x *= np.reshape(probe.x, (1, -1, 1))
        return x

    def find_direction(self) -> None:
        """Finds out whether the layer runs from the last step to the first."""
        late = Probe(wx=(0.0, 0.0, 0.3, 0.0), x=(0.0, 1.0), steps=2)
        seen = [
            np.abs(self.run(probe, training=False)).mean()
            for probe in (late, replace(late, x=(1.0, 0.0)))
        ]
        self.backwards = bool(seen[1] > seen[0])

    def run(self, probe: Probe, *, training: bool = True, backwards: bool | None = None) -> Array:
        """Runs the layer.

        Args:
            probe: The probe.
            training: Whether dropout is on.
            backwards: Whether to give the last step first; as the layer runs by default.

        Returns:
            The last outputs of the readers, shape (samples, readers).
        """
        x = self.inputs(probe, self.samples)
        turned = self.backwards if backwards is None else backwards
        x = x[:, ::-1] if turned else x
        states = self.states(probe, self.samples)
        return self.call(self.weights(probe), x, states, training=training)[:, self.readers]

    def run_pairs(
        self,
        probe: Probe,
        site: str,
        gate: int,
        readers: list[int],
        parts: Sequence[float] = (1 / 3, 2 / 3),
    ) -> Array:
        """Runs the layer with the same entries read by every reader; two, unless given.

        Args:
            probe: A probe that drives one gate.
            site: "input" or "recurrent": whose first entries are read.
            gate: The gate.
            readers: Units to look at.
            parts: Of the probe's weight, with which each entry is read.

        Returns:
            Their last outputs, shape (samples, readers).
        """
        many = len(self.gates)
        rows = self.features if site == "input" else self.units
        weights = self.weights(Probe())
        matrix = weights[0 if site == "input" else 1].reshape(rows, many, self.units)
        weight = probe.wx[gate] if site == "input" else probe.wh[gate]
        for entry, part in enumerate(parts):
            matrix[entry, gate, readers] = part * weight
        if self.bias is not None:
            bias = weights[2].reshape(-1, many, self.units)
            bias[0, :, readers] = probe.b[:many]
            if self.reset_bias:
                bias[1, CANDIDATE, readers] = probe.reset
        h, c = np.zeros((2, self.samples, self.units))
        c[:] = probe.c
        if site == "recurrent":
            h[:, : len(parts)] = probe.source
        elif probe.h is not None:
            h[:] = probe.h
        x = self.inputs(probe, self.samples)
        states: list[Array] = [h, c] if self.kind == "LSTM" else [h]
        return self.call(weights, x, states, training=True)[:, readers]

    def call(self, weights: list[Array], x: Array, states: list[Array], *, training: bool) -> Array:
        """Sets weights and runs the layer; gives the last outputs of all units."""
        interrupts.safe_point()  # between two runs the layer can be put back
        self.layer.set_weights([w.astype(np.float32) for w in weights])
        self.limit.next_run()
        initial = [keras.ops.convert_to_tensor(s.astype(np.float32)) for s in states]
        inputs = keras.ops.convert_to_tensor(x.astype(np.float32))
        out = self.layer(inputs, initial_state=initial, training=training)
        out = out[0] if isinstance(out, (list, tuple)) else out
        values: Array = np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(out, "float32")))
        self.sequence = values if values.ndim == 3 else None  # noqa: PLR2004
        return values if self.sequence is None else values[:, -1]


@contextmanager
def mounted(layer: Layer, seed: int) -> Iterator[Harness]:
    """Puts a layer into a harness, and gives it back as it was.

    Args:
        layer: A built layer with the weights of an LSTM or a GRU.
        seed: Where the layer's own random streams begin meanwhile.

    Yields:
        The harness.

    Raises:
        DropvizError: If its weights are no LSTM's or GRU's, or are not finite.
    """
    shape = shape_of(layer)
    if shape is None:
        came = ", ".join(str(tuple(w.shape)) for w in layer.weights) or "none"
        raise DropvizError(
            f"{layer.name!r} has no LSTM or GRU weights. Expected (features, n), (units, n) and "
            f"(n,), with n 4 or 3 times the units. Received: {came}."
        )
    before = layer.get_weights()
    check_finite(layer, before)
    dtype = str(getattr(layer, "compute_dtype", "float32"))
    harness = Harness(layer, *shape, noise=NOISE.get(dtype, 1e-3))
    harness.limit = RunLimit(layer.name)
    harness.samples = kept_samples(layer) or harness.enough
    harness.alone = harness.samples == 1
    # Attributes too: a layer may keep masks from call to call.
    with looking(), undisturbed(layer), attributes_kept(layer_and_sublayers(layer)):
        reseed(layer, seed)
        try:
            harness.unroll()
            try_first_calls(harness)
            free_batch(harness, seed)
            yield harness
        finally:
            layer.set_weights(before)
