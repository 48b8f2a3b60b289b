"""What the unrolled picture says in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.number_forms import counted, rate_in_words
from dropviz.core.sites import SITES
from dropviz.figures.mask_letters import ARROWS, Marks, arrows

NAMES = {
    "x": "Vertical arrows (x)",
    "h": "Horizontal arrows (h)",
    "g": "The candidates g inside the cells",
    "up": "The output arrows",
    "c": "The arrows of the memory c",
}


def titled(recorded: LayerRecording) -> str:
    """A layer's name, with those of its models where several trained."""
    models = " and ".join(recorded.models)
    named = not models or recorded.layer.startswith(f"{models}/")
    return recorded.layer if named else f"{recorded.layer} of {models}"


def call(recorded: LayerRecording) -> str:
    """The call that makes such a layer: its units, method and rates."""
    said = [f"{recorded.kind}({recorded.units}"]
    if recorded.setting.method == "keras":
        rates = {site: masks.rate for site, masks in recorded.items()}
        said.append(f"dropout={rate_in_words(rates.get('input', 0))}")
        said.append(f"recurrent_dropout={rate_in_words(rates.get('recurrent', 0))}")
    else:
        said.append(f'method="{recorded.setting.method}"')
        for name, value in recorded.setting.arguments.items():
            said.append(f'{name}="{value}"' if isinstance(value, str) else f"{name}={value:.3g}")
    return f"{', '.join(said)})"


def drawn_anew(recorded: LayerRecording, found: Marks) -> str:
    """How often each site's masks are new, in one line; equal sites are named together."""
    nouns: dict[str, list[str]] = {}
    for site, masks in recorded.items():
        letters = {mark.letter for (its, _), mark in found.items() if its == site}
        said = _often(len(letters), masks.time_steps)
        nouns.setdefault(said, []).append(SITES[site].noun or site)
    return "; ".join(said.format(" and ".join(those)) for said, those in nouns.items())


def _often(different: int, steps: int) -> str:
    if not different:
        return "no {} masks"
    if steps == 1:
        return "{} masks at 1 step"
    if different == 1:
        return f"{{}} masks the same at all {steps} steps"
    if different == steps:
        return f"{{}} masks new at each of {steps} steps"
    return f"{{}} masks: {different} different ones in {steps} steps"


def told(recorded: LayerRecording, found: Marks, shown: Sequence[int]) -> str:
    """The picture in words.

    Args:
        recorded: The layer's recording.
        found: The masks by site and step.
        shown: The steps that are drawn.

    Returns:
        For each site the letters on its arrows and what was measured; then the arrows
        that carry no mask.
    """
    steps = ", ".join(str(step + 1) for step in shown)
    drawn = f"{counted(len(shown), 'time step')} drawn ({steps})"
    lines = [f"{recorded.kind} layer {titled(recorded)} unrolled, {drawn}."]
    for masks in recorded.values():
        lines.append(f"{'; '.join(_carried(masks.site, found, shown))}; {masks.sentence}")
        if not masks.reason and SITES[masks.site].note:
            lines.append(SITES[masks.site].note)
    if recorded.doubt:
        lines.append(f"{recorded.layer}: {recorded.doubt}")
    every = ("x", "h", "up", "c") if recorded.kind == "LSTM" else ("x", "h", "up")
    bare = [arrow for arrow in every if not set(ARROWS[arrow]) & set(recorded)]
    lines += [f"{NAMES[arrow]} carry no mask." for arrow in bare]
    return " ".join(lines)


def _carried(site: str, found: Marks, shown: Sequence[int]) -> Iterator[str]:
    drawn = [each for each in arrows(shown) if each[1] == site]
    for arrow in [arrow for arrow, sites in ARROWS.items() if site in sites]:
        places = [(site, step) for its, _, step in drawn if its == arrow]
        letters = [found[place].letter for place in places if place in found]
        carry = f"carry the masks {', '.join(letters)}" if letters else "carry no mask"
        yield f"{NAMES[arrow]} {carry}"
