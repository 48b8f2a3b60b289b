"""Which units of a layer are read, whose h each of them reads, and which input."""

from __future__ import annotations

from typing import NamedTuple


class Role(NamedTuple):
    """One unit that is read.

    Attributes:
        reader: The unit.
        source: The unit whose h it reads; itself in a layer of one unit.
        feature: The input that it reads.
    """

    reader: int
    source: int
    feature: int


def roles(units: int, features: int, turn: int = 0) -> list[Role]:
    """Deals out the roles.

    Args:
        units: Units of the layer.
        features: Its inputs.
        turn: 0 for readers at odd places, whose sources stand before them. At each turn more
            readers and sources change places, and readers go on to inputs that none has read.

    Returns:
        A role for each unit that is read.
    """
    if units == 1:
        return [Role(0, 0, turn % features)]
    first = 1 - turn % 2
    readers = range(first, units, 2)
    # The last one may have nobody behind it.
    sources = [each - 1 if first or each == units - 1 else each + 1 for each in readers]
    shift = turn * (units // 2)
    return [
        Role(reader, source, (number + shift) % features)
        for number, (reader, source) in enumerate(zip(readers, sources, strict=True))
    ]


def turns(units: int, features: int) -> int:
    """How many turns it takes until each unit and each input was read."""
    readers = max(1, units // 2)
    return max(1 if units == 1 else 2, -(-features // readers))
