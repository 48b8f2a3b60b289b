"""A rate map: the scores of a grid of rates, how sure they are, and where training broke."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dropviz.core.display_registry import display, draw_figure
from dropviz.core.estimate import BOOTSTRAP, Estimate
from dropviz.core.number_forms import counted
from dropviz.core.sentences import figure
from dropviz.core.spec import RunSpec
from dropviz.core.study_result import Trainings, data_frame
from dropviz.core.text_table import Table
from dropviz.errors import visible

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sweep:
    """What a sweep over rates found.

    Attributes:
        spec: What all trainings share; its rates and seed are those of the first.
        dropout: The values of ``dropout``, ``0 <= rate < 1``, as they were given: the rows.
        recurrent_dropout: The values of ``recurrent_dropout``, likewise: the columns.
        seeds: The seeds of each cell.
        trainings: The trainings.
        scores: Shape (dropout, recurrent_dropout, seeds): the last validation score; NaN where
            a training failed, and not finite where its loss was not.
        estimates: By (row, column) the mean over seeds with its bootstrap interval (Efron 1979;
            95 %, percentiles of 10,000 draws), which is too short with few seeds.
        behind: By (row, column) how far a cell is from the best, seed by seed, with Student's
            interval of 95 %, which holds for one pair that was named beforehand; above 0 is better.
            Empty where no cell is the best.
        task: What the task is called; "" where it is called as in ``spec``.
    """

    spec: RunSpec
    dropout: tuple[float, ...]
    recurrent_dropout: tuple[float, ...]
    seeds: tuple[int, ...]
    trainings: Trainings
    scores: Floats
    estimates: dict[tuple[int, int], Estimate]
    behind: dict[tuple[int, int], Estimate]
    task: str = ""

    @property
    def mean(self) -> Floats:
        """Shape (dropout, recurrent_dropout): means over the seeds; NaN where none has a score."""
        grid = np.full(self.scores.shape[:2], np.nan)
        for place, estimate in self.estimates.items():
            grid[place] = estimate.mean
        return grid

    @property
    def broken(self) -> NDArray[np.bool_]:
        """Shape (dropout, recurrent_dropout): where at least one training has no finite score."""
        return np.asarray(~np.isfinite(self.scores).all(axis=2))

    @property
    def best(self) -> tuple[int, int] | None:
        """Row and column of the best mean; None where no cell has one."""
        mean = np.where(self.broken, np.nan, self.mean)
        if not np.isfinite(mean).any():
            return None
        signed = mean if self.trainings.more_is_better else -mean
        row, column = np.unravel_index(int(np.nanargmax(signed)), mean.shape)
        return int(row), int(column)

    @property
    def like_best(self) -> NDArray[np.bool_]:
        """Shape (dropout, recurrent_dropout): what cannot be told from the best.

        Cells whose paired difference from it has 0 within its 95 % interval, or has none as it is
        the same with each seed; all cells that have a score where there is one seed, as nothing
        can be told then.
        """
        found = np.zeros(self.scores.shape[:2], bool)
        for place, estimate in self.behind.items():
            found[place] = not self.broken[place] and not estimate.differs
        return found

    @property
    def table(self) -> Table:
        """A row for each value of ``dropout``, a column for each of ``recurrent_dropout``."""
        heads = ("dropout \\ recurrent", *(f"{rate:g}" for rate in self.recurrent_dropout))
        rows = [
            (f"{rate:g}", *(self._cell(row, column) for column in range(len(heads) - 1)))
            for row, rate in enumerate(self.dropout)
        ]
        return Table(heads, rows)

    def _cell(self, row: int, column: int) -> str:
        if self.broken[row, column]:
            return "broke"
        mark = "*" if (row, column) == self.best else "~" if self.like_best[row, column] else ""
        return f"{figure(self.estimates[row, column].mean)}{mark}"

    @property
    def title(self) -> str:
        """What was swept, in one line."""
        rows, columns = len(self.dropout), len(self.recurrent_dropout)
        options = "".join(
            f", {name}={value if isinstance(value, str) else f'{value:g}'}"
            for name, value in self.spec.given_options.items()
        )
        method = "" if self.spec.method == "keras" else f", method {self.spec.method}{options}"
        return (
            f"{visible(self.task or self.spec.task)}{method}: {rows} x {columns} rates, "
            f"{counted(len(self.seeds), 'seed')}, {counted(self.spec.epochs, 'epoch')}, "
            f"{counted(self.spec.units, 'unit')}: {self.trainings.score_name}"
        )

    @property
    def sentences(self) -> list[str]:
        """What was found, in plain words."""
        return [self._best_sentence(), *self.trainings.failures, self.trainings.proof_sentence]

    def _best_sentence(self) -> str:
        if self.best is None:
            return "No cell has a finite score with each of its seeds."
        row, column = self.best
        where = self._rates(row, column)
        best = self.estimates[row, column]
        said = [f"Best mean: {best} at {where}."]
        if best.count > 1:
            said.append(f"Its interval is {BOOTSTRAP}.")
        said.append(self._others_sentence())
        if broke := int(self.broken.sum()):
            are = "is" if broke == 1 else "are"
            none = "in which a training has no finite score"
            said.append(f"{counted(broke, 'cell')} {none} {are} left out.")
        return " ".join(said)

    def _others_sentence(self) -> str:
        others, like = int((~self.broken).sum()) - 1, int(self.like_best.sum()) - 1
        if len(self.seeds) == 1:
            return "One seed tells nothing of chance: no cell can be told from another."
        if not others:
            return "There is no other cell to tell it from."
        # Of many pairs some differ by chance, the more so as the best was picked.
        alone = "" if others == 1 else f" for each by itself, not for all {others}"
        paired = f"(paired over {len(self.seeds)} seeds, 95 %{alone})"
        if not like:
            return f"Each other cell is worse by more than the noise of these seeds {paired}."
        said = f"{like} of {counted(others, 'other')} cannot be told from it {paired}."
        if steady := self._steady():
            differ = "differs" if steady == 1 else "differ"
            said += (
                f" {counted(steady, 'cell')} {differ} from it by the same with each seed, so that "
                "the noise of these seeds cannot be told."
            )
        return said

    def _steady(self) -> int:
        """Cells that are apart from the best, by the same with each seed."""
        like = self.like_best
        return sum(
            bool(like[place]) and not each.has_interval and each.mean != 0
            for place, each in self.behind.items()
        )

    def _rates(self, row: int, column: int) -> str:
        return (
            f"dropout={self.dropout[row]:g}, recurrent_dropout={self.recurrent_dropout[column]:g}"
        )

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A dictionary for each training.

        Its rates, seed, score (by the name of its curve; NaN where it failed), status, reason,
        seconds (NaN where they were not measured), and "cell", the training as a scenario.
        """
        every = [(each, each.spec) for each in self.trainings.results.values()]
        return [
            {
                "dropout": spec.dropout,
                "recurrent_dropout": spec.recurrent_dropout,
                "seed": spec.seed,
                **self.trainings.row(each),
            }
            for each, spec in every
        ]

    def to_pandas(self) -> Any:
        """The trainings as a ``pandas.DataFrame``, a row each, with the columns of ``rows``.

        Raises:
            DropvizError: If pandas is not installed.
        """
        return data_frame(self.rows)

    def figure(self, name: str = "map") -> Any:
        """Draws the sweep.

        Args:
            name: "map" (the rates) or "margins" (each rate by itself).

        Returns:
            A ``matplotlib.figure.Figure``.

        Raises:
            UnknownNameError: If there is no such picture.
        """
        return draw_figure(name, self)

    def _ipython_display_(self) -> None:
        display(self)

    def __str__(self) -> str:
        legend = "* best mean   ~ cannot be told from it" if self.best else ""
        return "\n".join([self.title, *self.table.lines, legend, *self.sentences])
