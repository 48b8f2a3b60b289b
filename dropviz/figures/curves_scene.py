"""What the curves show: losses by epoch, each told apart, named and with its last value."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dropviz.core.number_forms import counted
from dropviz.core.sentences import figure
from dropviz.core.text_table import shortened
from dropviz.errors import visible

_NAME = 48  # letters of a model's name that the title has room for
_MOST = 1e300  # of what can be drawn

MEASURED = (
    "On and off: same samples and weights, at the epoch's end. "
    "Keras's: a mean while the weights change."
)
_REPORTED = (
    "The training loss is Keras's: a mean over the epoch, with its masks, while the weights change."
)

Numbers = NDArray[np.float64]
Runs = Sequence[Mapping[str, Sequence[float]]]


@dataclass(frozen=True)
class CurveLine:
    """One curve.

    Attributes:
        name: Its key in the curves of a run.
        label: What it is.
        dashes: Lengths of strokes and gaps, in line widths; none for a whole line.
        tone: Its colour: a key of ``dropviz.figures.colours.TONES``.
        width: In points.
        values: One for each epoch; NaN where there is no finite one.
        low: The lowest of several runs or passes; none where there is one.
        high: The highest.
        last: Its last finite value, in words.
    """

    name: str
    label: str
    dashes: tuple[float, ...]
    tone: str
    width: float
    values: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    last: str = ""


@dataclass(frozen=True)
class ChangeMark:
    """What was changed on the way.

    Attributes:
        after: After how many epochs.
        says: What.
    """

    after: float
    says: str


@dataclass(frozen=True)
class CurvesScene:
    """Losses by epoch.

    Attributes:
        kind: "curves".
        title: What they are of.
        caption: What the training losses are losses of; may be empty.
        alt: The picture in words.
        epochs: Epochs that there is room for.
        under_way: Of those that have points, how many at the end are not all measured yet.
        x_label: What runs across.
        lines: The curves.
        changes: What was changed on the way.
    """

    kind: str
    title: str
    caption: str
    alt: str
    epochs: int
    under_way: int
    x_label: str
    lines: tuple[CurveLine, ...]
    changes: tuple[ChangeMark, ...]


# Told apart by dashes as well as by colour, for a grey print; no colour is an argument's.
LINES = (
    CurveLine("loss_dropout_on", "training, dropout on", (), "purple", 2.4),
    CurveLine("loss_dropout_off", "training, dropout off", (5, 2), "ink", 2.4),
    CurveLine("val_loss", "validation", (1, 1), "green", 2.4),
    CurveLine("loss", "as Keras reports", (6, 1.5, 1, 1.5), "muted", 1.5),
)


def of_runs(
    runs: Mapping[str, Sequence[float]] | Runs,
    epochs: int = 0,
    changes: Sequence[tuple[float, str]] = (),
    model: str = "",
    *,
    under_way: int = 0,
) -> CurvesScene:
    """The scene of the losses of training and of validation.

    Args:
        runs: The curves of one run; or those of several seeds, of which their median is drawn
            with a band from the smallest to the largest.
        epochs: Epochs to leave room for, while training goes on.
        changes: What was changed on the way: after how many epochs, and what.
        model: The model's name, where it is one of several.
        under_way: How many epochs at the end are not all measured yet.

    Returns:
        The scene.
    """
    several = [runs] if isinstance(runs, Mapping) else list(runs)
    lines = [line for each in LINES if (line := _filled(each, several))]
    moved = tuple(ChangeMark(after, visible(says)) for after, says in changes)
    return CurvesScene(
        kind="curves",
        title=_title(several, model, under_way),
        caption=_caption({line.name for line in lines}),
        alt=visible(_alt(lines, several, moved, model, under_way)),
        epochs=max(epochs, *(len(line.values) for line in lines), 1),
        under_way=under_way,
        x_label="epoch",
        lines=tuple(lines),
        changes=moved,
    )


def _filled(line: CurveLine, several: Runs) -> CurveLine | None:
    """A line with its numbers; None where it has none that is finite."""
    middle = _middle(_values(several, line.name))
    finite = middle[np.isfinite(middle)]
    if not finite.size:
        return None
    low, high = _spread(several, line.name)
    return replace(
        line,
        values=tuple(middle.tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        last=figure(finite[-1]),
    )


def _caption(drawn: Collection[str]) -> str:
    """What the training losses that are drawn are losses of."""
    if "loss_dropout_on" in drawn:
        return MEASURED
    return _REPORTED if "loss" in drawn else ""


def _values(runs: Runs, name: str) -> Numbers:
    """A curve of each run, shape (runs, epochs); NaN where it is not finite or ended earlier."""
    values = [run[name] for run in runs if name in run]
    stacked = np.full((len(values), max(map(len, values), default=0)), np.nan)
    for row, each in enumerate(values):
        stacked[row, : len(each)] = each
    # The room around it would be no number.
    stacked[~(np.abs(stacked) <= _MOST)] = np.nan
    return stacked


def _spread(runs: Runs, name: str) -> tuple[Numbers, Numbers]:
    """The lowest and the highest of a curve: over the runs, or over the passes of one run."""
    if len(runs) > 1:
        finite = np.ma.masked_invalid(_values(runs, name))
        return finite.min(axis=0).filled(np.nan), finite.max(axis=0).filled(np.nan)
    low, high = (_values(runs, f"{name}_{end}") for end in ("low", "high"))
    if low.shape == high.shape == _values(runs, name).shape:
        return low[0], high[0]
    return np.zeros(0), np.zeros(0)


def _middle(values: Numbers) -> Numbers:
    """The median over runs; NaN where none is finite."""
    if len(values) == 1:
        only: Numbers = values[0]
        return only
    # Of all epochs in one call: one for each takes a tenth of a second after some thousand.
    finite = np.ma.masked_invalid(values)
    middle: Numbers = np.ma.median(finite, axis=0).filled(np.nan)  # type: ignore[no-untyped-call]
    return middle


def _title(several: Runs, model: str, under_way: int) -> str:
    if len(several) > 1:
        return f"Loss by epoch, median and range of {len(several)} seeds"
    if model:  # which leaves no room for more
        return f"Loss of {shortened(model, _NAME)} by epoch"
    return f"Loss by epoch{_bits(several, under_way)}"


def _bits(several: Runs, under_way: int) -> str:
    """What the last validation loss is in the unit that papers on characters tell."""
    middle = _middle(_values(several, "val_bits_per_character"))
    last = middle[: middle.size - under_way][-1:]
    known = last.size and np.isfinite(last[0])
    return f"; on validation data {figure(last[0])} bits per character" if known else ""


def _alt(
    lines: Sequence[CurveLine],
    several: Runs,
    changes: Sequence[ChangeMark],
    model: str,
    under_way: int,
) -> str:
    loss = f"Loss of {model}" if model else "Loss"
    if not lines:
        lost = any(run.get(line.name) for run in several for line in LINES)
        why = "the losses were not finite" if lost else "no epoch has come to its end yet"
        return f"{loss} by epoch; {why}."
    runs = len(several)
    ended = max(len(line.values) for line in lines) - under_way
    parts = []
    for line in lines:
        first = next(value for value in line.values if np.isfinite(value))
        parts.append(f"{line.label} from {figure(first)} to {line.last}")
        if not np.isfinite(line.values[:ended][-1:]).all():
            parts[-1] += ", then no finite value"  # there may have been none to report
    over = counted(ended, "epoch") if ended else ""
    if under_way:
        over += " and the one under way" if ended else "the epoch under way"
    if runs > 1:
        over += f", median of {runs} seeds"
    moved = "".join(f" After {each.after:.3g} epochs: {each.says}." for each in changes)
    said = "; ".join(parts) + _bits(several, under_way)
    return f"{loss} over {over}: {said}.{moved}"
