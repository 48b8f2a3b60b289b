from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core.curves import Curves
from dropviz.studies.progress import CurveCollector, Measurement, Progress


def progress(**changed: Any) -> Progress:
    given: dict[str, Any] = {
        "epoch": 0,
        "epochs": 10,
        "batch": 0,
        "batches": 4,
        "curves": Curves(),
        "seconds": 0.0,
    }
    return Progress(**(given | changed))


def driven(
    watch: CurveCollector, logs: list[dict[str, float]], *, epochs: int = 2, batches: int | None = 3
) -> None:
    """Calls a watch as a fit would, an epoch for each of the logs."""
    watch.set_params({"epochs": epochs, "steps": batches, "verbose": 0})
    watch.set_model(SimpleNamespace(stop_training=False))
    watch.on_train_begin()
    for epoch, each in enumerate(logs):
        watch.on_epoch_begin(epoch)
        for batch in range(batches or 3):
            watch.on_train_batch_begin(batch)
            watch.on_train_batch_end(batch, each)
        watch.on_epoch_end(epoch, each)
    watch.on_train_end()


def test_what_follows_from_the_figures_of_an_epoch_is_added_to_its_curves() -> None:
    watch = CurveCollector(
        None,
        lambda: iter([{"loss_dropout_off": 3.0}]),
        lambda got: {**got, "sum": sum(got.values())},
    )

    driven(watch, [{"loss": 1.0}, {"loss": 2.0}])

    assert dict(watch.curves) == {
        "loss": (1.0, 2.0),
        "loss_dropout_off": (3.0, 3.0),
        "sum": (4.0, 5.0),
    }


# ---------------------------------------------------------------- the sentence


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "training: epoch 1 of 10"),
        ({"batch": 3}, "training: epoch 1 of 10, batch 3 of 4"),
        ({"batch": 3, "batches": None}, "training: epoch 1 of 10"),
        ({"epoch": 1, "batch": 2, "seconds": 9}, "training: epoch 2 of 10, batch 2 of 4"),
        ({"epoch": 2, "seconds": 4}, "training: epoch 3 of 10, about 16 s left"),
        (
            {"epoch": 2, "batch": 2, "seconds": 5},
            "training: epoch 3 of 10, batch 2 of 4, about 15 s left",
        ),
        ({"epoch": 10, "seconds": 9}, "training: epoch 10 of 10"),
        ({"epochs": 1, "epoch": 1, "seconds": 9}, "training: epoch 1 of 1"),
        ({"epochs": None, "epoch": 4, "batch": 2}, "training: epoch 5, batch 2 of 4"),
    ],
)
def test_the_sentence_says_how_far_and_how_long_still(given: dict[str, Any], said: str) -> None:
    assert progress(**given).sentence == said


def test_a_training_without_an_end_has_no_share_that_is_done() -> None:
    assert progress(epochs=None, epoch=4, batch=2).share == 0
    assert progress(epochs=None, epoch=4, batch=2).done == 4.5


# ---------------------------------------------------------------- what a watch collects


def test_a_listener_hears_what_keras_reports_of_the_epoch_so_far() -> None:
    heard: list[Progress] = []

    driven(CurveCollector(heard.append), [{"loss": 1.5}], epochs=2**31 - 1)

    assert [each.unfinished for each in heard] == [(), *[({"loss": 1.5},)] * 3, ()]
    assert {each.epochs for each in heard} == {None}


def test_a_watch_collects_the_curves() -> None:
    watch = CurveCollector()

    driven(watch, [{"loss": 2.0, "val_loss": 3.0}, {"loss": 1.0, "val_loss": 2.0}])

    assert dict(watch.curves) == {"loss": (2.0, 1.0), "val_loss": (3.0, 2.0)}


def test_numbers_of_every_kind_become_plain_ones() -> None:
    watch = CurveCollector()

    driven(watch, [{"loss": np.float32(0.5)}])  # type: ignore[dict-item]

    assert type(watch.curves["loss"][0]) is float


class Odd:
    def __float__(self) -> float:
        raise RuntimeError("no number")


