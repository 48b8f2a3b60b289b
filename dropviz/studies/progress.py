"""What a training tells a listener; training knows no display."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras

from dropviz.core.curves import Curves


@dataclass(frozen=True)
class Progress:
    """How far a training has come.

    Attributes:
        epoch: Epochs that came to their end.
        epochs: Epochs asked for.
        batch: Batches of the epoch under way that came to their end.
        batches: Batches in an epoch; None where Keras does not know yet.
        curves: The curves so far.
        seconds: Wall time since the training began.
    """

    epoch: int
    epochs: int
    batch: int
    batches: int | None
    curves: Curves
    seconds: float

    @property
    def share(self) -> float:
        """The share that is done, 0 to 1."""
        done = self.epoch + (self.batch / self.batches if self.batches else 0)
        return min(1.0, done / self.epochs)

    @property
    def sentence(self) -> str:
        """One line for a person who waits."""
        batch = f", batch {self.batch} of {self.batches}" if self.batches and self.batch else ""
        at = min(self.epoch + 1, self.epochs)
        done = self.epoch + (self.batch / self.batches if self.batches else 0)
        left = ""
        # The first epoch compiles; an estimate from it alone is far too long.
        if 2 <= done < self.epochs:  # noqa: PLR2004
            left = f", about {self.seconds / done * (self.epochs - done):.0f} s left"
        return f"training: epoch {at} of {self.epochs}{batch}{left}"


Listener = Callable[[Progress], None]


class CurveCollector(keras.callbacks.Callback):  # type: ignore[misc]
    """Collects the curves of a model and tells a listener how its training goes.

    Reads what Keras reports and changes nothing; when the reported loss is not finite,
    and only where asked to, it ends the training.
    """

    def __init__(
        self,
        listener: Listener | None = None,
        after_epoch: Callable[[], Mapping[str, float]] | None = None,
        derived: Callable[[Mapping[str, float]], dict[str, float]] = dict,
        *,
        stop_when_not_finite: bool = False,
    ) -> None:
        """Makes a collector.

        Args:
            listener: Told after batches and epochs.
            after_epoch: Measures more of the model at the end of an epoch.
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
        """Tells the listener."""
        del logs
        self._tell(batch + 1)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Adds the epoch to the curves."""
        self._epoch = epoch + 1
        figures = {name: float(value) for name, value in (logs or {}).items()}
        self.not_finite = not math.isfinite(figures.get("loss", 0.0))
        if self.not_finite and self._stop:
            self.model.stop_training = True
        if self._after_epoch:
            figures |= self._after_epoch()
        self.curves = self.curves.extended(self._derived(figures))
        self._tell(0)

    def _tell(self, batch: int) -> None:
        if not self._listener:
            return
        params = self.params or {}
        self._listener(
            Progress(
                epoch=(self._epoch or 0) - self._skipped,
                epochs=int(params.get("epochs") or 1) - self._skipped,
                batch=batch,
                batches=params.get("steps"),
                curves=self.curves,
                seconds=time.perf_counter() - self._began,
            )
        )
