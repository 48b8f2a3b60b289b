from __future__ import annotations

import json
import math
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dropviz.core.training_result import TrainingResult
from dropviz.errors import DropvizError
from dropviz.studies import study_file
from dropviz.studies.study_file import ResultsFile, StudyId, data_digest

STUDY = StudyId("digits", "abc", "exact", {"keras": "3.15", "dropviz": "0.1"})


def result(number: int, **given: Any) -> TrainingResult:
    curves = {"loss": (1.5, 1 / 3), "val_loss": (0.1 + number, math.nan)}
    return TrainingResult(f"lstm:s{number}", **{"curves": curves, "seconds": 0.5, **given})


def same(a: TrainingResult, b: TrainingResult) -> bool:
    return repr(a) == repr(b)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.jsonl"


def test_what_was_added_is_there_when_it_is_opened_again(path: Path) -> None:
    first = ResultsFile(path, STUDY)
    made = [result(1), result(2, status="failed", reason="it broke", curves={})]
    for each in made:
        first.add(each)
    first.add(result(1, seconds=9.0))  # its cell is there

    again = ResultsFile(path, STUDY).results

    assert list(again) == ["lstm:s1", "lstm:s2"]
    assert all(same(again[each.cell], each) for each in made)


def test_a_line_is_written_at_once_and_can_be_read_by_anybody(path: Path) -> None:
    ResultsFile(path, STUDY).add(result(1))

    header, line = map(json.loads, path.read_text().splitlines())
    assert header["entry"]["task"] == "digits"
    assert line["entry"]["curves"]["loss"] == [1.5, 1 / 3]


@pytest.mark.parametrize("keep", [1, 20, -1])
def test_a_torn_last_line_is_cut_off_and_the_study_goes_on(path: Path, keep: int) -> None:
    file = ResultsFile(path, STUDY)
    file.add(result(1))
    whole = path.read_bytes()
    file.add(result(2))
    torn = path.read_bytes()[len(whole) :][:keep]
    path.write_bytes(whole + torn)

    again = ResultsFile(path, STUDY)
    assert list(again.results) == ["lstm:s1"]
    again.add(result(3))

    assert list(ResultsFile(path, STUDY).results) == ["lstm:s1", "lstm:s3"]


def test_empty_lines_say_nothing(path: Path) -> None:
    ResultsFile(path, STUDY).add(result(1))
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + b"\n" + second + b"  \n\n")

    file = ResultsFile(path, STUDY)
    file.add(result(2))

    assert len(file.results) == len(ResultsFile(path, STUDY).results) == 2


@pytest.mark.parametrize("left", [0, 5])
def test_a_file_whose_first_line_was_torn_begins_anew(path: Path, left: int) -> None:
    ResultsFile(path, STUDY)
    path.write_bytes(path.read_bytes()[:left])

    ResultsFile(path, STUDY).add(result(1))

    assert list(ResultsFile(path, STUDY).results) == ["lstm:s1"]


@pytest.mark.parametrize(
    "content",
    [b'{"units": 32}', b"", b"\x89PNG", b'{"digest": "0123456789abcdef", "entry": {"dropviz study'],
    ids=["settings", "empty", "bytes", "another's torn line"],
)
def test_a_file_of_somebody_s_own_is_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    if not content:
        assert not ResultsFile(path, STUDY).results
        return
    with pytest.raises(DropvizError, match="is no study of dropviz") as caught:
        ResultsFile(path, STUDY)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def lost(number: int, reason: str = "OSError: no network") -> TrainingResult:
    return result(number, status="failed", reason=reason, retry=True, curves={})


def test_a_result_takes_the_place_of_what_failed_for_what_is_round_it(path: Path) -> None:
    file = ResultsFile(path, STUDY)
    for each in (lost(1), result(2), lost(1, "MemoryError"), result(1), lost(2), lost(1)):
        file.add(each)

    again = ResultsFile(path, STUDY)

    assert [each.status for each in again.results.values()] == ["done", "done"]
    # The header, both failures, and each cell once: nothing follows a result that counts.
    assert path.read_bytes().count(b"\n") == 5


def test_of_what_failed_again_the_last_reason_is_kept(path: Path) -> None:
    file = ResultsFile(path, STUDY)
    file.add(lost(1))
    file.add(lost(1, "MemoryError"))

    (found,) = ResultsFile(path, STUDY).results.values()

    assert (found.retry, found.reason) == (True, "MemoryError")


def test_two_writers_may_have_the_same_result_or_lose_it(path: Path) -> None:
    first, second = ResultsFile(path, STUDY), ResultsFile(path, STUDY)
    for each in (result(1), result(2, status="failed", reason="the loss was not finite")):
        first.add(each)
        second.add(each)  # its curves hold a NaN
    third = ResultsFile(path, STUDY)
    third.results.clear()
    third.add(lost(1))

    assert [each.retry for each in ResultsFile(path, STUDY).results.values()] == [False, False]


def test_two_that_begin_a_file_in_one_instant_lose_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ResultsFile(path, STUDY)
    first.add(result(1))
    with monkeypatch.context() as before:
        before.setattr(Path, "exists", lambda _: False)
        second = ResultsFile(path, STUDY)
    second.add(result(2))
    first.add(result(3))

    assert list(ResultsFile(path, STUDY).results) == [result(n).cell for n in (1, 2, 3)]


