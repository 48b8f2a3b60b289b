"""A recording: what every layer of a model used while it trained."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from dropviz.core import result_files
from dropviz.core.draw_log import DrawLog, MaskPlan
from dropviz.core.join_dropout import joined
from dropviz.core.masks import LayerRecording, Masks
from dropviz.core.sentences import counted
from dropviz.core.setting import Setting
from dropviz.errors import DropvizError, is_known, unknown_name

Layers = Mapping[str, LayerRecording]

# The arrays of a ``DrawLog``.
_LOGGED = ("batches", "calls", "states", "samples", "steps")


class Recording(Mapping[str, LayerRecording]):
    """The masks that the layers of a model used while they trained.

    A mapping from a layer's name (a path for a nested layer) to its masks by site::

        recording["lstm"]["recurrent"].values

    Masks stay on the device that drew them until somebody looks.

    Attributes:
        skipped: Recurrent layers that could not be recorded, each with the reason.
        missed: Steps of training that passed the recording by: those of functions that were
            compiled before it began.
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
        """The first layer; what a picture of a run shows unless told otherwise."""
        if not self._layers:
            raise DropvizError("Nothing was recorded: no recurrent layer trained.")
        return next(iter(self._layers.values()))

    def with_dropout(self, layer: str) -> LayerRecording:
        """A recurrent layer with the masks of the Dropout layer that follows it, if one does.

        Args:
            layer: The recurrent layer's name here.

        Returns:
            Its recording; with the site "between" where a Dropout layer drops its outputs.
        """
        mine = self[layer]
        above = (each for each in self.values() if each.follows == layer and len(each))
        after = next(above, None)
        return mine if after is None else joined(mine, after)

    @property
    def sentences(self) -> list[str]:
        """What was recorded, a line for each site of each layer."""
        lines = [line for layer in self._layers.values() for line in layer.sentences]
        return lines + self.notes

    @property
    def notes(self) -> list[str]:
        """What is not recorded, and why."""
        lines = [f"{name}: {reason}" for name, reason in self.skipped.items()]
        if self.missed:
            lines.append(
                f"Not recorded: {counted(self.missed, 'step')} of training, made by a function "
                "that was compiled before the recording began. Make the function inside it."
            )
        return lines

    def __repr__(self) -> str:
        return f"<Recording of {', '.join(self) or 'no layer'}>"

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the recording to one file that ``dropviz.load`` reads.

        Args:
            path: Where to; its folder must exist.

        Returns:
            The path written.
        """
        header, arrays = pack(self)
        return result_files.write(path, "recording", {"recording": header}, arrays)


def pack(recording: Recording) -> tuple[dict[str, Any], result_files.Arrays]:
    """Splits a recording into JSON and arrays, for a file.

    Args:
        recording: The recording.

    Returns:
        The header, and the arrays under names that the header gives.
    """
    arrays: result_files.Arrays = {}
    layers = []
    for number, layer in enumerate(recording.values()):
        sites = []
        for masks in layer.values():
            name = f"masks/{number}/{masks.site}"
            arrays[name] = masks.values
            sites.append(
                {
                    "array": name,
                    "site": masks.site,
                    "rate": masks.rate,
                    "gates": masks.gates,
                    "time_steps": masks.time_steps,
                    "batch_sizes": masks.batch_sizes,
                    "batches": masks.batches,
                    "reason": masks.reason,
                    "calls": masks.calls,
                }
            )
        draws = None
        if layer.draw_log is not None:
            for name in _LOGGED:
                arrays[f"draws/{number}/{name}"] = getattr(layer.draw_log, name)
            draws = {
                "plan": layer.draw_log.plan,
                "dtype": layer.draw_log.dtype,
            }
        layers.append(
            {
                "layer": layer.layer,
                "kind": layer.kind,
                "units": layer.units,
                "batches": layer.batches,
                "calls": layer.calls,
                "note": layer.note,
                "follows": layer.follows,
                "feeds": layer.feeds,
                "setting": asdict(layer.setting),
                "sites": sites,
                "draws": draws,
            }
        )
    header = {"layers": layers, "skipped": recording.skipped, "missed": recording.missed}
    return header, arrays


def unpack(header: Mapping[str, Any], arrays: result_files.Arrays) -> Recording:
    """Puts together what ``pack`` split.

    Args:
        header: The header.
        arrays: The arrays.

    Returns:
        The recording, closed.
    """
    layers = {}
    for number, entry in enumerate(header["layers"]):
        masks = {
            site["site"]: Masks(
                layer=entry["layer"],
                site=site["site"],
                values=arrays[site["array"]],
                rate=float(site["rate"]),
                gates=tuple(site["gates"]),
                time_steps=int(site["time_steps"]),
                batch_sizes=tuple(site["batch_sizes"]),
                batches=tuple(site["batches"]),
                reason=site["reason"],
                calls=tuple(site["calls"]),
            )
            for site in entry["sites"]
        }
        draws = entry["draws"] and DrawLog(
            **{name: arrays[f"draws/{number}/{name}"].astype(np.int64) for name in _LOGGED},
            plan=tuple(MaskPlan(*plan) for plan in entry["draws"]["plan"]),
            dtype=entry["draws"]["dtype"],
        )
        layers[entry["layer"]] = LayerRecording(
            layer=entry["layer"],
            kind=entry["kind"],
            units=int(entry["units"]),
            batches=int(entry["batches"]),
            calls=int(entry["calls"]),
            masks=masks,
            draw_log=draws,
            note=entry["note"],
            follows=entry["follows"],
            feeds=entry["feeds"],
            setting=Setting(**entry["setting"]),
        )
    recording = Recording.of(layers)
    recording.skipped.update(header["skipped"])
    recording.missed = int(header["missed"])
    return recording
