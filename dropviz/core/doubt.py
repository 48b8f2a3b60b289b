"""What a model says with its masks on, many times over: the mean, and how far it scatters."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dropviz.core.display_registry import display, draw_figure
from dropviz.core.number_forms import counted
from dropviz.core.sentences import figure
from dropviz.core.share_interval import share_interval
from dropviz.errors import DropvizError, received

Array = NDArray[Any]

# Whose masks are alike: each sample has its own in each pass, or all samples of a pass share one.
SHARING = {
    "sample": "each sample has masks of its own in each pass, as in training",
    "pass": "all samples of a pass share their masks: each pass is one thinned network",
}
ROUNDING = 1e-5  # of float32, over some hundred steps
_Z = 1.959964  # the normal distribution's 97.5 % point


@dataclass(frozen=True)
class Coverage:
    """How often the truth lay within a band.

    Attributes:
        share: What the band promises, between 0 and 1.
        found: The share of truths within it, 0 to 1; its ends count.
        low: Lower end of the 95 % interval of that share (Wilson 1927).
        high: Its upper end.
        count: Truths that were compared.
        passes: Passes of whose quantiles the band is; 0 where it is of another kind.
    """

    share: float
    found: float
    low: float
    high: float
    count: int
    passes: int = 0

    @property
    def sentence(self) -> str:
        """The coverage in one line."""
        return (
            f"The {100 * self.share:g}% band holds {self.found:.1%} of {self.count:,} truths "
            f"({self.low:.1%} to {self.high:.1%}): {self._verdict()}."
        )

    def _verdict(self) -> str:
        fewest = fewest_passes(self.share)
        if 0 < self.passes < fewest:
            return (
                f"it reaches from the lowest to the highest of {self.passes} passes, which are too "
                f"few for such a band; it takes {fewest:,}"
            )
        if self.low <= self.share <= self.high:
            return "as promised, as far as so many can tell"
        few = self.found < self.share
        much, width = ("too few", "narrow") if few else ("too many", "wide")
        return f"{much}: the band is too {width} for these truths"


@dataclass(frozen=True, eq=False)
class Doubt:
    """Predictions of one model, pass by pass, each with masks of its own.

    To take their mean for the prediction, and their spread for its doubt, is from Gal & Ghahramani
    2016 (arXiv:1506.02142). All is in the units of the model's outputs.

    Attributes:
        outputs: Shape (passes, samples, ...), float32: what each pass gave.
        off: Shape (samples, ...), float32: what the model gives with dropout off, as ``predict``
            does where ``as_predict`` is true.
        masks: "sample" or "pass": whose masks are alike, as of ``dropviz.mc``.
        model: The model's name.
        remarks: What cannot vary and why, and what was left off.
        as_predict: Whether ``predict`` gives ``off``: it does not where a model has a layer drop
            at inference too.
    """

    outputs: Array = field(repr=False)
    off: Array = field(repr=False)
    masks: str = "sample"
    model: str = ""
    remarks: tuple[str, ...] = ()
    as_predict: bool = True

    @property
    def passes(self) -> int:
        """How many passes there were."""
        return len(self.outputs)

    @property
    def mean(self) -> Array:
        """The mean over the passes, shape (samples, ...), float64."""
        mean: Array = self.outputs.mean(axis=0, dtype=np.float64)
        return mean

    @property
    def spread(self) -> Array:
        """The standard deviation over the passes (divided by n - 1), shape (samples, ...)."""
        spread: Array = self.outputs.std(axis=0, ddof=1, dtype=np.float64)
        return spread

    def band(self, share: float = 0.9) -> tuple[Array, Array]:
        """The middle of the passes: what one more pass lies within, so often.

        Its ends are passes where that can be; between two of them they hold a little more. With too
        few (18 or less for .9) it reaches from the lowest to the highest, and holds less. NumPy's
        "weibull" quantiles: the k-th of n passes has k of n + 1 further ones below it.

        Args:
            share: How often, above 0 and below 1.

        Returns:
            The lower and the upper end, each of shape (samples, ...).

        Raises:
            DropvizError: If the share is no number above 0 and below 1.
        """
        return middle_of(self.outputs, _checked(share))

    def coverage(self, y: Any, share: float = 0.9) -> Coverage:
        """How many truths lie within the band.

        The band is of the masks alone: what the data scatter by is not in it.

        Args:
            y: The truths, of the shape of ``mean``, or without its last axis of 1.
            share: What the band promises, above 0 and below 1.

        Returns:
            The share that was found, with its interval of 95 % (Wilson 1927, JASA 22, 209-212).

        Raises:
            DropvizError: If the truths or the passes are not finite numbers, the truths have
                another shape, or the share is out of range.
        """
        return replace(covered(*self.band(share), y, share), passes=self.passes)

    @property
    def varies(self) -> bool:
        """Whether any two passes differ by more than rounding, or are not finite.

        Passes stand in different rows of one product of matrices, which rounds row by row.
        """
        if self._not_finite():
            return True
        low, high = self.outputs.min(axis=0), self.outputs.max(axis=0)
        return bool(np.any(high - low > ROUNDING * np.maximum(1, np.abs(self.off))))

    @property
    def sentences(self) -> list[str]:
        """What was found, in plain words."""
        of = f"{counted(self.outputs.shape[1], 'sample')}, {self.passes} passes"
        lines = [f"{self.model}: {of}; {SHARING[self.masks]}."]
        if lost := self._not_finite():
            lines.append(
                f"Not finite: {lost}. Nothing can be said of their spread; look for NaN or "
                "infinity in the model's weights."
            )
        elif self.varies:
            away = float(np.abs(self.mean - self.off).max())
            middle, most = float(np.median(self.spread)), float(self.spread.max())
            lines.append(
                f"Spread over the passes: {figure(middle)} in the middle, {figure(most)} at most. "
                f"Their mean is up to {figure(away)} from the prediction with dropout off"
                f"{', which is what predict gives' if self.as_predict else ''}."
            )
        else:
            lines.append("All passes are equal up to rounding: nothing varies here.")
        if not self.as_predict:
            lines.append(
                f"predict gives something else than that: {self.model} drops or draws then too."
            )
        return [*lines, *self.remarks]

    def _not_finite(self) -> str:
        """How many outputs are NaN or infinite; empty where none is."""
        found = {"with the masks on": self.outputs, "with dropout off": self.off}
        bad = {name: array.size - int(np.isfinite(array).sum()) for name, array in found.items()}
        return " and ".join(
            f"{count:,} of {counted(found[name].size, 'output')} {name}"
            for name, count in bad.items()
            if count
        )

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


def middle_of(passes: Array, share: float) -> tuple[Array, Array]:
    """The range that one more pass lies within, so often.

    Args:
        passes: Numbers, a pass along the first axis.
        share: How often, between 0 and 1.

    Returns:
        The lower and the upper end, without the first axis.
    """
    # One more draw lies below the k-th of n in k of n + 1 cases, whatever it is drawn from;
    # NumPy's own quantiles lie further in, and hold .865 in place of .9 with 50 passes.
    ends = [(1 - share) / 2, (1 + share) / 2]
    low, high = np.quantile(passes.astype(np.float64), ends, 0, method="weibull")
    return low, high


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
        DropvizError: If the truths or the band are not finite numbers, or the truths have another
            shape.
    """
    truth = _numbers(y)
    if truth.size == low.size and truth.shape == low.shape[:-1]:
        truth = truth.reshape(low.shape)
    if truth.shape != low.shape:
        raise DropvizError(
            f"The truths must have the shape of the predictions, {low.shape}. Received: shape "
            f"{truth.shape}."
        )
    finite = {"truths": np.isfinite(truth), "predictions": np.isfinite(low) & np.isfinite(high)}
    for what, those in finite.items():
        if not those.all():
            raise DropvizError(
                f"The {what} must be finite. Received: {int((~those).sum()):,} of {those.size:,} "
                "that are NaN or infinite. Leave these samples out, or look for NaN in the model's "
                "weights."
            )
    inside = (low <= truth) & (truth <= high)
    low_end, high_end = share_interval(int(inside.sum()), inside.size, _Z)
    return Coverage(share, float(inside.mean()), low_end, high_end, inside.size)


def fewest_passes(share: float) -> int:
    """From how many passes on a band of their quantiles holds its share of further ones.

    Args:
        share: The share, between 0 and 1.
    """
    # Rounded, as 2 / (1 - .9) is more than 20 by its last bit.
    return math.ceil(round(2 / (1 - share), 6)) - 1


def _numbers(y: Any) -> Array:
    try:
        # NumPy would leave out what is imaginary, with a warning.
        truths = None if np.iscomplexobj(y) else np.asarray(y, np.float64)
    except Exception:  # noqa: BLE001 (whatever a person's own class raises)
        truths = None
    if truths is None:
        raise DropvizError(
            f"The truths must be numbers, one for each prediction. Received: {received(y)}."
        )
    return truths


def _checked(share: float) -> float:
    if not isinstance(share, numbers.Real) or not 0 < share < 1:
        raise DropvizError(f"share must be between 0 and 1, as .9. Received: {received(share)}.")
    return float(share)
