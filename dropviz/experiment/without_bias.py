"""A layer without a bias: nothing but x and h lifts the candidate, and both may be masked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dropviz.experiment.chance import apart_by_luck
from dropviz.experiment.decode_masks import Bit
from dropviz.experiment.harness import CANDIDATE
from dropviz.experiment.observations import Look
from dropviz.experiment.observe import ARROWS, SMALL, Observer
from dropviz.experiment.probe import Probe, drive

_DRAWS = 20_000  # as many as tell a rate of .05 from none beside one of .5
_ENOUGH = 200  # .9 to the power of so many is below one in a million


def candidate_drops(observer: Observer, seen: Mapping[str, Mapping[int, Look]]) -> bool | None:
    """Whether the candidate itself is dropped, and not only what leads to it.

    x and h lead to it at once. Where masks on x and on h alone drop, each does so by itself;
    a mask on the candidate silences both together.

    Args:
        observer: It runs the layer.
        seen: By arrow and gate, what was seen of each by itself.

    Returns:
        None where the draws do not tell.
    """
    looks = {site: seen[site][CANDIDATE] for site in ARROWS}
    if not all(look.share > 0 for look in looks.values()):
        return False
    weights = {site: gentle_weight(look) for site, look in looks.items()}
    probe = Probe(
        wx=observer.one_gate(CANDIDATE, weights["input"]),
        wh=observer.one_gate(CANDIDATE, weights["recurrent"] / 2),
        source=1.0,
    )
    bits = [Bit(site, look.kept, CANDIDATE) for site, look in looks.items()]
    shared = any(look.shared for look in looks.values())
    more = min(looks[site].share - rest for site, rest in other_shares(seen).items())
    counts = np.zeros((2, 2), int)
    for _ in range(observer.calls_for(_DRAWS, shared=shared)):
        h, x = observer.read_bits(probe, bits, 1)[:, :, : 1 if shared else None]
        counts += [[int(((h == 1 - i) & (x == 1 - j)).sum()) for j in (0, 1)] for i in (0, 1)]
        if not apart_by_luck(*(int(each) for each in counts.ravel())):
            return True
        if more <= 0 and counts[0, 1] and counts[1, 0]:
            return False
    (_, only_x), (only_h, _) = counts
    # Dropped each by itself: masks on the arrows explain all that was seen.
    return False if only_x and only_h else None


def look_gently(observer: Observer, site: str, look: Look) -> Look:
    """Looks at the candidate through an arrow again, as if whatever scales it did so outside.

    Args:
        observer: It runs the layer.
        site: The arrow.
        look: What was seen there.
    """
    # What scales nothing does the same on either side of the candidate.
    if look.share in (0, 1) or abs(look.kept - 1) < observer.slack:
        return look
    probe = Probe(**drive(site, observer.one_gate(CANDIDATE, gentle_weight(look))))
    return observer.look_again(look, probe, site, CANDIDATE)


def gentle_weight(look: Look) -> float:
    """A weight so small that the candidate is straight, whatever multiplies x or h."""
    return SMALL / (3 * abs(look.kept))


def other_shares(seen: Mapping[str, Mapping[int, Look]]) -> dict[str, float]:
    """By arrow, the share that is dropped where it leads to other gates, at the most."""
    return {
        site: max((look.share for gate, look in looks.items() if gate != CANDIDATE), default=0.0)
        for site, looks in seen.items()
    }


def memory_is_dropped_alone(observer: Observer, memory: Look) -> bool | None:
    """Whether what is stored is dropped before anything is added to it.

    What is stored and what is added have opposite signs here, the first the larger: where
    the sum comes out with the sign of what is added, what is stored was dropped alone.

    Args:
        observer: It runs the layer.
        memory: What was seen of the memory.

    Returns:
        None where too little was dropped to tell.
    """
    gentle = observer.one_gate(CANDIDATE, -SMALL / 20)
    probe = Probe(c=SMALL, wx=gentle, wh=gentle, source=1.0)
    silent = 0
    for _ in range(observer.calls_for(_DRAWS, shared=memory.shared)):
        out = observer.harness.run(probe)[: 1 if memory.shared else None]
        if (out < 0).any():
            return True
        silent += int((out == 0).sum())
        if silent >= _ENOUGH:
            return False
    return None
