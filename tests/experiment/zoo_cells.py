"""An LSTM cell and a GRU cell that mask wherever a student might put a mask."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from .zoo_truth import RATE, seeded

Tensor = Any
Array = NDArray[np.floating]
Now = Mapping[str, Sequence[Any]]  # by place, for each gate, what multiplies at this step

ON_X = ("input", "input_kernel", "product_x")
ON_H = ("recurrent", "recurrent_kernel", "product_h")
BY_GATE = (*ON_X, *ON_H)


@dataclass(frozen=True)
class Mask:
    """A mask as a student writes it.

    Attributes:
        place: Where it multiplies, in the cell's code: a site; or "product_x" (x_t W),
            "product_h" (h_{t-1} U), "input_gate" and "forget_gate" (after their
            activations), "hidden" (h_t, for the output and for the next step).
        rate: Chance to drop.
        life: "step" or "sequence".
        gates: Masks drawn: 1, or one for each gate.
        seen: Numbers of the gates that are masked; all by default.
        by_sample: Whether each sample has its own.
        by_unit: Whether each unit has its own.
        kept: What kept entries are multiplied with; 1/(1-rate) by default.
        rest: What all entries are multiplied with when nothing is masked, at inference.
        always: Whether it masks at inference too.
        frozen: Whether it is drawn with a number for a seed: the same in every call.
        gaussian: Whether it is drawn from N(1, rate/(1-rate)).
        first_only: Whether it masks at the first step only; for ``OwnLoop``.
        key: Masks with one key are one mask; the place by default.
        turned: By how many gates the masks are turned round.
    """

    place: str
    rate: float = RATE
    life: str = "sequence"
    gates: int = 1
    seen: tuple[int, ...] = (0, 1, 2, 3)
    by_sample: bool = True
    by_unit: bool = True
    kept: float | None = None
    rest: float = 1.0
    always: bool = False
    frozen: bool = False
    gaussian: bool = False
    first_only: bool = False
    key: str = ""
    turned: int = 0

    @property
    def name(self) -> str:
        return self.key or self.place


@dataclass
class Notes:
    """What a cell multiplied with, noted in eager calls while ``on``.

    Attributes:
        on: Whether notes are taken.
        steps: For each step, by place, shape (gates or 1, samples, entries).
    """

    on: bool = False
    steps: list[dict[str, Array]] = field(default_factory=list)


class Masking:
    """What the cells share: drawing masks, once a call or once a step, and noting them."""

    kernel: Any  # these four are Keras's
    units: Any
    seed_generator: Any
    compute_dtype: Any
    gate_count = 4
    step: int | None = None  # number of the time step, where the loop tells

    def mask_with(self, masks: Sequence[Mask], seed: int) -> None:
        self.masks = tuple(masks)
        self.fixed_seed = seed
        self.drawn: dict[str, Tensor] = {}
        self.notes = Notes()

    # keras.layers.RNN calls these two before the first step, and the next after the last.
    def get_dropout_mask(self, step_input: Tensor) -> None:
        samples = keras.ops.shape(step_input)[0]
        lasting = [mask for mask in self.masks if mask.life == "sequence"]
        self.drawn = {mask.name: self._draw(mask, samples) for mask in lasting}

    def get_recurrent_dropout_mask(self, step_input: Tensor) -> None:
        pass

    def reset_dropout_mask(self) -> None:
        self.drawn = {}

    reset_recurrent_dropout_mask = reset_dropout_mask

    def _width(self, place: str) -> int:
        features, units = int(self.kernel.shape[0]), int(self.units)
        wide = {"input": features, "input_kernel": features * units, "recurrent_kernel": units**2}
        return wide.get(place, units)

    def _draw(self, mask: Mask, samples: Tensor) -> Tensor:
        width = max(self._width(each.place) for each in self.masks if each.name == mask.name)
        shape = (mask.gates, samples if mask.by_sample else 1, width if mask.by_unit else 1)
        seed = self.fixed_seed if mask.frozen else self.seed_generator
        if mask.gaussian:
            spread = math.sqrt(mask.rate / (1 - mask.rate))
            return keras.random.normal(shape, mean=1.0, stddev=spread, seed=seed)
        kept = 1 / (1 - mask.rate) if mask.kept is None else mask.kept
        drawn = keras.random.uniform(shape, seed=seed) >= mask.rate
        return keras.ops.cast(drawn, self.compute_dtype) * kept

    def now(self, inputs: Tensor, *, training: bool) -> Now:
        """By place, what multiplies at this step, for each gate."""
        samples = keras.ops.shape(inputs)[0]
        drawn = dict(self.drawn)
        factors: dict[str, list[Any]] = {}
        for mask in self.masks:
            gates = range(self.gate_count if mask.place in BY_GATE else 1)
            now = factors.setdefault(mask.place, [1.0 for _ in gates])
            active = (training or mask.always) and not (mask.first_only and self.step)
            if active and mask.name not in drawn:
                drawn[mask.name] = self._draw(mask, samples)
            for gate in gates:
                if active and gate in mask.seen:
                    values = drawn[mask.name][(gate + mask.turned) % mask.gates]
                    now[gate] = now[gate] * values[:, : self._width(mask.place)]
                elif not training and not mask.always:
                    now[gate] = now[gate] * mask.rest
        if self.notes.on:
            self.notes.steps.append({p: self._noted(p, f, samples) for p, f in factors.items()})
        return factors

    def _noted(self, place: str, factors: Sequence[Any], samples: Tensor) -> Array:
        shape = int(samples), self._width(place)
        arrays = [np.array(keras.ops.convert_to_numpy(each)) for each in factors]
        return np.stack([np.broadcast_to(each, shape) for each in arrays])


def times(now: Now, place: str, value: Tensor, gate: int = 0) -> Tensor:
    return value * now[place][gate] if place in now else value


def zoned(now: Now, place: str, new: Tensor, old: Tensor) -> Tensor:
    return now[place][0] * new + (1 - now[place][0]) * old if place in now else new


def product(now: Now, place: str, vector: Tensor, matrix: Tensor, gate: int) -> Tensor:
    """A vector times a matrix whose entries may be masked, for each sample or for all."""
    if place not in now or isinstance(now[place][gate], float):
        return keras.ops.matmul(vector, times(now, place, matrix, gate))
    masks = keras.ops.reshape(now[place][gate], (-1, *matrix.shape))
    return keras.ops.matmul(vector[:, None, :], matrix * masks)[:, 0]


def products(now: Now, places: Sequence[str], vector: Tensor, matrix: Tensor, gates: int) -> Tensor:
    """x W or h U for all gates, with masks before, in and after the product."""
    if not any(place in now for place in places):
        return keras.ops.matmul(vector, matrix)
    before, inside, after = places
    each = []
    for gate, part in enumerate(keras.ops.split(matrix, gates, axis=1)):
        seen = times(now, before, vector, gate)
        each.append(times(now, after, product(now, inside, seen, part, gate), gate))
    return keras.ops.concatenate(each, axis=1)


class ZooLSTMCell(Masking, keras.layers.LSTMCell):  # type: ignore[misc]
    def __init__(self, units: int, masks: Sequence[Mask], seed: int, **kwargs: Any) -> None:
        super().__init__(units, **{**seeded(seed), **kwargs})
        self.mask_with(masks, seed)

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        h, c = states
        now = self.now(inputs, training=training)
        z = products(now, ON_X, inputs, self.kernel, 4)
        z = z + self.bias if self.use_bias else z
        z += products(now, ON_H, h, self.recurrent_kernel, 4)
        z_i, z_f, z_g, z_o = keras.ops.split(z, 4, axis=1)
        i, f, o = (self.recurrent_activation(gate) for gate in (z_i, z_f, z_o))
        i, f = times(now, "input_gate", i), times(now, "forget_gate", f)
        g = times(now, "candidate", self.activation(z_g))
        new_c = times(now, "cell", f * times(now, "carried", c) + i * g)
        new_h = zoned(now, "hidden_update", o * self.activation(new_c), h)
        new_c = zoned(now, "cell_update", new_c, c)
        new_h = times(now, "hidden", new_h)
        return times(now, "output", new_h), [new_h, new_c]


class ZooGRUCell(Masking, keras.layers.GRUCell):  # type: ignore[misc]
    gate_count = 3

    def __init__(self, units: int, masks: Sequence[Mask], seed: int, **kwargs: Any) -> None:
        super().__init__(units, **{**seeded(seed), **kwargs})
        self.mask_with(masks, seed)

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        h = states[0] if isinstance(states, (list, tuple)) else states
        now = self.now(inputs, training=training)
        biases = self.bias if self.reset_after else (self.bias, keras.ops.zeros_like(self.bias))
        z_x = products(now, ON_X, inputs, self.kernel, 3) + biases[0]
        z_h = products(now, ON_H, h, self.recurrent_kernel, 3) + biases[1]
        (x_z, x_r, x_g), (h_z, h_r, h_g) = (keras.ops.split(part, 3, axis=1) for part in (z_x, z_h))
        z, r = self.recurrent_activation(x_z + h_z), self.recurrent_activation(x_r + h_r)
        if not self.reset_after:
            past = r * times(now, "recurrent", h, 2)
            h_g = keras.ops.matmul(past, self.recurrent_kernel[:, 2 * self.units :])
        g = self.activation(x_g + (r * h_g if self.reset_after else h_g))
        g = times(now, "candidate", g)
        new_h = z * times(now, "carried", h) + (1 - z) * g
        new_h = times(now, "hidden", zoned(now, "hidden_update", new_h, h))
        return times(now, "output", new_h), [new_h]
