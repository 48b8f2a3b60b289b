"""The documentation site, as it is built: its links, what it asks for, and how it is read."""

from __future__ import annotations

import mimetypes
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from dropviz.browser.write_playground import page as page_without_python

# The build runs the pages' examples.
pytestmark = [pytest.mark.docs, pytest.mark.timeout(1200)]

ADDRESS = "http://site.test"
TELEPHONE = {"width": 360, "height": 740}
LAPTOP = {"width": 1366, "height": 768}
# What a page loads by itself; `a` leads elsewhere only when somebody follows it.
_LOADS = {
    **dict.fromkeys(("img", "script", "iframe", "source", "embed", "track"), ("src", "srcset")),
    **dict.fromkeys(("video", "audio"), ("src", "poster")),
    "link": ("href",),
    "object": ("data",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
_CSS = re.compile(r"""(?:url\(|@import)\s*["']?\s*((?:https?:)?//[^"')\s]+)""")


class Seen(HTMLParser):
    """What a page loads, where its links lead, and what can be linked to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.places |= {given[name] for name in ("id", "name") if name in given}
        self.loaded += [given[name] for name in _LOADS.get(tag, ()) if name in given]
        self.loaded += _CSS.findall(given.get("style", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Seen]:
    found = {
        str(path.relative_to(site)): Seen(path.read_text("utf-8"))
        for path in sorted(site.rglob("*.html"))
        if "_static" not in path.parts
    }
    assert {"index.html", "gallery.html", "reference/python.html"} <= set(found)
    return found


# ---------------------------------------------------------------- as files


def test_the_first_screen_holds_the_page_without_python(site: Path, pages: dict[str, Seen]) -> None:
    assert "playground.html" in pages["index.html"].loaded
    assert (site / "playground.html").read_text("utf-8") == page_without_python()


def test_every_lesson_is_a_page_with_its_pictures(pages: dict[str, Seen]) -> None:
    lessons = sorted(Path(__file__).parents[2].glob("notebooks/*.ipynb"))

    assert lessons
    for lesson in lessons:
        seen = pages[f"tutorials/{lesson.stem}.html"]
        # The museum of traps has words and tables alone.
        has_pictures = "image/png" in lesson.read_text("utf-8")
        assert any(each.startswith("data:image/png") for each in seen.loaded) == has_pictures


def test_every_link_within_the_site_leads_to_a_place_that_is_there(
    site: Path, pages: dict[str, Seen]
) -> None:
    broken = defaultdict(list)
    followed = 0
    for name, seen in pages.items():
        for link in seen.links + seen.loaded:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            path = ((site / name).parent / unquote(parts.path)).resolve()
            target = name if not parts.path else str(path.relative_to(site.resolve()))
            followed += 1
            if not (site / target).is_file():
                broken[name].append(link)
            elif parts.fragment and target in pages:
                inside = pages[target].places
                if unquote(parts.fragment) not in inside:
                    broken[name].append(link)

    assert followed > 1000
    assert dict(broken) == {}


def test_no_page_loads_anything_from_another_host(site: Path, pages: dict[str, Seen]) -> None:
    asked = {
        (name, each)
        for name, seen in pages.items()
        for each in seen.loaded
        if each.startswith("//") or urlsplit(each).scheme in ("http", "https", "ftp", "ws", "wss")
    }
    sheets = list(site.rglob("*.css"))
    asked |= {
        (path.name, each) for path in sheets for each in _CSS.findall(path.read_text("utf-8"))
    }

    assert sheets
    assert asked == set()


# ---------------------------------------------------------------- in a browser


Open = Callable[..., Any]


@pytest.fixture
def opened(chromium: Any, site: Path) -> Iterator[Open]:
    """Opens pages of the site as a server would give them, where there is no network."""
    contexts: list[Any] = []
    outside: list[str] = []

    def give(route: Any) -> None:
        path = site / unquote(urlsplit(route.request.url).path).lstrip("/")
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if path.is_file():
            route.fulfill(body=path.read_bytes(), content_type=kind)
        else:
            outside.append(f"not there: {route.request.url}")
            route.fulfill(status=404)

    def begin(**settings: Any) -> Any:
        context = chromium.new_context(offline=True, base_url=ADDRESS, **settings)
        contexts.append(context)
        context.route(f"{ADDRESS}/**", give)
        page = context.new_page()
        page.on("pageerror", lambda error: outside.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((ADDRESS, "data:", "blob:"))
                else outside.append(request.url)
            ),
        )
        return page

    yield begin
    for context in contexts:
        context.close()
    assert outside == []


# What lies beyond the right edge, where nothing around it but the whole article can be scrolled.
CUT_OFF = """() => [...document.querySelectorAll("body *")]
  .filter((each) => {
    const { right, width } = each.getBoundingClientRect();
    if (width === 0 || right <= innerWidth + 1 || getComputedStyle(each).visibility === "hidden") {
      return false;
    }
    for (let around = each; !around.matches("article, body"); around = around.parentElement) {
      const { overflowX, position } = getComputedStyle(around);
      if (["auto", "scroll"].includes(overflowX) || position === "fixed") {
        return false;
      }
    }
    return true;
  })
  .map((each) => each.outerHTML.slice(0, 100))"""


def test_nothing_is_cut_off_on_a_telephone_and_no_page_asks_for_what_is_elsewhere(
    opened: Open, pages: dict[str, Seen]
) -> None:
    page = opened(viewport=TELEPHONE)
    wider = {}
    for name in pages:
        page.goto(f"/{name}")
        if cut := page.evaluate(CUT_OFF):
            wider[name] = cut[:3]

    assert wider == {}


@pytest.mark.parametrize("size", [TELEPHONE, LAPTOP], ids=["telephone", "laptop"])
def test_the_picture_of_the_first_screen_is_alive_and_whole(opened: Open, size: Any) -> None:
    page = opened(viewport=size)
    page.goto("/index.html")
    inside = page.frame_locator("iframe.dropviz-page")
    inside.get_by_role("button", name="Step", exact=True).click()
    inside.locator('#status:has-text("batch 1 of")').wait_for()

    # One scroll bar: the page's own.
    fits = "document.documentElement.scrollHeight - innerHeight <= 2"
    page.frames[1].wait_for_function(fits)
    assert "dropped" in inside.locator("#picture-where").inner_text()


CHOOSE = "chosen => { document.documentElement.dataset.theme = chosen; }"
WHITE = "rgb(255, 255, 255)"


@pytest.mark.parametrize("system", ["light", "dark"])
def test_a_reader_chooses_light_or_dark_for_all_that_is_on_a_page(
    opened: Open, system: str
) -> None:
    from playwright.sync_api import expect

    page = opened(viewport=LAPTOP, color_scheme=system)

    def follows(*grounds: Any) -> None:
        page.evaluate(CHOOSE, "dark")
        for ground in grounds:
            expect(ground).not_to_have_css("background-color", WHITE)
        page.evaluate(CHOOSE, "light")
        for ground in grounds:
            expect(ground).to_have_css("background-color", WHITE)

    page.goto("/index.html")
    inside = page.frame_locator("iframe.dropviz-page")
    follows(*(inside.locator(place).first for place in ("body", ".dropviz-scene")))
    page.goto("/tutorials/01-where-does-it-act.html")
    follows(page.locator(".dropviz-scene").nth(1))


def test_a_reader_without_a_pointer_comes_everywhere(opened: Open) -> None:
    page = opened(viewport=LAPTOP)
    page.goto("/index.html")
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(document.activeElement?.textContent || document.activeElement?.tagName).trim()"
            )
        )
        if page.evaluate("document.activeElement?.tagName") == "IFRAME":
            break

    assert reached[0].lower().startswith("skip to main content")
    assert {"Tutorials", "How to", "Explanation", "Reference", "Gallery"} <= set(reached)
    # The first control of the page inside is the slider of `dropout`.
    assert page.evaluate("document.activeElement?.tagName") == "IFRAME"
    assert page.frames[1].evaluate("document.activeElement?.tagName") != "BODY"
