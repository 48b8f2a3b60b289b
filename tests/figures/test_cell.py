from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, RegularPolygon

from dropviz.core.curves import Curves
from dropviz.core.methods import METHODS, Rule
from dropviz.core.recording import Recording
from dropviz.core.runs import Run
from dropviz.core.setting import Setting
from dropviz.errors import DropvizError, UnknownNameError
from dropviz.figures import cell_geometry, colours
from dropviz.figures.cell import cell
from dropviz.figures.cell_scene import words as words_of
from dropviz.figures.colours import colour_of, on_white
from dropviz.figures.theme import Picture
from tests.tables import PLACES

from .made import (
    SETTINGS,
    Drawn,
    cut_off,
    of_setting,
    on_shapes,
    overlaps,
    recorded,
    texts,
    words,
)

X = {"x", "x.f", "x.i", "x.g", "x.o"}
H = {"h", "h.f", "h.i", "h.g", "h.o"}
# The edges that each method masks, read off its paper's equation.
MASKED = {
    "keras": (X | H) - {"x", "h"},
    "zaremba": X,
    "naive": X | H,
    "gal-tied": X | H,
    "gal-untied": (X | H) - {"x", "h"},
    "moon": X | {"c", "c.tanh", "c.out"},
    "semeniuta": X | {"g"},
    "zoneout": X | {"c.keep", "c.out", "h.keep", "h.out", "h.up"},
    "weight-drop": X | H - {"h"},
}
MARKS = {
    "keras": 8,
    "zaremba": 1,
    "naive": 2,
    "gal-tied": 2,
    "gal-untied": 8,
    "moon": 2,
    "semeniuta": 2,
    "zoneout": 3,
    "weight-drop": 5,
}
PUBLISHED = ("moon", "gal-tied", "semeniuta")


def arrows(picture: Picture) -> list[Any]:
    return picture.findobj(FancyArrowPatch)


def thick(picture: Picture) -> set[str]:
    """Names the edges that are drawn as masked ones."""
    return {str(arrow.get_label()) for arrow in arrows(picture) if arrow.get_linewidth() > 2}


def marks(picture: Picture) -> list[Any]:
    """Lists the diamonds, without that of the legend below."""
    found: list[Any] = [
        each for each in picture.findobj(RegularPolygon) if each.get_label() == "mark"
    ]
    return [each for each in found if not same_color(each.get_facecolor(), colours.INK)]


def colours_of(picture: Picture) -> dict[str, Any]:
    return {str(arrow.get_label()): arrow.get_edgecolor() for arrow in arrows(picture)}


# ---------------------------------------------------------------- which edges are masked


