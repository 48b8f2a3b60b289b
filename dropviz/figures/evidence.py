"""The evidence of a verdict: what was seen dropped, and where the rate lies."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from dropviz.core.sites import place_of
from dropviz.core.verdict import SiteVerdict, Verdict
from dropviz.figures import colours, theme
from dropviz.figures.colours import colour_of, on_white
from dropviz.figures.heatmaps import TWO_TONES
from dropviz.figures.text_fit import fitted, wrapped

_WIDTH, _TOP, _ROW, _BOTTOM = 880, 62, 178, 34
_LEFT, _PANEL = 34, 128
_LINE, _WIDE = 212, 270  # where the line of rates begins, and how wide it is
_WORDS, _ROOM = 540, 316  # the same of the words
_NAME = 60
_NOTHING = "Nothing was dropped in any of them."


def evidence(verdict: Verdict) -> theme.Picture:
    """Draws what the experiment saw, a row for each masked site.

    Args:
        verdict: The verdict.

    Returns:
        The picture, 880 CSS pixels wide.
    """
    sites = list(verdict.sites.values())
    height = _TOP + max(0.15, len(sites)) * _ROW + _BOTTOM
    with theme.style():
        picture, page = theme.canvas(_WIDTH, height)
        name = theme.shortened(verdict.layer, _NAME)
        title = f"Seen from outside: {name}"
        fitted(page, _LEFT, height - 28, title, _WIDTH - 2 * _LEFT, 15, weight="bold")
        said = f"{verdict.calls} runs with chosen weights and inputs"
        page.text(_LEFT, height - 47, said, fontsize=10.5, color=colours.MUTED)
        if not sites:
            page.text(_LEFT, height - 84, _NOTHING, fontsize=12)
        for number, site in enumerate(sites):
            ink = on_white(colour_of(verdict.argument_at(site.site)))
            _row(picture, page, site, height - _TOP - number * _ROW, ink)
        _legend(page, bool(sites))
        found = [site.sentence for site in sites] or [f"{verdict.calls} runs. {_NOTHING}"]
        picture.alt = f"Evidence for the verdict on {verdict.layer}. {' '.join(found)}"
    return picture


def _row(picture: theme.Picture, page: Axes, site: SiteVerdict, top: float, ink: str) -> None:
    width, height = picture.size
    page.text(_LEFT, top - 14, place_of(site.site), fontsize=12, weight="bold")
    bottom = top - 28 - _PANEL
    frame = _LEFT / width, bottom / height, _PANEL / width, _PANEL / height
    _seen(picture.add_axes(frame), site)
    frame = _LINE / width, (bottom + 44) / height, _WIDE / width, 48 / height
    line = picture.add_axes(frame)
    _rate(line, site, ink)
    for number, words in enumerate(wrapped(site.manner, _ROOM, 10.5)):
        page.text(_WORDS, top - 38 - 17 * number, words, fontsize=10.5)


def _seen(axes: Axes, site: SiteVerdict) -> None:
    bits = np.asarray(site.seen)
    kept = np.ma.masked_where(np.isnan(bits), bits == 0)
    axes.pcolormesh(kept, cmap=TWO_TONES, vmin=0, vmax=1, edgecolors="white", linewidth=0.6)
    at, across = (bits > 0).nonzero()
    axes.scatter(across + 0.5, at + 0.5, marker="x", s=14, linewidths=0.8, color=colours.CROSS)
    axes.set(xlim=(0, bits.shape[1]), ylim=(bits.shape[0], 0), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_ylabel("sample", fontsize=9.5, labelpad=2, color=colours.MUTED)
    axes.set_xlabel("entry", fontsize=9.5, labelpad=3, color=colours.MUTED)


def _rate(axes: Axes, site: SiteVerdict, ink: str) -> None:
    low, high = site.rate_interval
    told = not math.isnan(site.rate)
    axes.plot([low, high], [0, 0], color=ink, linewidth=9, solid_capstyle="butt")
    if told:
        axes.plot([site.rate], [0], "|", color=colours.INK, markersize=22, markeredgewidth=2)
    axes.set(xlim=(0, 1), ylim=(-1, 1), yticks=[], xticks=[0, 0.5, 1])
    axes.spines["left"].set_visible(False)
    axes.tick_params(labelsize=9)
    title = f"rate {site.rate:.3f}" if told else "rate: could not be told"
    axes.set_title(title, fontsize=11, pad=2)
    axes.set_xlabel(f"with 99.99 % confidence {low:.3f} to {high:.3f}", fontsize=9.5)


def _legend(page: Axes, shown: bool) -> None:  # noqa: FBT001
    if not shown:
        return
    for x, colour, word in ((28, colours.KEPT, "kept"), (98, colours.DROPPED, "dropped")):
        page.scatter([x + 5], [14], marker="s", s=70, color=[colour], zorder=3)
        page.text(x + 16, 14, word, va="center", fontsize=10, color=colours.MUTED)
    page.scatter([103], [14], marker="x", s=18, linewidths=1, color=colours.CROSS, zorder=4)
