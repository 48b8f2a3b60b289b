"""The numbers on the arrows of the unrolled picture: before a mask, and after it."""

from __future__ import annotations

from dataclasses import replace

from dropviz.core.masks import Array
from dropviz.core.opened_batch import OpenedBatch
from dropviz.core.sites import SITES
from dropviz.figures.unrolled_parts import DIGITS, LISTED, Arrow, UnrolledScene


def with_numbers(scene: UnrolledScene, opened: OpenedBatch) -> UnrolledScene:
    """Puts on every arrow what it carried before its mask, and what was left of it after.

    Args:
        scene: The masks of a batch.
        opened: A sequence of that batch.

    Returns:
        The scene, with numbers on its arrows: of the first 32 units, to four digits. An arrow
        that carries the state with which the layer was called has none, nor has one whose value
        before the mask is not known.
    """
    carried = {"x": opened.x, "h": opened.h, "c": opened.c, "g": opened.gates["g"], "up": opened.h}

    def numbered(arrow: Arrow) -> Arrow:
        site = "" if arrow.mask is None else scene.masks[arrow.mask].site
        # There the masked value replaces the one before, or weights are masked and no value.
        if site and (SITES[site].zoned or SITES[site].matrix or site == "cell"):
            return arrow
        made_at = arrow.step - (arrow.arrow in ("h", "c"))
        if made_at < 0:  # what the layer was called with
            return arrow
        before = carried[arrow.arrow][made_at]
        if not site:
            return replace(arrow, before=_rounded(before))
        mask = opened.masks[site]
        at = min(arrow.step + SITES[site].arrows[arrow.arrow], len(mask) - 1)
        after = tuple(_rounded(before * gate) for gate in mask[at])
        return replace(arrow, before=_rounded(before), after=after)

    return replace(scene, arrows=tuple(numbered(arrow) for arrow in scene.arrows))


def _rounded(numbers: Array) -> tuple[float, ...]:
    return tuple(round(float(each), DIGITS) for each in numbers[:LISTED])
