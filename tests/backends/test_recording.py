"""Trainings of one's own that are recorded, and rates that move; on the backend at hand."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import keras
import numpy as np
import pytest

from dropviz.core.setting import Setting
from dropviz.methods.lstm import LSTM
from dropviz.methods.variable_rates import VariableRates
from dropviz.recording.record import record
from dropviz.recording.redraw import redraw, redraws_exactly
from tests.backends.matrix import BATCH, FEATURES, STEPS, build, fit, state

Model = Any
BACKEND = keras.config.backend()
# On TensorFlow each is one more of what tests/recording and tests/methods have.
pytestmark = [pytest.mark.full] if BACKEND == "tensorflow" else []


def equal(one: Model, other: Model) -> bool:
    """Whether two models are to the bit the same, random streams and optimizers too."""
    pairs = zip(state(one), state(other), strict=True)
    return all(np.array_equal(mine, theirs) for mine, theirs in pairs)


def weights_in(path: Path) -> dict[str, list[Any]]:
    """What a saved model holds, by name."""
    found: dict[str, list[Any]] = {}
    with (
        zipfile.ZipFile(path) as archive,
        h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file,
    ):
        file.visititems(
            lambda name, item: (
                found.update({name: item[()].tolist()}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return found


@pytest.mark.full
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras, saving
def test_a_second_recording_of_a_model_is_as_the_first_and_leaves_nothing(tmp_path: Path) -> None:
    plain, model = (build("LSTM", "both", "compiled") for _ in range(2))
    before = len(model.variables), len(model.weights), model.count_params()
    for _ in range(2):
        fit(plain)
        with record(model) as recording:
            fit(model)
            model.save(tmp_path / "inside.keras")
        assert recording["layer"].batches == 2
        assert recording.missed == 0
        assert not recording.skipped
    plain.save(tmp_path / "plain.keras")

    assert equal(plain, model)
    assert before == (len(model.variables), len(model.weights), model.count_params())
    assert weights_in(tmp_path / "inside.keras") == weights_in(tmp_path / "plain.keras")


def test_masks_are_there_inside_an_epoch_and_batch_by_batch() -> None:
    plain, model = (build("GRU", "both", "compiled") for _ in range(2))
    x = np.random.default_rng(3).normal(size=(BATCH, STEPS, FEATURES)).astype("float32")
    seen = []

    class Looks(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            del batch, logs
            seen.append(len(recording["layer"]["recurrent"].batches))

    for each in range(2):
        plain.train_on_batch(x, np.full(BATCH, each))
    plain.fit(x, np.zeros(BATCH), batch_size=2, verbose=0, shuffle=False)
    with record(model) as recording:
        for each in range(2):
            model.train_on_batch(x, np.full(BATCH, each))
            assert recording["layer"].batches == each + 1
        model.fit(x, np.zeros(BATCH), batch_size=2, verbose=0, shuffle=False, callbacks=[Looks()])

    assert seen == [3, 4]
    assert equal(plain, model)


@pytest.mark.full
@pytest.mark.parametrize("every", [1, 2])
def test_masks_that_no_longer_fit_are_drawn_again(every: int) -> None:
    model = build("LSTM", "both", "compiled")
    with record(model) as whole:
        fit(model)
    model = build("LSTM", "both", "compiled")
    with record(model, keep=1, every=every) as recording:
        fit(model)

    assert redraws_exactly(recording["layer"])
    for batch in range(2):
        for site, masks in redraw(recording["layer"], batch).items():
            np.testing.assert_array_equal(masks.values[0], whole["layer"][site].of_batch(batch))


@pytest.mark.few("keras-both")
@pytest.mark.parametrize(
    "rates", [(0.3, 0.4), (0.3, 0.0), (0.0, 0.0)], ids=["both", "dropout", "none"]
)
@pytest.mark.parametrize("method", ["keras", "moon"])
def test_a_moving_rate_that_rests_gives_the_bits_of_a_constant_one(
    method: str, rates: tuple[float, float]
) -> None:
    def built(dropout: float, recurrent_dropout: float) -> Model:
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(5)
        layer = LSTM(
            3, method=method, dropout=dropout, recurrent_dropout=recurrent_dropout, name="layer"
        )
        model = keras.Sequential([keras.Input((STEPS, FEATURES)), layer, keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.1), "mse")
        return model

    constant, moving = built(*rates), built(0.1, 0.1)
    VariableRates(moving.get_layer("layer"), Setting(method, *rates))
    keras.utils.set_random_seed(6)
    fit(constant)
    keras.utils.set_random_seed(6)
    with record(moving) as recording:
        fit(moving)

    for one, other in zip(constant.weights, moving.weights, strict=True):
        mine, theirs = (keras.ops.convert_to_numpy(each.value) for each in (one, other))
        np.testing.assert_array_equal(mine, theirs)
    setting = recording["layer"].setting
    assert (setting.dropout, setting.recurrent_dropout) == rates
    assert recording["layer"].batches == 2
