"""The table of studies, and what runs, keeps and shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropviz.errors import is_known, unknown_name
from studies import (
    blow_up,
    blow_up_report,
    honest_curve,
    honest_curve_report,
    memory_horizon,
    memory_horizon_report,
    temporal_order,
    temporal_order_report,
    tied_untied,
    tied_untied_report,
)
from studies.readme import readme
from studies.report import Report
from studies.study_results import Results, load, results_of

RESULTS = Path(__file__).with_name("results")
UNFINISHED = "unfinished"  # a folder beside the results, from which a stopped study goes on


@dataclass(frozen=True)
class Study:
    """A study: a row of the table.

    Attributes:
        size: How much is trained; a dataclass of the study's own.
        quick: A form of it that takes seconds.
        measure: Takes a size, the folder of what is unfinished and what is told; gives the rows.
        report: What is said and shown of its results.
    """

    size: Any
    quick: Any
    measure: Callable[[Any, Path, Callable[[str], None]], list[dict[str, Any]]]
    report: Callable[[Results], Report]


STUDIES = {
    "temporal-order": Study(
        temporal_order.Size(),
        temporal_order.QUICK,
        temporal_order.measure,
        temporal_order_report.report,
    ),
    "tied-untied": Study(
        tied_untied.Size(), tied_untied.QUICK, tied_untied.measure, tied_untied_report.report
    ),
    "blow-up": Study(blow_up.Size(), blow_up.QUICK, blow_up.measure, blow_up_report.report),
    "memory-horizon": Study(
        memory_horizon.Size(),
        memory_horizon.QUICK,
        memory_horizon.measure,
        memory_horizon_report.report,
    ),
    "honest-curve": Study(
        honest_curve.Size(), honest_curve.QUICK, honest_curve.measure, honest_curve_report.report
    ),
}


def run(
    names: Iterable[str], folder: Path, tell: Callable[[str], None], *, quick: bool = False
) -> list[Results]:
    """Runs studies from nothing, or from where they were stopped, and writes what came out.

    Args:
        names: Keys of ``STUDIES``; all where there are none.
        folder: Where results are written; what is unfinished stays in a folder of it.
        tell: Told how it goes.
        quick: Whether the form that takes seconds is run; it shows that all works, and no more.

    Returns:
        Their results.

    Raises:
        DropvizError: If there is no study of a name, or results cannot be written.
    """
    chosen = list(names) or [*STUDIES]
    for name in chosen:
        if not is_known(name, STUDIES):
            raise unknown_name("study", name, STUDIES)
    unfinished = folder / UNFINISHED
    unfinished.mkdir(parents=True, exist_ok=True)
    found = []
    for name in chosen:
        study = STUDIES[name]
        asked = study.quick if quick else study.size
        rows = study.measure(asked, unfinished, tell)
        results = results_of(name, f"python -m studies papers {name}", asked, rows)
        results.save(folder / f"{name}.json")
        found.append(results)
    show(folder)
    return found


def show(folder: Path) -> None:
    """Draws and words the results that are in a folder, and nothing else."""
    kept = {name: folder / f"{name}.json" for name in STUDIES}
    results = {name: load(path) for name, path in kept.items() if path.exists()}
    reports = {name: STUDIES[name].report(each) for name, each in results.items()}
    for made in reports.values():
        for name, picture in made.pictures.items():
            (folder / f"{name}.png").write_bytes(picture.png())
    (folder / "README.md").write_text(readme(results, reports), "utf-8")
