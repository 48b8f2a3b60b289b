"""How large the state of a Keras GRU becomes, step by step; plain Keras, run by any version of it.

Given rates, seeds and a number of steps as JSON on the command line, prints JSON. Asked for the
"state" it masks the state that is carried on, as the GRU of Keras 3.2 to 3.7 did; asked for the
"layer", it runs ``keras.layers.GRU`` of the Keras that is there.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import keras
import numpy as np

Tensor = Any

_SAMPLES, _FEATURES, UNITS = 16, 4, 16


class StateMasked(keras.layers.GRUCell):  # type: ignore[misc]
    """A GRUCell whose mask multiplies the state that is carried on, and not a copy of it."""

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Runs one time step, as keras/src/layers/rnn/gru.py of Keras 3.7.0 does.

        Args:
            inputs: Shape (samples, features).
            states: h alone, shape (samples, units).
            training: Whether the mask multiplies.

        Returns:
            h, and the new state.
        """
        (h,) = states
        if training and self.recurrent_dropout:
            masks = self.get_recurrent_dropout_mask(h)
            h = h * (masks[0] if isinstance(masks, list) else masks)
        return super().call(inputs, [h], training=False)


def largest(what: str, rate: float, seed: int, steps: int) -> list[float | None]:
    """The largest entry of the state after each step, over 16 samples and 16 units.

    Args:
        what: "layer" or "state".
        rate: Of recurrent_dropout.
        seed: Of weights, masks and inputs.
        steps: Steps of the sequences.

    Returns:
        A number a step; None where it is not finite.
    """
    given = {
        "kernel_initializer": keras.initializers.GlorotUniform(seed=seed),
        "recurrent_initializer": keras.initializers.Orthogonal(seed=seed),
        "recurrent_dropout": rate,
        "seed": seed,
    }
    if what == "layer":
        layer = keras.layers.GRU(UNITS, return_sequences=True, **given)
    else:
        layer = keras.layers.RNN(StateMasked(UNITS, **given), return_sequences=True)
    x = np.random.default_rng(seed).normal(size=(_SAMPLES, steps, _FEATURES)).astype("float32")
    h = np.abs(keras.ops.convert_to_numpy(layer(x, training=True))).max(axis=(0, 2))
    return [float(each) if np.isfinite(each) else None for each in h]


def main() -> None:
    """Prints the version of Keras, and what it did for each rate and seed."""
    what, rates, seeds, steps = json.loads(sys.argv[1])
    rows = [
        {"rate": rate, "seed": seed, "largest": largest(what, rate, seed, steps)}
        for rate in rates
        for seed in seeds
    ]
    print(json.dumps({"keras": keras.__version__, "rows": rows}))


if __name__ == "__main__":
    main()
