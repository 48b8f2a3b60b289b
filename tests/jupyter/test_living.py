from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from dropviz.errors import DropvizError
from dropviz.figures.scene import plain_data
from dropviz.figures.theme import Picture
from dropviz.jupyter import living
from dropviz.jupyter.report import page, pictures

from .test_report import recorded, run

END = "</script><script>alert(1)</script><!--"


def scripts(html: str) -> Iterator[str]:
    """What stands in script elements, as a browser finds their ends."""
    return (text for _, text in re.findall(r"(<script[^>]*>)(.*?)</script", html, re.DOTALL))


def test_the_scene_stands_beside_the_picture_as_plain_data() -> None:
    for drawn in pictures(run(recorded())):
        (data,) = scripts(living.picture(drawn, b""))
        assert json.loads(data) == plain_data(drawn.scene)


def test_a_picture_of_no_scene_is_an_image_alone() -> None:
    assert "script" not in living.picture(Picture(20, 10), b"", called=True)


def test_its_still_picture_is_as_wide_as_a_figure_that_is_asked_for() -> None:
    drawn = Picture(820, 200)

    assert drawn._repr_mimebundle_()[0]["text/html"] in living.picture(drawn, drawn.png())


def test_a_text_in_a_scene_does_not_end_its_element() -> None:
    (_, where, _) = pictures(run(recorded(END)))

    (data,) = scripts(living.picture(where, b""))

    assert json.loads(data)["alt"].startswith(f"LSTM layer {END} unrolled")
    assert "<" not in data


def test_the_script_of_an_output_gives_back_the_memory_of_its_text() -> None:
    text = living.output_script()

    made, imported, given_back = map(
        text.index, ("= URL.createObjectURL(", "await import(", "URL.revokeObjectURL(")
    )
    assert made < imported < given_back


def test_the_script_of_an_output_is_small_and_that_of_a_page_can_be_read() -> None:
    # A notebook has one for each report, beside pictures of some 20 kB each.
    assert len(living.output_script()) < 32_000
    assert "function comeAlive(theme)" in living.page_script()


# ---------------------------------------------------------------- run.page


@pytest.mark.full
def test_a_run_writes_its_page_and_says_where(tmp_path: Path) -> None:
    made = run(recorded())

    written = made.page(tmp_path / "run.html")

    assert written == tmp_path / "run.html"
    assert written.read_text(encoding="utf-8") == page(made)
    assert [each.name for each in tmp_path.iterdir()] == ["run.html"]


@pytest.mark.full
def test_a_page_is_small_enough_to_mail(tmp_path: Path) -> None:
    assert run(recorded()).page(tmp_path / "run.html").stat().st_size < 300_000


def test_a_page_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "run.html"
    path.write_text("as it was")

    with (
        mock.patch("os.fsync", side_effect=OSError(28, "No space left on device")),
        pytest.raises(DropvizError, match=r"run\.html' could not be written, .*No space left"),
    ):
        run(recorded()).page(path)

    assert path.read_text() == "as it was"
    assert [each.name for each in tmp_path.iterdir()] == ["run.html"]


@pytest.mark.parametrize(
    ("path", "said"), [("nowhere/run.html", "does not exist"), ("", "is taken by what is no file")]
)
def test_a_place_for_no_page_is_refused_in_a_sentence(tmp_path: Path, path: str, said: str) -> None:
    with pytest.raises(DropvizError, match=said):
        run(recorded()).page(tmp_path / path)
