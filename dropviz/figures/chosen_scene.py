"""Several scenes of one kind, of which a reader chooses: what a page without a kernel can show."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from dropviz.core.layer_recording import LayerRecording
from dropviz.figures import atlas_scene, unrolled_scene
from dropviz.figures.unrolled_parts import UnrolledScene

# As many as a saved notebook has room for: each scene takes some kilobytes.
_BATCHES, _SAMPLES = 4, 8
_ALL = "all"

Scene = Any


@dataclass(frozen=True)
class Chooser:
    """What can be chosen.

    Attributes:
        name: What it is: "batch", "sample" or "gate".
        options: The choices, in words.
        at: The position of the one that is chosen first.
    """

    name: str
    options: tuple[str, ...]
    at: int


@dataclass(frozen=True)
class ChosenScene:
    """Scenes to choose from.

    Attributes:
        kind: "chosen".
        choosers: What can be chosen.
        scenes: One for every choice; the last chooser's options follow each other.
    """

    kind: str
    choosers: tuple[Chooser, ...]
    scenes: tuple[Scene, ...]


def atlases(recorded: LayerRecording, sample: int = 0) -> ChosenScene:
    """The masks of the last kept batches, of all gates or of one.

    Args:
        recorded: The layer's recording.
        sample: The first sample that is shown, or the one whose steps are.

    Returns:
        The scenes; the last batch with all gates comes first.

    Raises:
        DropvizError: If no batch is kept.
    """
    masks = recorded.require_batch()
    batches = range(len(masks.batches))[-_BATCHES:]
    calls = masks.calls if recorded.calls != recorded.batches else ()
    numbers = tuple(
        f"{masks.batches[batch] + 1:,}" + (f", call {calls[batch] + 1}" if calls else "")
        for batch in batches
    )
    gates = max((each.gates for each in recorded.values()), key=len, default=())
    choices: tuple[str | None, ...] = (None, *gates) if len(gates) > 1 else (None,)
    scenes = (
        atlas_scene.of_recording(recorded, batch, min(sample, masks.batch_sizes[batch] - 1), gate)
        for batch, gate in itertools.product(batches, choices)
    )
    return ChosenScene(
        "chosen",
        (
            Chooser("batch", numbers, len(numbers) - 1),
            Chooser("gate", tuple(gate or _ALL for gate in choices), 0),
        ),
        tuple(scenes),
    )


def unrolled(recorded: LayerRecording, shown: UnrolledScene, sample: int = 0) -> ChosenScene:
    """Where dropout acted, by sample of the last batch.

    Args:
        recorded: The layer's recording.
        shown: The scene of the sample that comes first; it may carry numbers.
        sample: That sample.

    Returns:
        The scenes.

    Raises:
        DropvizError: If no batch is kept.
    """
    size = recorded.require_batch().batch_sizes[-1]
    samples = sorted({sample, *range(min(size, _SAMPLES))})
    return ChosenScene(
        "chosen",
        (Chooser("sample", tuple(str(each + 1) for each in samples), samples.index(sample)),),
        tuple(
            shown if each == sample else unrolled_scene.of_recording(recorded, sample=each)
            for each in samples
        ),
    )
