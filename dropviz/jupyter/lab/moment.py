"""One moment of the lab: all that there is to see, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dropviz.core.cost import Cost
from dropviz.core.curves import Curves
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.number_forms import counted
from dropviz.core.opened_batch import OpenedBatch
from dropviz.core.runs import Run
from dropviz.core.schedule import Change
from dropviz.core.spec import RunSpec
from dropviz.core.verdict import Verdict

SHOWS = ("tab", "sample", "gate")  # what is looked at, and not what is asked for


@dataclass(frozen=True)
class Moment:
    """What there is to see.

    A copy of what is wanted and recorded, so that a picture shows one moment whatever moves
    while it is made.

    Attributes:
        spec: What the controls ask for.
        shape: Steps and features of the task.
        state: "loading", "ready", "compiling", "training", "paused" or "closed".
        layer: The masks of the latest batches; None before the first.
        curves: The losses so far.
        unfinished: What Keras reports of epochs that are not in the curves yet: of the one that
            is being measured, and of the one under way, means over its batches so far.
        epochs: Epochs of the training that is shown; 0 where it has no end.
        batches: Training batches in an epoch.
        start: The rates that the training began with.
        wanted: The rates of the next batch.
        changes: What was changed on the way.
        opened: A sequence of the batch just done, opened; None where it is not.
        cost: What was measured of the cost.
        verdict: What the experiment found.
        run: The last training that ended.
        sample: The sample that is wanted, from 0; a batch may have fewer.
        gate: The gate to show; None for all.
        gpu: Whether there is a GPU.
        concealed: Whether a student is to predict before anything is shown.
        closed: Whether the panel is closed, and nothing more comes.
    """

    spec: RunSpec
    shape: tuple[int, int]
    state: str = "loading"
    layer: LayerRecording | None = None
    curves: Curves = field(default_factory=Curves)
    unfinished: tuple[Mapping[str, float], ...] = ()
    epochs: int = 0
    batches: int = 0
    start: Change | None = None
    wanted: Change | None = None
    changes: tuple[Change, ...] = ()
    opened: OpenedBatch | None = None
    cost: Cost | None = None
    verdict: Verdict | None = None
    run: Run | None = None
    sample: int = 0
    gate: str | None = None
    gpu: bool = False
    concealed: bool = False
    closed: bool = False

    @property
    def training(self) -> bool:
        """Whether a training is under way."""
        return self.state in ("compiling", "training", "paused")

    @property
    def current(self) -> bool:
        """Whether what was recorded is what the controls ask for now."""
        if self.layer is None:
            return False
        asked = self.spec.setting, self.spec.units, self.spec.task
        return self.training or (self.layer.setting, self.layer.units, self.task) == asked

    @property
    def shown_sample(self) -> int:
        """The sample that is shown, from 0: the last, where the batch has fewer than asked for."""
        masks = next(iter(self.layer.values()), None) if self.layer is not None else None
        if masks is None or not masks.batches:
            return self.sample
        return min(self.sample, masks.batch_sizes[-1] - 1)

    @property
    def opened_shown(self) -> OpenedBatch | None:
        """The sequence that is open, where it is the sample that is shown."""
        if self.opened is None or self.opened.sample != self.shown_sample:
            return None
        return self.opened

    @property
    def ran(self) -> RunSpec:
        """The spec of the run that is shown; of the settings, where none is."""
        return (self.run.spec if self.run is not None else None) or self.spec

    @property
    def cut(self) -> str:
        """What the lines that repeat a run do beyond it, where it was cut short; often empty."""
        run, layer = self.run, self.layer
        if run is None or run.spec is None or run.status == "done":
            return ""
        made = 0 if layer is None else layer.batches
        if self.batches and made >= run.spec.epochs * self.batches:
            return ""
        return (
            f"This training was cut short after {counted(made, 'batch', 'batches')}; the lines "
            f"train {counted(run.spec.epochs, 'whole epoch')}, which begin as it did."
        )

    @property
    def task(self) -> str:
        """The task of the training that is shown; of the settings, where none is."""
        return self.spec.task if self.training else self.ran.task

    @property
    def coming(self) -> str:
        """What the next batch will use that the one shown did not; often empty."""
        if self.layer is None or self.wanted is None or not self.training or self.closed:
            return ""
        used = self.layer.setting
        parts = [
            f"{name} {_rate_text(getattr(self.wanted, name))}"
            for name in ("dropout", "recurrent_dropout")
            if getattr(self.wanted, name) != getattr(used, name)
        ]
        return f"From the next batch: {', '.join(parts)}." if parts else ""

    def moved(self) -> list[tuple[float, str]]:
        """The changes by the epochs before each, in words."""
        before, told = self.start, []
        for change in self.changes:
            if before is not None and self.batches:
                told.append((change.batch / self.batches, change.since(before)))
            before = change
        return told


def _rate_text(rate: float) -> str:
    """A rate as the sliders show it (element.js): two digits, or all that it has."""
    short = f"{rate:.2f}"
    return short if float(short) == rate else repr(float(rate))


# What a training begins with: nothing of the one before.
NOTHING: Mapping[str, Any] = {
    "layer": None,
    "opened": None,
    "cost": None,
    "verdict": None,
    "run": None,
    "changes": (),
    "unfinished": (),
    "curves": Curves(),
    "epochs": 0,
}
