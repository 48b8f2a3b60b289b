"""The models that train while recorded, each under a name of its own."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

Model = Any


@dataclass(eq=False)
class TrainedModel:
    """A model that trained.

    Attributes:
        name: Its name; with a number where another had the name before it.
        model: Gives the model, or None where nobody needs it any more.
        layers: Its recorded layers, by the names that they have in the recording.
    """

    name: str
    model: weakref.ref[Model]
    layers: tuple[str, ...] = ()


class TrainedModels:
    """The models that trained, in the order in which each did last; it holds none of them."""

    def __init__(self) -> None:
        self._found: list[TrainedModel] = []

    def trains(self, model: Model) -> TrainedModel:
        """Notes that a model trains now.

        Args:
            model: The model.

        Returns:
            What is known of it; the same each time.
        """
        known = next((each for each in self._found if each.model() is model), None)
        if known is None:
            name = free_name([model.name], {each.name for each in self._found})
            known = TrainedModel(name, weakref.ref(model))
        elif known is self._found[-1]:
            return known
        else:
            self._found.remove(known)
        self._found.append(known)
        return known

    def __iter__(self) -> Iterator[TrainedModel]:
        return iter(tuple(self._found))


def free_name(wanted: Collection[str], taken: Collection[str]) -> str:
    """A name that tells apart what has one name.

    Args:
        wanted: Names, the best first; the last with a number where all are taken.
        taken: The names that others have, or paths that begin with them.
    """
    *_, last = wanted
    many = (f"{last}#{number}" for number in itertools.count(2))
    names = itertools.chain(wanted, many)
    return next(name for name in names if not _is_taken(name, taken))


def _is_taken(name: str, taken: Collection[str]) -> bool:
    return any(each == name or each.startswith(f"{name}/") for each in taken)
