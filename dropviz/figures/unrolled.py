"""Figure 1: the LSTM unrolled, with the recorded masks on its arrows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.sentences import intentions
from dropviz.core.setting import Setting
from dropviz.core.sites import SITES, is_gated
from dropviz.errors import DropvizError
from dropviz.figures import shapes, theme
from dropviz.figures.alt_text import call, counts, titled, told
from dropviz.figures.mask_letters import ARROWS, COLUMNS, Marks, marks, planned, steps_drawn
from dropviz.figures.shapes import Mark
from dropviz.figures.text_fit import fitted, width, wrapped
from dropviz.figures.unrolled_legend import legend

_WIDTH, _HEIGHT = 880, 486
_LEFT, _CELL_HEIGHT = 128, 84
_X_ROW, _CELL_ROW, _H_ROW = 104, 276, 382
_C_ARROW, _H_ARROW = _CELL_ROW + 25, _CELL_ROW - 12
_NAME = 60  # letters of a layer's name that the heading has room for
_ROOM = _WIDTH - 2 * 28
# What is known of the masks on the arrows.
_WHETHER = {False: "as recorded", True: "masks drawn, NOT known to multiply,"}
_RIGHT = _WIDTH - 18  # where an arrow that leaves the last cell ends


@dataclass(frozen=True)
class _Scene:
    axes: Axes
    recorded: LayerRecording
    found: Marks
    shown: list[int]

    @property
    def cell_state(self) -> bool:
        return self.recorded.kind == "LSTM"

    @property
    def half(self) -> float:
        """Half the width of a cell, which is wider where a mask is drawn inside."""
        return 50 if any(site == "candidate" for site, _ in self.found) else 42

    def on(self, arrow: str, step: int) -> tuple[str, Mark] | None:
        """The site and the mask on an arrow into a step, or inside it."""
        for site, back in ARROWS[arrow].items():
            if (site, step + back) in self.found:
                return site, self.found[site, step + back]
        return None

    def gates(self, site: str) -> tuple[str, ...]:
        return tuple(map(theme.plain, self.recorded[site].gates)) if is_gated(site) else ()

    def argument(self, site: str) -> str:
        """The argument that gives a site its rate."""
        if site == "between":
            return f"layer {theme.shortened(self.recorded[site].layer, 20)}"
        rules = {rule.site: rule.argument for rule in self.recorded.setting.rules}
        return rules.get(site, site)


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
    first = recorded.require_batch(batch)
    if not 0 <= sample < first.batch_sizes[batch]:
        raise DropvizError(
            f"There is no sample {sample}. Expected 0 to {first.batch_sizes[batch] - 1}."
        )
    name = theme.shortened(titled(recorded), _NAME)
    at = f"{recorded.at(batch)}, sample {sample + 1:,}"
    return _unrolled(
        recorded,
        marks(recorded, batch, sample),
        first.time_steps,
        f"{name}, {_WHETHER[recorded.drawn_only]} in {at}",
    )


def plan(setting: Setting, units: int, features: int, time_steps: int) -> theme.Picture:
    """Draws where dropout will act, with no mask in it: none is drawn before it trains.

    Args:
        setting: The method with its rates.
        units: Units of the LSTM.
        features: Features of its inputs.
        time_steps: Steps of its inputs.

    Returns:
        The picture, 880 x 486 CSS pixels.
    """
    layer, found = planned(setting, units, features, time_steps)
    said = "what these settings will do: nothing has been trained, and no mask drawn yet"
    picture = _unrolled(layer, found, time_steps, said, drawn=False)
    picture.alt = f"A plan, before anything is trained. {' '.join(intentions(setting))}"
    return picture


def _unrolled(
    recorded: LayerRecording, found: Marks, time_steps: int, said: str, *, drawn: bool = True
) -> theme.Picture:
    with theme.style():
        picture, axes = theme.canvas(_WIDTH, _HEIGHT)
        shown = steps_drawn(time_steps)
        scene = _Scene(axes, recorded, found, shown)
        _heading(scene, said)
        for column, step in enumerate(shown):
            _column(scene, column, step)
            if column:
                _link(scene, column, step)
        _link(scene, len(shown), shown[-1] + 1)
        if shown == [0]:
            _one_step(scene)
        legend(axes, scene.found, several=len(shown) > 1, drawn=drawn)
        picture.alt = told(recorded, scene.found, shown)
    return picture


def _heading(scene: _Scene, said: str) -> None:
    recorded = scene.recorded
    whole, size = theme.plain(call(recorded)), 15.0
    while width(whole, size, weight="bold") > _ROOM and size > 12:  # noqa: PLR2004
        size -= 1
    first, *more = wrapped(whole, _ROOM, size, weight="bold")
    rise = 7 if more else 0
    scene.axes.text(28, _HEIGHT - 30 + rise, first, fontsize=size, weight="bold")
    if more:
        second = " ".join(more)
        fitted(scene.axes, 44, _HEIGHT - 40, second, _ROOM - 16, size, weight="bold")
    lines = (said, counts(recorded, scene.found))
    heights = (_HEIGHT - 58, _HEIGHT - 73) if more else (_HEIGHT - 51, _HEIGHT - 69)
    for y, line in zip(heights, lines, strict=True):
        fitted(scene.axes, 28, y, line, _ROOM, 10, color=theme.MUTED)


def _x(column: int) -> float:
    return _LEFT + column * (_WIDTH - _LEFT - 136) / (COLUMNS - 1)


def _column(scene: _Scene, column: int, step: int) -> None:
    axes, x = scene.axes, _x(column)
    shapes.node(axes, x, _X_ROW, f"$x_{{{step + 1}}}$")
    shapes.node(axes, x, _H_ROW, f"$h_{{{step + 1}}}$")
    _cell(scene, column, step)
    _way_up(scene, column, step)
    site, mark = scene.on("x", step) or ("input", None)
    bottom = _CELL_ROW - _CELL_HEIGHT / 2
    shapes.arrow(axes, (x, _X_ROW + 18), (x, bottom), mark)
    if mark:
        middle = (_X_ROW + 18 + bottom) / 2
        shapes.badge(axes, x, middle - 4, mark)
        shapes.glyph(axes, x + 20, middle + 36, mark, scene.gates(site), named=column == 0)
        if column == 0:
            shapes.argument(axes, x - 18, middle - 4, scene.argument(site), mark, ha="right")


def _cell(scene: _Scene, column: int, step: int) -> None:
    axes, x = scene.axes, _x(column)
    bottom = _CELL_ROW - _CELL_HEIGHT / 2
    axes.add_artist(
        FancyBboxPatch(
            (x - scene.half, bottom),
            2 * scene.half,
            _CELL_HEIGHT,
            boxstyle="round,pad=0,rounding_size=7",
            facecolor=theme.PAPER,
            edgecolor=theme.INK,
            linewidth=1.4,
        )
    )
    inside = scene.on("g", step)
    if inside:
        _candidate(scene, column, *inside)
        return
    name = theme.shortened(scene.recorded.kind, 12)
    size = 13 if len(name) <= 5 else 9  # noqa: PLR2004 ("SimpleRNN" in the same box)
    axes.text(x, _CELL_ROW, name, ha="center", va="center", fontsize=size)


def _candidate(scene: _Scene, column: int, site: str, mark: Mark) -> None:
    """Draws inside a cell how g goes to c through a mask."""
    axes, x, y = scene.axes, _x(column), _CELL_ROW - 16
    kind = theme.shortened(scene.recorded.kind, 12)
    axes.text(x - 13, _CELL_ROW + 22, kind, ha="center", va="center", fontsize=11)
    axes.text(x - 40, y, "$g$", ha="center", va="center", fontsize=12, color=mark.colour)
    shapes.arrow(axes, (x - 32, y), (x + 10, y), mark)
    shapes.badge(axes, x - 15, y, mark)
    axes.text(x + 17, y, "$c$", ha="center", va="center", fontsize=12)
    top = _CELL_ROW + 4 * shapes.SQUARE - 1
    shapes.glyph(axes, x + 31, top, mark, (), named=False)
    if column == 0:
        line = ([x + 34.5, x + 34.5], [top + 2, top + 16])
        axes.plot(*line, color=mark.colour, linewidth=1)
        shapes.argument(axes, x + 32, top + 24, scene.argument(site), mark, ha="left")


def _way_up(scene: _Scene, column: int, step: int) -> None:
    axes, x, top = scene.axes, _x(column), _CELL_ROW + _CELL_HEIGHT / 2
    site, mark = scene.on("up", step) or ("", None)
    shapes.arrow(axes, (x, top), (x, _H_ROW - 18), mark)
    if not mark:
        return
    shapes.badge(axes, x, (top + _H_ROW - 18) / 2 - 3, mark)
    # What leaves the cell to the right as well has its squares there, if that is drawn.
    above = site in ("output", "between")
    if above or step + 1 not in (*scene.shown, scene.shown[-1] + 1):
        shapes.glyph(axes, x + 24, _H_ROW + 16, mark, (), named=False)
    if above and column == _first_up(scene, site):
        side, ha = (38, "left") if column < COLUMNS - 1 else (-24, "right")
        shapes.argument(axes, x + side, _H_ROW - 12, scene.argument(site), mark, ha=ha)


def _first_up(scene: _Scene, site: str) -> int:
    """The first column where a site's mask is drawn: of a last output only the last."""
    return next(n for n, step in enumerate(scene.shown) if (site, step) in scene.found)


