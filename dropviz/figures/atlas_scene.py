"""What the mask atlas shows: a row for each site, a panel for each gate."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dropviz.core.gates import titled as gate_titled
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import NONE_HELD, Array, Masks, percent
from dropviz.core.number_forms import counted, rate_in_words
from dropviz.core.sites import SITES, is_gated, place_of
from dropviz.core.text_table import shortened
from dropviz.errors import DropvizError, visible
from dropviz.figures.alt_text import titled
from dropviz.figures.colours import Colour, colour_of
from dropviz.figures.scene import Sign

# What is known of the masks.
_WHETHER = {False: "as used", True: "drawn, NOT known to multiply,"}
_ROWS, _UNITS = 16, 32  # shown at the most
_NAME = 56  # letters of a layer's name that the heading has room for


@dataclass(frozen=True)
class Heatmap:
    """The masks of one gate.

    Attributes:
        title: Whose they are.
        rows: How many run down.
        columns: How many run across.
        bits: 1 where kept, row by row, in base64, the first the highest bit of its byte.
    """

    title: str
    rows: int
    columns: int
    bits: str

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Whether each is kept, shape (rows, columns)."""
        packed = np.frombuffer(base64.b64decode(self.bits), np.uint8)
        bits = np.unpackbits(packed, count=self.rows * self.columns)
        return bits.reshape(self.rows, self.columns).astype(bool)


@dataclass(frozen=True)
class AtlasRow:
    """The masks of one site.

    Attributes:
        site: Its name.
        symbol: What is multiplied, as mathematics.
        colour: The colour of the argument.
        reason: Why there is nothing to show; empty where there is.
        down: What runs down: "sample", "step" or "from unit".
        across: What runs across: "unit", of x "input", or "to unit".
        begin: The number, from 0, of the first row.
        panels: One for each gate, or one for all.
        says: What was measured.
    """

    site: str
    symbol: str
    colour: Colour
    reason: str = ""
    down: str = ""
    across: str = ""
    begin: int = 0
    panels: tuple[Heatmap, ...] = ()
    says: str = ""


@dataclass(frozen=True)
class AtlasScene:
    """The masks of one batch.

    Attributes:
        kind: "atlas".
        title: Whose masks they are.
        lines: What stands below the title.
        alt: The picture in words.
        gate: The gate that is shown alone, larger; empty where all are.
        rows: The sites.
        legend: What the signs mean.
    """

    kind: str
    title: str
    lines: tuple[str, ...]
    alt: str
    gate: str
    rows: tuple[AtlasRow, ...]
    legend: tuple[Sign, ...]


class _Chosen(NamedTuple):
    """What is shown: a batch, a sample, and a gate or all."""

    batch: int
    sample: int
    gate: str | None

    def first(self, samples: int) -> int:
        """The first row of samples; one mask for all has no other."""
        return min(self.sample, samples - 1)


def of_recording(
    recorded: LayerRecording, batch: int = -1, sample: int = 0, gate: str | None = None
) -> AtlasScene:
    """The scene of the masks of one batch.

    Args:
        recorded: The layer's recording.
        batch: Position among the kept batches; the last by default.
        sample: The first sample that is shown, or the one whose steps are.
        gate: The gate to show alone; all of them by default.

    Returns:
        The scene.

    Raises:
        DropvizError: If there is no such batch or sample in the recording.
    """
    first = recorded.require_batch(batch)
    size = first.batch_sizes[batch]
    if not 0 <= sample < size:
        raise DropvizError(f"There is no sample {sample}. Expected 0 to {size - 1}.")
    chosen = _Chosen(batch, sample, gate)
    at = f"{recorded.at(batch)} ({counted(size, 'sample')})"
    alt = f"Mask heatmaps of {titled(recorded)}, batch {first.batches[batch] + 1}. "
    most = f"the first {_ROWS} rows and {_UNITS} columns at the most"
    return AtlasScene(
        kind="atlas",
        title=f"Masks of {shortened(titled(recorded), _NAME)}",
        lines=(visible(f"{_WHETHER[bool(recorded.doubt)]} in {at}"),),
        alt=visible(alt + " ".join(recorded.sentences)),
        gate=gate or "",
        rows=tuple(_row(recorded, masks, chosen) for masks in recorded.values()),
        legend=(Sign("kept", "kept"), Sign("dropped", "dropped"), Sign("", most)),
    )


def _row(recorded: LayerRecording, masks: Masks, chosen: _Chosen) -> AtlasRow:
    colour = colour_of(recorded.setting.argument_at(masks.site))
    symbol = SITES[masks.site].symbol
    if masks.reason or not masks.entries:
        reason = visible(masks.reason) or NONE_HELD
        return AtlasRow(masks.site, symbol, colour, reason)
    values, down, across = _cut(masks, chosen)
    samples = masks.of_batch(chosen.batch).shape[2]
    panels = (
        _panel(gate, _title(masks, number, len(values), chosen.gate))
        for number, gate in enumerate(values)
    )
    return AtlasRow(
        site=masks.site,
        symbol=symbol,
        colour=colour,
        down=down,
        across=across,
        begin=chosen.first(samples) if down == "sample" else 0,
        panels=tuple(panels),
        says=(
            f"{percent(masks.dropped)} dropped, rate {rate_in_words(masks.rate)}; "
            f"{'; '.join(masks.sharing)}"
        ),
    )


def _cut(masks: Masks, chosen: _Chosen) -> tuple[Array, str, str]:
    """The masks of a batch, cut to what is shown.

    Returns:
        Shape (gates, rows, columns), what runs down, and what runs across.
    """
    values = masks.of_batch(chosen.batch)
    if values.shape[1] > 1 and chosen.gate in masks.gates:
        at = masks.gates.index(chosen.gate)
        values = values[:, at : at + 1]
    first = chosen.first(values.shape[2])
    if SITES[masks.site].matrix:
        side = math.isqrt(values.shape[-1])
        matrices = values[0, :, 0].reshape(-1, side, side)
        return matrices[:, :_ROWS, :_UNITS], "from unit", "to unit"
    across = SITES[masks.site].entry
    if len(values) > 1:
        return values[:_ROWS, :, first, :_UNITS].swapaxes(0, 1), "step", across
    return values[0, :, first : first + _ROWS, :_UNITS], "sample", across


def _panel(values: Array, title: str) -> Heatmap:
    rows, columns = values.shape
    return Heatmap(
        title, rows, columns, base64.b64encode(np.packbits(values > 0).tobytes()).decode()
    )


def _title(masks: Masks, gate: int, panels: int, chosen: str | None) -> str:
    if panels == 1 and chosen in masks.gates and masks.values.shape[2] > 1:
        return visible(gate_titled(chosen))
    if panels > 1:
        # A cell of one's own has gates of no known names.
        return visible(gate_titled(masks.gates[gate])) if masks.gates else f"mask {gate + 1}"
    if not is_gated(masks.site):
        return place_of(masks.site)
    if len(masks.gates) > 1:
        return f"one mask for all gates: {visible(' '.join(masks.gates))}"
    return ""
