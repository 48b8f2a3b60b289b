"""What the repository keeps of the studies: complete, and shown and said as it was measured."""

from __future__ import annotations

import io
import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.lines import Line2D
from PIL import Image

from dropviz.figures.theme import Picture
from studies import temporal_order
from studies.papers import RESULTS, STUDIES
from studies.readme import readme
from studies.report import Report
from studies.study_results import Results, estimate, load
from studies.temporal_order_report import PUBLISHED, fullest, lengths_of, settings_at
from tests.figures.made import cut_off, overlaps, texts

KEPT = {name: load(RESULTS / f"{name}.json") for name in STUDIES}
README = " ".join((Path(__file__).parents[2] / "README.md").read_text("utf-8").split())


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    return {name: STUDIES[name].report(results) for name, results in KEPT.items()}


def picture_of(name: str, reports: dict[str, Report]) -> Picture:
    return reports[name].pictures[name]


def lines(picture: Picture, axes: int, **wanted: Any) -> list[Line2D]:
    """The lines of some axes that have some properties, in the order of drawing."""
    return [
        line
        for line in picture.axes[axes].get_lines()
        if all(line.properties()[name] == value for name, value in wanted.items())
    ]


def expected_rows(results: Results) -> int:
    """How many nets there must be, of how much was chosen."""
    chosen = results.chosen
    if results.study == "tied-untied":
        return sum(3 * len(case["seeds"]) for case in chosen["cases"])
    seeds = len(chosen["seeds"])
    if results.study == "temporal-order":
        return sum(len(each["settings"]) for each in chosen["lengths"]) * seeds
    if results.study == "blow-up":
        return 3 * len(chosen["rates"]) * seeds
    if results.study == "memory-horizon":
        return (1 + len(chosen["methods"]) * (len(chosen["rates"]) - 1)) * seeds
    return seeds


# ---------------------------------------------------------------- complete


@pytest.mark.parametrize("name", STUDIES)
def test_all_that_was_chosen_is_there_and_was_chosen_in_full(name: str) -> None:
    results = KEPT[name]

    assert results.chosen == json.loads(json.dumps(vars_of(STUDIES[name].size)))
    assert len(results.rows) == expected_rows(results)
    assert all(row.get("status", "done") in ("done", "failed") for row in results.rows)
    assert results.command == f"python -m studies papers {name}"
    assert {"python", "dropviz", "keras", "numpy", "tensorflow"} <= {*results.versions}
    assert results.seconds > 0


def vars_of(size: Any) -> Any:
    return (
        {k: vars_of(v) for k, v in vars(size).items()}
        if hasattr(size, "__dict__")
        else ([vars_of(each) for each in size] if isinstance(size, tuple) else size)
    )


def test_temporal_order_has_the_methods_that_are_argued_about_and_enough_of_each() -> None:
    results = KEPT["temporal-order"]
    rows = results.rows

    assert {row["method"] for row in rows} >= {
        *("none", "moon", "gal-tied", "gal-untied", "semeniuta", "zoneout")
    }
    of = {m: results.select(method=m) for m in ("moon", "semeniuta")}
    assert all({row["life"] for row in each} == {"step", "sequence"} for each in of.values())
    assert all({r["scaling"] for r in each} == {"inverted", "test-time"} for each in of.values())
    assert len(results.chosen["seeds"]) >= 5


def test_an_interval_holds_its_mean() -> None:
    results = KEPT["temporal-order"]

    for length in lengths_of(results):
        for setting in settings_at(results, length):
            for score in ("train", "test", "test_masks_on"):
                found = estimate(results.select(length=length, setting=setting), score)
                assert found.low <= found.mean <= found.high
                assert found.low >= 0
                assert found.high <= 1


# ---------------------------------------------------------------- shown as measured


def test_the_page_is_what_the_results_say(reports: dict[str, Report]) -> None:
    assert (RESULTS / "README.md").read_text("utf-8") == readme(KEPT, reports)


@pytest.mark.parametrize("name", STUDIES)
def test_a_kept_picture_was_drawn_from_these_results(name: str, reports: dict[str, Report]) -> None:
    for kept, drawn in reports[name].pictures.items():
        with Image.open(io.BytesIO((RESULTS / f"{kept}.png").read_bytes())) as opened:
            assert opened.info["Description"] == drawn.alt
            # Twice as dense as it is wide on a page.
            assert opened.size == tuple(2 * side for side in drawn.size)


@pytest.mark.parametrize("name", STUDIES)
def test_no_word_of_a_picture_is_cut_off_or_lies_on_another(
    name: str, reports: dict[str, Report]
) -> None:
    picture = picture_of(name, reports)

    found = texts(picture)

    assert cut_off(found, picture.size) == []
    assert overlaps(found) == []


def test_temporal_order_draws_the_means_of_its_rows(reports: dict[str, Report]) -> None:
    results, picture = KEPT["temporal-order"], picture_of("temporal-order", reports)
    marks = {"train": "o", "test": "D", "test_masks_on": "s"}

    for number, length in enumerate(lengths_of(results)):
        for score, mark in marks.items():
            drawn = [
                np.asarray(line.get_xdata())[0] for line in lines(picture, number, marker=mark)
            ]
            wanted = [
                np.mean([row[score] for row in results.select(length=length, setting=setting)])
                for setting in settings_at(results, length)
            ]
            np.testing.assert_allclose(drawn, wanted, rtol=1e-12)


