"""What a model says with its masks on, many times over: the mean, and how far it scatters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dropviz.core.display_registry import display, draw_figure
from dropviz.core.sentences import counted, figure
from dropviz.core.share_interval import share_interval
from dropviz.errors import DropvizError, received

Array = NDArray[Any]

# Whose masks are alike: each sample has its own in each pass, or all samples of a pass share one.
SHARING = {
    "sample": "each sample has masks of its own in each pass, as in training",
    "pass": "all samples of a pass share their masks: each pass is one thinned network",
}
_ROUNDING = 1e-5  # of float32, over some hundred steps
_Z = 1.959964  # the normal distribution's 97.5 % point


@dataclass(frozen=True)
class Coverage:
    """How often the truth lay within a band.

    Attributes:
        share: What the band promises, between 0 and 1.
        found: The share of truths within it.
        low: Lower end of the 95 % interval of that share (Wilson 1927).
        high: Its upper end.
        count: Truths that were compared.
    """

    share: float
    found: float
    low: float
    high: float
    count: int

    @property
    def sentence(self) -> str:
        """The coverage in one line."""
        verdict = "as promised, as far as so many can tell"
        if not self.low <= self.share <= self.high:
            few = self.found < self.share
            much, width = ("too few", "narrow") if few else ("too many", "wide")
            verdict = f"{much}: the band is too {width} for these truths"
        return (
            f"The {self.share:.0%} band holds {self.found:.1%} of {self.count:,} truths "
            f"({self.low:.1%} to {self.high:.1%}): {verdict}."
        )


@dataclass(frozen=True, eq=False)
class Doubt:
    """Predictions of one model, pass by pass, each with masks of its own.

    Attributes:
        outputs: Shape (passes, samples, ...), float32: what each pass gave.
        off: Shape (samples, ...): what the model gives with dropout off, as ``predict`` does.
        masks: A key of ``SHARING``.
        model: The model's name.
        remarks: What cannot vary and why, and what was left off.
    """

    outputs: Array = field(repr=False)
    off: Array = field(repr=False)
    masks: str = "sample"
    model: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def passes(self) -> int:
        """How many passes there were."""
        return len(self.outputs)

    @property
    def mean(self) -> Array:
        """The mean over the passes, shape (samples, ...)."""
        mean: Array = self.outputs.mean(axis=0, dtype=np.float64)
        return mean

    @property
    def spread(self) -> Array:
        """The standard deviation over the passes, shape (samples, ...)."""
        spread: Array = self.outputs.std(axis=0, ddof=1, dtype=np.float64)
        return spread

    def band(self, share: float = 0.9) -> tuple[Array, Array]:
        """The middle of the passes.

        Args:
            share: Which share of the passes lies within, between 0 and 1.

        Returns:
            The lower and the upper end, each of shape (samples, ...).

        Raises:
            DropvizError: If the share is not between 0 and 1.
        """
        share = _checked(share)
        ends = np.quantile(self.outputs.astype(np.float64), [(1 - share) / 2, (1 + share) / 2], 0)
        return ends[0], ends[1]

    def coverage(self, y: Any, share: float = 0.9) -> Coverage:
        """How many truths lie within the band.

        The band is of the masks alone: what the data scatter by is not in it.

        Args:
            y: The truths, of the shape of ``mean``, or without its last axis of 1.
            share: What the band promises.

        Returns:
            The share that was found, with its interval.

        Raises:
            DropvizError: If the truths have another shape, or the share is out of range.
        """
        return covered(*self.band(share), y, share)

    @property
    def varies(self) -> bool:
        """Whether any two passes differ by more than rounding.

        Passes stand in different rows of one product of matrices, which rounds row by row.
        """
        low, high = self.outputs.min(axis=0), self.outputs.max(axis=0)
        return bool(np.any(high - low > _ROUNDING * np.maximum(1, np.abs(self.off))))

    @property
    def sentences(self) -> list[str]:
        """What was found, in plain words."""
        of = f"{counted(self.outputs.shape[1], 'sample')}, {self.passes} passes"
        lines = [f"{self.model}: {of}; {SHARING[self.masks]}."]
        if self.varies:
            away = float(np.abs(self.mean - self.off).max())
            middle, most = float(np.median(self.spread)), float(self.spread.max())
            lines.append(
                f"Spread over the passes: {figure(middle)} in the middle, {figure(most)} at most. "
                f"Their mean is up to {figure(away)} from the prediction with dropout off, which "
                "is what predict gives."
            )
        else:
            lines.append("All passes are equal up to rounding: nothing varies here.")
        return [*lines, *self.remarks]

    def figure(self, name: str = "fan") -> Any:
        """Draws the passes as a fan: the middle half, nine tenths, mean, and dropout off.

        Args:
            name: "fan".

        Returns:
            A ``matplotlib.figure.Figure``.

        Raises:
            UnknownNameError: If there is no such picture.
        """
        return draw_figure(name, self)

    def _ipython_display_(self) -> None:
        display(self)

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def covered(low: Array, high: Array, y: Any, share: float) -> Coverage:
    """How many truths lie within a band.

    Args:
        low: Its lower end.
        high: Its upper end, of the same shape.
        y: The truths, of that shape, or without its last axis of 1.
        share: What the band promises.

    Returns:
        The share that was found, with its interval.

    Raises:
        DropvizError: If the truths have another shape.
    """
    truth = np.asarray(y, np.float64)
    if truth.size == low.size and truth.shape == low.shape[:-1]:
        truth = truth.reshape(low.shape)
    if truth.shape != low.shape:
        raise DropvizError(
            f"The truths must have the shape of the predictions, {low.shape}. Received: shape "
            f"{truth.shape}."
        )
    inside = (low <= truth) & (truth <= high)
    low_end, high_end = share_interval(int(inside.sum()), inside.size, _Z)
    return Coverage(share, float(inside.mean()), low_end, high_end, inside.size)


def _checked(share: float) -> float:
    if not isinstance(share, (int, float)) or not 0 < share < 1:
        raise DropvizError(f"share must be between 0 and 1, as .9. Received: {received(share)}.")
    return float(share)
