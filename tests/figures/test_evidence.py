from __future__ import annotations

import io
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dropviz.core.verdict import SiteVerdict, Verdict
from dropviz.figures import theme
from dropviz.figures.evidence import evidence
from dropviz.figures.theme import Picture
from tests.tables import WHERE

from .made import cut_off, overlaps, texts, words

LONG = "encoder/" * 20 + "bidirectional/forward_lstm"


def site(name: str, rate: float = 0.5, **changed: Any) -> SiteVerdict:
    """Makes what an experiment would find at one site."""
    bits = (np.random.default_rng(len(name)).random((16, 16)) < rate).astype(float)
    given: dict[str, Any] = {
        "site": name,
        "rate": rate,
        "rate_interval": (max(0.0, rate - 0.03), min(1.0, rate + 0.03)),
        "life": "sequence",
        "tying": "untied",
        "scaling": "inverted",
        "kept": 1 / (1 - rate) if rate < 1 else 1.0,
        "at_inference": 1.0,
        "gates": ("i", "f", "g", "o"),
        "missing": (),
        "same_over_samples": False,
        "same_over_units": False,
        "frozen": False,
        "seen": bits,
    }
    return SiteVerdict(**(given | changed))


def verdict(*sites: SiteVerdict, layer: str = "lstm") -> Verdict:
    return Verdict(
        layer=layer,
        kind="LSTM",
        sites={each.site: each for each in sites},
        active_at_inference=False,
        method="keras" if sites else None,
        same_as=(),
        differences=(),
        doubts=(),
        seconds=0.5,
        calls=87,
    )


WORDY: dict[str, Any] = {
    "gates": ("i", "f", "g"),
    "missing": ("o",),
    "same_over_units": True,
    "frozen": True,
    "kept": 1.23e-5,
    "at_inference": 1.23e-5,
}
UNSEEN = np.where(np.arange(256).reshape(16, 16) % 3 == 0, np.nan, 1.0)
CASES: dict[str, Verdict] = {
    "nothing": verdict(),
    "nothing, long name": verdict(layer=LONG),
    "one site": verdict(site("input")),
    "two sites": verdict(site("input", 0.2), site("recurrent", 0.7)),
    "three sites": verdict(site("input"), site("cell_update", 0.1), site("hidden_update", 0.9)),
    "long name": verdict(site("recurrent"), layer=LONG),
    "many words": verdict(site("carried", **WORDY), site("hidden_update", **WORDY)),
    "rate near 0": verdict(site("input", 0.001)),
    "rate near 1": verdict(site("input", 0.999)),
    "rate of 1": verdict(site("input", 1.0)),
    "entries not seen": verdict(site("cell", seen=UNSEEN)),
    "few entries": verdict(site("input", seen=np.array([[1.0, 0.0]]))),
    "noise": verdict(site("input", 0.0, rate_interval=(0.0, 1.0), life=None, scaling="other")),
}


@cache
def picture(name: str) -> Picture:
    return evidence(CASES[name])


# ---------------------------------------------------------------- what is drawn


@pytest.mark.parametrize(("name", "sites"), [("nothing", 0), ("one site", 1), ("three sites", 3)])
def test_each_masked_site_has_a_row_of_two_panels(name: str, sites: int) -> None:
    assert len(picture(name).axes) == 1 + 2 * sites


@pytest.mark.parametrize("rate", [0.2, 0.7])
def test_a_cross_lies_on_each_entry_that_was_dropped(rate: float) -> None:
    found = site("input", rate)

    panel = evidence(verdict(found)).axes[1]

    crosses = np.asarray(panel.collections[1].get_offsets())
    at, across = np.nonzero(found.seen)
    np.testing.assert_array_equal(crosses, np.stack([across, at], axis=1) + 0.5)


