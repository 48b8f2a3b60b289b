"""Figure 3, the mask atlas: site x gate, units across and samples down."""

from __future__ import annotations

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from dropviz.core.masks import Array, LayerRecording, Masks
from dropviz.core.words import counted
from dropviz.errors import DropvizError
from dropviz.figures import theme

_WIDTH = 880
_TOP, _BOTTOM, _LEFT, _RIGHT = 62, 48, 70, 16
_TITLE, _WORDS, _BETWEEN = 44, 44, 16
_SAMPLES, _UNITS = 16, 32  # shown at the most
_PLACE = {"input": "input  $x_t$", "recurrent": "recurrent  $h_{t-1}$"}
_GATES = {
    "i": "i  input gate",
    "f": "f  forget gate",
    "c": "c  candidate",
    "o": "o  output gate",
    "z": "z  update gate",
    "r": "r  reset gate",
    "h": "h  candidate",
}
# Dropped is light with a cross, kept is dark: told apart in a grey print.
_COLOURS = ListedColormap([colormaps["cividis"](0.93), colormaps["cividis"](0.12)])


def atlas(recorded: LayerRecording, batch: int = -1) -> theme.Picture:
    """Draws the masks of one batch: a row for each site, a panel for each gate.

    Args:
        recorded: The layer's recording.
        batch: Position among the kept batches; the last by default.

    Returns:
        The picture, 880 CSS pixels wide.

    Raises:
        DropvizError: If no training batch was recorded.
    """
    if not recorded.batches or not len(recorded):
        raise DropvizError(f"{recorded.layer!r} has no recorded batch to draw. {recorded.note}")
    heights = [_row_height(masks, batch) for masks in recorded.values()]
    height = _TOP + sum(heights) + _BETWEEN * (len(heights) - 1) + _BOTTOM
    with theme.style():
        picture, page = theme.canvas(_WIDTH, height)
        first = next(iter(recorded.values()))
        number = first.batches[batch]
        page.text(16, height - 26, f"Masks of {recorded.layer}", fontsize=15, weight="bold")
        page.text(
            16,
            height - 45,
            f"as used in batch {number + 1} of {recorded.batches:,}"
            f" ({counted(first.batch_sizes[batch], 'sample')})",
            fontsize=10.5,
            color=theme.MUTED,
        )
        top = height - _TOP
        for masks, row in zip(recorded.values(), heights, strict=True):
            _row(picture, page, masks, batch, top, row)
            top -= row + _BETWEEN
        _legend(page)
        picture.alt = f"Mask heatmaps of {recorded.layer}, batch {number + 1}. " + " ".join(
            masks.sentence for masks in recorded.values()
        )
    return picture


def _empty(masks: Masks) -> bool:
    return bool(masks.reason) or masks.values.shape[4] == 1


def _panel(masks: Masks, batch: int) -> Array:
    """Shape (gates, samples, units), cut to what is shown."""
    values: Array = masks.of_batch(batch)[0, :, :_SAMPLES, :_UNITS]
    return values


def _row_height(masks: Masks, batch: int) -> float:
    if _empty(masks):
        return 34
    return _TITLE + _size(masks, batch)[1] + _WORDS


def _size(masks: Masks, batch: int) -> tuple[float, float]:
    _, samples, units = _panel(masks, batch).shape
    width = (_WIDTH - _LEFT - _RIGHT) / 4 - 14
    # A panel of few units is not blown up to bricks.
    side = min(width / units, 12.0)
    return side * units, min(side, 9.0) * samples


def _row(
    picture: theme.Picture, page: Axes, masks: Masks, batch: int, top: float, row: float
) -> None:
    page.text(16, top - 14, _PLACE.get(masks.site, masks.site), fontsize=12, weight="bold")
    if _empty(masks):
        page.text(150, top - 14, _short(masks.reason), fontsize=10.5, color=theme.MUTED)
        return
    panel = _panel(masks, batch)
    width, height = _size(masks, batch)
    for gate, values in enumerate(panel):
        left = _LEFT + gate * ((_WIDTH - _LEFT - _RIGHT) / 4)
        bottom = top - _TITLE - height
        page_width, page_height = picture.size
        axes = picture.add_axes(
            (left / page_width, bottom / page_height, width / page_width, height / page_height)
        )
        _heatmap(axes, values, first=gate == 0)
        name = _GATES.get(masks.gates[gate], masks.gates[gate]) if len(panel) > 1 else ""
        if len(panel) == 1 and len(masks.gates) > 1:
            name = f"one mask for all gates: {' '.join(masks.gates)}"
        axes.set_title(name, fontsize=10.5, loc="left", pad=4)
    page.text(
        _LEFT,
        top - row + 6,
        f"{masks.dropped:.1%} dropped, rate {masks.rate:g}; {'; '.join(masks.sharing)}",
        fontsize=10.5,
        color=theme.INK,
    )


def _short(reason: str) -> str:
    return reason if len(reason) < 110 else reason[:107].rsplit(" ", 1)[0] + " ..."  # noqa: PLR2004


def _heatmap(axes: Axes, values: Array, *, first: bool) -> None:
    samples, units = values.shape
    kept = values > 0
    axes.pcolormesh(kept, cmap=_COLOURS, vmin=0, vmax=1, edgecolors="white", linewidth=0.6)
    rows, columns = (~kept).nonzero()
    axes.scatter(columns + 0.5, rows + 0.5, marker="x", s=8, linewidths=0.9, color=theme.INK)
    axes.set(xlim=(0, units), ylim=(samples, 0))
    axes.set_xticks([0.5, units - 0.5], ["1", str(units)])
    axes.set_yticks([0.5, samples - 0.5], ["1", str(samples)] if first else ["", ""])
    axes.tick_params(length=0, labelsize=9, pad=2)
    axes.spines[:].set_visible(False)
    if first:
        axes.set_ylabel("sample", fontsize=9.5, labelpad=1, color=theme.MUTED)
    axes.set_xlabel("unit", fontsize=9.5, labelpad=-9, color=theme.MUTED)


def _legend(page: Axes) -> None:
    y = 18
    for x, colour, word in ((16, _COLOURS(1), "kept"), (86, _COLOURS(0), "dropped")):
        page.scatter([x + 5], [y], marker="s", s=70, color=[colour], zorder=3)
        page.text(x + 16, y, word, va="center", fontsize=10, color=theme.MUTED)
    page.scatter([91], [y], marker="x", s=18, linewidths=1, color=theme.MUTED, zorder=4)
    page.text(
        190,
        y,
        f"the first {_SAMPLES} samples and {_UNITS} units at the most",
        va="center",
        fontsize=10,
        color=theme.MUTED,
    )
