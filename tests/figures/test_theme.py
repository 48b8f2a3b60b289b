from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pytest
from matplotlib import _mathtext
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from PIL import Image

import dropviz
from dropviz.figures import theme
from dropviz.figures.heatmaps import atlas
from dropviz.figures.theme import Picture, plain
from dropviz.figures.unrolled import where

from .conftest import Example
from .made import Kind, recorded


def opened(png: bytes) -> Any:
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


def pixels(png: bytes) -> Any:
    return np.asarray(opened(png).convert("RGB")).astype(int)


# ---------------------------------------------------------------- PNG and alt text


@pytest.mark.few("atlas")
def test_a_png_is_twice_as_dense_as_the_picture_on_screen(example: Example) -> None:
    width, height = example.picture.size

    assert opened(example.png).size == (2 * width, 2 * height)


@pytest.mark.few("where")
def test_a_frame_is_as_dense_as_asked(example: Example) -> None:
    width, height = example.picture.size

    assert opened(example.frame).size == (width, height)
    assert opened(example.picture.frame(3)).size == (3 * width, 3 * height)


def test_a_picture_has_the_size_that_is_documented(example: Example) -> None:
    width, height = example.picture.size

    assert width == example.size[0]
    assert height == example.size[1] or not example.size[1]


def test_a_png_is_small_enough_for_a_saved_notebook(example: Example) -> None:
    assert len(example.png) < 120_000


@pytest.mark.full
@pytest.mark.parametrize("draw", ["where", "masks"])
def test_a_png_of_a_large_layer_is_small_too(draw: str) -> None:
    from dropviz.figures.heatmaps import atlas
    from dropviz.figures.unrolled import where

    large = recorded(Kind(units=256, features=128, samples=128, steps=20, life="step", batches=1))
    picture = where(large) if draw == "where" else atlas(large)

    assert len(picture.png()) < 120_000


def test_a_png_carries_its_alt_text(example: Example) -> None:
    assert example.picture.alt
    assert opened(example.png).text["Description"] == example.picture.alt


@pytest.mark.parametrize("alt", ["h₍ₜ₋₁₎ ≤ 1 · 日本", "$x_t$", '"quoted" & <marked>'])
def test_alt_text_may_hold_any_letters(alt: str) -> None:
    picture = Picture(30, 20)
    picture.alt = alt

    assert opened(picture.png()).text["Description"] == alt


def test_what_an_alt_text_hides_is_seen() -> None:
    picture = Picture(30, 20)
    picture.alt = "two\nlines \x1b[2J \u202e \ud800"

    assert picture.alt == r"two\nlines \x1b[2J \u202e \ud800"
    assert opened(picture.png()).text["Description"] == picture.alt


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("lstm_1", "lstm_1"),
        ("$x$", r"\$x\$"),
        (r"\$", r"\\$"),
        ("层", r"\u5c42"),
        ("a\nb\u202e", r"a\nb\u202e"),
        ("größe", "größe"),
    ],
)
def test_a_text_from_outside_is_drawn_letter_by_letter(text: str, drawn: str) -> None:
    assert plain(text) == drawn


@pytest.mark.parametrize("text", ["$x$", "a $ b", "$\\frac{$", "$$", r"\$x$"])
def test_a_dollar_from_outside_begins_no_mathematics(text: str) -> None:
    pen: Any = Text()

    assert pen._preprocess_math(plain(text)) == (text, False)
    # What is mathematics beside it stays so.
    assert pen._preprocess_math(f"$x_t$ {plain(text)}")[1] is True


@pytest.mark.few("atlas")
def test_fewer_colours_change_no_colour_that_anybody_sees(example: Example) -> None:
    difference = np.abs(pixels(example.png) - pixels(example.picture.frame(2)))

    # The palette rounds the soft edges of letters, and nothing by much.
    assert np.mean(difference.max(axis=2) > 8) < 0.01
    assert difference.max() < 16


def test_a_picture_has_a_white_ground(example: Example) -> None:
    corners = pixels(example.png)[[0, 0, -1, -1], [0, -1, 0, -1]]

    np.testing.assert_array_equal(corners, 255)


def test_a_notebook_gets_png_alt_text_and_size(example: Example) -> None:
    picture = example.picture
    width, height = picture.size

    data, metadata = picture._repr_mimebundle_()

    assert data["text/plain"] == picture.alt
    assert data["image/png"] == example.png
    assert metadata["image/png"] == {"width": width, "height": height, "alt": picture.alt}


@pytest.mark.parametrize(("width", "least"), [(820, 640), (300, 300)])
def test_a_picture_scrolls_in_its_own_box_where_its_letters_would_be_too_small(
    width: int, least: int
) -> None:
    picture, _ = theme.canvas(width, 200)
    picture.alt = "a picture"

    shown = picture._repr_mimebundle_()[0]["text/html"]

    assert shown.startswith('<div style="overflow-x:auto"><img ')
    assert f"max-width:100%;min-width:{least}px;height:auto" in shown
    assert 'alt="a picture"' in shown


