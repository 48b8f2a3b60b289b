"""Several settings on one task with the same seeds: scores, and differences pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dropviz.core.display_registry import display, draw_figure
from dropviz.core.estimate import BOOTSTRAP, MOST_SEEDS, Estimate
from dropviz.core.number_forms import counted
from dropviz.core.sentences import figure
from dropviz.core.study_result import Trainings, data_frame
from dropviz.core.text_table import Table
from dropviz.core.training_result import TrainingResult
from dropviz.errors import visible

_FEW = 4  # pairs, with fewer of which their own scatter is hardly known


@dataclass(frozen=True, eq=False)
class Entry:
    """One setting of a comparison.

    Attributes:
        name: What it is called.
        cells: Its results, in the order of the seeds.
        score: The mean of its last validation scores with a bootstrap interval (Efron 1979; 95 %,
            percentiles of 10,000 draws), which is too short with few seeds.
        difference: From the first setting, seed by seed, with Student's interval of 95 %; None of
            the first itself.
        needed: Seeds that it would take to see ``Comparison.visible_difference`` (5 %, two-sided,
            in 80 % of the studies), about; 0 where they cannot be told, above 10,000 where it
            takes more than a study may have.
        seconds: Median seconds of an epoch, of trainings that had nothing to compile; NaN where
            there was none.
        cost: Median ratio of those seconds to the first setting's, seed by seed.
    """

    name: str
    cells: tuple[TrainingResult, ...]
    score: Estimate
    difference: Estimate | None
    needed: int
    seconds: float
    cost: float

    @property
    def failed(self) -> int:
        """How many of its trainings failed."""
        return sum(cell.status == "failed" for cell in self.cells)

    @property
    def curves(self) -> list[dict[str, tuple[float, ...]]]:
        """The curves of each seed."""
        return [dict(cell.curves) for cell in self.cells]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a comparison found.

    Attributes:
        task: The task's name.
        seeds: The seeds, the same for each setting.
        epochs: Epochs of each training.
        units: Units of each LSTM.
        entries: The settings; the first is the one that others are compared with.
        trainings: All trainings.
        visible_difference: The difference that ``Entry.needed`` is about, in what the score is
            measured in.
    """

    task: str
    seeds: tuple[int, ...]
    epochs: int
    units: int
    entries: tuple[Entry, ...]
    trainings: Trainings
    visible_difference: float

    @property
    def title(self) -> str:
        """What was compared, in one line."""
        return (
            f"{visible(self.task)}: {counted(len(self.entries), 'setting')}, "
            f"{counted(len(self.seeds), 'seed')}, {counted(self.epochs, 'epoch')}, "
            f"{counted(self.units, 'unit')}: {self.trainings.score_name}"
        )

    @property
    def table(self) -> Table:
        """A row for each setting; a column in which nothing would stand is left out."""
        bootstrap = " (bootstrap)" if self.score_intervals else ""
        student = " (95 %)" if self.difference_intervals else ""
        columns = {
            "setting": [entry.name for entry in self.entries],
            f"{self.trainings.score_name}{bootstrap}": [str(entry.score) for entry in self.entries],
            f"difference from {self.entries[0].name}{student}": [
                "" if entry.difference is None else str(entry.difference) for entry in self.entries
            ],
            "failed": [f"{entry.failed}" if entry.failed else "" for entry in self.entries],
            "s an epoch": [
                "" if np.isnan(entry.seconds) else figure(entry.seconds) for entry in self.entries
            ],
            "cost": [
                "" if np.isnan(entry.cost) or len(self.entries) == 1 else f"{entry.cost:.2f}"
                for entry in self.entries
            ],
        }
        said = {head: cells for head, cells in columns.items() if any(cells)}
        return Table(tuple(said), list(zip(*said.values(), strict=True)))

    @property
    def score_intervals(self) -> int:
        """How many settings have an interval of their score."""
        return sum(entry.score.has_interval for entry in self.entries)

    @property
    def difference_intervals(self) -> int:
        """How many differences have an interval."""
        found = (entry.difference for entry in self.entries)
        return sum(each is not None and each.has_interval for each in found)

    @property
    def sentences(self) -> list[str]:
        """What may be said of each setting, and what may not."""
        said = [self._said_of(entry) for entry in self.entries[1:]]
        if self.score_intervals:
            said.append(f"{self._said_of_intervals()}.")
        return [*said, *self.trainings.failures, self.trainings.proof_sentence]

    def _said_of_intervals(self) -> str:
        if len(self.entries) == 1:
            return f"The interval is {BOOTSTRAP}"
        single, differences = f"Intervals of single settings are {BOOTSTRAP}", ""
        if self.difference_intervals:
            # Of several differences some lie beyond theirs by chance.
            alone = ", each by itself" if self.difference_intervals > 1 else ""
            differences = f"; those of differences are of 95 % (Student's{alone})"
        return single + differences

    def _said_of(self, entry: Entry) -> str:
        difference, first = entry.difference, self.entries[0].name
        pair = f"{entry.name} and {first}"
        if difference is None or difference.count == 0:
            return f"{pair}: no seed has a finite score of both."
        if difference.count == 1:
            return f"{pair}: one seed tells nothing of chance."
        if not difference.has_interval:
            return (
                f"{pair}: the difference was the same, {figure(difference.mean)}, with each of "
                f"these {difference.count} seeds, so that their noise cannot be told."
            )
        noise = f"the noise of these {difference.count} seeds"
        if not difference.differs:
            more = self._needed(entry.needed, difference.count)
            return f"{pair}: no difference beyond {noise}{more}."
        better = (difference.mean > 0) == self.trainings.more_is_better
        low, high = sorted((abs(difference.low), abs(difference.high)))
        return (
            f"{entry.name} is {'better' if better else 'worse'} than {first} by "
            f"{figure(abs(difference.mean))} ({figure(low)} to {figure(high)}, 95 %), beyond "
            f"{noise}."
        )

    def _needed(self, needed: int, count: int) -> str:
        if needed <= count:
            return ""
        many = f"about {needed:,}" if needed <= MOST_SEEDS else f"more than {MOST_SEEDS:,}"
        few = ", though so few seeds hardly tell how many" if count < _FEW else ""
        return f"; {many} would be needed to see {self.visible_difference:g}{few}"

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A dictionary for each training.

        Its setting, seed, score (by the name of its curve; NaN where it failed), status, reason,
        seconds (NaN where they were not measured), and "cell", the training as a scenario.
        """
        return [
            {"setting": entry.name, "seed": seed, **self.trainings.row(cell)}
            for entry in self.entries
            for seed, cell in zip(self.seeds, entry.cells, strict=True)
        ]

    def to_pandas(self) -> Any:
        """The trainings as a ``pandas.DataFrame``, a row each, with the columns of ``rows``.

        Raises:
            DropvizError: If pandas is not installed.
        """
        return data_frame(self.rows)

    @property
    def pictures(self) -> tuple[str, ...]:
        """The pictures that show something: of one setting there are no differences."""
        return ("differences", "curves") if len(self.entries) > 1 else ("curves",)

    def figure(self, name: str | None = None) -> Any:
        """Draws the comparison.

        Args:
            name: "differences" (from the first setting, seed by seed) or "curves" (a band over
                seeds for each setting); by default the first that shows something.

        Returns:
            A ``matplotlib.figure.Figure``.

        Raises:
            UnknownNameError: If there is no such picture.
        """
        return draw_figure(self.pictures[0] if name is None else name, self)

    def _ipython_display_(self) -> None:
        display(self)

    def __str__(self) -> str:
        return "\n".join([self.title, *self.table.lines, *self.sentences])
