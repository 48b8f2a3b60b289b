from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import dropviz
from dropviz.core.runs import Run
from dropviz.core.schedule import Change
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import BATCH_SIZE, load_task
from dropviz.errors import DropvizError, StoppedError, UnknownNameError
from dropviz.studies.fitting import code
from dropviz.studies.progress import Progress
from dropviz.studies.train import run
from tests.small_tasks import KINDS, small

from .conftest import ASKED, SAMPLES, tiny

DIGITS: dict[str, Any] = {"dropout": 0.2, "recurrent_dropout": 0.3, "units": 4, "epochs": 2}
FIGURES = ("", "_dropout_on", "_dropout_on_low", "_dropout_on_high", "_dropout_off")
NAMES = sorted(
    [f"{name}{which}" for name in ("accuracy", "loss") for which in FIGURES]
    + ["val_accuracy", "val_loss"]
)


def assert_same_weights(one: Any, other: Any) -> None:
    for mine, its in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)


def executed(source: str, **given: Any) -> Any:
    """Runs plain Keras code as a reader would, and gives its model."""
    names = dict(given)
    exec(source, names)  # noqa: S102
    return names["model"]


def assert_trained_the_same(plain: Any, done: Run) -> None:
    """Compares a plain training with a run, to the bit."""
    assert_same_weights(plain, done.model)
    history = plain.history.history
    metric = "mae" if "mae" in done.curves else "accuracy"
    assert set(history) == {"loss", metric, "val_loss", f"val_{metric}"}
    for name, values in history.items():
        assert tuple(values) == done.curves[name]


@pytest.fixture(scope="module")
def digits_run() -> Run:
    return dropviz.run("digits", **DIGITS)


# ---------------------------------------------------------------- what comes out


def test_every_curve_has_one_finite_value_an_epoch(trained: Run) -> None:
    assert sorted(trained.curves) == NAMES
    for values in trained.curves.values():
        assert len(values) == ASKED["epochs"]
        assert all(math.isfinite(value) for value in values)


def test_a_run_that_came_to_its_end_is_done(trained: Run) -> None:
    assert trained.status == "done"
    assert trained.reason == ""
    assert trained.seconds > 0


def test_a_run_says_what_was_asked(trained: Run) -> None:
    assert trained.spec == RunSpec(task="tiny", **ASKED)  # type: ignore[arg-type]


def test_every_training_batch_is_recorded_and_no_other(trained: Run) -> None:
    batches = math.ceil(SAMPLES / BATCH_SIZE) * int(ASKED["epochs"])

    assert trained.recording["lstm"].batches == batches


@pytest.mark.parametrize(
    ("site", "name"), [("input", "dropout"), ("recurrent", "recurrent_dropout")]
)
def test_the_masks_have_the_rates_asked_for(site: str, name: str, trained: Run) -> None:
    masks = trained.recording["lstm"][site]
    low, high = masks.expected_range

    assert masks.rate == ASKED[name]
    assert low <= masks.dropped <= high


def test_the_last_loss_with_dropout_off_is_that_of_the_final_model(trained: Run) -> None:
    task = tiny()

    loss, accuracy = trained.model.evaluate(task.x, task.y, verbose=0)

    # Other batch sizes add up in another order, in float32.
    assert trained.curves["loss_dropout_off"][-1] == pytest.approx(loss, rel=1e-5)
    assert trained.curves["accuracy_dropout_off"][-1] == pytest.approx(accuracy, rel=1e-5)


def test_the_last_validation_loss_is_that_of_the_final_model(trained: Run) -> None:
    task = tiny()

    loss = trained.model.evaluate(task.x_val, task.y_val, batch_size=BATCH_SIZE, verbose=0)[0]

    assert trained.curves["val_loss"][-1] == loss


def test_nothing_of_the_recorder_is_left_in_the_model(trained: Run) -> None:
    assert "inner_loop" not in vars(trained.model.layers[0])


@pytest.mark.full
def test_the_layer_is_called_lstm_whatever_the_session_has_built() -> None:
    for _ in range(2):
        keras.layers.LSTM(2)

    done = run(tiny(), units=2, epochs=1)

    assert list(done.recording) == ["lstm"]


