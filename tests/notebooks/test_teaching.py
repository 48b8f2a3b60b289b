"""The teacher's page names what there is."""

from __future__ import annotations

import re

from notebooks.write_lessons import FOLDER
from tests.notebooks.lesson_files import LESSONS, stored, texts

TEACHING = (FOLDER.parent / "docs" / "teaching.md").read_text("utf-8")


def test_the_teacher_s_page_names_sections_that_there_are() -> None:
    rows = re.findall(r"^\| [^|]* \| (\d, \*.*) \|$", TEACHING, re.MULTILINE)
    named = [each for row in rows for each in re.findall(r"(\d), \*([^*]+)\*", row)]

    assert len(named) > 20
    assert {number for number, _ in named} == set("123456")
    for number, section in named:
        (lesson,) = (name for name in LESSONS if int(name[:2]) == int(number))
        assert f"\n## {section}\n" in "\n".join(f"\n{text}\n" for text in texts(stored(lesson)))


def test_the_teacher_s_plan_fills_two_hours_without_a_gap() -> None:
    spans = re.findall(r"^\| (\d+) to (\d+) \|", TEACHING, re.MULTILINE)
    ends = [int(end) for _, end in spans]

    assert [int(begin) for begin, _ in spans] == [0, *ends[:-1]]
    assert ends[-1] == 120
    assert [name for name in LESSONS if f"../notebooks/{name}.ipynb" not in TEACHING] == []
