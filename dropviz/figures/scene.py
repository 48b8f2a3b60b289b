"""Scenes: what a picture shows, as plain data that both painters begin from."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sign:
    """A line of a legend.

    Attributes:
        sign: What stands before it: "letter", "kept", "dropped", "open" (not drawn yet), "bare"
            (an arrow without a mask), "mark" (where a mask multiplies) or nothing.
        says: What it means; may hold mathematics between dollars.
    """

    sign: str
    says: str


def plain_data(scene: Any) -> Any:
    """A scene as what JSON can hold.

    Args:
        scene: A scene, or a part of one: dataclasses, tuples, numbers and texts.

    Returns:
        Dictionaries, lists, texts, and numbers; None for a number that is not finite.
    """
    if dataclasses.is_dataclass(scene):
        names = (field.name for field in dataclasses.fields(scene))
        return {name: plain_data(getattr(scene, name)) for name in names}
    if isinstance(scene, dict):
        return {str(name): plain_data(value) for name, value in scene.items()}
    if isinstance(scene, (list, tuple)):
        return [plain_data(each) for each in scene]
    if isinstance(scene, float):
        return float(scene) if math.isfinite(scene) else None
    return scene
