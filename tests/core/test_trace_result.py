from __future__ import annotations

import math

import numpy as np
import pytest

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.trace_result import TOLERANCES, Proof, Trace


@pytest.mark.parametrize(
    ("error", "agrees"),
    [(0.0, True), (1e-5, True), (1.0001e-5, False), (math.inf, False), (math.nan, False)],
)
def test_a_proof_holds_up_to_its_tolerance(error: float, *, agrees: bool) -> None:
    assert Proof(error, 1e-5, 2, 3).agrees is agrees


def test_a_proof_says_what_was_proved() -> None:
    assert Proof(1.23e-7, 1e-5, 2, 100).sentence == (
        "Proved: plain NumPy with the recorded masks gives its outputs to 1.2e-07 "
        "(2 sequences of 100 steps)."
    )
    assert Proof(1.23e-7, 1e-5, 1, 1, training=False).sentence == (
        "Proved: plain NumPy with dropout off gives its outputs to 1.2e-07 (1 sequence of 1 step)."
    )


@pytest.mark.parametrize("error", [0.25, math.nan])
def test_a_proof_that_failed_warns(error: float) -> None:
    said = Proof(error, 1e-5, 2, 3).sentence

    assert said.startswith("NOT proved: plain NumPy with the recorded masks differs from its")
    assert said.endswith(
        "(2 sequences of 3 steps; expected at most 1e-05). Do not trust its pictures."
    )
    assert f"{error:.1e}" in said


# The digits that a type keeps, times what a hundred steps make of them.
@pytest.mark.parametrize(
    ("dtype", "spacing"), [("float32", 2**-23), ("float16", 2**-10), ("bfloat16", 2**-7)]
)
def test_tolerances_leave_room_for_rounding_and_for_little_else(dtype: str, spacing: float) -> None:
    assert spacing < TOLERANCES[dtype] < 100 * spacing


def test_no_type_is_allowed_as_much_as_a_wrong_mask_makes() -> None:
    assert max(TOLERANCES.values()) < 0.1
    assert set(TOLERANCES) == {"float64", "float32", "float16", "bfloat16"}


def test_a_trace_shows_how_far_it_is_from_the_layer() -> None:
    nothing = np.zeros((1, 2, 3))
    proof = Proof(2e-7, 1e-5, 1, 2)

    trace = Trace(
        layer="inner/lstm",
        x=nothing,
        masks=LayerRecording("inner/lstm", "LSTM", 3, 0, {}),
        gates={},
        h=nothing,
        c=nothing,
        outputs=nothing,
        proof=proof,
    )

    assert trace.error == 2e-7
    assert repr(trace) == f"<Trace of 'inner/lstm': {proof.sentence}>"
