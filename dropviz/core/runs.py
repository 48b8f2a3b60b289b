"""What came out of a training: curves, recording, and how it ended."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from dropviz.core import recording, result_files, sentences
from dropviz.core.display_registry import display, draw_figure
from dropviz.core.file_fields import (
    SIZE,
    by_name,
    distance,
    explained,
    fields,
    flag,
    maybe,
    number,
    one_of,
    plain,
    rate,
    refused,
    several,
    text,
    whole,
)
from dropviz.core.layer_file import SETTING
from dropviz.core.method_options import RATES
from dropviz.core.number_forms import MOST_SEED
from dropviz.core.recording import Recording
from dropviz.core.spec import RunSpec
from dropviz.core.trace_result import Proof
from dropviz.errors import is_known, received, unknown_name, visible

Status = Literal["done", "stopped", "failed"]


class Curves(Mapping[str, tuple[float, ...]]):
    """Losses and metrics by epoch.

    Names are Keras's own: "loss" and metrics as it reports them of training, means over an
    epoch with dropout on while the weights change; "val_..." on validation data. Measured at
    the epoch's end, on the same training samples and weights: "..._dropout_off", and
    "..._dropout_on", a mean over passes whose smallest and largest are "..._dropout_on_low"
    and "..._dropout_on_high".
    """

    def __init__(self, values: Mapping[str, Sequence[float]] | None = None) -> None:
        self._values = {name: tuple(map(float, v)) for name, v in (values or {}).items()}

    def __getitem__(self, name: str) -> tuple[float, ...]:
        if not is_known(name, self._values):
            raise unknown_name("curve", name, self._values)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def epochs(self) -> int:
        """Epochs that came to their end."""
        return max((len(values) for values in self._values.values()), default=0)

    def extended(self, values: Mapping[str, float]) -> Curves:
        """A copy with one epoch more; a curve that was not there is NaN before."""
        epochs = self.epochs
        names = dict.fromkeys([*self._values, *values])
        nan = float("nan")
        return Curves(
            {
                name: (*self._values.get(name, (nan,) * epochs), values.get(name, nan))
                for name in names
            }
        )

    def __repr__(self) -> str:
        return f"<Curves of {self.epochs} epochs: {visible(', '.join(self))}>"


@dataclass(frozen=True, eq=False)
class Run:
    """One training.

    Attributes:
        spec: What was asked; None for a training of one's own under ``%%lstm_dropout``.
        curves: Losses and metrics by epoch.
        recording: The masks that were used.
        status: "done", "stopped" (interrupted) or "failed" (the loss became NaN).
        seconds: Wall time of the training.
        code: The plain Keras code that does the same.
        reason: What to know about how it ended; often empty.
        proof: By layer how far NumPy, given the recorded masks of a pass, is from it.
        model: The trained Keras model; None in a run that was loaded.
    """

    spec: RunSpec | None
    curves: Curves
    recording: Recording
    status: Status
    seconds: float
    code: str
    reason: str = ""
    proof: Mapping[str, Proof] = field(default_factory=dict)
    model: Any = field(default=None, repr=False)

    def figure(self, name: str = "where") -> Any:
        """Draws a picture of the run.

        Args:
            name: "where" (the unrolled LSTM), "cell" (its inside), "masks" (the atlas) or
                "curves".

        Returns:
            A ``matplotlib.figure.Figure``.

        Raises:
            UnknownNameError: If there is no such picture.
            DropvizError: If the run has nothing to draw it from.
        """
        return draw_figure(name, self)

    @property
    def disproved(self) -> list[str]:
        """Layers that do not compute what the recorded masks would have them compute."""
        return [layer for layer, proof in self.proof.items() if not proof.agrees]

    @property
    def ending(self) -> str:
        """How it ended, in a few words."""
        epochs = sentences.counted(self.curves.epochs, "epoch")
        of = f" of {self.spec.epochs}" if self.spec and self.status != "done" else ""
        # A hand-written loop has no epochs that anybody counted.
        after = f" after {epochs}{of}" if self.spec or self.curves.epochs else ""
        return f"{self.status}{after}, {self.seconds:.1f} s"

    @property
    def title(self) -> str:
        """What was trained and how it ended, in one line."""
        spec = self.spec
        if spec is None:
            return self.ending
        method = "" if spec.method == "keras" else f"method {spec.method}, "
        given = "".join(f"{name} {value}, " for name, value in spec.given_options.items())
        moved = sentences.counted(len(spec.schedule), "change")
        changes = f"{moved} on the way, " if spec.schedule else ""
        return (
            f"{visible(spec.task)}, {spec.units} units, {method}dropout {spec.dropout:g}, "
            f"recurrent_dropout {spec.recurrent_dropout:g}, {given}{changes}seed {spec.seed}: "
            f"{self.ending}"
        )

    @property
    def summary(self) -> list[str]:
        """The run in a few lines of plain words."""
        lines = [self.title, self.reason, sentences.last_losses(self.curves)]
        lines += sentences.answers(self.recording, self.disproved)
        several = len(self.proof) > 1
        for layer, proof in self.proof.items():
            lines.append(f"{layer}: {proof.sentence}" if several else proof.sentence)
        return [visible(line) for line in lines if line]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the run, without its model, to one file that ``dropviz.load`` reads.

        Args:
            path: Where to, as in "run.dropviz"; its folder must exist.

        Returns:
            The path written.

        Raises:
            DropvizError: If it cannot be written there, or contradicts itself.
        """
        with explained("This run cannot be saved"):
            header, arrays = _pack(self)
            _unpack(header, arrays)
        return result_files.write(path, "run", header, arrays)

    def _ipython_display_(self) -> None:
        display(self)

    def __str__(self) -> str:
        return "\n".join(self.summary)


