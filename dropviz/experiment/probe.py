"""A probe: weights and inputs that make one place of a cell speak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Probe:
    """Weights and inputs that make one place of the cell speak.

    Units stand in pairs: a source, whose h may be read, and a reader, whose output is
    looked at; a layer of one unit is both. Everything not named here is zero, so that
    every gate stands at one half. Tuples hold a number for each gate.

    Attributes:
        wx: Weights of the readers on their input.
        wh: Weights of the readers on their source's h.
        b: Biases of the readers.
        reset: Recurrent bias of the readers' candidate (GRU with reset_after).
        x: The inputs at all steps; or one for each step, in the order in which they act.
        c: Initial c of the readers; nothing in a GRU.
        h: Initial h of the readers; if None, 0, or the source's in a layer of one unit.
        source: Initial h of the sources.
        source_c: Initial c of the sources.
        source_wx: Weights of the sources on their reader's input.
        source_wh: Weights of the sources on their own h.
        source_b: Biases of the sources.
        own: Weights of the readers on their own h.
        aligned: Whether a reader reads the input of its source's number, where there is
            one, and not that of its own.
        steps: Time steps.
    """

    wx: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    wh: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    b: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    reset: float = 0.0
    x: float | tuple[float, ...] = 1.0
    c: float = 0.0
    h: float | None = None
    source: float = 0.0
    source_c: float = 0.0
    source_wx: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    source_wh: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    source_b: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    own: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    aligned: bool = False
    steps: int = 1


# Every arrow, the memory and the update speak at once, over two steps.
EVERYTHING = Probe(
    wx=(0.3,) * 4, wh=(0.4,) * 4, b=(0.2,) * 4, c=0.7, h=0.5, source=0.6, source_c=0.5, steps=2
)


def drive(site: str, weights: tuple[float, ...]) -> dict[str, Any]:
    """What in a probe brings x or h to the gates with these weights.

    Args:
        site: "input" or "recurrent".
        weights: A weight for each gate.

    Returns:
        Arguments of a probe.
    """
    return {"wx": weights} if site == "input" else {"wh": weights, "source": 1.0}
