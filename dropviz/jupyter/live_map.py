"""The rate map of a sweep that is still under way, as an HTML table that fills."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from dropviz.core.sentences import figure
from dropviz.core.spec import RunSpec
from dropviz.core.study_result import SCORES, score_of
from dropviz.core.training_result import TrainingResult

if TYPE_CHECKING:
    from dropviz.studies.run_cells import StudyProgress

Rates = tuple[float, float]

_CELL = "min-width:4.2em;padding:.35em .5em;text-align:center;border:1px solid rgba(128,128,128,.4)"
_SMALL = "font-size:.8em;opacity:.85"


class LiveMap:
    """Draws what has come of a sweep so far: means, and how many seeds each is of."""

    def __init__(self) -> None:
        self._specs: dict[str, RunSpec] = {}

    def html(self, progress: StudyProgress) -> str:
        """The map.

        Args:
            progress: How far the sweep is.

        Returns:
            A table: a row for each ``dropout``, a column for each ``recurrent_dropout``.
        """
        if not self._specs:
            self._specs = {cell: TrainingResult(cell).spec for cell in progress.cells}
        rates = [(spec.dropout, spec.recurrent_dropout) for spec in self._specs.values()]
        came = list(progress.results.values())
        name = score_of(came)
        found: dict[Rates, list[TrainingResult]] = {each: [] for each in rates}
        for result in came:
            spec = self._specs[result.cell]
            found[spec.dropout, spec.recurrent_dropout].append(result)
        seeds = len(rates) // len(found)
        across = sorted({recurrent for _, recurrent in found})
        heads = "".join(f'<th scope="col" style="{_CELL}">{rate:g}</th>' for rate in across)
        scores = {place: _mean(results, name) for place, results in found.items()}
        rows = "".join(
            f'<tr><th scope="row" style="{_CELL}">{rate:g}</th>'
            + "".join(_cell(found[rate, r], seeds, scores, (rate, r), name) for r in across)
            + "</tr>"
            for rate in sorted({dropout for dropout, _ in found})
        )
        said = f"{SCORES[name][0]} so far; rows: dropout, columns: recurrent_dropout"
        return (
            f'<table style="border-collapse:collapse"><caption style="text-align:left">{said}'
            f"</caption><tr><th></th>{heads}</tr>{rows}</table>"
        )


def _mean(results: Sequence[TrainingResult], name: str) -> float:
    values = [each.last(name) for each in results]
    return fmean(values) if values else math.nan


def _cell(
    results: Sequence[TrainingResult],
    seeds: int,
    scores: dict[Rates, float],
    place: Rates,
    name: str,
) -> str:
    if not results:
        return f'<td style="{_CELL};opacity:.5">·</td>'
    of = f'<div style="{_SMALL}">{len(results)} of {seeds}</div>'
    score = scores[place]
    if math.isnan(score):
        return f'<td style="{_CELL}">broke{of}</td>'
    known = [each for each in scores.values() if not math.isnan(each)]
    low, high = min(known), max(known)
    share = (score - low) / (high - low) if high > low else 0.0
    good = share if SCORES[name][1] else 1 - share
    # Grey, which leaves the colours to the arguments; letters stay legible on the darkest.
    shade = f"background:rgba(128,128,128,{0.45 * good:.2f})"
    return f'<td style="{_CELL};{shade}">{figure(score)}{of}</td>'
