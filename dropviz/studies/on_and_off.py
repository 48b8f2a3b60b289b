"""The figures of a model with its masks and without, on the same samples and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from dropviz.core.task import Task
from dropviz.keras_inside.fit_batches import build_metrics
from dropviz.keras_inside.inner_loop import looking
from dropviz.recording.undisturbed import undisturbed
from dropviz.studies.progress import Measurement

Model = Any

PASSES = 5
# All of digits; of a larger task as many as are looked at in a fraction of an epoch's time.
_SAMPLES = 2048
_WITH_MANY_ANSWERS = 512  # of samples that are asked at each step: each tells more, and costs more
_STATES = 2**24  # numbers that the layer returns in a pass, 64 MiB


class OnAndOff:
    """Measures a model on its training samples, with dropout on and with dropout off.

    The loss that Keras reports of an epoch is a mean over batches, each met by other weights;
    it cannot be compared with what is measured at the epoch's end. Here both are measured
    there: several passes with masks on, each with masks of its own, and one with dropout off.
    """

    def __init__(self, model: Model, task: Task) -> None:
        """Chooses the samples.

        Args:
            model: A compiled model of the task, whose recurrent layer has the name "lstm".
            task: The data; of many samples up to 2,048 are taken, evenly spaced; 512 where
                each has an answer at each step.
        """
        self._model = model
        self._sides = {
            training: _Side(model, task.asked.metric, training=training)
            for training in (True, False)
        }
        chosen = _evenly(len(task.x), _room(task, model.get_layer("lstm").units))
        self._x, self._y = task.x[chosen], task.y[chosen]
        for side in self._sides.values():
            build_metrics(side, (self._x[:1], self._y[:1]), model.output_shape[1:])

    @property
    def models(self) -> list[Model]:
        """The models that it runs, beside the one that trains."""
        return list(self._sides.values())

    def __call__(self) -> Mapping[str, float]:
        """Measures, and leaves the training that follows as it would have been.

        Returns:
            "loss_dropout_on", a mean over 5 passes, and with "_low" and "_high" the smallest
            and the largest of them; "loss_dropout_off"; and likewise of the task's metric, as
            in "accuracy_dropout_on".
        """
        with looking(), undisturbed(self._model):
            return next(filter(None, self.passes()))

    def at_once(self) -> Measurement:
        """All that a call gives, as one part."""
        yield self()

    def passes(self) -> Measurement:
        """Measures pass by pass, and moves the model's random streams with each.

        Yields:
            After each pass but the last None, and then what a call gives.
        """
        passes = []
        for _ in range(PASSES):
            passes.append(self._figures(training=True))
            yield None
        yield _joined(passes, self._figures(training=False))

    def _figures(self, *, training: bool) -> dict[str, float]:
        side = self._sides[training]
        side.reset_metrics()
        figures = side.test_on_batch(self._x, self._y, return_dict=True)
        return {name: float(value) for name, value in figures.items()}


def _joined(passes: Sequence[Mapping[str, float]], off: Mapping[str, float]) -> dict[str, float]:
    """Figures of passes with masks on and of one with dropout off, by their names as curves."""
    found = {}
    for name, value in off.items():
        values = [figures[name] for figures in passes]
        found[f"{name}_dropout_on"] = float(np.mean(values))
        found[f"{name}_dropout_on_low"] = min(values)
        found[f"{name}_dropout_on_high"] = max(values)
        found[f"{name}_dropout_off"] = value
    return found


class _Side(keras.Model):  # type: ignore[misc]
    """A model whose masks are always on, or always off; it shares the layers of another."""

    def __init__(self, model: Model, metric: str, *, training: bool) -> None:
        super().__init__(name="dropout_on" if training else "dropout_off")
        self.model = model
        self.dropped = training
        self.compile(loss=model.loss, metrics=[metric])

    def call(self, x: Any) -> Any:
        """Calls the other model."""
        return self.model(x, training=self.dropped)


def _evenly(samples: int, room: int) -> Any:
    """Which samples are taken, where not all have room."""
    return np.linspace(0, samples - 1, min(samples, room)).astype(int)


def _room(task: Task, units: int) -> int:
    """How many samples a pass may take."""
    samples = _WITH_MANY_ANSWERS if task.asked.each_step else _SAMPLES
    return max(1, min(samples, _STATES // (task.steps * units)))
