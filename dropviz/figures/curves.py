"""Figure 4: losses by epoch: with dropout on and off, on validation data, as Keras reports."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from dropviz.core.colours import CURVES, CurveLine
from dropviz.core.sentences import counted, figure
from dropviz.figures import theme

_WIDTH, _HEIGHT = 820, 360
_NAME = 48  # letters of a model's name that the title has room for
_TOLD = 4  # changes on the way that are put into words
_LINE = 0.075  # the height of such a line, as a share of the axes'
_LABEL = 0.08  # a label's height as a share of the axes'
_MOST = 1e300  # of what can be drawn

_MEASURED = (
    "On and off: same samples and weights, at the epoch's end. "
    "Keras's: a mean while the weights change."
)
_REPORTED = (
    "The training loss is Keras's: a mean over the epoch, with its masks, while the weights change."
)


def curves(
    runs: Mapping[str, Sequence[float]] | Sequence[Mapping[str, Sequence[float]]],
    epochs: int = 0,
    changes: Sequence[tuple[float, str]] = (),
    model: str = "",
) -> theme.Picture:
    """Draws the losses of training with dropout on and off, of validation, and as reported.

    Args:
        runs: The curves of one run; or those of several seeds, drawn as their median
            with a band from the smallest to the largest.
        epochs: Epochs to leave room for, while training goes on.
        changes: What was changed on the way: after how many epochs, and what.
        model: The model's name, where it is one of several.

    Returns:
        The picture, 820 x 360 CSS pixels.
    """
    several = [runs] if isinstance(runs, Mapping) else list(runs)
    with theme.style():
        picture = theme.Picture(_WIDTH, _HEIGHT)
        axes = picture.add_axes((0.09, 0.14, 0.57, 0.70))
        drawn, heights = [], []
        for line in CURVES:
            values = _values(several, line.name)
            if values.size and np.isfinite(values).any():
                spread = _spread(several, line.name)
                _draw(axes, line, values, spread)
                drawn.append((line, values))
                heights += [values, *spread]
        last = max(epochs, *(v.shape[1] for _, v in drawn), 1)
        rows = min(len(changes), _TOLD)
        _frame(axes, heights, last, rows)
        _changes(axes, changes, last)
        _labels(axes, drawn, 1 - rows * _LINE)
        axes.set_title(_title(several, model), loc="left", fontsize=12.5, weight="bold", pad=26)
        caption = _caption({line.name for line, _ in drawn})
        axes.text(0, 1.04, caption, transform=axes.transAxes, fontsize=10, color=theme.MUTED)
        picture.alt = _alt(drawn, several, changes, model)
    return picture


def _caption(drawn: Collection[str]) -> str:
    """What the training losses that are drawn are losses of."""
    if "loss_dropout_on" in drawn:
        return _MEASURED
    return _REPORTED if "loss" in drawn else ""


def _values(runs: Sequence[Mapping[str, Sequence[float]]], name: str) -> NDArray[np.float64]:
    """A curve of each run, shape (runs, epochs); NaN where a run ended earlier."""
    values = [run[name] for run in runs if name in run]
    stacked = np.full((len(values), max(map(len, values), default=0)), np.nan)
    for row, each in enumerate(values):
        stacked[row, : len(each)] = each
    # The room around it would be no number.
    stacked[np.abs(stacked) > _MOST] = np.inf
    return stacked


def _spread(runs: Sequence[Mapping[str, Sequence[float]]], name: str) -> list[NDArray[np.float64]]:
    """The lowest and the highest of a curve: over the runs, or over the passes of one run."""
    if len(runs) > 1:
        finite = np.ma.masked_invalid(_values(runs, name))
        return [each.filled(np.nan) for each in (finite.min(axis=0), finite.max(axis=0))]
    ends = [_values(runs, f"{name}_{end}") for end in ("low", "high")]
    alike = {each.shape for each in (*ends, _values(runs, name))}
    return [each[0] for each in ends] if len(alike) == 1 else []


def _middle(values: NDArray[np.float64]) -> NDArray[np.float64]:
    finite = np.isfinite(values)
    return np.array(
        [
            np.median(column[there]) if there.any() else np.nan
            for column, there in zip(values.T, finite.T, strict=True)
        ]
    )


def _draw(
    axes: Axes,
    line: CurveLine,
    values: NDArray[np.float64],
    spread: Sequence[NDArray[np.float64]],
) -> None:
    epochs = np.arange(1, values.shape[1] + 1)
    if spread:
        low, high = spread
        axes.fill_between(epochs, low, high, color=line.colour, alpha=0.18, linewidth=0)
    axes.plot(
        epochs,
        _middle(values),
        color=line.colour,
        linestyle=_style(line),
        linewidth=line.width,
        # One epoch makes no line.
        marker="o" if values.shape[1] == 1 else None,
    )


def _changes(axes: Axes, changes: Sequence[tuple[float, str]], epochs: int) -> None:
    """Marks where rates were moved; of many moves, words for the last few."""
    for after, _ in changes:
        axes.axvline(after, color=theme.MUTED, linewidth=1.1, linestyle=(0, (1, 2)))
    for row, (after, words) in enumerate(reversed(changes[-_TOLD:])):
        right = after > epochs * 0.5
        axes.annotate(
            words,
            (after, 1 - _LINE * row),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if right else 4, -1),
            textcoords="offset points",
            ha="right" if right else "left",
            va="top",
            fontsize=9.5,
            color=theme.MUTED,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )


def _style(line: CurveLine) -> str | tuple[int, tuple[float, ...]]:
    return (0, line.dashes) if line.dashes else "-"


def _frame(
    axes: Axes,
    heights: Sequence[NDArray[np.float64]],
    epochs: int,
    rows: int,
) -> None:
    finite = [values[np.isfinite(values)] for values in heights]
    top = max([0.0, *(float(values.max()) for values in finite)])
    low = min([0.0, *(float(values.min()) for values in finite)])
    room = 0.06 * (top - low) or 1.0
    # Words about changes stand above the lines.
    top += (top - low) * rows * _LINE / (1 - rows * _LINE)
    # From zero, so that a small gain does not look large.
    axes.set(xlim=(0 if rows else 0.8, epochs + 0.2), ylim=(low - room if low else 0, top + room))
    # Not matplotlib's own, which puts a factor where the caption stands.
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("epoch", fontsize=11)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.tick_params(labelsize=10)
    axes.grid(axis="y", color="#e6e8eb", linewidth=0.8)
    axes.set_axisbelow(True)


def _labels(axes: Axes, drawn: Sequence[tuple[CurveLine, NDArray[np.float64]]], top: float) -> None:
    """Names each line at its end, pushed apart where lines end close together."""
    ends = []
    for line, values in drawn:
        middle = _middle(values)
        last = int(np.flatnonzero(np.isfinite(middle))[-1])
        ends.append((float(middle[last]), line))
    low, high = axes.get_ylim()
    ends.sort(key=lambda end: end[0])
    places = _apart([(value - low) / (high - low) for value, _ in ends], top)
    for place, (value, line) in zip(places, ends, strict=True):
        # A sample of the line: in grey, words alone would not say whose end this is.
        axes.add_artist(
            PathPatch(
                Path([(1.02, place), (1.075, place)]),
                transform=axes.transAxes,
                clip_on=False,
                edgecolor=line.colour,
                linestyle=_style(line),
                linewidth=line.width,
            )
        )
        words = f"{figure(value)}  {line.label}"
        axes.text(1.09, place, words, transform=axes.transAxes, va="center", fontsize=10)


def _apart(wanted: Sequence[float], top: float) -> list[float]:
    """Heights for labels, from below, that lie a label's height apart and below some height."""
    places: list[float] = []
    for number, place in enumerate(wanted):
        most = top - _LABEL * (len(wanted) - number - 0.5)
        lowest = places[-1] + _LABEL if places else -np.inf
        places.append(max(min(place, most), lowest))
    return places


