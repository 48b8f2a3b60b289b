"""Figure 1: the LSTM unrolled, with the recorded masks on its arrows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch

from dropviz.core.masks import LayerRecording, Masks
from dropviz.core.words import counted
from dropviz.errors import DropvizError
from dropviz.figures import shapes, theme
from dropviz.figures.shapes import Mark

_WIDTH, _HEIGHT = 880, 486
_LEFT, _CELL_WIDTH, _CELL_HEIGHT = 128, 84, 84
_X_ROW, _CELL_ROW, _H_ROW = 104, 276, 382
_C_ARROW, _H_ARROW = _CELL_ROW + 25, _CELL_ROW - 12
_COLUMNS = 4  # steps drawn
_NAME = 60  # letters of a layer's name that the heading has room for

Marks = dict[tuple[str, int], Mark]


@dataclass(frozen=True)
class _Scene:
    axes: Axes
    recorded: LayerRecording
    found: Marks
    shown: list[int]

    @property
    def cell_state(self) -> bool:
        return self.recorded.kind == "LSTM"


def where(recorded: LayerRecording, batch: int = -1, sample: int = 0) -> theme.Picture:
    """Draws where dropout acted: the layer unrolled, an arrow coloured by its mask.

    Args:
        recorded: The layer's recording.
        batch: Position among the kept batches; the last by default.
        sample: Position in the batch.

    Returns:
        The picture, 880 x 486 CSS pixels.

    Raises:
        DropvizError: If there is no such batch or sample in the recording.
    """
    first = recorded.held(batch)
    if not 0 <= sample < first.batch_sizes[batch]:
        raise DropvizError(
            f"There is no sample {sample}. Expected 0 to {first.batch_sizes[batch] - 1}."
        )
    with theme.style():
        picture, axes = theme.canvas(_WIDTH, _HEIGHT)
        shown = steps_drawn(first.time_steps)
        scene = _Scene(axes, recorded, marks(recorded, batch, sample), shown)
        _heading(scene, first.batches[batch], sample)
        for column, step in enumerate(shown):
            _column(scene, column, step)
            if column:
                _link(scene, column, step)
        if shown == [0]:
            _one_step(scene)
        _legend(axes)
        picture.alt = _alt(scene)
    return picture


def steps_drawn(time_steps: int) -> list[int]:
    """The time steps to draw: all of a few, else the first three and the last."""
    if time_steps <= _COLUMNS:
        return list(range(time_steps))
    return [*range(_COLUMNS - 1), time_steps - 1]


def marks(recorded: LayerRecording, batch: int, sample: int) -> Marks:
    """Names the masks of one sample, so that the same mask has the same letter.

    Args:
        recorded: The layer's recording.
        batch: Position among the kept batches.
        sample: Position in the batch.

    Returns:
        By (site, step) the mask that multiplied there. Sites that dropped nothing
        are left out. The masks that are drawn come first in the alphabet.
    """
    found: Marks = {}
    named: dict[tuple[str, bytes], Mark] = {}
    steps = max((masks.time_steps for masks in recorded.values()), default=0)
    drawn = list(_arrows(steps_drawn(steps)))
    rest = [(site, step) for step in range(steps) for site in recorded]
    for site, step in dict.fromkeys(drawn + rest):
        masks = recorded.get(site)
        if masks is None or masks.reason or not masks.draws:
            continue
        values = masks.of_batch(batch)
        mask = values[min(step, len(values) - 1), :, min(sample, values.shape[2] - 1)]
        key = site, mask.tobytes()
        if key not in named:
            number = len(named)
            named[key] = Mark(_letter(number), theme.MASKS[number % len(theme.MASKS)], mask)
        found[site, step] = named[key]
    return found


def _arrows(shown: Sequence[int]) -> Iterator[tuple[str, int]]:
    """The arrows into cells from left to right; none from h_0 into the first, it is zero."""
    for column, step in enumerate(shown):
        if column:
            yield "recurrent", step
        yield "input", step


def _letter(number: int) -> str:
    return chr(ord("A") + number % 26) + (str(number // 26) if number >= 26 else "")  # noqa: PLR2004


def _heading(scene: _Scene, number: int, sample: int) -> None:
    recorded = scene.recorded
    rates = {site: masks.rate for site, masks in recorded.items()}
    scene.axes.text(
        28,
        _HEIGHT - 30,
        f"{recorded.kind}({recorded.units}, dropout={rates.get('input', 0):.3g}, "
        f"recurrent_dropout={rates.get('recurrent', 0):.3g})",
        fontsize=15,
        weight="bold",
    )
    name = theme.shortened(recorded.layer, _NAME)
    batch = f"batch {number + 1:,} of {recorded.batches:,}"
    lines = (
        f"{name}, as recorded in {batch}, sample {sample + 1:,}",
        ", ".join(_said(masks, scene.found) for masks in recorded.values()),
    )
    for y, line in zip((_HEIGHT - 51, _HEIGHT - 69), lines, strict=True):
        scene.axes.text(28, y, line, fontsize=10, color=theme.MUTED)


def _said(masks: Masks, found: Marks) -> str:
    letters = {mark.letter for (site, _), mark in found.items() if site == masks.site}
    if not letters:
        return f"no {masks.site} mask"
    kind = counted(len(letters), f"{masks.site} mask")
    return f"{kind} for {counted(masks.time_steps, 'step')}"


def _x(column: int) -> float:
    return _LEFT + column * (_WIDTH - _LEFT - 136) / (_COLUMNS - 1)


def _column(scene: _Scene, column: int, step: int) -> None:
    axes, x = scene.axes, _x(column)
    shapes.node(axes, x, _X_ROW, f"$x_{{{step + 1}}}$")
    shapes.node(axes, x, _H_ROW, f"$h_{{{step + 1}}}$")
    top, bottom = _CELL_ROW + _CELL_HEIGHT / 2, _CELL_ROW - _CELL_HEIGHT / 2
    axes.add_patch(
        FancyBboxPatch(
            (x - _CELL_WIDTH / 2, bottom),
            _CELL_WIDTH,
            _CELL_HEIGHT,
            boxstyle="round,pad=0,rounding_size=7",
            facecolor=theme.PAPER,
            edgecolor=theme.INK,
            linewidth=1.4,
        )
    )
    name = theme.shortened(scene.recorded.kind, 12)
    size = 13 if len(name) <= 5 else 9  # noqa: PLR2004 ("SimpleRNN" in the same box)
    axes.text(x, _CELL_ROW, name, ha="center", va="center", fontsize=size)
    shapes.arrow(axes, (x, top), (x, _H_ROW - 18), None)
    mark = scene.found.get(("input", step))
    shapes.arrow(axes, (x, _X_ROW + 18), (x, bottom), mark)
    if mark:
        middle = (_X_ROW + 18 + bottom) / 2
        shapes.badge(axes, x, middle - 4, mark)
        gates = scene.recorded["input"].gates
        shapes.glyph(axes, x + 20, middle + 36, mark, gates, named=column == 0)
        if column == 0:
            shapes.argument(axes, x - 18, middle - 4, "dropout", mark, ha="right")


def _link(scene: _Scene, column: int, step: int) -> None:
    axes = scene.axes
    left, right = _x(column - 1) + _CELL_WIDTH / 2, _x(column) - _CELL_WIDTH / 2
    if step - scene.shown[column - 1] > 1:
        left = _dots(scene, left)
    middle = (left + right) / 2
    if scene.cell_state:
        shapes.arrow(axes, (left, _C_ARROW), (right, _C_ARROW), None)
        label = f"$c_{{{step}}}$"
        axes.text(middle, _C_ARROW + 6, label, ha="center", color=theme.MUTED, fontsize=11)
    mark = scene.found.get(("recurrent", step))
    shapes.arrow(axes, (left, _H_ARROW), (right, _H_ARROW), mark)
    colour = mark.colour if mark else theme.MUTED
    axes.text(left + 3, _H_ARROW + 6, f"$h_{{{step}}}$", color=colour, fontsize=11)
    if mark:
        shapes.badge(axes, middle, _H_ARROW, mark)
        gates = scene.recorded["recurrent"].gates
        at = middle - len(mark.mask) * shapes.SQUARE / 2
        shapes.glyph(axes, at, _H_ARROW - 30, mark, gates, named=column == 1)
        if column == 1:
            shapes.argument(axes, middle, _X_ROW + 22, "recurrent_dropout", mark, ha="center")


def _dots(scene: _Scene, left: float) -> float:
    """Marks steps left out; returns where the arrow after them begins."""
    for row in (_H_ARROW, _C_ARROW) if scene.cell_state else (_H_ARROW,):
        scene.axes.scatter(left + np.array([9, 17, 25]), [row] * 3, s=7, color=theme.INK)
    return left + 35


def _one_step(scene: _Scene) -> None:
    if "recurrent" in scene.recorded and scene.recorded["recurrent"].reason:
        scene.axes.text(
            _x(0) + _CELL_WIDTH / 2 + 90,
            _CELL_ROW,
            "one time step: $h_0$ is zero, so there is\nnothing that recurrent_dropout could drop",
            va="center",
            color=theme.MUTED,
            linespacing=1.5,
        )


def _legend(axes: Axes) -> None:
    def say(x: float, y: float, words: str) -> None:
        axes.text(x, y, words, va="center", fontsize=10, color=theme.MUTED)

    say(28, 16, f"in a mask: a column for each gate, a row for each unit (the first {shapes.ROWS})")
    y = 42
    axes.add_patch(Circle((40, y), 10.5, facecolor=theme.BLUE, edgecolor="white", zorder=4))
    axes.text(40, y - 0.5, "A", color="white", weight="bold", ha="center", va="center", zorder=5)
    say(57, y, "same letter and colour = same recorded mask")
    shapes.square(axes, 408, y - 4, theme.INK, kept=True)
    say(424, y, "unit kept")
    shapes.square(axes, 516, y - 4, theme.INK, kept=False)
    say(532, y, "unit dropped")
    shapes.arrow(axes, (650, y), (698, y), None)
    say(708, y, "no mask here")


def _alt(scene: _Scene) -> str:
    recorded, shown = scene.recorded, scene.shown
    steps = ", ".join(str(step + 1) for step in shown)
    drawn = f"{counted(len(shown), 'time step')} drawn ({steps})"
    lines = [f"{recorded.kind} layer {recorded.layer} unrolled, {drawn}."]
    for masks in recorded.values():
        arrows = [arrow for arrow in _arrows(shown) if arrow[0] == masks.site]
        letters = [scene.found[arrow].letter for arrow in arrows if arrow in scene.found]
        which = "Vertical arrows (x)" if masks.site == "input" else "Horizontal arrows (h)"
        carry = f"carry the masks {', '.join(letters)}" if letters else "carry no mask"
        lines.append(f"{which} {carry}; {masks.sentence}")
    lines.append("The output arrows carry no mask.")
    if scene.cell_state:
        lines.append("The arrows of the cell state c carry no mask.")
    return " ".join(lines)
