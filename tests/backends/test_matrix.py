"""The table of the documentation says what recording comes to on the backend at hand."""

from __future__ import annotations

import keras
import pytest

from tests.backends.matrix import CASES, PAGE, measure, row, section


def told() -> list[str]:
    """The lines of this backend's part of the page."""
    text = PAGE.read_text(encoding="utf-8")
    mine = text.partition(section(keras.config.backend()) + "\n")[2]
    return mine.partition("\n## ")[0].splitlines()


@pytest.mark.few("LSTM-both-compiled", "GRU-dropout-eager")
@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_the_page_says_what_came_of_it(case: tuple[str, str, str]) -> None:
    measured = measure(*case)

    assert row(case, measured.cell) in told()
    assert measured.bits
    assert measured.masks


def test_the_page_has_a_line_for_each_case_and_no_other() -> None:
    lines = [line for line in told() if line.startswith("| ")][2:]

    assert [line.split(" | ")[:3] for line in lines] == [
        [f"| {kind}", rates, mode] for kind, rates, mode in CASES
    ]