def _link(scene: _Scene, column: int, step: int) -> None:
    """Draws the arrows into a step; of those that leave the last step, the masked ones."""
    last = column == len(scene.shown)
    left = _x(column - 1) + scene.half
    right = min(_x(column) - scene.half, _RIGHT)
    if not last and step - scene.shown[column - 1] > 1:
        left = _dots(scene, left)
    # A short arrow has its letter further on, to leave room for the name of its value.
    middle = left + (0.6 if last else 0.5) * (right - left)
    for arrow, y in (("c", _C_ARROW), ("h", _H_ARROW)):
        site, mark = scene.on(arrow, step) or ("", None)
        if not mark and (last or (arrow == "c" and not scene.cell_state)):
            continue
        shapes.arrow(scene.axes, (left, y), (right, y), mark)
        words: dict[str, Any] = {"color": mark.colour if mark else theme.MUTED}
        x, room = left + 3, middle - left - 15  # clear of the badge
        if arrow == "c" and not mark:
            x, room, words["ha"] = middle, right - left, "center"
        fitted(scene.axes, x, y + 6, f"${arrow}_{{{step}}}$", room, 11, **words)
        if mark:
            _on_link(scene, column, middle, site, mark, above=arrow == "c")


def _on_link(
    scene: _Scene, column: int, middle: float, site: str, mark: Mark, *, above: bool
) -> None:
    """Draws the letter of a mask on a horizontal arrow, and its squares beside it."""
    axes, gates, first = scene.axes, scene.gates(site), column == 1
    shapes.badge(axes, middle, _C_ARROW if above else _H_ARROW, mark)
    top = _C_ARROW + 14 + shapes.ROWS * shapes.SQUARE if above else _H_ARROW - 30
    if SITES[site].matrix:
        # The first to the right, clear of the words beside the inputs' mask.
        shapes.matrices(axes, middle + 18 * first, top, mark, gates, named=first)
    else:
        at = middle - len(mark.mask) * shapes.SQUARE / 2
        shapes.glyph(axes, at, top, mark, gates, named=first)
    if first:
        name = scene.argument(site)
        wide = width(name, 10, family="monospace")
        x = max(middle, _x(column - 1) + 24 + wide / 2)
        shapes.argument(axes, x, top + 10 if above else _X_ROW + 22, name, mark, ha="center")
        if SITES[site].matrix:
            words = {"ha": "center", "va": "center", "fontsize": 9, "color": theme.MUTED}
            axes.text(x, _X_ROW + 6, "masks the weights $U$", words)


