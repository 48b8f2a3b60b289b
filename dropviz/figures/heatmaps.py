"""Figure 3, the mask atlas: site x gate, units across and samples down."""

from __future__ import annotations

import math
import textwrap
from typing import NamedTuple

from matplotlib.axes import Axes

from dropviz.core.gates import titled as gate_titled
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Array, Masks
from dropviz.core.sentences import counted
from dropviz.core.sites import SITES, is_gated, place_of
from dropviz.errors import DropvizError
from dropviz.figures import theme
from dropviz.figures.alt_text import titled
from dropviz.figures.text_fit import fitted

_WIDTH = 880
_TOP, _BOTTOM, _LEFT, _RIGHT = 62, 48, 70, 16
_TITLE, _WORDS, _BETWEEN = 44, 44, 16
# What is known of the masks.
_WHETHER = {False: "as used", True: "drawn, NOT known to multiply,"}
_ROWS, _UNITS = 16, 32  # shown at the most
_NAME = 56  # letters of a layer's name that the heading has room for
_REASON = 236  # CSS pixels from the left, clear of the longest name of a site
_ROOM = 64  # CSS pixels that an axis needs for its name between two numbers


def atlas(
    recorded: LayerRecording, batch: int = -1, sample: int = 0, gate: str | None = None
) -> theme.Picture:
    """Draws the masks of one batch: a row for each site, a panel for each gate.

    Units run across. Samples run down; or time steps, those of one sample, where each
    step has a mask of its own.

    Args:
        recorded: The layer's recording.
        batch: Position among the kept batches; the last by default.
        sample: The first sample that is shown, or the one whose steps are.
        gate: The gate to show, larger; all of them by default.

    Returns:
        The picture, 880 CSS pixels wide.

    Raises:
        DropvizError: If there is no such batch or sample in the recording.
    """
    first = recorded.require_batch(batch)
    if not 0 <= sample < first.batch_sizes[batch]:
        raise DropvizError(
            f"There is no sample {sample}. Expected 0 to {first.batch_sizes[batch] - 1}."
        )
    chosen = _Chosen(batch, sample, gate)
    heights = [_row_height(masks, chosen) for masks in recorded.values()]
    height = _TOP + sum(heights) + _BETWEEN * (len(heights) - 1) + _BOTTOM
    with theme.style():
        picture, page = theme.canvas(_WIDTH, height)
        name = theme.shortened(titled(recorded), _NAME)
        page.text(16, height - 26, f"Masks of {name}", fontsize=15, weight="bold")
        page.text(
            16,
            height - 45,
            f"{_WHETHER[recorded.drawn_only]} in {recorded.at(batch)} "
            f"({counted(first.batch_sizes[batch], 'sample')})",
            fontsize=10.5,
            color=theme.MUTED,
        )
        top = height - _TOP
        for masks, row in zip(recorded.values(), heights, strict=True):
            ink = theme.colour_of(recorded.setting.argument_at(masks.site))
            _row(picture, page, masks, chosen, top, row, ink)
            top -= row + _BETWEEN
        _legend(page)
        picture.alt = (
            f"Mask heatmaps of {titled(recorded)}, batch {first.batches[batch] + 1}. "
            + " ".join(recorded.sentences)
        )
    return picture


class _Chosen(NamedTuple):
    """What is shown: a batch, a sample, and a gate or all."""

    batch: int
    sample: int
    gate: str | None

    def first(self, samples: int) -> int:
        """The first row of samples; one mask for all has no other."""
        return min(self.sample, samples - 1)


def _empty(masks: Masks) -> bool:
    return bool(masks.reason) or not masks.entries


def _reason(masks: Masks) -> list[str]:
    return textwrap.wrap(theme.plain(masks.reason) or "no training batch was recorded.", 78)


def _panel(masks: Masks, chosen: _Chosen) -> tuple[Array, str, str]:
    """The masks of a batch, cut to what is shown.

    Returns:
        Shape (gates, rows, columns), what runs down, and what runs across.
    """
    values = masks.of_batch(chosen.batch)
    if values.shape[1] > 1 and chosen.gate in masks.gates:
        at = masks.gates.index(chosen.gate)
        values = values[:, at : at + 1]
    first = chosen.first(values.shape[2])
    if SITES[masks.site].matrix:
        side = math.isqrt(values.shape[-1])
        matrices = values[0, :, 0].reshape(-1, side, side)
        return matrices[:, :_ROWS, :_UNITS], "from unit", "to unit"
    if len(values) > 1:
        return values[:_ROWS, :, first, :_UNITS].swapaxes(0, 1), "step", "unit"
    return values[0, :, first : first + _ROWS, :_UNITS], "sample", "unit"


def _row_height(masks: Masks, chosen: _Chosen) -> float:
    if _empty(masks):
        return 18 + 16 * len(_reason(masks))
    return _TITLE + _size(masks, chosen)[1] + _WORDS


