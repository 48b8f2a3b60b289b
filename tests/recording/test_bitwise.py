from __future__ import annotations

import io
import json
import random
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from dropviz.recording.record import record
from tests.keras_models import (
    BATCH,
    FEATURES,
    KINDS,
    MODES,
    RATES,
    STEPS,
    UNITS,
    Layer,
    Model,
    compiled,
    data,
    fit,
    fresh,
    quick,
    recorded,
    sequential,
)

LAYERS = {
    "LSTM": keras.layers.LSTM,
    "GRU": keras.layers.GRU,
    "SimpleRNN": keras.layers.SimpleRNN,
}


@dataclass(frozen=True)
class Outcome:
    """All that a training leaves behind."""

    weights: list[NDArray[Any]]
    losses: dict[str, list[float]]
    file: dict[str, Any]
    seeds: list[NDArray[Any]]
    stream: list[Any]
    later: list[NDArray[Any]]
    variables: int


def _arrays(values: list[Any]) -> list[NDArray[Any]]:
    return [np.asarray(value) for value in values]


def _seeds(model: Model) -> list[NDArray[Any]]:
    return _arrays([each for each in model.non_trainable_variables if "seed" in each.path])


def _config(text: bytes) -> Any:
    # Keras numbers shared objects by their address: what counts is which are the same.
    numbers: dict[int, int] = {}

    def renumbered(entry: dict[str, Any]) -> dict[str, Any]:
        if "shared_object_id" in entry:
            address = entry["shared_object_id"]
            entry["shared_object_id"] = numbers.setdefault(address, len(numbers))
        return entry

    return json.loads(text, object_hook=renumbered)


def _saved(model: Model, folder: Path) -> dict[str, Any]:
    # The zip holds times of day, so its bytes differ from one save to the next.
    path = folder / "model.keras"
    with warnings.catch_warnings():
        # Keras 3.15 on NumPy 2.4, while it saves any model.
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        model.save(path)
    found: dict[str, Any] = {}
    with zipfile.ZipFile(path) as archive:
        found["names"] = sorted(archive.namelist())
        found["config"] = _config(archive.read("config.json"))
        with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as weights:

            def note(name: str, item: Any) -> None:
                if isinstance(item, h5py.Dataset):
                    found[name] = item[()].tolist()

            weights.visititems(note)
    return found


def _train(layer: Callable[..., Layer], mode: str, folder: Path, *, record_it: bool) -> Outcome:
    fresh()
    model = compiled(sequential(layer(UNITS, **RATES, name="layer")), **MODES[mode])
    # Batches of one size: XLA compiles each size anew, for seconds.
    x, y = data(2 * BATCH, STEPS, FEATURES)
    settings = {"x": x, "y": y, "batch_size": BATCH, "verbose": 0}
    with recorded(model, wanted=record_it) as recording:
        seen = model.fit(**settings, epochs=2, validation_data=(x[:BATCH], y[:BATCH]))
    if record_it:
        assert recording["layer"].batches == 4
    weights = _arrays(model.get_weights())
    file = _saved(model, folder)
    seeds = _seeds(model)
    # Also shuffles, so the order of the samples has to be the same too.
    model.fit(**settings)
    return Outcome(
        weights=weights,
        losses=seen.history,
        file=file,
        seeds=seeds,
        stream=[
            np.asarray(keras.random.uniform((4,))).tolist(),
            random.random(),  # noqa: S311
            np.random.random(4).tolist(),  # noqa: NPY002
            keras.layers.LSTM(2).name,
        ],
        later=_arrays(model.get_weights()) + _seeds(model),
        variables=len(model.variables),
    )


# XLA takes longest; test_recorded_methods has one case of it that is fast.
FAST = (("LSTM", "graph"), ("GRU", "eager"))
PAIRS = [
    pytest.param(pair, marks=() if pair in FAST else pytest.mark.full)
    for pair in product(LAYERS, MODES)
]


@pytest.fixture(scope="module", params=PAIRS, ids="-".join)
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Outcome, Outcome]:
    layer, mode = request.param
    folder = tmp_path_factory.mktemp("saved")
    without = _train(LAYERS[layer], mode, folder, record_it=False)
    return without, _train(LAYERS[layer], mode, folder, record_it=True)


Pair = tuple[Outcome, Outcome]


def test_recording_leaves_the_weights_as_they_were(pair: Pair) -> None:
    without, with_it = pair

    for its, mine in zip(without.weights, with_it.weights, strict=True):
        np.testing.assert_array_equal(mine, its)


def test_recording_leaves_the_losses_as_they_were(pair: Pair) -> None:
    without, with_it = pair

    assert with_it.losses == without.losses
    assert set(with_it.losses) == {"loss", "val_loss"}


def test_recording_leaves_the_saved_file_as_it_was(pair: Pair) -> None:
    without, with_it = pair

    assert with_it.file == without.file
    assert any("layer" in name for name in with_it.file)


def test_recording_leaves_the_seed_states_as_they_were(pair: Pair) -> None:
    without, with_it = pair

    assert with_it.seeds
    for its, mine in zip(without.seeds, with_it.seeds, strict=True):
        np.testing.assert_array_equal(mine, its)


def test_recording_leaves_other_random_streams_as_they_were(pair: Pair) -> None:
    without, with_it = pair

    assert with_it.stream == without.stream


