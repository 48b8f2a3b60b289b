"""What an attack is: cells that are handed in, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass

BUILD, UNNAMED, DESIGN = "build-the-mask", "unnamed-layers", "design-and-defend"


@dataclass(frozen=True)
class Attack:
    """An attack.

    Attributes:
        name: What it tries, in words.
        cells: The cells that are handed in.
        why: A part of the reason that it is refused for; "" where it is graded as it stands.
        assignment: Of which assignment.
        printed: What the notebook's outputs say.
        told: What the table says of it, where ``why`` is not all of that.
    """

    name: str
    cells: tuple[str, ...]
    why: str
    assignment: str = BUILD
    printed: tuple[str, ...] = ()
    told: str = ""


def body(name: str, code: str, why: str, told: str = "") -> Attack:
    """An attack that is the body of ``make`` in Build the mask."""
    lines = "".join(f"    {line}\n" for line in code.strip().splitlines())
    return Attack(name, (f"def make(units, rate):\n{lines}",), why, told=told)
