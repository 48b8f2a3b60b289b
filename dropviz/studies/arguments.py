"""Checks of what ``run``, ``compare`` and ``sweep`` are given: names, lists and a listener."""

from __future__ import annotations

import inspect
import itertools
import numbers
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from dropviz.core.checks import check_whole
from dropviz.core.estimate import MOST_SEEDS
from dropviz.core.number_forms import MOST_SEED
from dropviz.errors import DropvizError, received, unknown_name

_EXAMPLES = {"seeds": "[1, 2, 3], or how many", "methods": '["none", "keras"]'}
_RATES = "[0, .25, .5]"


def check_names(
    function: Callable[..., Any], given: Iterable[str], others: Collection[str]
) -> None:
    """Checks the names of arguments that a function takes as ``**``.

    Args:
        function: The function.
        given: The names that came.
        others: Those that there are besides the function's own parameters.

    Raises:
        UnknownNameError: If there is no such argument; it knows the function's own too.
    """
    parameters = inspect.signature(function).parameters.values()
    own = [each.name for each in parameters if each.kind is not each.VAR_KEYWORD]
    for name in given:
        if name not in others:
            raise unknown_name("argument", name, [*own, *others])


def check_listener(listener: object) -> None:
    """Raises DropvizError unless a listener can be called, or is None."""
    if listener is not None and not callable(listener):
        raise DropvizError(
            "listener must be a function that takes the progress. "
            f"Received: listener={received(listener)}."
        )


def checked_seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    """The seeds of a study.

    Args:
        seeds: How many, from 1, counted from seed 1; or the seeds themselves.

    Returns:
        The seeds, each once.

    Raises:
        DropvizError: If there is none, one is there twice, or one is out of range.
    """
    if isinstance(seeds, numbers.Integral) and not isinstance(seeds, bool):
        return tuple(range(1, check_whole("seeds", seeds, 1, MOST_SEEDS) + 1))
    listed = checked_values("seeds", seeds)
    return tuple(check_whole("seed", seed, 0, MOST_SEED) for seed in listed)


def checked_values(name: str, values: Any) -> tuple[Any, ...]:
    """The values of an axis, each once.

    Args:
        name: The argument's name.
        values: What was given.

    Raises:
        DropvizError: If it is no list, is empty or too long, or has a value twice.
    """
    no_list = DropvizError(
        f"{name} must be a list of values, as {_EXAMPLES.get(name, _RATES)}. "
        f"Received: {received(values)}."
    )
    if isinstance(values, (str, bytes)):
        raise no_list
    try:
        # What has no end is not asked for all of it.
        listed = tuple(itertools.islice(values, MOST_SEEDS + 1))
        few = listed if len(listed) <= MOST_SEEDS else ()
        twice = [each for at, each in enumerate(few) if each in few[:at]]
    # An array may have no axis, or two; and a class what may be listed in its instances alone.
    except Exception as error:
        raise no_list from error
    if len(listed) > MOST_SEEDS:
        raise DropvizError(
            f"{name} must be {MOST_SEEDS:,} values at most. Received: {received(values)}. Leave "
            "some out."
        )
    if not listed:
        raise DropvizError(f"{name} must not be empty. Received: {received(values)}.")
    if twice:
        raise DropvizError(
            f"{name} must have each value once. Received: {received(twice[0])} twice. "
            "Leave one out."
        )
    return listed
