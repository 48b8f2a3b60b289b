from __future__ import annotations

import pytest

from dropviz.core.number_forms import counted, rate_in_words


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (0.0, "0"),
        (0.5, "0.5"),
        (0.12345, "0.12345"),
        (1 / 3, "0.333333"),
        (0.9996, "0.9996"),
        (0.9999999, "0.9999999"),
        (1e-9, "1e-09"),
        (1.0, "1"),
    ],
)
def test_a_rate_below_1_is_never_written_as_1(rate: float, words: str) -> None:
    assert rate_in_words(rate) == words


def test_a_number_is_written_with_its_noun() -> None:
    assert [counted(number, "batch", "batches") for number in (0, 1, 1200)] == [
        "0 batches",
        "1 batch",
        "1,200 batches",
    ]
