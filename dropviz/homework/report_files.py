"""Reports on disk: a JSON for machines and a page for the student, each written as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dropviz.core.html_text import escaped
from dropviz.core.result_files import write_whole
from dropviz.errors import DropvizError, received, visible
from dropviz.homework.report import Report, report_from

_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:46em;margin:2em auto;padding:0 1em}"
    "td,th{padding:.3em .8em;text-align:left;vertical-align:top;border-bottom:1px solid #ccc}"
)


@dataclass(frozen=True)
class Damaged:
    """A file in a folder of reports that is none.

    Attributes:
        path: The file.
        why: A sentence.
    """

    path: Path
    why: str


def path_for(folder: Path, student: str, assignment: str) -> Path:
    """Where the report of an answer lies."""
    return folder / student / f"{assignment}.json"


def write_report(folder: Path, report: Report) -> Path:
    """Writes a report and its page; a reader finds the old ones or the new ones, whole.

    Args:
        folder: Where reports lie.
        report: The report.

    Returns:
        The path of the JSON.

    Raises:
        DropvizError: If they cannot be written.
    """
    path = path_for(folder, report.student, report.assignment)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DropvizError(
            f"The report cannot be written to {received(str(path))} ({error.strerror}). Give a "
            "folder on a disk with room."
        ) from None
    text = json.dumps(report.to_dict(), indent=1, ensure_ascii=False) + "\n"
    write_whole(path.with_suffix(".html"), lambda: page(report).encode())
    return write_whole(path, text.encode)


def read_report(path: Path) -> Report:
    """Reads a report.

    Args:
        path: The JSON.

    Returns:
        The report.

    Raises:
        DropvizError: If it is none.
    """
    try:
        return report_from(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        why = error.strerror
    except (ValueError, RecursionError):
        why = "it is damaged, or no report"
    raise DropvizError(
        f"{received(str(path))} cannot be read ({why}). Grade it again with --again."
    ) from None


def read_reports(folder: Path) -> Iterator[Report | Damaged]:
    """Reads all reports of a class.

    Args:
        folder: Where reports lie.

    Yields:
        A report, or what is wrong with a file.
    """
    for path in sorted(folder.glob("*/*.json")):
        try:
            yield read_report(path)
        except DropvizError as error:
            yield Damaged(path, str(error))


def page(report: Report) -> str:
    """A page of HTML that a student reads; nothing in it is taken for HTML."""
    title = escaped(f"{report.assignment}: {report.score} of {report.of} points")
    rows = "".join(
        f"<tr><td>{each.points}/{each.of}</td><th scope=row>{escaped(each.name)}</th>"
        f"<td>{escaped(each.sentence)}</td></tr>"
        for each in report.checks
    )
    reason = escaped(f"Not graded further: {report.reason}.") if report.reason else ""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1><p>{escaped(report.student)}</p>"
        f"<table>{rows}</table><p>{reason}</p></html>\n"
    )


def changes(old: Report, new: Report) -> list[str]:
    """What a second grading changed, in words; nothing where nothing did."""
    before = {check.name: check for check in old.checks}
    lines = [
        f"{each.name}: {before[each.name].points} -> {each.points} ({each.measured})"
        for each in new.checks
        if each.name in before and before[each.name] != each
    ]
    names = {check.name for check in new.checks}
    lines += [f"{each.name}: new, {each.points}" for each in new.checks if each.name not in before]
    lines += [f"{name}: no longer looked at" for name in before if name not in names]
    if old.reason != new.reason:
        lines.append(f"reason: {new.reason or 'none any more'}")
    return [visible(line) for line in lines]
