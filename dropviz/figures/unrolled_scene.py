"""What the unrolled picture shows: arrows, the masks on them, and words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Array, Masks
from dropviz.core.sentences import answer, intentions
from dropviz.core.setting import Setting
from dropviz.core.sites import SITES, is_gated
from dropviz.core.text_table import shortened
from dropviz.errors import DropvizError, visible
from dropviz.figures.alt_text import call, drawn_anew, titled, told
from dropviz.figures.keras_lines import keras_line
from dropviz.figures.mask_letters import (
    ARROWS,
    ENTRIES,
    ROWS,
    Mark,
    Marks,
    marks,
    planned,
    steps_drawn,
)
from dropviz.figures.scene import Sign
from dropviz.figures.unrolled_parts import LISTED, Arrow, Mask, UnrolledScene

_NAME = 60  # letters of a layer's name that the heading has room for
# What is known of the masks on the arrows.
_WHETHER = {False: "as recorded", True: "masks drawn, NOT known to multiply,"}


def of_recording(recorded: LayerRecording, batch: int = -1, sample: int = 0) -> UnrolledScene:
    """The scene of recorded masks.

    Args:
        recorded: The layer's recording.
        batch: Position among the kept batches; the last by default.
        sample: Position in the batch.

    Returns:
        The scene.

    Raises:
        DropvizError: If there is no such batch or sample in the recording.
    """
    first = recorded.require_batch(batch)
    if not 0 <= sample < first.batch_sizes[batch]:
        raise DropvizError(
            f"There is no sample {sample}. Expected 0 to {first.batch_sizes[batch] - 1}."
        )
    at = f"{_WHETHER[bool(recorded.doubt)]} in {recorded.at(batch)}, sample {sample + 1:,}"
    said = f"{shortened(titled(recorded), _NAME)}, {at}"
    found = marks(recorded, batch, sample)
    return _Builder(recorded, found, first.time_steps).scene(said)


def of_plan(setting: Setting, units: int, features: int, time_steps: int) -> UnrolledScene:
    """The scene of what will be masked, with no mask in it: none is drawn before it trains.

    Args:
        setting: The method with its rates.
        units: Units of the LSTM.
        features: Features of its inputs.
        time_steps: Steps of its inputs.

    Returns:
        The scene.
    """
    layer, found = planned(setting, units, features, time_steps)
    sizes = {"input": features, "recurrent_kernel": units**2}
    plan = _Plan(
        {site: sizes.get(site, units) for site in layer},
        dict(zip((rule.site for rule in setting.rules), intentions(setting), strict=False)),
        f"A plan, before anything is trained. {' '.join(intentions(setting))}",
    )
    said = "what these settings will do: nothing has been trained, and no mask drawn yet"
    return _Builder(layer, found, time_steps, plan=plan).scene(said)


@dataclass(frozen=True)
class _Plan:
    """What is known of masks before any is drawn."""

    sizes: Mapping[str, int]
    says: Mapping[str, str]
    alt: str


class _Builder:
    """Makes a scene of marks."""

    def __init__(
        self,
        recorded: LayerRecording,
        found: Marks,
        time_steps: int,
        plan: _Plan | None = None,
    ) -> None:
        self._recorded = recorded
        self._found = found
        self._time_steps = time_steps
        self._plan = plan
        self._shown = steps_drawn(time_steps)
        self._masks: dict[str, Mask] = {}

    def scene(self, said: str) -> UnrolledScene:
        recorded = self._recorded
        # First, for it finds the masks.
        arrows = list(self._arrows())
        places = {letter: place for place, letter in enumerate(sorted(self._masks, key=_rank))}
        ordered = sorted(arrows, key=lambda each: each[0].column)
        return UnrolledScene(
            kind="unrolled",
            title=visible(call(recorded)),
            lines=(visible(said), visible(drawn_anew(recorded, self._found))),
            alt=visible(self._plan.alt if self._plan else told(recorded, self._found, self._shown)),
            cell=shortened(recorded.kind, 12),
            time_steps=self._time_steps,
            columns=tuple(self._shown),
            planned=self._plan is not None,
            doubtful=bool(recorded.doubt),
            one_step=self._one_step(),
            masks=tuple(self._masks[letter] for letter in places),
            arrows=tuple(
                _carrying(arrow, places[letter] if letter else None) for arrow, letter in ordered
            ),
            legend=self._legend(),
        )

    def _arrows(self) -> Iterator[tuple[Arrow, str]]:
        """The arrows, each with the letter of its mask or nothing."""
        for column, step in enumerate(self._shown):
            for name in ("h", "c", "x", "g", "up"):
                yield from self._arrow(name, column, step, bare=name in ("x", "up"))
        # Of those that leave the last step, the masked ones.
        last = len(self._shown)
        for name in ("h", "c"):
            yield from self._arrow(name, last, self._shown[-1] + 1, bare=False)

    def _arrow(
        self, name: str, column: int, step: int, *, bare: bool
    ) -> Iterator[tuple[Arrow, str]]:
        # None leads from h_0 into the first of several steps; into a single one it is drawn
        # where a mask multiplied it. Of masked weights it is not known that h_0 was anything.
        if name in ("h", "c") and not column and not self._called_with_state(name):
            return
        into = 0 < column < len(self._shown)
        bare = bare or (into and (name == "h" or (name == "c" and self._recorded.kind == "LSTM")))
        site, mark = self._on(name, step)
        if mark is None and not bare:
            return
        mask = self._mask(site, mark) if mark else None
        shown = {"h": step, "c": step}.get(name, step + 1)
        value = f"{'h' if name == 'up' else name}_{shown}"
        yield Arrow(name, column, step, value, None, None, None), mask.letter if mask else ""

    def _called_with_state(self, name: str) -> bool:
        """Whether this is the state that a layer of one step was called with."""
        return name == "h" and self._shown == [0] and ("recurrent", 0) in self._found

    def _on(self, name: str, step: int) -> tuple[str, Mark | None]:
        """The site and the mask on an arrow into a step, or inside it."""
        for site, back in ARROWS[name].items():
            if (site, step + back) in self._found:
                return site, self._found[site, step + back]
        return "", None

    def _mask(self, site: str, mark: Mark) -> Mask:
        if mark.letter not in self._masks:
            masks = self._recorded[site]
            values = _corner(mark.mask) if SITES[site].matrix else mark.mask[:, :LISTED]
            says = self._plan.says.get(site, "") if self._plan else self._says(masks)
            self._masks[mark.letter] = Mask(
                letter=mark.letter,
                site=site,
                colour=mark.colour,
                label=self._label(masks),
                gates=tuple(map(visible, masks.gates)) if is_gated(site) else (),
                kept=tuple(tuple(map(_kept, row.tolist())) for row in values),
                units=self._plan.sizes[site] if self._plan else mark.mask.shape[1],
                matrix=SITES[site].matrix,
                factor=masks.scale,
                says=visible(says),
                source=keras_line(self._recorded, site, tied=len(mark.mask) == 1),
            )
        return self._masks[mark.letter]

    def _says(self, masks: Masks) -> str:
        verb = "was drawn for" if self._recorded.drawn_only else "multiplied"
        argument = "" if masks.site == "between" else self._label(masks)
        place = f"what {visible(self._recorded.layer)} passes up" if not argument else ""
        return answer(masks, argument, verb, place)

    def _label(self, masks: Masks) -> str:
        if masks.site == "between":
            return f"layer {shortened(masks.layer, 20)}"
        return self._recorded.setting.argument_at(masks.site) or masks.site

    def _one_step(self) -> str:
        recorded = self._recorded
        if self._shown != [0]:
            return ""
        if "recurrent" in recorded and recorded["recurrent"].reason:
            return "$h_0$ is zero, so there is nothing that recurrent_dropout could drop"
        if self._called_with_state("h"):
            letter = self._found["recurrent", 0].letter
            given = f"the mask {letter} of {self._label(recorded['recurrent'])}"
            verb = "was drawn for it" if recorded.drawn_only else "multiplied it"
            return f"the layer was called with $h_0$, and {given} {verb}"
        if ("recurrent_kernel", 0) in self._found:
            return "$h_0$ is zero unless you pass one, and masked weights times zero are zero"
        return ""

    def _legend(self) -> tuple[Sign, ...]:
        recorded = "" if self._plan else "recorded "
        squares = [Sign("kept", "unit kept"), Sign("dropped", "unit dropped")]
        if self._plan:
            squares = [Sign("open", "kept or dropped: to be drawn")]
        shapes = {site: mark.mask.shape for (site, _), mark in self._found.items()}
        sizes = {site: shape[-1] for site, shape in shapes.items()}
        untied = any(gates > 1 for site, (gates, _) in shapes.items() if not SITES[site].matrix)
        words = f"in a mask: {'a column for each gate, ' if untied else ''}a row for each unit"
        if any(size > ROWS and not SITES[site].matrix for site, size in sizes.items()):
            words += f" (the first {ROWS})"
        if any(SITES[site].matrix for site in sizes) and len(self._shown) > 1:
            side = f"{ENTRIES} x {ENTRIES}"
            words += f"; in that of $U$: a block for each gate, {side} of its weights"
        if any(SITES[site].zoned for site in sizes):
            words += "; with zoneout a dropped unit keeps its old value"
        letter = Sign("letter", f"same letter = same {recorded}mask")
        return (letter, *squares, Sign("bare", "no mask here"), Sign("", words))


def _carrying(arrow: Arrow, mask: int | None) -> Arrow:
    carried = arrow.arrow, arrow.column, arrow.step, arrow.value
    return Arrow(*carried, mask, arrow.before, arrow.after)


def _rank(letter: str) -> tuple[int, str]:
    """The place of a letter in the alphabet: A to Z, then A1."""
    return int(letter[1:] or 0), letter[0]


def _kept(value: float) -> int | None:
    return None if np.isnan(value) else int(value > 0)


def _corner(mask: Array) -> Array:
    """The first rows and columns of each gate's matrix, flat."""
    side = round(mask.shape[1] ** 0.5)
    return mask.reshape(-1, side, side)[:, :ENTRIES, :ENTRIES].reshape(len(mask), -1)
