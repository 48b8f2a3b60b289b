"""The inside of one LSTM cell: its edges, and which of them a mask multiplies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, RegularPolygon
from matplotlib.path import Path

from dropviz.core.methods import Rule
from dropviz.core.sites import SITES
from dropviz.figures import theme

WIDTH, HEIGHT = 274, 306  # CSS pixels; the origin is at the bottom left
Point = tuple[float, float]

_GATES = {"f": 60.0, "i": 103.0, "g": 146.0, "o": 189.0}
_APART = 9  # from the middle of a gate to where x_t enters, and to where h_(t-1) does
_X, _H, _C = 78.0, 94.0, 244.0  # heights of the lines
_BOTTOM, _TOP = 134.0, 170.0  # of the gates
_LEFT, _RIGHT = 32.0, 256.0  # of the cell
_X_IN = _GATES["f"] - _APART
_FORGET, _UPDATE, _SUM = (60.0, _C), (124.5, 204.0), (124.5, _C)
_TANH, _OUT = (217.0, 214.0), (217.0, 184.0)
_SWITCH, _UP, _BRANCH = 231.0, 244.0, 40.0
_C_OVER, _H_UNDER = 270.0, 60.0  # the ways round, of zoneout
_RADIUS = 8.0
_AT_GATE = 112.0  # height of a mark that belongs to one gate


def _branches(line: str, height: float, side: int) -> dict[str, tuple[Point, ...]]:
    places = {gate: middle + side * _APART for gate, middle in _GATES.items()}
    return {f"{line}.{gate}": ((x, height), (x, _BOTTOM)) for gate, x in places.items()}


# Every edge by name, from its tail to its head. "x.f" leads from the line x into the gate f.
EDGES: Mapping[str, tuple[Point, ...]] = {
    "x": ((_X_IN, 4), (_X_IN, _X), (_GATES["o"] - _APART, _X)),
    **_branches("x", _X, -1),
    "h": ((0, _H), (_GATES["o"] + _APART, _H)),
    **_branches("h", _H, 1),
    "c.old": ((0, _C), (_FORGET[0] - _RADIUS, _C)),
    "f": ((_GATES["f"], _TOP), (_GATES["f"], _C - _RADIUS)),
    "c.kept": ((_FORGET[0] + _RADIUS, _C), (_SUM[0] - _RADIUS, _C)),
    "i": ((_GATES["i"], _TOP), (_GATES["i"], _UPDATE[1]), (_UPDATE[0] - _RADIUS, _UPDATE[1])),
    "g": ((_GATES["g"], _TOP), (_GATES["g"], _UPDATE[1]), (_UPDATE[0] + _RADIUS, _UPDATE[1])),
    "update": ((_UPDATE[0], _UPDATE[1] + _RADIUS), (_SUM[0], _C - _RADIUS)),
    "c": ((_SUM[0] + _RADIUS, _C), (_SWITCH, _C)),
    "c.tanh": ((_TANH[0], _C), (_TANH[0], _TANH[1] + 9)),
    "c.out": ((_SWITCH, _C), (WIDTH, _C)),
    "tanh": ((_TANH[0], _TANH[1] - 9), (_OUT[0], _OUT[1] + _RADIUS)),
    "o": ((_GATES["o"], _TOP), (_GATES["o"], _OUT[1]), (_OUT[0] - _RADIUS, _OUT[1])),
    "h.new": ((_OUT[0], _OUT[1] - _RADIUS), (_OUT[0], _H), (_SWITCH, _H)),
    "h.out": ((_SWITCH, _H), (WIDTH, _H)),
    "h.up": ((_UP, _H), (_UP, HEIGHT - 4)),
    "c.keep": ((_BRANCH, _C), (_BRANCH, _C_OVER), (_SWITCH, _C_OVER), (_SWITCH, _C + 7)),
    "h.keep": ((_BRANCH, _H), (_BRANCH, _H_UNDER), (_SWITCH, _H_UNDER), (_SWITCH, _H - 7)),
}
# Lines that end at a corner or in the middle of a line.
_HEADLESS = ("x", "h", "c", "h.new")
# Where a line branches, and the line; crossings have no dot.
_DOTS = (
    *((EDGES[f"{line}.{gate}"][0], line) for line in "xh" for gate in "fig"),
    ((_TANH[0], _C), "c"),
    ((_UP, _H), "h.out"),
)
# The ways round the cell, each with what it keeps and the height of the words about it.
_DETOURS = {"c.keep": ("$c_{t-1}$", _C_OVER - 11), "h.keep": ("$h_{t-1}$", _H_UNDER - 12)}
# Where on an edge a mask is marked.
_MARKED: Mapping[str, Point] = {
    "x": (_X_IN, 24),
    "h": (15, _H),
    "g": (_GATES["g"], 186),
    "c": (172, _C),
    "h.up": (_UP, 140),
    "c.out": (_SWITCH, _C),
    "h.out": (_SWITCH, _H),
}
_LABELS: tuple[tuple[Point, str], ...] = (
    ((0, _C + 10), "$c_{t-1}$"),
    ((0, _H + 10), "$h_{t-1}$"),
    ((_RIGHT + 3, _C + 10), "$c_t$"),
    ((_RIGHT + 3, _H + 10), "$h_t$"),
    ((_UP + 6, HEIGHT - 14), "$h_t$"),
    ((_X_IN + 10, 8), "$x_t$"),
)


def edges(rule: Rule) -> tuple[str, ...]:
    """The edges that carry something masked: names in ``EDGES``.

    A mask for all gates multiplies before the line branches; one for each gate after.
    """
    site = SITES[rule.site]
    gates = tuple(f"{site.line}.{gate}" for gate in _GATES)
    return site.edges or ((site.line, *gates) if _before_branching(rule) else gates)


def marks(rule: Rule) -> list[Point]:
    """Where the masks multiply: one place, or one for each gate."""
    first = edges(rule)[0]
    if SITES[rule.site].edges or _before_branching(rule):
        return [_MARKED[first]]
    return [(EDGES[name][0][0], _AT_GATE) for name in edges(rule)]


def _before_branching(rule: Rule) -> bool:
    # U is four matrices, so its mask sits at the gates even if it were the same for all.
    return rule.tying != "untied" and not SITES[rule.site].matrix


def draw(axes: Axes, x: float, y: float, rules: Sequence[Rule]) -> None:
    """Draws a cell.

    Args:
        axes: Where to draw, in CSS pixels.
        x: The left end.
        y: The bottom end.
        rules: What is masked.
    """
    masked = {edge: theme.colour_of(rule.argument) for rule in rules for edge in edges(rule)}
    ways_round = {edge for rule in rules for edge in SITES[rule.site].edges if _is_detour(edge)}
    pen = _Pen(axes, x, y)
    bottom = 38 if "h.keep" in ways_round else 62
    top = 284 if "c.keep" in ways_round else 264
    pen.box((_LEFT, bottom), (_RIGHT - _LEFT, top - bottom), 9, theme.FAINT, theme.PAPER, zorder=0)
    for name in EDGES:
        if name in ways_round or not _is_detour(name):
            pen.edge(name, masked.get(name))
    for at, line in (*_DOTS, *((EDGES[name][0], "") for name in sorted(ways_round))):
        ink = masked.get(line, theme.INK)
        pen.disc(at, 3.6 if line in masked else 2.6, color=ink, linewidth=0)
    _nodes(pen)
    for at, text in _LABELS:
        pen.text(at, text, 10)
    for rule in rules:
        _site(pen, rule)


def _is_detour(edge: str) -> bool:
    """Whether an edge leads an old value round the cell, as only zoneout does."""
    return edge in _DETOURS


@dataclass(frozen=True)
class _Pen:
    """Draws on axes, from an origin of its own."""

    axes: Axes
    x: float
    y: float

    def text(self, at: Point, text: str, size: float, **how: Any) -> None:
        self.axes.text(self.x + at[0], self.y + at[1], text, fontsize=size, **how)

    def disc(self, at: Point, radius: float, **how: Any) -> None:
        self.axes.add_patch(Circle((self.x + at[0], self.y + at[1]), radius, zorder=3, **how))

    def box(
        self, corner: Point, size: Point, rounding: float, edge: str, face: str, zorder: int = 3
    ) -> None:
        self.axes.add_patch(
            FancyBboxPatch(
                (self.x + corner[0], self.y + corner[1]),
                *size,
                boxstyle=f"round,pad=0,rounding_size={rounding}",
                facecolor=face,
                edgecolor=edge,
                linewidth=1.2,
                zorder=zorder,
            )
        )

    def edge(self, name: str, ink: str | None) -> None:
        points = [(self.x + x, self.y + y) for x, y in EDGES[name]]
        trunk = name in _HEADLESS
        self.axes.add_patch(
            FancyArrowPatch(
                path=Path(points),
                arrowstyle="-" if trunk else "-|>",
                mutation_scale=10.5 if ink else 8.5,
                linewidth=3 if ink else 1.1,
                color=ink or theme.INK,
                # Closes the corner where the last branch leaves a thick line.
                capstyle="projecting" if trunk and ink else "butt",
                joinstyle="miter",
                zorder=2 if ink else 1,
                label=name,
            )
        )


def _nodes(pen: _Pen) -> None:
    words: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4}
    for gate, x in _GATES.items():
        pen.box((x - 18, _BOTTOM), (36, _TOP - _BOTTOM), 4, theme.INK, "white")
        pen.text((x, _BOTTOM + 25), f"${gate}$", 11, **words)
        pen.text((x, _BOTTOM + 10), "tanh" if gate == "g" else r"$\sigma$", 8.5, **words)
    pen.box((_TANH[0] - 18, _TANH[1] - 9), (36, 18), 4, theme.INK, "white")
    pen.text((_TANH[0], _TANH[1] - 0.5), "tanh", 8.5, **words)
    times = "\N{MULTIPLICATION SIGN}"
    for at, sign in ((_FORGET, times), (_UPDATE, times), (_OUT, times), (_SUM, "+")):
        pen.disc(at, _RADIUS, facecolor="white", edgecolor=theme.INK, linewidth=1.1)
        pen.text((at[0], at[1] - 0.5), sign, 10, **words)


def _site(pen: _Pen, rule: Rule) -> None:
    """Marks one site."""
    ink = theme.colour_of(rule.argument)
    for at in marks(rule):
        mark(pen.axes, pen.x + at[0], pen.y + at[1], ink)
        if SITES[rule.site].matrix:
            pen.text((at[0] + 8.5, at[1]), SITES[rule.site].symbol, 9, va="center", color=ink)
    for edge in filter(_is_detour, edges(rule)):
        old, y = _DETOURS[edge]
        pen.text((78, y), f"dropped: keeps {old}", 8.5, va="center", color=ink)


def mark(axes: Axes, x: float, y: float, ink: str) -> None:
    """A diamond: here a mask multiplies; a crossed square would be a unit that it dropped.

    Args:
        axes: Where to draw, in CSS pixels.
        x: Its middle.
        y: Its middle.
        ink: Its colour.
    """
    axes.add_patch(
        RegularPolygon(
            (x, y),
            4,
            radius=7.5,
            facecolor=ink,
            edgecolor="white",
            linewidth=1.0,
            zorder=5,
            label="mark",
        )
    )