def test_dropped_entries_are_light_and_kept_ones_dark() -> None:
    found = site("input")

    mesh: Any = evidence(verdict(found)).axes[1].collections[0]

    dropped = mesh.to_rgba(mesh.get_array())[found.seen == 1]
    kept = mesh.to_rgba(mesh.get_array())[found.seen == 0]
    assert dropped[:, :3].mean() - kept[:, :3].mean() > 0.4


def test_entries_that_were_not_seen_are_left_blank() -> None:
    mesh: Any = picture("entries not seen").axes[1].collections[0]

    np.testing.assert_array_equal(np.ma.getmaskarray(mesh.get_array()), np.isnan(UNSEEN))


def test_the_interval_and_the_rate_lie_on_the_line() -> None:
    axes = picture("two sites").axes[4]

    interval, rate = axes.get_lines()

    np.testing.assert_allclose(np.asarray(interval.get_xdata()), [0.67, 0.73])
    np.testing.assert_allclose(np.asarray(rate.get_xdata()), [0.7])
    assert axes.get_xlim() == (0, 1)


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].sites])
def test_each_row_says_where_and_all_but_the_rate_in_words(name: str) -> None:
    said = words(picture(name))

    for found in CASES[name].sites.values():
        assert WHERE[found.site] in said
        told = found.sentence.partition("; ")[2].split("; ")
        assert told[0][1:].rstrip(".") in said
        assert f"rate {found.rate:.3f}" in said


def test_the_heading_says_how_many_runs_it_took() -> None:
    assert "87 runs" in words(picture("one site"))


def test_nothing_dropped_is_said_in_words() -> None:
    said = words(picture("nothing"))

    assert "Nothing was dropped in any of them." in said
    assert "kept" not in said


# ---------------------------------------------------------------- how it looks


@pytest.mark.parametrize("name", CASES)
def test_no_text_is_cut_off_or_on_another(name: str) -> None:
    found = texts(picture(name))

    assert cut_off(found, picture(name).size) == []
    assert overlaps(found) == []


@pytest.mark.parametrize("name", CASES)
def test_the_picture_is_as_wide_as_a_notebook(name: str) -> None:
    assert picture(name).size[0] == 880


def test_each_site_takes_the_same_room() -> None:
    one, two, three = (
        picture(f"{n} site{s}").size[1] for n, s in (("one", ""), ("two", "s"), ("three", "s"))
    )

    assert three - two == two - one > 0


def test_a_grey_print_tells_kept_from_dropped() -> None:
    with Image.open(io.BytesIO(picture("one site").frame())) as drawn:
        grey = np.asarray(drawn.convert("L"))

    height = picture("one site").size[1]
    box = picture("one site").axes[1].get_window_extent()
    panel = grey[round(height - box.y1) : round(height - box.y0), round(box.x0) : round(box.x1)]
    assert (panel < 80).mean() > 0.2
    assert (panel > 170).mean() > 0.2


# ---------------------------------------------------------------- the alt text


@pytest.mark.parametrize("name", CASES)
def test_the_alt_text_says_what_each_row_shows(name: str) -> None:
    alt = picture(name).alt

    assert CASES[name].layer in alt
    for found in CASES[name].sites.values():
        assert found.sentence in alt


def test_the_alt_text_says_that_nothing_was_dropped() -> None:
    assert "Nothing was dropped" in picture("nothing").alt


def test_what_a_user_has_set_changes_nothing() -> None:
    with theme.style():
        plain = evidence(CASES["one site"]).frame()

    import matplotlib as mpl

    with mpl.rc_context({"font.size": 30, "axes.titlesize": 40, "axes.grid": True}):
        assert evidence(CASES["one site"]).frame() == plain


def test_a_rate_that_could_not_be_told_is_no_number() -> None:
    noise = site("recurrent", rate=0.5)
    noise = replace(noise, rate=float("nan"), rate_interval=(0.0, 1.0))

    said = " ".join(each.text for each in texts(evidence(verdict(noise))))

    assert "rate: could not be told" in said
    assert "nan" not in said
