from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from dropviz.core.trap_results import Trap, TrapResults
from dropviz.jupyter.trap_report import trap_html, traps_html
from tests.made_traps import GONE, MUSEUM, RATE

from .conftest import InProcess

SHOWN: dict[str, Trap | TrapResults] = {"trap": RATE, "museum": MUSEUM}


def as_html(shown: Trap | TrapResults) -> str:
    return trap_html(shown) if isinstance(shown, Trap) else traps_html(shown)


class _Balanced(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        del attrs
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(html: str) -> _Balanced:
    parser = _Balanced()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


@pytest.mark.parametrize("name", SHOWN)
def test_it_shows_itself_as_html_and_as_text(name: str, ipython: InProcess) -> None:
    shown = SHOWN[name]
    ipython.names.update(shown=shown)

    ran = ipython.run("from IPython.display import display\ndisplay(shown)")
    (bundle,) = (each["data"] for each in ran.shown)

    assert shown._repr_mimebundle_() == bundle
    assert bundle == {"text/html": as_html(shown), "text/plain": str(shown)}


@pytest.mark.parametrize("name", SHOWN)
def test_the_html_is_sound_and_has_no_script_and_no_colour_of_its_own(name: str) -> None:
    html = as_html(SHOWN[name])
    found = parsed(html)

    assert found.seen <= {"div", "p", "strong", "code", "table", "tbody", "tr", "th", "td"}
    assert not re.search(r"(?<!-)\bcolor:|background|script|<style|class=|javascript", html)


def test_the_html_says_what_the_text_says() -> None:
    text = parsed(as_html(MUSEUM)).text

    for trap in MUSEUM:
        for said in (trap.heading, trap.name, *sum(trap.rows, ())):
            assert said.replace("`", "") in text


def test_what_stands_between_backticks_is_code() -> None:
    code = r"<code[^>]*>{}</code>"

    assert re.search(code.format("dropout=1.0") + " drops", as_html(RATE))
    assert re.search(code.format("0.0 &lt; rate &lt; 1.0"), as_html(RATE))


def test_long_code_is_broken_where_a_page_is_narrow() -> None:
    long = replace(RATE, advice=f"`{'x' * 90}`")

    (cell,) = re.findall(r"<td style=\"([^\"]*)\"><code style=\"([^\"]*)\">x+<", trap_html(long))

    assert "overflow-wrap: anywhere" in cell[0]
    assert "white-space: normal" in cell[1]


@pytest.mark.parametrize("field", ["name", "title", "expect", "happens", "why", "advice"])
def test_text_is_escaped(field: str) -> None:
    nasty = "<script>alert('1')</script> & \"x\" `<b>`"
    trap = replace(RATE, **{field: nasty})  # type: ignore[arg-type]
    html = as_html(TrapResults([trap], nasty))

    found = parsed(html)

    assert "script" not in found.seen
    assert "b" not in found.seen
    assert "<script>alert('1')</script> & \"x\"" in found.text


def test_a_title_says_where_it_is_not_true() -> None:
    assert "Gone (not so here)" in as_html(GONE)


def test_none_at_all_still_speaks() -> None:
    assert parsed(as_html(TrapResults([]))).text == "0 traps run with Keras in 0.0 s."