def _dots(scene: _Scene, left: float) -> float:
    """Marks steps left out; returns where the arrow after them begins."""
    for row in (_H_ARROW, _C_ARROW) if scene.cell_state else (_H_ARROW,):
        scene.axes.scatter(left + np.array([9, 17, 25]), [row] * 3, s=7, color=theme.INK)
    return left + 35


def _carried_in(scene: _Scene, mark: Mark) -> None:
    """Draws the mask on the state that a layer of one step was called with."""
    axes, left = scene.axes, 20
    shapes.arrow(axes, (left, _H_ARROW), (_x(0) - scene.half, _H_ARROW), mark)
    axes.text(left, _H_ARROW + 8, "$h_0$", fontsize=11, color=mark.colour)
    shapes.badge(axes, left + 38, _H_ARROW, mark)
    top = _C_ARROW + 14 + shapes.ROWS * shapes.SQUARE
    shapes.glyph(axes, left + 10, top, mark, scene.gates("recurrent"), named=True)


def _one_step(scene: _Scene) -> None:
    recorded = scene.recorded
    if "recurrent" in recorded and recorded["recurrent"].reason:
        why = "$h_0$ is zero, so there is\nnothing that recurrent_dropout could drop"
    elif ("recurrent", 0) in scene.found:
        mark = scene.found["recurrent", 0]
        _carried_in(scene, mark)
        verb = "was drawn for it" if recorded.drawn_only else "multiplied it"
        given = f"the mask {mark.letter} of {scene.argument('recurrent')}"
        why = f"the layer was called\nwith $h_0$, and {given} {verb}"
    elif ("recurrent_kernel", 0) in scene.found:
        why = "$h_0$ is zero unless you pass\none, and masked weights times zero are zero"
    else:
        return
    how = {"va": "center", "color": theme.MUTED, "linespacing": 1.5}
    scene.axes.text(_x(0) + scene.half + 90, _CELL_ROW, f"one time step: {why}", how)
