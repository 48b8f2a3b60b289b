"""What each tab of the lab shows, from plain data: a picture and words, as HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dropviz.core.cost import Cost, cudnn
from dropviz.core.curves import Curves
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.runs import Run
from dropviz.core.scenario_string import Scenario, magic
from dropviz.core.schedule import Change
from dropviz.core.sentences import answers, conclusion, intentions, last_losses
from dropviz.core.spec import RunSpec
from dropviz.core.trace_result import Trace
from dropviz.core.verdict import Verdict
from dropviz.jupyter import mime

if TYPE_CHECKING:
    from dropviz.figures.theme import Picture

_NOT_YET = "Nothing is recorded yet: press Train."


@dataclass(frozen=True)
class Scene:
    """What there is to see.

    A copy of what is wanted and recorded, so that a picture shows one moment whatever moves
    while it is drawn.

    Attributes:
        spec: What the controls ask for.
        shape: Steps and features of the task.
        layer: The masks of the latest batches; None before the first.
        curves: The losses so far.
        epochs: Epochs of the training that is shown.
        batches: Training batches in an epoch.
        start: The rates that the training began with.
        changes: What was changed on the way.
        training: Whether a training is under way.
        opened: A pass, opened; None where there was none yet.
        cost: What was measured of the cost.
        verdict: What the experiment found.
        run: The last training that ended.
        sample: The sample to show.
        gate: The gate to show; None for all.
        gpu: Whether there is a GPU.
    """

    spec: RunSpec
    shape: tuple[int, int]
    layer: LayerRecording | None = None
    curves: Curves = field(default_factory=Curves)
    epochs: int = 0
    batches: int = 0
    start: Change | None = None
    changes: tuple[Change, ...] = ()
    training: bool = False
    opened: Trace | None = None
    cost: Cost | None = None
    verdict: Verdict | None = None
    run: Run | None = None
    sample: int = 0
    gate: str | None = None
    gpu: bool = False

    @property
    def current(self) -> bool:
        """Whether what was recorded is what the controls ask for now."""
        if self.layer is None:
            return False
        settings, units = self.spec.setting, self.spec.units
        return self.training or (self.layer.setting, self.layer.units) == (settings, units)

    def moved(self) -> list[tuple[float, str]]:
        """The changes by the epochs before each, in words."""
        before, told = self.start, []
        for change in self.changes:
            if before is not None and self.batches:
                told.append((change.batch / self.batches, change.since(before)))
            before = change
        return told


@dataclass(frozen=True)
class Shown:
    """A tab, ready to be shown.

    Attributes:
        words: Lines of plain words.
        picture: The picture, if there is one.
        extra: HTML between the picture and the words.
    """

    words: Sequence[str]
    picture: Picture | None = None
    extra: str = ""

    @property
    def html(self) -> str:
        """The tab as HTML; the picture as wide as there is room, and never wider."""
        lines = "".join(f"<li>{mime.escaped(line)}</li>" for line in self.words)
        listed = f'<ul style="{_LIST}">{lines}</ul>' if lines else ""
        drawn = ""
        if self.picture is not None:
            # decoding=sync: the old picture stays until the new one can be shown.
            drawn = mime.img(
                self.picture, self.picture.frame(_DENSITY), decoding="sync", style=_PICTURE
            )
        return f'<div style="line-height:1.45;max-width:880px">{drawn}{self.extra}{listed}</div>'


_DENSITY = 1
_PICTURE = "max-width:100%;height:auto;background:#fff"
_LIST = "margin:.3em 0 0 1.2em;padding:0;font-size:.95em"


def where(scene: Scene) -> Shown:
    """Where dropout acted, or will act."""
    from dropviz.figures.unrolled import plan
    from dropviz.figures.unrolled import where as drawn

    if scene.layer is None or not scene.current:
        steps, features = scene.shape
        setting = scene.spec.setting
        return Shown(intentions(setting), plan(setting, scene.spec.units, features, steps))
    sample = _sample(scene.layer, scene.sample)
    return Shown(answers({"lstm": scene.layer}), drawn(scene.layer, sample=sample))


def _sample(layer: LayerRecording, sample: int) -> int:
    return min(sample, layer.require_batch().batch_sizes[-1] - 1)


def masks(scene: Scene) -> Shown:
    """The masks of the latest batch."""
    from dropviz.figures.heatmaps import atlas

    if scene.layer is None:
        return Shown([_NOT_YET, *intentions(scene.spec.setting)])
    sample = _sample(scene.layer, scene.sample)
    return Shown(scene.layer.sentences, atlas(scene.layer, sample=sample, gate=scene.gate))


def curves(scene: Scene) -> Shown:
    """The losses by epoch, with a line at each change."""
    from dropviz.figures.curves import curves as drawn

    words = [last_losses(scene.curves)] if scene.curves.get("loss") else [_NOT_YET]
    if not scene.curves.epochs and not scene.training:
        return Shown([_NOT_YET])
    return Shown(words, drawn(scene.curves, scene.epochs, scene.moved()))


def gates(scene: Scene) -> Shown:
    """Gates and states through time."""
    from dropviz.figures.gates import gates as drawn

    if scene.opened is None:
        return Shown([_NOT_YET])
    return Shown([], drawn(scene.opened))


def cost(scene: Scene) -> Shown:
    """What this setting costs."""
    rows: list[tuple[str, ...]] = [("cuDNN possible", cudnn(scene.spec.setting, gpu=scene.gpu))]
    if scene.run is not None and scene.run.spec is not None and scene.run.curves.epochs:
        each = scene.run.seconds / scene.run.curves.epochs
        rows.append(("the last training", f"{each:.2f} s an epoch, with its evaluations"))
    if scene.cost is None:
        rows.append(("measured", "not yet: press Measure, when no training is under way"))
    else:
        rows += scene.cost.rows
    return Shown([], extra=mime.table("What dropout costs here", ["", ""], rows)["text/html"])


def code(scene: Scene) -> Shown:
    """The plain Keras code, and the lines that do the same."""
    spec = scene.run.spec if scene.run is not None and scene.run.spec is not None else scene.spec
    what = "The last training" if scene.run is not None else "These settings"
    plain = scene.run.code if scene.run is not None else ""
    blocks = [
        (f"{what} without the panel", magic(spec)),
        (f"{what} as a scenario, for the panel, the magics and dropviz.run", str(Scenario(spec))),
        ("The last training in code", plain or "(after the first training)"),
    ]
    text = "".join(
        f"<p style='margin:.8em 0 .2em'><b>{title}</b></p>{mime.code(body.strip(), _PRE)}"
        for title, body in blocks
    )
    return Shown([], extra=text)


_PRE = (
    "white-space:pre-wrap;background:rgba(128,128,128,.12);padding:.6em;margin:0;"
    "font-size:.9em;line-height:1.4"
)


def verdict(scene: Scene) -> Shown:
    """Which method it was: by the recording, the proof, and the experiment."""
    from dropviz.figures.evidence import evidence

    lines: list[str] = []
    if scene.layer is not None:
        lines += [f"Recorded: {line}" for line in conclusion({"lstm": scene.layer})]
    if scene.run is not None:
        lines += [proof.sentence for proof in scene.run.proof.values()]
    if scene.verdict is None:
        lines.append("The experiment was not run yet: press Experiment, when nothing trains.")
        return Shown(lines)
    return Shown([*scene.verdict.lines, *lines], evidence(scene.verdict))


TABS: Mapping[str, Callable[[Scene], Shown]] = {
    "Where": where,
    "Masks": masks,
    "Curves": curves,
    "Gates": gates,
    "Cost": cost,
    "Code": code,
    "Verdict": verdict,
}


def shown(scene: Scene, name: str) -> Shown:
    """One tab of a scene.

    Args:
        scene: What there is to see.
        name: A key of ``TABS``.

    Returns:
        The tab.
    """
    return TABS[name](scene)