@pytest.mark.parametrize(
    "value",
    [np.array([0.5, 0.25]), "much", None, {"of": 1.0}, [1.0], np.zeros((2, 2)), Odd()],
    ids=["a vector", "words", "nothing", "a table", "a list", "a matrix", "what fails"],
)
def test_what_is_no_single_number_is_left_out(value: Any) -> None:
    heard: list[Progress] = []
    watch = CurveCollector(heard.append)

    driven(watch, [{"loss": 2.0, "odd": value}, {"loss": 1.0, "odd": value}])

    assert dict(watch.curves) == {"loss": (2.0, 1.0)}
    assert {tuple(map(tuple, each.unfinished)) for each in heard} == {(), (("loss",),)}
    assert not watch.not_finite


def test_an_epoch_without_logs_is_no_error() -> None:
    watch = CurveCollector()
    watch.set_params({"epochs": 1, "steps": 1})

    watch.on_train_begin()
    watch.on_epoch_end(0, None)

    assert watch.curves.epochs == 0


def test_what_is_measured_after_an_epoch_joins_its_curves() -> None:
    measured = iter([0.5, 0.25])
    watch = CurveCollector(after_epoch=lambda: iter([{"loss_dropout_off": next(measured)}]))

    driven(watch, [{"loss": 2.0}, {"loss": 1.0}])

    assert watch.curves["loss_dropout_off"] == (0.5, 0.25)


def in_parts(parts: int, done: list[str], figures: list[float]) -> Callable[[], Measurement]:
    """Measurements of so many parts, each of which says which it is."""

    def measured() -> Measurement:
        epoch = len(done) // parts
        for part in range(parts):
            done.append(f"{epoch}.{part}")
            yield {"loss_dropout_off": figures[epoch]} if part == parts - 1 else None

    return measured


def test_a_part_is_measured_as_the_epoch_ends_and_another_after_each_batch() -> None:
    told: list[tuple[Any, ...]] = []
    done: list[str] = []

    def note(progress: Progress) -> None:
        losses = [each["loss"] for each in progress.unfinished]
        told.append((progress.epoch, progress.batch, dict(progress.curves), losses, len(done)))

    driven(CurveCollector(note, in_parts(3, done, [0.5, 0.25])), [{"loss": 2.0}, {"loss": 1.0}])

    after_first = [each for each in told if each[0] == 1]
    assert after_first == [
        # The epoch is not in the curves until all of it is there; the next one moves on.
        (1, 0, {}, [2.0], 1),
        (1, 1, {}, [2.0, 1.0], 2),
        (1, 2, {"loss": (2.0,), "loss_dropout_off": (0.5,)}, [1.0], 3),
        (1, 3, {"loss": (2.0,), "loss_dropout_off": (0.5,)}, [1.0], 3),
    ]


@pytest.mark.parametrize("parts", [1, 2, 3, 4, 9])
def test_however_many_parts_each_epoch_has_its_own_figures(parts: int) -> None:
    done: list[str] = []
    watch = CurveCollector(None, in_parts(parts, done, [0.5, 0.25, 0.125]))

    driven(watch, [{"loss": 3.0}, {"loss": 2.0}, {"loss": 1.0}])
    watch.finish()

    assert watch.curves["loss"] == (3.0, 2.0, 1.0)
    assert watch.curves["loss_dropout_off"] == (0.5, 0.25, 0.125)
    assert done == [f"{epoch}.{part}" for epoch in range(3) for part in range(parts)]


def test_what_interrupts_a_part_leaves_the_epoch_with_its_other_figures() -> None:
    def measured() -> Measurement:
        yield None
        raise KeyboardInterrupt

    watch = CurveCollector(None, measured)
    with pytest.raises(KeyboardInterrupt):
        driven(watch, [{"loss": 2.0}, {"loss": 1.0}])
    watch.finish()

    assert dict(watch.curves) == {"loss": (2.0,)}


def test_a_second_fit_adds_to_the_curves_of_the_first() -> None:
    watch = CurveCollector()

    driven(watch, [{"loss": 3.0}, {"loss": 2.0}])
    driven(watch, [{"loss": 1.0}])

    assert watch.curves["loss"] == (3.0, 2.0, 1.0)


