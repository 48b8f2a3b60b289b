"""Which recorded mask lies on which arrow of the unrolled picture."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dropviz.core.gates import LSTM_GATES
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Array, Masks
from dropviz.core.setting import Setting
from dropviz.core.sites import SITES
from dropviz.figures.colours import Colour, colour_of

COLUMNS = 4  # steps drawn
ROWS = 8  # units drawn of a mask
ENTRIES = 6  # rows and columns drawn of a mask of weights
_ONE_STEP = "with one time step it multiplies the initial state, which is zero."


@dataclass(frozen=True)
class Mark:
    """A mask on an arrow: one that was recorded, or one that will be drawn.

    Attributes:
        letter: Its identity; equal masks have equal letters.
        colour: The colour of that letter.
        mask: Shape (gates, units), of one sample; NaN where it is not drawn yet.
    """

    letter: str
    colour: Colour
    mask: Array


Marks = dict[tuple[str, int], Mark]

# The sites by the arrow on which their masks are drawn, and the step whose mask it is,
# counted from the step that the arrow leads into: what a step makes of c and h is on the
# arrows that leave it.
ARROWS: Mapping[str, Mapping[str, int]] = {
    arrow: {name: site.arrows[arrow] for name, site in SITES.items() if arrow in site.arrows}
    for arrow in ("h", "c", "x", "g", "up")
}


def steps_drawn(time_steps: int) -> list[int]:
    """The time steps to draw: all of a few, else the first three and the last."""
    if time_steps <= COLUMNS:
        return list(range(time_steps))
    return [*range(COLUMNS - 1), time_steps - 1]


def arrows(shown: Sequence[int]) -> Iterator[tuple[str, str, int]]:
    """The places for masks from left to right, as (arrow, site, step).

    None leads from h_0 into the first of several steps; into a single one it is drawn where a
    mask multiplied it. Those that leave the last step carry only what that step made of c and h.

    Args:
        shown: The steps that are drawn.

    Yields:
        A key of ``ARROWS``, a site on it, and the step whose mask multiplies there.
    """
    for column, step in enumerate(shown):
        for arrow in ("h", "c", "x", "g", "up") if column else ("x", "g", "up"):
            for site, back in ARROWS[arrow].items():
                yield arrow, site, step + back
    if len(shown) == 1:
        # Of weights that are multiplied by h_0 it is not known that it was anything but zero.
        able = (site for site in ARROWS["h"] if not SITES[site].matrix)
        yield from (("h", site, 0) for site in able if not ARROWS["h"][site])
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
    alphabet = _Alphabet(recorded.setting)
    steps = max((masks.time_steps for masks in recorded.values()), default=0)
    drawn = [(site, step) for _, site, step in arrows(steps_drawn(steps))] if steps else []
    rest = [(site, step) for step in range(steps) for site in recorded]
    held = {
        site: masks.of_batch(batch)
        for site, masks in recorded.items()
        if not masks.reason and masks.entries
    }
    # By all samples: two masks of few units are soon alike in one of them.
    identities = {
        site: [hashlib.blake2b(every.tobytes()).digest() for every in values]
        for site, values in held.items()
    }
    for site, step in dict.fromkeys(drawn + rest):
        # Of what is not returned step by step, only the last output goes on.
        if not identities.get(site) or (recorded[site].time_steps < steps and step < steps - 1):
            continue
        at = min(step, len(held[site]) - 1)
        mask = held[site][at][:, min(sample, held[site].shape[2] - 1)]
        found[site, step] = alphabet.mark(site, identities[site][at], mask)
    return found


def planned(
    setting: Setting, units: int, features: int, time_steps: int
) -> tuple[LayerRecording, Marks]:
    """What will lie on which arrow, with no mask drawn.

    Args:
        setting: The method with its rates.
        units: Units of the LSTM.
        features: Features of its inputs.
        time_steps: Steps of its inputs.

    Returns:
        A layer of which nothing is recorded, and the marks, all of NaN.
    """
    sites: dict[str, Masks] = {}
    found: Marks = {}
    alphabet = _Alphabet(setting)
    rules = {rule.site: rule for rule in setting.rules}
    for site, rule in rules.items():
        # One more entry than is drawn says that there are more. A kernel has units times units.
        sides = {"input": min(features, ROWS + 1), "recurrent_kernel": min(units, ENTRIES) ** 2}
        entries = sides.get(site, min(units, ROWS + 1))
        gates = 4 if rule.tying == "untied" else 1
        sites[site] = Masks(
            layer="lstm",
            site=site,
            values=np.full((1, 1, gates, 1, entries), np.nan, np.float32),
            rate=rule.rate,
            gates=LSTM_GATES,
            time_steps=time_steps,
            batch_sizes=(),
            batches=(),
            reason=_ONE_STEP if site == "recurrent" and time_steps == 1 else "",
        )
    drawn = [(site, step) for _, site, step in arrows(steps_drawn(time_steps))]
    rest = [(site, step) for step in range(time_steps) for site in rules]
    for site, step in dict.fromkeys(drawn + rest):
        if site not in rules or not rules[site].rate or sites[site].reason:
            continue
        identity = step if rules[site].life == "step" else 0
        found[site, step] = alphabet.mark(site, identity, sites[site].values[0, 0, :, 0])
    return LayerRecording("lstm", "LSTM", units, 0, sites, setting=setting), found


def _letter(number: int) -> str:
    return chr(ord("A") + number % 26) + (str(number // 26) if number >= 26 else "")  # noqa: PLR2004


class _Alphabet:
    """Names masks in their order: a letter for each, in a shade of its argument's colour."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._marks: dict[tuple[str, Hashable], Mark] = {}
        self._shades: Counter[str] = Counter()

    def mark(self, site: str, identity: Hashable, mask: Array) -> Mark:
        """The mark of a mask; the same for the same site and identity."""
        key = site, identity
        if key not in self._marks:
            colour = colour_of(self._setting.argument_at(site), self._shades[site])
            self._shades[site] += 1
            self._marks[key] = Mark(_letter(len(self._marks)), colour, mask)
        return self._marks[key]
