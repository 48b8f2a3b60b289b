"""What matplotlib paints, held against the scene; tests/browser holds the other painter."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch

from dropviz.figures import cell, colours, curves, gates, heatmaps, unrolled
from dropviz.figures.colours import Colour, on_white
from dropviz.figures.theme import Picture

from .made import squares, words
from .scenes_made import SCENES, plain, wanted

PAINT: dict[str, Any] = {
    "unrolled": unrolled.paint,
    "atlas": heatmaps.paint,
    "curves": curves.paint,
    "cell": cell.paint,
    "gates": gates.paint,
}
_LEGEND = 60  # CSS pixels, below which the legend of the unrolled picture stands
COLOURS = {
    on_white(Colour(name, shade)): Colour(name, shade)
    for name in ("dropout", "recurrent_dropout", "rate")
    for shade in range(6)
}


def arrows(picture: Picture, kind: str) -> Counter[Any]:
    """The arrows by colour; those of a cell by name too."""
    found: Counter[Any] = Counter()
    drawn: list[Any] = picture.findobj(FancyArrowPatch)
    for arrow in drawn:
        colour = COLOURS.get(to_hex(arrow.get_edgecolor()))
        if kind == "cell":
            found[arrow.get_label(), colour] += 1
        elif arrow.get_path().vertices[0, 1] > _LEGEND:
            found[colour] += 1
    return found


def little_squares(picture: Picture) -> Counter[str]:
    """Units of the masks on arrows, without those of the legend."""
    found: Counter[str] = Counter()
    for each in squares(picture):
        if each.y > _LEGEND:
            is_open = each.face[3] < 0.5
            found["dropped" if each.crossed else "open" if is_open else "kept"] += 1
    return found


def heat(picture: Picture) -> Counter[str]:
    found: Counter[str] = Counter()
    drawn: list[Any] = picture.findobj(QuadMesh)
    for mesh in drawn:
        kept = int(np.count_nonzero(mesh.get_array()))
        found += Counter(kept=kept, dropped=mesh.get_array().size - kept)
    return found


@pytest.mark.few(9)
@pytest.mark.parametrize("name", SCENES)
def test_the_picture_shows_the_arrows_letters_colours_and_words_of_the_scene(name: str) -> None:
    scene = SCENES[name]
    expected = wanted(scene)

    picture = PAINT[scene.kind](scene)

    said = " ".join(plain(words(picture).replace("\\$", "$")).split())
    for each in expected.words:
        assert " ".join(plain(each).split()) in said
    if scene.kind == "unrolled":
        by_colour: Counter[Any] = Counter()
        for (_, colour), count in expected.arrows.items():
            by_colour[colour] += count
        assert arrows(picture, "unrolled") == by_colour
        letters = Counter(re.findall(r"(?<!\S)[A-Z]\d*(?!\S)", words(picture)))
        assert letters - Counter("A") == expected.letters  # the legend has one of its own
        assert little_squares(picture) == expected.squares
    elif scene.kind == "cell":
        assert arrows(picture, "cell") == expected.arrows
    elif scene.kind == "atlas":
        assert heat(picture) == +expected.squares
    elif scene.kind == "curves":
        drawn: list[Any] = picture.axes[0].get_lines()
        tones = [colours.TONES[line.tone][0].lower() for line in scene.lines]
        assert [to_hex(line.get_color()) for line in drawn[: len(tones)]] == tones
    assert (picture.alt, picture.scene) == (scene.alt, scene)