@pytest.mark.full
@pytest.mark.few("where", "curves")
def test_the_same_picture_is_drawn_the_same_again(example: Example) -> None:
    assert example.draw().png() == example.png


# ---------------------------------------------------------------- whatever the user has set


USERS: dict[str, Any] = {
    "fonts": {"font.family": "serif", "font.size": 30, "xtick.labelsize": 30},
    "another font behind the same name": {"font.sans-serif": ["DejaVu Serif"]},
    "mathematics": {"mathtext.fontset": "stix", "axes.unicode_minus": False},
    "lines": {"lines.linewidth": 9, "axes.linewidth": 9, "axes.grid": True},
    "colours": {"text.color": "red", "axes.facecolor": "red", "figure.facecolor": "red"},
    "sketched": {"path.sketch": (2, 100, 3)},
    "density": {"figure.dpi": 300, "savefig.dpi": 300},
    "ground on saving": {"savefig.facecolor": "red", "savefig.edgecolor": "red"},
    "transparent on saving": {"savefig.transparent": True},
    "cropped on saving": {"savefig.bbox": "tight", "savefig.pad_inches": 1},
    "layout": {"figure.autolayout": True, "axes.formatter.limits": (0, 0)},
    "hinting": {"text.hinting": "none"},
}


@pytest.mark.slow
@pytest.mark.few(4)
@pytest.mark.parametrize("name", USERS)
def test_a_picture_looks_the_same_whatever_the_user_has_set(name: str, example: Example) -> None:
    with mpl.rc_context(USERS[name]):
        drawn = example.draw().frame()

    assert drawn == example.frame


@pytest.mark.full
@pytest.mark.few(3)
@pytest.mark.parametrize("name", ["dark_background", "ggplot"])
def test_a_picture_looks_the_same_in_every_style(name: str, example: Example) -> None:
    with matplotlib.style.context(name):
        drawn = example.draw().frame()

    assert drawn == example.frame


@pytest.mark.few("where")
def test_drawing_leaves_the_user_s_settings_alone(example: Example) -> None:
    with mpl.rc_context({"font.size": 13, "text.color": "green"}):
        before = dict(mpl.rcParams)

        example.draw().png()

        assert dict(mpl.rcParams) == before


def test_an_error_while_drawing_leaves_the_user_s_settings_alone() -> None:
    before = dict(mpl.rcParams)

    with pytest.raises(ZeroDivisionError), theme.style():
        raise ZeroDivisionError

    assert dict(mpl.rcParams) == before


@pytest.mark.slow
def test_neither_pyplot_nor_keras_is_imported_by_a_picture(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from figures.conftest import EXAMPLES\n"
        "for example in EXAMPLES.values():\n"
        "    example.draw().png()\n"
        "print('matplotlib.pyplot' in sys.modules, 'keras' in sys.modules)\n"
    )
    path = [Path(__file__).parents[1], Path(dropviz.__file__).parents[1]]
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("False False\n", "")


# ---------------------------------------------------------------- colours


def luminance(colour: Any) -> float:
    """Relative luminance as WCAG 2 defines it, 0 for black to 1 for white."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_a_formula_is_read_once_whatever_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    parse = _mathtext.Parser.parse

    def counted(self: Any, formula: str, *args: Any) -> Any:
        read.append(formula)
        return parse(self, formula, *args)

    monkeypatch.setattr(_mathtext.Parser, "parse", counted)
    frames = []
    for _ in range(2):
        picture, axes = theme.canvas(200, 100)
        axes.text(20, 50, "$c_{t-1} \\odot m_{17}$")
        frames.append(picture.frame())
    assert read == ["$c_{t-1} \\odot m_{17}$"]
    assert frames[0] == frames[1]


def test_one_thread_at_a_time_sets_the_style_and_the_user_s_settings_come_back() -> None:
    before = mpl.rcParams.copy()
    inside = threading.Event()

    def other() -> None:
        with theme.style():
            inside.set()

    thread = threading.Thread(target=other)
    with theme.style():
        thread.start()
        # Long enough for a thread that nothing holds back.
        assert not inside.wait(0.5)
    thread.join(10)
    assert inside.is_set()
    assert mpl.rcParams == before


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("lstm", "lstm"),
        ("encoder/lstm", "...r/lstm"),
        ("$x^{", r"\$x^{"),
        ("a$b$c", r"a\$b\$c"),
        ("a\n\0\x1b\u202e", r"...\u202e"),
        ("長い名前", r"\u9577\u3044\u540d\u524d"),
    ],
)
def test_a_name_is_shown_on_one_line_and_never_as_mathematics(name: str, shown: str) -> None:
    assert theme.shortened(name, 9) == shown


@pytest.mark.full
@pytest.mark.few
@pytest.mark.parametrize("name", ["$x^{", "$$", "$\\frac{$", "a\nb\0"])
@pytest.mark.parametrize("draw", [where, atlas], ids=["where", "atlas"])
def test_a_layer_of_any_name_is_drawn(draw: Callable[[Any], Picture], name: str) -> None:
    assert draw(recorded(layer=name)).frame()
