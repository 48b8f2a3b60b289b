"""The rate map of a sweep, and each rate by itself."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from dropviz.core.estimate import BOOTSTRAP, Estimate
from dropviz.core.number_forms import counted
from dropviz.core.sentences import figure
from dropviz.core.sweep_result import Floats, Sweep
from dropviz.figures import colours, theme
from dropviz.figures.colours import colour_of, letters_on, on_white

_WIDTH, _HEIGHT = 820, 480
_MARGINS = 820, 360
_TITLE = 84  # letters that the title has room for
_SMALL = 12  # cells across, beyond which figures are not written into them


def rate_map(sweep: Sweep) -> theme.Picture:
    """Draws the mean score of each pair of rates.

    The best mean has a star, what cannot be told from it a dot and a frame; cells where a
    training broke are crossed out.

    Args:
        sweep: The sweep.

    Returns:
        The picture, 820 x 480 CSS pixels.
    """
    with theme.style():
        picture = theme.Picture(_WIDTH, _HEIGHT)
        axes = picture.add_axes((0.10, 0.14, 0.58, 0.68))
        shown = np.where(sweep.broken, np.nan, sweep.mean)
        rows, columns = shown.shape
        _cells(axes, sweep, shown)
        axes.set(xlim=(0, columns), ylim=(0, rows))
        ends = np.arange(columns) + 0.5, np.arange(rows) + 0.5
        axes.set_xticks(ends[0], [f"{rate:g}" for rate in sweep.recurrent_dropout])
        axes.set_yticks(ends[1], [f"{rate:g}" for rate in sweep.dropout])
        axes.set_xlabel("recurrent_dropout", color=on_white(colour_of("recurrent_dropout")))
        axes.set_ylabel("dropout", color=on_white(colour_of("dropout")))
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        title = theme.shortened(sweep.title, _TITLE)
        axes.set_title(title, loc="left", fontsize=12.5, weight="bold", pad=28)
        above = f"means over {counted(len(sweep.seeds), 'seed')}; darker is "
        above += "higher" if sweep.trainings.more_is_better else "lower"
        axes.text(0, 1.03, above, transform=axes.transAxes, fontsize=10, color=colours.MUTED)
        _legend(axes, sweep)
        picture.alt = _map_alt(sweep)
    return picture


def _cells(axes: Axes, sweep: Sweep, shown: Floats) -> None:
    finite = shown[np.isfinite(shown)]
    norm = Normalize(finite.min(), finite.max()) if finite.size else Normalize(0, 1)
    # Dark is good, whichever way the score counts.
    shades = colormaps["cividis_r" if sweep.trainings.more_is_better else "cividis"]
    rows, columns = shown.shape
    for row in range(rows):
        for column in range(columns):
            place = (row, column)
            value = shown[place]
            if np.isnan(value):
                _broken(axes, place)
                continue
            share = float(norm(value)) if norm.vmax != norm.vmin else 0.0
            axes.add_patch(
                Rectangle((column, row), 1, 1, facecolor=shades(share), edgecolor="white")
            )
            _words(axes, sweep, place, letters_on(shades(share)))


def _words(axes: Axes, sweep: Sweep, place: tuple[int, int], ink: str) -> None:
    row, column = place
    few = max(len(sweep.dropout), len(sweep.recurrent_dropout)) <= _SMALL
    mark = "★" if place == sweep.best else "•" if sweep.like_best[place] else ""
    if few:
        value = figure(sweep.estimates[place].mean)
        axes.text(column + 0.5, row + 0.5, value, ha="center", va="center", color=ink, fontsize=10)
    if mark:
        y = row + (0.82 if few else 0.5)
        axes.text(column + 0.5, y, mark, ha="center", va="center", color=ink, fontsize=11)
        corner = column + 0.05, row + 0.05
        axes.add_patch(Rectangle(corner, 0.9, 0.9, fill=False, edgecolor=ink, linewidth=1.6))


def _broken(axes: Axes, place: tuple[int, int]) -> None:
    row, column = place
    axes.add_patch(
        Rectangle((column, row), 1, 1, facecolor="white", edgecolor=colours.FAINT, hatch="xxx")
    )


def _legend(axes: Axes, sweep: Sweep) -> None:
    mean = np.where(sweep.broken, np.nan, sweep.mean)
    said = ["★  the best mean", "•  cannot be told from it"]
    if len(sweep.seeds) > 1:
        said.append(f"   (paired, {len(sweep.seeds)} seeds, 95 % each)")
    if sweep.broken.any():
        said.append("xxx  a training broke here")
    if np.isfinite(mean).any():
        said += ["", f"{figure(float(np.nanmin(mean)))} to {figure(float(np.nanmax(mean)))}"]
    for number, line in enumerate(said):
        axes.text(
            1.04,
            0.95 - 0.075 * number,
            line,
            transform=axes.transAxes,
            fontsize=10.5,
            color=colours.INK,
        )


def _map_alt(sweep: Sweep) -> str:
    cells = [
        f"dropout {sweep.dropout[row]:g}, recurrent_dropout {sweep.recurrent_dropout[column]:g}: "
        + ("broke" if sweep.broken[row, column] else figure(estimate.mean))
        for (row, column), estimate in sweep.estimates.items()
    ]
    return f"Rate map. {sweep.title}. {'; '.join(cells)}. {' '.join(sweep.sentences)}"


def margins(sweep: Sweep) -> theme.Picture:
    """Draws each rate by itself: the score against it, a line for each value of the other.

    Bands are bootstrap intervals of the means, which are too short with few seeds.

    Args:
        sweep: The sweep.

    Returns:
        The picture, 820 x 360 CSS pixels.
    """
    with theme.style():
        picture = theme.Picture(*_MARGINS)
        rates = sweep.dropout, sweep.recurrent_dropout
        names = "dropout", "recurrent_dropout"
        for number in range(2):
            axes = picture.add_axes((0.105 + 0.475 * number, 0.16, 0.38, 0.66))
            _lines(axes, sweep, number, rates)
            axes.set_xlabel(names[number], color=on_white(colour_of(names[number])))
            if not number:
                axes.set_ylabel(sweep.trainings.score_name)
            said = f"each line one {names[1 - number]}"
            axes.text(0, 1.03, said, transform=axes.transAxes, fontsize=10, color=colours.MUTED)
        title = theme.shortened(sweep.title, _TITLE)
        picture.text(0.09, 0.94, title, fontsize=12.5, weight="bold")
        if len(sweep.seeds) > 1:
            bands = f"bands: intervals of the means {BOOTSTRAP}"
            picture.text(0.09, 0.895, bands, fontsize=10, color=colours.MUTED)
        picture.alt = f"Scores against each rate. {_map_alt(sweep)}"
    return picture


def _lines(
    axes: Axes, sweep: Sweep, number: int, rates: tuple[tuple[float, ...], tuple[float, ...]]
) -> None:
    mine, others = rates[number], rates[1 - number]
    colour = on_white(colour_of("recurrent_dropout" if number == 0 else "dropout"))
    dashes = ["-", (0, (5, 2)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5))]
    for other, rate in enumerate(others):
        places = [(at, other) if number == 0 else (other, at) for at in range(len(mine))]
        found: list[Estimate] = [sweep.estimates[place] for place in places]
        mean = [np.nan if sweep.broken[p] else e.mean for p, e in zip(places, found, strict=True)]
        shade = 0.25 + 0.75 * (other + 1) / len(others)
        axes.plot(
            *(mine, mean),
            color=colour,
            alpha=shade,
            linestyle=dashes[other % len(dashes)],
            marker="o",
            markersize=4,
            label=f"{rate:g}",
        )
        axes.fill_between(
            mine,
            [np.nan if sweep.broken[p] else e.low for p, e in zip(places, found, strict=True)],
            [np.nan if sweep.broken[p] else e.high for p, e in zip(places, found, strict=True)],
            color=colour,
            alpha=0.08,
            linewidth=0,
        )
    axes.legend(fontsize=9, frameon=False, ncols=2)
