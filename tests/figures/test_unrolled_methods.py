"""Figure 1 for every method."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import same_color, to_hex
from matplotlib.patches import Circle

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.method_options import OPTIONS, RATES
from dropviz.core.methods import METHODS
from dropviz.core.setting import Setting
from dropviz.figures import colours
from dropviz.figures.colours import on_white
from dropviz.figures.mask_letters import marks
from dropviz.figures.theme import Picture
from dropviz.figures.unrolled import where
from tests.tables import ZONED

from .made import (
    SETTINGS,
    Drawn,
    cut_off,
    of_setting,
    on_shapes,
    overlaps,
    squares,
    texts,
    words,
)
from .test_unrolled import arrows as arrows_of
from .test_unrolled import colours_of_arrows, drawn_badges, letters

# Enough units that no mask comes twice by luck.
WIDE: dict[str, Any] = {"units": 40, "features": 40}


@cache
def drawn(name: str, steps: int) -> tuple[Picture, list[Drawn]]:
    """Draws a setting once: the picture and its texts."""
    picture = where(of_setting(SETTINGS[name], steps=steps, samples=1))
    return picture, texts(picture)


def expected(layer: LayerRecording) -> list[tuple[str, str, int]]:
    """The places that a mask passed, in words of one's own."""
    last = layer.require_batch().time_steps - 1
    shown = [step for step in range(last + 1) if step < 3 or step == last]
    into, out = shown[1:], [step - 1 for step in shown[1:]] + [last]
    steps = {
        ("x", "input"): shown,
        ("g", "candidate"): shown,
        # A layer of one step may have been called with a state, which its mask multiplied.
        ("h", "recurrent"): into or shown,
        ("h", "recurrent_kernel"): into,
        ("c", "cell"): out,
        ("c", "cell_update"): out,
        ("h", "hidden_update"): out,
        ("up", "hidden_update"): shown,
    }
    return [
        (arrow, site, step)
        for (arrow, site), places in steps.items()
        if site in layer and not layer[site].reason
        for step in places
    ]


# ---------------------------------------------------------------- which mask is which


@pytest.mark.parametrize("name", SETTINGS)
def test_a_mask_has_a_letter_for_as_long_as_it_lives(name: str) -> None:
    layer = of_setting(SETTINGS[name], **WIDE)

    for rule in SETTINGS[name].rules:
        lives = {"step": 6, "sequence": 1}[rule.life] if rule.rate else 0
        assert len(set(letters(layer, rule.site))) == lives


@pytest.mark.few(9)
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("steps", [1, 2, 4, 6])
def test_every_arrow_that_a_mask_passed_carries_its_letter(name: str, steps: int) -> None:
    layer = of_setting(SETTINGS[name], steps=steps, samples=1)
    found = marks(layer, -1, 0)
    badges = Counter(found[site, step].letter for _, site, step in expected(layer))

    assert drawn_badges(drawn(name, steps)[0]) == badges


def test_zoneout_over_four_steps_has_twelve_letters_in_the_order_of_the_steps() -> None:
    layer = of_setting(SETTINGS["zoneout"], steps=4, **WIDE)

    assert letters(layer, "input") == "ADGJ"
    assert letters(layer, "hidden_update") == "BEHK"
    assert letters(layer, "cell_update") == "CFIL"


@pytest.mark.few
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("steps", [4, 6])
def test_two_masks_of_a_site_in_one_picture_have_two_colours(name: str, steps: int) -> None:
    layer = of_setting(SETTINGS[name], steps=steps, **WIDE)
    found = marks(layer, -1, 0)
    drawn = [(site, found[site, step]) for _, site, step in expected(layer)]

    for site in layer:
        here = [mark for its, mark in drawn if its == site]
        assert len({mark.colour for mark in here}) == len({mark.letter for mark in here})


# ---------------------------------------------------------------- what is drawn


