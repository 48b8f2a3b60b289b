"""What a training tells a listener; training knows no display."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import keras

from dropviz.core.curves import Curves
from dropviz.core.number_forms import MOST


@dataclass(frozen=True)
class Progress:
    """How far a training has come.

    Attributes:
        epoch: Epochs that came to their end.
        epochs: Epochs asked for; None where it trains until it is stopped.
        batch: Batches of the epoch under way that came to their end.
        batches: Batches in an epoch; None where Keras does not know yet.
        curves: The curves so far.
        seconds: Wall time since the training began.
        unfinished: What Keras reports of each epoch that is not in the curves yet, as single
            numbers: of the one that is being measured, if one is, and of the one under way,
            means over its batches so far.
    """

    epoch: int
    epochs: int | None
    batch: int
    batches: int | None
    curves: Curves
    seconds: float
    unfinished: tuple[Mapping[str, float], ...] = ()

    @property
    def done(self) -> float:
        """Epochs that are done, the share of the one under way included."""
        return self.epoch + (self.batch / self.batches if self.batches else 0)

    @property
    def share(self) -> float:
        """The share that is done, 0 to 1; 0 where there is no end."""
        return min(1.0, self.done / self.epochs) if self.epochs else 0.0

    @property
    def place(self) -> str:
        """Where it is, as in "epoch 2 of 10, batch 3 of 23"."""
        batch = f", batch {self.batch} of {self.batches}" if self.batches and self.batch else ""
        if self.epochs is None:
            return f"epoch {self.epoch + 1}{batch}"
        return f"epoch {min(self.epoch + 1, self.epochs)} of {self.epochs}{batch}"

    @property
    def sentence(self) -> str:
        """One line for a person who waits."""
        left = ""
        # The first epoch compiles; an estimate from it alone is far too long.
        if self.epochs and 2 <= self.done < self.epochs:  # noqa: PLR2004
            seconds = self.seconds / self.done * (self.epochs - self.done)
            left = f", about {seconds:.0f} s left"
        return f"training: {self.place}{left}"


Listener = Callable[[Progress], None]
# Gives None for each part that is done, and the figures with the last.
Measurement = Iterator[Mapping[str, float] | None]


def _single_numbers(logs: Mapping[str, Any] | None) -> dict[str, float]:
    """What Keras reports, without what a curve cannot show.

    A metric may be a number for each class, as ``keras.metrics.F1Score`` is, or whatever else
    its ``result`` returns.

    Args:
        logs: What a callback of Keras is given.

    Returns:
        Plain numbers by their names.
    """
    found = {}
    for name, value in (logs or {}).items():
        # As Keras does for its own History; what float refuses it leaves as it came.
        with suppress(Exception):
            found[name] = float(value)
    return found


class CurveCollector(keras.callbacks.Callback):  # type: ignore[misc]
    """Collects the curves of a model and tells a listener how its training goes.

    Reads what Keras reports and changes nothing; when the reported loss is not finite,
    and only where asked to, it ends the training.
    """

    def __init__(
        self,
        listener: Listener | None = None,
        after_epoch: Callable[[], Measurement] | None = None,
        derived: Callable[[Mapping[str, float]], dict[str, float]] = dict,
        *,
        stop_when_not_finite: bool = False,
    ) -> None:
        """Makes a collector.

        Args:
            listener: Told after batches and epochs.
            after_epoch: Measures more of the model as it is at the end of an epoch: a part of it
                there, and another after each batch that follows. Once all are done, the epoch is
                in the curves.
            derived: Adds to an epoch's figures what follows from them.
            stop_when_not_finite: End the training at a loss of NaN or infinity.
        """
        super().__init__()
        self.curves = Curves()
        self.not_finite = False
        self._listener = listener
        self._after_epoch = after_epoch
        self._derived = derived
        self._stop = stop_when_not_finite
        self._began = time.perf_counter()
        self._epoch: int | None = None
        self._skipped = 0
        self._measurement: Measurement | None = None
        self._reported: dict[str, float] = {}

    def on_train_begin(self, logs: Any = None) -> None:
        """Begins to count the time."""
        del logs
        self._began = time.perf_counter()
        self._epoch = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Notes which epoch it is; Keras may be asked not to begin with the first."""
        del logs
        first, self._epoch = self._epoch is None, epoch
        if first:
            self._skipped = epoch
            self._tell(0)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Measures a part of the epoch before, if there is one left, and tells the listener."""
        self._measure_on()
        self._tell(batch + 1, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Adds the epoch to the curves."""
        self.finish()
        self._epoch = epoch + 1
        figures = _single_numbers(logs)
        self.not_finite = not math.isfinite(figures.get("loss", 0.0))
        if self.not_finite and self._stop:
            self.model.stop_training = True
        self._reported = figures
        self._measurement = self._after_epoch() if self._after_epoch else iter([{}])
        self._measure_on()
        self._tell(0)

    def finish(self) -> None:
        """Measures what is left of the last epoch; nothing follows that could be told of it."""
        while self._measurement:
            self._measure_on()

    def _measure_on(self) -> None:
        if self._measurement is None:
            return
        measured: Mapping[str, float] | None = {}  # what is interrupted cannot go on
        try:
            measured = next(self._measurement)
        finally:
            if measured is not None:
                self._measurement = None
                figures = self._derived({**self._reported, **measured})
                self.curves = self.curves.extended(figures)

    def _tell(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if not self._listener:
            return
        params = self.params or {}
        under_way = [self._reported] if self._measurement else []
        epochs = int(params.get("epochs") or 1)
        self._listener(
            Progress(
                epoch=(self._epoch or 0) - self._skipped,
                epochs=epochs - self._skipped if epochs < MOST else None,
                batch=batch,
                batches=params.get("steps"),
                curves=self.curves,
                seconds=time.perf_counter() - self._began,
                unfinished=tuple(each for each in (*under_way, _single_numbers(logs)) if each),
            )
        )
