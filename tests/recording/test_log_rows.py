"""What a store hands back, put together from plain numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dropviz.recording.log_rows import (
    BATCH,
    CALL,
    COLUMNS,
    LAYER,
    SIZE,
    START,
    TRAINS,
    Copied,
    Held,
    rate_bits,
    read_back,
)


def log_of(rows: Sequence[dict[int, int]]) -> NDArray[np.int64]:
    """Rows of a log, by column."""
    log = np.zeros((len(rows), COLUMNS), np.int64)
    for number, row in enumerate(rows):
        log[number, list(row)] = list(row.values())
    return log


def held(trains: str, *, calls: int | None = None, looks: int | None = None) -> Held:
    """What is held of calls: "t" of training, "l" a look; each with a mask, its number."""
    ours, others = trains.count("t"), trains.count("l")
    rows = [
        {TRAINS: int(each == "t"), BATCH: 7, CALL: number} for number, each in enumerate(trains)
    ]
    return Held(
        calls=ours if calls is None else calls,
        batches=2,
        looks=others if looks is None else looks,
        log=log_of(rows),
        blocks=tuple(np.full(1, number, "float32") for number in range(len(trains))),
        rows=tuple(range(len(trains))),
    )


def told(what: Held) -> tuple[Any, ...]:
    """Its calls, batches, what is untaken, and of each row (batch, call, mask)."""
    masks = dict(zip(what.rows, (int(each[0]) for each in what.blocks), strict=True))
    rows = [
        (int(row[BATCH]), int(row[CALL]), masks.get(number)) for number, row in enumerate(what.log)
    ]
    return what.calls, what.batches, what.untaken, rows


# By what it is: what is held, whether a step was seen, `every`, and what is told.
CASES: dict[str, tuple[Held, bool, int, tuple[Any, ...]]] = {
    "training and a look": (held("tlt"), True, 1, (2, 2, 1, [(7, 0, 0), (7, 2, 2)])),
    "one call": (held("t"), True, 1, (1, 2, 0, [(7, 0, 0)])),
    "no step, so that each call is a batch": (
        held("tlt"),
        False,
        1,
        (2, 2, 1, [(0, 0, 0), (1, 0, 2)]),
    ),
    "no step, and of each second": (
        held("ttt"),
        False,
        2,
        (3, 3, 0, [(0, 0, 0), (1, 0, None), (2, 0, 2)]),
    ),
    "a log that begins later": (held("tt", calls=5), False, 1, (5, 5, 0, [(3, 0, 0), (4, 0, 1)])),
    "a log that begins later, of each third": (
        held("tt", calls=5),
        False,
        3,
        (5, 5, 0, [(3, 0, 0), (4, 0, None)]),
    ),
    "looks alone": (held("ll"), False, 1, (2, 2, 0, [(0, 0, 0), (1, 0, 1)])),
    "looks beside what trained": (held("ll"), True, 1, (2, 2, 2, [(0, 0, 0), (1, 0, 1)])),
    "the last of many looks": (held("l", looks=4), False, 2, (4, 4, 0, [(3, 0, None)])),
    "training of which no row is left": (held("l", calls=3), True, 1, (3, 2, 1, [])),
    "nothing": (held(""), False, 1, (0, 0, 0, [])),
}


@pytest.mark.parametrize(("given", "stepped", "every", "expected"), CASES.values(), ids=CASES)
def test_what_belongs_to_training_is_told_apart(
    given: Held, expected: tuple[Any, ...], every: int, *, stepped: bool
) -> None:
    before = given.log.copy()

    assert told(given.of_training(stepped=stepped, every=every)) == expected

    np.testing.assert_array_equal(given.log, before)


@pytest.mark.parametrize("newest", [False, True])
def test_that_only_the_newest_were_read_stays_known(*, newest: bool) -> None:
    given = replace(held("t"), newest=newest)

    assert given.of_training(stepped=True, every=1).newest is newest
    assert not held("t").newest


@pytest.mark.parametrize(
    ("letters", "stepped", "by_hand", "by_call"),
    [
        ("tt", True, True, True),
        ("tt", False, False, True),
        ("tt", True, False, False),
        ("ll", True, True, False),
    ],
)
def test_what_no_optimizer_trains_has_a_batch_for_each_call(
    letters: str, *, stepped: bool, by_hand: bool, by_call: bool
) -> None:
    found = held(letters).of_training(stepped=stepped, by_hand=by_hand, every=1)

    assert found.by_call is by_call
    assert found.log[:, BATCH].tolist() == ([7, 7] if letters == "tt" and not by_call else [0, 1])


def test_blocks_are_read_that_are_there_and_not_written_over() -> None:
    places = [(3, 4), (9, 1), (10, 2), (12, 0), (12, 5)]
    log = log_of([{START: start, SIZE: size} for start, size in places])

    found = read_back(log, np.array([6, 5, 0, 0, 2]), 10, lambda *place: np.array(place, float))

    assert (found.calls, found.batches, found.looks) == (6, 5, 2)
    assert (found.untaken, found.newest) == (0, False)
    assert found.rows == (2, 4)
    assert [block.tolist() for block in found.blocks] == [[10, 2], [12, 5]]
    assert found.log is log


def test_of_what_was_copied_each_layer_is_read_by_itself() -> None:
    rows = [
        # (layer, start, size): of a ring of 8, which has come round once.
        *((0, 0, 3), (1, 3, 2), (0, 5, 3)),
        *((1, 8, 2), (0, 10, 1)),
    ]
    log = log_of(
        [
            {LAYER: layer, START: start, SIZE: size, TRAINS: 1, BATCH: number}
            for number, (layer, start, size) in enumerate(rows)
        ]
    )
    ring = np.arange(8, dtype="float32")
    copied = Copied(
        log=log,
        ring=ring,
        furthest=11,
        capacity=8,
        counts=np.array([[3, 3, 0, 0, 0], [2, 2, 0, 0, 1]]),
        steps=(5,),
        stepped=True,
        every=1,
    )

    one, other = copied.read(0), copied.read(1)
    ring[:] = -1

    assert [block.tolist() for block in one.blocks] == [[5, 6, 7], [2]]
    assert (one.rows, one.calls, one.untaken, len(one.log)) == ((1, 2), 3, 0, 3)
    assert one.log[:, BATCH].tolist() == [0, 2, 4]
    # A layer that no optimizer trains has a batch for each call, whatever steps were seen.
    assert copied.read(0, by_hand=True).log[:, BATCH].tolist() == [0, 1, 2]
    assert [block.tolist() for block in other.blocks] == [[3, 4], [0, 1]]
    assert (other.rows, other.calls, other.untaken) == ((0, 1), 2, 1)
    unseen = replace(copied, stepped=False, every=2).read(0)
    assert unseen.log[:, BATCH].tolist() == [0, 1, 2]
    assert unseen.rows == (2,)


def test_rates_are_bits_of_doubles_however_they_are_given() -> None:
    rates = [0.1 + 0.2, 1 / 3]
    wide = np.array(rates)

    assert rate_bits(rates).view(np.float64).tolist() == rates
    np.testing.assert_array_equal(rate_bits(wide), rate_bits(rates))
    # Where a backend has no doubles, as halves of each.
    np.testing.assert_array_equal(rate_bits(wide.view(np.uint32).reshape(2, 2)), rate_bits(rates))
    assert rate_bits([0, np.float32(0.5)]).view(np.float64).tolist() == [0, 0.5]


def of_steps(made: int | None, *calls: tuple[int, int], last: int) -> Held:
    """What is held of calls, each (batch, call), as a store that made so many steps holds them."""
    rows = [{TRAINS: 1, BATCH: batch, CALL: call, SIZE: 0} for batch, call in calls]
    batches = calls[-1][0] + 1
    within = calls[-1][1] + 1
    counts = np.array([len(calls), batches, last, within, 0])
    held = read_back(log_of(rows), counts, 0, lambda *place: np.array(place, float), made)
    return held.of_training(stepped=True, every=1)


@pytest.mark.parametrize(
    ("made", "last", "batches", "calls", "unfinished"),
    [
        (3, 3, 3, 4, 0),  # each batch had its step
        (2, 3, 2, 2, 2),  # two calls came after the last
        (None, 3, 3, 4, 0),  # nobody counts
    ],
)
def test_calls_after_the_last_step_are_no_batch(
    made: int | None, last: int, batches: int, calls: int, unfinished: int
) -> None:
    found = of_steps(made, (0, 0), (1, 0), (2, 0), (2, 1), last=last)

    assert (found.batches, found.calls, found.unfinished) == (batches, calls, unfinished)
    assert found.log[:, BATCH].max() == batches - 1


def test_where_nothing_had_its_step_the_calls_are_shown() -> None:
    found = of_steps(0, (0, 0), (0, 1), last=1)

    assert (found.batches, found.calls, found.unfinished) == (1, 2, 0)
