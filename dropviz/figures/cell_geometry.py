"""The inside of one LSTM cell: where its edges and nodes lie, and which edges a mask marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dropviz.core.methods import Rule
from dropviz.core.sites import SITES

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


@dataclass(frozen=True)
class Edge:
    """A line of the cell.

    Attributes:
        points: From its tail to its head.
        head: Whether it has one; others end at a corner or in the middle of a line.
        says: Of a way round an update, as only zoneout has it, the words beside it; else empty.
        at: Where these words begin.
    """

    points: tuple[Point, ...]
    head: bool = True
    says: str = ""
    at: Point = (0.0, 0.0)


@dataclass(frozen=True)
class Dot:
    """Where a line branches; crossings have no dot."""

    at: Point
    line: str


@dataclass(frozen=True)
class Node:
    """What stands in the cell.

    Attributes:
        shape: "gate" (a box of two lines), "box", "disc" or "words".
        at: Its middle; of words where they begin.
        size: Width and height; none of words.
        texts: What stands in it, from above; with mathematics.
    """

    shape: str
    at: Point
    size: Point
    texts: tuple[str, ...]


def _branches(line: str, height: float, side: int) -> dict[str, Edge]:
    places = {gate: middle + side * _APART for gate, middle in _GATES.items()}
    return {f"{line}.{gate}": Edge(((x, height), (x, _BOTTOM))) for gate, x in places.items()}


def _to_gates(x: float) -> tuple[Point, ...]:
    return ((x, 4.0), (x, _X), (_GATES["o"] - _APART, _X))


# Every edge by name. "x.f" leads from the line x into the gate f.
EDGES: Mapping[str, Edge] = {
    "x": Edge(_to_gates(_X_IN), head=False),
    **_branches("x", _X, -1),
    "h": Edge(((0, _H), (_GATES["o"] + _APART, _H)), head=False),
    **_branches("h", _H, 1),
    "c.old": Edge(((0, _C), (_FORGET[0] - _RADIUS, _C))),
    "f": Edge(((_GATES["f"], _TOP), (_GATES["f"], _C - _RADIUS))),
    "c.kept": Edge(((_FORGET[0] + _RADIUS, _C), (_SUM[0] - _RADIUS, _C))),
    "i": Edge(((_GATES["i"], _TOP), (_GATES["i"], _UPDATE[1]), (_UPDATE[0] - _RADIUS, _UPDATE[1]))),
    "g": Edge(((_GATES["g"], _TOP), (_GATES["g"], _UPDATE[1]), (_UPDATE[0] + _RADIUS, _UPDATE[1]))),
    "update": Edge(((_UPDATE[0], _UPDATE[1] + _RADIUS), (_SUM[0], _C - _RADIUS))),
    "c": Edge(((_SUM[0] + _RADIUS, _C), (_SWITCH, _C)), head=False),
    "c.tanh": Edge(((_TANH[0], _C), (_TANH[0], _TANH[1] + 9))),
    "c.out": Edge(((_SWITCH, _C), (WIDTH, _C))),
    "tanh": Edge(((_TANH[0], _TANH[1] - 9), (_OUT[0], _OUT[1] + _RADIUS))),
    "o": Edge(((_GATES["o"], _TOP), (_GATES["o"], _OUT[1]), (_OUT[0] - _RADIUS, _OUT[1]))),
    "h.new": Edge(((_OUT[0], _OUT[1] - _RADIUS), (_OUT[0], _H), (_SWITCH, _H)), head=False),
    "h.out": Edge(((_SWITCH, _H), (WIDTH, _H))),
    "h.up": Edge(((_UP, _H), (_UP, HEIGHT - 4))),
    "c.keep": Edge(
        ((_BRANCH, _C), (_BRANCH, _C_OVER), (_SWITCH, _C_OVER), (_SWITCH, _C + 7)),
        says="dropped: keeps $c_{t-1}$",
        at=(78, _C_OVER - 11),
    ),
    "h.keep": Edge(
        ((_BRANCH, _H), (_BRANCH, _H_UNDER), (_SWITCH, _H_UNDER), (_SWITCH, _H - 7)),
        says="dropped: keeps $h_{t-1}$",
        at=(78, _H_UNDER - 12),
    ),
}
DOTS = (
    *(Dot(EDGES[f"{line}.{gate}"].points[0], line) for line in "xh" for gate in "fig"),
    Dot((_TANH[0], _C), "c"),
    Dot((_UP, _H), "h.out"),
)
_TIMES = "\N{MULTIPLICATION SIGN}"
_DISC = (2 * _RADIUS, 2 * _RADIUS)
_BOXED = (36.0, _TOP - _BOTTOM)
_MIDDLE = (_BOTTOM + _TOP) / 2
NODES = (
    *(
        Node("gate", (x, _MIDDLE), _BOXED, (f"${gate}$", "tanh" if gate == "g" else r"$\sigma$"))
        for gate, x in _GATES.items()
    ),
    Node("box", _TANH, (36.0, 18.0), ("tanh",)),
    *(Node("disc", at, _DISC, (_TIMES,)) for at in (_FORGET, _UPDATE, _OUT)),
    Node("disc", _SUM, _DISC, ("+",)),
    *(
        Node("words", at, (0.0, 0.0), (text,))
        for at, text in (
            ((0, _C + 10), "$c_{t-1}$"),
            ((0, _H + 10), "$h_{t-1}$"),
            ((_RIGHT + 3, _C + 10), "$c_t$"),
            ((_RIGHT + 3, _H + 10), "$h_t$"),
            ((_UP + 6, HEIGHT - 14), "$h_t$"),
            ((_X_IN + 10, 8), "$x_t$"),
        )
    ),
)
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


def edges(rule: Rule) -> tuple[str, ...]:
    """The edges that carry something masked: names in ``EDGES``.

    A mask for all gates multiplies before the line branches; one for each gate after.
    """
    site = SITES[rule.site]
    gates = tuple(f"{site.line}.{gate}" for gate in _GATES)
    return site.edges or ((site.line, *gates) if _before_branching(rule) else gates)


def marks(rule: Rule) -> tuple[Point, ...]:
    """Where the masks multiply: one place, or one for each gate."""
    first = edges(rule)[0]
    if SITES[rule.site].edges or _before_branching(rule):
        return (_MARKED[first],)
    return tuple((EDGES[name].points[0][0], _AT_GATE) for name in edges(rule))


def _before_branching(rule: Rule) -> bool:
    # U is four matrices, so its mask sits at the gates even if it were the same for all.
    return rule.tying != "untied" and not SITES[rule.site].matrix


def box(ways_round: set[str]) -> tuple[float, float, float, float]:
    """The outline of the cell, round the ways round that it has.

    Returns:
        Left, bottom, width and height.
    """
    bottom = 38.0 if "h.keep" in ways_round else 62.0
    top = 284.0 if "c.keep" in ways_round else 264.0
    return _LEFT, bottom, _RIGHT - _LEFT, top - bottom
