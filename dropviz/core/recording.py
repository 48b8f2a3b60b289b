"""A recording: what every layer of a model used while it trained."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dropviz.core import result_files
from dropviz.core.file_fields import by_name, explained, fields, refused, several, text, whole
from dropviz.core.join_dropout import joined
from dropviz.core.layer_file import array_names, checked_layer, pack_layer, unpack_layer
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.number_forms import counted
from dropviz.errors import DropvizError, is_known, received, unknown_name, visible

Layers = Mapping[str, LayerRecording]


class Recording(Mapping[str, LayerRecording]):
    """The masks that the layers of a model used while they trained.

    A mapping from a layer's name (a path for a nested layer) to its masks by site::

        recording["lstm"]["recurrent"].values

    A name that is not there raises ``UnknownNameError``, which is a ``KeyError`` too. Masks stay
    on the device that drew them until somebody looks.

    Attributes:
        skipped: By the name of each layer that could not be recorded, or not all of it, the
            reason; complete after the block.
        missed: Steps of training that passed the recording by: those of functions that were
            compiled before it began. Counted when the block ends; 0 until then.
    """

    def __init__(self, read: Callable[[], Layers]) -> None:
        """Makes a recording.

        Args:
            read: Reads what is recorded by now; asked again at each look until the
                recording is closed.
        """
        self._read = read
        self._closed: Layers | None = None
        self._open = True
        self.skipped: dict[str, str] = {}
        self.missed = 0

    @classmethod
    def of(cls, layers: Layers) -> Recording:
        """Makes a closed recording from what is already read."""
        recording = cls(lambda: layers)
        recording.close(lambda: layers)
        return recording

    def close(self, read: Callable[[], Layers]) -> None:
        """Ends the recording; what it holds no longer changes.

        Args:
            read: Reads all of it, once, when somebody first looks.
        """
        self._read = read
        self._open = False

    @property
    def _layers(self) -> Layers:
        if self._open:
            return self._read()
        if self._closed is None:
            self._closed = self._read()
            # Lets go of the device's memory.
            self._read = dict
        return self._closed

    def __getitem__(self, layer: str) -> LayerRecording:
        layers = self._layers
        if not is_known(layer, layers):
            raise unknown_name("recorded layer", layer, layers)
        return layers[layer]

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    @property
    def first(self) -> LayerRecording:
        """The first layer; what a picture of a run shows unless told otherwise.

        Raises:
            DropvizError: If nothing was recorded; the message says why.
        """
        if not self._layers:
            reasons = self.notes or ["No recurrent layer was seen to train."]
            raise DropvizError(f"Nothing was recorded. {' '.join(reasons)}")
        return next(iter(self._layers.values()))

    def with_dropout(self, layer: str) -> LayerRecording:
        """A recurrent layer with the masks of the Dropout layer that follows it, if one does.

        Args:
            layer: The recurrent layer's name here.

        Returns:
            Its recording; with the site "between" where a Dropout layer drops its outputs.

        Raises:
            UnknownNameError: If there is no such layer.
        """
        mine, after = self[layer], self.dropout_after(layer)
        return mine if after is None else joined(mine, after)

    def dropout_after(self, layer: str) -> LayerRecording | None:
        """The Dropout layer that is drawn with a layer: the first that drops its outputs.

        Of one that dropped in fewer batches, as where its rate was 0 for a while, it is not known
        which masks met which outputs; it is not drawn with the layer.

        Args:
            layer: The layer's name here.

        Returns:
            Its recording; None where there is none such.
        """
        after = (each for each in self.values() if each.follows == layer and len(each))
        return next((each for each in after if each.batches == self[layer].batches), None)

    @property
    def sentences(self) -> list[str]:
        """What was recorded, a line for each site of each layer."""
        lines = [line for layer in self._layers.values() for line in layer.sentences]
        return lines + self.notes

    @property
    def notes(self) -> list[str]:
        """What is not recorded, and why."""
        names: dict[str, list[str]] = {}
        for name, reason in self.skipped.items():
            names.setdefault(reason, []).append(name)
        lines = [visible(f"{', '.join(each)}: {reason}") for reason, each in names.items()]
        if self.missed:
            lines.append(
                f"Not recorded: {counted(self.missed, 'step')} that the optimizer counts. A "
                "function that was compiled before the recording began made them (make it "
                "inside), or they did not come to their end, or the optimizer was given another "
                "count, as by a checkpoint."
            )
        return lines

    def __repr__(self) -> str:
        return f"<Recording of {visible(', '.join(self)) or 'no layer'}>"

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the recording to one file that ``dropviz.load`` reads.

        Args:
            path: Where to; its folder must exist. A file that is there is replaced.

        Returns:
            The path written.

        Raises:
            DropvizError: If it cannot be written there, or contradicts itself; what was there is
                then as it was.
        """
        with explained("This recording cannot be saved"):
            header, arrays = pack(self)
            unpack(header, arrays)
        return result_files.write(path, "recording", {"recording": header}, arrays)


def pack(recording: Recording) -> tuple[dict[str, Any], result_files.Arrays]:
    """Splits a recording into JSON and arrays, for a file.

    Args:
        recording: The recording.

    Returns:
        The header, and the arrays under names that follow from it.

    Raises:
        DropvizError: If a layer or its masks go by a name that is not theirs.
    """
    arrays: result_files.Arrays = {}
    layers = []
    for number, (name, layer) in enumerate(recording.items()):
        if name != layer.layer:
            raise refused("the name of a layer", received(layer.layer), name)
        entry, its = pack_layer(number, layer)
        layers.append(entry)
        arrays |= its
    header = {"layers": layers, "skipped": recording.skipped, "missed": recording.missed}
    return header, arrays


def unpack(header: object, arrays: result_files.Arrays) -> Recording:
    """Puts together what ``pack`` split.

    Args:
        header: The header.
        arrays: The arrays.

    Returns:
        The recording, closed.

    Raises:
        DropvizError: If a part is missing, too many, of another type or out of range, or
            parts contradict each other.
    """
    checked = _HEADER("the recording", header)
    entries = [checked_layer(number, entry) for number, entry in enumerate(checked["layers"])]
    names = [name for number, entry in enumerate(entries) for name in array_names(number, entry)]
    odd = sorted(set(names) ^ set(arrays))
    if odd:
        raise refused("the arrays", "those of the layers and curves", f"without or with {odd}")
    layers = {
        entry["layer"]: unpack_layer(number, entry, arrays) for number, entry in enumerate(entries)
    }
    if len(layers) != len(entries):
        raise refused("the layers", "each there once", [entry["layer"] for entry in entries])
    recording = Recording.of(layers)
    recording.skipped.update(checked["skipped"])
    recording.missed = checked["missed"]
    return recording


_HEADER = fields(layers=several(lambda _, entry: entry), skipped=by_name(text), missed=whole())
