"""What is advised in reports to other projects, tried as far as that needs no other backend."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np

REPORTS = Path(__file__).parents[2] / "docs" / "upstream"


def test_the_remedy_for_neighbouring_seeds_parts_them_in_the_bits_that_are_used() -> None:
    text = (REPORTS / "torch-neighbouring-seeds.md").read_text("utf-8")
    (remedy,) = re.findall(r"^## A remedy.*?```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    given: list[int] = []
    told = {"np": np, "generator": SimpleNamespace(manual_seed=given.append)}
    seeds, draws = (7, 8, 9, -1, 2**31 - 1), 40

    for first in seeds:
        for second in range(draws):
            exec(remedy, told | {"first_seed": first, "second_seed": second})  # noqa: S102 (ours)

    # PyTorch's Mersenne Twister begins from these alone (aten/src/ATen/core/MT19937RNGEngine.h).
    assert len({seed & 0xFFFFFFFF for seed in given}) == len(seeds) * draws
