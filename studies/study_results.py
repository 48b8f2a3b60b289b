"""What a study came to: every row, and what they were made with, as JSON that stays readable."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dropviz.core.estimate import Estimate
from dropviz.studies.seed_statistics import bootstrapped
from dropviz.studies.worker import versions

Row = Mapping[str, Any]
_DIGITS = 6  # that a number keeps


@dataclass(frozen=True)
class Results:
    """What a study came to.

    Attributes:
        study: Its name.
        command: The command that makes it from nothing.
        chosen: How much was trained.
        versions: Of Python, dropviz, Keras, NumPy and TensorFlow.
        processor: What it ran on.
        rows: What was measured of each net.
    """

    study: str
    command: str
    chosen: Mapping[str, Any]
    versions: Mapping[str, str]
    processor: str
    rows: Sequence[Row]

    @property
    def seconds(self) -> float:
        """Seconds that all nets took, compiling and measuring included."""
        return float(sum(row["seconds"] for row in self.rows))

    def select(self, **wanted: Any) -> list[Row]:
        """The rows that have some values, in their order."""
        return [row for row in self.rows if all(row[k] == v for k, v in wanted.items())]

    def save(self, path: Path) -> None:
        """Writes all as JSON, a row a line; what is not finite is null."""
        head = {**asdict(self), "seconds": self.seconds}
        rows = [json.dumps(_plain(row)) for row in head.pop("rows")]
        text = json.dumps(_plain(head), indent=1).removesuffix("\n}")
        path.write_text(f'{text},\n "rows": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n", "utf-8")


def load(path: Path) -> Results:
    """Reads what ``Results.save`` wrote; null is NaN again where a number belongs."""
    held = json.loads(path.read_text("utf-8"))
    del held["seconds"]
    return Results(**held)


def results_of(study: str, command: str, size: Any, rows: Sequence[Row]) -> Results:
    """The results of a study that ran here and now.

    Args:
        study: Its name.
        command: The command that makes it.
        size: How much was trained, a dataclass.
        rows: What was measured.
    """
    here = {"python": platform.python_version(), **versions()}
    processor = f"{platform.machine()}, {os.cpu_count()} processors, one thread"
    return Results(study, command, _plain(asdict(size)), here, processor, [_plain(r) for r in rows])


def estimate(rows: Sequence[Row], name: str) -> Estimate:
    """The mean of a column over seeds, with its bootstrap interval."""
    return bootstrapped(column(rows, name))


def column(rows: Sequence[Row], name: str) -> list[float]:
    """The values of a column; NaN where there is none."""
    return [math.nan if row[name] is None else float(row[name]) for row in rows]


def _plain(value: Any) -> Any:
    """A value as JSON has it, its numbers shortened; what is not finite is None."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    return value
