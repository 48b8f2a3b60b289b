"""Programs that know nothing of dropviz, run plain and watched: to the bit the same."""

from __future__ import annotations

import random
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.studies.watch import Watched, watch_everything
from tests.keras_models import assert_same_masks, used_by

from .parts import data, regression, stepping
from .programs import PROGRAMS

pytestmark = [
    pytest.mark.slow,
    # Keras says so of every data set whose length it cannot know.
    pytest.mark.filterwarnings("ignore:Your input ran out of data"),
    # Keras 3.15 copies weights into files so.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def _seeded() -> None:
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)


def _left(models: list[Any]) -> list[bytes]:
    """All that the training leaves: weights, random streams, and what is drawn next."""
    variables = [variable for model in models for variable in model.variables]
    following = [random.random(), np.random.rand(), float(keras.random.uniform(()))]  # noqa: S311, NPY002
    return [np.asarray(v).tobytes() for v in variables] + [str(following).encode()]


@pytest.mark.few("unknown_length")
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_trains_to_the_bit_as_without_and_is_recorded(name: str) -> None:
    program = PROGRAMS[name]
    _seeded()
    plain = _left(program.run())
    _seeded()
    with watch_everything() as watched:
        models = program.run()

    if program.rounds:
        _assert_close(_left(models), plain)
    else:
        assert _left(models) == plain
    recording = watched.recording
    assert {each: (its.batches, its.calls) for each, its in recording.items()} == program.batches
    assert (recording.missed, {*recording.skipped}) == (0, {*program.skipped})
    unlike = [path for path, proof in watched.proof().items() if not proof.agrees]
    assert unlike == [*program.unlike]
    if not program.rates_change:
        _assert_every_call_kept(watched)


@pytest.mark.filterwarnings("ignore:Even though the `tf.config.experimental_run_functions_eagerly`")
@pytest.mark.full
@pytest.mark.parametrize(
    "name", [name for name, each in PROGRAMS.items() if not (each.draws_more or each.rates_change)]
)
def test_the_masks_kept_are_those_that_the_cells_asked_for(name: str) -> None:
    models: list[Any] = []
    _seeded()
    # Masks can be noted beside the recording only where every step runs in Python.
    tf.config.run_functions_eagerly(run_eagerly=True)
    try:
        with watch_everything() as watched:
            used = used_by(None, lambda _: models.extend(PROGRAMS[name].run()))
    finally:
        tf.config.run_functions_eagerly(run_eagerly=False)

    recurrent = {path: each for path, each in watched.recording.items() if each.is_recurrent}
    for path, layer in watched.layers().items():
        cell = {each.name: each for each in getattr(layer.cell, "cells", ())}
        name = path.rpartition("/")[2]
        assert_same_masks(recurrent.pop(path), used[id(cell.get(name, layer.cell))])
    assert not recurrent


def _assert_close(left: list[bytes], plain: list[bytes]) -> None:
    *mine, following = left
    *its, expected = plain
    assert following == expected
    for one, other in zip(mine, its, strict=True):
        moved, unmoved = (np.frombuffer(each, np.float32) for each in (one, other))
        # Sums of some dozens of numbers below 1, in single precision.
        np.testing.assert_allclose(moved, unmoved, atol=2e-8, rtol=1e-6)


def _assert_every_call_kept(watched: Watched) -> None:
    for layer in watched.recording.values():
        for masks in layer.values():
            assert len(masks.batches) == layer.calls, layer.layer
            assert len({*zip(masks.batches, masks.calls, strict=True)}) == layer.calls


def test_a_function_of_an_earlier_cell_meets_a_smaller_batch() -> None:
    x, y = data()
    outcomes = []
    for watching in (False, True):
        _seeded()
        model = regression()
        optimizer = keras.optimizers.Adam()
        step = stepping(model, optimizer)
        step(x[:8], y[:8])
        if watching:
            with watch_everything() as watched:
                step(x[8:16], y[8:16])
                step(x[16:], y[16:])
            assert watched.recording["lstm"].batches == 1
            assert watched.recording.missed == 1
        else:
            step(x[8:16], y[8:16])
            step(x[16:], y[16:])
        outcomes.append(_left([model]))

    assert outcomes[0] == outcomes[1]
