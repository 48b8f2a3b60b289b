"""Masks: the arrays a layer multiplied with at one site, and what they say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dropviz.core.luck import alike_by_luck, are_one
from dropviz.core.number_forms import rate_in_words
from dropviz.core.sites import is_gated
from dropviz.errors import visible

Array = NDArray[np.floating]

_SIGMAS = 3.29  # two-sided 99.9 % of a normal distribution

_AXES = "batches", "steps", "gates", "samples"  # of the values; the last is that of the entries
# By axis what is said where all along it share one mask, and what it is called where they do not.
SHARING = {
    "steps": ("same at all {steps} steps", "steps"),
    "gates": ("same for all {gates} gates", "gates"),
    "samples": ("same for all samples", "samples"),
    "calls": ("same for all calls in a batch", "the calls in a batch"),
    "batches": ("same in all batches", "batches"),
}
DIFFERS = "differs between {}"
NONE_HELD = "no masks of it are held."


def percent(share: float) -> str:
    """A measured share in per cent; 0 and 100 only where it is exactly that."""
    said = f"{share:.1%}"
    return _precise(share, 2) if said in {"0.0%", "100.0%"} and share not in {0, 1} else said


def rate_percent(rate: float) -> str:
    """A rate in per cent, as "20%" or "12.5%"; 0 and 100 only where it is exactly that."""
    return _precise(rate, 4)


def _precise(share: float, digits: int) -> str:
    """A share in per cent with so many digits, or more where it would be said to be 100."""
    texts = (f"{100 * share:.{number}g}" for number in range(digits, 18))
    return next(text for text in texts if share == 1 or float(text) != 100) + "%"  # noqa: PLR2004


@dataclass(frozen=True, eq=False)
class Masks:
    """The masks of one site of one layer, as the layer multiplied with them.

    Attributes:
        layer: The layer's name, a path for a nested one.
        site: Where the masks multiply: a key of ``dropviz.core.sites.SITES``.
        values: Shape (batches, steps, gates, samples, units): 0 where dropped, the
            scale where kept; float32, or float64 where a recorded layer computes in that. A layer
            that is called several times in a batch has as many entries on the first axis.
            ``steps``, ``gates`` and ``samples`` are 1 where one mask serves all. At the site
            "recurrent_kernel" ``units`` counts the entries of one gate's matrix, row by row.
            NaN marks samples and steps that a smaller batch did not have. Where no mask was there
            all are 1, and ``units`` is 1 too.
        rate: The drop rate that the layer was configured with; 0 to 1 in Keras's layers, which
            take what lies beyond for the nearer end (``LSTMCell.__init__``,
            keras/src/layers/rnn/lstm.py: ``min(1.0, max(0.0, dropout))``).
        gates: Names of the layer's gates in Keras's order: i f g o, z r g, or h of a SimpleRNN;
            empty of other layers.
        time_steps: Time steps that the layer was run over, the most of any batch; 0 where none
            was recorded.
        batch_sizes: Samples in each batch.
        batches: The number of each batch, counted from 0 over the whole recording; several
            times the same where the layer was called several times in it.
        reason: Why nothing is dropped here; empty where something can be.
        calls: The number of each call within its batch, from 0; empty where each is the first.
    """

    layer: str
    site: str
    values: Array
    rate: float
    gates: tuple[str, ...]
    time_steps: int
    batch_sizes: tuple[int, ...]
    batches: tuple[int, ...]
    reason: str = ""
    calls: tuple[int, ...] = ()

    @property
    def kept(self) -> list[tuple[int, int]]:
        """The number of the batch, and of the call within it, of each that is kept."""
        return list(zip(self.batches, self.calls or (0,) * len(self.batches), strict=True))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of ``values``: (batches, steps, gates, samples, units)."""
        return self.values.shape

    @cached_property
    def entries(self) -> int:
        """How many entries were drawn, without the padding of smaller batches."""
        return int(np.count_nonzero(~np.isnan(self.values)))

    @cached_property
    def dropped(self) -> float:
        """Share of dropped entries, 0 to 1; NaN where nothing was recorded."""
        if not self.entries:
            return math.nan
        return float(np.count_nonzero(self.values == 0) / self.entries)

    @cached_property
    def expected_range(self) -> tuple[float, float]:
        """Where the share dropped lies in 99.9 % of recordings with so many draws.

        The normal approximation of the binomial distribution, with its correction
        for continuity, clipped to [0, 1].
        """
        rate = 0.0 if self.reason and self.dropped == 0 else self.rate
        if not self.entries:
            return 0.0, 1.0
        half = _SIGMAS * math.sqrt(rate * (1 - rate) / self._drawn_apart)
        half += 0.5 / self._drawn_apart if 0 < rate < 1 else 0.0
        return max(0.0, rate - half), min(1.0, rate + half)

    @property
    def _drawn_apart(self) -> float:
        """Entries that were drawn by themselves: what is shared along an axis counts once."""
        sizes = zip(_AXES, self.values.shape, strict=False)
        shared = [size for axis, size in sizes if size and getattr(self, f"same_over_{axis}")]
        return self.entries / float(math.prod(shared))

    @cached_property
    def scale(self) -> float | None:
        """What kept entries are multiplied with; None where no single value serves.

        ``1 / (1 - rate)`` where masks are scaled in training, as in Keras; else 1. None too where
        nothing is kept.
        """
        kept = self.values[self.values > 0]
        return float(kept[0]) if kept.size and kept.min() == kept.max() else None

    @cached_property
    def same_over_steps(self) -> bool | None:
        """Whether all time steps share one mask; None where one cannot say.

        Masks that are equal are one only where that would be luck less than once in a million;
        so for gates, samples, batches and calls.
        """
        return self._same(axis=1, many=self.time_steps > 1)

    @cached_property
    def same_over_gates(self) -> bool | None:
        """Whether all gates share one mask (tied); None where one cannot say.

        That of a site that gates have no part in, such as "cell", cannot be said.
        """
        return self._same(axis=2, many=len(self.gates) > 1 and is_gated(self.site))

    @cached_property
    def same_over_samples(self) -> bool | None:
        """Whether all samples of a batch share one mask; None where one cannot say."""
        return self._same(axis=3, many=max(self.batch_sizes, default=0) > 1)

    @cached_property
    def same_over_batches(self) -> bool | None:
        """Whether all batches share one mask; None where one cannot say."""
        first = [rows[0] for rows in self._calls_of_batches]
        return self._equal([(first[0], other) for other in first[1:]])

    @cached_property
    def same_over_calls(self) -> bool | None:
        """Whether the calls of a layer in one batch share a mask; None where one cannot say."""
        return self._equal(
            [(rows[0], other) for rows in self._calls_of_batches for other in rows[1:]]
        )

    @cached_property
    def _calls_of_batches(self) -> list[list[Array]]:
        """The masks of each batch, call by call."""
        found: dict[int, list[Array]] = {}
        for batch, values in zip(self.batches, self.values, strict=True):
            found.setdefault(batch, []).append(values)
        return list(found.values())

    def _same(self, *, axis: int, many: bool) -> bool | None:
        if self.reason or not many or not self.entries:
            return None
        if self.values.shape[axis] == 1:
            return True
        first, *others = np.moveaxis(self.values, axis, 0)
        return self._equal([(first, other) for other in others])

    def _equal(self, pairs: list[tuple[Array, Array]]) -> bool | None:
        if self.reason or not pairs or not self.entries:
            return None
        compared = 0
        for first, other in pairs:
            both = ~np.isnan(first) & ~np.isnan(other)
            if not np.array_equal(first[both], other[both]):
                return False
            compared += int(np.count_nonzero(both))
        return are_one(compared, alike_by_luck(self.rate))

    @property
    def sentence(self) -> str:
        """What these masks are, in one line of plain words."""
        name = visible(f"{self.layer}, {self.site}")
        if self.reason:
            return f"{name}: {visible(self.reason)}"
        if not self.entries:
            return f"{name}: {NONE_HELD}"
        low, high = self.expected_range
        words = [
            f"rate {rate_in_words(self.rate)}",
            f"{percent(self.dropped)} dropped (expected {percent(low)} to {percent(high)})",
            f"kept x {self.scale:.4g}" if self.scale else "no single scale",
            *self.sharing,
        ]
        return f"{name}: {'; '.join(words)}."

    @property
    def sharing(self) -> list[str]:
        """What is shared over steps, gates, samples, calls and batches, in short phrases."""
        numbers = {"steps": self.time_steps, "gates": len(self.gates)}
        asked = [(getattr(self, f"same_over_{axis}"), axis) for axis in SHARING]
        phrases = [SHARING[axis][0].format_map(numbers) for same, axis in asked if same]
        apart = [SHARING[axis][1] for same, axis in asked if same is False]
        if apart:
            *most, last = apart
            phrases.append(DIFFERS.format(f"{', '.join(most)} and {last}" if most else last))
        return phrases

    def of_batch(self, batch: int = -1) -> Array:
        """The masks of one batch without padding.

        Args:
            batch: Position among the kept batches, from 0; from the end where negative, the last
                one by default.

        Returns:
            Shape (steps, gates, samples, units).

        Raises:
            IndexError: If there is no such batch.
        """
        values: Array = self.values[batch]
        # One mask for all samples has a samples axis of 1: the slice leaves it whole.
        values = values[:, :, : self.batch_sizes[batch]]
        return values[~np.isnan(values[:, :1, :1, :1]).ravel()]

    def __repr__(self) -> str:
        return f"<Masks {self.sentence}>"
