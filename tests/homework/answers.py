"""Answers to the assignments as students write them: right ones, and wrong ones of each kind."""

from __future__ import annotations

from dropviz.homework.variants import Variant

_CELL = """
import keras
from keras import ops


class Masked(keras.layers.LSTMCell):
    def __init__(self, units, rate, **kwargs):
        super().__init__(units, **kwargs)
        self.rate = rate
        self.generator = keras.random.SeedGenerator(1)
        self.held = None

    def draw(self, x):
        width = x.shape[-1] if SITE == "input" else self.units
        shape = (GATES, SAMPLES or ops.shape(x)[0], width)
        keep = keras.random.uniform(shape, seed=self.generator) >= self.rate
        return ops.cast(keep, "float32") * KEPT(self.rate)

    def get_dropout_mask(self, x):
        self.held = self.draw(x)

    def reset_dropout_mask(self):
        self.held = None

    def call(self, x, states, training=False):
        h, c = states
        m = ops.ones((1, 1, 1))
        if training:
            m = self.held if LIFE == "sequence" else self.draw(x)
        kernels = ops.split(self.kernel, 4, axis=1)
        recurrent = ops.split(self.recurrent_kernel, 4, axis=1)
        biases = ops.split(self.bias, 4)
        z = []
        for gate in range(4):
            now = m[gate % m.shape[0]]
            x_in = x * now if SITE == "input" else x
            h_in = h * now if SITE == "recurrent" else h
            z.append(
                ops.matmul(x_in, kernels[gate]) + ops.matmul(h_in, recurrent[gate]) + biases[gate]
            )
        i, f, g, o = ops.sigmoid(z[0]), ops.sigmoid(z[1]), ops.tanh(z[2]), ops.sigmoid(z[3])
        g = g * m[0] if SITE == "candidate" else g
        c = f * c + i * g
        c = c * m[0] if SITE == "cell" else c
        h = o * ops.tanh(c)
        return h, [h, c]


def make(units, rate):
    return keras.layers.RNN(Masked(units, rate))
"""


def mask_answer(asked: Variant, *, samples: int = 0, kept: str = "1 / (1 - rate)") -> str:
    """An answer to Build the mask that does what a variant asks, or nearly.

    Args:
        asked: Where it masks, and how.
        samples: 1 for one mask for all samples.
        kept: What kept entries are multiplied with.
    """
    gates = 4 if asked.tying == "untied" else 1
    settings = (
        f"SITE, LIFE, GATES, SAMPLES = {asked.site!r}, {asked.life!r}, {gates}, {samples}\n"
        f"KEPT = lambda rate: {kept}\n"
    )
    return settings + _CELL
