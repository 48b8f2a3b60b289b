"""On PyTorch seeds that lie side by side share their draws; nothing of dropviz's own does."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from dropviz.core.masks import Array
from dropviz.experiment.first_calls import reseed
from dropviz.studies.monte_carlo import mc
from dropviz.traps.run import traps
from tests.backends.matrix import build

SHARES = keras.config.backend() == "torch"
ONES = np.ones((4, 64), "float32")


def draws(seed: int, many: int = 6) -> list[Array]:
    generator = keras.random.SeedGenerator(seed)
    return [
        np.array(keras.ops.convert_to_numpy(keras.random.uniform((64,), seed=generator)))
        for _ in range(many)
    ]


def shared(one: list[Array], other: list[Array]) -> int:
    return sum(any(np.array_equal(a, b) for b in other) for a in one)


def test_the_next_seed_has_the_same_draws_on_pytorch_alone() -> None:
    assert shared(draws(7), draws(8)) == (5 if SHARES else 0)
    assert shared(draws(7), draws(9)) == (4 if SHARES else 0)
    assert shared(draws(7), draws(13)) == 0


def test_the_trap_says_so() -> None:
    (trap,) = traps("neighbouring-seeds")

    assert trap.holds is SHARES
    assert trap.evidence == {"masks": 40, "shared": 39 if SHARES else 0}


def test_unseeded_layers_of_the_seeds_of_a_study_share_nothing() -> None:
    found = []
    for seed in (1, 2, 3):
        keras.utils.set_random_seed(seed)
        layer = keras.layers.Dropout(0.5)
        found.append([np.array(layer(ONES, training=True)) for _ in range(6)])

    assert shared(found[0], found[1]) == shared(found[1], found[2]) == 0


def test_the_experiment_begins_the_streams_of_a_layer_apart() -> None:
    layer = build("Bidirectional", "both", "compiled").layers[0]

    reseed(layer, 7)
    states = [
        each.cell.seed_generator.state for each in (layer.forward_layer, layer.backward_layer)
    ]
    first, second = (int(keras.ops.convert_to_numpy(each.value)[0]) for each in states)

    assert abs(second - first) == (2**20 if SHARES else 1)


@pytest.mark.parametrize("masks", ["sample", "pass"])
def test_passes_with_one_seed_are_alike_and_with_the_next_are_not(masks: str) -> None:
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [keras.Input((3, 32)), keras.layers.LSTM(4, dropout=0.5), keras.layers.Dense(1)]
    )
    x = np.random.default_rng(0).normal(size=(5, 3, 32)).astype("float32")

    one, again, other = (mc(model, x, 8, masks=masks, seed=seed) for seed in (7, 7, 8))

    assert np.array_equal(one.outputs, again.outputs)
    assert shared(list(one.outputs), list(other.outputs)) == 0
