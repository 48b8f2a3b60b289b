"""The passes of a model with its masks on, as a fan round their mean."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.ticker import MaxNLocator

from dropviz.core.doubt import Array, Doubt, fewest_passes, middle_of
from dropviz.core.number_forms import counted
from dropviz.core.sentences import figure
from dropviz.figures import colours, theme

_WIDTH, _HEIGHT = 820, 360
# How often one more pass lies within, and how dense each is: far enough apart for a grey print.
_BANDS = ((0.9, 0.22), (0.5, 0.5))
_NAME = 40  # letters of a model's name that the title has room for
_FEW = 24  # places that are drawn one by one
_LINES: tuple[dict[str, Any], ...] = (
    {"linewidth": 2.2},
    {"linewidth": 1.6, "linestyle": (0, (5, 2))},
)
_MARKS: tuple[dict[str, Any], ...] = (
    {"marker": "o", "markersize": 7, "markeredgecolor": colours.GROUND, "linestyle": "none"},
    {"marker": "_", "markersize": 16, "markeredgewidth": 1.8, "linestyle": "none"},
)
_SEQUENCE = 3  # axes of an output for each step


class _Shown(NamedTuple):
    """What is drawn: one number at each place along an axis."""

    across: str
    outputs: Array  # (passes, places)
    off: Array  # (places,)
    of: str


def fan(doubt: Doubt, sample: int = 0) -> theme.Picture:
    """Draws how far the passes scatter.

    Of one number a sample the samples run across, of several the outputs of one sample, of a
    number at each step the steps.

    Args:
        doubt: The passes.
        sample: Whose outputs are drawn, where each sample has several.

    Returns:
        The picture, 820 x 360 CSS pixels.
    """
    shown = _shown(doubt, sample)
    with theme.style():
        picture = theme.Picture(_WIDTH, _HEIGHT)
        axes = picture.add_axes((0.1, 0.14, 0.56, 0.70))
        places = np.arange(1, len(shown.off) + 1)
        few = len(places) <= _FEW
        for share, density in _BANDS:
            ends = middle_of(shown.outputs, share)
            whole = doubt.passes < fewest_passes(share)
            label = "lowest to highest pass" if whole else f"{share:.0%} band"
            _band(axes, places, ends, density, label, few=few)
        mean = shown.outputs.mean(axis=0, dtype=np.float64)
        # Nothing lies between two samples or two classes.
        lines = _MARKS if few else _LINES
        axes.plot(places, mean, color=colours.PURPLE, label="mean of the passes", **lines[0])
        axes.plot(places, shown.off, color=colours.INK, label="dropout off (predict)", **lines[1])
        axes.use_sticky_edges = False
        axes.margins(y=0.08)
        axes.set_xlabel(shown.across)
        axes.set_ylabel("prediction")
        axes.set_xlim(0.5, len(places) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False, fontsize=10.5)
        name = theme.shortened(doubt.model or "model", _NAME)
        title = f"{name}: {doubt.passes} passes with the masks on"
        axes.set_title(title, loc="left", fontsize=12.5, weight="bold", pad=26)
        said = shown.of if doubt.varies else f"{shown.of}; nothing varies here"
        axes.text(0, 1.04, said, transform=axes.transAxes, fontsize=10, color=colours.MUTED)
        picture.alt = _alt(doubt, shown)
    return picture


def _band(
    axes: Axes, places: Array, ends: tuple[Array, Array], density: float, label: str, *, few: bool
) -> None:
    # A projector shows no pale ground; it shows a line around it.
    look: dict[str, Any] = {
        "facecolor": to_rgba(colours.PURPLE, density),
        "edgecolor": colours.PURPLE,
        "linewidth": 1,
        "label": label,
    }
    if few:
        low, high = ends
        axes.bar(places, high - low, 0.7, bottom=low, **look)
    else:
        axes.fill_between(places, *ends, **look)


def _shown(doubt: Doubt, sample: int) -> _Shown:
    outputs, off = doubt.outputs, doubt.off
    if off.ndim >= _SEQUENCE:
        flat = outputs[:, sample].reshape(doubt.passes, len(off[sample]), -1)
        of = f"output 1 of sample {sample + 1:,} at each step"
        return _Shown("step", flat[..., 0], off[sample].reshape(len(flat[0]), -1)[:, 0], of)
    if off.ndim == 1 or off.shape[1] == 1:
        places = outputs.reshape(doubt.passes, -1)
        return _Shown("sample", places, off.reshape(-1), counted(places.shape[1], "sample"))
    of = f"the {off.shape[1]} outputs of sample {sample + 1:,}"
    return _Shown("output", outputs[:, sample], off[sample], of)


def _alt(doubt: Doubt, shown: _Shown) -> str:
    spread = shown.outputs.std(axis=0, ddof=1, dtype=np.float64)
    middle, most = figure(float(np.median(spread))), figure(float(spread.max()))
    return (
        f"Fan of {doubt.passes} passes of {doubt.model} with the masks on, {shown.of}. Standard "
        f"deviation {middle} in the middle, {most} at most, at {shown.across} "
        f"{int(spread.argmax()) + 1:,}. {' '.join(doubt.sentences)}"
    )
