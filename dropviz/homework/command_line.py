"""`dropviz homework`: a teacher's commands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dropviz.errors import DropvizError, received, visible

_KEY = Path("homework.key")
_STOPPED = 130  # as a shell has it of what Ctrl-C ended
# Two names: what a class predicted does not take the place of what it earned.
_OF_REPORTS, _OF_LINES = Path("class.csv"), Path("predictions.csv")


def add_to(commands: Any) -> None:
    """Adds the command to those of dropviz.

    Args:
        commands: Where to.
    """
    ours = commands.add_parser("homework", help="build, grade and look at homework")
    works = ours.add_subparsers(dest="work", required=True)
    for name, (add, run, words) in _WORKS.items():
        parser = works.add_parser(name, help=words)
        add(parser)
        parser.set_defaults(run=run)


def _add_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="?", default=_KEY, help="where to (%(default)s)")


def _key(given: argparse.Namespace) -> int:
    from dropviz.homework.key_file import make_key

    made = make_key(given.file)
    print(
        visible(
            f"Wrote {given.file.resolve()} (edition {made.edition}). Keep a copy elsewhere, and "
            "hand it to nobody."
        )
    )
    return 0


def _add_build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--students", type=Path, required=True, help="their ids, one on a line")
    parser.add_argument("--key", type=Path, default=_KEY, help="the teacher's key (%(default)s)")
    parser.add_argument(
        "--source",
        type=Path,
        default=Path("notebooks/homework"),
        help="the folder of the sources (%(default)s)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("handout"), help="an empty folder (%(default)s)"
    )


def _build(given: argparse.Namespace) -> int:
    from dropviz.homework.key_file import read_key

    key = read_key(given.key)
    try:
        students = given.students.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DropvizError(
            f"The list of students {received(str(given.students))} cannot be read "
            f"({type(error).__name__}). Give a text file with an id on each line."
        ) from None
    from dropviz.core.number_forms import counted
    from dropviz.keras_inside.start_keras import ready

    ready()
    from dropviz.homework.notebooks import build

    ids = [each.strip() for each in students if each.strip()]
    made = build(given.source, given.out, key, ids)
    files, people = counted(len(made), "file"), counted(len(ids), "student")
    print(visible(f"Wrote {files} for {people} to {given.out.resolve()}."))
    print("Hand out student/ID/ to each. solution/ and the key stay with you.")
    return 0


def _add_grade(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("submitted", type=Path, help="what was collected: ID/NAME.ipynb")
    parser.add_argument("--key", type=Path, default=_KEY, help="the teacher's key (%(default)s)")
    parser.add_argument(
        "--reports", type=Path, default=Path("reports"), help="where reports go (%(default)s)"
    )
    parser.add_argument("--again", action="store_true", help="grade what has a report already too")
    parser.add_argument(
        "--unlocked", action="store_true", help="run answers even where nothing locks them in"
    )


def _grade(given: argparse.Namespace) -> int:
    try:
        return _grade_all(given)
    except KeyboardInterrupt:
        print(
            "\nStopped. What was graded until then has its report. Grade again to go on: without "
            "--again, a report that is there is kept.",
            file=sys.stderr,
        )
        return _STOPPED


def _grade_all(given: argparse.Namespace) -> int:
    from dropviz.homework.key_file import read_key

    key = read_key(given.key)
    from dropviz.homework.judges_keras import ready_to_judge

    ready_to_judge()
    from dropviz.homework.fork_client import ForkServer
    from dropviz.homework.grade import grade
    from dropviz.homework.sandbox import held_locks

    failed = 0
    with ForkServer() as server:
        held = held_locks(server, unlocked=given.unlocked)
        print(f"Locks that hold: {', '.join(held) or 'none'}.", flush=True)
        for each in grade(
            server,
            given.submitted,
            given.reports,
            key,
            again=given.again,
            unlocked=given.unlocked,
        ):
            failed += each.failed
            print(visible(f"{each.path}: {each.sentence}"), flush=True)
    print(f"{failed} could not be graded." if failed else "All were graded.")
    return 1 if failed else 0


def _add_class(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reports", type=Path, nargs="?", help="the folder of reports")
    parser.add_argument("--lines", type=Path, help="a chat with lines of predictions, instead")
    parser.add_argument(
        "--out", type=Path, help=f"the table; {_OF_REPORTS}, or {_OF_LINES} of lines, by default"
    )


def _class(given: argparse.Namespace) -> int:
    if (given.reports is None) == (given.lines is None):
        raise DropvizError("Give a folder of reports, or a chat with --lines; not both, not none.")
    return _of_lines(given) if given.lines else _of_reports(given)


def _of_lines(given: argparse.Namespace) -> int:
    from dropviz.core.number_forms import counted
    from dropviz.homework.chat_lines import read_chat, read_lines
    from dropviz.homework.class_view import tally, write_predictions

    out = given.out or _OF_LINES
    told, damaged = read_lines(read_chat(given.lines))
    for line in damaged:
        print(visible(f"Letters of this line are lost or mistyped: {line}"), file=sys.stderr)
    if not told:
        raise DropvizError(
            f"There is no whole line of predictions in {received(str(given.lines))}, and nothing "
            "was written. Expected lines that begin with dropviz1:, as the last cell of each "
            "lesson makes them. Copy the chat again, as plain text."
        )
    write_predictions(out, told)
    print("\n".join([f"{counted(len(told), 'student')}.", *map(visible, tally(told))]))
    print(visible(f"Wrote {out.resolve()}."))
    return 1 if damaged else 0


def _of_reports(given: argparse.Namespace) -> int:
    out = given.out or _OF_REPORTS
    if out.suffix.lower() == ".png":
        raise DropvizError(
            "--out names the table, and its picture goes beside it as a .png of the same name. "
            f"Received: {received(str(out))}. Give it another ending, as in class.csv."
        )
    from dropviz.core.result_files import write_whole
    from dropviz.figures.homework import class_picture
    from dropviz.homework.class_view import class_view, write_table
    from dropviz.homework.report import Report
    from dropviz.homework.report_files import Damaged, read_reports

    read = list(read_reports(given.reports))
    for each in read:
        if isinstance(each, Damaged):
            print(visible(each.why), file=sys.stderr)
    reports = [each for each in read if isinstance(each, Report)]
    if not reports:
        raise DropvizError(
            f"There is no report in {received(str(given.reports))}. Expected ID/ASSIGNMENT.json, "
            "as `dropviz homework grade` writes them."
        )
    view = class_view(reports)
    write_table(out, view)
    picture = out.with_suffix(".png")
    write_whole(picture, class_picture(view.shares, view.mistakes, view.students).png)
    print("\n".join(map(visible, view.lines)))
    print(visible(f"Wrote {out.resolve()} and {picture.resolve()}."))
    return 1 if len(reports) < len(read) else 0


_Add = Callable[[argparse.ArgumentParser], None]
_Run = Callable[[argparse.Namespace], int]
_WORKS: dict[str, tuple[_Add, _Run, str]] = {
    "key": (_add_key, _key, "make a key, out of which variants come"),
    "build": (_add_build, _build, "build the notebooks that are handed out"),
    "grade": (_add_grade, _grade, "grade what was handed in"),
    "class": (_add_class, _class, "a table and a figure of a class"),
}