@pytest.mark.parametrize("name", SETTINGS)
def test_arrows_are_coloured_by_their_mask_and_the_others_are_grey(name: str) -> None:
    layer = of_setting(SETTINGS[name], steps=4, samples=1)
    found = marks(layer, -1, 0)
    masked = expected(layer)
    masked_ones = Counter(on_white(found[site, step].colour) for _, site, step in masked)
    # Four vertical arrows in, four out, and three of h and of c between the cells.
    plain = 14 - sum(arrow != "g" for arrow, _, _ in masked)
    plain += sum(site in ("cell", *ZONED) and a != "up" and step == 3 for a, site, step in masked)

    assert colours_of_arrows(drawn(name, 4)[0]) == +(masked_ones + Counter({colours.FAINT: plain}))


@pytest.mark.parametrize("name", ["moon", "zoneout", "zoneout of h alone"])
def test_what_leaves_the_last_step_has_an_arrow_that_ends_within_the_picture(name: str) -> None:
    ends = [arrow.get_path().vertices[:, 0].max() for arrow in arrows_of(drawn(name, 6)[0])]

    assert 840 < max(ends) < 880


@pytest.mark.parametrize("name", ["semeniuta", "semeniuta alone"])
def test_the_mask_of_the_candidate_is_drawn_inside_the_cell(name: str) -> None:
    layer = of_setting(SETTINGS[name], steps=4, samples=1)
    found = marks(layer, -1, 0)
    picture, said = drawn(name, 4)
    first = found["candidate", 0]

    discs = [disc for disc in picture.findobj(Circle) if disc.get_radius() < 12]
    inside = [disc for disc in discs if 234 < disc.center[1] < 318]

    assert len(inside) == 4
    assert same_color(inside[0].get_facecolor(), on_white(first.colour))
    assert sum(each.text == "$g$" for each in said) == 4


@pytest.mark.parametrize("units", [1, 4, 6, 40])
def test_the_mask_of_the_weights_is_a_matrix_for_each_gate(units: int) -> None:
    layer = of_setting(SETTINGS["weight drop alone"], steps=3, units=units)
    matrices = layer["recurrent_kernel"].of_batch()[0, :, 0].reshape(4, units, units)[:, :6, :6]

    small = [each for each in squares(where(layer)) if each.width < 6]
    white = [each for each in small if same_color(each.face, "white")]

    # It is drawn on both arrows of h.
    assert len(small) == 2 * matrices.size
    assert len(white) == 2 * int((matrices == 0).sum())


def test_a_matrix_has_the_units_that_weights_come_from_as_rows() -> None:
    layer = of_setting(SETTINGS["weight drop alone"], steps=2, units=3)
    mask = np.ones((4, 3, 3), "float32")
    mask[1, 0, 2] = 0  # from unit 0 to unit 2, at the forget gate
    layer["recurrent_kernel"].values[-1, 0, :, 0] = mask.reshape(4, 9)

    small = [each for each in squares(where(layer)) if each.width < 6]
    (white,) = [each for each in small if same_color(each.face, "white")]

    f = sorted(small, key=lambda each: (-each.y, each.x))[:6][3:]
    assert (white.x, white.y) == (f[2].x, f[2].y)


def test_zoneout_colours_both_ways_that_h_takes() -> None:
    layer = of_setting(SETTINGS["zoneout of h alone"], steps=2, **WIDE)
    drawn_ones = [to_hex(a.get_edgecolor()) for a in arrows_of(where(layer))]
    found = marks(layer, -1, 0)

    for step in range(2):
        assert drawn_ones.count(on_white(found["hidden_update", step].colour)) == 2


def test_a_mask_on_the_way_up_has_its_place() -> None:
    rule = replace(METHODS["moon"].rules[1], site="output")
    layer = of_setting(Setting("moon", 0.2, 0.5), steps=3)
    cell = layer["cell"]
    masks = {"input": layer["input"], rule.site: replace(cell, site=rule.site)}
    layer = LayerRecording("lstm", "LSTM", 9, 50, masks, setting=layer.setting)

    picture = where(layer)

    assert drawn_badges(picture)[marks(layer, -1, 0)["output", 0].letter] == 3
    assert "The output arrows carry the masks" in picture.alt
    assert on_shapes(picture, texts(picture)) == []


# ---------------------------------------------------------------- words


