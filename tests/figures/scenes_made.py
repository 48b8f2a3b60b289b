"""A scene of each kind, and what a painter must show of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.setting import Setting
from dropviz.figures import atlas_scene, cell_scene, curves_scene, gates_scene, unrolled_scene
from dropviz.figures.atlas_scene import AtlasScene
from dropviz.figures.cell_scene import CellScene
from dropviz.figures.colours import Colour
from dropviz.figures.curves_scene import CurvesScene
from dropviz.figures.gates_scene import GatesScene
from dropviz.figures.unrolled_parts import UnrolledScene

from .conftest import LOSSES
from .made import SETTINGS, of_setting, recorded
from .test_gates import traced
from .test_unrolled import with_dropout_above

SCENES: dict[str, Any] = {
    "keras": unrolled_scene.of_recording(recorded(units=32, features=28, steps=28)),
    "a mask at each step": unrolled_scene.of_recording(recorded(life="step", steps=3)),
    "gru": unrolled_scene.of_recording(recorded(kind="GRU", layer="gru", tied=True)),
    "one step": unrolled_scene.of_recording(recorded(steps=1)),
    "a layer above": unrolled_scene.of_recording(with_dropout_above(9, 9)),
    "plan": unrolled_scene.of_plan(Setting("keras", 0.2, 0.5), 16, 8, 8),
    **{
        name: unrolled_scene.of_recording(of_setting(SETTINGS[name]))
        for name in ("zoneout", "semeniuta", "weight-drop", "moon")
    },
    "atlas": atlas_scene.of_recording(recorded()),
    "atlas of weights": atlas_scene.of_recording(of_setting(SETTINGS["weight-drop"])),
    "atlas of nothing": atlas_scene.of_recording(recorded(rates=(0, 0.4))),
    "curves": curves_scene.of_runs(LOSSES, epochs=4, changes=[(1.5, "dropout 0.2 to 0.4")]),
    "cell": cell_scene.of_settings("zoneout", "gal-untied", "weight-drop", measured="zoneout"),
    "cell with rates": cell_scene.of_settings(Setting("keras", 0.2, 0)),
    "gates": gates_scene.of_trace(traced()),
}


@dataclass
class Shown:
    """What is seen of a scene, counted.

    Attributes:
        arrows: Each arrow or edge, by name and by the colour of its mask.
        letters: The letters of masks.
        squares: Units of little masks that are kept, dropped and not drawn yet.
        words: Texts that are there.
    """

    arrows: Counter[tuple[str, Colour | None]] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)
    squares: Counter[str] = field(default_factory=Counter)
    words: set[str] = field(default_factory=set)


def wanted(scene: Any) -> Shown:
    """What a painter must show of a scene."""
    if isinstance(scene, UnrolledScene):
        return _unrolled(scene)
    if isinstance(scene, AtlasScene):
        return _atlas(scene)
    if isinstance(scene, CurvesScene):
        return _curves(scene)
    if isinstance(scene, CellScene):
        return _cell(scene)
    assert isinstance(scene, GatesScene)
    return Shown(words={scene.title, *scene.lines, *(panel.title for panel in scene.panels)})


def _unrolled(scene: UnrolledScene) -> Shown:
    shown = Shown(words={scene.title, *scene.lines, *(plain(each.says) for each in scene.legend)})
    drawn: set[tuple[str, int]] = set()
    for arrow in scene.arrows:
        mask = None if arrow.mask is None else scene.masks[arrow.mask]
        shown.arrows[arrow.arrow, mask.colour if mask else None] += 1
        if mask is None:
            continue
        shown.letters[mask.letter] += 1
        shown.words.add(mask.label)
        onward = scene.arrow("h", arrow.column + 1)
        if arrow.arrow == "up" and onward is not None and onward.mask == arrow.mask:
            continue
        drawn.add((arrow.arrow, arrow.column))
        for values in mask.kept:
            kinds = {1: "kept", 0: "dropped", None: "open"}
            most = len(values) if mask.matrix else 8
            shown.squares.update(kinds[each] for each in values[:most])
    return shown


def _atlas(scene: AtlasScene) -> Shown:
    shown = Shown(words={scene.title, *scene.lines, *(each.says for each in scene.legend)})
    for row in scene.rows:
        shown.words |= {row.site, row.reason or row.says, *(panel.title for panel in row.panels)}
        for panel in row.panels:
            kept = int(np.count_nonzero(panel.kept))
            shown.squares.update({"kept": kept, "dropped": panel.rows * panel.columns - kept})
    return shown


def _curves(scene: CurvesScene) -> Shown:
    ends = {f"{line.last} {line.label}" for line in scene.lines}
    said = {each.says for each in scene.changes}
    return Shown(words={scene.title, scene.caption, scene.x_label} | ends | said)


def _cell(scene: CellScene) -> Shown:
    shown = Shown(words={plain(each.says) for each in scene.legend})
    for panel in scene.panels:
        shown.words |= {panel.title, panel.paper, panel.summary}
        colours = {edge: rule.colour for rule in panel.rules for edge in rule.edges}
        for name, edge in scene.edges.items():
            if name in colours or not edge.says:
                shown.arrows[name, colours.get(name)] += 1
        for rule in panel.rules:
            shown.words |= {rule.heading, plain(rule.says)}
    return shown


def plain(words: str) -> str:
    """Words with mathematics as they are read, without its marks."""
    return "".join(each for each in words if each not in "$_{}").replace("t-1", "t\N{MINUS SIGN}1")


def hostile(text: str) -> dict[str, Any]:
    """Scenes that hold a text wherever one from outside may stand."""
    layer = recorded(layer=text, kind="LSTM")
    strange = LayerRecording(text, text, layer.units, 50, dict(layer))
    opened = traced()
    object.__setattr__(opened, "layer", text)
    return {
        "unrolled": unrolled_scene.of_recording(strange),
        "atlas": atlas_scene.of_recording(strange),
        "curves": curves_scene.of_runs(LOSSES, changes=[(1.0, text)], model=text),
        "gates": gates_scene.of_trace(opened),
        "cell": cell_scene.of_settings("keras"),
    }
