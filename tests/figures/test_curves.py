from __future__ import annotations

import math
import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from dropviz.core.curves import Curves
from dropviz.figures import colours
from dropviz.figures.curves import curves
from dropviz.figures.theme import Picture

from .conftest import LOSSES
from .made import Drawn, cut_off, overlaps, texts, words

NAN = math.nan
ENDS = ("low", "high")
NAMES = ("loss_dropout_on", "loss_dropout_off", "val_loss", "loss")
COLOURS = (colours.PURPLE, colours.INK, colours.GREEN, colours.MUTED)


def falling(epochs: int, first: float = 2.0, last: float = 0.1) -> dict[str, list[float]]:
    """Makes curves that fall side by side."""
    fall = np.geomspace(first, last, epochs)
    return {name: list(fall * (1 + number / 5)) for number, name in enumerate(NAMES)}


def ending(*lasts: float) -> dict[str, list[float]]:
    return {name: [1.0, last] for name, last in zip(NAMES, lasts, strict=True)}


CASES: dict[str, dict[str, list[float]]] = {
    "two epochs": LOSSES,
    "one epoch": {name: values[:1] for name, values in LOSSES.items()},
    "100 epochs": falling(100),
    "1000 epochs": falling(1000),
    "tiny losses": falling(20, 3e-6, 1e-6),
    "huge losses": falling(20, 3e6, 1e6),
    "losses of 1e30": falling(20, 3e30, 1e30),
    "from huge to tiny": falling(20, 1e6, 1e-6),
    "the same end": ending(0.5, 0.5, 0.5, 0.5),
    "all at zero": {name: [0.0, 0.0] for name in NAMES},
    "ends at the top": ending(3.0, 3.1, 3.2, 3.3),
    "ends at the bottom": ending(0.0, 0.0, 0.001, 0.0),
    "ends in the middle": ending(0.50, 0.51, 0.52, 0.49),
    "negative": {name: [-0.2, -0.9 + number / 9] for number, name in enumerate(NAMES)},
    "through zero": {name: [0.9, -0.9 + number / 9] for number, name in enumerate(NAMES)},
    "one curve": {"loss": [2.0, 1.0]},
    "validation alone": {"val_loss": [2.0, 1.0]},
    "nan at the end": {"loss": [2.0, NAN], "val_loss": [2.0, math.inf]},
    "nan alone": {"loss": [NAN], "val_loss": [NAN]},
    "nothing": {},
    "no epoch": {"loss": []},
}
FINITE = [
    name
    for name, values in CASES.items()
    if any(math.isfinite(one) for each in values.values() for one in each)
]


def axes_of(picture: Picture) -> Axes:
    (axes,) = picture.axes
    return axes


def lines(picture: Picture) -> dict[str, Any]:
    """The drawn curves by colour, without the grid and the axes."""
    return {to_hex(line.get_color()): line for line in axes_of(picture).get_lines()}


# ---------------------------------------------------------------- what is drawn


def test_the_lines_are_the_curves() -> None:
    drawn = lines(curves(LOSSES))

    assert len(drawn) == 4
    for colour, name in zip(COLOURS, NAMES, strict=True):
        line = drawn[colour.lower()]
        np.testing.assert_array_equal(line.get_xdata(), [1, 2])
        np.testing.assert_array_equal(line.get_ydata(), LOSSES[name])


def test_lines_differ_in_dashes_too() -> None:
    drawn: list[Any] = axes_of(curves(LOSSES)).get_lines()

    dashes = {str(line._dash_pattern) for line in drawn}

    assert len(dashes) == 4


def test_curves_of_a_run_are_drawn_as_they_are() -> None:
    assert curves(Curves(LOSSES)).alt == curves(LOSSES).alt


def test_of_characters_the_title_tells_the_bits_of_each() -> None:
    bits = {"val_bits_per_character": [3.0, 2.5]}

    picture = curves({**LOSSES, **bits})

    assert "by epoch; on validation data 2.500 bits per character" in words(picture)
    assert cut_off(texts(picture), picture.size) == []
    assert overlaps(texts(picture)) == []
    for each in (picture, curves([{**LOSSES, **bits}] * 3), curves(LOSSES | bits, model="mine")):
        assert "; on validation data 2.500 bits per character." in each.alt
        assert cut_off(texts(each), each.size) == []
    assert "bits" not in words(curves(LOSSES)) + curves(LOSSES).alt


