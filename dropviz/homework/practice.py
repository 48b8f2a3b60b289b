"""Checks at the student's, for practice: other layers and seeds than the judge's, and no points."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropviz.core.checks import check_rate
from dropviz.errors import DropvizError, is_known, received, unknown_name, visible
from dropviz.homework.asked_layer import AskedLayer
from dropviz.homework.csv_file import write_csv
from dropviz.homework.experiment_judge import (
    METHODS,
    Unnamed,
    judge_experiment,
    layer_here,
    runs_here,
    unnamed_layers,
)
from dropviz.homework.mask_judge import judge_mask
from dropviz.homework.report import Check
from dropviz.homework.study_judge import judge_practice
from dropviz.homework.variants import Variant, variant_from

_SEED = 1
_COLUMNS = ("student", "site", "life", "tying", "rate")


@dataclass(frozen=True)
class Practice:
    """What a practice check found.

    Attributes:
        checks: What was looked at.
        reason: Why there are not more; often empty.
    """

    checks: tuple[Check, ...]
    reason: str = ""

    @property
    def lines(self) -> list[str]:
        """What a student reads."""
        marks = {True: "+", False: "-"}
        lines = [
            f"{marks[each.points == each.of]} {each.name}: {each.sentence}" for each in self.checks
        ]
        if self.reason:
            lines.append(visible(f"Not looked at further: {self.reason}."))
        return ["This is practice. Points come from the judge, with layers of its own.", *lines]

    def __str__(self) -> str:
        return "\n".join(self.lines)

    __repr__ = __str__


def check(
    assignment: str,
    *,
    asked: object = None,
    make: Callable[..., Any] | None = None,
    identify: Callable[..., str] | None = None,
    design: object = None,
) -> Practice:
    """Tries an answer out, in the student's own notebook.

    Args:
        assignment: Its name: "build-the-mask", "unnamed-layers" or "design-and-defend".
        asked: What was asked, for the first, as it was handed out.
        make: The answer to the first: makes a layer of ``units`` with a ``rate``.
        identify: The answer to the second: names a layer that it may run.
        design: The answer to the third, before it is carried out.

    Returns:
        What was found, in words. It is not what the judge will say: anybody can change it here.

    Raises:
        DropvizError: If the assignment is unknown, or its answer is missing.
    """
    if assignment == "build-the-mask" and asked is not None and make is not None:
        wanted = variant_from(asked)
        checks, reason = judge_mask(lambda units, rate: make(units=units, rate=rate), wanted, _SEED)
    elif assignment == "unnamed-layers" and identify is not None:
        checks, reason = judge_experiment(runs_here(identify), unnamed_layers(_SEED)), ""
    elif assignment == "design-and-defend" and design is not None:
        checks, reason = judge_practice(design)
    else:
        answers = {"asked": asked, "make": make, "identify": identify, "design": design}
        came = [f"{name}=" for name, value in answers.items() if value is not None]
        raise _nothing_to_check(assignment, " and ".join(came))
    return Practice(tuple(checks), reason)


def _nothing_to_check(assignment: object, came: str) -> DropvizError:
    takes = {
        "build-the-mask": "asked= and make=",
        "unnamed-layers": "identify=",
        "design-and-defend": "design=",
    }
    if not isinstance(assignment, str) or assignment not in takes:
        return unknown_name("assignment", assignment, takes)
    return DropvizError(
        f"A check of {assignment} needs {takes[assignment]}. Received: {came or 'no answer'}."
    )


def known_layer(method: str) -> AskedLayer:
    """Makes a layer to try an experiment of Unnamed layers on, whose method one knows.

    Args:
        method: One of the names that the assignment asks for, as "moon".

    Returns:
        A layer with what the judge's layers have (``features``, ``units``, ``set_weights`` and a
        call) and nothing else. It drops at a rate of 0.4, and takes up to 60 calls, as those do.

    Raises:
        UnknownNameError: If the assignment has no such method.
    """
    if not is_known(method, METHODS):
        raise unknown_name("method", method, METHODS)
    return layer_here(Unnamed(method, features=4, units=6, rate=0.4, seed=_SEED))


def asked(table: str | Path, student: str) -> dict[str, str | float]:
    """Reads what a student is asked, where a whole class has one notebook and a table.

    Args:
        table: The file ``variants.csv`` beside the notebook.
        student: The student's id.

    Returns:
        What is asked, by name.

    Raises:
        DropvizError: If the table cannot be read, or the student is not in it.
    """
    rows = _rows(Path(table))
    if student not in rows:
        raise DropvizError(
            f"{received(student)} is not in {received(str(table))}. Set student to the id that "
            "your teacher has of you."
        )
    row = rows[student]
    fields = {name: row[name] for name in _COLUMNS[1:]}
    return variant_from({**fields, "rate": check_rate("rate", row["rate"])}).plain


def write_variants(path: Path, variants: Mapping[str, Variant]) -> None:
    """Writes the table that ``asked`` reads.

    Args:
        path: Where to.
        variants: What each student is asked, by id.
    """
    rows = [[name, each.site, each.life, each.tying, each.rate] for name, each in variants.items()]
    write_csv(path, [_COLUMNS, *rows])


def _rows(path: Path) -> dict[str, dict[str, str]]:
    try:
        # A spreadsheet that saved it begins it with a mark.
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            missing = set(_COLUMNS) - set(reader.fieldnames or ())
            rows = {row["student"]: row for row in reader if not missing and row[_COLUMNS[-1]]}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _no_table(path, type(error).__name__) from None
    if missing:
        raise _no_table(path, f"it has no column {' and no '.join(sorted(missing))}")
    return rows


def _no_table(path: Path, why: str) -> DropvizError:
    return DropvizError(
        f"The table {received(str(path))} cannot be read ({why}). Put the variants.csv that was "
        "handed out beside the notebook, as it was; a spreadsheet may save it otherwise."
    )
