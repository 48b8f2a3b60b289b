"""The picture of a class, drawn of numbers."""

from __future__ import annotations

import pytest

from dropviz.figures.homework import class_picture

from .made import cut_off, overlaps, texts, words

CHECKS = {
    "build-the-mask": ("site", "life", "sharing", "rate", "scaling", "samples", "equations"),
    "unnamed-layers": ("keras", "gal-tied", "moon", "semeniuta", "zoneout", "weight-drop"),
    "design-and-defend": ("one factor", "seeds", "control", "measure", "results", "trained again"),
}
SHARES = {
    (work, check): (number * 7 % 41, 40)
    for number, (work, check) in enumerate((w, check) for w in CHECKS for check in CHECKS[w])
}
LONG = "kept entries times 1 in training, all times 1 at inference, and something drops there too"
MISTAKES = [(71, "a mask that lives for one sequence", "one step"), (9, "$x$ <b>", LONG * 3)]


@pytest.mark.parametrize("mistakes", [[], MISTAKES, MISTAKES * 3])
def test_nothing_of_a_class_is_cut_off_or_overlaps(mistakes: list[tuple[int, str, str]]) -> None:
    picture = class_picture(SHARES, mistakes, 40)

    assert cut_off(texts(picture), picture.size) == []
    assert overlaps(texts(picture)) == []


def test_a_class_of_nothing_is_drawn() -> None:
    assert class_picture({}, [], 3).alt.startswith("A class of 3 students.")


def test_a_class_is_told_in_its_words_and_its_alt_text() -> None:
    picture = class_picture(SHARES, MISTAKES, 40)

    bars = [round(bar.get_width() * 40) for bar in picture.axes[0].patches]  # type: ignore[attr-defined]
    assert bars == [right for right, _ in SHARES.values()]
    assert "71 x asked: a mask that lives for one sequence" in words(picture)
    assert "71 x asked a mask that lives for one sequence, found one step" in picture.alt
    assert "build-the-mask, site: 0 of 40 right" in picture.alt