@pytest.mark.parametrize("change", ["digit", "line", "swap", "foreign"])
def test_a_damaged_line_is_refused_in_one_sentence(path: Path, change: str) -> None:
    file = ResultsFile(path, STUDY)
    for number in (1, 2, 3):
        file.add(result(number))
    lines = path.read_text().splitlines()
    changed = {
        "digit": [lines[0], lines[1].replace("1.5", "1.6"), *lines[2:]],
        "line": [lines[0], lines[1][:30], *lines[2:]],
        "swap": [lines[0], lines[1].replace("lstm:s1", "lstm:s9"), *lines[2:]],
        "foreign": ["{}", *lines[1:]],
    }[change]
    path.write_text("\n".join(changed) + "\n")

    with pytest.raises(DropvizError, match=r"^Line \d of .* is damaged") as caught:
        ResultsFile(path, STUDY)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "other",
    [
        StudyId("copy", "abc", "exact", STUDY.versions),
        StudyId("digits", "abd", "exact", STUDY.versions),
        StudyId("digits", "abc", "xla", STUDY.versions),
        StudyId("digits", "abc", "exact", {"keras": "3.14", "dropviz": "0.1"}),
    ],
    ids=["task", "data", "engine", "versions"],
)
def test_the_results_of_another_study_are_refused_and_kept(path: Path, other: StudyId) -> None:
    ResultsFile(path, STUDY).add(result(1))
    before = path.read_bytes()

    with pytest.raises(DropvizError, match="holds the results of another study"):
        ResultsFile(path, other)
    assert path.read_bytes() == before


def test_two_results_of_one_cell_are_refused(path: Path) -> None:
    ResultsFile(path, STUDY).add(result(1))
    other = path.with_name("other.jsonl")
    ResultsFile(other, STUDY).add(result(1, status="failed", curves={}))
    path.write_text(path.read_text() + other.read_text().splitlines()[1] + "\n")

    with pytest.raises(DropvizError, match="two different results"):
        ResultsFile(path, STUDY)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DropvizError, match="cannot be kept in"):
        ResultsFile(tmp_path / "none" / "results.jsonl", STUDY)


def with_entries(path: Path, *entries: Any) -> None:
    """Writes a file whose digests are right, whatever it says."""
    first = json.loads(path.read_text().splitlines()[0])["entry"]
    lines = [study_file._line(each) for each in (first, *entries)]
    path.write_bytes(b"".join(lines))


GOOD: dict[str, Any] = {**asdict(result(1)), "curves": {"loss": [1.5, math.nan]}}


# By field what it may not be; the loss is a curve's only point.
WRONG: dict[str, list[Any]] = {
    "more": [1],
    "cell": [5, None, []],
    "curves": [5, {"loss": 5}, {"loss": ["1"]}, *({"loss": [n]} for n in (True, 10**400, None))],
    "status": ["banana", 1],
    "seconds": ["x", None, -1, math.nan],
    "reason": [5],
    "retry": ["no"],
}
ENTRIES = [{**GOOD, field: wrong} for field, every in WRONG.items() for wrong in every]


@pytest.mark.parametrize("entry", [5, None, [], "x", {}, *ENTRIES], ids=repr)
def test_what_no_dropviz_writes_is_refused_though_its_digest_is_right(
    path: Path, entry: Any
) -> None:
    ResultsFile(path, STUDY)
    with_entries(path, GOOD)
    assert list(ResultsFile(path, STUDY).results) == ["lstm:s1"]
    with_entries(path, entry)

    with pytest.raises(DropvizError, match="is damaged") as caught:
        ResultsFile(path, STUDY)
    assert "\n" not in str(caught.value)


def test_a_line_that_is_nested_deeper_than_can_be_read_is_damaged(path: Path) -> None:
    ResultsFile(path, STUDY)
    with path.open("ab") as file:
        file.write(b"[" * 200_000 + b"\n")

    with pytest.raises(DropvizError, match=r"^Line 2 of .* is damaged"):
        ResultsFile(path, STUDY)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    # One has no end, one waits for somebody who writes.
    for place in (tmp_path, pipe, "/dev/zero"):
        with pytest.raises(DropvizError, match="is taken by what is no file"):
            ResultsFile(place, STUDY)


def test_a_full_disk_leaves_no_torn_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = ResultsFile(path, STUDY)
    file.add(result(1))
    before = path.read_bytes()
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, line: real(handle, line[:10]))

    with pytest.raises(DropvizError, match="No space left"):
        file.add(result(2))
    monkeypatch.undo()

    assert path.read_bytes() == before
    file.add(result(3))
    assert list(ResultsFile(path, STUDY).results) == ["lstm:s1", "lstm:s3"]


def test_ten_thousand_results_are_read_back(path: Path) -> None:
    file = ResultsFile(path, STUDY)
    began = time.perf_counter()
    for number in range(10_000):
        file.add(result(number))
    wrote = time.perf_counter() - began

    again = ResultsFile(path, STUDY)

    print(f"{wrote / 10_000 * 1000:.3f} ms a result")  # noqa: T201 (shown with -s)
    assert len(again.results) == 10_000


def test_a_digest_is_of_values_shapes_and_types() -> None:
    x = np.arange(6, dtype="float32")
    digests = {
        data_digest({"x": x}),
        data_digest({"x": x.reshape(2, 3)}),
        data_digest({"x": x.astype("float64")}),
        data_digest({"x": x + 1}),
        data_digest({"y": x}),
    }
    assert len(digests) == 5
    assert data_digest({"x": x.copy()}) in digests
