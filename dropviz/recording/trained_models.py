"""The models that train while recorded, each under a name of its own."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
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
        only_called: Whether of none of its recorded layers a call was seen that trained it, as of
            a model that predicts with dropout on.
    """

    name: str
    model: weakref.ref[Model]
    layers: tuple[str, ...] = ()
    only_called: bool = False


class TrainedModels:
    """The models that trained, in the order in which each did last; it holds none of them."""

    def __init__(self) -> None:
        self._found: list[TrainedModel] = []
        self._last_calls: Callable[[], Mapping[str, int]] | None = None

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

    def ends(self, last_calls: Callable[[], Mapping[str, int]]) -> None:
        """Orders them by what was recorded, once somebody asks: nobody hears compiled loops go on.

        Args:
            last_calls: Gives by the name of a recorded layer how late it trained last.
        """
        self._last_calls = last_calls

    def __iter__(self) -> Iterator[TrainedModel]:
        if self._last_calls is not None:
            self._order(self._last_calls())
            self._last_calls = None
        return iter(tuple(self._found))

    def _order(self, last_calls: Mapping[str, int]) -> None:
        """Orders those of which a call was recorded; the others keep their places."""

        def latest(each: TrainedModel) -> int:
            return max((last_calls.get(name, -1) for name in each.layers), default=-1)

        for each in self._found:
            each.only_called = bool(each.layers) and latest(each) < 0
        recorded = iter(sorted((each for each in self._found if latest(each) >= 0), key=latest))
        self._found = [next(recorded) if latest(each) >= 0 else each for each in self._found]


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