def load(path: str | os.PathLike[str]) -> Run | Recording:
    """Reads a file that ``Run.save`` or ``Recording.save`` wrote.

    Args:
        path: The file.

    Returns:
        The run (without its model) or the recording.

    Raises:
        DropvizError: If there is no such file, or it is damaged, foreign or newer.
    """
    kind, header, arrays = result_files.read(path)
    with explained(f"{received(str(path))} is damaged", " Take another copy, or save it again."):
        if kind == "recording":
            return recording.unpack(_ALONE("the file", header)["recording"], arrays)
        one_of(["run", "recording"])("kind of the file", kind)
        return _unpack(header, arrays)


_ALONE = fields(recording=lambda _, header: header)
_CHANGE = fields(batch=whole(), **dict.fromkeys(RATES, rate), frozen=flag)
_SPEC = fields(
    **SETTING,
    task=text,
    units=SIZE,
    epochs=SIZE,
    seed=whole(0, MOST_SEED),
    schedule=several(_CHANGE),
)
_PROOF = fields(error=distance, tolerance=distance, samples=SIZE, steps=SIZE, training=flag)
_RUN = fields(
    spec=maybe(_SPEC),
    curves=several(text),
    recording=lambda _, header: header,
    status=one_of(get_args(Status)),
    seconds=number(0),
    code=text,
    reason=text,
    proof=by_name(_PROOF),
)


def _pack(run: Run) -> tuple[dict[str, Any], result_files.Arrays]:
    header, arrays = recording.pack(run.recording)
    curves = {_curve(name): np.array(values) for name, values in run.curves.items()}
    proof = {
        layer: asdict(each) | {"error": plain(each.error), "tolerance": plain(each.tolerance)}
        for layer, each in run.proof.items()
    }
    fields_of_run = {
        "spec": run.spec and run.spec.to_dict(),
        "curves": list(run.curves),
        "recording": header,
        "proof": proof,
    }
    fields_of_run |= {name: getattr(run, name) for name in ("status", "seconds", "code", "reason")}
    return fields_of_run, arrays | curves


def _unpack(header: object, arrays: result_files.Arrays) -> Run:
    found = _RUN("the run", header)
    masks = dict(arrays)
    curves = {name: _points(name, masks.pop(_curve(name), None)) for name in found["curves"]}
    return Run(
        spec=found["spec"] and RunSpec(**found["spec"]),
        curves=Curves(curves),
        recording=recording.unpack(found["recording"], masks),
        proof={layer: Proof(**proof) for layer, proof in found["proof"].items()},
        **{name: found[name] for name in ("status", "seconds", "code", "reason")},
    )


def _curve(name: str) -> str:
    # A metric may be called anything; the name of a member ends at a NUL.
    return f"curve/{quote(text('a curve', name), safe='')}"


def _points(name: str, values: NDArray[Any] | None) -> list[float]:
    if values is None or values.dtype != np.float64 or values.ndim != 1:
        came = "none" if values is None else f"{values.dtype} of shape {values.shape}"
        raise refused(
            f"curve {received(name)}", "an array of float64, a number for each epoch", came
        )
    points: list[float] = values.tolist()
    return points
