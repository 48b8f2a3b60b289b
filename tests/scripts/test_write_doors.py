from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from scripts.write_doors import doors, fetching, with_doors, written

LESSON = "notebooks/04-does-it-help.ipynb"


def links(text: str) -> list[str]:
    return [part.split(")")[0] for part in text.split("](")[1:]]


def test_the_doors_stand_in_the_order_to_try_them() -> None:
    hosts = [urlsplit(link).hostname for link in links(doors("Ada/fork"))]

    assert hosts == [
        "ada.github.io",
        "colab.research.google.com",
        "mybinder.org",
        "nbgitpuller.readthedocs.io",
    ]


def test_each_door_leads_to_the_notebook_of_the_repository() -> None:
    _, colab, binder, hub = links(doors("Ada/fork", LESSON))

    assert colab.endswith(f"/github/Ada/fork/blob/main/{LESSON}")
    assert unquote(binder).endswith(f"/gh/Ada/fork/main?urlpath=lab/tree/{LESSON}")
    assert parse_qs(urlsplit(hub).query) == {
        "repo": ["https://github.com/Ada/fork"],
        "branch": ["main"],
        "urlpath": [f"lab/tree/fork/{LESSON}"],
    }


@pytest.mark.parametrize("repository", ["Ada/fork", "a-b/c.d", "X/dropviz"])
def test_the_local_door_brings_the_notebook_and_what_opens_it(repository: str) -> None:
    line = doors(repository, LESSON).splitlines()[-1].split("`")[1]

    assert line.split(" && ") == [
        f"git clone https://github.com/{repository}",
        f"cd {repository.partition('/')[2]}",
        'python -m pip install ".[cpu]" jupyterlab',
        f"jupyter lab {LESSON}",
    ]


@pytest.mark.parametrize("prefix", ["", "# "])
def test_only_what_stands_between_the_marks_is_written_anew(prefix: str) -> None:
    text = f"{prefix}before\n{prefix}<!-- doors -->\n{prefix}old\n{prefix}<!-- /doors -->\nafter\n"

    once = with_doors(text, "a\nb", prefix)

    assert once == text.replace(f"{prefix}old\n", f"{prefix}a\n{prefix}b\n")
    assert with_doors(once, "a\nb", prefix) == once


@pytest.mark.parametrize(
    "line",
    [
        'run("pip", "install git+https://github.com/old/na.me")',
        "(`git clone https://github.com/old/na.me`), and then",
        "git clone https://github.com/old/na.me && cd here",
    ],
)
def test_what_is_installed_or_cloned_comes_from_the_repository(line: str) -> None:
    assert fetching(line, "Ada/fork") == line.replace("old/na.me", "Ada/fork")


def test_a_link_that_fetches_nothing_stays() -> None:
    line = "see https://github.com/old/na.me/issues"

    assert fetching(line, "Ada/fork") == line


def test_a_text_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="doors"):
        with_doors("nothing here", "a")


def test_lessons_and_homework_install_dropviz_by_the_same_lines() -> None:
    installs = re.compile(r"^from importlib.*\n\nif not .*\n    get_ipython.*$", re.MULTILINE)
    sources = [path for path in written() if path.suffix == ".py"]

    found = [installs.findall(path.read_text("utf-8")) for path in sources]

    assert {path.parent.name for path in sources} == {"lessons", "homework"}
    assert found == [found[0]] * len(sources)
    assert len(found[0]) == 1


def test_every_file_holds_the_doors_of_the_one_place() -> None:
    wrong = [path.name for path, text in written().items() if path.read_text("utf-8") != text]

    assert wrong == [], "run: python -m scripts.write_doors"
