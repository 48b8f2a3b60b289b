"""The table of assignments: what each asks for by name, and how it is judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dropviz.core.number_forms import MOST_SEED
from dropviz.errors import unknown_name
from dropviz.homework import experiment_judge, mask_judge, study_judge
from dropviz.homework.key_file import Key
from dropviz.homework.proxy import Maker
from dropviz.homework.report import Check
from dropviz.homework.sandbox import Child
from dropviz.homework.study import rows_from
from dropviz.homework.submission import Submission
from dropviz.homework.variants import variant_of

_NO_DESIGN = (
    "the notebook sets design to no plain value: expected one dictionary of numbers, texts and "
    "lists, written out where it is set, without names or calls, and not changed after that"
)
Judged = tuple[list[Check], str]  # the checks, and why there are not more


@dataclass(frozen=True)
class Assignment:
    """One assignment.

    Attributes:
        name: What files and reports call it.
        title: Its name in a heading.
        points: What each of its checks can earn.
        judge: Judges an answer in a child; the checks, and why there are not more.
    """

    name: str
    title: str
    points: Mapping[str, int]
    judge: Callable[[Child, Submission, Key], Judged]

    @property
    def of(self) -> int:
        """Points that there are."""
        return sum(self.points.values())


def _mask(child: Child, submission: Submission, key: Key) -> Judged:
    told = _told(key, submission)
    asked = variant_of(key, submission.student)
    child.load(submission.cells, ["make"], told, {"asked": asked.plain})
    seed = judges_seed(key, submission) % (MOST_SEED + 1)
    return mask_judge.judge_mask(Maker(child, told), asked, seed)


def _experiment(child: Child, submission: Submission, key: Key) -> Judged:
    child.load(submission.cells, ["identify"], _told(key, submission))
    layers = experiment_judge.unnamed_layers(judges_seed(key, submission))
    try:
        checks = experiment_judge.judge_experiment(experiment_judge.asks(child), layers)
    except experiment_judge.NothingNamedError as error:
        raise child.refuse(str(error)) from None
    return checks, child.refused


def _study(child: Child, submission: Submission, key: Key) -> Judged:
    read = child.literals(submission.cells, ["design", "claim"])
    try:
        found = json.loads(read)
    except (ValueError, RecursionError):
        raise child.refuse("its values could not be read") from None
    if "design" not in found:
        raise child.refuse(_NO_DESIGN)
    rows = rows_from(submission.printed, found["design"])
    seed = judges_seed(key, submission)
    return study_judge.judge_study(found["design"], found.get("claim"), rows, seed)


def judges_seed(key: Key, submission: Submission) -> int:
    """What the judge draws from, which no answer's process is given.

    It differs with every answer, so that the report of one tells nothing of what the next one
    will meet; and it is too large to be tried out against what an answer sees. (Build the mask
    takes 32 bits of it: all that an answer could find out by trying are weights that it was given.)

    Args:
        key: The teacher's key.
        submission: What was handed in.

    Returns:
        A number below 2**256, the same each time for the same code and outputs.
    """
    handed_in = (*submission.cells, *submission.printed)
    words = ("judge", submission.assignment, submission.student, *handed_in)
    return int.from_bytes(key.digest(*words), "big")


def _told(key: Key, submission: Submission) -> int:
    """The seed that an answer's process is given, and so can read: nothing else follows from it."""
    return key.number("answer", submission.student)


_TABLE = (
    Assignment("build-the-mask", "Build the mask", mask_judge.POINTS, _mask),
    Assignment(
        "unnamed-layers",
        "Unnamed layers",
        dict.fromkeys(experiment_judge.METHODS, experiment_judge.POINTS),
        _experiment,
    ),
    Assignment("design-and-defend", "Design and defend", study_judge.POINTS, _study),
)
ASSIGNMENTS: Mapping[str, Assignment] = {each.name: each for each in _TABLE}


def assignment_of(submission: Submission) -> Assignment:
    """The assignment that a submission names; raises UnknownNameError where there is none."""
    if submission.assignment not in ASSIGNMENTS:
        raise unknown_name("assignment", submission.assignment, ASSIGNMENTS)
    return ASSIGNMENTS[submission.assignment]
