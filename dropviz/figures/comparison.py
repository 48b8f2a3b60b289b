"""A comparison of settings: differences seed by seed, and curves with bands."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dropviz.core.comparison import Comparison, Entry
from dropviz.core.estimate import BOOTSTRAP
from dropviz.core.sentences import figure
from dropviz.core.study_result import SCORES
from dropviz.figures import colours, theme

_WIDTH, _ROW, _ABOVE, _BELOW = 820, 34, 92, 62
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
        axes = picture.add_axes((0.27, _BELOW / height, 0.69, 1 - (_ABOVE + _BELOW) / height))
        axes.axvline(0, color=colours.FAINT, linewidth=1.2)
        for number, entry in enumerate(rows):
            _difference(axes, comparison, entry, number)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        names = [theme.shortened(entry.name, _NAME) for entry in rows]
        axes.set_yticks(range(len(rows)), names)
        axes.tick_params(axis="y", length=0, labelcolor=colours.INK)
        axes.spines["left"].set_visible(False)
        first = theme.shortened(comparison.entries[0].name, _NAME)
        way = "right is better" if comparison.trainings.more_is_better else "left is better"
        axes.set_xlabel(f"difference in {comparison.trainings.score_name} from {first}; {way}")
        title = theme.shortened(comparison.title, _TITLE)
        picture.text(0.02, 1 - 30 / height, title, fontsize=12.5, weight="bold")
        said = (
            f"a dot for each of {len(comparison.seeds)} seeds, the same for both; a diamond for "
            "their mean, with Student's 95 % interval"
        )
        picture.text(0.02, 1 - 52 / height, said, fontsize=10, color=colours.MUTED)
        picture.alt = f"Differences. {comparison.title}. {' '.join(comparison.sentences)}"
    return picture


def _difference(axes: Axes, comparison: Comparison, entry: Entry, row: int) -> None:
    score = comparison.trainings.score
    pairs = zip(entry.cells, comparison.entries[0].cells, strict=True)
    apart = np.asarray([mine.last(score) - first.last(score) for mine, first in pairs])
    axes.scatter(apart, np.full(len(apart), row), s=22, color=colours.FAINT, zorder=2)
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
        axes.text(0, 1.03, said, transform=axes.transAxes, fontsize=10, color=colours.MUTED)
        last = "; ".join(f"{entry.name}: {entry.score}" for entry in comparison.entries)
        picture.alt = f"Curves. {comparison.title}. At the end, with intervals {BOOTSTRAP}: {last}."
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
