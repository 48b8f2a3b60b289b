from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from dropviz.core.sites import is_gated
from dropviz.errors import DropvizError
from dropviz.homework.key_file import Key, check_student, make_key, read_key
from dropviz.homework.practice import asked
from dropviz.homework.variants import Variant, variant_of, variants

KEY = Key(bytes(range(32)))
STUDENTS = [f"student{number}" for number in range(400)]


def test_a_student_is_asked_the_same_each_time() -> None:
    # To the digit: what was handed out must be judged by the same words in a year.
    told = variant_of(KEY, "ada")

    assert told == Variant("candidate", "sequence", "", 0.4)
    assert variant_of(Key(bytes(32)), "ada") != told


def test_neighbours_differ_in_site() -> None:
    sites = Counter(variant_of(KEY, student).site for student in STUDENTS)

    assert set(sites) == {"input", "recurrent", "candidate", "cell"}
    # A quarter each, within four standard deviations (400 draws: 100 +- 35).
    assert all(65 < count < 135 for count in sites.values())


def test_every_variant_can_be_drawn_and_makes_sense() -> None:
    drawn = {variant_of(KEY, f"s{number}") for number in range(4000)}

    assert drawn == set(variants())
    assert all(is_gated(each.site) == bool(each.tying) for each in drawn)
    # What Keras's own LSTM does would be earned by one line that wraps it.
    keras = {("input", "sequence", "tied"), ("recurrent", "sequence", "untied")}
    assert not keras & {(each.site, each.life, each.tying) for each in drawn}


def test_a_key_is_written_once_and_read_again(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")

    assert read_key(tmp_path / "key").edition == key.edition
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(DropvizError, match="overwritten"):
        make_key(tmp_path / "key")
    assert make_key(tmp_path / "other").edition != key.edition


@pytest.mark.parametrize(
    "text", ["", "dropviz homework key 1\nzz\n", "dropviz homework key 1\nab\n"]
)
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text)

    with pytest.raises(DropvizError, match="no key of dropviz, or damaged"):
        read_key(path)


def test_a_lost_key_is_said_to_be_lost(tmp_path: Path) -> None:
    with pytest.raises(DropvizError, match="another key asks every student something else"):
        read_key(tmp_path / "key")


@pytest.mark.parametrize(
    "student", ["", "..", "a/b", "a b", "x" * 65, None, "a\n", "\U0001d4b6" * 64]
)
def test_what_is_no_id_is_refused(student: object) -> None:
    with pytest.raises(DropvizError, match="must be 1 to 64 letters"):
        check_student(student)


# ---------------------------------------------------------------- a table that a spreadsheet saved

ROW = "student,site,life,tying,rate\nada,cell,step,,0.25\n"


@pytest.mark.parametrize("raw", [ROW.encode(), ROW.encode("utf-8-sig"), ROW.encode("ascii")])
def test_a_table_is_read_whether_it_begins_with_a_mark_or_not(raw: bytes, tmp_path: Path) -> None:
    table = tmp_path / "variants.csv"
    table.write_bytes(raw)

    assert asked(table, "ada") == Variant("cell", "step", "", 0.25).plain


@pytest.mark.parametrize(
    "raw",
    [
        ROW.replace("ada", "Jos\xe9").encode("cp1252"),
        ROW.encode("utf-16"),
        ROW.replace(",", ";").encode(),
        ROW.replace("life", "lives").encode(),
        b"",
    ],
)
def test_a_table_that_was_saved_otherwise_is_said(raw: bytes, tmp_path: Path) -> None:
    table = tmp_path / "variants.csv"
    table.write_bytes(raw)

    with pytest.raises(DropvizError, match=r"^The table .* cannot be read .*as it was") as caught:
        asked(table, "ada")
    assert "\n" not in str(caught.value)
