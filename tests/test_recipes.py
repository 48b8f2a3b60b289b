"""The recipes of CONTRIBUTING, tried on a copy: one entry each, and everything knows it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dropviz

pytestmark = pytest.mark.full

PACKAGE = Path(dropviz.__file__).parent

# What each recipe adds: the file, a line that is there, and what comes before it.
ADDED = {
    "a task": (
        "core/tasks.py",
        "TASKS: dict[str, TaskEntry] = {\n",
        "",
        (
            '    "tiny": TaskEntry(\n'
            "        _made(\n"
            '            "tiny",\n'
            '            "import numpy as np\\n"\n'
            '            "x, y, x_val, y_val = (np.ones((8, 3, 2)), np.arange(8) % 2.0) * 2\\n",\n'
            '            "ones and zeros",\n'
            '            goal="numbers",\n'
            "        ),\n"
            "        *(8, 3, 2),\n"
            '        "ones",\n'
            "    ),\n"
        ),
    ),
    "an option": (
        "core/method_options.py",
        '    zoneout_cell: float | None = _rate("zoneout_cell"',
        '    rate_up: float | None = _rate("rate_up", "ru", "rate at the candidate")\n',
        "",
    ),
    "a method": (
        "core/methods.py",
        "TABLE = (\n",
        "",
        (
            '    Method("upward", "Upward", "nobody 2026", "https://example.org", (\n'
            '        _ONE_X, Rule("candidate", "rate_up", "sequence", "", "inverted"),\n'
            '    ), "$m$", "masks the candidate", "None known.", ("rate_up",)),\n'
        ),
    ),
    "a figure": (
        "figures/__init__.py",
        "# Named here and loaded when drawn",
        (
            "def _mine(run: Run) -> Picture:\n"
            "    from dropviz.figures import theme\n\n"
            "    picture, _ = theme.canvas(100, 100)\n"
            '    picture.alt, picture.scene = run.title, {"kind": "mine", "title": run.title}\n'
            "    return picture\n\n\n"
            "FIGURES.update(mine=_mine)\n"
        ),
        "",
    ),
    "a trap": (
        "traps/rates.py",
        "EXHIBITS = (\n",
        'def nothing() -> Finding:\n    return Finding(True, "Nothing happened.", {})\n\n\n',
        '    Exhibit("mine", "Mine", "Much.", "No reason.", "Wait.", nothing),\n',
    ),
}

# A figure has a painter for the browser too, in a table of its own.
PAINTER = (
    "browser/scenes/paint.js",
    "const PAINTERS = {\n",
    "",
    "  mine: (container, scene) => container.append(scene.title),\n",
)

KNOWN = """\
import numpy as np
import dropviz
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.scenario_string import Scenario, magic, parse
from dropviz.jupyter import living
from dropviz.jupyter.ipython_inside import list_flags
from dropviz.jupyter.magics import DropvizMagics
from dropviz.jupyter.lab.lab import lab

spec = parse("lstm:u4:m=upward:d.2:ru.5:task=tiny:e1").spec
assert (spec.task, spec.method, spec.rate_up) == ("tiny", "upward", 0.5)
assert parse(str(Scenario(spec))).spec == spec
assert magic(spec).startswith("%lstm_dropout -d .2 -r 0 --method upward --rate-up 0.5 --task tiny")
assert "--rate-up" in list_flags(DropvizMagics.lstm_dropout)

run = dropviz.run(str(Scenario(spec)))
masks = run.recording["lstm"]["candidate"]
assert (masks.rate, masks.scale, masks.same_over_steps) == (0.5, 2.0, True)
assert run.proof["lstm"].agrees, run.proof
assert "rate_up=0.5 multiplied g_t, the candidate" in str(run)
assert run.figure("mine").alt == run.title
assert '"kind":"mine"' in living.picture(run.figure("mine"), b"")
assert "mine: (container, scene)" in living.page_script()
assert "Upward" in run.figure("cell").alt and "candidate" in run.figure("where").alt

layer = dropviz.LSTM(8, method="upward", dropout=0.3, rate_up=0.5)
assert dropviz.explain(layer).method == "upward"
assert layer.get_config()["rate_up"] == 0.5
assert dropviz.traps("mine")[0].holds

panel = lab("lstm:u4:m=upward:task=tiny")
assert ":task=tiny:" in panel.scenario and ":m=upward:" in panel.scenario
panel.close()
print("known")
"""


def test_what_a_recipe_adds_is_known_everywhere(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "dropviz", ignore=shutil.ignore_patterns("__pycache__"))
    for file, anchor, before, after in (*ADDED.values(), PAINTER):
        path = tmp_path / "dropviz" / file
        source = path.read_text(encoding="utf-8")
        assert source.count(anchor) == 1, f"{file} has no single {anchor!r}"
        path.write_text(source.replace(anchor, before + anchor + after), encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-c", KNOWN],
        env=os.environ | {"PYTHONPATH": str(tmp_path), "IPYTHONDIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.endswith("known\n"), done.stderr[-2000:]


@pytest.mark.parametrize("recipe", ADDED)
def test_contributing_has_a_recipe_for_it_that_names_the_file(recipe: str) -> None:
    text = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (words,) = re.findall(rf"\*\*{recipe.capitalize()}\.\*\*(.*?)(?:\n\n|$)", text, re.DOTALL)

    assert ADDED[recipe][0].rpartition("/")[0] in words
    assert recipe != "a figure" or "`paint.js`" in words
