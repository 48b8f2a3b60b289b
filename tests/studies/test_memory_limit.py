from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from dropviz.errors import DropvizError
from dropviz.studies import memory_limit
from dropviz.studies.memory_limit import available, check_memory, needed

GIB = 2**30
# More than any machine has, so that the machine's own memory never is the smaller one.
HUGE = 2**80
DIGITS = {"features": 8, "steps": 8, "batch_size": 64}


def group(folder: Path, version: int, limit: str | None, used: str | None) -> Path:
    """Makes the files of a container's limits in one of Linux's two forms."""
    names = {
        1: ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
        2: ("memory.max", "memory.current"),
    }[version]
    for name, text in zip(names, (limit, used), strict=True):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if text is not None:
            path.write_text(text)
    return folder


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> int:
    """Gives the machine 3 GiB, whatever it has."""
    pages = {"SC_PAGE_SIZE": 4096, "SC_AVPHYS_PAGES": 3 * GIB // 4096}
    monkeypatch.setattr(os, "sysconf", pages.__getitem__, raising=False)
    return 3 * GIB


# ---------------------------------------------------------------- what is there


@pytest.mark.parametrize("version", [1, 2])
def test_what_a_container_has_left_is_its_limit_less_what_it_uses(
    version: int, machine: int, tmp_path: Path
) -> None:
    left = available(group(tmp_path, version, "2000000000\n", "500000000\n"))

    assert left == 1_500_000_000 < machine


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("limit", "used"),
    [("max\n", "5\n"), (None, "5\n"), ("5\n", None), ("", ""), ("-1", "0"), ("soon", "5")],
)
def test_without_a_limit_the_machine_s_own_memory_counts(
    version: int, limit: str | None, used: str | None, machine: int, tmp_path: Path
) -> None:
    assert available(group(tmp_path, version, limit, used)) == machine


def test_without_a_folder_the_machine_s_own_memory_counts(machine: int, tmp_path: Path) -> None:
    assert available(tmp_path / "nowhere") == machine


@pytest.mark.parametrize("version", [1, 2])
def test_a_limit_beyond_the_machine_is_no_room(version: int, machine: int, tmp_path: Path) -> None:
    # What the first form says where there is no limit.
    assert available(group(tmp_path, version, "9223372036854771712", "5")) == machine


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("version", [1, 2])
def test_a_container_beyond_its_limit_has_nothing_left(version: int, tmp_path: Path) -> None:
    assert available(group(tmp_path, version, "1000", "1200")) == 0


@pytest.mark.usefixtures("machine")
def test_of_two_limits_the_tighter_one_counts(tmp_path: Path) -> None:
    group(tmp_path, 1, "7000", "1000")

    assert available(group(tmp_path, 2, "9000", "1000")) == 6000


@pytest.mark.parametrize("error", [AttributeError, OSError, ValueError])
def test_a_system_that_does_not_tell_is_no_error(
    error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_: str) -> int:
        raise error

    monkeypatch.setattr(os, "sysconf", silent, raising=False)

    assert available(tmp_path) is None
    assert available(group(tmp_path, 2, "9000", "1000")) == 8000


# ---------------------------------------------------------------- what is needed


def test_the_need_is_at_least_that_of_the_weights_and_of_adam() -> None:
    units, features = 1000, 8
    weights = 4 * units * (features + units + 1)

    # Weights, gradients and Adam's two moments, of 4 bytes each.
    assert needed(units, features, 1, 1, 0) > 4 * 4 * weights


@pytest.mark.parametrize("name", ["units", "features", "steps", "batch_size", "masks"])
def test_the_need_grows_with_each_size(name: str) -> None:
    sizes = {"units": 8, "features": 8, "steps": 8, "batch_size": 8, "masks": 1}

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


def test_this_machine_tells_and_has_room_for_the_largest_of_the_notebooks() -> None:
    left = available()

    assert left is None or 0 < left < HUGE
    check_memory(256, **DIGITS)
