from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest

from dropviz.core.masks import Array
from dropviz.core.opened_batch import OpenedBatch
from dropviz.core.trace_result import Proof, Trace
from dropviz.figures import gates_scene
from dropviz.figures.gates import gates
from dropviz.figures.theme import Picture

from .heat_drawn import Heat, heatmaps, numbers, title_of
from .made import (
    GATES,
    Drawn,
    cut_off,
    overlaps,
    recorded,
    texts,
    words,
)

PROVED = Proof(error=2e-8, tolerance=1e-5, samples=3, steps=7)
NAMES = {
    "LSTM": ("i", "f", "g", "o", "c", "h"),
    "GRU": ("z", "r", "g", "h"),
    "SimpleRNN": ("h", "h"),
}


def traced(
    kind: str = "LSTM",
    *,
    steps: int = 7,
    units: int = 5,
    most: float = 1.0,
    layer: str = "lstm",
    proof: Proof = PROVED,
) -> Trace:
    """Makes a trace of three sequences, of numbers that tell each array from the others."""
    shape = (3, steps, units)
    random = np.random.default_rng(6)
    values: Mapping[str, Array] = {
        name: random.uniform(-1 if name in "ch" else 0, 1, shape).astype("float32")
        for name in GATES[kind]
    }
    h = random.uniform(-1, 1, shape).astype("float32")
    c = h
    if kind == "LSTM":
        c = random.uniform(-most, most, shape).astype("float32")
        c[0, 0, 0] = most
    x = np.zeros((3, steps, 2), "float32")
    masks = recorded(kind=kind, steps=steps, units=units, layer=layer)
    return Trace(layer, x, masks, values, h, c, h, proof)


def panels(picture: Picture) -> list[Heat]:
    """The heatmaps, each of which is drawn before its scale."""
    return heatmaps(picture)[::2]


def scales_of(picture: Picture) -> list[Heat]:
    return heatmaps(picture)[1::2]


def titles_of(picture: Picture) -> list[str]:
    return [title_of(picture, each) for each in panels(picture)]


def arrays(trace: Trace) -> list[Array]:
    """Lists what there is to see: the gates, c where it is not h, h."""
    states = [trace.c] if trace.c is not trace.h else []
    return [*trace.gates.values(), *states, trace.h]


def test_a_sequence_of_a_training_is_drawn_as_a_trace_of_it() -> None:
    trace = traced()
    opened = OpenedBatch(
        batch=1233,
        sample=2,
        index=7,
        data=trace.x[2],
        target=trace.x[2],
        answer=trace.h[2],
        x=trace.x[2],
        masks={},
        gates={name: each[2] for name, each in trace.gates.items()},
        h=trace.h[2],
        c=trace.c[2],
    )

    made = gates_scene.of_opened(opened, "lstm")

    wanted = gates_scene.of_trace(trace, 2)
    assert made.panels == wanted.panels
    assert made.lines[0].startswith("sequence 3 of batch 1,234, with the masks it met there")


# ---------------------------------------------------------------- what is drawn


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("sample", [0, 2])
def test_the_heatmaps_show_the_gates_and_states_of_the_sequence(kind: str, sample: int) -> None:
    trace = traced(kind)

    drawn = panels(gates(trace, sample))

    for panel, values in zip(drawn, arrays(trace), strict=True):
        # A scene holds three digits behind the point: a 256th of a heatmap's colours is more.
        np.testing.assert_allclose(panel.shown, values[sample].T, rtol=0, atol=5.1e-4)


@pytest.mark.parametrize("kind", GATES)
def test_each_heatmap_is_named_by_its_letter(kind: str) -> None:
    titles = titles_of(gates(traced(kind)))

    assert [title[0] for title in titles] == list(NAMES[kind])
    assert len(set(titles)) == len(titles)


def test_units_run_down_and_steps_across() -> None:
    picture = gates(traced(steps=7, units=5))

    panel = panels(picture)[0]
    assert panel.shown.shape == (5, 7)
    below = numbers(picture, y=panel.box.y0 - 3)
    assert below[:2] == ["1", "7"]
    assert numbers(picture, x=panel.box.x0 - 3)[:2] == ["1", "5"]
    # Each stands at the column, or the row, that it counts.
    first, last = (
        next(each.get_position() for each in picture.axes[0].texts if each.get_text() == said)
        for said in ("1", "7")
    )
    column = panel.box.width / 7
    assert (first[0], last[0]) == pytest.approx(
        (panel.box.x0 + column / 2, panel.box.x1 - column / 2)
    )
    high, low = (
        each.get_position()[1]
        for each in picture.axes[0].texts
        if each.get_position()[0] == panel.box.x0 - 3 and each.get_position()[1] > panel.box.y0
    )
    row = panel.box.height / 5
    assert (high, low) == pytest.approx((panel.box.y1 - row / 2, panel.box.y0 + row / 2))


