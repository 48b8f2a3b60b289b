"""Recordings made by hand, and a look at the words that a picture really draws."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import Circle, FancyArrowPatch, Patch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Array, Masks
from dropviz.core.methods import METHODS, Rule
from dropviz.core.setting import Setting
from dropviz.figures.theme import Picture
from tests.tables import GATED

GATES = {"LSTM": ("i", "f", "g", "o"), "GRU": ("z", "r", "g"), "SimpleRNN": ("h",)}
RATE = 0.4
NOT_DROPPED = "nothing is dropped: the rate is 0 (Keras takes negative rates as 0)."
ONE_STEP = (
    "masks were drawn, but with one time step they multiply the initial state, "
    "which is zero unless you pass one: nothing is dropped. Use longer sequences."
)


@dataclass(frozen=True)
class Kind:
    """What a recording made by hand should be like.

    Attributes:
        layer: The layer's name.
        kind: "LSTM", "GRU" or "SimpleRNN".
        units: Units of the layer.
        features: Entries of an input.
        steps: Time steps.
        samples: Samples in each batch.
        batches: Batches that are kept.
        tied: One mask for all gates.
        life: "sequence", or "step" for a new mask at each step.
        rates: Drop rates for input and recurrent; 0 for a site that drops nothing.
    """

    layer: str = "lstm"
    kind: str = "LSTM"
    units: int = 10
    features: int = 12
    steps: int = 5
    samples: int = 4
    batches: int = 2
    tied: bool = False
    life: str = "sequence"
    rates: tuple[float, float] = (RATE, RATE)


def recorded(kind: Kind | None = None, /, **changed: Any) -> LayerRecording:
    """Makes the recording of a layer, as Keras would fill it."""
    kind = kind or Kind(**changed)
    sites = {"input": (kind.features, kind.rates[0]), "recurrent": (kind.units, kind.rates[1])}
    masks = {site: site_masks(kind, site, entries, rate) for site, (entries, rate) in sites.items()}
    return LayerRecording(kind.layer, kind.kind, kind.units, 50, masks)


def called_often() -> LayerRecording:
    """Makes the recording of a layer that is called several times in a batch, in long numbers."""
    made = recorded(steps=500, life="step", rates=(1 / 3, 0.123456))
    sites = {
        site: replace(masks, batches=(12_344,) * len(masks.batches), calls=(98, 99))
        for site, masks in made.items()
    }
    return LayerRecording(made.layer, made.kind, made.units, 12_345, sites, calls=1_234_500)


def site_masks(kind: Kind, site: str, entries: int, rate: float) -> Masks:
    gates = GATES[kind.kind]
    shape = (
        kind.batches,
        kind.steps if kind.life == "step" else 1,
        1 if kind.tied else len(gates),
        kind.samples,
        entries,
    )
    random = np.random.default_rng(7 if site == "input" else 8)
    values = np.where(random.random(shape) < rate, 0, 1 / (1 - rate)).astype("float32")
    reason = "" if rate else NOT_DROPPED
    if site == "recurrent" and rate and kind.steps == 1:
        reason = ONE_STEP
    if not rate:
        values = np.ones((kind.batches, 1, 1, kind.samples, 1), "float32")
    return Masks(
        layer=kind.layer,
        site=site,
        values=values,
        rate=rate,
        gates=gates,
        time_steps=kind.steps,
        batch_sizes=(kind.samples,) * kind.batches,
        batches=tuple(range(50 - kind.batches, 50)),
        reason=reason,
    )


# A layer of each method, and of each option that changes its masks.
SETTINGS = {
    **{
        name: Setting(name, 0.2, 0.5 if len(method.rules) > 1 else 0)
        for name, method in METHODS.items()
    },
    "zoneout with two rates": Setting("zoneout", 0.2, zoneout_cell=0.5, zoneout_hidden=0.1),
    "zoneout alone": Setting("zoneout", 0, 0.5),
    "zoneout of h alone": Setting("zoneout", zoneout_hidden=0.5),
    "zoneout of c alone": Setting("zoneout", zoneout_cell=0.5),
    "moon at each step": Setting("moon", 1 / 3, 0.123456, life="step", scaling="inverted"),
    "semeniuta for a sequence": Setting(
        "semeniuta", 0.123456, 2 / 3, life="sequence", scaling="inverted"
    ),
    "semeniuta alone": Setting("semeniuta", 0, 0.5),
    "weight drop alone": Setting("weight-drop", 0, 0.5),
    "moon without rates": Setting("moon"),
}


def of_setting(setting: Setting, **changed: Any) -> LayerRecording:
    """Makes the recording of a ``dropviz.LSTM``, as its rules say."""
    kind = Kind(**{"units": 9, "features": 7, "steps": 6} | changed)
    masks = {rule.site: rule_masks(kind, rule, seed) for seed, rule in enumerate(setting.rules)}
    return LayerRecording(kind.layer, "LSTM", kind.units, 50, masks, setting=setting)


def rule_masks(kind: Kind, rule: Rule, seed: int) -> Masks:
    entries = {"input": kind.features, "recurrent_kernel": kind.units**2}
    shape = (
        kind.batches,
        kind.steps if rule.life == "step" else 1,
        4 if rule.site in GATED and rule.tying == "untied" else 1,
        kind.samples if rule.by_sample else 1,
        entries.get(rule.site, kind.units),
    )
    if not rule.rate:
        shape = (kind.batches, 1, 1, kind.samples, 1)
    kept = np.random.default_rng(seed).random(shape) >= rule.rate
    return Masks(
        layer=kind.layer,
        site=rule.site,
        values=np.where(kept, rule.kept, 0).astype("float32"),
        rate=rule.rate,
        gates=GATES["LSTM"],
        time_steps=kind.steps,
        batch_sizes=(kind.samples,) * kind.batches,
        batches=tuple(range(50 - kind.batches, 50)),
        reason="" if rule.rate else "nothing is dropped: the rate is 0.",
    )


def with_values(values: Array, *, steps: int | None = None, site: str = "input") -> LayerRecording:
    """Makes a recording of an LSTM with one site, of these masks."""
    batches, lives, _, samples, units = values.shape
    masks = Masks(
        layer="lstm",
        site=site,
        values=values,
        rate=RATE,
        gates=GATES["LSTM"],
        time_steps=steps or lives,
        batch_sizes=(samples,) * batches,
        batches=tuple(range(batches)),
    )
    return LayerRecording("lstm", "LSTM", units, batches, {site: masks})


def nothing_kept(batches: int) -> LayerRecording:
    """Makes a recording that saw batches, and kept the masks of none."""
    masks = {
        site: Masks(
            layer="lstm",
            site=site,
            values=np.zeros((0, 1, 4, 0, 3), "float32"),
            rate=RATE,
            gates=GATES["LSTM"],
            time_steps=0,
            batch_sizes=(),
            batches=(),
        )
        for site in ("input", "recurrent")
    }
    note = "no masks are held: one batch is larger than budget_mib."
    return LayerRecording("lstm", "LSTM", 10, batches, masks if batches else {}, note=note)


# What a picture of a layer must cope with.
KINDS = {
    "lstm": Kind(),
    "tied": Kind(tied=True),
    "new masks at each step": Kind(life="step"),
    "gru": Kind(kind="GRU", layer="gru"),
    "tied gru": Kind(kind="GRU", layer="gru", tied=True),
    "simple rnn": Kind(kind="SimpleRNN", layer="simple_rnn"),
    "one time step": Kind(steps=1),
    "one step of a gru": Kind(kind="GRU", steps=1),
    "three steps": Kind(steps=3),
    "500 steps": Kind(steps=500),
    "500 steps, new masks at each": Kind(steps=500, life="step", units=3),
    "200 units": Kind(units=200, features=64),
    "3 features": Kind(features=3),
    "one unit and one feature": Kind(units=1, features=1),
    "one sample": Kind(samples=1),
    "200 samples": Kind(samples=200),
    "no rate": Kind(rates=(0, 0)),
    "dropout alone": Kind(rates=(RATE, 0)),
    "recurrent_dropout alone": Kind(rates=(0, RATE)),
    "long rates": Kind(rates=(1 / 3, 0.123456789)),
    "a nested layer": Kind(layer="time_distributed/bidirectional_1/backward_lstm_1"),
    "a name of 200 letters": Kind(layer="encoder/" * 24 + "backward", kind="SimpleRNN"),
    "a name with dollars": Kind(layer="lstm_$x$_{a}"),
}


# ---------------------------------------------------------------- words as drawn


@dataclass(frozen=True)
class Drawn:
    """A text that a picture drew, with its box in CSS pixels from the bottom left."""

    text: str
    box: Bbox

    def __str__(self) -> str:
        sides = ", ".join(f"{side:.0f}" for side in self.box.extents)
        return f"{self.text!r} at ({sides})"


def texts(picture: Picture) -> list[Drawn]:
    """Draws a picture and lists the texts that came out, tick labels included."""
    found: list[Drawn] = []
    with _noting(found):
        picture.draw_without_rendering()
    return found


def words(picture: Picture) -> str:
    """All that stands in a picture, on one line."""
    return " ".join(" ".join(each.text.split()) for each in texts(picture))


@contextmanager
def _noting(found: list[Drawn]) -> Iterator[None]:
    original = Text.draw

    def draw(self: Text, renderer: Any) -> None:
        if self.get_visible() and self.get_text().strip():
            found.append(Drawn(self.get_text(), self.get_window_extent(renderer)))
        original(self, renderer)

    with mock.patch.object(Text, "draw", draw):
        yield


def cut_off(found: list[Drawn], size: tuple[int, int]) -> list[str]:
    """Lists the texts that reach over the edge of a picture of this size."""
    return [
        str(each)
        for each in found
        # Half a pixel: a box is rounded outwards to whole pixels.
        if each.box.x0 < -0.5
        or each.box.y0 < -0.5
        or each.box.x1 > size[0] + 0.5
        or each.box.y1 > size[1] + 0.5
    ]


def overlaps(found: list[Drawn]) -> list[str]:
    """Lists the pairs of texts that lie on each other.

    A box is as high as the font's tallest letters reach, up and down, so that the boxes
    of lines which are clear of each other may share two pixels.
    """
    return [
        f"{one} and {other}"
        for one, other in combinations(found, 2)
        if min(one.box.x1, other.box.x1) - max(one.box.x0, other.box.x0) > 1
        and min(one.box.y1, other.box.y1) - max(one.box.y0, other.box.y0) > 2
    ]


class Square(NamedTuple):
    """A unit of a drawn mask: its corner, its width, its colour, and whether it is crossed."""

    x: float
    y: float
    width: float
    face: Any
    crossed: bool


def squares(picture: Picture) -> list[Square]:
    """Lists the units of masks, those of the legend included."""
    strokes = {
        tuple(np.round(np.min(line, axis=0), 3))
        for lines in picture.findobj(LineCollection)
        for line in lines.get_segments()
    }
    found = []
    for drawn in picture.findobj(PolyCollection):
        for path, face in zip(drawn.get_paths(), drawn.get_facecolor(), strict=True):
            corners = np.asarray(path.vertices)
            (x, y), (right, _) = corners.min(axis=0), corners.max(axis=0)
            corner = tuple(np.round((x, y), 3))
            found.append(Square(x, y, right - x, face, corner in strokes))
    return found


def on_shapes(picture: Picture, found: list[Drawn]) -> list[str]:
    """Lists the texts that lie on the edge of a box or disc, or on an arrow.

    A text that lies within a box or disc belongs there; a disc may lie on an arrow.
    """
    patches = [patch for axes in picture.axes for patch in axes.patches]
    paths = [path for patch in patches if (path := _arrow(patch))]
    solid: list[tuple[Bbox, Any]] = [(_box(p), p) for p in patches if not _arrow(p)]
    solid += [(box, square) for square, box in _squares(picture)]
    wrong = []
    for each in found:
        inner = each.box.padded(-2)
        around = [patch for box, patch in solid if _holds(box, each.box)]
        hit = [box for box, patch in solid if patch not in around and box.overlaps(inner)]
        if not any(isinstance(patch, Circle) for patch in around):
            hit += [path.get_extents() for path in paths if path.intersects_bbox(inner, False)]  # noqa: FBT003
        wrong += [f"{each} on {Drawn('a shape', box)}" for box in hit]
    return wrong


def _squares(picture: Picture) -> Iterator[tuple[Square, Bbox]]:
    for axes in picture.axes:
        for each in squares(picture):
            corners = [(each.x, each.y), (each.x + each.width, each.y + each.width)]
            yield each, Bbox(axes.transData.transform(corners))


def _arrow(patch: Patch) -> Path | None:
    if not isinstance(patch, FancyArrowPatch):
        return None
    path: Any = patch.get_path()
    lines = path.codes != Path.CLOSEPOLY  # its place is said to be (0, 0)
    return Path(path.vertices[lines], path.codes[lines])


def _box(patch: Patch) -> Bbox:
    return patch.get_path().transformed(patch.get_transform()).get_extents()


def _holds(box: Bbox, inner: Bbox) -> bool:
    return bool(box.fully_contains(*inner.min) and box.fully_contains(*inner.max))
