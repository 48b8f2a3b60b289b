"""What is said and shown of a study, made from its results alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dropviz.core.estimate import Estimate
from dropviz.core.number_forms import counted
from dropviz.core.sentences import figure
from dropviz.core.text_table import Table
from dropviz.figures.theme import Picture
from studies.study_results import Results, column


@dataclass(frozen=True)
class Report:
    """What is said and shown of a study.

    Attributes:
        title: In one line.
        question: What was asked, and how.
        tables: By their captions.
        sentences: What may be said; no more than the intervals allow.
        pictures: By the name of their file, without its end.
    """

    title: str
    question: str
    tables: Mapping[str, Table]
    sentences: Sequence[str]
    pictures: Mapping[str, Picture] = field(repr=False)


def difference(what: str, found: Estimate, than: str, *, more_is_better: bool = True) -> str:
    """What may be said of a paired difference.

    Args:
        what: What is compared.
        found: Its score minus that of the other, seed by seed.
        than: What it is compared with.
        more_is_better: Whether a higher score is a better one.
    """
    if found.count < 2:  # noqa: PLR2004
        return f"{what} and {than}: {counted(found.count, 'seed')} with both; nothing can be said."
    if found.mean == found.deviation == 0:
        return f"{what} and {than}: the same score in each of these {found.count} seeds."
    if not found.has_interval:
        return (
            f"{what} and {than}: the difference was the same, {figure(found.mean)}, in each of "
            f"these {found.count} seeds, so that their noise cannot be told."
        )
    if not found.differs:
        return (
            f"{what} and {than}: no difference beyond the noise of these {found.count} seeds "
            f"({figure(found.low)} to {figure(found.high)})."
        )
    better = (found.mean > 0) == more_is_better
    low, high = sorted((abs(found.low), abs(found.high)))
    return (
        f"{what} is {'better' if better else 'worse'} than {than} by {figure(abs(found.mean))} "
        f"({figure(low)} to {figure(high)})."
    )


def proof(results: Results) -> str:
    """How far nets are from plain Keras that was trained beside them."""
    apart = [row["apart_from_plain"] for row in results.rows if row.get("apart_from_plain")]
    if not apart:
        return "No net was trained again in plain Keras."
    weights = max(column(apart, "weights"))
    again = f"{counted(len(apart), 'net')}, chosen at random, trained again in plain Keras with"
    ends = "equal to the bit" if weights == 0 else f"weights differ by up to {figure(weights)}"
    return f"{again} jit_compile=True: {ends}."


def failures(results: Results) -> list[str]:
    """A line on what did not come to its end; none where all did."""
    failed = [row for row in results.rows if row.get("status", "done") != "done"]
    if not failed:
        return []
    first = failed[0]
    count = counted(len(failed), "training")
    return [f"Failed, and so without a score: {count}, first {first['cell']}: {first['reason']}."]
