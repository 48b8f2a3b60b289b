from __future__ import annotations

import base64
import io
from html.parser import HTMLParser

import pytest
from PIL import Image

from dropviz.figures.theme import Picture, canvas
from dropviz.jupyter import mime

from .conftest import InProcess

ALT = 'A mask of "lstm" & <b>more</b>'


@pytest.fixture
def drawn() -> Picture:
    picture, _ = canvas(40, 30)
    picture.alt = ALT
    return picture


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_picture_is_shown_as_png_and_in_words(ipython: InProcess, drawn: Picture) -> None:
    ipython.names.update(mime=mime, drawn=drawn)

    (shown,) = ipython.run("mime.picture(drawn)").shown

    assert set(shown["data"]) == {"image/png", "text/html", "text/plain"}
    assert shown["data"]["text/plain"] == ALT
    *_, (tag, attributes) = Elements(shown["data"]["text/html"]).found
    # One of no scene stands still.
    assert (tag, attributes["alt"]) == ("img", ALT)


def test_a_picture_carries_its_alt_text_and_its_size(ipython: InProcess, drawn: Picture) -> None:
    ipython.names.update(mime=mime, drawn=drawn)

    (shown,) = ipython.run("mime.picture(drawn)").shown

    assert shown["metadata"]["image/png"] == {"alt": ALT, "width": 40, "height": 30}


def test_an_html_image_carries_the_bytes_that_it_was_given(drawn: Picture) -> None:
    png = drawn.png()

    ((tag, attributes),) = Elements(drawn.img(png)).found

    kind, data = str(attributes["src"]).split(",", 1)
    assert (tag, kind) == ("img", "data:image/png;base64")
    assert base64.b64decode(data) == png


def test_an_html_image_has_the_size_on_screen_whatever_its_density(drawn: Picture) -> None:
    png = drawn.frame(3)
    with Image.open(io.BytesIO(png)) as dense:
        assert dense.size == (120, 90)

    ((_, attributes),) = Elements(drawn.img(png)).found

    assert (attributes["width"], attributes["height"]) == ("40", "30")


def test_quotes_and_angles_in_an_alt_text_stay_text(drawn: Picture) -> None:
    ((_, attributes),) = Elements(drawn.img(b"")).found

    assert attributes["alt"] == ALT


def test_words_read_the_same_as_html_and_as_text() -> None:
    lines = ["a title", "one line", "another line"]

    shown = mime.words(lines)

    assert shown["text/plain"].split("\n") == lines
    assert Elements(shown["text/html"]).text == "".join(lines)


def test_the_first_of_the_words_is_the_title() -> None:
    html = mime.words(["a title", "a line"])["text/html"]

    assert "<strong>a title</strong>" in html
    assert "<li>a line</li>" in html


def test_markup_in_words_stays_text() -> None:
    html = Elements(mime.words(["<i>title</i>", "<b>line</b> & more"])["text/html"])

    assert html.text == "<i>title</i><b>line</b> & more"
    assert not {"i", "b"} & {tag for tag, _ in html.found}
