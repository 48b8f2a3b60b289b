from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import rgb_to_hsv, to_hex, to_rgb

from dropviz.figures import colours
from dropviz.figures.colours import Colour, colour_of, letters_on, on_white, theme

from .test_theme import luminance

ARGUMENTS = ("dropout", "recurrent_dropout", "zoneout_cell", "zoneout_hidden")
SHADES = range(6)
CURVES = (colours.PURPLE, colours.INK, colours.GREEN)
GROUNDS = ("light", "dark")
READABLE = 4.5  # the contrast that WCAG 2 asks for


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["cividis", "viridis", "gray", "hot"])
def test_letters_can_be_read_on_every_colour_of_a_map(name: str) -> None:
    shades = [colormaps[name](share) for share in np.linspace(0, 1, 101)]

    worst = min(contrast(to_hex(each), letters_on(each)) for each in shades)

    assert worst >= READABLE


@pytest.mark.parametrize(
    "colour", [*CURVES, *(on_white(colour_of(name, n)) for name in ARGUMENTS for n in SHADES)]
)
def test_a_coloured_arrow_stands_out_from_the_ground_in_a_grey_print(colour: str) -> None:
    assert luminance("white") - luminance(colour) > 0.4


def test_shades_of_an_argument_keep_its_hue_and_differ() -> None:
    for name in ARGUMENTS:
        shades = [on_white(colour_of(name, number)) for number in SHADES]
        hues = [rgb_to_hsv(to_rgb(shade))[0] for shade in shades]
        assert len(set(shades)) == len(shades)
        # A byte a channel rounds the hue of a dark shade by a few thousandths.
        assert np.ptp(hues) < 0.01


def test_neither_argument_s_colours_are_the_other_s_nor_a_curve_s() -> None:
    shades = {name: {on_white(colour_of(name, n)) for n in SHADES} for name in ARGUMENTS}

    assert on_white(colour_of("dropout")) == colours.BLUE.lower()
    assert not shades["dropout"] & shades["recurrent_dropout"]
    assert shades["zoneout_cell"] == shades["zoneout_hidden"] == shades["recurrent_dropout"]
    assert colour_of("zoneout_cell") != colour_of("zoneout_hidden")
    assert not {each.lower() for each in CURVES} & (shades["dropout"] | shades["recurrent_dropout"])


def test_what_belongs_to_no_argument_is_ink() -> None:
    assert on_white(colour_of("")) == colours.INK


def test_a_colour_names_an_argument_that_the_theme_has() -> None:
    every = {colour_of(name, n) for name in (*ARGUMENTS, "rate") for n in range(20)}

    for ground in GROUNDS:
        shades = theme()[ground]["arguments"]
        assert all(shades[each.argument][each.shade] for each in every)
    assert Colour("recurrent_dropout", 1) == colour_of("zoneout_hidden")


@pytest.mark.parametrize("ground", GROUNDS)
def test_letters_can_be_read_on_every_colour_and_every_ground(ground: str) -> None:
    palette = theme()[ground]

    for shades in palette["arguments"].values():
        for shade in shades:
            assert contrast(palette["letter"], shade) >= READABLE
            # A name in the colour of its argument stands on the ground and on a card.
            assert contrast(palette["ground"], shade) >= READABLE
            assert contrast(palette["paper"], shade) >= 0.9 * READABLE
    for letters in ("ink", "muted"):
        for under in ("ground", "paper"):
            assert contrast(palette[letters], palette[under]) >= READABLE


@pytest.mark.parametrize("ground", GROUNDS)
def test_kept_and_dropped_and_the_cross_differ_in_a_grey_print(ground: str) -> None:
    kept, dropped, cross = (
        luminance(theme()[ground][name]) for name in ("kept", "dropped", "cross")
    )

    assert dropped - kept > 0.5
    assert dropped - cross > 0.3


@pytest.mark.parametrize("ground", GROUNDS)
def test_lines_stand_out_from_the_ground_and_differ(ground: str) -> None:
    palette = theme()[ground]
    tones = palette["tones"]

    assert len(set(tones.values())) == len(tones) == len(colours.TONES)
    for tone in tones.values():
        # WCAG 2 asks for 3 to 1 where what is seen is no text; Okabe's purple has 2.9 on white.
        assert contrast(palette["ground"], tone) >= 2.8


def test_the_steps_of_maps_are_matplotlib_s() -> None:
    for name, steps in (("unsigned", "viridis"), ("signed", "cividis")):
        whole = [to_hex(colormaps[steps](at / 15)) for at in range(16)]
        assert list(colours.MAPS[name]) == whole


def test_the_theme_is_plain_data_of_colours() -> None:
    def listed(part: Any) -> list[str]:
        if isinstance(part, str):
            return [part]
        inside = part.values() if isinstance(part, dict) else part
        return [each for one in inside for each in listed(one)]

    assert json.loads(json.dumps(theme())) == theme()
    for colour in listed(theme()):
        assert to_hex(colour) == colour.lower()
