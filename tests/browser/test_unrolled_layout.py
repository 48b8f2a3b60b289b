"""Where the arrows of the unrolled picture lie, however narrow its place is, without a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dropviz.browser.read_scripts import joined
from dropviz.figures.scene import plain_data
from tests.browser.in_node import said_in_node
from tests.figures.scenes_made import SCENES

WIDTHS = (200, 224, 320, 344, 390, 640, 880)
UNROLLED = [name for name, scene in SCENES.items() if scene.kind == "unrolled"]
HEAD = 14  # of an arrow that carries a mask
# For each width the width of the drawing, and the ends of each level arrow.
_ASK = """
console.log(JSON.stringify(widths.map((room) => {
  const layout = laid_out(scene, room);
  const level = scene.arrows.filter(({ arrow }) => arrow === "h" || arrow === "c")
    .map((each) => course(scene, layout, each));
  return { room, wide: layout.width, ends: level.map(({ from, to }) => [from[0], to[0]]) };
})));
"""


@pytest.mark.parametrize("name", UNROLLED)
def test_no_arrow_turns_round_where_there_is_little_room(name: str, tmp_path: Path) -> None:
    data = json.dumps(plain_data(SCENES[name]))
    given = f"const scene = {data};\nconst widths = {json.dumps(WIDTHS)};\n"
    laid: list[dict[str, Any]] = json.loads(
        said_in_node(joined("scenes/unrolled_layout.js") + given + _ASK, tmp_path)
    )

    for each in laid:
        assert each["wide"] >= each["room"]
        for left, right in each["ends"]:
            assert right - left >= HEAD, each["room"]
