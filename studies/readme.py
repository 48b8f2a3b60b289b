"""The page of results: what was asked, what came out, the pictures with their alt texts."""

from __future__ import annotations

from collections.abc import Mapping

from dropviz.core.text_table import Table
from studies.report import Report
from studies.study_results import Results

_HEAD = """\
# The papers' argument, rebuilt

Written by `python -m studies papers` from the JSON files beside it, a row for each net; whoever
changes a number here by hand finds a failing test. Intervals are of 95 %: of means over seeds by
bootstrap (with so few seeds such intervals are too short rather than too long), of differences
by Student's t over pairs of one seed. Within a seed all settings begin with the same weights and
meet the same samples in the same order. What is called better or worse lies beyond its
interval; where a difference does not, that is said.
"""


def readme(results: Mapping[str, Results], reports: Mapping[str, Report]) -> str:
    """Writes the page.

    Args:
        results: The results by study.
        reports: What is said and shown of them.

    Returns:
        Markdown.
    """
    return "\n".join([_HEAD, *(_part(results[name], made) for name, made in reports.items())])


def _part(results: Results, made: Report) -> str:
    tables = "\n".join(
        f"{caption[0].upper()}{caption[1:]}:\n\n{markdown(table)}"
        for caption, table in made.tables.items()
    )
    pictures = "\n".join(f"![{shown.alt}]({name}.png)\n" for name, shown in made.pictures.items())
    said = "\n".join(f"- {sentence}" for sentence in made.sentences)
    return (
        f"## {made.title}\n\n{made.question}\n\n{pictures}\n{said}\n\n{tables}\n{_made(results)}\n"
    )


def markdown(table: Table) -> str:
    """A table as Markdown."""
    lines = [list(table.heads), ["---"] * len(table.heads), *table.cells]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _made(results: Results) -> str:
    with_what = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    return (
        f"`{results.command}`: {len(results.rows)} nets, {results.seconds / 60:.0f} minutes of a "
        f"shared machine ({results.processor}); {with_what}."
    )
