"""A right answer with many draws of ordinary weights: the experiment is done once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dropviz.core.verdict import Verdict
from dropviz.experiment.explain import explain
from dropviz.homework.ordinary_weights import agreement
from dropviz.homework.variants import Variant

from .answers import mask_answer

pytestmark = pytest.mark.slow

Layer = Any


@pytest.mark.few("cell")
@pytest.mark.parametrize(
    "asked",
    [
        Variant("cell", "step", "", 0.5),
        Variant("input", "step", "tied", 0.5),
        Variant("recurrent", "sequence", "tied", 0.25),
        Variant("candidate", "step", "", 0.4),
    ],
    ids=lambda asked: asked.site,
)
def test_a_right_answer_agrees_whatever_is_drawn(asked: Variant) -> None:
    names: dict[str, Any] = {}
    exec(mask_answer(asked), names)  # noqa: S102
    rng = np.random.default_rng(0)

    def make(units: int, rate: float) -> Layer:
        layer = names["make"](units, rate)
        layer.build((None, None, 3))
        layer.cell.generator.state.assign(rng.integers(0, 2**31, 2))
        return layer

    verdict = explain(make(8, asked.rate), seed=1)
    assert isinstance(verdict, Verdict)

    for seed in range(25):
        agreed = agreement(make, verdict, asked.site, asked.rate, seed)

        # A large input once opened the gate that a bias alone had closed.
        assert (agreed.holds, agreed.odd_steps) == (True, "")
        assert (agreed.rates, agreed.together) == (None, 0)