@pytest.mark.parametrize("last", [NAN, math.inf])
def test_bits_that_are_no_number_are_not_told(last: float) -> None:
    picture = curves({**LOSSES, "val_bits_per_character": [3.0, last]})

    assert "bits" not in words(picture) + picture.alt


def test_other_curves_are_not_drawn() -> None:
    assert len(lines(curves({"accuracy": [0.5, 0.6], "loss": [2.0, 1.0]}))) == 1


def test_each_line_is_named_with_its_last_value() -> None:
    said = words(curves(LOSSES))

    assert re.search(r"1\.100\s+training, dropout on", said)
    assert re.search(r"1\.200\s+as Keras reports", said)
    assert re.search(r"0\.700\s+training, dropout off", said)
    assert re.search(r"0\.900\s+validation", said)


@pytest.mark.parametrize(
    ("losses", "points"),
    [
        ([2.0], [0]),
        ([2.3, NAN], [0]),
        ([NAN, 2.0, NAN, 1.0, 0.5], [1]),
        ([2.0, NAN, 1.5, math.inf, 1.0], [0, 2, 4]),
        ([2.0, 1.0], []),
    ],
    ids=str,
)
def test_an_epoch_that_no_line_reaches_is_a_point(losses: list[float], points: list[int]) -> None:
    (line,) = lines(curves({"loss": losses})).values()

    assert line.get_marker() == "o"
    assert line.get_markevery() == points


def test_room_is_left_for_the_epochs_to_come() -> None:
    low, high = axes_of(curves({"loss": [2.0, 1.0]}, epochs=10)).get_xlim()

    assert low < 1
    assert 10 < high < 11


def test_epochs_are_whole_numbers() -> None:
    axes = axes_of(curves({"loss": [2.0, 1.0, 0.5]}))

    ticks = [tick for tick in axes.get_xticks() if 0.8 <= tick <= 3.2]

    assert ticks == [1, 2, 3]


@pytest.mark.parametrize("name", FINITE)
def test_every_finite_loss_lies_within_the_frame(name: str) -> None:
    low, high = axes_of(curves(CASES[name])).get_ylim()
    finite = [one for each in CASES[name].values() for one in each if math.isfinite(one)]

    assert low < high
    assert low <= min(finite)
    assert max(finite) < high


@pytest.mark.parametrize(
    "name", [each for each in FINITE if "neg" not in each and "zero" not in each]
)
def test_a_loss_is_drawn_from_zero_up(name: str) -> None:
    assert axes_of(curves(CASES[name])).get_ylim()[0] == 0


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_losses_of_any_size_are_told_apart_in_words(scale: float) -> None:
    picture = curves({"loss": [4 * scale, 3 * scale], "val_loss": [5 * scale, 1 * scale]})

    for said in (picture.alt, words(picture)):
        plain = re.sub(r"(?<=\d),(?=\d{3})", "", said)
        numbers = {float(each) for each in re.findall(r"\d+(?:\.\d+)?(?:e[-+]?\d+)?", plain)}
        assert any(math.isclose(number, 3 * scale, rel_tol=0.01) for number in numbers)
        assert any(math.isclose(number, scale, rel_tol=0.01) for number in numbers)


def test_the_passes_with_dropout_on_are_a_band() -> None:
    band: Any
    (band,) = axes_of(curves(LOSSES)).collections

    corners = {tuple(map(float, corner)) for corner in band.get_paths()[0].vertices}

    assert corners == {(1, 1.9), (1, 2.0), (2, 1.05), (2, 1.15)}


_CAPTIONS = ("On and off: same samples and weights", "The training loss is Keras's: a mean")


@pytest.mark.parametrize(
    ("names", "said"), [(NAMES, [0]), (("loss", "val_loss"), [1]), (("val_loss",), [])]
)
def test_the_caption_says_what_was_measured(names: tuple[str, ...], said: list[int]) -> None:
    shown = words(curves({name: LOSSES[name] for name in names}))

    assert [number for number, each in enumerate(_CAPTIONS) if each in shown] == said


# ---------------------------------------------------------------- several seeds


