"""Looks for what varies at random as no mask of a fixed rate does."""

from __future__ import annotations

import numpy as np

from dropviz.core.masks import Array
from dropviz.experiment.observe import Observer
from dropviz.experiment.probe import Probe

_RUNS = 10


def adds_at_random(observer: Observer) -> bool:
    """Whether something comes out in training where nothing goes in, which no mask multiplies.

    Args:
        observer: It runs the layer.
    """
    harness = observer.harness
    outs = [np.abs(harness.run(Probe(x=0.0))).max() for _ in range(2)]
    return bool(max(outs) > harness.noise)


def varies_by_what_it_sees(observer: Observer) -> bool:
    """Whether weights, inputs and states of every size and sign show what no probe has shown.

    Args:
        observer: It runs the layer, in which nothing was found.
    """
    harness, random = observer.harness, np.random.default_rng(0)
    wide = len(harness.gates) * harness.units
    shapes = [(harness.features, wide), (harness.units, wide), harness.bias]
    weights: list[Array] = [random.normal(0, 0.5, shape) for shape in shapes if shape is not None]
    x = random.normal(size=(harness.samples, 2, harness.features))
    states: list[Array] = [
        random.normal(0, 0.5, each.shape) for each in harness.states(Probe(), harness.samples)
    ]
    plain, *outs = (
        harness.call(weights, x, states, training=number > 0) for number in range(_RUNS + 1)
    )
    return any(np.abs(out - plain).max() > harness.noise for out in outs)
