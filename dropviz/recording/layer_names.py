"""Names for people, by which the layers of a recording are told apart."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import Any

Model = Any


def free_name(path: str, model: Model | None, taken: Collection[str]) -> str:
    """A layer's path; where that is taken with its model's name before it, and a number after.

    Args:
        path: Its path in its model.
        model: The model, if it is known.
        taken: Names that other layers have.

    Returns:
        As "lstm", "model/lstm" or "model/lstm#2".
    """
    wanted = [path] if model is None else [path, f"{model.name}/{path}"]
    free = (name for name in wanted if not _is_taken(name, taken))
    many = (f"{wanted[-1]}#{number}" for number in itertools.count(2))
    return next(free, None) or next(name for name in many if not _is_taken(name, taken))


def _is_taken(name: str, taken: Collection[str]) -> bool:
    return any(each == name or each.startswith(f"{name}/") for each in taken)
