"""Where a share lies that was counted in independent draws."""

from __future__ import annotations

import math


def share_interval(count: int, draws: int, sigmas: float) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927, JASA 22, 209-212).

    Args:
        count: Draws that are counted, 0 to ``draws``.
        draws: Independent draws.
        sigmas: How sure, in standard deviations of a normal distribution: 1.96 for 95 %.

    Returns:
        The lower and the upper end, 0 to 1; without a draw these two.
    """
    if not draws:
        return 0.0, 1.0
    share, z2 = count / draws, sigmas**2
    middle = (share + z2 / (2 * draws)) / (1 + z2 / draws)
    half = sigmas * math.sqrt(share * (1 - share) / draws + z2 / (4 * draws**2))
    half /= 1 + z2 / draws
    # Rounding would leave of an end that is 0 or 1 a last digit too much.
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return low if count else 0.0, high if count < draws else 1.0