def test_every_method_of_the_table_is_tested() -> None:
    assert set(MASKED) == set(MARKS) == set(METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_masks_the_edges_of_its_equation(name: str) -> None:
    assert thick(cell(name)) == MASKED[name]


@pytest.mark.parametrize("name", METHODS)
def test_there_is_a_diamond_for_each_mask(name: str) -> None:
    assert len(marks(cell(name))) == MARKS[name]


@pytest.mark.parametrize("site", PLACES)
@pytest.mark.parametrize("tying", ["", "tied", "untied"])
def test_every_site_has_edges_and_marks_that_lie_on_them(site: str, tying: str) -> None:
    rule = Rule(site, "dropout", "step", tying, "inverted")
    lines = [np.array(cell_geometry.EDGES[name].points) for name in cell_geometry.edges(rule)]

    for x, y in cell_geometry.marks(rule):
        assert any(
            (line.min(axis=0) <= (x, y)).all() and (line.max(axis=0) >= (x, y)).all()
            for line in lines
        )


def test_masked_edges_differ_from_the_others_in_thickness_and_colour() -> None:
    picture = cell("moon")

    for arrow in arrows(picture):
        masked = arrow.get_label() in MASKED["moon"]
        assert same_color(arrow.get_edgecolor(), colours.INK) != masked
        assert arrow.get_linewidth() > 2.5 if masked else arrow.get_linewidth() < 1.5


def test_an_edge_has_the_colour_of_its_argument() -> None:
    drawn = colours_of(cell("zoneout"))

    assert same_color(drawn["x"], colours.BLUE)
    assert same_color(drawn["c.keep"], on_white(colour_of("recurrent_dropout")))
    assert same_color(drawn["h.keep"], on_white(colour_of("zoneout_hidden")))


def test_the_ways_round_are_drawn_for_zoneout_alone() -> None:
    for name in METHODS:
        assert ("c.keep" in colours_of(cell(name))) == (name == "zoneout")


@pytest.mark.parametrize(
    ("setting", "masked"),
    [
        (Setting("moon"), set()),
        (Setting("moon", 0.2), X),
        (Setting("moon", 0, 0.5), {"c", "c.tanh", "c.out"}),
        (Setting("keras", 0.2), X),
        (Setting("keras", 0.2, 0.1), (X | H) - {"x", "h"}),
        (Setting("zoneout", zoneout_hidden=0.1), {"h.keep", "h.out", "h.up"}),
        (Setting("zoneout", zoneout_cell=0.1), {"c.keep", "c.out"}),
    ],
    # A set's own text would name the test otherwise in each process.
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
def test_a_setting_masks_only_where_its_rate_is_above_zero(
    setting: Setting, masked: set[str]
) -> None:
    assert thick(cell(setting)) == masked


def test_the_published_comparison_is_three_panels_of_their_methods() -> None:
    picture = cell(*PUBLISHED)
    listed = [each.text for each in texts(picture)]

    assert [text for text in listed if text in ("Moon", "Gal, tied", "Semeniuta")] == [
        "Moon",
        "Gal, tied",
        "Semeniuta",
    ]
    assert len(arrows(picture)) == 3 * (len(cell_geometry.EDGES) - 2)


# ---------------------------------------------------------------- words


@pytest.mark.few("moon")
@pytest.mark.parametrize("name", METHODS)
def test_title_paper_summary_and_equation_come_from_the_table(name: str) -> None:
    method = METHODS[name]

    said = words(cell(name))

    for each in (method.title, method.paper, method.summary, method.equation):
        assert each in said


@pytest.mark.few("moon", "keras")
@pytest.mark.parametrize("name", METHODS)
def test_each_masked_site_is_described_under_the_cell(name: str) -> None:
    said = words(cell(name))

    for rule in METHODS[name].rules:
        assert re.search(rf"{rule.argument} [^:]*: {re.escape(words_of(rule))}", said)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            METHODS["keras"].rules[0],
            "one mask for each sequence, one for each gate; kept units times 1/(1-p)",
        ),
        (
            METHODS["naive"].rules[1],
            "a new mask at each step, shared by all gates; kept units times 1/(1-p)",
        ),
        (
            METHODS["moon"].rules[1],
            "one mask for each sequence; at inference all units times 1-p",
        ),
        (
            METHODS["zoneout"].rules[1],
            "a new mask at each step; at inference the mean, 1-p of the new and p of the old",
        ),
        (
            METHODS["weight-drop"].rules[1],
            "one mask for the whole batch, one for each gate; kept weights times 1/(1-p)",
        ),
        (Setting("keras", 0.2).rules[0], "kept units times 1/(1-p) = 1.25"),
        (Setting("moon", 0, 0.3).rules[1], "at inference all units times 1-p = 0.7"),
        (Rule("cell", "dropout", "step", "", "none"), "a new mask at each step; not scaled"),
        (
            Rule("cell", "dropout", "step", "", "none", by_sample=False),
            "a new mask at each step, the same for all samples; not scaled",
        ),
    ],
    ids=str,
)
def test_life_tying_and_scaling_are_put_in_words(rule: Rule, said: str) -> None:
    assert said in words_of(rule)


def test_a_setting_is_described_with_its_rates_and_options() -> None:
    said = words(cell(Setting("moon", 0, 0.5, life="step", scaling="inverted")))

    assert "recurrent_dropout=0.5" in said
    assert "a new mask at each step; kept units times 1/(1-p) = 2" in said
    assert "dropout=0 $x_t$ on its way into the gates: no mask" in said


def test_the_mask_of_the_weights_is_marked_with_u() -> None:
    assert sum(each.text == "$U$" for each in texts(cell("weight-drop"))) == 4
    assert not any(each.text == "$U$" for each in texts(cell("gal-untied")))


def test_zoneout_says_what_a_dropped_unit_keeps() -> None:
    said = words(cell("zoneout"))

    assert "dropped: keeps $c_{t-1}$" in said
    assert "dropped: keeps $h_{t-1}$" in said


@pytest.mark.parametrize("measured", [None, *PUBLISHED])
def test_the_measured_method_wears_a_tag(measured: str | None) -> None:
    picture = cell(*PUBLISHED, measured=measured)
    tags = [each for each in texts(picture) if each.text == "measured here"]

    assert len(tags) == (measured is not None)
    assert picture.alt.count("measured here") == len(tags)
    for tag in tags:
        panel = PUBLISHED.index(str(measured))
        assert 880 * panel / 3 < tag.box.x0 < tag.box.x1 < 880 * (panel + 1) / 3


def test_the_legend_explains_four_boxes_only_where_there_are_four() -> None:
    assert "four marks: one for each gate" in words(cell("gal-untied"))
    assert "four marks" not in words(cell("gal-tied"))


# ---------------------------------------------------------------- alt text


