from __future__ import annotations

import math
from dataclasses import replace

import pytest

from dropviz.core.doubt import Coverage
from dropviz.core.doubt_card import DoubtCard, Trust

COVERAGE = Coverage(0.9, 0.9, 0.88, 0.92, 500)


Sizes = tuple[float, float]


def card(error: Sizes = (0.1, 0.3), spread: Sizes = (0.2, 0.1), members: int = 5) -> DoubtCard:
    places = ("inside", "outside")
    trust = {place: Trust(COVERAGE, 2.3, spread[at], error[at]) for at, place in enumerate(places)}
    return DoubtCard({"masks": trust}, members, 100, "noisy sines")


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((0.1, 0.3), "grew to 3 times its size"),
        ((0.1, 0.13), "grew to 1.3 times its size"),
        ((0.01, 1.5), "grew to 150 times its size"),
        ((0.2, 0.1), "shrank to 0.5 times its size"),
        ((0.2, 0.002), "shrank to 0.01 times its size"),
        ((0.1, 0.1004), "stayed about the same"),
        ((0.1, 0.1), "stayed 0.100"),
        ((0.0, 0.0), "stayed 0.000"),
        ((0.0, 0.25), "grew from 0 to 0.250"),
        ((0.25, 0.0), "shrank to 0"),
        ((0.25, math.nan), "went from 0.250 to nan"),
        ((math.inf, 0.25), "went from inf to 0.250"),
    ],
)
def test_what_became_of_a_size_is_said_as_it_is(sizes: Sizes, said: str) -> None:
    first, *_ = card(error=sizes).sentences
    other, *_ = card(spread=sizes).sentences

    assert first == (
        f"masks: from inside to outside the error {said}, the spread shrank to 0.5 times its size."
    )
    assert other == (
        f"masks: from inside to outside the error grew to 3 times its size, the spread {said}."
    )


@pytest.mark.parametrize(
    ("members", "why"),
    [
        (3, ", as 3 models are too few to read it off them"),
        (5, ", as 5 models are too few to read it off them"),
        (40, ""),
    ],
)
def test_it_says_what_its_bands_are(members: int, why: str) -> None:
    *_, last = card(members=members).sentences

    assert last == (
        "Bands here are the mean ± 2.30 spreads (masks): what one more pass or model lies within 9 "
        f"times of 10 where they scatter normally{why}. They are of the models alone: noise in the "
        "data is in the truths, not in them."
    )


def test_a_row_is_short_enough_for_a_telephone_and_its_words_are_explained_below() -> None:
    made = card()

    assert [cells[:2] for cells in made.table.cells] == [["masks", "inside"], ["masks", "outside"]]
    assert max(map(len, made.table.lines)) < 45
    assert " ".join(made.sentences[-3:-1]) == (
        "inside: inputs such as it was trained on; outside: inputs beyond them, where it must "
        "extrapolate. 90 % band: which share of 500 truths it holds; spread: its mean; error: its "
        "root mean square."
    )


def test_a_task_that_asks_something_ends_no_sentence_within_the_title() -> None:
    made = replace(card(), task="20 values: which is the next?")

    assert made.title == (
        "How far to trust the spread of 100 passes of one model with its masks on, and of 5 models "
        "with dropout off (20 values: which is the next?)"
    )