def test_a_trained_run_survives_its_file(trained: Run, tmp_path: Path) -> None:
    loaded = dropviz.load(trained.save(tmp_path / "run.dropviz"))

    assert isinstance(loaded, Run)
    assert loaded.curves == trained.curves
    assert loaded.recording.sentences == trained.recording.sentences
    assert loaded.summary == trained.summary


# ---------------------------------------------------------------- to the bit


@pytest.mark.full
def test_a_second_run_repeats_the_first_to_the_bit(trained: Run) -> None:
    again = run(tiny(), **ASKED)  # type: ignore[arg-type]

    assert_same_weights(again.model, trained.model)
    assert again.curves == trained.curves
    for site, masks in trained.recording["lstm"].items():
        np.testing.assert_array_equal(again.recording["lstm"][site].values, masks.values)


@pytest.mark.full
def test_another_seed_gives_another_run(trained: Run) -> None:
    other = run(tiny(), **(ASKED | {"seed": 12, "epochs": 1}))  # type: ignore[arg-type]

    assert other.curves["loss"][0] != trained.curves["loss"][0]


@pytest.mark.full
def test_a_listener_does_not_disturb(trained: Run) -> None:
    told: list[Progress] = []

    heard = run(tiny(), **ASKED, listener=told.append)  # type: ignore[arg-type]

    assert_same_weights(heard.model, trained.model)
    assert heard.curves == trained.curves
    assert told


@pytest.mark.full
def test_the_plain_code_trains_the_same_to_the_bit_on_digits(digits_run: Run) -> None:
    assert_trained_the_same(executed(digits_run.code), digits_run)


@pytest.mark.full
def test_the_plain_code_trains_the_same_on_data_of_ones_own(trained: Run) -> None:
    task = tiny()
    given = {"x": task.x, "y": task.y, "x_val": task.x_val, "y_val": task.y_val}

    assert_trained_the_same(executed(trained.code, **given), trained)


