"""The page that needs no Python, as it is written: what it holds, and what it leaves alone."""

from __future__ import annotations

import base64
import json
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from dropviz.__main__ import main
from dropviz.browser import write_playground
from dropviz.browser.tables import tables
from dropviz.core.methods import METHODS
from dropviz.core.setting import Setting
from dropviz.core.tasks import load_task
from dropviz.errors import DropvizError
from dropviz.figures.colours import ARGUMENTS, theme

SCRIPTS = Path(write_playground.__file__).with_name("playground")


@pytest.fixture(scope="module")
def page() -> str:
    return write_playground.page()


# ---------------------------------------------------------------- the command


def test_the_command_writes_one_file_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.html"

    assert main(["playground", str(path)]) == 0

    assert capsys.readouterr().out == f"Wrote {path}\n"
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]
    assert path.read_text(encoding="utf-8") == write_playground.page()


def test_the_command_has_a_name_for_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["playground"]) == 0
    assert [each.name for each in tmp_path.iterdir()] == ["dropviz-playground.html"]


def test_a_folder_that_is_not_there_and_a_folder_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["playground", str(tmp_path / "nowhere" / "page.html")]) == 1
    assert "does not exist." in capsys.readouterr().err
    assert main(["playground", str(tmp_path)]) == 1
    assert "must be a file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- the file


def test_the_page_is_small(page: str) -> None:
    assert len(page.encode("utf-8")) <= 300_000


def test_the_page_asks_for_nothing(page: str) -> None:
    assert "@@" not in page
    # Links to papers are data; nothing is fetched from an address, and nothing may be.
    assert "default-src 'none'" in page
    assert not re.search(r"<(link|img|iframe|object|embed|base)\b", page)
    assert not re.search(
        r"<script[^>]*\bsrc=|\bfetch\(|XMLHttpRequest|WebSocket|importScripts", page
    )
    assert not re.search(r"@import|url\(", page)


def test_no_text_is_ever_read_as_markup() -> None:
    for path in SCRIPTS.glob("*.js"):
        source = path.read_text(encoding="utf-8")
        written = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
        assert not re.search(written, source), path.name


def imported(path: Path) -> set[Path]:
    """A script with all that it imports."""
    found = {path}
    for source in re.findall(
        r'^import .*"(\..*)";$', path.read_text(encoding="utf-8"), re.MULTILINE
    ):
        found |= imported((path.parent / source).resolve())
    return found


def test_every_script_is_part_of_the_page_or_of_types_alone() -> None:
    used = imported(SCRIPTS / "page.js") | imported(SCRIPTS / "worker.js")

    for path in SCRIPTS.glob("*.js"):
        types = path.read_text(encoding="utf-8").rstrip().endswith("export function types() {}")
        assert types != (path in used), path.name


def test_pictures_are_painted_as_in_reports(page: str) -> None:
    painters = {path.name for path in imported(SCRIPTS / "page.js") if path.parent.name == "scenes"}
    data = json.loads(re.findall(r'id="data">(.*?)</script>', page)[0])

    assert {path.name for path in (SCRIPTS.parent / "scenes").glob("paint*.js")} <= painters
    assert data["theme"] == theme()


def test_the_digits_come_out_of_the_page_as_the_task_has_them(page: str) -> None:
    data = json.loads(re.findall(r'id="data">(.*?)</script>', page)[0])

    pixels = zlib.decompress(base64.b64decode(data["digits"]["pixels"]))
    task = load_task("digits")
    x = np.concatenate([task.x, task.x_val])

    np.testing.assert_array_equal(np.frombuffer(pixels, np.uint8).reshape(x.shape) / 16, x)
    assert data["digits"]["answers"] == "".join(map(str, [*task.y, *task.y_val]))
    assert data["digits"]["training"] == len(task.y)
    assert data["tables"] == json.loads(json.dumps(tables()))


def test_the_colours_of_the_page_are_those_of_the_arguments(page: str) -> None:
    for name, both in ARGUMENTS.items():
        for colour in both:
            assert name == "rate" or f"--{name}: {colour.lower()};" in page


def test_what_ends_a_script_cannot_come_from_data(page: str) -> None:
    (data,) = re.findall(r'id="data">(.*?)</script>', page)

    assert "<" not in data
    assert page.count("</script>") == 3


# ---------------------------------------------------------------- tables


def test_the_tables_have_every_method_with_an_entry_for_each_choice() -> None:
    made = tables()["methods"]

    assert list(made) == list(METHODS)
    # Choices or none, times with or without recurrent_dropout.
    counts = {name: len(row["entries"]) for name, row in made.items()}
    assert counts == dict.fromkeys(METHODS, 2) | {"moon": 18, "semeniuta": 18, "zoneout": 8}


BOTH_ZONES = {"zoneout_cell": 0.1, "zoneout_hidden": 0.1}


def test_an_entry_that_is_refused_says_what_python_says_of_any_rate() -> None:
    entries = [each for row in tables()["methods"].values() for each in row["entries"].values()]
    said = {each["refused"] for each in entries if "refused" in each}

    for rate in (0.3, 0.625):
        raised = set()
        for given in ({"method": "zaremba"}, {"method": "zoneout", **BOTH_ZONES}):
            with pytest.raises(DropvizError) as caught:
                Setting(**given, recurrent_dropout=rate)
            raised.add(str(caught.value))
        assert {each.replace("{recurrent_dropout}", str(rate)) for each in said} == raised


def test_a_page_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DropvizError, match="No space left"):
        write_playground.write_playground(path)

    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("page.html", "old")]
