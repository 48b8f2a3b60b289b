"""A class at a glance: a table with names for the teacher, and a figure without."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dropviz.core.number_forms import counted
from dropviz.homework.chat_lines import Told
from dropviz.homework.csv_file import write_csv
from dropviz.homework.report import Check, Report

_MISTAKES = 6


@dataclass(frozen=True)
class ClassView:
    """What a class did.

    Attributes:
        reports: All reports.
        shares: By assignment and check: how many have it right, and how many were looked at.
        mistakes: The most common: how often, what was asked, what was found.
    """

    reports: tuple[Report, ...]
    shares: dict[tuple[str, str], tuple[int, int]]
    mistakes: tuple[tuple[int, str, str], ...]

    @property
    def students(self) -> int:
        """How many handed something in."""
        return len({report.student for report in self.reports})

    @property
    def lines(self) -> list[str]:
        """It in words, without names."""
        lines = [f"{counted(self.students, 'student')}, {counted(len(self.reports), 'report')}."]
        lines += [
            f"{assignment}, {check}: {right} of {many} right"
            for (assignment, check), (right, many) in self.shares.items()
        ]
        return lines + [f"{n} x asked: {a}; found: {m}" for n, a, m in self.mistakes]


def class_view(reports: Sequence[Report]) -> ClassView:
    """Looks at all reports of a class.

    Args:
        reports: They.

    Returns:
        The view. A check that nobody came to is not in it; one that an answer did not come to
        counts as not right.
    """
    seen: dict[str, dict[str, list[Check]]] = defaultdict(lambda: defaultdict(list))
    many = Counter(report.assignment for report in reports)
    wrong: Counter[tuple[str, str]] = Counter()
    for report in reports:
        for check in report.checks:
            seen[report.assignment][check.name].append(check)
            if check.points < check.of:
                wrong[check.asked, check.measured] += 1
    shares = {
        (assignment, name): (sum(each.points == each.of for each in checks), many[assignment])
        for assignment, by_name in sorted(seen.items())
        for name, checks in by_name.items()
    }
    top = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:_MISTAKES]
    mistakes = tuple((count, asked, found) for (asked, found), count in top)
    return ClassView(tuple(reports), shares, mistakes)


def write_table(path: Path, view: ClassView) -> None:
    """Writes a CSV: a row for each report, a column for each check.

    Args:
        path: Where to.
        view: The class.

    Raises:
        DropvizError: If it cannot be written there.
    """
    checks = [f"{assignment}: {name}" for assignment, name in view.shares]
    rows: list[list[object]] = [["student", "assignment", "score", "of", *checks, "reason"]]
    for report in view.reports:
        earned = {f"{report.assignment}: {each.name}": each.points for each in report.checks}
        cells = [earned.get(name, "") for name in checks]
        row = [report.student, report.assignment, report.score, report.of]
        rows.append([*row, *cells, report.reason])
    write_csv(path, rows)


def write_predictions(path: Path, told: Sequence[Told]) -> None:
    """Writes a CSV of what a workshop predicted: a row for each student.

    Args:
        path: Where to.
        told: What the lines of the chat said.

    Raises:
        DropvizError: If it cannot be written there.
    """
    questions = list(dict.fromkeys(name for each in told for name in each.predictions))
    rows = [
        [each.student, *(each.predictions.get(name, "") for name in questions)] for each in told
    ]
    write_csv(path, [["student", *questions], *rows])


def tally(told: Sequence[Told]) -> list[str]:
    """How many predicted what, in words, without names."""
    many = Counter((name, each.predictions[name]) for each in told for name in each.predictions)
    return [f"{name}: {count} x {choice}" for (name, choice), count in sorted(many.items())]
