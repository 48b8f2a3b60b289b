"""Ordinary random weights: what a layer gives out must be the oracle's for a mask that may be.

The experiment's weights are far from those of a training, and a layer could know them by sight;
and its sequences are short, and a layer could drop otherwise at later steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import keras
import numpy as np

from dropviz.core.masks import Array
from dropviz.core.oracle import lstm
from dropviz.core.verdict import SiteVerdict, Verdict
from dropviz.experiment.observations import Doubt
from dropviz.homework.mask_draws import (
    Share,
    drop_together,
    independent_draws,
    own_rates,
    share_at,
)
from dropviz.homework.possible_masks import CLOSE, Reading, kind_of, read_masks
from dropviz.homework.proxy import FEATURES

Layer = Any

_UNITS = 3
_SPREAD = 0.8
_LATE = ((5, 8), (9, 16))  # how long a sequence is, of which the last step is read
_CLOSED = -20.0  # a bias that closes a gate


@dataclass(frozen=True)
class Agreement:
    """How far a layer is from the oracle with ordinary weights.

    Attributes:
        in_training: Largest difference from the nearest of all masks.
        at_inference: Likewise; from no mask, where the experiment found none there.
        shares: What drops at each step.
        late: What drops at the last steps of longer sequences.
        rates: The lowest and the highest rate of entries, where they are not one.
        together: Whether entries drop together more often (1) or less often (-1) than each drawn
            by itself.
    """

    in_training: float
    at_inference: float
    shares: tuple[Share, ...]
    late: tuple[Share, ...]
    rates: tuple[float, float] | None
    together: int

    @property
    def _off(self) -> float:
        return max(self.in_training, self.at_inference)

    @property
    def other(self) -> bool:
        """Whether the layer does with them what it did nowhere in the experiment."""
        return self._off >= CLOSE or not any(share.may_be for share in self.shares)

    @property
    def holds(self) -> bool:
        """Whether it does at each step what it did in the experiment."""
        return self._off < CLOSE and all(share.may_be for share in self.shares)

    @property
    def odd_steps(self) -> str:
        """In words, the first step that drops more or less often than the others; often empty."""
        odd = [share for share in (*self.shares, *self.late) if not share.may_be]
        return odd[0].words if odd else ""

    @property
    def sentence(self) -> str:
        """It in words."""
        if self._off >= CLOSE:
            return f"off by {self._off:.1g}"
        also = "" if self.holds else f", but {self.odd_steps}"
        return f"the same to a thousandth{also}"


def agreement(
    make: Callable[[int, float], Layer], verdict: Verdict, site: str, rate: float, seed: int
) -> Agreement:
    """Compares a layer with the oracle.

    Args:
        make: Makes a layer of so many units with a rate.
        verdict: What the experiment found.
        site: The only site where it found masks.
        rate: The rate to make it with.
        seed: Where the weights and inputs come from.

    Returns:
        How far they are apart.
    """
    found, rng = verdict.sites[site], np.random.default_rng(seed)
    alike = Doubt.UNITS.value not in verdict.doubts
    training, inference = _readings(make, found, rate, rng)
    bits = independent_draws(training.dropped, found)
    # One mask for all steps is that of no step.
    first = 0 if found.life == "sequence" else 1
    shares = [share_at(first + at, each, found, alike=alike) for at, each in enumerate(bits)]
    close = max(training.apart, inference.apart) < CLOSE
    late = _late_shares(make, found, rate, rng, alike=alike) if close else []
    draws = _one_by_one(bits[[share.may_be for share in shares]], found)
    return Agreement(
        training.apart,
        inference.apart,
        tuple(shares),
        tuple(late),
        own_rates(draws),
        drop_together(draws),
    )


def _one_by_one(bits: Array, found: SiteVerdict) -> Array:
    """Draws, shape (draws, entries), of steps and gates that are known to be drawn apart."""
    bits = bits if found.life == "step" else bits[:1]
    bits = bits if found.tying == "untied" else bits[:, :1]
    return bits.reshape(-1, bits.shape[-1])


def _readings(
    make: Callable[[int, float], Layer],
    found: SiteVerdict,
    rate: float,
    rng: np.random.Generator,
) -> tuple[Reading, Reading]:
    """The masks in training, and those at inference."""
    layer = _built(make, _UNITS, rate)
    kind = kind_of(found, _exact(found.kept, found, rate), _entries(found.site))
    weights = _drawn_weights(layer, rng)
    x, h, c = _drawn_inputs(rng, kind.samples, kind.steps, _UNITS)
    layer.set_weights(weights)
    still, noisy = (_last(layer, x, h, c, training=training) for training in (False, True))
    run = partial(_oracle, weights, found.site, x, h, c)
    rest = _exact(found.at_inference, found, rate)
    if found.drops_at_inference:
        dropping = kind_of(found, rest, kind.entries)
        return read_masks(noisy, kind, run), read_masks(still, dropping, run)
    alone = run(np.full((1, 1, 1, kind.entries), rest), 1)[0]
    at_rest = Reading(float(np.abs(still - alone).max()), np.zeros((1, 1, 1, 1)))
    return read_masks(noisy, kind, run), at_rest


def _late_shares(
    make: Callable[[int, float], Layer],
    found: SiteVerdict,
    rate: float,
    rng: np.random.Generator,
    *,
    alike: bool,
) -> list[Share]:
    """What is dropped at the last step of longer sequences.

    With the gate f closed, and every h read from units that read no h, nothing that was dropped
    earlier is left.
    """
    reads_h = found.site == "recurrent"
    units = 2 * _UNITS if reads_h else _UNITS
    kept = _exact(found.kept, found, rate)
    kind = replace(kind_of(found, kept, _entries(found.site)), steps=1, lives=1)
    layer = _built(make, units, rate)
    weights = _drawn_weights(layer, rng)
    if len(weights) < 3:  # noqa: PLR2004
        return []  # without a bias f cannot be closed
    weights[1] *= _from_first_half(units) if reads_h else 0
    for each, closed in zip(weights, (0, 0, _CLOSED), strict=True):
        each[..., units : 2 * units] = closed  # a large input opened what a bias alone closes
    layer.set_weights(weights)
    shares = []
    for shortest, longest in _LATE:
        steps = int(rng.integers(shortest, longest, endpoint=True))
        x, h, c = _drawn_inputs(rng, kind.samples, steps, units)
        out = _last(layer, x, h, c, training=True)
        run = partial(_oracle, weights, found.site, x[:, -2:], 0 * h, 0 * c)
        read = read_masks(out, kind, run)
        bits = independent_draws(read.dropped, found)[0]
        shares.append(
            share_at(steps, bits, found, alike=alike)
            if read.apart < CLOSE
            else Share(steps, 0, 0, may_be=False)
        )
    return shares


def _from_first_half(units: int) -> Array:
    """Where a recurrent kernel has weights, if the second half of the units reads the first."""
    first = np.arange(units) < units // 2
    return np.tile(np.outer(first, ~first), 4).astype(np.float32)


def _entries(site: str) -> int:
    return FEATURES if site == "input" else _UNITS


def _built(make: Callable[[int, float], Layer], units: int, rate: float) -> Layer:
    layer = make(units, rate)
    if not layer.built:
        layer.build((None, None, FEATURES))
    return layer


def _drawn_weights(layer: Layer, rng: np.random.Generator) -> list[Array]:
    return [rng.normal(0, _SPREAD, each.shape).astype("f4") for each in layer.get_weights()]


def _drawn_inputs(
    rng: np.random.Generator, samples: int, steps: int, units: int
) -> tuple[Array, Array, Array]:
    x = rng.normal(0, 1, (samples, steps, FEATURES)).astype("f4")
    h, c = rng.normal(0, _SPREAD, (2, samples, units)).astype("f4")
    return x, h, c


def _last(layer: Layer, x: Array, h: Array, c: Array, *, training: bool) -> Array:
    """The outputs of the last step, shape (samples, units)."""
    x, h, c = (keras.ops.convert_to_tensor(each) for each in (x, h, c))
    out = np.asarray(layer(x, initial_state=[h, c], training=training))
    return out.reshape(len(out), -1)[:, -h.shape[1] :]


def _oracle(
    weights: list[Array], site: str, x: Array, h: Array, c: Array, masks: Array, many: int
) -> Array:
    """What the oracle gives out with each of many masks, shape (masks, samples, units)."""
    samples, units = h.shape
    if site != "input" and masks.shape[3] < units:
        # Nobody reads the others.
        masks = np.concatenate([masks, np.ones((*masks.shape[:3], units - masks.shape[3]))], 3)
    mask = np.repeat(masks, samples, axis=2)
    x, h, c = np.tile(x, (many, 1, 1)), np.tile(h, (many, 1)), np.tile(c, (many, 1))
    out = lstm(weights, x, {site: mask}, h=h, c=c).outputs[:, -1]
    return out.reshape(many, samples, units)


def _exact(value: float, found: SiteVerdict, rate: float) -> float:
    """A multiplier without the rounding with which it was read, where it is one of the usual."""
    usual = (1.0, 1 / (1 - rate), 1 - rate)
    nearest = min(usual, key=lambda each: abs(each - value))
    return nearest if abs(nearest - value) < found.precision * max(1.0, value) else value
