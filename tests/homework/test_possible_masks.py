"""Masks that are read off outputs, where the oracle itself made the outputs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from dropviz.core.masks import Array
from dropviz.core.oracle import lstm
from dropviz.homework.possible_masks import CLOSE, Kind, Reading, kind_of, read_masks

from .test_mask_draws import FOUND

ALL = (True,) * 4


def outputs(site: str, given: list[Array], masks: Array, many: int) -> Array:
    """What an LSTM of ordinary weights gives out for each mask and sample."""
    weights, x = given[:3], given[3]
    samples = len(x)
    x = np.tile(x, (many, 1, 1))
    out = lstm(weights, x, {site: np.repeat(masks, samples, axis=2)}).outputs[:, -1]
    return out.reshape(many, samples, -1)


def read(site: str, kind: Kind, rate: float, seed: int = 0) -> tuple[Reading, Array]:
    """What is read of random masks, and the masks."""
    rng = np.random.default_rng(seed)
    shapes = [(3, 12), (3, 12), (12,), (kind.samples, kind.steps, 3)]
    given: list[Array] = [rng.normal(0, 0.8, shape) for shape in shapes]
    dropped: Array = (rng.random((kind.samples, kind.bits)) < rate).astype(float)
    x = given[-1]
    seen = [
        outputs(site, [*given[:3], x[at : at + 1]], kind.masks(each[np.newaxis]), 1)[0, 0]
        for at, each in enumerate(dropped)
    ]
    reading = read_masks(np.array(seen), kind, partial(outputs, site, given))
    shape = (-1, kind.lives, kind.gates, kind.entries)
    return reading, np.moveaxis(dropped.reshape(shape), 0, 2)


@pytest.mark.parametrize(
    ("site", "kind", "rate"),
    [
        ("cell", Kind(3, 3, 1, 3, ALL, 2.0), 0.5),
        ("cell", Kind(3, 1, 1, 3, ALL, 1.25), 0.2),
        ("candidate", Kind(3, 3, 1, 3, ALL, 2.0), 0.5),
        ("input", Kind(1, 1, 4, 3, ALL, 4 / 3), 0.25),
        ("recurrent", Kind(3, 1, 1, 3, ALL, 1 / 0.6), 0.4),
    ],
)
def test_what_is_told_is_what_was_drawn(site: str, kind: Kind, rate: float) -> None:
    reading, dropped = read(site, kind, rate)
    told = ~np.isnan(reading.dropped)

    assert reading.apart < 1e-12
    assert np.array_equal(reading.dropped[told], dropped[told])
    assert told[-1].mean() > 0.5


def test_what_was_lost_with_a_memory_is_not_told_and_does_not_bend_the_share() -> None:
    reading, dropped = zip(
        *(read("cell", Kind(3, 3, 1, 3, ALL, 2.0), 0.5, seed) for seed in range(6)), strict=True
    )
    bits, drawn = (np.concatenate(each, axis=2) for each in ([r.dropped for r in reading], dropped))
    lost = drawn[1:, 0].min(axis=2) == 1  # all units at the second step, and at the third

    assert np.isnan(bits[0, 0][lost.any(axis=0)]).all()
    assert np.isnan(bits[1, 0][lost[1]]).all()
    # Ambiguous draws that counted as dropped made .5 to .6.
    assert np.nanmean(bits, axis=(1, 2, 3)) == pytest.approx([0.5] * 3, abs=0.05)


def test_outputs_of_no_mask_are_apart_and_tell_nothing() -> None:
    kind = Kind(3, 3, 1, 3, ALL, 2.0)

    reading = read_masks(np.ones((4, 3)), kind, lambda _, many: np.zeros((many, 4, 3)))

    assert reading.apart == 1 > CLOSE
    assert np.isnan(reading.dropped).all()


def test_gates_that_see_no_mask_are_let_be() -> None:
    masks = Kind(1, 1, 1, 2, (True, False, True, True), 2.0).masks(np.array([[True, False]]))

    assert masks[0, :, 0].tolist() == [[0, 2], [1, 1], [0, 2], [0, 2]]


def test_what_the_experiment_could_not_tell_is_left_open() -> None:
    plain = kind_of(FOUND, 2.0, 3)
    found = replace(FOUND, site="input", life=None, tying=None)

    assert (plain.steps, plain.lives, plain.gates, plain.samples) == (3, 3, 1, 384)
    kind = kind_of(found, 2.0, 3)
    assert (kind.steps, kind.lives, kind.gates, kind.samples) == (1, 1, 4, 48)
