"""Rate maps and comparisons, drawn of studies made of numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.patches import Rectangle

from dropviz.core.comparison import Comparison
from dropviz.core.spec import RunSpec
from dropviz.core.sweep_result import Sweep
from dropviz.figures.comparison import curves, differences
from dropviz.figures.rate_map import margins, rate_map
from tests.studies.studies_made import compared, noise, swept

from .made import cut_off, overlaps, texts, words
from .test_theme import luminance

RATES = {"dropout": (0.0, 0.25, 0.5), "recurrent_dropout": (0.0, 0.4)}


def hill(spec: RunSpec) -> float:
    if (spec.dropout, spec.recurrent_dropout) == (0.5, 0.4):
        return math.nan
    away = abs(spec.dropout - 0.25) + abs(spec.recurrent_dropout - 0.4)
    return 0.9 - 0.2 * away + noise(spec.seed) + noise(int(1000 * away) + spec.seed, 0.001)


LONG = "lstm:m=gal-untied:d.123456:r.654321:@50%,d0"


def uneven(spec: RunSpec) -> float:
    if spec.method == "moon":
        return math.nan
    return 0.8 + 0.1 * float(spec.dropout) + noise(spec.seed * len(spec.method))


@pytest.fixture
def sweep(monkeypatch: pytest.MonkeyPatch) -> Sweep:
    return swept(monkeypatch, hill, **RATES, seeds=3)


@pytest.fixture
def comparison(monkeypatch: pytest.MonkeyPatch) -> Comparison:
    return compared(
        monkeypatch,
        lambda s: (
            math.nan
            if s.method == "moon"
            else 0.8 + 0.1 * s.dropout + noise(s.seed * len(s.method))
        ),
        methods=[
            "none",
            "keras",
            "gal-tied",
            "moon",
            "lstm:m=gal-untied:d.123456:r.654321:@50%,d0",
        ],
        seeds=4,
    )


def test_a_cell_is_as_dark_as_its_mean_is_good(sweep: Sweep) -> None:
    (axes,) = rate_map(sweep).axes
    squares = {
        (int(each.get_y()), int(each.get_x())): each
        for each in axes.patches
        if isinstance(each, Rectangle) and each.get_width() == 1
    }

    assert len(squares) == 6
    assert squares[2, 1].get_hatch() == "xxx"
    good = {place: each for place, each in squares.items() if place != (2, 1)}
    light = sorted(good, key=lambda place: luminance(good[place].get_facecolor()))
    means = [sweep.estimates[place].mean for place in light]
    assert means == sorted(means, reverse=True)


def test_the_best_has_a_star_and_what_cannot_be_told_from_it_a_dot(sweep: Sweep) -> None:
    picture = rate_map(sweep)

    marks = [each.text for each in texts(picture) if each.text in ("★", "•")]
    assert marks.count("★") == 1
    assert marks.count("•") == sweep.like_best.sum() - 1


def test_each_rate_by_itself_has_a_line_for_each_of_the_other(sweep: Sweep) -> None:
    left, right = margins(sweep).axes

    assert [len(axes.lines) for axes in (left, right)] == [2, 3]
    np.testing.assert_allclose(np.asarray(left.lines[0].get_ydata()), sweep.mean[:, 0])
    # Where a training broke there is no point.
    assert math.isnan(np.asarray(right.lines[2].get_ydata())[1])


def test_a_dot_is_the_difference_of_a_seed(comparison: Comparison) -> None:
    (axes,) = differences(comparison).axes
    dots = next(each for each in axes.collections if isinstance(each, PathCollection))
    first, keras = comparison.entries[:2]

    expected = [
        a.last("val_accuracy") - b.last("val_accuracy")
        for a, b in zip(keras.cells, first.cells, strict=True)
    ]
    np.testing.assert_allclose(np.asarray(dots.get_offsets())[:, 0], expected)


def dots_and_bars(picture: Any) -> list[tuple[Any, float]]:
    """The middles of dots, and how high the bar is, row by row in pixels of the screen."""
    (axes,) = picture.axes
    picture.canvas.draw()
    swarms = [each for each in axes.collections if len(each.get_offsets()) > 1]
    return [
        (
            np.asarray(axes.transData.transform(swarm.get_offsets())),
            axes.transData.transform((0, row))[1],
        )
        for row, swarm in enumerate(swarms)
    ]


@pytest.mark.parametrize(
    "score",
    [
        lambda s: 0.5 + s.seed / 16 + 0.25 * (s.dropout > 0),
        lambda s: 0.5 + round(10 * noise(7 * s.seed + int(4 * s.dropout)) / 0.02) / 50,
        lambda s: 0.5 + s.seed / 16 + (0.25 + s.seed / 9999) * (s.dropout > 0),
    ],
    ids=["all the same", "in steps", "nearly the same"],
)
def test_no_dot_hides_another_or_lies_behind_the_bar(
    monkeypatch: pytest.MonkeyPatch, score: Any
) -> None:
    found = compared(monkeypatch, score, methods=["none", "keras", "lstm:d.5"], seeds=5)
    picture = differences(found)

    (axes,) = picture.axes
    for dots, bar in dots_and_bars(picture):
        wide = math.sqrt(18) * picture.dpi / 72
        apart = np.linalg.norm(dots[:, None] - dots[None], axis=-1)[np.triu_indices(5, 1)]
        assert apart.min() > 0.99 * wide
        assert (dots[:, 1] - wide / 2 > bar + wide / 2).all()
        assert (dots[:, 1] + wide / 2 < axes.bbox.y1).all()


def test_dots_of_very_many_seeds_stay_in_their_row(monkeypatch: pytest.MonkeyPatch) -> None:
    found = compared(
        monkeypatch, lambda s: 0.25 * (s.dropout > 0), methods=["none", "keras"], seeds=500
    )
    picture = differences(found)

    ((dots, _),) = dots_and_bars(picture)
    assert dots[:, 1].max() < picture.axes[0].bbox.y1


def test_pictures_speak_of_one_seed_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = compared(monkeypatch, uneven, methods=["none", "keras"], seeds=1)

    assert "one seed; beside a name, the score at the end" in words(curves(found))
    assert "a diamond for the difference with the one seed" in words(differences(found))
    assert "interval" not in curves(found).alt + words(differences(found))


def test_differences_without_an_interval_are_drawn_without_a_word_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = compared(
        monkeypatch, lambda s: 0.25 * (s.dropout > 0), methods=["none", "keras"], seeds=3
    )

    assert "a diamond for their mean" in words(differences(found))
    assert "interval" not in words(differences(found))


def test_of_one_setting_the_curves_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    found = compared(monkeypatch, uneven, methods=["none"], seeds=3)

    assert found.figure().alt == curves(found).alt
    assert "none to compare it with" in words(differences(found))
    assert overlaps(texts(differences(found))) == []


def test_a_setting_without_a_score_says_so(comparison: Comparison) -> None:
    assert "no score" in words(differences(comparison))
    assert "no score" in str(comparison)


def test_it_is_said_which_intervals_are_of_95_of_100(sweep: Sweep, comparison: Comparison) -> None:
    bootstrap = "by bootstrap over the seeds, and too short with few of them"

    assert f"bands: intervals of the means {bootstrap}" in words(margins(sweep))
    assert "(paired, 3 seeds, 95 % each)" in words(rate_map(sweep))
    assert bootstrap in rate_map(sweep).alt
    assert "their mean, with Student's 95 % interval" in words(differences(comparison))
    assert f"with intervals {bootstrap}" in curves(comparison).alt


@pytest.mark.parametrize("draw", [rate_map, margins])
def test_nothing_of_a_sweep_is_cut_off_or_overlaps(sweep: Sweep, draw: Any) -> None:
    picture = draw(sweep)

    assert cut_off(texts(picture), picture.size) == []
    assert overlaps(texts(picture)) == []
    assert "0.25" in picture.alt


@pytest.mark.parametrize("draw", [differences, curves])
def test_nothing_of_a_comparison_is_cut_off_or_overlaps(comparison: Comparison, draw: Any) -> None:
    picture = draw(comparison)

    assert cut_off(texts(picture), picture.size) == []
    assert overlaps(texts(picture)) == []
    assert comparison.title in picture.alt


def test_results_draw_themselves(sweep: Sweep, comparison: Comparison) -> None:
    assert sweep.figure().size == (820, 480)
    assert sweep.figure("margins").size == (820, 360)
    assert comparison.figure().size[0] == comparison.figure("curves").size[0] == 820
