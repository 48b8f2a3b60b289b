"""What the results of every study have in common: its cells, its score, its proof."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dropviz.core.cell_result import Difference
from dropviz.core.number_forms import counted
from dropviz.core.sentences import figure
from dropviz.core.training_result import TrainingResult
from dropviz.errors import DropvizError

# By the name of a curve: what to call it, and whether more of it is better.
SCORES: Mapping[str, tuple[str, bool]] = {
    "val_accuracy": ("validation accuracy", True),
    "val_loss": ("validation loss", False),
}
_LISTED = 3  # failed cells that are spelled out


@dataclass(frozen=True)
class PlainProof:
    """One training of a study, and the same in plain Keras.

    Attributes:
        cell: The training as a scenario.
        difference: How far the two are apart: the largest absolute differences of weights, of the
            optimizer's state and of the curves, each 0 where all is equal to the bit, and whether
            the random streams ended in the same place.
    """

    cell: str
    difference: Difference


@dataclass(frozen=True, eq=False)
class Trainings:
    """The trainings of a study.

    Attributes:
        results: By scenario, what came out, in the order in which they were asked for.
        score: The curve whose last value is the score, a key of ``SCORES``: "val_accuracy" where
            there is one, else "val_loss".
        engine: "exact" or "xla".
        proofs: Two of them, chosen at random, but the same for the same data, compared with plain
            Keras; fewer where fewer are done.
        seconds: Wall time of the study, comparisons included; of this call alone where a study
            goes on from its file.
        unproved: Why one of those that were to be compared could not be; empty where all were.
    """

    results: Mapping[str, TrainingResult] = field(repr=False)
    score: str
    engine: str
    proofs: tuple[PlainProof, ...] = ()
    seconds: float = 0.0
    unproved: str = ""

    @property
    def more_is_better(self) -> bool:
        """Whether a higher score is a better one."""
        return SCORES[self.score][1]

    @property
    def score_name(self) -> str:
        """What the score is called."""
        return SCORES[self.score][0]

    def row(self, result: TrainingResult) -> dict[str, Any]:
        """What a row of a study says of a training, whatever else it was given."""
        return {
            self.score: result.last(self.score),
            "status": result.status,
            "reason": result.reason,
            "seconds": result.seconds or math.nan,
            "cell": result.cell,
        }

    @property
    def failed(self) -> list[TrainingResult]:
        """The trainings that failed, in their order."""
        return [each for each in self.results.values() if each.status == "failed"]

    @property
    def failures(self) -> list[str]:
        """A line on what failed; none where nothing did."""
        failed = self.failed
        if not failed:
            return []
        listed = "; ".join(f"{each.cell}: {each.reason.rstrip('.')}" for each in failed[:_LISTED])
        more = f"; and {len(failed) - _LISTED:,} more" if len(failed) > _LISTED else ""
        count = counted(len(failed), "training")
        said = f"Failed, and so without a score: {count}: {listed}{more}."
        if again := sum(each.retry for each in failed):
            said += (
                f" For another reason than its loss: {again:,}, to be trained again where the "
                "study goes on from its file of results."
            )
        return [said]

    @property
    def proof_sentence(self) -> str:
        """How far the trainings are from plain Keras."""
        why = self.unproved.rstrip(".")
        if not self.proofs:
            return f"Not compared with plain Keras{f': {why}' if why else ''}."
        return self._compared() + (f" Another could not be compared: {why}." if why else "")

    def _compared(self) -> str:
        what = f"{counted(len(self.proofs), 'training')} of these, chosen at random,"
        again = "trained again in plain Keras" + (
            " with jit_compile=True" if self.engine == "xla" else ""
        )
        apart = [each.difference for each in self.proofs]
        if all(each.to_the_bit for each in apart):
            return f"Proved: {what} {again}: weights and curves are equal to the bit."
        weights = max(each.weights for each in apart)
        curves = max(each.curves for each in apart)
        return (
            f"{what[0].upper()}{what[1:]} {again}: weights differ by up to {figure(weights)}, "
            f"curves by up to {figure(curves)}."
        )


def score_of(results: Sequence[TrainingResult]) -> str:
    """The score that results have: accuracy where there are classes, else the loss."""
    there = {name for each in results for name in each.curves}
    return next((name for name in SCORES if name in there), "val_loss")


def data_frame(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Rows as a ``pandas.DataFrame``.

    Args:
        rows: A dictionary each.

    Raises:
        DropvizError: If pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise DropvizError(
            "A data frame needs pandas, which is not installed. Install it, or take the same as "
            "dictionaries from .rows."
        ) from error
    return pd.DataFrame(rows)
