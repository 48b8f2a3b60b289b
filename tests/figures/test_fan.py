from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from dropviz.core.doubt import Doubt
from dropviz.figures.fan import fan

from .made import cut_off, texts, words

RNG = np.random.default_rng(4)


def made(*shape: int, still: bool = False) -> Doubt:
    outputs = np.zeros((9, *shape)) if still else RNG.normal(size=(9, *shape))
    return Doubt(outputs.astype("float32"), np.zeros(shape), model="net$1$ with a name")


SHAPES = {
    "a number a sample": ((40, 1), "sample", 40),
    "few samples": ((4,), "sample", 4),
    "classes": ((6, 10), "output", 10),
    "steps": ((3, 50, 2), "step", 50),
}


@pytest.mark.parametrize("name", SHAPES)
def test_what_runs_across_are_samples_outputs_or_steps(name: str) -> None:
    shape, across, places = SHAPES[name]
    doubt = made(*shape)
    picture = fan(doubt, sample=1)
    (axes,) = picture.axes

    assert axes.get_xlabel() == across
    mean, off = (np.asarray(line.get_ydata()) for line in axes.lines)
    assert len(mean) == len(off) == places
    outputs = doubt.outputs.reshape(9, *shape)
    chosen: dict[str, Any] = {
        "classes": (slice(None), 1),
        "steps": (slice(None), 1, slice(None), 0),
    }
    np.testing.assert_allclose(mean, outputs[chosen.get(name, ...)].mean(0).ravel(), rtol=1e-5)


@pytest.mark.parametrize("places", [2, 3, 4, 10, 20])
def test_no_tick_stands_between_two_samples(places: int) -> None:
    (axes,) = fan(made(places)).axes

    ticks = np.asarray(axes.get_xticks())

    assert (ticks == ticks.round()).all()


def test_a_band_lies_between_the_quantiles() -> None:
    doubt = made(40, 1)
    (axes,) = fan(doubt).axes
    polygons: list[Any] = [each for each in axes.collections if isinstance(each, PolyCollection)]

    heights = polygons[0].get_paths()[0].vertices[:, 1]
    # Nine passes are too few for nine tenths.
    passes = np.sort(doubt.outputs, axis=0)
    assert heights.min() == pytest.approx(passes[0].min())
    assert heights.max() == pytest.approx(passes[-1].max())
    # One more pass lies below the k-th of nine in k of ten cases.
    heights = polygons[1].get_paths()[0].vertices[:, 1]
    assert heights.min() == pytest.approx((passes[1] + passes[2]).min() / 2)
    assert heights.max() == pytest.approx((passes[6] + passes[7]).max() / 2)
    assert [each.get_label() for each in polygons] == ["lowest to highest pass", "50% band"]


@pytest.mark.parametrize("places", [4, 40])
def test_a_band_has_a_line_around_it_and_is_told_from_the_other_in_grey(places: int) -> None:
    (axes,) = fan(made(places, 1)).axes
    found: list[Any] = axes.patches if places == 4 else axes.collections  # type: ignore[assignment]

    faces = [np.ravel(each.get_facecolor()) for each in found]
    edges = [np.ravel(each.get_edgecolor()) for each in found]
    assert all(edge[3] == 1 for edge in edges)
    darkness = sorted({round(float(face[3] * (1 - face[:3].mean())), 3) for face in faces})
    assert len(darkness) == 2
    assert darkness[1] - darkness[0] > 0.08


def test_both_axes_say_what_they_are() -> None:
    (axes,) = fan(made(4)).axes

    assert (axes.get_xlabel(), axes.get_ylabel()) == ("sample", "prediction")


def test_enough_passes_have_a_band() -> None:
    many = Doubt(RNG.normal(size=(19, 40, 1)), np.zeros((40, 1)))
    (axes,) = fan(many).axes

    labels = axes.get_legend_handles_labels()[1]
    assert labels[:2] == ["90% band", "50% band"]


@pytest.mark.parametrize("name", SHAPES)
def test_nothing_is_cut_off_and_the_alt_text_tells_the_spread(name: str) -> None:
    picture = fan(made(*SHAPES[name][0]))

    assert cut_off(texts(picture), picture.size) == []
    assert "Standard deviation" in picture.alt


def test_where_nothing_varies_the_picture_says_so() -> None:
    assert "nothing varies here" in words(fan(made(4, 1, still=True)))
