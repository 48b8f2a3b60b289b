from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import same_color, to_hex
from matplotlib.patches import FancyArrowPatch

from dropviz.core.join_dropout import joined
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.setting import Setting
from dropviz.errors import DropvizError
from dropviz.figures import colours
from dropviz.figures.colours import colour_of, on_white
from dropviz.figures.mask_letters import marks, steps_drawn
from dropviz.figures.theme import Picture
from dropviz.figures.unrolled import plan, where

from .made import (
    KINDS,
    NOT_DROPPED,
    ONE_STEP,
    Drawn,
    called_often,
    cut_off,
    nothing_kept,
    on_shapes,
    overlaps,
    recorded,
    squares,
    texts,
    with_values,
    words,
)

STEPS = 5


def letters(layer: LayerRecording, site: str, *, batch: int = -1, sample: int = 0) -> str:
    found = marks(layer, batch, sample)
    steps = sorted(step for its, step in found if its == site)
    return "".join(found[site, step].letter for step in steps)


def per_step(pattern: str, samples: int = 1) -> LayerRecording:
    """Makes masks at steps: the same letter, the same mask."""
    random = np.random.default_rng(4)
    each = {name: random.random((4, samples, 6)) > 0.4 for name in sorted(set(pattern))}
    return with_values(np.stack([each[name] for name in pattern]).astype("float32")[np.newaxis])


# ---------------------------------------------------------------- which mask is which


def test_a_mask_that_lives_for_a_sequence_has_one_letter_at_all_steps() -> None:
    assert letters(recorded(steps=STEPS), "input") == "A" * STEPS
    assert letters(recorded(steps=STEPS), "recurrent") == "B" * STEPS


def test_masks_that_live_for_a_step_have_a_new_letter_at_each() -> None:
    layer = recorded(steps=STEPS, life="step")

    both = letters(layer, "input") + letters(layer, "recurrent")

    assert len(set(both)) == 2 * STEPS


@pytest.mark.parametrize("pattern", ["ABAB", "AABB", "ABCA", "AAAA"])
def test_a_mask_that_comes_back_has_its_letter_again(pattern: str) -> None:
    assert letters(per_step(pattern), "input") == pattern


def test_masks_that_differ_in_one_unit_of_one_gate_have_letters_of_their_own() -> None:
    values = np.ones((1, 2, 4, 1, 6), "float32")
    values[0, 1, 3, 0, 5] = 0

    assert letters(with_values(values), "input") == "AB"


def test_equal_masks_of_two_sites_have_letters_of_their_own() -> None:
    values = np.ones((1, 3, 4, 1, 6), "float32")
    both = {site: with_values(values, site=site)[site] for site in ("input", "recurrent")}
    layer = LayerRecording("lstm", "LSTM", 6, 1, both)

    assert (letters(layer, "input"), letters(layer, "recurrent")) == ("AAA", "BBB")


def test_no_letter_comes_twice_in_a_long_sequence() -> None:
    found = marks(recorded(steps=60, life="step", units=20, features=20), -1, 0)

    assert len({mark.letter for mark in found.values()}) == 120


def test_the_same_letter_has_the_same_colour_and_mask() -> None:
    found = marks(per_step("ABACBA"), -1, 0)

    for mark in found.values():
        for other in found.values():
            if mark.letter == other.letter:
                assert mark.colour == other.colour
                np.testing.assert_array_equal(mark.mask, other.mask)


@pytest.mark.parametrize(("batch", "sample"), [(0, 0), (0, 3), (1, 2), (-1, 0)])
def test_a_mark_holds_the_mask_of_the_batch_and_sample_asked_for(batch: int, sample: int) -> None:
    layer = recorded()

    found = marks(layer, batch, sample)

    for site, masks in layer.items():
        np.testing.assert_array_equal(found[site, 0].mask, masks.of_batch(batch)[0, :, sample])


def test_samples_with_masks_of_their_own_are_drawn_with_them() -> None:
    layer = recorded(life="step")

    one, other = (marks(layer, -1, sample)["recurrent", 2].mask for sample in (0, 1))

    assert not np.array_equal(one, other)


def test_masks_that_are_alike_in_one_sample_alone_are_two_masks() -> None:
    values = np.ones((1, 2, 1, 3, 4), "float32")
    values[0, 1, 0, 2, 0] = 0

    assert [letters(with_values(values), "input", sample=each) for each in range(3)] == ["AB"] * 3


def test_one_mask_for_all_samples_serves_every_sample() -> None:
    layer = per_step("AB", samples=1)
    object.__setattr__(layer["input"], "batch_sizes", (9,))

    assert letters(layer, "input", sample=8) == "AB"


