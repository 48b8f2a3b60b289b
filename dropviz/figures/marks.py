"""Which recorded mask lies on which arrow of the unrolled picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dropviz.core.masks import LayerRecording
from dropviz.figures import theme
from dropviz.figures.shapes import Mark

COLUMNS = 4  # steps drawn

Marks = dict[tuple[str, int], Mark]

# The sites by the arrow on which their masks are drawn, and the step whose mask it is,
# counted from the step that the arrow leads into: what a step makes of c and h is on the
# arrows that leave it.
ARROWS: Mapping[str, Mapping[str, int]] = {
    "h": {"recurrent": 0, "recurrent_kernel": 0, "hidden_update": -1},
    "c": {"cell": -1, "cell_update": -1},
    "x": {"input": 0},
    "g": {"candidate": 0},
    "up": {"output": 0, "hidden_update": 0},
}


def steps_drawn(time_steps: int) -> list[int]:
    """The time steps to draw: all of a few, else the first three and the last."""
    if time_steps <= COLUMNS:
        return list(range(time_steps))
    return [*range(COLUMNS - 1), time_steps - 1]


def arrows(shown: Sequence[int]) -> Iterator[tuple[str, str, int]]:
    """The places for masks from left to right, as (arrow, site, step).

    None leads from h_0 into the first step, it is zero; those that leave the last step
    carry only what that step made of c and h.

    Args:
        shown: The steps that are drawn.

    Yields:
        A key of ``ARROWS``, a site on it, and the step whose mask multiplies there.
    """
    for column, step in enumerate(shown):
        for arrow in ("h", "c", "x", "g", "up") if column else ("x", "g", "up"):
            for site, back in ARROWS[arrow].items():
                yield arrow, site, step + back
    for arrow in ("h", "c"):
        for site, back in ARROWS[arrow].items():
            if back:
                yield arrow, site, shown[-1]


def marks(recorded: LayerRecording, batch: int, sample: int) -> Marks:
    """Names the masks of one sample, so that the same mask has the same letter.

    Args:
        recorded: The layer's recording.
        batch: Position among the kept batches.
        sample: Position in the batch.

    Returns:
        By (site, step) the mask that multiplied there. Sites that dropped nothing
        are left out. The masks that are drawn come first in the alphabet.
    """
    found: Marks = {}
    named: dict[tuple[str, bytes], Mark] = {}
    steps = max((masks.time_steps for masks in recorded.values()), default=0)
    drawn = [(site, step) for _, site, step in arrows(steps_drawn(steps))] if steps else []
    rest = [(site, step) for step in range(steps) for site in recorded]
    for site, step in dict.fromkeys(drawn + rest):
        masks = recorded.get(site)
        if masks is None or masks.reason or not masks.draws:
            continue
        values = masks.of_batch(batch)
        mask = values[min(step, len(values) - 1), :, min(sample, values.shape[2] - 1)]
        key = site, mask.tobytes()
        if key not in named:
            used = [(its, other.colour) for (its, _), other in named.items()]
            named[key] = Mark(_letter(len(named)), _colour(site, used), mask)
        found[site, step] = named[key]
    return found


def _letter(number: int) -> str:
    return chr(ord("A") + number % 26) + (str(number // 26) if number >= 26 else "")  # noqa: PLR2004


def _colour(site: str, used: Sequence[tuple[str, str]]) -> str:
    """A colour that this site has not, and else few masks have."""
    here = Counter(colour for its, colour in used if its == site)
    everywhere = Counter(colour for _, colour in used)
    return min(theme.MASKS, key=lambda colour: (here[colour], everywhere[colour]))
