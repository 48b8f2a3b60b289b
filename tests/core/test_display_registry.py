from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dropviz
from dropviz.core.display_registry import DISPLAY, display

ROOT = Path(dropviz.__file__).parents[1]


class Result:
    """Something that could be shown."""


class Kind(Result):
    """A kind of it, which is shown as it is."""


class Other:
    """Something else that nobody has said how to show, with the same name."""


Other.__name__ = "Result"


def test_an_object_is_shown_by_what_was_left_for_its_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[object] = []
    monkeypatch.setitem(DISPLAY, Result, shown.append)
    result = Result()

    display(result)

    assert shown == [result]


def test_an_object_of_a_subclass_is_shown_as_the_nearest_class_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[tuple[str, object]] = []
    monkeypatch.setitem(DISPLAY, Result, lambda each: shown.append(("result", each)))
    kind = type("Deeper", (Kind,), {})()

    display(kind)
    monkeypatch.setitem(DISPLAY, Kind, lambda each: shown.append(("kind", each)))
    display(kind)

    assert shown == [("result", kind), ("kind", kind)]


@pytest.mark.parametrize("result", [Other(), 3, None], ids=["a namesake", "a number", "nothing"])
def test_what_nobody_has_said_how_to_show_is_left_to_ipython(
    result: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[object] = []
    monkeypatch.setitem(DISPLAY, Result, shown.append)

    with pytest.raises(NotImplementedError):
        display(result)

    assert not shown


# Each in a process of its own: what has been imported before must not matter.
ALONE = {
    "a figure of a run": (
        "from dropviz.core.runs import Curves, Recording, Run\n"
        "run = Run(None, Curves({'loss': [2.0, 1.0]}), Recording.of({}), 'done', 1.0, '')\n"
        "assert run.figure('curves').alt.startswith('Loss over 2 epochs')"
    ),
    "an unknown figure of a run": (
        "from dropviz.core.runs import Curves, Recording, Run\n"
        "run = Run(None, Curves(), Recording.of({}), 'done', 1.0, '')\n"
        "try:\n"
        "    run.figure('curve')\n"
        "except KeyError as error:\n"
        "    assert \"Did you mean 'curves'?\" in str(error)"
    ),
    "a run of a class of one's own": (
        "from IPython.utils.capture import capture_output\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "InteractiveShell.instance()\n"
        "from dropviz.core.runs import Curves, Recording, Run\n"
        "class Mine(Run):\n"
        "    pass\n"
        "with capture_output() as shown:\n"
        "    Mine(None, Curves(), Recording.of({}), 'done', 1.0, '')._ipython_display_()\n"
        "assert 'text/html' in shown.outputs[0].data"
    ),
    "a trap": (
        "from IPython.utils.capture import capture_output\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "InteractiveShell.instance()\n"
        "from dropviz.core.trap_results import Trap\n"
        "trap = Trap('a', 'b', 'c', 'd', 'e', 'f', True, 1.0)\n"
        "assert set(trap._repr_mimebundle_()) == {'text/html', 'text/plain'}"
    ),
}


@pytest.mark.few(2)
@pytest.mark.parametrize("name", ALONE)
def test_a_result_draws_and_shows_itself_whatever_was_imported(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALONE[name]],
        env=os.environ | {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
