"""A report: what was asked of an answer and what was measured, check by check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dropviz.errors import visible


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: A short name, the same for all students.
        points: What it earned, 0 to ``of``.
        of: What it can earn.
        asked: What was asked, in words.
        measured: What was found, in words.
        hint: What to think about; often empty.
    """

    name: str
    points: int
    of: int
    asked: str
    measured: str
    hint: str = ""

    @property
    def sentence(self) -> str:
        """What the student reads."""
        also = f" {self.hint}" if self.hint else ""
        return visible(f"Asked: {self.asked}. Measured: {self.measured}.{also}")


def scored(
    points: Mapping[str, int],
    name: str,
    right: bool,  # noqa: FBT001 (what every check is about)
    asked: str,
    measured: str,
    hint: str = "",
) -> Check:
    """A check that earns all of its points, or none.

    Args:
        points: What each check of the assignment can earn, by its name.
        name: Which of them it is.
        right: Whether what was measured is what was asked for.
        asked: What was asked, in words.
        measured: What was found, in words.
        hint: What to think about.
    """
    return Check(name, points[name] if right else 0, points[name], asked, measured, hint)


@dataclass(frozen=True)
class Report:
    """What the judge says of one answer.

    Attributes:
        student: The student's id.
        assignment: The assignment's name.
        edition: Short name of the key that it was judged with; "" without one.
        checks: What was looked at, in order.
        of: Points that there are.
        reason: Why it was not graded further; often empty.
        locks: The locks that held while it ran, in words.
    """

    student: str
    assignment: str
    edition: str
    checks: tuple[Check, ...]
    of: int
    reason: str = ""
    locks: tuple[str, ...] = ()

    @property
    def score(self) -> int:
        """Points earned."""
        return sum(check.points for check in self.checks)

    @property
    def lines(self) -> list[str]:
        """The report in words, line by line."""
        lines = [
            f"{check.points}/{check.of} {check.name}: {check.sentence}" for check in self.checks
        ]
        if self.reason:
            lines.append(visible(f"Not graded further: {self.reason}."))
        return [f"{self.score} of {self.of} points.", *lines]

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, for JSON."""
        return {**asdict(self), "score": self.score}

    def __str__(self) -> str:
        return "\n".join(self.lines)


def report_from(entry: Mapping[str, Any]) -> Report:
    """Reads what ``Report.to_dict`` gives.

    Args:
        entry: The fields by name, from JSON.

    Returns:
        The report.

    Raises:
        ValueError: If they are others, or of other kinds.
    """
    try:
        fields = {name: value for name, value in entry.items() if name != "score"}
        checks = tuple(Check(**each) for each in fields.pop("checks"))
        report = Report(**{**fields, "checks": checks, "locks": tuple(fields["locks"])})
        texts = [report.student, report.assignment, report.edition, report.reason]
        texts += [text for c in checks for text in (c.name, c.asked, c.measured, c.hint)]
        numbers = [report.of, *(number for c in checks for number in (c.points, c.of))]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(str(error)) from None
    if not all(isinstance(text, str) for text in texts) or not all(
        type(number) is int and number >= 0 for number in numbers
    ):
        raise ValueError("fields of other kinds")
    return report
