from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from dropviz.core.trap_results import TrapResults
from dropviz.errors import DropvizError
from tests.made_traps import GONE, MUSEUM, RATE, UNKNOWN

# ---------------------------------------------------------------- finding a trap


def test_a_trap_is_found_by_number_and_by_name() -> None:
    assert MUSEUM[0] is MUSEUM["rate-one"] is RATE
    assert MUSEUM[-1] is MUSEUM["unknown"] is UNKNOWN


def test_a_museum_is_a_sequence() -> None:
    assert list(MUSEUM) == [RATE, GONE, UNKNOWN]
    assert len(MUSEUM) == 3
    assert MUSEUM.index(GONE) == 1
    assert MUSEUM.names == ("rate-one", "gone", "unknown")
    found: list[object] = [RATE, "gone", "other", 0]
    assert [each in MUSEUM for each in found] == [True, True, False, False]


def test_a_slice_is_a_museum_of_the_same_keras() -> None:
    part = MUSEUM[1:]

    assert part.names == ("gone", "unknown")
    assert part.where == MUSEUM.where


def test_an_unknown_name_is_one_sentence_with_the_nearest_name() -> None:
    with pytest.raises(DropvizError) as raised:
        MUSEUM["rate-on"]

    assert str(raised.value) == (
        "There is no trap 'rate-on'. Did you mean 'rate-one'? Known: 'rate-one', 'gone', 'unknown'."
    )
    assert isinstance(raised.value, KeyError)


def test_a_number_out_of_range_says_how_many_there_are() -> None:
    with pytest.raises(IndexError, match=r"There are 3 traps, numbered from 0. Received: 3."):
        MUSEUM[3]


def test_a_trap_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        RATE.holds = False  # type: ignore[misc]


def test_a_trap_can_stand_in_a_set() -> None:
    assert {RATE, replace(RATE)} == {RATE}


# ---------------------------------------------------------------- text


def test_a_trap_as_text() -> None:
    assert str(RATE) == (
        "rate-one: A rate of 1 drops nothing\n"
        "  You expect  `dropout=1.0` drops every input.\n"
        "  It happens  The outputs are 0 apart.\n"
        "  Why         It tests `0.0 < rate < 1.0` in keras/src/layers/rnn/lstm.py.\n"
        "  What to do  Give rates below 1."
    )


def test_a_museum_as_text() -> None:
    heading, *blocks = str(MUSEUM).split("\n\n")

    assert heading.replace("\n ", "") == (
        "3 traps run with Keras (3.15.1, tensorflow) in 1.8 s; not here: gone; "
        "could not be measured: unknown."
    ).replace("not here", "not so here")
    assert blocks == [str(RATE), str(GONE), str(UNKNOWN)]


def test_a_title_says_where_it_is_not_true() -> None:
    assert str(RATE).startswith("rate-one: A rate of 1 drops nothing\n")
    assert str(GONE).startswith("gone: Gone (not so here)\n")
    assert str(UNKNOWN).startswith("unknown: Unknown (could not be measured)\n")


def test_long_text_is_wrapped_beside_its_label() -> None:
    long = replace(RATE, why="many words " * 40 + "`dropout=0.5` recurrent-dropout " * 10)
    lines = str(long).splitlines()
    first = next(number for number, line in enumerate(lines) if "Why" in line)

    assert max(map(len, lines)) <= 80
    assert lines[first + 1].startswith(" " * 14 + "m")
    assert " ".join(str(long).split()).count("recurrent-dropout") == 10


def test_an_empty_museum_still_speaks() -> None:
    assert str(TrapResults([])) == "0 traps run with Keras in 0.0 s."


def test_the_repr_is_one_line() -> None:
    assert repr(MUSEUM) == "<TrapResults of 3 traps: rate-one, gone, unknown>"
