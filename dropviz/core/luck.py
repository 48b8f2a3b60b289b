"""When masks that are equal are one: where chance is ruled out as the reason."""

from __future__ import annotations

# Masks that are equal only by luck turn up less often than this.
CHANCE = 1e-6


def alike_by_luck(rate: float) -> float:
    """How often two independent draws of one entry agree.

    Args:
        rate: The drop rate.
    """
    return rate**2 + (1 - rate) ** 2


def are_one(equal: int, alike: float) -> bool | None:
    """Whether entries that were drawn twice, and came out equal, are of one draw.

    Args:
        equal: How many came out equal, which is all of them.
        alike: How often two draws of one agree by luck, as ``alike_by_luck`` says.

    Returns:
        True; None where that may be luck.
    """
    return True if alike**equal < CHANCE else None
