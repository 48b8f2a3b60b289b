"""Grades what a class handed in: each by itself, and what cannot be graded in a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropviz.errors import DropvizError, received, visible
from dropviz.homework.assignments import assignment_of
from dropviz.homework.fork_client import ForkServer
from dropviz.homework.judge import judge
from dropviz.homework.key_file import Key
from dropviz.homework.report import Report
from dropviz.homework.report_files import changes, path_for, read_report, write_report
from dropviz.homework.submission import Submission, find_notebooks, read_submission


@dataclass(frozen=True)
class Graded:
    """What became of one file.

    Attributes:
        path: The file, inside of what was collected.
        sentence: What to tell the teacher.
        failed: Whether it could not be graded.
    """

    path: Path
    sentence: str
    failed: bool = False


def grade(
    server: ForkServer,
    folder: Path,
    reports: Path,
    key: Key,
    *,
    again: bool = False,
    unlocked: bool = False,
) -> Iterator[Graded]:
    """Grades a folder.

    Args:
        server: It forks the processes that answers run in.
        folder: What was collected.
        reports: Where reports go, a folder for each student.
        key: The teacher's key.
        again: Whether to grade what has a report already, and say what changed.
        unlocked: Whether to run answers where a lock that is needed does not hold.

    Yields:
        What became of each file, as it is done.

    Raises:
        DropvizError: If there is nothing to grade.
    """
    read: dict[Path, Submission] = {}
    found, left = find_notebooks(folder)
    failed = [Graded(each.relative_to(folder), why, failed=True) for each, why in left.items()]
    for path in found:
        inside = path.relative_to(folder)
        try:
            read[inside] = read_submission(path, folder)
        except DropvizError as error:
            failed.append(Graded(inside, str(error), failed=True))
    yield from failed
    for inside, submission in read.items():
        others = [each for each in read.values() if _is_another(each, submission)]
        refused = _refused(submission, others)
        if refused:
            yield Graded(inside, refused, failed=True)
            continue
        try:
            told = _grade(server, submission, reports, key, again=again, unlocked=unlocked)
        except DropvizError as error:
            yield Graded(inside, str(error), failed=True)
        except OSError as error:
            yield Graded(inside, _prevented(error), failed=True)
        else:
            yield Graded(inside, f"{told}{_of_others(others)}")


def _grade(
    server: ForkServer,
    submission: Submission,
    reports: Path,
    key: Key,
    *,
    again: bool,
    unlocked: bool,
) -> str:
    # A name that is none may be longer than that of a file can be.
    path = path_for(reports, submission.student, assignment_of(submission).name)
    there = path.exists()
    if there and not again:
        return "has a report already, which is kept. To grade it again, say --again."
    report = judge(server, submission, key, unlocked=unlocked)
    told = _told(path, report) if there else visible(report.lines[0])
    write_report(reports, report)
    return f"{told}{_of_another(submission)}"


def _of_another(submission: Submission) -> str:
    """What to tell of a neighbour's notebook, or of one in the wrong folder."""
    if submission.says:
        return (
            f" It says that it is of {received(submission.says)}, and was graded as that of "
            f"{submission.student}, in whose folder it lies."
        )
    if submission.lies_in and not submission.is_at_home:
        return (
            f" Its folder {received(submission.lies_in)} is no id, so it was graded as that of "
            f"{submission.student}, whose it says that it is."
        )
    return ""


def _told(path: Path, report: Report) -> str:
    """What changed since the report that is there."""
    try:
        old = read_report(path)
    except DropvizError:
        return f"{report.lines[0]} The report that was there could not be read."
    changed = changes(old, report)
    return f"{report.lines[0]} {'; '.join(changed) if changed else 'Nothing changed.'}"


def _prevented(error: OSError) -> str:
    why = error.strerror or type(error).__name__
    return (
        f"This machine did not let it be graded ({why}). Expected a folder of reports that can be "
        "read and written, and room to work in. Mend that, and grade again."
    )


def _is_another(one: Submission, other: Submission) -> bool:
    same = (one.student, one.assignment) == (other.student, other.assignment)
    return same and one is not other


def _refused(submission: Submission, others: Sequence[Submission]) -> str:
    """Why one of several files is not graded; "" where it is."""
    at_home = [each for each in others if each.is_at_home]
    if not others or (submission.is_at_home and not at_home):
        return ""
    if len(at_home) == 1 and not submission.is_at_home:
        where = f"the folder {received(submission.lies_in)}" if submission.lies_in else "no folder"
        return (
            f"It says that it is of {submission.student}, and lies in {where}; the one in the "
            f"folder {submission.student} is graded, and this is not. Ask whose it is, and put it "
            "into the folder of its student."
        )
    return (
        f"Several files are the {submission.assignment} of {submission.student}, so none of them "
        "is graded. Expected one. Leave the right one in the folder, and grade again."
    )


def _of_others(others: Sequence[Submission]) -> str:
    """What to tell of files elsewhere that say that they are the same student's."""
    if not others:
        return ""
    folders = [each.lies_in for each in others if each.lies_in]
    where = f" ({', '.join(map(received, folders))})" if folders else ""
    return f" What lies elsewhere{where} and says that it is of the same student is not graded."
