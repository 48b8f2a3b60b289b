from __future__ import annotations

import pytest

from dropviz.core.text_table import Table, shortened


def test_columns_stand_below_one_another() -> None:
    table = Table(("model", "loss"), [("a", "0.5"), ("much longer", "12")])

    assert table.lines == ["model        loss", "a            0.5", "much longer  12"]


def test_an_empty_cell_keeps_its_place_and_leaves_no_spaces_at_the_end() -> None:
    assert Table(("a", "b", "c"), [("1", "", "2"), ("3", "4", "")]).lines == [
        "a  b  c",
        "1     2",
        "3  4",
    ]


def test_a_row_is_one_line_whatever_its_cells_hold() -> None:
    table = Table(("name",), [("one\ntwo\x1b[2J",), ("x" * 1000,)])

    assert table.lines[1] == r"one\ntwo\x1b[2J"
    assert table.lines[2].startswith("...x")
    assert len(table.lines[2]) < 200


@pytest.mark.parametrize(
    ("text", "shown"),
    [("lstm", "lstm"), ("encoder/lstm", "...oder/lstm"[-8:]), ("", ""), ("a\nb", r"a\nb")],
)
def test_the_end_of_a_long_text_is_kept(text: str, shown: str) -> None:
    found = shortened(text, 8)

    assert len(found) <= 8
    assert found.endswith(shown[-5:])


def test_what_is_cut_is_marked() -> None:
    assert shortened("encoder/lstm", 8) == ".../lstm"
