"""How a person writes numbers, and how large they may be."""

from __future__ import annotations

import re

# Python's own readers take the digits of every script, and underscores between them.
DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
WHOLE = re.compile(r"[-+]?\d+", re.ASCII)
MOST_SEED = 2**32 - 1
MOST_BATCH = 10**9 - 1  # that a scenario writes
MOST = 2**31 - 1  # of what Keras counts, in numbers of 32 bits


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun, as in "1 epoch" and "2 epochs".

    Args:
        number: The number.
        noun: The noun for one.
        plural: The noun for another number; with an "s" where it is empty.
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def rate_in_words(rate: float) -> str:
    """A rate in six digits; in more where it would seem to be 1, at which nothing is trained.

    Args:
        rate: 0 to 1.
    """
    short = f"{rate:g}"
    return repr(float(rate)) if rate < 1 <= float(short) else short
