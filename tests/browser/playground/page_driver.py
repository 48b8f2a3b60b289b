"""What a person does on the page, and what they read off it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

TITLE = "#picture-where .dropviz-title"
STAGE = "#picture-where .dropviz-stage"
DROPOUT = "[aria-label='dropout, typed']"
MILLISECONDS = 30_000  # that something may take, on two shared cores
Open = Callable[..., Any]


def status(page: Any, words: str) -> str:
    """Waits until the line of status holds some words; the whole line."""
    page.locator(f'#status:has-text("{words}")').wait_for()
    text: str = page.inner_text("#status")
    return text


def reached(page: Any, epoch: int) -> str:
    """Waits until a training has come to an epoch, 2 to 9, or further; the line of status."""
    further = re.compile(rf"epoch ([{epoch}-9]|\d\d+),")
    page.locator("#status").filter(has_text=further).wait_for()
    text: str = page.inner_text("#status")
    return text


def alt(page: Any, name: str = "where") -> str:
    text: str = page.locator(f"#picture-{name} [role=figure]").first.get_attribute("aria-label")
    return text


def trained(page: Any, epoch: int = 2) -> None:
    """Trains until so many epochs were begun, and pauses."""
    page.click("#train")
    reached(page, epoch)
    page.click("#train")
    status(page, "paused")


def type_in(page: Any, box: str, text: str) -> None:
    """Types as a person does: letters that the box may not take, too."""
    page.locator(box).press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    """Whether two boxes of a page lie over each other."""
    return all(
        one[at] < other[at] + other[size] and other[at] < one[at] + one[size]
        for at, size in (("x", "width"), ("y", "height"))
    )
