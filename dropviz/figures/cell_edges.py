"""Draws the inside of one LSTM cell: its edges, and which of them a mask multiplies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, RegularPolygon
from matplotlib.path import Path

from dropviz.figures import colours
from dropviz.figures.cell_geometry import Edge, Node, Point
from dropviz.figures.cell_scene import CellPanel, CellRule, CellScene
from dropviz.figures.colours import on_white

# Sizes of letters by the shape that they stand in; a gate's second line is smaller.
_LETTERS = {"gate": (11.0, 8.5), "box": (8.5,), "disc": (10.0,), "words": (10.0,)}


def draw(axes: Axes, x: float, y: float, scene: CellScene, panel: CellPanel) -> None:
    """Draws a cell.

    Args:
        axes: Where to draw, in CSS pixels.
        x: The left end.
        y: The bottom end.
        scene: Where its parts lie.
        panel: What is masked.
    """
    masked = {edge: on_white(rule.colour) for rule in panel.rules for edge in rule.edges}
    ways_round = panel.ways_round
    pen = _Pen(axes, x, y)
    left, bottom, wide, high = panel.outline
    pen.box((left, bottom), (wide, high), 9, colours.FAINT, colours.PAPER, zorder=0)
    for name, edge in scene.edges.items():
        if name in ways_round or not edge.says:
            pen.edge(name, edge, masked.get(name))
    begun = [(scene.edges[name].points[0], "") for name in sorted(ways_round)]
    for at, line in (*((dot.at, dot.line) for dot in scene.dots), *begun):
        ink = masked.get(line, colours.INK)
        pen.disc(at, 3.6 if line in masked else 2.6, color=ink, linewidth=0)
    for node in scene.nodes:
        _node(pen, node)
    for rule in panel.rules:
        _site(pen, scene, rule)


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

    def edge(self, name: str, edge: Edge, ink: str | None) -> None:
        points = [(self.x + x, self.y + y) for x, y in edge.points]
        self.axes.add_patch(
            FancyArrowPatch(
                path=Path(points),
                arrowstyle="-|>" if edge.head else "-",
                mutation_scale=10.5 if ink else 8.5,
                linewidth=3 if ink else 1.1,
                color=ink or colours.INK,
                # Closes the corner where the last branch leaves a thick line.
                capstyle="projecting" if ink and not edge.head else "butt",
                joinstyle="miter",
                zorder=2 if ink else 1,
                label=name,
            )
        )


def _node(pen: _Pen, node: Node) -> None:
    (x, y), (wide, high), letters = node.at, node.size, _LETTERS[node.shape]
    if node.shape == "words":
        pen.text(node.at, node.texts[0], letters[0])
        return
    if node.shape == "disc":
        pen.disc(node.at, wide / 2, facecolor="white", edgecolor=colours.INK, linewidth=1.1)
    else:
        pen.box((x - wide / 2, y - high / 2), node.size, 4, colours.INK, "white")
    words: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4}
    heights = (y + 7, y - 8) if node.shape == "gate" else (y - 0.5,)
    for height, text, size in zip(heights, node.texts, letters, strict=True):
        pen.text((x, height), text, size, **words)


def _site(pen: _Pen, scene: CellScene, rule: CellRule) -> None:
    """Marks one site."""
    ink = on_white(rule.colour)
    for at in rule.marks:
        mark(pen.axes, pen.x + at[0], pen.y + at[1], ink)
        if rule.symbol:
            pen.text((at[0] + 8.5, at[1]), rule.symbol, 9, va="center", color=ink)
    for edge in (scene.edges[name] for name in rule.edges):
        if edge.says:
            pen.text(edge.at, edge.says, 8.5, va="center", color=ink)


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