# ---------------------------------------------------------------- what a listener hears


def test_a_listener_hears_of_every_batch_and_every_epoch() -> None:
    told: list[Progress] = []

    driven(CurveCollector(told.append), [{"loss": 2.0}, {"loss": 1.0}])

    heard = [(each.epoch, each.batch) for each in told]
    assert heard == [
        (0, 0),
        *[(0, batch) for batch in (1, 2, 3)],
        (1, 0),
        *[(1, batch) for batch in (1, 2, 3)],
        (2, 0),
    ]
    assert {(each.epochs, each.batches) for each in told} == {(2, 3)}


def test_a_listener_hears_the_curves_so_far_and_they_do_not_change_later() -> None:
    told: list[Progress] = []

    driven(CurveCollector(told.append), [{"loss": 2.0}, {"loss": 1.0}])

    assert [each.curves.epochs for each in told] == [each.epoch for each in told]
    assert told[-1].curves["loss"] == (2.0, 1.0)


def test_a_listener_hears_of_a_second_fit_from_its_start() -> None:
    told: list[Progress] = []
    watch = CurveCollector(told.append)
    driven(watch, [{"loss": 3.0}, {"loss": 2.0}])
    told.clear()

    driven(watch, [{"loss": 1.0}], epochs=1)

    assert [each.epoch for each in told] == [0, 0, 0, 0, 1]
    assert told[-1].curves["loss"] == (3.0, 2.0, 1.0)
    assert {each.epochs for each in told} == {1}


def test_the_clock_starts_again_with_every_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    clock = SimpleNamespace(perf_counter=lambda: float(next(ticks)))
    monkeypatch.setattr("dropviz.studies.progress.time", clock)
    told: list[Progress] = []
    watch = CurveCollector(told.append)

    driven(watch, [{"loss": 1.0}])
    driven(watch, [{"loss": 1.0}])

    assert [each.seconds for each in told] == [1, 2, 3, 4, 5] * 2


def test_a_fit_that_begins_at_a_later_epoch_ends_at_its_last() -> None:
    told: list[Progress] = []
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")

    model.fit(
        np.ones((4, 1)),
        np.ones(4),
        initial_epoch=3,
        epochs=5,
        verbose=0,
        callbacks=[CurveCollector(told.append)],
    )

    assert told[-1].epoch == told[-1].epochs


def test_keras_tells_a_watch_what_it_needs() -> None:
    told: list[Progress] = []
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")

    model.fit(
        np.ones((6, 1)),
        np.ones(6),
        batch_size=2,
        epochs=2,
        verbose=0,
        callbacks=[CurveCollector(told.append)],
    )

    assert (told[-1].epoch, told[-1].epochs, told[-1].batches) == (2, 2, 3)
    assert told[-1].curves["loss"] == tuple(model.history.history["loss"])


# ---------------------------------------------------------------- losses that are not finite


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_ends_the_training_where_asked_to(loss: float) -> None:
    watch = CurveCollector(stop_when_not_finite=True)

    driven(watch, [{"loss": loss}])

    assert watch.not_finite
    assert watch.model.stop_training


def test_a_loss_that_is_not_finite_ends_nothing_unless_asked_to() -> None:
    watch = CurveCollector()

    driven(watch, [{"loss": math.nan}])

    assert watch.not_finite
    assert not watch.model.stop_training


@pytest.mark.parametrize("logs", [{"loss": 1.0, "val_loss": math.nan}, {"accuracy": 1.0}])
def test_other_figures_do_not_end_the_training(logs: dict[str, float]) -> None:
    watch = CurveCollector(stop_when_not_finite=True)

    driven(watch, [logs])

    assert not watch.not_finite
    assert not watch.model.stop_training


def test_what_was_measured_in_the_failing_epoch_is_kept() -> None:
    watch = CurveCollector(
        after_epoch=lambda: iter([{"loss_dropout_off": math.nan}]), stop_when_not_finite=True
    )

    driven(watch, [{"loss": math.nan}])

    assert watch.curves.epochs == 1
    assert sorted(watch.curves) == ["loss", "loss_dropout_off"]
