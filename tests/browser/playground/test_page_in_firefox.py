"""The page in Firefox, opened from its file with the network cut, by keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.firefox import Firefox

pytestmark = pytest.mark.browser

SIZES = {"telephone": (360, 740), "laptop": (1366, 768)}
TABS = ("where", "masks", "curves", "inside")


class Page:
    """The page, as a person without a mouse has it."""

    def __init__(self, firefox: Firefox) -> None:
        self._firefox = firefox

    def text(self, selector: str) -> str:
        said: str = self._firefox.evaluate(
            "(at) => document.querySelector(at).textContent", selector
        )
        return said

    def press(self, selector: str, *keys: str) -> None:
        self._firefox.do("focus", selector=selector)
        for key in keys:
            self._firefox.do("press", key=key)

    def waits_for(self, selector: str, words: str) -> None:
        self._firefox.wait(f"document.querySelector({selector!r}).textContent.includes({words!r})")

    def reaches_another_epoch(self) -> None:
        """Waits until the second epoch or a later one has begun: one may pass between two looks."""
        self._firefox.wait(
            r"/epoch ([2-9]|\d\d+),/.test(document.querySelector('#status').textContent)"
        )

    def alt(self, tab: str) -> str:
        said: str = self._firefox.evaluate(
            "(at) => document.querySelector(at).getAttribute('aria-label')",
            f"#picture-{tab} [role=figure]",
        )
        return said

    def drawn(self, tab: str) -> str:
        """The drawing of a tab, with the pixels of what is painted."""
        painted: str = self._firefox.evaluate(
            """(at) => { const picture = document.querySelector(at);
                 const canvases = [...picture.querySelectorAll("canvas")];
                 return picture.innerHTML + canvases.map((each) => each.toDataURL()); }""",
            f"#picture-{tab}",
        )
        return painted

    @property
    def width(self) -> int:
        """How wide everything is, in CSS pixels."""
        pixels: int = self._firefox.evaluate("() => document.documentElement.scrollWidth")
        return pixels


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_lesson_can_be_held_by_keyboard(
    in_firefox: Firefox, file: Path, size: tuple[int, int]
) -> None:
    in_firefox.open(file, "#lstm:u16:d.2:r.5", size=size)
    page = Page(in_firefox)
    page.waits_for("#status", "ready")
    assert page.alt("where").startswith("A plan, before anything is trained.")

    page.press("#slide-dropout", "ArrowRight")
    page.waits_for("#picture-where .dropviz-title", "dropout=0.25")
    page.press("#step", "Enter")
    page.waits_for("#status", "batch 1 of")
    assert "Horizontal arrows (h) carry the masks B, B, B;" in page.alt("where")

    page.press("#train", "Enter")
    page.reaches_another_epoch()
    page.press("#slide-recurrent_dropout", "ArrowRight")
    page.waits_for("#picture-where .dropviz-title", "recurrent_dropout=0.55")
    for tab, after in zip(TABS[1:], TABS, strict=False):
        page.press(f"#tab-{after}", "ArrowRight")
        in_firefox.wait(f"document.querySelector('#tab-{tab}').ariaSelected === 'true'")
        assert page.alt(tab)
    page.press("#tab-inside", "ArrowLeft", "ArrowLeft")
    before = page.drawn("masks")
    in_firefox.wait(
        f"!document.querySelector('#status').textContent.includes({page.text('#status')!r})"
    )
    assert page.drawn("masks") != before  # the masks move while it trains
    page.press("#train", "Enter")
    page.waits_for("#status", "paused")

    assert page.width <= size[0]
    assert in_firefox.do("said") == []