@pytest.mark.parametrize(("most", "limit"), [(0.3, 1.0), (1.0, 1.0), (3.5, 3.5)])
def test_gates_are_seen_from_0_to_1_and_states_as_far_as_they_go(most: float, limit: float) -> None:
    picture = gates(traced(most=most))

    limits = [each.mesh.get_clim() for each in panels(picture)]
    seen = {title[:2].strip(): each for title, each in zip(titles_of(picture), limits, strict=True)}

    for letter in "ifo":
        assert seen[letter] == (0, 1)
    assert seen["h"] == (-1, 1)
    assert seen["c"] == (-limit, limit)


def test_every_heatmap_has_a_scale_with_its_limits() -> None:
    picture = gates(traced(most=3.5))

    ends = [(each.mesh.get_clim(), each.shown[[-1, 0], 0].tolist()) for each in scales_of(picture)]
    said = [numbers(picture, x=each.box.x1 + 1.5) for each in scales_of(picture)[:3]]

    assert said == [["0", "1"] * 2, ["0", "1", "-3.5", "3.5"], ["-1", "1"] * 2]
    for limits, shown in ends:
        assert shown == list(limits)


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    "proof",
    [
        PROVED,
        Proof(error=0.3, tolerance=1e-5, samples=3, steps=7),
        Proof(error=2e-8, tolerance=1e-5, samples=1, steps=7, training=False),
    ],
    ids=["agrees", "does not agree", "dropout off"],
)
def test_the_picture_says_how_it_was_proved(proof: Proof) -> None:
    picture = gates(traced(proof=proof))

    assert proof.sentence in words(picture)
    assert picture.alt.endswith(proof.sentence)
    assert ("masks on" in words(picture)) == proof.training
    assert ("dropout off" in words(picture)) == (not proof.training)


@pytest.mark.parametrize("kind", GATES)
def test_the_alt_text_tells_the_range_and_the_mean_of_each(kind: str) -> None:
    trace = traced(kind)

    alt = gates(trace, 1).alt

    told = re.findall(r"(-?\d\.\d\d) to (-?\d\.\d\d), (-?\d\.\d\d) on average", alt)
    assert [tuple(map(float, each)) for each in told] == [
        tuple(round(float(each), 2) for each in (v[1].min(), v[1].max(), v[1].mean()))
        for v in arrays(trace)
    ]
    assert alt.startswith("Gates and states of lstm, 5 units over 7 time steps: ")


# ---------------------------------------------------------------- layout

CASES: dict[str, dict[str, Any]] = {
    "lstm": {},
    "gru": {"kind": "GRU"},
    "simple rnn": {"kind": "SimpleRNN"},
    "one step": {"steps": 1},
    "one unit": {"units": 1},
    "500 steps and 200 units": {"steps": 500, "units": 200},
    "a memory far out": {"most": 123.456},
    "a long name": {"layer": "bidirectional_1/" * 9 + "forward_lstm"},
}


@cache
def drawn(name: str) -> tuple[Picture, list[Drawn]]:
    """Draws a case once: the picture and its texts."""
    picture = gates(traced(**CASES[name]))
    return picture, texts(picture)


@pytest.mark.few(3)
@pytest.mark.parametrize("name", CASES)
def test_no_text_is_cut_off_and_none_overlap(name: str) -> None:
    picture, found = drawn(name)

    assert picture.size == (880, 486)
    assert cut_off(found, picture.size) == []
    assert overlaps(found) == []


@pytest.mark.parametrize("name", CASES)
def test_heatmaps_and_scales_lie_within_the_picture_and_apart(name: str) -> None:
    picture, _ = drawn(name)
    boxes = [each.box for each in heatmaps(picture)]

    for number, box in enumerate(boxes):
        assert 0 < box.x0 < box.x1 < picture.size[0]
        assert 0 < box.y0 < box.y1 < picture.size[1]
        assert not any(box.overlaps(other) for other in boxes[:number])
