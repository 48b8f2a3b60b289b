"""The table of colours, whatever paints with them: matplotlib, or a script in a browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
INK, MUTED, FAINT, PAPER = "#1f2328", "#57606a", "#8c959f", "#f6f8fa"

# The law of colours: a colour belongs to an argument, in every picture and whatever else is on.
# Options that stand in for recurrent_dropout have its colour. Curves use neither.
# `rate` is that of a Dropout layer between recurrent ones.
ARGUMENTS: Mapping[str, str] = {
    "dropout": BLUE,
    "recurrent_dropout": VERMILION,
    "rate": "#7a5200",
}
DARKER = (0.0, 0.46, 0.22, 0.64, 0.34, 0.12)  # shades, neighbours far apart


@dataclass(frozen=True)
class CurveLine:
    """How one curve of a training is drawn.

    Attributes:
        name: The curve, a key of ``Run.curves``.
        label: What it is called beside its end.
        colour: As "#rrggbb".
        dashes: Lengths of dashes and gaps in turn, in widths of the line; none for a whole line.
        width: In points.
    """

    name: str
    label: str
    colour: str
    dashes: tuple[float, ...]
    width: float = 2.4


# Told apart by dashes as well as by colour, for a grey print; no colour is an argument's.
CURVES = (
    CurveLine("loss_dropout_on", "training, dropout on", PURPLE, ()),
    CurveLine("loss_dropout_off", "training, dropout off", INK, (5, 2)),
    CurveLine("val_loss", "validation", GREEN, (1, 1)),
    CurveLine("loss", "as Keras reports", MUTED, (6, 1.5, 1, 1.5), width=1.5),
)
