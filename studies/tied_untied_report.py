"""What tied and untied masks come to: the table, sentences and picture of ``tied_untied``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from dropviz.core.estimate import Estimate
from dropviz.core.number_forms import counted
from dropviz.core.sentences import figure
from dropviz.core.text_table import Table
from dropviz.figures import colours, theme
from dropviz.studies.seed_statistics import bootstrapped, paired
from studies.report import Report, difference, failures, proof
from studies.report_pictures import draw_head, draw_interval
from studies.study_results import Results, Row, column

HOW = {
    "masks_off": "masks off",
    "single_pass": "one pass, masks on",
    "averaged": "passes averaged",
}
_MARKS = {
    "masks_off": ("D", colours.INK),
    "single_pass": ("s", colours.FAINT),
    "averaged": ("o", colours.GREEN),
}
_SETTINGS = ("none", "gal-tied", "gal-untied")
# Gal & Ghahramani 2016, table 1, medium and large net, test perplexity of words, as an audit of
# the paper gives it: not read in the paper itself.
PUBLISHED = Table(
    ("published (second hand): words of Penn Treebank", "medium net", "large net"),
    (
        ("no dropout (unverified)", "121.7", "127.4"),
        ("tied", "79.7 +- .1", "75.0 +- .1"),
        ("tied, averaged", "79.0 +- .1", "74.1 +- .0"),
        ("untied", "79.7 +- .1", "75.2 +- .2"),
        ("untied, averaged", "78.6 +- .1", "73.4 +- .0"),
    ),
)
_WIDTH, _ROW, _ABOVE, _BELOW, _LEFT = 820, 44, 108, 56, 96


def report(results: Results) -> Report:
    """Says and shows what the study came to."""
    cases = results.chosen["cases"]
    measured = {f"{_title(case)}: {_unit(case)}, test": _table(results, case) for case in cases}
    return Report(
        title="Tied and untied masks, with and without averaging",
        question=_question(results),
        tables={**measured, "test perplexity": PUBLISHED},
        sentences=[
            *(sentence for case in cases for sentence in _sentences(results, case)),
            *failures(results),
            proof(results),
        ],
        pictures={"tied-untied": picture(results)},
    )


def _question(results: Results) -> str:
    parts = "; ".join(
        f"{_title(case)}: {case['train']:,} sequences to train on, {case['test']} to test, "
        f"{case['units']} units, {case['epochs']} epochs"
        for case in results.chosen["cases"]
    )
    return (
        "Gal & Ghahramani 2016, table 1: does a mask for each gate beat one for all, and does "
        f"averaging {results.chosen['passes']} passes with masks on (Monte Carlo dropout) beat one "
        "with masks off? The paper's nets read the Penn Treebank, for days; here the data are "
        f"small. {parts}. Both rates are the same. There is no weight decay, no early stop, and "
        "nothing was chosen by the test: what is found holds for these rates and sizes, and for so "
        "long a training."
    )


def _title(case: Mapping[str, Any]) -> str:
    return f"{case['task']}, rate {case['rate']:g}"


def _unit(case: Mapping[str, Any]) -> str:
    return "bits a character" if case["task"] == "language" else "loss in nats"


def losses(results: Results, case: Mapping[str, Any], setting: str, how: str) -> list[float]:
    """The test losses of a setting by seed, in the unit of its task."""
    rows: list[Row] = results.select(task=case["task"], rate=case["rate"], setting=setting)
    scale = math.log(2) if case["task"] == "language" else 1.0
    return [value / scale for value in column(rows, f"loss_{how}")]


def _table(results: Results, case: Mapping[str, Any]) -> Table:
    rows = [
        (setting, *(str(bootstrapped(losses(results, case, setting, how))) for how in HOW))
        for setting in _SETTINGS
    ]
    return Table(("setting", *HOW.values()), rows)


def _apart(
    results: Results, case: Mapping[str, Any], one: tuple[str, str], other: tuple[str, str]
) -> Estimate:
    return paired(losses(results, case, *one), losses(results, case, *other))


def _sentences(results: Results, case: Mapping[str, Any]) -> list[str]:
    """Untied against tied in both ways, averaging against none, and both against no dropout."""
    pairs = [
        (("gal-tied", "masks_off"), ("none", "masks_off")),
        (("gal-untied", "masks_off"), ("none", "masks_off")),
        (("gal-untied", "masks_off"), ("gal-tied", "masks_off")),
        (("gal-untied", "averaged"), ("gal-tied", "averaged")),
        (("gal-tied", "averaged"), ("gal-tied", "masks_off")),
        (("gal-untied", "averaged"), ("gal-untied", "masks_off")),
    ]
    return [
        difference(
            f"{_title(case)}: {one[0]}, {HOW[one[1]]},",
            _apart(results, case, one, other),
            f"{other[0]}, {HOW[other[1]]},",
            more_is_better=False,
        )
        for one, other in pairs
    ]


def picture(results: Results) -> theme.Picture:
    """Draws the test losses: a panel a case, a row a setting.

    Args:
        results: The results.

    Returns:
        The picture, 820 CSS pixels wide.
    """
    cases = results.chosen["cases"]
    height = _ABOVE + _ROW * len(_SETTINGS) + _BELOW
    with theme.style():
        drawn = theme.Picture(_WIDTH, height)
        gap, room = 34, _WIDTH - _LEFT - 24
        wide = (room - gap * (len(cases) - 1)) / len(cases)
        for number, case in enumerate(cases):
            box = (
                *((_LEFT + number * (wide + gap)) / _WIDTH, _BELOW / height),
                *(wide / _WIDTH, 1 - (_ABOVE + _BELOW) / height),
            )
            axes = drawn.add_axes(box)
            _panel(axes, results, case)
            names = _SETTINGS if number == 0 else [""] * len(_SETTINGS)
            axes.set_yticks(range(len(_SETTINGS)), names)
            axes.set_title(_title(case), loc="left", fontsize=11)
            axes.set_xlabel(_unit(case))
        _head(drawn, results)
        drawn.alt = _alt(results)
    return drawn


def _panel(axes: Axes, results: Results, case: Mapping[str, Any]) -> None:
    for row, setting in enumerate(_SETTINGS):
        for (how, (mark, colour)), up in zip(_MARKS.items(), (-0.24, 0, 0.24), strict=True):
            found = bootstrapped(losses(results, case, setting, how))
            draw_interval(axes, found, row + up, (mark, colour, HOW[how]))
    axes.set_ylim(len(_SETTINGS) - 0.5, -0.5)
    axes.margins(x=0.08)
    axes.tick_params(axis="y", length=0, labelcolor=colours.INK)
    axes.locator_params(axis="x", nbins=4)


def _head(drawn: theme.Picture, results: Results) -> None:
    seeds = {len(case["seeds"]) for case in results.chosen["cases"]}
    said = (
        f"means and bootstrap intervals over {counted(max(seeds), 'seed')}; "
        f"{results.chosen['passes']} passes averaged"
    )
    title = "Tied and untied masks: test loss, left is better"
    draw_head(drawn, title, said, ncols=3, handletextpad=0.2)


def _alt(results: Results) -> str:
    parts = []
    for case in results.chosen["cases"]:
        for setting in _SETTINGS:
            means = ", ".join(
                f"{said} {figure(bootstrapped(losses(results, case, setting, how)).mean)}"
                for how, said in HOW.items()
            )
            parts.append(f"{_title(case)}, {setting}, {_unit(case)}: {means}")
    return f"Tied and untied masks, mean test losses. {'. '.join(parts)}."
