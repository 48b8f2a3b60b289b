"""Traps on the backend at hand: each is measured, whether it holds there or not."""

from __future__ import annotations

import keras
import pytest

from dropviz.traps.run import EXHIBITS, traps

# XLA, and what PyTorch has in its place, takes a minute.
QUICK = [name for name in EXHIBITS if name not in ("jit-other-masks", "one-order")]


@pytest.mark.few("output-not-masked", "rate-one")  # JAX compiles each for seconds
@pytest.mark.parametrize("name", QUICK)
def test_a_trap_is_measured_on_any_backend(name: str) -> None:
    (trap,) = traps(name)

    assert trap.holds is not None, trap.happens


def test_what_is_tensorflows_alone_is_said_to_be_so_on_others() -> None:
    (trap,) = traps("one-order")

    if keras.config.backend() == "tensorflow":
        assert trap.holds
    else:
        assert trap.happens.endswith("it is TensorFlow that does so; the others shuffle anew.")