def test_a_tied_mask_is_drawn_once_for_all_gates() -> None:
    assert marks(recorded(tied=True, features=3), -1, 0)["input", 0].mask.shape == (1, 3)
    assert marks(recorded(features=3), -1, 0)["input", 0].mask.shape == (4, 3)


@pytest.mark.parametrize("rates", [(0, 0.4), (0.4, 0), (0, 0)])
def test_a_site_that_drops_nothing_has_no_mark(rates: tuple[float, float]) -> None:
    layer = recorded(rates=rates)

    sites = {site for site, _ in marks(layer, -1, 0)}

    assert sites == {site for site, masks in layer.items() if masks.rate}


@pytest.mark.parametrize(
    ("steps", "drawn"),
    [(1, [0]), (2, [0, 1]), (4, [0, 1, 2, 3]), (5, [0, 1, 2, 4]), (500, [0, 1, 2, 499])],
)
def test_a_few_steps_are_drawn_all_and_many_in_part(steps: int, drawn: list[int]) -> None:
    assert steps_drawn(steps) == drawn


# ---------------------------------------------------------------- what is drawn


def drawn_badges(picture: Picture) -> Counter[str]:
    """Counts the letters on the arrows; the legend has one of its own."""
    found = Counter(each.text for each in texts(picture) if re.fullmatch(r"[A-Z]\d*", each.text))
    found["A"] -= 1
    return +found


def arrows(picture: Picture) -> list[Any]:
    """Lists the arrows, without that of the legend below."""
    found: list[Any] = picture.findobj(FancyArrowPatch)
    return [arrow for arrow in found if arrow.get_path().vertices[0, 1] > 60]


def colours_of_arrows(picture: Picture) -> Counter[str]:
    return Counter(to_hex(arrow.get_edgecolor()) for arrow in arrows(picture))


@pytest.mark.parametrize("life", ["sequence", "step"])
@pytest.mark.parametrize("steps", [2, 3, 4, 9])
def test_every_arrow_that_a_mask_passed_carries_its_letter(life: str, steps: int) -> None:
    layer = recorded(steps=steps, life=life)
    found = marks(layer, -1, 0)
    shown = steps_drawn(steps)

    # No arrow leads into the first step: h_0 is zero.
    on_arrows = [("input", step) for step in shown] + [("recurrent", step) for step in shown[1:]]

    assert drawn_badges(where(layer)) == Counter(found[each].letter for each in on_arrows)


def test_arrows_are_coloured_by_their_mask_and_the_others_are_grey() -> None:
    layer = recorded(steps=3)
    found = marks(layer, -1, 0)

    assert colours_of_arrows(where(layer)) == {
        on_white(found["input", 0].colour): 3,
        on_white(found["recurrent", 0].colour): 2,
        colours.FAINT: 3 + 2,  # h_1 to h_3 on their way up, c_1 and c_2
    }


def test_arrows_without_a_mask_are_dashed_and_the_others_are_not() -> None:
    for arrow in arrows(where(recorded(steps=3))):
        grey = same_color(arrow.get_edgecolor(), colours.FAINT)
        assert (arrow.get_linestyle() not in ("-", "solid")) == grey


@pytest.mark.parametrize("steps", [3, 4, 6, 12])
def test_two_masks_in_one_picture_have_two_colours(steps: int) -> None:
    layer = recorded(steps=steps, life="step")
    found = marks(layer, -1, 0)
    shown = steps_drawn(steps)
    drawn = [found["input", step] for step in shown] + [found["recurrent", s] for s in shown[1:]]

    assert len({mark.colour for mark in drawn}) == len({mark.letter for mark in drawn})


@pytest.mark.parametrize(("rates", "grey"), [((0.4, 0), 7), ((0, 0.4), 8), ((0, 0), 10)])
def test_a_site_that_drops_nothing_has_grey_arrows(rates: tuple[float, float], grey: int) -> None:
    assert colours_of_arrows(where(recorded(steps=3, rates=rates)))[colours.FAINT] == grey


@pytest.mark.parametrize("kind", ["GRU", "SimpleRNN"])
def test_a_layer_without_a_cell_state_has_no_arrow_for_it(kind: str) -> None:
    lstm, other = (where(recorded(kind=each, steps=3)) for each in ("LSTM", kind))

    assert len(arrows(lstm)) - len(arrows(other)) == 2
    assert "$c_" not in words(other)
    assert "memory" not in other.alt


def test_the_arrows_of_the_cell_state_carry_no_mask() -> None:
    picture = where(recorded())

    assert "$c_{1}$" in words(picture)
    assert picture.alt.endswith("The arrows of the memory c carry no mask.")


