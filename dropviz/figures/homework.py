"""A class at a glance: how many have each check right, and what is got wrong most often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dropviz.core.number_forms import counted
from dropviz.figures import colours, theme

_WIDTH, _ROW, _ABOVE, _BELOW, _LINE = 820, 24, 60, 60, 40
_NAME, _WORDS = 34, 120  # letters that there is room for


def class_picture(
    shares: Mapping[tuple[str, str], tuple[int, int]],
    mistakes: Sequence[tuple[int, str, str]],
    students: int,
) -> theme.Picture:
    """Draws a class, without names.

    Args:
        shares: By assignment and check: how many have it right, of how many.
        mistakes: The most common: how often, what was asked, what was found.
        students: How many there are.

    Returns:
        The picture, 820 CSS pixels wide.
    """
    rows = max(1, len(shares))
    below = _BELOW + _LINE * len(mistakes) + (_LINE if mistakes else 0)
    height = _ABOVE + _ROW * rows + below
    with theme.style():
        picture = theme.Picture(_WIDTH, height)
        axes = picture.add_axes((0.33, below / height, 0.58, _ROW * rows / height))
        for number, (right, many) in enumerate(shares.values()):
            share = right / many
            axes.barh(number, share, height=0.7, color=colours.MUTED)
            axes.text(share + 0.01, number, f"{right} of {many}", va="center", fontsize=9)
        axes.set(xlim=(0, 1), ylim=(rows - 0.4, -0.6), xlabel="share of answers that have it right")
        names = [theme.shortened(f"{work}: {check}", _NAME) for work, check in shares]
        axes.set_yticks(range(len(names)), names, fontsize=9)
        axes.tick_params(axis="y", length=0)
        picture.text(
            0.02, 1 - 30 / height, counted(students, "student"), fontsize=12.5, weight="bold"
        )
        for number, (count, asked, found) in enumerate(mistakes):
            top = (below - _BELOW - _LINE * (number + 1)) / height
            first = theme.plain(f"{count} x asked: {asked}"[:_WORDS])
            second = theme.plain(f"found: {found}"[:_WORDS])
            picture.text(0.02, top, f"{first}\n      {second}", fontsize=9, color=colours.MUTED)
        said = [f"{work}, {check}: {r} of {n} right" for (work, check), (r, n) in shares.items()]
        said += [f"{count} x asked {asked}, found {found}" for count, asked, found in mistakes]
        picture.alt = f"A class of {counted(students, 'student')}. {'; '.join(said)}."
    return picture
