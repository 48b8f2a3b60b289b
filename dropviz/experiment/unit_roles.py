"""Which units of a layer are read, whose h each of them reads, and which input."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

# Of some thousand one by which, in nearly all layers of 4 units and more, some sources are
# neighbours, some are half the units apart, and some mirror each other: as masks are shared.
_SEED = 3158
_FEW = 3  # units that leave nothing to choose


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

    Units stand in an order without a pattern, so that those which share a mask by a rule are
    not all a reader and its own source, of which but one is seen.

    Args:
        units: Units of the layer.
        features: Its inputs.
        turn: At each turn more readers and sources change places, and readers go on to inputs
            that none has read.

    Returns:
        A role for each unit that is read, by the number of its source.
    """
    if units == 1:
        return [Role(0, 0, turn % features)]
    shift, inputs = turn * (units // 2), _inputs(features)
    return [
        Role(reader, source, inputs[(number + shift) % features])
        for number, (source, reader) in enumerate(_dealt(units, swapped=bool(turn % 2)))
    ]


@cache
def _inputs(features: int) -> list[int]:
    """All inputs, those first that stand where sources do."""
    order = _order(features)
    return order[::2] + order[1::2]


def _order(many: int) -> list[int]:
    """Numbers without a pattern; 0 stays the first, as it is that of an input in every layer."""
    if many <= _FEW:
        return list(range(many))
    return [0, *(1 + np.random.default_rng(_SEED).permutation(many - 1)).tolist()]


@cache
def _dealt(units: int, *, swapped: bool) -> list[tuple[int, int]]:
    """Sources and their readers."""
    order = _order(units)
    pairs = list(zip(order[::2], order[1::2], strict=False))
    if swapped:
        pairs = [(reader, source) for source, reader in pairs]
        if units % 2:
            pairs.append((order[-2], order[-1]))  # the last one has nobody behind it
    return sorted(pairs)


def turns(units: int, features: int) -> int:
    """How many turns it takes until each unit and each input was read."""
    readers = max(1, units // 2)
    return max(1 if units == 1 else 2, -(-features // readers))
