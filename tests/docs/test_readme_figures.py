"""Figures of the README that can be told from what is here."""

from __future__ import annotations

import re
from pathlib import Path

from dropviz.browser.write_playground import page

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
_PAIRS = re.compile(r"\(([\d.]+) to ([\d.]+), \d+ pairs; ([\d.]+) s and ([\d.]+) s\)")


def test_of_two_times_the_second_is_divided_by_the_first() -> None:
    found = [tuple(map(float, row)) for row in _PAIRS.findall(README)]

    assert len(found) > 5
    assert [row for row in found if not row[0] <= row[3] / row[2] <= row[1]] == []


def test_the_page_without_python_is_about_as_large_as_is_said() -> None:
    (said,) = re.findall(r"one HTML file of about (\d+) kB", README)

    assert int(said) == 50 * round(len(page().encode()) / 50_000)