@pytest.mark.parametrize("name", SETTINGS)
def test_each_masked_site_has_the_argument_that_was_given_beside_it(name: str) -> None:
    picture, said = drawn(name, 6)
    setting = SETTINGS[name]
    listed = Counter(each.text for each in said)

    # zoneout's one rate is that of two sites.
    given = Counter(setting.argument(rule) for rule in setting.rules if rule.rate)
    assert {each: listed[each] for each in (*RATES, *OPTIONS)} == {
        each: given[each] for each in (*RATES, *OPTIONS)
    }
    assert picture.alt


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("keras", "LSTM(9, dropout=0.2, recurrent_dropout=0.5)"),
        ("zaremba", 'LSTM(9, method="zaremba", dropout=0.2)'),
        ("moon", 'LSTM(9, method="moon", dropout=0.2, recurrent_dropout=0.5)'),
        (
            "zoneout with two rates",
            'LSTM(9, method="zoneout", dropout=0.2, zoneout_cell=0.5, zoneout_hidden=0.1)',
        ),
        (
            "moon at each step",
            'recurrent_dropout=0.123, life="step", scaling="inverted")',
        ),
        ("moon without rates", 'LSTM(9, method="moon")'),
    ],
)
def test_the_heading_is_the_call_that_makes_the_layer(name: str, heading: str) -> None:
    assert heading in " ".join(" ".join(each.text for each in drawn(name, 6)[1]).split())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("weight-drop", "masks the weights $U$"),
        ("zoneout", "with zoneout a dropped unit keeps its old value"),
    ],
)
def test_what_is_not_a_unit_set_to_zero_is_said(name: str, said: str) -> None:
    assert said in words(drawn(name, 6)[0])
    assert said not in words(drawn("moon", 6)[0])


def test_gates_are_named_only_where_they_have_masks() -> None:
    assert words(drawn("moon", 6)[0]).count("all gates") == 1
    assert words(drawn("naive", 6)[0]).count("all gates") == 2


def test_one_step_of_weight_drop_says_that_there_is_nothing_to_multiply() -> None:
    assert "masked weights times zero are zero" in words(drawn("weight-drop", 1)[0])


# ---------------------------------------------------------------- alt text


@pytest.mark.few
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("steps", [1, 6])
def test_the_alt_text_names_the_letters_that_are_drawn(name: str, steps: int) -> None:
    picture, _ = drawn(name, steps)

    listed = re.findall(r"carry the masks? ([^;]*);", picture.alt)

    assert Counter(letter for each in listed for letter in each.split(", ")) == drawn_badges(
        picture
    )


@pytest.mark.parametrize("name", SETTINGS)
def test_the_alt_text_tells_what_was_measured_at_each_site(name: str) -> None:
    for masks in of_setting(SETTINGS[name], steps=6, samples=1).values():
        assert masks.sentence in drawn(name, 6)[0].alt


def test_the_alt_text_names_the_arrows_without_masks() -> None:
    moon, zoneout = (drawn(name, 6)[0].alt for name in ("moon", "zoneout"))

    assert "Horizontal arrows (h) carry no mask." in moon
    assert "The output arrows carry no mask." in moon
    assert "The arrows of the memory c carry the masks" in moon
    assert "carry no mask" not in zoneout
    assert "a dropped unit keeps its value of c" in zoneout


# ---------------------------------------------------------------- layout


@pytest.mark.few(6)
@pytest.mark.parametrize("steps", [1, 2, 6])
@pytest.mark.parametrize("name", SETTINGS)
def test_no_text_is_cut_off_or_lies_on_anything(name: str, steps: int) -> None:
    picture, found = drawn(name, steps)

    assert cut_off(found, picture.size) == []
    assert overlaps(found) == []
    assert on_shapes(picture, found) == []
    assert picture.size == (880, 486)


@pytest.mark.few
@pytest.mark.parametrize("changed", [{"steps": 2000}, {"units": 1, "features": 1}, WIDE], ids=str)
@pytest.mark.parametrize("name", ["zoneout", "weight-drop", "semeniuta", "moon"])
def test_layers_of_any_size_fit(name: str, changed: dict[str, Any]) -> None:
    picture = where(of_setting(SETTINGS[name], samples=1, batches=1, **changed))
    found = texts(picture)

    assert cut_off(found, picture.size) == []
    assert overlaps(found) == []
    assert on_shapes(picture, found) == []