def test_several_seeds_are_a_median_with_a_band() -> None:
    picture = curves([{"loss": [3.0, 1.0]}, {"loss": [5.0, 2.0]}, {"loss": [4.0, 9.0]}])

    (line,) = lines(picture).values()
    band: Any
    (band,) = axes_of(picture).collections
    heights = band.get_paths()[0].vertices[:, 1]
    np.testing.assert_array_equal(line.get_ydata(), [4, 2])
    assert (heights.min(), heights.max()) == (1, 9)
    assert "median and range of 3 seeds" in words(picture)
    assert "median of 3 seeds" in picture.alt


def test_a_seed_that_ended_early_counts_as_long_as_it_went() -> None:
    (line,) = lines(curves([{"loss": [3.0, 1.0]}, {"loss": [5.0]}])).values()

    np.testing.assert_array_equal(line.get_ydata(), [4, 1])


def test_a_seed_that_failed_does_not_hide_the_others() -> None:
    (line,) = lines(curves([{"loss": [3.0, NAN]}, {"loss": [5.0, 2.0]}])).values()

    np.testing.assert_array_equal(line.get_ydata(), [4, 2])


# ---------------------------------------------------------------- alt text


def test_the_alt_text_tells_each_curve_s_way() -> None:
    alt = curves(LOSSES).alt

    assert alt.startswith("Loss over 2 epochs")
    assert "training, dropout on from 1.950 to 1.100" in alt
    assert "as Keras reports from 2.000 to 1.200" in alt
    assert "training, dropout off from 1.900 to 0.700" in alt
    assert "validation from 2.100 to 0.900" in alt


def test_one_epoch_is_counted_as_one() -> None:
    assert curves(CASES["one epoch"]).alt.startswith("Loss over 1 epoch:")


@pytest.mark.parametrize("name", ["nothing", "no epoch"])
def test_the_alt_text_says_where_there_is_no_epoch_yet(name: str) -> None:
    assert "no epoch has come to its end" in curves(CASES[name]).alt


@pytest.mark.parametrize("name", ["nan alone", "nan at the end"])
def test_the_alt_text_tells_that_a_loss_was_not_finite(name: str) -> None:
    alt = curves(CASES[name]).alt

    assert re.search(r"not finite|no finite value", alt)
    assert "no epoch has come to its end" not in alt


# ---------------------------------------------------------------- layout


@cache
def drawn(name: str) -> tuple[Picture, list[Drawn]]:
    """Draws a case once: the picture and its texts."""
    picture = curves(CASES[name])
    return picture, texts(picture)


@pytest.mark.few(8)
@pytest.mark.parametrize("name", CASES)
def test_no_text_is_cut_off(name: str) -> None:
    picture, found = drawn(name)

    assert cut_off(found, picture.size) == []


@pytest.mark.parametrize("name", CASES)
def test_no_texts_overlap(name: str) -> None:
    _, found = drawn(name)

    assert overlaps(found) == []


@pytest.mark.parametrize("epochs", [1, 10, 1000])
def test_a_live_picture_keeps_its_layout_too(epochs: int) -> None:
    picture = curves(CASES["one epoch"], epochs=epochs)
    found = texts(picture)

    assert cut_off(found, picture.size) == []
    assert overlaps(found) == []


@pytest.mark.parametrize("name", CASES)
def test_every_picture_has_the_same_size(name: str) -> None:
    picture, _ = drawn(name)

    assert picture.size == curves(LOSSES, epochs=50).size


# ---------------------------------------------------------------- changes on the way

MOVES = [
    (0.0, "dropout .2 → 0"),
    (1.25, "masks frozen"),
    (1.25, "dropout 0 → .123456789, recurrent_dropout .05 → .95, masks released"),
    (2.0, "recurrent_dropout .95 → .3"),
    (9.5, "dropout .123456789 → .9"),
    (10.0, "recurrent_dropout .3 → 0"),
]
CHANGED: dict[str, tuple[dict[str, list[float]], list[tuple[float, str]]]] = {
    "one at the begin": (falling(10), MOVES[:1]),
    "one at the end": (falling(10), MOVES[-1:]),
    "three": (falling(10), MOVES[:3]),
    "six": (falling(10), MOVES),
    "two hundred": (
        falling(40),
        [(number / 5, f"dropout .{number} → .{number + 1}") for number in range(200)],
    ),
    "before the first epoch has ended": ({}, MOVES[:2]),
    "after one epoch": (falling(1), MOVES[:2]),
    "ends at the top": (ending(3.0, 3.1, 3.2, 3.3), MOVES[:4]),
    "negative": (CASES["negative"], MOVES[:4]),
}