def test_tied_untied_draws_the_means_of_its_rows(reports: dict[str, Report]) -> None:
    results, picture = KEPT["tied-untied"], picture_of("tied-untied", reports)
    marks = {"masks_off": "D", "single_pass": "s", "averaged": "o"}

    for number, case in enumerate(results.chosen["cases"]):
        scale = math.log(2) if case["task"] == "language" else 1
        for how, mark in marks.items():
            drawn = [
                np.asarray(line.get_xdata())[0] for line in lines(picture, number, marker=mark)
            ]
            rows = [
                results.select(task=case["task"], rate=case["rate"], setting=setting)
                for setting in ("none", "gal-tied", "gal-untied")
            ]
            wanted = [np.mean([row[f"loss_{how}"] for row in each]) / scale for each in rows]
            np.testing.assert_allclose(drawn, wanted, rtol=1e-12)


def test_blow_up_draws_the_medians_of_its_rows(reports: dict[str, Report]) -> None:
    results, picture = KEPT["blow-up"], picture_of("blow-up", reports)

    drawn = [line.get_ydata() for line in lines(picture, 0, linewidth=2.4)]
    wanted = []
    for cell, masked in (("keras.layers.GRU", "copy"), ("StateMasked", "state")):
        rows = results.select(cell=cell, masked=masked, rate=0.5)
        values = np.asarray([row["largest"] for row in rows], np.float64)
        wanted.append(np.median(values, axis=0))

    assert len(drawn) == 3
    for one, other in zip(drawn[:2], wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_memory_horizon_draws_the_means_of_its_rows(reports: dict[str, Report]) -> None:
    results, picture = KEPT["memory-horizon"], picture_of("memory-horizon", reports)

    for number, method in enumerate(results.chosen["methods"]):
        accuracy, reach = (lines(picture, 2 * number + side, linewidth=2) for side in (0, 1))
        for rate, left, right in zip(results.chosen["rates"], accuracy, reach, strict=True):
            rows = results.select(method=method if rate else "none", rate=rate)
            for line, name in ((left, "accuracy_masks_off"), (right, "reach_h_masks_on")):
                wanted = np.mean([row[name] for row in rows], axis=0)
                np.testing.assert_allclose(np.asarray(line.get_ydata()), wanted, rtol=1e-12)


def test_honest_curve_draws_the_medians_of_its_rows(reports: dict[str, Report]) -> None:
    results, picture = KEPT["honest-curve"], picture_of("honest-curve", reports)

    drawn = [np.asarray(line.get_ydata()) for line in picture.axes[0].get_lines()]
    for name in ("loss", "loss_dropout_on", "loss_dropout_off", "val_loss"):
        wanted = np.median([row[name] for row in results.rows], axis=0)
        assert any(len(each) == len(wanted) and np.allclose(each, wanted) for each in drawn), name


# ---------------------------------------------------------------- said as measured


def test_old_and_new_grus_are_told_apart_by_what_they_mask() -> None:
    results = KEPT["blow-up"]

    for row in results.rows:
        sizes = [math.inf if each is None else each for each in row["largest"]]
        assert (max(sizes) > 1e25) == (row["masked"] == "state" and row["rate"] == 0.5), row["cell"]


def test_published_figures_stand_only_where_there_are_such_settings() -> None:
    assert {*PUBLISHED} <= {*temporal_order.SETTINGS}


@pytest.mark.parametrize("name", ["temporal-order", "memory-horizon"])
def test_the_readme_shows_pictures_that_are_there_with_alt_text(name: str) -> None:
    alt = re.search(rf"!\[([^]]+)\]\(studies/results/{name}\.png\)", README)

    assert alt is not None
    assert len(alt[1]) > 40
    assert (RESULTS / f"{name}.png").exists()


@pytest.mark.parametrize(
    ("setting", "score"), [("moon", "test_masks_on"), ("moon", "test"), ("semeniuta", "test")]
)
def test_the_readme_says_what_was_measured(setting: str, score: str) -> None:
    results = KEPT["temporal-order"]
    length = fullest(results)

    found = estimate(results.select(length=length, setting=setting), score)

    assert str(found) in README


# ---------------------------------------------------------------- nets that fail


def failing(name: str) -> Results:
    """The results as if some nets had failed: all of one rate, or one after its first epoch."""
    results = KEPT[name]
    rate = results.rows[-1].get("rate")

    def failed(row: Any, number: int) -> Any:
        if name == "honest-curve":
            # Curves end with the epoch in which a net failed.
            cut = {key: value[:1] for key, value in row.items() if isinstance(value, list)}
            return row | (cut | {"status": "failed"} if number == 0 else {})
        nothing = {key: None for key, value in row.items() if isinstance(value, list)}
        scores = {key: None for key in ("train", "test") if key in row}
        return row | (nothing | scores | {"status": "failed"} if row["rate"] == rate else {})

    return replace(results, rows=[failed(row, n) for n, row in enumerate(results.rows)])


@pytest.mark.parametrize("name", ["honest-curve", "memory-horizon"])
def test_nets_that_fail_leave_the_others_to_be_reported(name: str) -> None:
    results = failing(name)

    made = STUDIES[name].report(results)

    assert any("ailed" in sentence for sentence in made.sentences)
    for picture in made.pictures.values():
        assert picture.png()
