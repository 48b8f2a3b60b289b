"""The table of assignments: what each asks for by name, and how it is judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dropviz.homework import experiment_judge, mask_judge, study_judge
from dropviz.homework.key_file import Key
from dropviz.homework.proxy import Maker
from dropviz.homework.report import Check
from dropviz.homework.sandbox import Child
from dropviz.homework.study import rows_from
from dropviz.homework.submission import Submission
from dropviz.homework.variants import variant_of

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
    seed = key.number("mask", submission.student)
    child.load(submission.cells, ["make"], seed)
    asked = variant_of(key, submission.student)
    return mask_judge.judge_mask(Maker(child, seed), asked, seed)


def _experiment(child: Child, submission: Submission, key: Key) -> Judged:
    seed = key.number("experiment", submission.student)
    child.load(submission.cells, ["identify"], seed)
    layers = experiment_judge.unnamed_layers(seed)
    return experiment_judge.judge_experiment(experiment_judge.asks(child), layers), ""


def _study(child: Child, submission: Submission, key: Key) -> Judged:
    read = child.literals(submission.cells, ["design", "claim"])
    try:
        found = json.loads(read)
    except (ValueError, RecursionError):
        raise child.refuse("its values could not be read") from None
    seed = key.number("study", submission.student)
    rows = rows_from(submission.printed)
    return study_judge.judge_study(found.get("design"), found.get("claim"), rows, seed)


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