def marked(picture: Picture) -> list[float]:
    """Where the vertical lines stand, in epochs."""
    drawn: list[Any] = axes_of(picture).get_lines()
    upright = [line for line in drawn if list(line.get_ydata()) == [0, 1]]
    return [float(line.get_xdata()[0]) for line in upright if len(set(line.get_xdata())) == 1]


@pytest.mark.parametrize("name", CHANGED)
def test_a_line_stands_at_each_change(name: str) -> None:
    losses, changes = CHANGED[name]

    picture = curves(losses, 10, changes)

    assert marked(picture) == [after for after, _ in changes]
    low, high = axes_of(picture).get_xlim()
    assert all(low <= after <= high for after, _ in changes)


def test_without_a_change_no_line_stands() -> None:
    assert marked(curves(LOSSES)) == []


@pytest.mark.parametrize("name", CHANGED)
def test_the_last_four_changes_at_most_are_in_words(name: str) -> None:
    losses, changes = CHANGED[name]

    said = [each.text for each in texts(curves(losses, 10, changes))]

    assert [words for _, words in changes if words in said] == [w for _, w in changes[-4:]]


@pytest.mark.parametrize("name", [name for name in CHANGED if CHANGED[name][0]])
def test_the_alt_text_tells_every_change(name: str) -> None:
    losses, changes = CHANGED[name]

    alt = curves(losses, 10, changes).alt

    told = re.findall(r" After ([\d.e+]+) epochs: (.+?)\.(?= After|$)", alt)
    assert told == [(f"{after:.3g}", words) for after, words in changes]


@pytest.mark.parametrize("name", CHANGED)
def test_words_about_changes_stand_clear_of_the_curves_and_of_each_other(name: str) -> None:
    losses, changes = CHANGED[name]
    picture = curves(losses, 10, changes)
    found = texts(picture)
    to_pixels = axes_of(picture).transData.transform
    highest = max((one for each in losses.values() for one in each), default=0.0)

    told = {words for _, words in changes[-4:]}
    about = [each for each in found if each.text in told]

    assert len(about) == min(4, len(changes))
    assert min(each.box.y0 for each in about) >= to_pixels((0, highest))[1]
    assert cut_off(found, picture.size) == []
    assert overlaps(found) == []
    assert picture.size == (820, 360)


def test_words_of_a_late_change_end_at_its_line_and_those_of_an_early_one_begin_there() -> None:
    picture = curves(falling(10), 10, [(1.0, "early"), (9.0, "late")])
    at = {each.text: each.box for each in texts(picture)}
    early, late = (axes_of(picture).transData.transform((after, 0))[0] for after in (1.0, 9.0))

    assert 0 < at["early"].x0 - early < 10
    assert 0 < late - at["late"].x1 < 10


@pytest.mark.parametrize(
    "changed",
    [
        {"loss_dropout_on_low": []},
        {"loss_dropout_on_high": [2.0]},
        {"loss_dropout_on_low": [1.0, 1.0, 1.0]},
        {"loss_dropout_on": [1.5, 1.4, 1.3]},
    ],
    ids=str,
)
def test_passes_that_do_not_fit_their_curve_are_no_band(changed: dict[str, list[float]]) -> None:
    picture = curves(LOSSES | changed)

    assert not axes_of(picture).collections
    assert picture.frame()


def test_a_band_of_one_end_is_none() -> None:
    halves = [{k: v for k, v in LOSSES.items() if k != f"loss_dropout_on_{end}"} for end in ENDS]

    for half in halves:
        assert not axes_of(curves(half)).collections


@pytest.mark.parametrize(
    "losses", [[1e308, -1e308], [1.0, 1.7e308], [-1.7e308], [1e300, -1e300], [5e-324, 0.0]], ids=str
)
def test_losses_at_the_end_of_all_numbers_are_drawn_or_said_not_to_be_finite(
    losses: list[float],
) -> None:
    picture = curves({"loss": losses})

    assert picture.frame()
    told = re.search("not finite|no finite value", picture.alt) is not None
    assert told == (max(map(abs, losses)) > 1e300)
