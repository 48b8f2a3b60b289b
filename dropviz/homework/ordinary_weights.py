"""Ordinary random weights: what a layer gives out must be the oracle's for a mask that may be.

The experiment's weights are far from those of a training, and a layer could know them by sight.
Here every possible mask of the kind that the experiment found is tried, sample by sample.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from dropviz.core.gates import LSTM_GATES
from dropviz.core.masks import Array
from dropviz.core.oracle import lstm
from dropviz.core.verdict import SiteVerdict
from dropviz.experiment.chance import interval
from dropviz.homework.proxy import FEATURES

Layer = Any

_SAMPLES = 48
_CLOSE = 1e-3  # float32 against float64: 1e-6 is usual; a wrong mask is off by .1
_SPREAD = 0.8
_AT_ONCE = 128
_MOST_BITS = 12  # of all masks of a sample together


@dataclass(frozen=True)
class Size:
    """Units and steps so few that all masks can be tried.

    Attributes:
        units: Units of the layer.
        steps: Time steps.
    """

    units: int
    steps: int


@dataclass(frozen=True)
class Agreement:
    """How far a layer is from the oracle with ordinary weights.

    Attributes:
        in_training: Largest difference from the nearest of all masks.
        at_inference: Largest difference where nothing drops.
        dropped: Draws of the nearest masks that drop.
        draws: Draws that they have.
        as_often: Whether that many may be dropped at the rate that the experiment found.
    """

    in_training: float
    at_inference: float
    dropped: int
    draws: int
    as_often: bool

    @property
    def holds(self) -> bool:
        """Whether the layer does with them what it did in the experiment."""
        return max(self.in_training, self.at_inference) < _CLOSE and self.as_often

    @property
    def sentence(self) -> str:
        """It in words."""
        off = max(self.in_training, self.at_inference)
        if off >= _CLOSE:
            return f"off by {off:.1g}"
        often = "" if self.as_often else f", but {self.dropped} of {self.draws} entries dropped"
        return f"the same to a thousandth{often}"


def agreement(
    make: Callable[[int, float], Layer], found: SiteVerdict, rate: float, seed: int
) -> Agreement:
    """Compares a layer with the oracle.

    Args:
        make: Makes a layer of so many units with a rate.
        found: What the experiment found at its only site.
        rate: The rate to make it with.
        seed: Where the weights and inputs come from.

    Returns:
        How far they are apart.
    """
    size = size_for(found)
    layer = make(size.units, rate)
    if not layer.built:
        layer.build((None, size.steps, FEATURES))
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, _SPREAD, each.shape).astype("f4") for each in layer.get_weights()]
    x = rng.normal(0, 1, (_SAMPLES, size.steps, FEATURES)).astype("f4")
    h, c = rng.normal(0, _SPREAD, (2, _SAMPLES, size.units)).astype("f4")
    layer.set_weights(weights)
    given = [keras.ops.convert_to_tensor(each) for each in (x, h, c)]
    outs = [
        layer(given[0], initial_state=given[1:], training=training) for training in (False, True)
    ]
    still, noisy = (np.asarray(out).reshape(_SAMPLES, -1)[:, -size.units :] for out in outs)
    at_rest = np.full((1, 1, 1, 1), _exact(found.at_inference, found, rate))
    alone = lstm(weights, x, {found.site: at_rest}, h=h, c=c).outputs[:, -1]
    best, share, tried, all_dropped = np.full(_SAMPLES, np.inf), np.zeros(_SAMPLES), 0, 0
    for masks in _some_at_once(possible_masks(found, size, rate)):
        many = masks.shape[2]
        mask = np.repeat(masks, _SAMPLES, axis=2)
        xs, hs, cs = np.tile(x, (many, 1, 1)), np.tile(h, (many, 1)), np.tile(c, (many, 1))
        out = lstm(weights, xs, {found.site: mask}, h=hs, c=cs).outputs[:, -1]
        apart = np.abs(out.reshape(many, _SAMPLES, -1) - noisy).max(axis=2)
        zeros = (masks == 0).sum(axis=(0, 1, 3))
        all_dropped = max(all_dropped, int(zeros.max()))  # by the first mask of all
        nearer = apart.min(axis=0) < best
        share = np.where(nearer, zeros[apart.argmin(axis=0)] / all_dropped, share)
        best, tried = np.minimum(best, apart.min(axis=0)), tried + many
    # Samples that share a mask draw it once.
    shares = share[:1] if found.same_over_samples else share
    counted = _counted(found, shares, tried.bit_length() - 1)
    return Agreement(float(best.max()), float(np.abs(still - alone).max()), *counted)


def _counted(found: SiteVerdict, shares: Array, draws: int) -> tuple[int, int, bool]:
    """How many draws drop, of how many, and whether so many may at the rate that was found."""
    dropped, of = round(shares.sum() * draws), draws * len(shares)
    low, high = interval(dropped, of)
    return dropped, of, low <= found.rate_interval[1] and found.rate_interval[0] <= high


def _some_at_once(masks: Iterator[Array]) -> Iterator[Array]:
    """Masks side by side, where the oracle has its samples."""
    while some := list(itertools.islice(masks, _AT_ONCE)):
        yield np.concatenate(some, axis=2)


def size_for(found: SiteVerdict) -> Size:
    """The size at which a kind of mask has few enough that all can be tried."""
    gates = 4 if found.tying == "untied" else 1
    units = FEATURES if found.site == "input" else 3
    for steps in (4, 3, 2, 1):
        lives = steps if found.life == "step" else 1
        for width in (units, 1):
            entries = FEATURES if found.site == "input" else width
            if entries * gates * lives <= _MOST_BITS:
                return Size(width if found.site != "input" else units, steps)
    raise AssertionError  # one step of an untied mask over three entries is 12 bits


def possible_masks(found: SiteVerdict, size: Size, rate: float) -> Iterator[Array]:
    """Every mask that one sample may have, shape (steps, gates, 1, entries).

    Args:
        found: Of what kind.
        size: Of the layer.
        rate: The rate that was asked for.

    Yields:
        The masks.
    """
    lives = size.steps if found.life == "step" else 1
    gates = 4 if found.tying == "untied" else 1
    entries = FEATURES if found.site == "input" else size.units
    kept = _exact(found.kept, found, rate)
    for bits in itertools.product((0.0, kept), repeat=lives * gates * entries):
        mask = np.reshape(bits, (lives, gates, 1, entries))
        if not found.missing:
            yield mask
        else:
            seen = [gate in found.gates for gate in LSTM_GATES]
            yield np.where(np.reshape(seen, (1, 4, 1, 1)), mask, 1.0)


def _exact(value: float, found: SiteVerdict, rate: float) -> float:
    """A multiplier without the rounding with which it was read, where it is one of the usual."""
    usual = (1.0, 1 / (1 - rate), 1 - rate)
    nearest = min(usual, key=lambda each: abs(each - value))
    return nearest if abs(nearest - value) < found.precision * max(1.0, value) else value