def _size(masks: Masks, chosen: _Chosen) -> tuple[float, float]:
    _, rows, units = _panel(masks, chosen)[0].shape
    width = (_WIDTH - _LEFT - _RIGHT) / (4 if chosen.gate is None else 2) - 14
    # A panel of few units is not blown up to bricks.
    side = min(width / units, 12.0)
    return side * units, min(side, 9.0) * rows


def _row(
    picture: theme.Picture,
    page: Axes,
    masks: Masks,
    chosen: _Chosen,
    top: float,
    row: float,
    ink: str,
) -> None:
    page.text(16, top - 14, _name(masks.site), fontsize=12, weight="bold", color=ink)
    if _empty(masks):
        for number, line in enumerate(_reason(masks)):
            page.text(_REASON, top - 14 - 16 * number, line, fontsize=10.5, color=theme.MUTED)
        return
    panel, *names = _panel(masks, chosen)
    width, height = _size(masks, chosen)
    begin = chosen.first(len(masks.of_batch(chosen.batch)[0, 0])) if names[0] == "sample" else 0
    page_width, page_height = picture.size
    bottom = (top - _TITLE - height) / page_height
    for gate, values in enumerate(panel):
        left = (_LEFT + gate * ((_WIDTH - _LEFT - _RIGHT) / 4)) / page_width
        axes = picture.add_axes((left, bottom, width / page_width, height / page_height))
        _heatmap(axes, values, (width, height), names, first=gate == 0, begin=begin)
        title = _gate(masks, gate, len(panel), chosen.gate)
        axes.set_title(title, fontsize=10.5, loc="left", pad=4)
    said = f"{masks.dropped:.1%} dropped, rate {masks.rate:.3g}; {'; '.join(masks.sharing)}"
    fitted(page, _LEFT, top - row + 6, said, _WIDTH - _LEFT - _RIGHT, 10.5)


def _name(site: str) -> str:
    return f"{site}  {SITES[site].symbol}"


def _gate(masks: Masks, gate: int, panels: int, chosen: str | None) -> str:
    if panels == 1 and chosen in masks.gates and masks.values.shape[2] > 1:
        return theme.plain(gate_titled(chosen))
    if panels > 1:
        # A cell of one's own has gates of no known names.
        return theme.plain(gate_titled(masks.gates[gate])) if masks.gates else f"mask {gate + 1}"
    if not is_gated(masks.site):
        return place_of(masks.site)
    if len(masks.gates) > 1:
        return f"one mask for all gates: {theme.plain(' '.join(masks.gates))}"
    return ""


def _heatmap(
    axes: Axes,
    values: Array,
    size: tuple[float, float],
    names: list[str],
    *,
    first: bool,
    begin: int,
) -> None:
    (rows, units), (width, height), (down, across) = values.shape, size, names
    kept = values > 0
    axes.pcolormesh(kept, cmap=theme.TWO_TONES, vmin=0, vmax=1, edgecolors="white", linewidth=0.6)
    row, unit = (~kept).nonzero()
    # A cross of half a cell, so that small cells stay light.
    cross = 0.5 * min(height / rows, 12) * 72 / theme.DPI
    axes.scatter(unit + 0.5, row + 0.5, marker="x", s=cross**2, linewidths=0.7, color=theme.CROSS)
    axes.set(xlim=(0, units), ylim=(rows, 0))
    axes.set_xticks(*_ends(units, width))
    axes.set_yticks(*(_ends(rows, height, begin) if first else ([], [])))
    axes.tick_params(length=0, labelsize=9, pad=2)
    axes.spines[:].set_visible(False)
    if first and height > _ROOM:
        axes.set_ylabel(down, fontsize=9.5, labelpad=1, color=theme.MUTED)
    if width > _ROOM:
        axes.set_xlabel(across, fontsize=9.5, labelpad=-9, color=theme.MUTED)


def _ends(count: int, pixels: float, begin: int = 0) -> tuple[list[float], list[str]]:
    """The first and the last number of an axis, as far as there is room for them."""
    low, high = str(begin + 1), str(begin + count)
    if count == 1 or pixels < _ROOM / 2:
        return [count / 2], [low if count == 1 else f"{low}-{high}"]
    return [0.5, count - 0.5], [low, high]


def _legend(page: Axes) -> None:
    y = 18
    for x, colour, word in ((16, theme.TWO_TONES(1), "kept"), (86, theme.TWO_TONES(0), "dropped")):
        page.scatter([x + 5], [y], marker="s", s=70, color=[colour], zorder=3)
        page.text(x + 16, y, word, va="center", fontsize=10, color=theme.MUTED)
    page.scatter([91], [y], marker="x", s=18, linewidths=1, color=theme.CROSS, zorder=4)
    page.text(
        190,
        y,
        f"the first {_ROWS} rows and {_UNITS} units at the most",
        va="center",
        fontsize=10,
        color=theme.MUTED,
    )
