"""Figure 1: the LSTM unrolled, with the recorded masks on its arrows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle

from dropviz.core.masks import Array, LayerRecording, Masks
from dropviz.core.words import counted
from dropviz.errors import DropvizError
from dropviz.figures import theme

_WIDTH, _HEIGHT = 880, 470
_LEFT, _CELL_WIDTH, _CELL_HEIGHT = 128, 84, 84
_X_ROW, _CELL_ROW, _H_ROW = 104, 276, 382
_COLUMNS = 4  # steps drawn
_ROWS = 8  # units drawn of a mask
_SQUARE = 9.0


@dataclass(frozen=True)
class Mark:
    """A recorded mask on an arrow.

    Attributes:
        letter: Its identity; equal masks have equal letters.
        colour: The colour of that letter.
        mask: Shape (gates, units), of one sample.
    """

    letter: str
    colour: str
    mask: Array


def steps_drawn(time_steps: int) -> list[int]:
    """The time steps to draw: all of a few, else the first three and the last."""
    if time_steps <= _COLUMNS:
        return list(range(time_steps))
    return [*range(_COLUMNS - 1), time_steps - 1]


def marks(recorded: LayerRecording, batch: int, sample: int) -> dict[tuple[str, int], Mark]:
    """Names the masks of one sample, so that the same mask has the same letter.

    Args:
        recorded: The layer's recording.
        batch: Position among the kept batches.
        sample: Position in the batch.

    Returns:
        By (site, step) the mask that multiplied there. Sites that dropped nothing
        are left out.
    """
    found: dict[tuple[str, int], Mark] = {}
    named: dict[tuple[str, bytes], Mark] = {}
    fresh = count()
    able = {site: masks for site, masks in recorded.items() if _shown(masks)}
    for step in range(max((masks.time_steps for masks in able.values()), default=0)):
        for site, masks in able.items():
            values = masks.of_batch(batch)
            mask = values[min(step, len(values) - 1), :, min(sample, values.shape[2] - 1)]
            key = site, mask.tobytes()
            if key not in named:
                number = next(fresh)
                colour = theme.PALETTE[number % len(theme.PALETTE)]
                named[key] = Mark(_letter(number), colour, mask)
            found[site, step] = named[key]
    return found


def _letter(number: int) -> str:
    return chr(ord("A") + number % 26) + (str(number // 26) if number >= 26 else "")  # noqa: PLR2004


def _shown(masks: Masks) -> bool:
    return not masks.reason and masks.draws > 0


def where(recorded: LayerRecording, batch: int = -1, sample: int = 0) -> theme.Picture:
    """Draws where dropout acted: the layer unrolled, an arrow coloured by its mask.

    Args:
        recorded: The layer's recording.
        batch: Position among the kept batches; the last by default.
        sample: Position in the batch.

    Returns:
        The picture, 880 x 470 CSS pixels.

    Raises:
        DropvizError: If no training batch was recorded.
    """
    if not recorded.batches or not len(recorded):
        raise DropvizError(f"{recorded.layer!r} has no recorded batch to draw. {recorded.note}")
    with theme.style():
        picture, axes = theme.canvas(_WIDTH, _HEIGHT)
        masks = next(iter(recorded.values()))
        found = marks(recorded, batch, sample)
        shown = steps_drawn(masks.time_steps)
        _heading(axes, recorded, found, batch, sample)
        for column, step in enumerate(shown):
            _column(axes, recorded, found, column, step)
            if column:
                _link(axes, recorded, found, column, step, gap=step - shown[column - 1] > 1)
        if shown == [0]:
            _initial_state(axes, recorded)
        _legend(axes)
        picture.alt = _alt(recorded, found, shown)
    return picture


def _heading(
    axes: Axes,
    recorded: LayerRecording,
    found: dict[tuple[str, int], Mark],
    batch: int,
    sample: int,
) -> None:
    rates = {site: masks.rate for site, masks in recorded.items()}
    axes.text(
        28,
        _HEIGHT - 30,
        f"{recorded.kind}({recorded.units}, dropout={rates.get('input', 0):g}, "
        f"recurrent_dropout={rates.get('recurrent', 0):g})",
        fontsize=15,
        weight="bold",
    )
    number = next(iter(recorded.values())).batches[batch]
    said = ",  ".join(_said(masks, found) for masks in recorded.values())
    axes.text(
        28,
        _HEIGHT - 51,
        f"{recorded.layer}: batch {number + 1} of {recorded.batches:,}, sample {sample + 1}, "
        f"as recorded.  {said}",
        fontsize=10,
        color=theme.MUTED,
    )


def _said(masks: Masks, found: dict[tuple[str, int], Mark]) -> str:
    letters = {mark.letter for (site, _), mark in found.items() if site == masks.site}
    if not letters:
        return f"no {masks.site} mask"
    kind = f"{counted(len(letters), f'{masks.site} mask')}"
    return f"{kind} for {counted(masks.time_steps, 'step')}"


def _x(column: int) -> float:
    return _LEFT + column * (_WIDTH - _LEFT - 136) / (_COLUMNS - 1)


def _column(
    axes: Axes,
    recorded: LayerRecording,
    found: dict[tuple[str, int], Mark],
    column: int,
    step: int,
) -> None:
    x = _x(column)
    _node(axes, x, _X_ROW, f"$x_{{{step + 1}}}$")
    _node(axes, x, _H_ROW, f"$h_{{{step + 1}}}$")
    axes.add_patch(
        FancyBboxPatch(
            (x - _CELL_WIDTH / 2, _CELL_ROW - _CELL_HEIGHT / 2),
            _CELL_WIDTH,
            _CELL_HEIGHT,
            boxstyle="round,pad=0,rounding_size=7",
            facecolor=theme.PAPER,
            edgecolor=theme.INK,
            linewidth=1.4,
        )
    )
    size = 13 if len(recorded.kind) <= 5 else 10  # noqa: PLR2004 ("SimpleRNN" in the same box)
    axes.text(x, _CELL_ROW, recorded.kind, ha="center", va="center", fontsize=size)
    _arrow(axes, (x, _CELL_ROW + _CELL_HEIGHT / 2), (x, _H_ROW - 18), None)
    mark = found.get(("input", step))
    _arrow(axes, (x, _X_ROW + 18), (x, _CELL_ROW - _CELL_HEIGHT / 2), mark)
    if mark:
        middle = (_X_ROW + 18 + _CELL_ROW - _CELL_HEIGHT / 2) / 2
        _badge(axes, x, middle - 4, mark)
        if column == 0:
            _argument(axes, x - 18, middle - 4, "dropout", mark, ha="right")
        _glyph(axes, x + 20, middle + 36, mark, recorded["input"].gates, named=column == 0)


def _link(
    axes: Axes,
    recorded: LayerRecording,
    found: dict[tuple[str, int], Mark],
    column: int,
    step: int,
    *,
    gap: bool,
) -> None:
    left, right = _x(column - 1) + _CELL_WIDTH / 2, _x(column) - _CELL_WIDTH / 2
    row_c, row_h = _CELL_ROW + 25, _CELL_ROW - 12
    if gap:
        rows = [row_h, row_c] if recorded.kind == "LSTM" else [row_h]
        left = _dots(axes, left, rows)
    middle = (left + right) / 2
    if recorded.kind == "LSTM":
        _arrow(axes, (left, row_c), (right, row_c), None)
        axes.text(middle, row_c + 6, f"$c_{{{step}}}$", ha="center", color=theme.MUTED, fontsize=11)
    mark = found.get(("recurrent", step))
    _arrow(axes, (left, row_h), (right, row_h), mark)
    colour = mark.colour if mark else theme.MUTED
    axes.text(left + 5, row_h + 6, f"$h_{{{step}}}$", color=colour, fontsize=11)
    if mark:
        _badge(axes, middle, row_h, mark)
        _glyph(
            axes,
            middle - len(mark.mask) * _SQUARE / 2,
            row_h - 30,
            mark,
            recorded["recurrent"].gates,
            named=column == 1,
        )
        if column == 1:
            _argument(axes, middle, _X_ROW + 22, "recurrent_dropout", mark, ha="center")


def _dots(axes: Axes, left: float, rows: Sequence[float]) -> float:
    """Marks steps left out; returns where the arrow after them begins."""
    for row in rows:
        axes.scatter(left + np.array([9, 17, 25]), [row] * 3, s=7, color=theme.INK)
    return left + 35


def _initial_state(axes: Axes, recorded: LayerRecording) -> None:
    x = _x(0) + _CELL_WIDTH / 2
    if "recurrent" in recorded and recorded["recurrent"].reason:
        axes.text(
            x + 110,
            _CELL_ROW - 12,
            "one time step: $h_0$ is zero,\nso there is nothing that\nrecurrent_dropout could drop",
            va="center",
            color=theme.MUTED,
            linespacing=1.5,
        )


def _node(axes: Axes, x: float, y: float, text: str) -> None:
    axes.add_patch(Circle((x, y), 18, facecolor="white", edgecolor=theme.INK, linewidth=1.4))
    axes.text(x, y - 0.5, text, ha="center", va="center", fontsize=13)


def _arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], mark: Mark | None
) -> None:
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=15 if mark else 12,
            shrinkA=0,
            shrinkB=1,
            color=mark.colour if mark else theme.FAINT,
            linewidth=3.4 if mark else 1.5,
            linestyle="-" if mark else (0, (4, 3)),
            capstyle="butt",
            joinstyle="miter",
        )
    )


def _badge(axes: Axes, x: float, y: float, mark: Mark) -> None:
    axes.add_patch(
        Circle((x, y), 10.5, facecolor=mark.colour, edgecolor="white", linewidth=1.5, zorder=4)
    )
    axes.text(
        x,
        y - 0.5,
        mark.letter,
        ha="center",
        va="center",
        color="white",
        weight="bold",
        fontsize=10.5,
        zorder=5,
    )


def _argument(axes: Axes, x: float, y: float, name: str, mark: Mark, *, ha: str) -> None:
    axes.text(x, y, name, ha=ha, va="center", family="monospace", fontsize=10, color=mark.colour)


def _glyph(
    axes: Axes, x: float, top: float, mark: Mark, gates: tuple[str, ...], *, named: bool
) -> None:
    for gate, values in enumerate(mark.mask):
        for unit, value in enumerate(values[:_ROWS]):
            corner = x + gate * _SQUARE, top - (unit + 1) * _SQUARE
            _square(axes, *corner, mark.colour, kept=bool(value > 0))
    if named:
        tied = len(mark.mask) == 1 and len(gates) > 1
        names = ["all gates"] if tied else gates
        for gate, name in enumerate(names):
            axes.text(
                x + (gate + 0.5) * _SQUARE,
                top + 3,
                name,
                ha="left" if tied else "center",
                fontsize=9,
                color=theme.MUTED,
            )


def _square(axes: Axes, x: float, y: float, colour: str, *, kept: bool) -> None:
    inner = _SQUARE - 2
    axes.add_patch(
        Rectangle(
            (x, y),
            inner,
            inner,
            facecolor=colour if kept else "white",
            edgecolor=colour,
            linewidth=0.7,
            zorder=3,
        )
    )
    if not kept:
        ends = np.array([0, inner])
        for heights in (ends, ends[::-1]):
            axes.plot(x + ends, y + heights, color=colour, linewidth=1, zorder=4)


def _legend(axes: Axes) -> None:
    y = 42
    axes.text(
        28,
        16,
        f"in a mask: a column for each gate, a row for each unit (the first {_ROWS})",
        va="center",
        fontsize=10,
        color=theme.MUTED,
    )
    axes.add_patch(Circle((40, y), 10.5, facecolor=theme.BLUE, edgecolor="white", zorder=4))
    axes.text(40, y - 0.5, "A", color="white", weight="bold", ha="center", va="center", zorder=5)
    axes.text(
        57,
        y,
        "same letter and colour = same recorded mask",
        va="center",
        fontsize=10,
        color=theme.MUTED,
    )
    _square(axes, 408, y - 4, theme.INK, kept=True)
    axes.text(424, y, "unit kept", va="center", fontsize=10, color=theme.MUTED)
    _square(axes, 516, y - 4, theme.INK, kept=False)
    axes.text(532, y, "unit dropped", va="center", fontsize=10, color=theme.MUTED)
    _arrow(axes, (650, y), (698, y), None)
    axes.text(708, y, "no mask here", va="center", fontsize=10, color=theme.MUTED)


def _alt(recorded: LayerRecording, found: dict[tuple[str, int], Mark], shown: list[int]) -> str:
    steps = ", ".join(str(step + 1) for step in shown)
    drawn = f"{counted(len(shown), 'time step')} drawn ({steps})"
    lines = [f"{recorded.kind} layer {recorded.layer} unrolled, {drawn}."]
    for masks in recorded.values():
        letters = [found[masks.site, step].letter for step in shown if (masks.site, step) in found]
        arrows = "Vertical arrows (x)" if masks.site == "input" else "Horizontal arrows (h)"
        if letters:
            lines.append(f"{arrows} carry the masks {', '.join(letters)}; {masks.sentence}")
        else:
            lines.append(f"{arrows} carry no mask: {masks.sentence}")
    lines.append("The output arrows carry no mask.")
    if recorded.kind == "LSTM":
        lines.append("The arrows of the cell state c carry no mask.")
    return " ".join(lines)
