"""What the picture of gates and states shows: every number of one sequence through time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dropviz.core.gates import CANDIDATE, titled
from dropviz.core.masks import Array
from dropviz.core.number_forms import counted
from dropviz.core.opened_batch import OpenedBatch
from dropviz.core.text_table import shortened
from dropviz.core.trace_result import Trace
from dropviz.errors import visible

_DIGITS = 3  # behind the point; a heatmap shows no more


@dataclass(frozen=True)
class GatesPanel:
    """One gate or state.

    Attributes:
        title: Its letter and its name.
        low: The lowest value of its scale.
        high: The highest.
        steps: Time steps, which run across.
        units: Units, which run down.
        values: For each step, of each unit.
    """

    title: str
    low: float
    high: float
    steps: int
    units: int
    values: tuple[tuple[float, ...], ...]

    @property
    def signed(self) -> bool:
        """Whether values may lie on either side of zero."""
        return self.low < 0


@dataclass(frozen=True)
class GatesScene:
    """Gates and states of one sequence.

    Attributes:
        kind: "gates".
        title: What it is.
        lines: What stands below the title, and at the end how far NumPy agrees.
        alt: The picture in words.
        panels: The gates in Keras's order, then the states.
    """

    kind: str
    title: str
    lines: tuple[str, ...]
    alt: str
    panels: tuple[GatesPanel, ...]


def of_trace(trace: Trace, sample: int = 0) -> GatesScene:
    """The scene of every gate and state of one sequence.

    Args:
        trace: The pass, opened.
        sample: Position in the batch.

    Returns:
        The scene.
    """
    states = {"c  memory": trace.c} if trace.c is not trace.h else {}
    masks = "masks on" if trace.proof.training else "dropout off"
    return _scene(
        f"one sequence through {shortened(trace.layer, 60)}, {masks}",
        trace.layer,
        {name: each[sample] for name, each in trace.gates.items()},
        {name: each[sample] for name, each in [*states.items(), ("h  state", trace.h)]},
        trace.proof.sentence,
    )


def of_opened(opened: OpenedBatch, layer: str) -> GatesScene:
    """The scene of a sequence that was opened with the masks that it met while it trained.

    Args:
        opened: The sequence.
        layer: The name of its layer.

    Returns:
        The scene.
    """
    return _scene(
        f"sequence {opened.sample + 1} of batch {opened.batch + 1:,}, with the masks it met there",
        layer,
        opened.gates,
        {"c  memory": opened.c, "h  state": opened.h},
        "Worked out in NumPy from the recorded masks, with the weights after that batch.",
    )


def _scene(
    said: str, layer: str, gates: Mapping[str, Array], states: Mapping[str, Array], proof: str
) -> GatesScene:
    values = [(titled(name), each, name == CANDIDATE) for name, each in gates.items()]
    values += [(name, each, True) for name, each in states.items()]
    steps, units = values[0][1].shape
    size = f"{counted(units, 'unit')} over {counted(steps, 'time step')}"
    ranges = "; ".join(
        f"{title.replace('  ', ', ')} {each.min():.2f} to {each.max():.2f}, "
        f"{each.mean():.2f} on average"
        for title, each, _ in values
    )
    return GatesScene(
        kind="gates",
        title="Gates and states through time",
        lines=(f"{said}; each panel: units down", proof),
        alt=visible(f"Gates and states of {layer}, {size}: {ranges}. {proof}"),
        panels=tuple(_panel(visible(title), each, signed) for title, each, signed in values),
    )


def _panel(title: str, values: Array, signed: bool) -> GatesPanel:  # noqa: FBT001
    # The memory may leave -1..1; its panel says how far.
    far = max(1.0, float(np.abs(values).max()))
    steps, units = values.shape
    rows = values.astype(np.float64).round(_DIGITS).tolist()
    low, high = (-far, far) if signed else (0.0, 1.0)
    return GatesPanel(title, low, high, steps, units, tuple(map(tuple, rows)))