@pytest.mark.full
@pytest.mark.few("language-keras")
@pytest.mark.parametrize("method", ["keras", "semeniuta"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_plain_code_trains_the_same_to_the_bit_on_every_kind_of_task(
    kind: str, method: str
) -> None:
    task = small(kind)
    given = {"x": task.x, "y": task.y, "x_val": task.x_val, "y_val": task.y_val}

    done = run(task, method, dropout=0.2, recurrent_dropout=0.3, units=3, epochs=2)

    assert_trained_the_same(executed(done.code, **given), done)
    assert done.proof["lstm"].agrees


@pytest.mark.full
@pytest.mark.parametrize("name", ["adding", "copy", "noisy-sine"])
def test_the_plain_code_of_a_task_makes_its_data_and_trains_the_same(name: str) -> None:
    done = dropviz.run(name, units=2, epochs=1, recurrent_dropout=0.3)

    assert_trained_the_same(executed(done.code), done)


# Units, epochs, a curve, and which share of a guess's score it comes to.
LEARNED = {
    "digits": (16, 3, "val_loss", 0.5),
    "temporal-order": (64, 6, "val_loss", 0.8),
    "adding": (16, 6, "val_mae", 0.3),
    "copy": (24, 3, "val_loss", 0.8),
    "noisy-sine": (8, 3, "val_loss", 0.2),
    "language": (24, 1, "val_bits_per_character", 0.9),
}


@pytest.mark.full
@pytest.mark.parametrize("name", LEARNED)
def test_every_task_is_learned_better_than_by_guessing(name: str) -> None:
    units, epochs, curve, share = LEARNED[name]

    done = dropviz.run(name, units=units, epochs=epochs)

    guess = load_task(name).guess[curve.removeprefix("val_")]
    assert done.curves[curve][-1] < share * guess
    assert load_task(name).guess.keys() <= done.curves.keys()


@pytest.mark.full
def test_the_plain_code_knows_nothing_of_dropviz(digits_run: Run) -> None:
    assert "dropviz" not in digits_run.code


@pytest.mark.parametrize("name", ['it\'s "mine"', "two\nlines", "curly {braces}", "日本"])
def test_the_plain_code_is_python_whatever_the_task_is_called(name: str) -> None:
    task = tiny()
    object.__setattr__(task, "name", name)

    compile(code(RunSpec(task=name), task), "code", "exec")


# ---------------------------------------------------------------- digits


@pytest.mark.full
def test_digits_are_learned(digits_run: Run) -> None:
    # A guess is right in one of ten; four units for two epochs do better, if not well.
    assert digits_run.curves["val_accuracy"][-1] > 0.2
    assert digits_run.curves["val_loss"][1] < digits_run.curves["val_loss"][0]


@pytest.mark.full
def test_digits_name_themselves_in_the_title(digits_run: Run) -> None:
    assert digits_run.title.startswith(
        "digits, 4 units, dropout 0.2, recurrent_dropout 0.3, seed 7: done after 2 epochs"
    )


@pytest.mark.full
def test_digits_run_over_all_8_rows(digits_run: Run) -> None:
    assert digits_run.recording["lstm"]["input"].time_steps == 8
    assert digits_run.recording["lstm"].batches == 2 * math.ceil(
        len(load_task("digits").x) / BATCH_SIZE
    )


# ---------------------------------------------------------------- other ends


@pytest.fixture(scope="module")
def failed() -> Run:
    """A run whose weights leave the range of float32 in its first step."""
    return run(tiny(learning_rate=1e38), **(ASKED | {"epochs": 6}))  # type: ignore[arg-type]


@pytest.mark.full
def test_a_loss_that_is_not_finite_ends_the_training_as_failed(failed: Run) -> None:
    *before, last = failed.curves["loss"]

    assert failed.status == "failed"
    assert not math.isfinite(last)
    assert all(math.isfinite(loss) for loss in before)
    assert failed.curves.epochs < 6


@pytest.mark.full
def test_a_failed_run_says_when(failed: Run) -> None:
    assert failed.reason == f"the loss was not finite in epoch {failed.curves.epochs}"
    assert failed.reason in failed.summary


@pytest.mark.full
def test_a_failed_run_can_be_kept_and_drawn(failed: Run, tmp_path: Path) -> None:
    loaded = dropviz.load(failed.save(tmp_path / "failed.dropviz"))

    assert isinstance(loaded, Run)
    assert loaded.status == "failed"
    assert loaded.figure("curves").png() == failed.figure("curves").png()


@pytest.fixture(scope="module")
def stopped() -> StoppedError:
    """What a run raises that is interrupted in its second epoch."""

    def interrupt(progress: Progress) -> None:
        if (progress.epoch, progress.batch) == (1, 1):
            raise KeyboardInterrupt

    with pytest.raises(StoppedError) as caught:
        run(tiny(), **ASKED, listener=interrupt)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.full
def test_an_interrupt_keeps_the_epochs_before_it(stopped: Any, trained: Run) -> None:
    assert stopped.run.status == "stopped"
    assert stopped.run.curves.epochs == 1
    for name, values in stopped.run.curves.items():
        assert values == trained.curves[name][:1]


@pytest.mark.full
def test_an_interrupt_keeps_the_recording(stopped: Any) -> None:
    # The two batches of the first epoch, and the one after which it came.
    assert stopped.run.recording["lstm"].batches == 3
    assert stopped.run.recording["lstm"]["recurrent"].entries > 0


@pytest.mark.full
def test_an_interrupt_says_where_it_stopped(stopped: Any) -> None:
    assert str(stopped) == "stopped after epoch 1 of 3; results kept"
    assert "stopped after 1 epoch of 3" in stopped.run.title


@pytest.mark.full
def test_an_interrupt_is_still_a_keyboard_interrupt(stopped: StoppedError) -> None:
    assert isinstance(stopped, KeyboardInterrupt)


@pytest.mark.full
def test_an_interrupt_leaves_nothing_of_dropviz_in_the_model(stopped: Any) -> None:
    assert "inner_loop" not in vars(stopped.run.model.layers[0])


def test_an_error_of_the_listener_is_not_swallowed() -> None:
    def fail(_: Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(tiny(), units=2, epochs=1, listener=fail)


# ---------------------------------------------------------------- a scenario


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[RunSpec]:
    """The specs that ``run`` would train."""
    seen: list[RunSpec] = []
    monkeypatch.setattr("dropviz.studies.train.train", lambda spec, *_: seen.append(spec))
    return seen


@pytest.mark.full
def test_a_scenario_is_trained_as_its_arguments_are(digits_run: Run) -> None:
    done = run("lstm:u4:d.2:r.3:task=digits:e2")

    assert_same_weights(done.model, digits_run.model)
    assert done.curves == digits_run.curves
    assert (done.spec, done.code) == (digits_run.spec, digits_run.code)


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({}, {}),
        ({"units": 5, "seed": 0}, {"units": 5, "seed": 0}),
        ({"dropout": 0.0}, {"dropout": 0.0}),
        ({"life": "step", "dropout": None}, {"life": "step"}),
        ({"schedule": [Change(2, 0.1, 0.2)]}, {"schedule": (Change(2, 0.1, 0.2),)}),
    ],
    ids=str,
)
def test_other_arguments_replace_the_values_of_a_scenario(
    given: dict[str, Any], changed: dict[str, Any], asked: list[RunSpec]
) -> None:
    run("lstm:u16:d.2:r.5:m=moon:task=temporal-order:s9", **given)

    plain = RunSpec("temporal-order", "moon", dropout=0.2, recurrent_dropout=0.5, units=16, seed=9)
    assert asked == [replace(plain, **changed)]


def test_what_is_not_given_is_as_in_a_spec(asked: list[RunSpec]) -> None:
    run()
    run("digits")
    run("lstm")

    assert asked == [RunSpec()] * 3


# ---------------------------------------------------------------- bad input


@pytest.fixture
def nothing_may_train(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("trained")

    monkeypatch.setattr(keras.Model, "fit", refuse)


@pytest.mark.usefixtures("nothing_may_train")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1"),
        ({"recurrent_dropout": -0.1}, "recurrent_dropout must be at least 0"),
        ({"units": 0}, "units must be a whole number from 1"),
        ({"epochs": 0}, "epochs must be a whole number from 1"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"method": "keras2"}, "Did you mean 'keras'"),
        ({"task": "digit"}, "Did you mean 'digits'"),
        ({"task": None}, "task must be a name"),
        ({"task": "lstm:d2"}, "dropout must be at least 0 and below 1"),
        ({"task": "lstm:x9"}, "the part 'x9' is not understood"),
        ({"task": "lstm:task=digit"}, "Did you mean 'digits'"),
        ({"task": "lstm:task=tiny:quiz"}, "There is no task 'tiny'"),
        ({"task": "lstm:task=digit:@20%,r.3"}, "Did you mean 'digits'"),
        ({"life": "step"}, "has no option life"),
        ({"lives": "step"}, "no argument 'lives'. Did you mean 'life'"),
        ({"task": "lstm", "listener": 3}, "listener must be a function"),
        ({"task": "lstm:m=zaremba", "recurrent_dropout": 0.2}, "masks the inputs only"),
        ({"task": "lstm:u8", "units": 0}, "units must be a whole number from 1"),
        ({"schedule": "@3"}, "schedule must be changes"),
        ({"task": "lstm", "units": 10**7}, "An LSTM of 10,000,000 units needs about"),
        ({"units": 10**7, "method": "weight-drop"}, r"Try [\d,]+ units or fewer\."),
    ],
    ids=str,
)
def test_bad_arguments_train_nothing_and_seed_nothing(given: dict[str, Any], said: str) -> None:
    before = random.getstate()

    with pytest.raises(DropvizError, match=said):
        run(**given)

    assert random.getstate() == before


def test_an_unknown_task_is_a_key_error_to_code() -> None:
    with pytest.raises(UnknownNameError) as caught:
        run(task="digit")

    assert isinstance(caught.value, KeyError)