@pytest.mark.few(7)
@pytest.mark.parametrize("name", SETTINGS)
def test_the_alt_text_tells_each_masked_site(name: str) -> None:
    setting = SETTINGS[name]

    alt = cell(setting).alt

    assert setting.row.title in alt
    assert setting.row.paper in alt
    for rule in setting.rules:
        told = f"{rule.site} ({setting.argument(rule)}={rule.rate:.3g})"
        assert (told in alt) == (rule.rate > 0)
        assert (words_of(rule) in alt) or not rule.rate
    assert ("No edge is marked." in alt) == all(rule.rate == 0 for rule in setting.rules)
    assert "$" not in alt


def test_the_alt_text_counts_the_panels() -> None:
    assert cell("moon").alt.startswith("The inside of one LSTM cell, 1 panel. Moon (RNNDrop")
    assert cell(*PUBLISHED).alt.startswith("The inside of one LSTM cell, 3 panels.")


# ---------------------------------------------------------------- bad input


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(DropvizError, match=r"one panel for each method.*cell\(\"keras\"\)"):
        cell()


def test_an_unknown_method_names_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match=r"Did you mean 'semeniuta'\?"):
        cell("semenuita")


def test_a_measured_method_that_is_not_drawn_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="keras"):
        cell("moon", "gal-tied", measured="keras")


# ---------------------------------------------------------------- from a run


def run_of(recording: Recording) -> Run:
    return Run(None, Curves({"loss": [1.0]}), recording, "done", 1.0, "")


@pytest.mark.parametrize("name", ["keras", "moon", "zoneout with two rates", "semeniuta alone"])
def test_a_run_draws_the_cell_of_its_layer(name: str) -> None:
    layer = of_setting(SETTINGS[name])

    picture = run_of(Recording.of({"lstm": layer})).figure("cell")

    assert picture.alt == cell(SETTINGS[name]).alt


def test_a_run_of_another_kind_of_layer_says_that_it_has_no_such_cell() -> None:
    with pytest.raises(DropvizError, match=r"LSTM's. Received: 'gru', of kind GRU"):
        run_of(Recording.of({"gru": recorded(kind="GRU", layer="gru")})).figure("cell")


# ---------------------------------------------------------------- layout


CASES: dict[str, tuple[Setting | str, ...]] = {
    **{name: (name,) for name in METHODS},
    **{f"setting: {name}": (setting,) for name, setting in SETTINGS.items()},
    "3 panels": PUBLISHED,
    "4 panels": ("keras", "zoneout", "weight-drop", "naive"),
    "9 panels": tuple(METHODS),
}


@cache
def drawn(name: str) -> tuple[Picture, list[Drawn]]:
    """Draws a case once: the picture and its texts."""
    first = CASES[name][0]
    measured = first if isinstance(first, str) else first.method
    picture = cell(*CASES[name], measured=measured)
    return picture, texts(picture)


@pytest.mark.few(1)
@pytest.mark.parametrize("name", CASES)
def test_no_text_is_cut_off_or_lies_on_anything(name: str) -> None:
    picture, found = drawn(name)

    assert cut_off(found, picture.size) == []
    assert overlaps(found) == []
    assert on_shapes(picture, found) == []


@pytest.mark.parametrize(
    ("name", "width"), [("moon", 304), ("3 panels", 880), ("4 panels", 880), ("9 panels", 880)]
)
def test_a_panel_is_as_wide_as_in_a_row_of_three(name: str, width: int) -> None:
    assert drawn(name)[0].size[0] == width


def test_panels_stand_in_rows_of_three() -> None:
    heights = {name: drawn(name)[0].size[1] for name in ("3 panels", "4 panels", "9 panels")}

    # Two rows and three: each is as high as its words are long, and the legend is there once.
    assert 1.7 < heights["4 panels"] / heights["3 panels"] < 2.3
    assert 2.6 < heights["9 panels"] / heights["3 panels"] < 3.4


@pytest.mark.parametrize("name", ["keras", "9 panels"])
def test_the_words_of_a_gate_stay_within_its_box(name: str) -> None:
    picture, found = drawn(name)
    boxes: list[Any] = [b for b in picture.findobj(FancyBboxPatch) if b.get_width() == 36]
    extents = [box.get_window_extent() for box in boxes]
    functions = [each for each in found if each.text in ("tanh", r"$\sigma$")]

    assert len(functions) == len(boxes) > 4
    for each in functions:
        assert any(
            box.x0 + 2 < each.box.x0 and each.box.x1 < box.x1 - 2 and box.y0 < each.box.y0
            for box in extents
        )


def test_edges_of_neighbours_stay_apart() -> None:
    for edge in cell_geometry.EDGES.values():
        xs, ys = zip(*edge.points, strict=True)
        assert min(xs) >= 0
        assert max(xs) <= cell_geometry.WIDTH
        assert min(ys) >= 0
        assert max(ys) <= cell_geometry.HEIGHT