def _title(several: Sequence[Mapping[str, Sequence[float]]], model: str) -> str:
    if len(several) > 1:
        return f"Loss by epoch, median and range of {len(several)} seeds"
    if model:  # which leaves no room for more
        return f"Loss of {theme.shortened(model, _NAME)} by epoch"
    return f"Loss by epoch{_bits(several)}"


def _bits(several: Sequence[Mapping[str, Sequence[float]]]) -> str:
    """What the last validation loss is in the unit that papers on characters tell."""
    middle = _middle(_values(several, "val_bits_per_character"))
    ended = middle.size and np.isfinite(middle[-1])
    return f"; on validation data {figure(middle[-1])} bits per character" if ended else ""


def _alt(
    drawn: Sequence[tuple[CurveLine, NDArray[np.float64]]],
    several: Sequence[Mapping[str, Sequence[float]]],
    changes: Sequence[tuple[float, str]],
    model: str,
) -> str:
    loss = f"Loss of {model}" if model else "Loss"
    if not drawn:
        ended = any(run.get(line.name) for run in several for line in CURVES)
        why = "the losses were not finite" if ended else "no epoch has come to its end yet"
        return f"{loss} by epoch; {why}."
    runs = len(several)
    epochs = max(values.shape[1] for _, values in drawn)
    parts = []
    for line, values in drawn:
        middle = _middle(values)
        finite = middle[np.isfinite(middle)]
        parts.append(f"{line.label} from {figure(finite[0])} to {figure(finite[-1])}")
        if not np.isfinite(middle[-1]):
            parts[-1] += ", then not finite"
    over = f", median of {runs} seeds" if runs > 1 else ""
    moved = "".join(f" After {after:.3g} epochs: {words}." for after, words in changes)
    said = "; ".join(parts) + _bits(several)
    return f"{loss} over {counted(epochs, 'epoch')}{over}: {said}.{moved}"