def test_recording_leaves_the_training_that_follows_as_it_was(pair: Pair) -> None:
    without, with_it = pair

    for its, mine in zip(without.later, with_it.later, strict=True):
        np.testing.assert_array_equal(mine, its)


def test_recording_adds_no_variable(pair: Pair) -> None:
    without, with_it = pair

    assert with_it.variables == without.variables


@pytest.mark.few("shared")
@pytest.mark.parametrize("name", KINDS)
def test_recording_leaves_every_kind_of_model_as_it_was(name: str) -> None:
    kind = KINDS[name]
    x, y = data(*kind.shape)
    outcomes = []
    for wanted in (False, True):
        fresh()
        model = compiled(kind.build(), run_eagerly=True)
        with recorded(model, wanted=wanted):
            seen = model.fit(x, y, batch_size=BATCH, verbose=0)
        state = _arrays(model.get_weights()) + _arrays(model.non_trainable_variables)
        outcomes.append((seen.history, state))

    (losses, state), (its_losses, its_state) = outcomes
    assert losses == its_losses
    for its, mine in zip(state, its_state, strict=True):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.full
def test_looking_at_a_recording_leaves_the_training_as_it_was() -> None:
    outcomes = []
    for wanted in (False, True):
        fresh()
        model = quick()
        with record(model) as recording:
            look = keras.callbacks.LambdaCallback(
                on_train_batch_end=lambda batch, logs, seen=recording: str(seen)  # noqa: ARG005
            )
            fit(model, callbacks=[look] if wanted else [])
        outcomes.append(_arrays(model.get_weights()) + _seeds(model))

    for its, mine in zip(*outcomes, strict=True):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.full
def test_a_model_saved_inside_the_block_is_saved_as_ever(tmp_path: Path) -> None:
    outcomes = []
    for wanted in (False, True):
        fresh()
        model = quick()
        with recorded(model, wanted=wanted):
            fit(model)
            outcomes.append(_saved(model, tmp_path))

    assert outcomes[0] == outcomes[1]


# ---------------------------------------------------------------- nothing is left


class EndedError(Exception):
    pass


def _end(ending: type[BaseException] | None) -> None:
    if ending:
        raise ending


@pytest.fixture(params=[None, EndedError, KeyboardInterrupt], ids=["end", "error", "interrupt"])
def afterwards(request: pytest.FixtureRequest) -> tuple[Model, Model]:
    """A model after the block, however it ended, and its twin that was not recorded."""
    ending = request.param
    models = []
    for wanted in (True, False):
        fresh()
        model = quick()
        stop = keras.callbacks.LambdaCallback(on_train_batch_end=lambda *_, logs: _end(ending))  # noqa: ARG005
        try:
            with recorded(model, wanted=wanted):
                fit(model, callbacks=[stop])
        except (EndedError, KeyboardInterrupt):
            assert ending is not None
        models.append(model)
    return models[0], models[1]


@pytest.mark.few("error")
def test_no_layer_keeps_a_trace_of_the_recorder(afterwards: tuple[Model, Model]) -> None:
    model, twin = afterwards

    assert "inner_loop" not in vars(model.layers[0])
    assert vars(model.layers[0]).keys() == vars(twin.layers[0]).keys()
    assert vars(model).keys() == vars(twin).keys()


@pytest.mark.few("end")
def test_no_traced_function_is_left(afterwards: tuple[Model, Model]) -> None:
    model, _ = afterwards

    assert model.train_function is None
    assert model.test_function is None
    assert model.predict_function is None


@pytest.mark.few("end")
def test_no_variable_is_left(afterwards: tuple[Model, Model]) -> None:
    model, twin = afterwards

    assert [each.path for each in model.variables] == [each.path for each in twin.variables]


@pytest.mark.few("interrupt")
def test_the_model_trains_on_as_its_twin(afterwards: tuple[Model, Model]) -> None:
    model, twin = afterwards
    for each in afterwards:
        fit(each)

    for mine, its in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.parametrize("ending", [None, EndedError, KeyboardInterrupt])
def test_keras_has_its_own_methods_back(ending: type[BaseException] | None) -> None:
    make, call = keras.Model.make_train_function, keras.layers.RNN.call
    own = set(vars(keras.Model))

    try:
        with record(quick()):
            assert keras.Model.make_train_function is not make
            _end(ending)
    except (EndedError, KeyboardInterrupt):
        assert ending is not None

    assert keras.Model.make_train_function is make
    assert keras.layers.RNN.call is call
    assert set(vars(keras.Model)) == own


class Always(keras.Model):  # type: ignore[misc]
    """Monte Carlo dropout: masks at inference too, because the model asks for them."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = keras.layers.SimpleRNN(UNITS, **RATES)

    def call(self, x: Any) -> Any:
        return self.memory(x, training=True)


@pytest.mark.full
@pytest.mark.few("evaluate")
@pytest.mark.parametrize("look", ["predict", "evaluate"])
def test_a_model_that_only_looked_keeps_no_traced_function(look: str) -> None:
    model = compiled(Always())
    x, _ = data()

    with record(model) as recording:
        if look == "predict":
            model.predict(x, verbose=0)
        else:
            model.evaluate(x, np.zeros((len(x), UNITS)), verbose=0)

    assert recording["simple_rnn"].batches == 1
    assert model.predict_function is None
    assert model.test_function is None
