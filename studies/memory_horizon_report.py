"""What the horizon of memory looks like: table, sentences and picture of ``memory_horizon``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from dropviz.core.estimate import Estimate
from dropviz.core.number_forms import counted
from dropviz.core.sentences import figure
from dropviz.core.text_table import Table
from dropviz.figures import colours, theme
from dropviz.studies.seed_statistics import bootstrapped, paired
from studies.report import Report, difference, failures, proof
from studies.report_pictures import draw_head
from studies.study_results import Results, Row

GUESSING, _LEARNED = 0.5, 0.9
_MASKED = {"keras": "keras: a copy of h is masked", "moon": "moon: the memory c is masked"}
_LINES = (
    (colours.INK, "-"),
    (colours.GREEN, (0, (5, 2))),
    (colours.PURPLE, (0, (1, 1))),
    (colours.ORANGE, (0, (6, 1.5, 1, 1.5))),
    (colours.SKY, (0, (3, 1))),
)
_WIDTH, _PANEL, _ABOVE, _BELOW = 820, 190, 114, 52
_GAP = 58  # between two rows of panels


def report(results: Results) -> Report:
    """Says and shows what the study came to."""
    seeds = counted(len(results.chosen["seeds"]), "seed")
    last = results.chosen["steps"] - 1
    return Report(
        title="How far a net remembers, and how far a state reaches",
        question=_question(results),
        tables={f"{seeds}; reach is the largest singular value, means": _table(results, last)},
        sentences=[*_sentences(results, last), *failures(results), proof(results)],
        pictures={"memory-horizon": picture(results)},
    )


def _question(results: Results) -> str:
    chosen = results.chosen
    return (
        f"Of {chosen['steps']} random bits one is marked; which was it? The lag is the number of "
        f"steps after it. Nets of {chosen['units']} units train on {chosen['train']:,} sequences "
        f"of all lags for {chosen['epochs']} epochs (Adam .005, batches of 64), and are tested on "
        f"{chosen['each_lag']} others of each lag. Beside it stand dh_T/dh_{{T-k}} and "
        "dh_T/dc_{T-k} of the trained nets, worked out along "
        f"{chosen['opened']} test sequences with masks on and off: the size is the largest "
        "singular value. The rates are those of `recurrent_dropout`; x is not masked. Sizes were "
        "chosen so that the study takes minutes on one processor."
    )


def nets(results: Results, method: str, rate: float) -> list[Row]:
    """The rows of a method and a rate; at rate 0 all methods are one."""
    return results.select(method=method if rate else "none", rate=rate)


def by_lag(rows: Sequence[Row], name: str) -> NDArray[np.float64]:
    """What each net has for each lag, shape (seeds, lags)."""
    return np.asarray([row[name] for row in rows if row[name]], np.float64)


def _at(rows: Sequence[Row], name: str, place: int) -> Estimate:
    values = by_lag(rows, name)
    return bootstrapped(values[:, place] if values.size else [])


def _settings(results: Results) -> list[tuple[str, float]]:
    chosen = results.chosen
    pairs = [(method, rate) for method in chosen["methods"] for rate in chosen["rates"]]
    return [pair for pair in pairs if pair[1] or pair[0] == chosen["methods"][0]]


def _table(results: Results, last: int) -> Table:
    heads = (
        *("method", "rate", "accuracy, lag 0", f"lag {last}", f"lag {last}, masks on"),
        *(f"dh_T/dh_T-{last}, on / off", f"dh_T/dc_T-{last}, on / off"),
    )
    rows = []
    for method, rate in _settings(results):
        found = nets(results, method, rate)
        reach = [
            " / ".join(f"{_at(found, f'reach_{s}_masks_{m}', -1).mean:.1e}" for m in ("on", "off"))
            for s in "hc"
        ]
        scores = [
            str(_at(found, name, place))
            for name, place in (
                ("accuracy_masks_off", 0),
                ("accuracy_masks_off", -1),
                ("accuracy_masks_on", -1),
            )
        ]
        rows.append((method if rate else "none", f"{rate:g}", *scores, *reach))
    return Table(heads, rows)


def _sentences(results: Results, last: int) -> list[str]:
    """Each rate against none over all lags, and what the memory's path lost by its masks."""
    none = nets(results, "", 0.0)
    said = []
    slow = []
    for method, rate in _settings(results):
        found = nets(results, method, rate)
        if not _scored(found):
            said.append(f"All nets of {method} at {rate:g} failed.")
            continue
        with_masks = bootstrapped(_means(found, "accuracy_masks_on"))
        if not with_masks.low > _LEARNED:
            slow.append(f"{method} at {rate:g} {with_masks}")
        if not rate:
            continue
        apart = paired(_means(found), _means(none))
        said.append(difference(f"{method} at {rate:g}, over all lags,", apart, "no dropout"))
        on, off = (_at(found, f"reach_c_masks_{masks}", -1) for masks in ("on", "off"))
        if on.count > 1 and (on.low > off.high or on.high < off.low):
            said[-1] += (
                f" The memory of {last} steps before reaches the last state with "
                f"{figure(on.mean)} ({figure(on.low)} to {figure(on.high)}) where masks are on, "
                f"{figure(off.mean)} ({figure(off.low)} to {figure(off.high)}) where they are off."
            )
    if slow:
        said.append(
            f"With masks on these did not reach {_LEARNED:g} over all lags within "
            f"{counted(results.chosen['epochs'], 'epoch')}, as far as the interval can tell: "
            f"{'; '.join(slow)}."
        )
    return said


