"""A comparison of settings: differences seed by seed, and curves with bands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dropviz.core.comparison import Comparison, Entry
from dropviz.core.estimate import BOOTSTRAP
from dropviz.core.sentences import figure
from dropviz.core.study_result import SCORES
from dropviz.figures import colours, theme

Values = npt.NDArray[np.float64]

_WIDTH, _ROW, _ABOVE, _BELOW = 820, 46, 78, 62
_LEFT, _ACROSS = 0.27, 0.69
# Dots stand above the bar of their row, in pixels: the lowest, the next, and how high they may go.
_DOT, _NEXT, _LANE, _LEVELS = 10, 6, 24, 24
_TOP = 0.82  # rows that there are above the bar of the first
_CURVES = 820, 380
_NAME, _TITLE = 20, 84  # letters that there is room for
# Told apart by dashes as well as by colour; no colour is an argument's.
_COLOURS = (colours.INK, colours.GREEN, colours.PURPLE, colours.ORANGE, colours.SKY, colours.MUTED)
_DASHES: tuple[str | tuple[int, tuple[float, ...]], ...] = (
    "-",
    (0, (5, 2)),
    (0, (1, 1)),
    (0, (6, 1.5, 1, 1.5)),
    (0, (3, 1)),
    (0, (8, 2)),
)


def differences(comparison: Comparison) -> theme.Picture:
    """Draws how far each setting is from the first: a dot for each seed, mean and interval.

    Args:
        comparison: The comparison.

    Returns:
        The picture, 820 CSS pixels wide.
    """
    rows = comparison.entries[1:]
    height = _ABOVE + _ROW * max(1, len(rows)) + _BELOW
    with theme.style():
        picture = theme.Picture(_WIDTH, height)
        tall = 1 - (_ABOVE + _BELOW) / height
        axes = picture.add_axes((_LEFT, _BELOW / height, _ACROSS, tall))
        axes.axvline(0, color=colours.FAINT, linewidth=1.2)
        apart = [_apart(comparison, entry) for entry in rows]
        near = _near(rows, apart)
        for number, entry in enumerate(rows):
            _difference(axes, entry, apart[number], near, number)
        if not rows:
            axes.text(0, 0, "  one setting, and none to compare it with", color=colours.MUTED)
        axes.set_ylim(max(1, len(rows)) - _TOP, -_TOP)
        names = [theme.shortened(entry.name, _NAME) for entry in rows]
        axes.set_yticks(range(len(rows)), names)
        axes.tick_params(axis="y", length=0, labelcolor=colours.INK)
        axes.spines["left"].set_visible(False)
        first = theme.shortened(comparison.entries[0].name, _NAME)
        way = "right is better" if comparison.trainings.more_is_better else "left is better"
        axes.set_xlabel(f"difference in {comparison.trainings.score_name} from {first}; {way}")
        title = theme.shortened(comparison.title, _TITLE)
        picture.text(0.02, 1 - 30 / height, title, fontsize=12.5, weight="bold")
        picture.text(0.02, 1 - 52 / height, _legend(comparison), fontsize=10, color=colours.MUTED)
        picture.alt = f"Differences. {comparison.title}. {' '.join(comparison.sentences)}"
    return picture


def _legend(comparison: Comparison) -> str:
    if len(comparison.entries) == 1:
        return ""
    seeds = len(comparison.seeds)
    if seeds == 1:
        return "a diamond for the difference with the one seed, the same for both"
    interval = ", with Student's 95 % interval" if comparison.difference_intervals else ""
    return f"a dot for each of {seeds} seeds, the same for both; a diamond for their mean{interval}"


def _apart(comparison: Comparison, entry: Entry) -> Values:
    """How far a setting is from the first, seed by seed."""
    score = comparison.trainings.score
    pairs = zip(entry.cells, comparison.entries[0].cells, strict=True)
    return np.asarray([mine.last(score) - first.last(score) for mine, first in pairs])


def _near(rows: Sequence[Entry], apart: Sequence[Values]) -> float:
    """How near to one another two dots of a row hide one another, in the unit of the scores."""
    found = [each.difference for each in rows if each.difference is not None]
    ends = np.asarray([0.0, *(end for each in found for end in (each.low, each.high))])
    every = np.concatenate([ends, *apart])
    every = every[np.isfinite(every)]
    return float(np.ptp(every)) * _NEXT / (_ACROSS * _WIDTH)


def _levels(apart: Values, near: float) -> list[int]:
    """On which level each dot stands, so that none hides another as long as there is room."""
    levels = [0] * len(apart)
    last: list[float] = []  # the dot furthest to the right, level by level
    for place in np.argsort(apart):
        value = float(apart[place])
        free = (level for level, right in enumerate(last) if value - right > near)
        level = next(free, len(last))
        if level == _LEVELS:
            level = int(np.argmin(last))
        last[level : level + 1] = [value]
        levels[place] = level
    return levels


def _difference(axes: Axes, entry: Entry, apart: Values, near: float, row: int) -> None:
    levels = np.asarray(_levels(apart, near))
    step = min(_NEXT, _LANE / max(1, levels.max(initial=0)))
    if len(apart) > 1:
        height = row - (_DOT + step * levels) / _ROW
        axes.scatter(apart, height, s=18, color=colours.MUTED, linewidth=0, zorder=2)
    found = entry.difference
    if found is None or not np.isfinite(found.mean):
        axes.text(0, row, "  no score", va="center", fontsize=10, color=colours.MUTED)
        return
    ink = colours.INK if found.differs else colours.MUTED
    axes.plot([found.low, found.high], [row, row], color=ink, linewidth=2, zorder=3)
    filled = ink if found.differs else "white"
    axes.scatter(
        *([found.mean], [row]), marker="D", s=46, facecolor=filled, edgecolor=ink, zorder=4
    )


def curves(comparison: Comparison) -> theme.Picture:
    """Draws the validation score of each setting by epoch: the median, and a band over seeds.

    Args:
        comparison: The comparison.

    Returns:
        The picture, 820 x 380 CSS pixels.
    """
    score = comparison.trainings.score
    with theme.style():
        picture = theme.Picture(*_CURVES)
        axes = picture.add_axes((0.09, 0.14, 0.56, 0.70))
        for number, entry in enumerate(comparison.entries):
            _curve(axes, entry, score, number)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylabel(SCORES[score][0])
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False, fontsize=10)
        title = theme.shortened(comparison.title, _TITLE)
        axes.set_title(title, loc="left", fontsize=12.5, weight="bold", pad=26)
        seeds = len(comparison.seeds)
        said = f"median and range over {seeds} seeds; beside a name, the mean at the end"
        if seeds == 1:
            said = "one seed; beside a name, the score at the end"
        axes.text(0, 1.03, said, transform=axes.transAxes, fontsize=10, color=colours.MUTED)
        last = "; ".join(f"{entry.name}: {entry.score}" for entry in comparison.entries)
        how = f", with intervals {BOOTSTRAP}" if comparison.score_intervals else ""
        picture.alt = f"Curves. {comparison.title}. At the end{how}: {last}."
    return picture


def _curve(axes: Axes, entry: Entry, score: str, number: int) -> None:
    done = [each[score] for each in entry.curves if score in each]
    name = theme.shortened(entry.name, _NAME)
    if not done:
        axes.plot([], [], color=colours.FAINT, label=f"{name} (no curve)")
        return
    stacked = np.full((len(done), max(map(len, done))), np.nan)
    for row, values in enumerate(done):
        stacked[row, : len(values)] = np.where(np.isfinite(values), values, np.nan)
    epochs = np.arange(1, stacked.shape[1] + 1)
    colour, dashes = _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
    middle = np.ma.masked_invalid(stacked)
    low, high = middle.min(axis=0).filled(np.nan), middle.max(axis=0).filled(np.nan)
    axes.fill_between(epochs, low, high, color=colour, alpha=0.12, linewidth=0)
    label = f"{name}  {figure(entry.score.mean)}" if np.isfinite(entry.score.mean) else name
    kept = [column[np.isfinite(column)] for column in stacked.T]
    median = [float(np.median(each)) if each.size else np.nan for each in kept]
    axes.plot(epochs, median, color=colour, linestyle=dashes, linewidth=2, label=label)
