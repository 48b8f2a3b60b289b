"""Heatmaps of a picture, and the words at them, as they were drawn."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.transforms import Bbox

from dropviz.figures.theme import Picture


class Heat(NamedTuple):
    """A heatmap as it was drawn.

    Attributes:
        shown: What it shows, shape (rows, columns).
        box: Where, in CSS pixels.
        mesh: What was drawn.
    """

    shown: Any
    box: Bbox
    mesh: Any

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """The row and the column that a place lies in the middle of."""
        rows, columns = self.shown.shape
        row = (self.box.y1 - y) / self.box.height * rows - 0.5
        column = (x - self.box.x0) / self.box.width * columns - 0.5
        assert (row, column) == pytest.approx((round(row), round(column)), abs=1e-6)
        return round(row), round(column)


def heatmaps(picture: Picture) -> list[Heat]:
    """The heatmaps of a picture, as they were drawn one after the other."""
    (page,) = picture.axes
    meshes: list[Any] = page.findobj(QuadMesh)
    corners = [mesh.get_coordinates() for mesh in meshes]
    return [
        Heat(np.asarray(mesh.get_array()), Bbox([each[-1, 0], each[0, -1]]), mesh)
        for mesh, each in zip(meshes, corners, strict=True)
    ]


def title_of(picture: Picture, panel: Heat) -> str:
    """What stands right above a heatmap, from its left end on."""
    (page,) = picture.axes
    (title,) = (
        each.get_text()
        for each in page.texts
        if each.get_position() == (panel.box.x0, panel.box.y1 + 6)
    )
    return title


def numbers(picture: Picture, **place: float) -> list[str]:
    """The texts that stand at one x, or at one y, in their order."""
    axis = ["x", "y"].index(next(iter(place)))
    (wanted,) = place.values()
    found = [each for each in picture.axes[0].texts if each.get_position()[axis] == wanted]
    return [each.get_text() for each in found]
