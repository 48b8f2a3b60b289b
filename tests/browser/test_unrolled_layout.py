"""Where the arrows of the unrolled picture lie, however narrow its place is, without a browser."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from dropviz.browser.read_scripts import joined
from dropviz.figures.scene import plain_data
from tests.browser.in_node import said_in_node
from tests.figures.scenes_made import SCENES

WIDTHS = (200, 224, 320, 344, 390, 420, 440, 455, 479, 560, 640, 760, 880)
UNROLLED = [name for name, scene in SCENES.items() if scene.kind == "unrolled"]
HEAD = 14  # of an arrow that carries a mask
# For each width the width of the drawing, and the ends of each level arrow.
_ARROWS = """
console.log(JSON.stringify(widths.map((room) => {
  const layout = laidOut(scene, room);
  const level = scene.arrows.filter(({ arrow }) => arrow === "h" || arrow === "c")
    .map((each) => course(scene, layout, each));
  return { room, wide: layout.width, ends: level.map(({ from, to }) => [from[0], to[0]]) };
})));
"""
# For each width the squares of each mask, and the arrows of x, as left, top, right and bottom.
_SQUARES = """
console.log(JSON.stringify(widths.map((room) => {
  const layout = laidOut(scene, room);
  const squares = scene.arrows.flatMap((each) => {
    const mask = each.mask === null ? null : scene.masks[each.mask];
    const at = mask && squaresAt(scene, layout, each, mask);
    const high = mask?.matrix ? 2 * ENTRIES * layout.entry + 5 : ROWS * layout.pitch;
    return at ? [[at.x, at.y, at.x + at.wide, at.y + high, each.arrow]] : [];
  });
  const arrows = scene.columns.map((_, column) =>
    [layout.x(column) - 4, layout.y.bottom, layout.x(column) + 4, layout.y.x]);
  return { room, squares, arrows, height: layout.height };
})));
"""


def laid(name: str, ask: str, folder: Path) -> list[dict[str, Any]]:
    """What a question to the layout of a scene says of each width."""
    data = json.dumps(plain_data(SCENES[name]))
    given = f"const scene = {data};\nconst widths = {json.dumps(WIDTHS)};\n"
    script = joined("scenes/unrolled_layout.js") + given + ask
    found: list[dict[str, Any]] = json.loads(said_in_node(script, folder))
    return found


def overlap(one: list[float], other: list[float]) -> bool:
    """Whether two boxes, each as left, top, right and bottom, have a place in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("name", UNROLLED)
def test_no_arrow_turns_round_where_there_is_little_room(name: str, tmp_path: Path) -> None:
    for each in laid(name, _ARROWS, tmp_path):
        assert each["wide"] >= each["room"]
        for left, right in each["ends"]:
            assert right - left >= HEAD, each["room"]


@pytest.mark.parametrize("name", UNROLLED)
def test_no_mask_lies_on_another_or_on_an_arrow_of_x(name: str, tmp_path: Path) -> None:
    for each in laid(name, _SQUARES, tmp_path):
        for *box, _ in each["squares"]:
            assert box[0] >= 0, each["room"]
            assert box[3] <= each["height"], each["room"]
        for (*one, _), (*other, _) in combinations(each["squares"], 2):
            assert not overlap(one, other), each["room"]
        for *one, arrow in each["squares"]:
            # Masks inside the cells end above.
            assert arrow == "g" or not any(overlap(one, x) for x in each["arrows"]), each["room"]


def test_a_picture_with_room_at_the_side_is_less_tall(tmp_path: Path) -> None:
    tall = {each["room"]: each["height"] for each in laid("keras", _SQUARES, tmp_path)}

    assert tall[640] < 0.8 * tall[320]
