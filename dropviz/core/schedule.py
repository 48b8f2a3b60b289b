"""Changes of rates on the way through a training, by the batch from which they act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from dropviz.core.checks import check_rate, check_whole
from dropviz.core.file_fields import refused
from dropviz.core.method_options import RATES
from dropviz.core.number_forms import MOST_BATCH
from dropviz.errors import DropvizError, received


@dataclass(frozen=True)
class Change:
    """The rates from one batch on.

    Attributes:
        batch: The first batch that they act on, counted from 0 over the whole training, at most
            999,999,999.
        dropout: Drop rate for the inputs x_t, ``0 <= rate < 1``.
        recurrent_dropout: Drop rate of the method's other site, ``0 <= rate < 1``.
        frozen: Whether each batch from here on uses the masks of this one, at the rates
            of the moment, until they are released.

    Raises:
        DropvizError: If a value is out of range.
    """

    batch: int
    dropout: float
    recurrent_dropout: float
    frozen: bool = False

    def __post_init__(self) -> None:
        set_checked = object.__setattr__
        set_checked(self, "batch", check_whole("batch", self.batch, 0, MOST_BATCH))
        for name in RATES:
            set_checked(self, name, check_rate(name, getattr(self, name)))
        if not isinstance(self.frozen, int | np.bool_):
            raise refused("frozen", "True or False", self.frozen)
        set_checked(self, "frozen", bool(self.frozen))

    def differs(self, before: Change) -> bool:
        """Whether anything changed since another one."""
        names = (*RATES, "frozen")
        return any(getattr(self, name) != getattr(before, name) for name in names)

    def since(self, before: Change) -> str:
        """What changed since another one, in a few words."""
        parts = [
            f"{name} {number(getattr(before, name))} → {number(getattr(self, name))}"
            for name in RATES
            if getattr(before, name) != getattr(self, name)
        ]
        if self.frozen != before.frozen:
            parts.append("masks frozen" if self.frozen else "masks released")
        return ", ".join(parts)


def number(rate: float) -> str:
    """A rate as a person writes it: .2, not 0.2; every digit that it has."""
    return repr(float(rate)).removeprefix("0") if rate else "0"


def checked(changes: Iterable[Change | Mapping[str, Any]]) -> tuple[Change, ...]:
    """Checks a schedule.

    Args:
        changes: Changes, or what JSON made of them.

    Returns:
        The changes.

    Raises:
        DropvizError: If they are not in the order of their batches, or one is no change.
    """
    try:
        made = tuple(each if isinstance(each, Change) else Change(**each) for each in changes)
    except DropvizError:
        raise
    except Exception as error:  # whatever a person's own list raises
        raise DropvizError(
            "schedule must be changes, as in [Change(batch=120, dropout=0.2, "
            f"recurrent_dropout=0.5)]. Received: {received(changes)}."
        ) from error
    for one, other in pairwise(made):
        if other.batch <= one.batch:
            raise DropvizError(
                "The changes of a schedule must be in the order of their batches, one for a "
                f"batch. Received: batch {other.batch} after batch {one.batch}."
            )
    return made