def _means(rows: Sequence[Row], name: str = "accuracy_masks_off") -> list[float]:
    """The mean over lags of each net; NaN of one that failed."""
    return [float(np.mean(row[name])) if row[name] else math.nan for row in rows]


def _scored(rows: Sequence[Row]) -> bool:
    """Whether any net came to its end."""
    return any(row["accuracy_masks_off"] for row in rows)


def picture(results: Results) -> theme.Picture:
    """Draws accuracy and reach against lag: a row of panels a method, a line a rate.

    Args:
        results: The results.

    Returns:
        The picture, 820 CSS pixels wide.
    """
    methods = results.chosen["methods"]
    height = _ABOVE + len(methods) * _PANEL + (len(methods) - 1) * _GAP + _BELOW
    with theme.style():
        drawn = theme.Picture(_WIDTH, height)
        for number, method in enumerate(methods):
            bottom = height - _ABOVE - (number + 1) * _PANEL - number * _GAP
            left, right = (
                drawn.add_axes((x / _WIDTH, bottom / height, 320 / _WIDTH, _PANEL / height))
                for x in (62, 478)
            )
            _draw_accuracy(left, results, method)
            _draw_reach(right, results, method)
            left.set_title(_MASKED[method], loc="left", fontsize=11)
            if number == len(methods) - 1:
                left.set_xlabel("lag: steps after the marked bit")
                right.set_xlabel("k: steps before the last")
        _head(drawn, results)
        drawn.alt = _alt(results)
    return drawn


def _rates(results: Results, method: str) -> list[tuple[float, list[Row], Any]]:
    """The rates of which any net came to its end, each with its nets and its line."""
    rates = results.chosen["rates"]
    every = [(rate, nets(results, method, rate), _LINES[n]) for n, rate in enumerate(rates)]
    return [each for each in every if _scored(each[1])]


def _draw_accuracy(axes: Axes, results: Results, method: str) -> None:
    axes.axhline(GUESSING, color=colours.FAINT, linewidth=1, linestyle=(0, (2, 2)))
    for rate, rows, (colour, dashes) in _rates(results, method):
        values = by_lag(rows, "accuracy_masks_off")
        lags = np.arange(values.shape[1])
        axes.plot(
            lags,
            values.mean(axis=0),
            color=colour,
            linestyle=dashes,
            linewidth=2,
            label=f"rate {rate:g}",
        )
    axes.set_ylim(0.35, 1.03)
    axes.set_ylabel("accuracy, masks off")


def _draw_reach(axes: Axes, results: Results, method: str) -> None:
    for rate, rows, (colour, dashes) in _rates(results, method):
        on, off = (by_lag(rows, f"reach_h_masks_{masks}") for masks in ("on", "off"))
        steps = np.arange(1, on.shape[1] + 1)
        axes.plot(
            steps,
            on.mean(axis=0),
            color=colour,
            linestyle=dashes,
            linewidth=2,
            label=f"rate {rate:g}",
        )
        if rate:
            axes.plot(steps, off.mean(axis=0), color=colour, linestyle=dashes, linewidth=0.9)
    axes.set_yscale("log")
    axes.set_ylim(*_reach_ends(results))
    axes.set_ylabel(r"$|\partial h_T/\partial h_{T-k}|$")


def _reach_ends(results: Results) -> tuple[float, float]:
    """The same ends for all methods, so that their panels can be compared."""
    masks = ("on", "off")
    values = [by_lag(results.rows, f"reach_h_masks_{each}").ravel() for each in masks]
    every = np.concatenate(values)
    return float(every.min()) / 2, float(every.max()) * 2


def _head(drawn: theme.Picture, results: Results) -> None:
    chosen = results.chosen
    said = (
        f"means over {counted(len(chosen['seeds']), 'seed')}, {chosen['units']} units; right: "
        "masks on; thin lines: masks off"
    )
    title = "Memory horizon: what is remembered, and how far a state reaches"
    draw_head(drawn, title, said, ncols=5, handlelength=2.6)


def _alt(results: Results) -> str:
    last = results.chosen["steps"] - 1
    parts = []
    for method, rate in _settings(results):
        found = nets(results, method, rate)
        if not _scored(found):
            parts.append(f"{method}, rate {rate:g}: all nets failed")
            continue
        first, end = (_at(found, "accuracy_masks_off", place).mean for place in (0, -1))
        reach = [_at(found, f"reach_h_masks_{m}", -1).mean for m in ("on", "off")]
        parts.append(
            f"{method if rate else 'no dropout'}, rate {rate:g}: accuracy {figure(first)} at lag "
            f"0, {figure(end)} at lag {last}; the state {last} steps before reaches the last with "
            f"{figure(reach[0])}, masks off {figure(reach[1])}"
        )
    return f"Memory horizon, means over seeds. {'. '.join(parts)}."
