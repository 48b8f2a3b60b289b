"""What came out of a training: curves, recording, and how it ended."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dropviz.core import recording, result_files, run_words
from dropviz.core.curves import Curves, Trained, shown_of
from dropviz.core.display_registry import display, draw_figure, html_page
from dropviz.core.file_fields import explained, one_of
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.number_forms import counted
from dropviz.core.recording import Recording
from dropviz.core.run_file import ALONE, Status, pack_run, unpack_run
from dropviz.core.spec import RunSpec
from dropviz.core.trace_result import Proof
from dropviz.errors import is_known, received, unknown_name, visible


@dataclass(frozen=True, eq=False)
class Run:
    """One training; or the trainings of a cell, of which one model is shown.

    Attributes:
        spec: What was asked; None for a training of one's own under ``%%lstm_dropout``.
        curves: Losses and metrics by epoch.
        recording: The masks that were used.
        status: "done", "stopped" (interrupted) or "failed" (a loss was not finite; under
            ``%%lstm_dropout``, the cell ended with an error).
        seconds: Wall time of the training, in seconds; of the cell under ``%%lstm_dropout``.
        code: The plain Keras code that does the same; a call of ``dropviz.run`` where rates change
            on the way; the cell under ``%%lstm_dropout``.
        reason: What to know about how it ended; often empty.
        proof: By layer how far NumPy, given the recorded masks of a pass, is from it. Of LSTM and
            GRU layers; empty where the training failed or was interrupted on the way.
        model: The trained Keras model; None in a run that was loaded, or where it is not known.
        models: Where several models trained, each of them, in the order in which each trained
            last; curves and model are those of the one that is shown.
        name: The model's name where it is one of several; "" otherwise.
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
    models: tuple[Trained, ...] = ()
    name: str = ""

    def of(self, name: str) -> Run:
        """One of several models: its curves, layers and proofs alone.

        Args:
            name: Its name, as in ``run.models``.

        Returns:
            A run of it; how it ended, how long it took and the code are those of the cell.

        Raises:
            UnknownNameError: If no such model trained, or there are not several.
        """
        names = {each.name: each for each in self.models}
        if not is_known(name, names):
            raise unknown_name("trained model", name, names)
        one = names[name]
        layers = {
            layer: self.recording[layer].within(
                tuple(each.name for each in self.models if layer in each.layers)
            )
            for layer in one.layers
            if layer in self.recording
        }
        return replace(
            self,
            curves=one.curves,
            recording=Recording.of(layers),
            proof={layer: self.proof[layer] for layer in layers if layer in self.proof},
            reason="",
            model=self.model if one is shown_of(self.models) else None,
            models=(),
            name=name,
        )

    @property
    def shown(self) -> Run:
        """What pictures and words are of: of several models the last, else all."""
        one = shown_of(self.models)
        return self.of(one.name) if one else self

    def figure(self, name: str = "where") -> Any:
        """Draws a picture of the run.

        Args:
            name: "where" (the unrolled LSTM), "cell" (its inside) or "masks" (the atlas), each of
                the layer that was recorded first; or "curves".

        Returns:
            A ``matplotlib.figure.Figure``.

        Raises:
            UnknownNameError: If there is no such picture.
            DropvizError: If the run has nothing to draw it from; or for "cell", if the layer is
                no LSTM, or of unknown code that NumPy does not vouch for.
        """
        return draw_figure(name, self.shown)

    @property
    def disproved(self) -> list[str]:
        """Layers that do not compute what the recorded masks would have them compute."""
        return [layer for layer, proof in self.proof.items() if not proof.agrees]

    @property
    def drawn_only(self) -> list[str]:
        """Layers of which is known what they drew, and not that it multiplied.

        Those that NumPy contradicts, and those with code of their own that it could not be
        compared with.
        """
        return [name for name, layer in self.layers.items() if layer.drawn_only]

    @property
    def layers(self) -> dict[str, LayerRecording]:
        """The recorded layers, each with what its proof says of it."""
        return {
            name: layer.compared(agrees=self.proof[name].agrees) if name in self.proof else layer
            for name, layer in self.recording.items()
        }

    def layer_to_draw(self, name: str) -> LayerRecording:
        """A recurrent layer as pictures show it, with the Dropout layer that follows it.

        Args:
            name: Its name in the recording.

        Raises:
            UnknownNameError: If there is no such layer.
        """
        layer = self.recording.with_dropout(name)
        return layer.compared(agrees=name not in self.drawn_only)

    @property
    def ending(self) -> str:
        """How it ended, in a few words."""
        epochs = counted(self.curves.epochs, "epoch")
        of = f" of {self.spec.epochs}" if self.spec and self.status != "done" else ""
        # A hand-written loop has no epochs that anybody counted.
        after = f" after {epochs}{of}" if self.spec or self.curves.epochs else ""
        return f"{self.status}{after}, {self.seconds:.1f} s"

    @property
    def title(self) -> str:
        """What was trained and how it ended, in one line."""
        spec = self.spec
        if self.models:
            return f"{len(self.models)} models trained: {self.status}, {self.seconds:.1f} s"
        if self.name:
            epochs = self.curves.epochs
            after = f": {counted(epochs, 'epoch')}" if epochs else ""
            return f"Model {visible(self.name)}{after}"
        if spec is None:
            return self.ending
        method = "" if spec.method == "keras" else f"method {spec.method}, "
        given = "".join(f"{name} {value}, " for name, value in spec.given_options.items())
        moved = counted(len(spec.schedule), "change")
        changes = f"{moved} on the way, " if spec.schedule else ""
        return (
            f"{visible(spec.task)}, {spec.units} units, {method}dropout {spec.dropout:g}, "
            f"recurrent_dropout {spec.recurrent_dropout:g}, {given}{changes}seed {spec.seed}: "
            f"{self.ending}"
        )

    @property
    def summary(self) -> list[str]:
        """The run in a few lines of plain words."""
        return run_words.lines(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the run, without its model, to one file that ``dropviz.load`` reads.

        Args:
            path: Where to, as in "run.dropviz"; its folder must exist. A file that is there is
                replaced.

        Returns:
            The path written.

        Raises:
            DropvizError: If it cannot be written there, or contradicts itself; what was there is
                then as it was.
        """
        with explained("This run cannot be saved"):
            header, arrays = pack_run(self)
            unpack_run(header, arrays)
        return result_files.write(path, "run", header, arrays)

    def page(self, path: str | os.PathLike[str]) -> Path:
        """Writes the report as one HTML file: pictures answer to pointer and keys in it.

        It asks for nothing from elsewhere. Where no script runs, pictures stand still.

        Args:
            path: Where to, as in "run.html"; its folder must exist. A file that is there is
                replaced.

        Returns:
            The path written.

        Raises:
            DropvizError: If it cannot be written there; what was there is then as it was.
        """
        return result_files.write_whole(path, lambda: html_page(self).encode())

    def _ipython_display_(self) -> None:
        display(self)

    def __str__(self) -> str:
        return "\n".join(self.summary)


def load(path: str | os.PathLike[str]) -> Run | Recording:
    """Reads a file that ``Run.save`` or ``Recording.save`` wrote.

    It needs neither Keras nor the backend that trained, and runs nothing that is in the file.

    Args:
        path: The file, in the one format that this dropviz writes: 2
            (``dropviz.core.result_files.FORMAT``). Earlier files of it do not say whether a layer
            is stateful; they are read as if none were.

    Returns:
        The run (without its model) or the recording.

    Raises:
        DropvizError: If there is no such file, it is damaged or foreign, its format is an older
            or a newer one (the message says what to do), or there is no memory for its arrays.
    """
    kind, header, arrays = result_files.read(path)
    with explained(f"{received(str(path))} is damaged", " Take another copy, or save it again."):
        if kind == "recording":
            return recording.unpack(ALONE("the file", header)["recording"], arrays)
        one_of(["run", "recording"])("kind of the file", kind)
        return Run(**unpack_run(header, arrays))
