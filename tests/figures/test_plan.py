from __future__ import annotations

import re
from collections import Counter
from functools import cache

import numpy as np
import pytest
from matplotlib.colors import same_color, to_hex

from dropviz.core.sentences import intentions
from dropviz.core.setting import Setting
from dropviz.figures import colours
from dropviz.figures.mask_letters import planned, steps_drawn
from dropviz.figures.theme import Picture
from dropviz.figures.unrolled import plan, where

from .made import SETTINGS, Drawn, cut_off, of_setting, on_shapes, overlaps, squares, texts
from .test_unrolled import colours_of_arrows, drawn_badges

CASES = {
    **SETTINGS,
    "keras, dropout alone": Setting("keras", 0.2),
    "keras, recurrent_dropout alone": Setting("keras", 0, 0.5),
    "keras, none": Setting("keras"),
    "long rates": Setting("keras", 1 / 3, 0.123456789),
}
STEPS = [1, 2, 3, 4, 9, 30]


@cache
def drawn(name: str, steps: int = 9) -> tuple[Picture, list[Drawn]]:
    """Draws a case once: the picture and its texts."""
    picture = plan(CASES[name], 16, 8, steps)
    return picture, texts(picture)


# ---------------------------------------------------------------- no mask is drawn


@pytest.mark.few(4)
@pytest.mark.parametrize("name", CASES)
def test_no_square_is_filled_or_crossed(name: str) -> None:
    picture, _ = drawn(name)

    for square in squares(picture):
        red, green, blue, alpha = square.face
        assert alpha < 0.3
        assert not same_color((float(red), float(green), float(blue)), "white")
        assert not square.crossed


def test_a_cross_would_be_found() -> None:
    assert sum(each.crossed for each in squares(where(of_setting(CASES["keras"])))) > 10


@pytest.mark.parametrize("name", CASES)
def test_a_planned_mask_holds_no_number(name: str) -> None:
    layer, found = planned(CASES[name], 5, 3, 9)

    assert layer.batches == 0
    assert all(np.isnan(mark.mask).all() for mark in found.values())
    assert all(masks.entries == 0 for masks in layer.values())


@pytest.mark.few(6)
@pytest.mark.parametrize("name", CASES)
def test_the_words_say_that_nothing_is_drawn_yet(name: str) -> None:
    picture, found = drawn(name)
    said = " ".join(each.text for each in found)

    assert "nothing has been trained, and no mask drawn yet" in said
    assert "kept or dropped: to be drawn" in said
    for word in ("recorded", "unit kept", "unit dropped"):
        assert word not in said
    assert picture.alt.startswith("A plan, before anything is trained. ")


@pytest.mark.parametrize("name", CASES)
def test_the_alt_text_says_what_the_settings_will_do(name: str) -> None:
    picture, _ = drawn(name)

    assert picture.alt.endswith(" ".join(intentions(CASES[name])))


# ---------------------------------------------------------------- what will be where


@pytest.mark.few
@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("name", CASES)
def test_there_is_one_letter_for_each_mask_by_its_life(name: str, steps: int) -> None:
    rules = {rule.site: rule for rule in CASES[name].rules if rule.rate}
    if steps == 1:
        rules.pop("recurrent", None)  # h_0 is zero

    _, found = planned(CASES[name], 16, 8, steps)

    assert set(found) == {(site, step) for site in rules for step in range(steps)}
    letters: dict[str, list[str]] = {}
    for (site, _), mark in found.items():
        letters.setdefault(site, []).append(mark.letter)
    for site, each in letters.items():
        assert len(set(each)) == (steps if rules[site].life == "step" else 1)
    # No letter serves two sites.
    assert sum(len(set(each)) for each in letters.values()) == len(
        {mark.letter for mark in found.values()}
    )


@pytest.mark.parametrize("name", CASES)
def test_a_planned_mask_has_the_shape_that_its_rule_says(name: str) -> None:
    entries = {"input": 3, "recurrent_kernel": 25}
    rules = {rule.site: rule for rule in CASES[name].rules}

    _, found = planned(CASES[name], 5, 3, 4)

    for (site, _), mark in found.items():
        gates = 4 if rules[site].tying == "untied" else 1
        assert mark.mask.shape == (gates, entries.get(site, 5))


@pytest.mark.few(6)
@pytest.mark.parametrize("name", CASES)
def test_the_plan_has_the_letters_and_colours_where_the_recording_will_have_them(name: str) -> None:
    # So many units that no two masks are equal by luck.
    recorded = where(of_setting(CASES[name], steps=9, units=200, features=200))

    picture, _ = drawn(name)

    assert colours_of_arrows(picture) == colours_of_arrows(recorded)
    assert drawn_badges(picture) == drawn_badges(recorded)


def test_without_a_rate_no_arrow_carries_a_mask() -> None:
    picture, _ = drawn("keras, none", 3)

    assert drawn_badges(picture) == Counter()
    assert set(colours_of_arrows(picture)) == {to_hex(colours.FAINT)}
    assert len(squares(picture)) == 1  # of the legend


def test_the_heading_is_the_call_and_says_how_often_masks_will_be_new() -> None:
    _, found = drawn("keras", 9)
    said = " ".join(each.text for each in found)

    assert "LSTM(16, dropout=0.2, recurrent_dropout=0.5)" in said
    assert "input and recurrent masks the same at all 9 steps" in said


@pytest.mark.parametrize("name", ["keras", "gal-tied", "weight-drop"])
def test_one_time_step_says_that_the_recurrent_mask_has_nothing_to_act_on(name: str) -> None:
    picture, found = drawn(name, 1)

    assert "one time step: $h_0$ is zero" in " ".join(each.text for each in found)
    assert drawn_badges(picture) == Counter("A")


@pytest.mark.few
@pytest.mark.parametrize("steps", [1, 9])
@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].rules[0].rate])
def test_the_heading_says_whether_masks_will_be_new_at_each_step(name: str, steps: int) -> None:
    each = CASES[name].rules[0].life == "step"
    often = "new at each of 9 steps" if each else "the same at all 9 steps"

    said = " ".join(each.text for each in drawn(name, steps)[1])

    wanted = often if steps == 9 else "at 1 step"
    assert re.search(rf"\binput( and [\w -]+)? masks {wanted}\b", said)


@pytest.mark.parametrize("steps", STEPS)
def test_as_many_steps_are_drawn_as_the_recording_will_show(steps: int) -> None:
    said = " ".join(each.text for each in drawn("keras", steps)[1])

    named = [int(number) for number in re.findall(r"\$x_\{(\d+)\}\$", said)]

    assert named == [step + 1 for step in steps_drawn(steps)]


# ---------------------------------------------------------------- layout


@pytest.mark.few(6)
@pytest.mark.parametrize("steps", [1, 9])
@pytest.mark.parametrize("name", CASES)
def test_no_text_is_cut_off_overlaps_or_lies_on_a_shape(name: str, steps: int) -> None:
    picture, found = drawn(name, steps)

    assert picture.size == (880, 486)
    assert cut_off(found, picture.size) == []
    assert overlaps(found) == []
    assert on_shapes(picture, found) == []


@pytest.mark.parametrize(("units", "features"), [(1, 1), (3, 2), (900, 64), (10**6, 8)])
def test_layers_of_any_size_have_a_plan_of_the_same_layout(units: int, features: int) -> None:
    picture = plan(CASES["keras"], units, features, 8)
    found = texts(picture)

    assert cut_off(found, picture.size) == []
    assert overlaps(found) == []
    assert f"LSTM({units}, " in " ".join(each.text for each in found)
