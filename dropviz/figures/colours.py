"""The colours of all pictures, by what they mean; matplotlib and the browser both read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Okabe & Ito's colours, told apart by colour-blind readers; yellow is too light for
# lines on white and is left out.
BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#E69F00",
    "#CC79A7",
    "#56B4E9",
)
INK, MUTED, FAINT, PAPER, GROUND = "#1f2328", "#57606a", "#8c959f", "#f6f8fa", "#ffffff"
# Dropped is light with a cross, kept is dark: told apart in a grey print.
KEPT, DROPPED, CROSS = "#163770", "#f9e03a", "#888578"

# The law of colours: a colour belongs to an argument, in every picture and whatever else is on.
# Options that stand in for recurrent_dropout have its colour. Curves use neither.
# `rate` is that of a Dropout layer between recurrent ones. Each is a colour on white, and one on
# a dark ground. Vermilion is a little darker than Okabe's, for the white letters on it.
ARGUMENTS = {
    "dropout": (BLUE, "#4ea8e6"),
    "recurrent_dropout": ("#c25500", "#f5924a"),
    "rate": ("#7a5200", "#d8c27a"),
}
# How far each shade is from the colour itself, neighbours far apart: towards black on white,
# towards white on a dark ground.
SHADES = (0.0, 0.46, 0.22, 0.64, 0.34, 0.12)
_PLAIN = {
    "light": {
        "ground": GROUND,
        "paper": PAPER,
        "ink": INK,
        "muted": MUTED,
        "faint": FAINT,
        "letter": GROUND,
        "kept": KEPT,
        "dropped": DROPPED,
        "cross": CROSS,
    },
    "dark": {
        "ground": "#0d1117",
        "paper": "#161b22",
        "ink": "#e6edf3",
        "muted": "#9da7b3",
        "faint": "#6e7681",
        "letter": "#0d1117",
        "kept": "#3d62b0",
        "dropped": "#f0dc5c",
        "cross": "#6f6c50",
    },
}
# Lines, by the name of their tone in a scene.
TONES = {
    "purple": (PURPLE, "#dd9cc0"),
    "ink": (INK, "#e6edf3"),
    "green": (GREEN, "#3fc79a"),
    "muted": (MUTED, "#9da7b3"),
}
# Sixteen steps of matplotlib's viridis and cividis, from low to high.
MAPS = {
    "unsigned": (
        *("#440154", "#481a6c", "#472f7d", "#414487", "#39568c", "#31688e", "#2a788e", "#23888e"),
        *("#1f988b", "#22a884", "#35b779", "#54c568", "#7ad151", "#a5db36", "#d2e21b", "#fde725"),
    ),
    "signed": (
        *("#00224e", "#002e6c", "#1e3a6f", "#35456c", "#47516c", "#575d6d", "#666970", "#757575"),
        *("#848279", "#948e77", "#a59c74", "#b7a96e", "#c8b866", "#dbc75a", "#eed649", "#fee838"),
    ),
}


_LINEAR = 0.04045  # of sRGB: below it a channel is linear


@dataclass(frozen=True)
class Colour:
    """The colour of what belongs to an argument, whatever the ground.

    Attributes:
        argument: Whose colour it is: "dropout", "recurrent_dropout" or "rate"; empty for ink.
        shade: Which of its shades, from 0.
    """

    argument: str
    shade: int = 0


def colour_of(argument: str, number: int = 0) -> Colour:
    """The colour of whatever belongs to an argument of a layer.

    Args:
        argument: Its name; zoneout's own rates stand in for ``recurrent_dropout``.
        number: A shade of the colour, for one of several masks; 0 is the colour itself.
    """
    if not argument:
        return Colour("")
    if argument == "zoneout_hidden":
        number += 1  # beside zoneout_cell
    whose = argument if argument in ARGUMENTS else "recurrent_dropout"
    return Colour(whose, number % len(SHADES))


def letters_on(ground: tuple[float, ...]) -> str:
    """Black or white, whichever stands out more.

    Args:
        ground: Red, green and blue of what is behind the letters, from 0 to 1.

    Returns:
        A colour as "#rrggbb". Its contrast is 4.5 or more on any ground (WCAG 2, 1.4.3).
    """
    linear = [c / 12.92 if c <= _LINEAR else ((c + 0.055) / 1.055) ** 2.4 for c in ground[:3]]
    light = sum(part * each for part, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return "#000000" if (light + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"


def on_white(colour: Colour) -> str:
    """A colour as "#rrggbb", dark enough for white letters on it."""
    return _shaded(colour, dark=False) if colour.argument else INK


def _shaded(colour: Colour, *, dark: bool) -> str:
    far, goal = SHADES[colour.shade], 255 if dark else 0
    given = ARGUMENTS[colour.argument][dark]
    channels = (int(given[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(each + far * (goal - each)):02x}" for each in channels)


def theme() -> dict[str, Any]:
    """All of it as plain data, for a painter in a browser.

    Returns:
        By "light" and "dark" the colours of grounds and letters by name; ``arguments``, the shades
        of each; ``tones`` of lines; and ``maps`` of values.
    """
    return {
        ground: {
            **_PLAIN[ground],
            "arguments": {
                name: [_shaded(Colour(name, shade), dark=dark) for shade in range(len(SHADES))]
                for name in ARGUMENTS
            },
            "tones": {name: both[dark] for name, both in TONES.items()},
            "maps": {name: list(steps) for name, steps in MAPS.items()},
        }
        for ground, dark in (("light", False), ("dark", True))
    }