@pytest.mark.parametrize("name", ["lstm", "tied", "gru", "simple rnn", "200 units", "one sample"])
def test_the_squares_are_the_units_of_the_masks(name: str) -> None:
    layer = recorded(KINDS[name])
    found = marks(layer, -1, 0)
    shown = steps_drawn(KINDS[name].steps)
    drawn = [found["input", step] for step in shown] + [found["recurrent", s] for s in shown[1:]]
    kept = sum(int((mark.mask[:, :8] > 0).sum()) for mark in drawn)
    dropped = sum(int((mark.mask[:, :8] == 0).sum()) for mark in drawn)

    small = squares(where(layer))
    white = [each for each in small if same_color(each.face, "white")]

    assert [each.crossed for each in small] == [each in white for each in small]
    # One of each in the legend.
    assert len(white) == dropped + 1
    assert len(small) - len(white) == kept + 1


def test_one_time_step_says_why_recurrent_dropout_does_nothing() -> None:
    picture = where(recorded(steps=1))

    assert "one time step" in words(picture)
    assert ONE_STEP in picture.alt


def test_the_heading_says_which_layer_batch_and_sample() -> None:
    said = words(where(recorded(), batch=0, sample=2))

    assert "LSTM(10, dropout=0.4, recurrent_dropout=0.4)" in said
    assert "batch 49 of 50, sample 3" in said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "input and recurrent masks the same at all 5 steps"),
        ({"life": "step"}, "input and recurrent masks new at each of 5 steps"),
        ({"rates": (0, 0.4)}, "no input masks; recurrent masks the same at all 5 steps"),
    ],
    ids=["sequence", "step", "no input"],
)
def test_the_heading_says_how_often_masks_are_new(changed: dict[str, Any], said: str) -> None:
    assert said in words(where(recorded(**changed)))


# ---------------------------------------------------------------- alt text


def test_masks_that_are_not_known_to_multiply_are_marked_so() -> None:
    picture = where(recorded().compared(agrees=False))

    assert "masks drawn, NOT known to multiply, in batch" in words(picture)
    assert "is not known" in picture.alt


def test_the_alt_text_tells_the_steps_the_shares_and_what_is_shared() -> None:
    layer = recorded()

    alt = where(layer).alt

    assert alt.startswith("LSTM layer lstm unrolled, 4 time steps drawn (1, 2, 3, 5).")
    for masks in layer.values():
        assert f"{masks.dropped:.1%} dropped" in alt
        assert masks.sentence in alt


@pytest.mark.parametrize(
    "changed", [{}, {"life": "step"}, {"steps": 2}, {"life": "step", "steps": 12}]
)
def test_the_alt_text_names_the_letters_that_are_drawn(changed: dict[str, Any]) -> None:
    picture = where(recorded(**changed))

    listed = re.findall(r"carry the masks? ([^;]*);", picture.alt)
    named = Counter(letter for each in listed for letter in each.split(", "))

    assert named == drawn_badges(picture)


def test_the_alt_text_says_why_nothing_is_dropped() -> None:
    alt = where(recorded(rates=(0, 0))).alt

    assert alt.count(NOT_DROPPED) == 2
    assert "Vertical arrows (x) carry no mask" in alt
    assert "Horizontal arrows (h) carry no mask" in alt


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("batches", [0, 5])
def test_nothing_to_draw_is_said_with_the_reason(batches: int) -> None:
    with pytest.raises(DropvizError, match=r"'lstm' has no recorded batch.*larger than budget_mib"):
        where(nothing_kept(batches))


@pytest.mark.parametrize(
    "asked", [{"batch": 2}, {"batch": -3}, {"sample": 4}, {"sample": -5}], ids=str
)
def test_a_batch_or_sample_that_is_not_there_is_refused(asked: dict[str, int]) -> None:
    (name,) = asked

    with pytest.raises(DropvizError, match=name):
        where(recorded(batches=2, samples=4), **asked)


# ---------------------------------------------------------------- layout


@cache
def drawn(name: str) -> tuple[Picture, list[Drawn]]:
    """Draws a kind once: the picture and its texts."""
    picture = where(recorded(KINDS[name]))
    return picture, texts(picture)


@pytest.mark.few(8)
@pytest.mark.parametrize("name", KINDS)
def test_no_text_is_cut_off(name: str) -> None:
    picture, found = drawn(name)

    assert cut_off(found, picture.size) == []


def test_a_layer_called_often_in_a_batch_says_which_call_it_shows_and_fits() -> None:
    picture = where(called_often())
    found = texts(picture)

    assert any("batch 12,345 of 12,345, call 100 of the layer" in each.text for each in found)
    assert cut_off(found, picture.size) == []
    assert overlaps(found) == []


