"""What came out of a training: curves, recording, and how it ended."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dropviz.core import recording, result_files, sentences
from dropviz.core.display_registry import display, draw_figure
from dropviz.core.recording import Recording
from dropviz.core.spec import RunSpec
from dropviz.core.trace_result import Proof
from dropviz.errors import DropvizError, is_known, unknown_name

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
        return f"<Curves of {self.epochs} epochs: {', '.join(self)}>"


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
            f"{spec.task}, {spec.units} units, {method}dropout {spec.dropout:g}, "
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
        return [line for line in lines if line]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the run, without its model, to one file that ``dropviz.load`` reads.

        Args:
            path: Where to, as in "run.dropviz"; its folder must exist.

        Returns:
            The path written.
        """
        header, arrays = recording.pack(self.recording)
        arrays |= {f"curve/{name}": np.array(v) for name, v in self.curves.items()}
        return result_files.write(
            path,
            "run",
            {
                "spec": self.spec and self.spec.to_dict(),
                "curves": list(self.curves),
                "status": self.status,
                "seconds": self.seconds,
                "code": self.code,
                "reason": self.reason,
                "recording": header,
                "proof": {layer: asdict(proof) for layer, proof in self.proof.items()},
            },
            arrays,
        )

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
    try:
        recorded = recording.unpack(header["recording"], arrays)
        if kind == "recording":
            return recorded
        return Run(
            spec=header["spec"] and RunSpec(**header["spec"]),
            curves=Curves({name: arrays[f"curve/{name}"].tolist() for name in header["curves"]}),
            recording=recorded,
            status=header["status"],
            seconds=float(header["seconds"]),
            code=header["code"],
            reason=header["reason"],
            proof={layer: Proof(**proof) for layer, proof in header["proof"].items()},
        )
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise DropvizError(
            f"{str(path)!r} is damaged: a part of it is missing. Take another copy."
        ) from error
