"""What the pages take out of tables, without Sphinx."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dropviz
from docs import generated
from dropviz.core.keras_history import ERAS
from dropviz.core.methods import METHODS
from dropviz.core.sites import MASKABLE
from dropviz.core.tasks import TASKS
from tests.jupyter.conftest import Shell

DOCS = Path(generated.__file__).parent
PAGES = {str(path.relative_to(DOCS)): path.read_text("utf-8") for path in DOCS.rglob("*.md")}
_BLOCK = re.compile(r"^```(?:\{code-cell\} )?python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def rows(table: str) -> list[list[str]]:
    """The cells of a table, without its head."""
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines()]
    assert len({len(row) for row in cells}) == 1
    return [[cell.strip() for cell in row] for row in cells[2:]]


def code(text: str) -> set[str]:
    """The lines of all Python in a text."""
    return {line for block in _BLOCK.findall(text) for line in block.splitlines() if line}


def test_every_part_is_on_a_page_and_every_place_has_its_part() -> None:
    named = re.findall(r"^\{\{ (\w+) \}\}$", "\n".join(PAGES.values()), re.MULTILINE)

    assert sorted(named) == sorted(generated.PARTS)


def test_a_page_that_counts_facts_has_a_heading_for_each() -> None:
    words = ("One", "Two", "Three", "Four", "Five", "Six", "Seven")
    text = PAGES["explanation/mask.md"]
    (counted,) = re.findall(r"^(\w+) facts tell", text, re.MULTILINE)

    assert words.index(counted) + 1 == len(re.findall(r"^## ", text, re.MULTILINE))


def test_every_page_names_the_gates_with_g_for_the_candidate() -> None:
    named = [re.findall(r"\bgates?, (\w, \w, \w and \w)", text) for text in PAGES.values()]

    assert {each for found in named for each in found} == {"i, f, g and o"}


def test_every_page_is_in_a_list_of_pages() -> None:
    # The build says so too, which only runs where Sphinx is.
    listed = set()
    for name, text in PAGES.items():
        for block in re.findall(r"```{toctree}\n(.*?)```", text, re.DOTALL):
            for line in block.splitlines():
                if line and not line.startswith(":"):
                    inside = Path(name).parent / line if line[0] != "/" else Path(line[1:])
                    listed.add(inside.as_posix())
    pages = {name.removesuffix(".md") for name in PAGES if not name.startswith("upstream/")}

    assert pages - listed == {"index"}


def test_every_public_name_is_documented() -> None:
    documented = re.findall(r"^\.\. auto\w+:: dropviz\.(\w+)$", generated.names(), re.MULTILINE)

    assert documented == sorted(dropviz.__all__)


def test_every_magic_is_shown_with_its_flags(shell: Shell) -> None:
    kinds = shell.magics_manager.magics
    before = {kind: set(magics) for kind, magics in kinds.items()}
    shell.run_line_magic("load_ext", "dropviz")
    ours = {name for kind, magics in kinds.items() for name in set(magics) - before[kind]}
    shell.run_line_magic("unload_ext", "dropviz")
    shown = generated.magics()

    assert set(re.findall(r"^## `%(\w+)`$", shown, re.MULTILINE)) == ours
    assert "--recurrent-dropout" in shown
    assert "--engine" in shown


def test_every_command_is_shown_with_those_below_it() -> None:
    shown = re.findall(r"^## `(.+)`$", generated.command_line(), re.MULTILINE)

    assert shown[0] == "dropviz"
    assert {"dropviz demo", "dropviz playground", "dropviz homework grade"} < set(shown)
    assert len(shown) == len(set(shown))


@pytest.mark.full
def test_each_method_has_its_picture_in_words_too() -> None:
    shown = generated.methods()

    for name, method in METHODS.items():
        assert f'`method="{name}"`' in shown
        assert method.misuse in shown
    assert len(re.findall(r'<img [^>]*alt="[^"]{40}', shown)) == len(METHODS)


@pytest.mark.parametrize(
    ("part", "count"),
    [("keras_versions", len(ERAS)), ("sites", len(MASKABLE)), ("tasks", len(TASKS))],
)
def test_a_table_has_a_row_for_each_of_its_source(part: str, count: int) -> None:
    assert len(rows(generated.PARTS[part]())) == count


def test_a_cell_holds_no_end_of_a_cell() -> None:
    assert rows(generated.table(("a",), [("x | y\nz",)])) == [[r"x \| y z"]]


@pytest.mark.parametrize("page", [name for name in PAGES if name.startswith("how-to/")])
def test_what_a_page_prints_is_run_on_it_in_the_gallery_or_in_the_readme(page: str) -> None:
    run = code(PAGES["gallery.md"]) | code((DOCS.parent / "README.md").read_text("utf-8"))
    text = PAGES[page]
    executed = "execution_mode: force" in text

    assert executed or code(text) <= run