@pytest.mark.few(8)
@pytest.mark.parametrize("name", KINDS)
def test_no_texts_overlap(name: str) -> None:
    _, found = drawn(name)

    assert overlaps(found) == []


@pytest.mark.few(8)
@pytest.mark.parametrize("name", KINDS)
def test_no_text_lies_on_a_shape(name: str) -> None:
    assert on_shapes(*drawn(name)) == []


@pytest.mark.parametrize("name", KINDS)
def test_every_picture_has_the_same_size(name: str) -> None:
    picture, _ = drawn(name)

    assert picture.size == (880, 486)


def test_a_text_that_is_cut_off_would_be_found() -> None:
    picture = where(recorded())
    picture.axes[0].text(870, 20, "too long for here")

    assert len(cut_off(texts(picture), picture.size)) == 1


def test_texts_that_overlap_would_be_found() -> None:
    picture = where(recorded())
    picture.axes[0].text(30, 440, "over the heading")

    assert len(overlaps(texts(picture))) == 1


@pytest.mark.parametrize("place", [(120, 200), (60, 270)], ids=["arrow", "box"])
def test_a_text_on_a_shape_would_be_found(place: tuple[float, float]) -> None:
    picture = where(recorded())
    picture.axes[0].text(*place, "here it lies on something")

    assert on_shapes(picture, texts(picture))


def test_a_nested_layer_is_named_in_full() -> None:
    name = "bidirectional_1/forward_lstm"

    assert name in words(where(recorded(layer=name)))


# ---------------------------------------------------------------- a Dropout layer above


def with_dropout_above(steps: int, masked_steps: int) -> LayerRecording:
    """An LSTM of some steps, and a Dropout layer that drops all its outputs or the last."""
    lstm = recorded(steps=steps)
    first = next(iter(lstm.values()))
    shape = (len(first.batches), masked_steps, 1, max(first.batch_sizes), 6)
    values = np.where(np.random.default_rng(2).random(shape) < 0.5, 0, 2.0).astype("float32")
    masks = Masks(
        layer="dropout_7",
        site="between",
        values=values,
        rate=0.5,
        gates=(),
        time_steps=masked_steps,
        batch_sizes=first.batch_sizes,
        batches=first.batches,
    )
    above = LayerRecording("dropout_7", "Dropout", 6, 3, {"between": masks}, follows=lstm.layer)
    return joined(lstm, above)


@pytest.mark.parametrize(("masked_steps", "arrows"), [(9, 4), (1, 1)], ids=["all steps", "last"])
def test_a_dropout_layer_above_is_drawn_on_the_output_arrows(
    masked_steps: int, arrows: int
) -> None:
    picture = where(with_dropout_above(9, masked_steps))

    found = texts(picture)
    assert "layer dropout_7" in [each.text for each in found]
    assert cut_off(found, picture.size) == []
    assert overlaps(found) == []
    letters = re.search(r"The output arrows carry the masks ([A-Z, ]+);", picture.alt)
    assert letters
    assert len(set(letters[1].split(", "))) == arrows
    assert "dropout_7, between: rate 0.5" in picture.alt
    drawn = {to_hex(each.get_color()) for each in picture.axes[0].texts}
    assert on_white(colour_of("rate")) in drawn
    others = (on_white(colour_of(name)) for name in ("dropout", "recurrent_dropout"))
    assert on_white(colour_of("rate")) not in others


@pytest.mark.parametrize("units", [4, 8, 9, 12])
def test_the_legend_says_that_units_are_left_out_where_some_are(units: int) -> None:
    values = np.ones((1, 1, 4, 1, units), "float32")

    said = words(where(with_values(values)))
    planned_said = words(plan(Setting("keras", 0.2, 0.3), units, 3, STEPS))

    assert [("(the first 8)" in each) for each in (said, planned_said)] == [units > 8] * 2


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("units", [3, 20])
def test_a_state_that_a_layer_of_one_step_was_called_with_carries_its_mask(
    kind: str, units: int, *, tied: bool
) -> None:
    layer = recorded(kind=kind, steps=1, units=units, tied=tied)
    carried = LayerRecording(
        *(layer.layer, layer.kind, layer.units, 50),
        {site: replace(masks, reason="") for site, masks in layer.items()},
    )

    picture = where(carried)

    found = texts(picture)
    assert cut_off(found, picture.size) == []
    assert overlaps(found) == []
    assert on_shapes(picture, found) == []
    assert "Horizontal arrows (h) carry the masks B; lstm, recurrent: rate" in picture.alt
    assert "the mask B of recurrent_dropout multiplied it" in words(picture)
    assert drawn_badges(picture) == Counter("AB")
    assert "Horizontal arrows (h) carry no mask" in where(layer).alt
