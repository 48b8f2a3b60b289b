from __future__ import annotations

import re
from typing import Any

import pytest

from dropviz.errors import DropvizError
from dropviz.studies import memory_limit
from dropviz.studies.memory_limit import (
    Around,
    check_memory,
    low_memory,
    needed,
    rows_of_call,
)

GIB = 2**30
DIGITS: dict[str, Any] = {"features": 8, "steps": 8, "batch_size": 64}


# ---------------------------------------------------------------- what is needed


def test_the_need_is_at_least_that_of_the_weights_and_of_adam() -> None:
    units, features = 1000, 8
    weights = 4 * units * (features + units + 1)

    # Weights, gradients and Adam's two moments, of 4 bytes each.
    assert needed(units, features, 1, 1, 0) > 4 * 4 * weights


@pytest.mark.parametrize("name", ["units", "features", "steps", "batch_size", "masks"])
def test_the_need_grows_with_each_size(name: str) -> None:
    sizes: dict[str, Any] = {"units": 8, "features": 8, "steps": 8, "batch_size": 8, "masks": 1}

    assert needed(**(sizes | {name: 9})) > needed(**sizes)


# ---------------------------------------------------------------- the refusal


def free(monkeypatch: pytest.MonkeyPatch, room: int | None) -> None:
    monkeypatch.setattr(memory_limit, "available", lambda: room)


@pytest.mark.parametrize("masks", [0, 3])
@pytest.mark.parametrize("room", [2**22, 2**26, 123_456_789, GIB, 50 * GIB])
def test_a_refusal_names_a_number_of_units_that_does_fit(
    room: int, masks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, room)

    with pytest.raises(DropvizError) as caught:
        check_memory(1_000_000, **DIGITS, masks=masks)

    said = str(caught.value)
    assert said.startswith("An LSTM of 1,000,000 units needs about ")
    assert "\n" not in said
    (named,) = re.findall(r"Try ([\d,]+) units or fewer\.$", said)
    fits = int(named.replace(",", ""))
    assert needed(fits, **DIGITS, masks=masks) <= room
    # Cut to one digit, which at the most halves it; so twice as many do not fit.
    assert needed(2 * fits, **DIGITS, masks=masks) > room
    check_memory(fits, **DIGITS, masks=masks)


def test_a_refusal_says_what_is_needed_and_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, GIB)
    need = needed(20_000, **DIGITS, masks=0) / GIB

    with pytest.raises(DropvizError, match=f"needs about {need:.1f} GiB .*, and 1.0 GiB are free"):
        check_memory(20_000, **DIGITS)


def test_what_fits_to_the_byte_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    need = needed(100, **DIGITS, masks=0)
    free(monkeypatch, need)
    check_memory(100, **DIGITS)

    free(monkeypatch, need - 1)
    with pytest.raises(DropvizError, match=r"^An LSTM of 100 units .* Try 90 units or fewer\.$"):
        check_memory(100, **DIGITS)


def test_masks_for_each_weight_need_more(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, needed(1000, **DIGITS, masks=0))

    check_memory(1000, **DIGITS)
    with pytest.raises(DropvizError, match="1,000 units"):
        check_memory(1000, **DIGITS, masks=3)


def test_where_the_system_does_not_tell_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free(monkeypatch, None)

    check_memory(10**9, **DIGITS)


def test_where_not_even_one_unit_fits_no_number_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free(monkeypatch, needed(1, **DIGITS, masks=0) - 1)

    with pytest.raises(DropvizError) as caught:
        check_memory(5, **DIGITS)

    assert str(caught.value).endswith(
        "0.0 GiB are free here. Not even one unit fits; free some memory first."
    )


def test_this_machine_has_room_for_the_largest_of_the_notebooks() -> None:
    check_memory(256, **DIGITS)


# ---------------------------------------------------------------- little that is left


@pytest.mark.parametrize(
    ("room", "said"),
    [(None, ""), (2 * GIB, ""), (300 * 2**20, "Only 300 MiB of memory are left here: restart")],
)
def test_little_that_is_left_is_said(
    monkeypatch: pytest.MonkeyPatch, room: int | None, said: str
) -> None:
    free(monkeypatch, room)

    assert low_memory().startswith(said)
    assert bool(low_memory()) == bool(said)


@pytest.mark.parametrize(
    ("inputs", "weights", "rows"),
    [
        ([(9, 20, 1)], [(1, 128), (32, 128), (128,)], 4096),
        ([(9, 1000, 64)], [(64, 256), ()], 131),
        ([(9, 1000)], [(20_000, 128)], 262),
        ([(9, 10), (9, 500, 512)], [(4, 4)], 131),
        ([(9, 10**6, 64)], [(64, 256)], 1),
        ([(9, 3)], [], 4096),
    ],
    ids=["small", "long", "words", "two inputs", "one at a time", "no weights"],
)
def test_a_model_is_called_on_as_many_samples_as_have_room(
    inputs: list[tuple[int, ...]], weights: list[tuple[int, ...]], rows: int
) -> None:
    assert rows_of_call(inputs, weights) == rows


# ---------------------------------------------------------------- what stands around the LSTM


@pytest.mark.parametrize(
    "around",
    [Around(outputs=300_000_001), Around(1_000_000, answers=200), Around(2, embedded=2**31 * 4)],
)
def test_classes_and_words_that_do_not_fit_are_refused(
    around: Around, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 4 * GIB)

    with pytest.raises(DropvizError, match="number them from 0 on without gaps"):
        check_memory(32, **DIGITS, around=around)


@pytest.mark.parametrize("around", [Around(10), Around(65, answers=40), Around(2, embedded=10**6)])
def test_classes_and_words_as_they_are_fit(around: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, GIB)

    check_memory(32, **DIGITS, around=around)
