"""Programs that fit a model more than once."""

from __future__ import annotations

import tempfile
from pathlib import Path

import keras
import numpy as np

from .parts import (
    FEATURES,
    STEPS,
    Model,
    Table,
    data,
    dropped,
    fitted,
    layers,
    lstm,
    of,
    parts,
    program,
    regression,
    sequences,
    sequential,
)

FITTED_AGAIN: Table = {}
callbacks = keras.callbacks

# ---------------------------------------------------------------- fitted again


@program(FITTED_AGAIN, of(12, "lstm"))
def optimizers_in_turn() -> list[Model]:
    """One model, compiled anew with other optimizers."""
    model = regression()
    for optimizer in (
        keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True, clipvalue=0.5),
        keras.optimizers.Adam(use_ema=True, ema_overwrite_frequency=2, weight_decay=0.01),
        keras.optimizers.Lion(global_clipnorm=1.0),
        keras.optimizers.RMSprop(keras.optimizers.schedules.CosineDecay(0.01, 4), centered=True),
    ):
        model.compile(optimizer, "mse")
        fitted(model, epochs=1)
    return [model]


# Each batch is one step, though two optimizers share it.
@program(FITTED_AGAIN, of(6, "low", "drop", "high"))
def optimizer_for_each_layer() -> list[Model]:
    """``keras.optimizers.MultiOptimizer``: another optimizer for some of the layers."""
    model = dropped()
    low = model.layers[0]
    slow = keras.optimizers.SGD(0.001)
    rest, paths = keras.optimizers.Adam(), {each.path for each in low.trainable_variables}
    both = keras.optimizers.MultiOptimizer(lambda each: slow if each.path in paths else rest)
    model.compile(both, "mse")
    return fitted(model)


@program(FITTED_AGAIN, of(9, "low", "drop", "high"))
def thawed() -> list[Model]:
    """Howard & Ruder 2018: layers are frozen, and thawed from above."""
    model = dropped()
    for frozen in (2, 1, 0):
        for each in model.layers[:3]:
            each.trainable = model.layers.index(each) >= frozen
        model.compile(keras.optimizers.Adam(0.001), "mse")
        fitted(model, epochs=1)
    return [model]


@program(FITTED_AGAIN, of(3, "lstm", "sequential#2/lstm"), draws_more=True)
def saved_and_gone_on() -> list[Model]:
    """Saved, loaded, and trained on."""
    model = regression()
    fitted(model, epochs=1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        again = keras.models.load_model(path)
    again.evaluate(*data(), verbose=0)
    return [model, *fitted(again, epochs=1)]


@program(FITTED_AGAIN, of(6, "lstm"))
def weights_back() -> list[Model]:
    """The weights of an earlier moment loaded into the same model."""
    model = regression()
    model.optimizer.build(model.trainable_variables)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.weights.h5"
        model.save_weights(path)
        fitted(model, epochs=1)
        model.load_weights(path)
    return fitted(model, epochs=1, initial_epoch=0)


# Of 3 models of 2, 3 and 4 units the names differ by their models'.
@program(FITTED_AGAIN, of(3, "lstm", "sequential_1/lstm", "sequential_2/lstm"), draws_more=True)
def tuned() -> list[Model]:
    """Keras Tuner: models of several sizes, tried one after another."""
    tried = []
    for units in (2, 3, 4):
        model = regression(layers.LSTM(units, name="lstm", dropout=0.1 * units))
        fitted(model, epochs=1)
        tried.append((model.evaluate(*data(), verbose=0), model))
    return [model for _, model in tried]


# 20, then 28 samples: three batches, then four.
@program(FITTED_AGAIN, of(7, "lstm"), draws_more=True)
def labelled_by_itself() -> list[Model]:
    """Pseudo-labels: what the model says of unlabelled data becomes data."""
    model = regression()
    x, y = data()
    fitted(model, x, y, epochs=1)
    more = -x[:8]
    said = model.predict(more, verbose=0)[:, 0]
    return fitted(model, np.concatenate([x, more]), np.concatenate([y, said]), epochs=1)


# 12 samples, then 16: two batches, and two.
@program(FITTED_AGAIN, of(4, "low", "drop", "high"), draws_more=True)
def asked_where_unsure() -> list[Model]:
    """Active learning: with dropout on, the model shows where it is unsure."""
    model = dropped()
    x, y = data()
    fitted(model, x[:12], y[:12], epochs=1)
    guesses = np.stack([model(x[12:], training=True) for _ in range(4)])
    chosen = np.argsort(guesses.std(0)[:, 0])[-4:] + 12
    known = [*range(12), *chosen]
    return fitted(model, x[known], y[known], epochs=1)


# The two models share an encoder, which hears the batches of both.
@program(FITTED_AGAIN, of(6, "encoder") | of(3, "decoder"))
def first_to_rebuild() -> list[Model]:
    """Dai & Le 2015: an autoencoder's encoder becomes a classifier's."""
    inputs = sequences()
    code = lstm(name="encoder")(inputs)
    wide = lstm(name="decoder", return_sequences=True)(layers.RepeatVector(STEPS)(code))
    rebuilt = keras.Model(inputs, layers.Dense(FEATURES)(wide))
    x, y = data()
    fitted(rebuilt, x, x, epochs=1)
    return [rebuilt, *fitted(keras.Model(inputs, layers.Dense(1)(code)), x, y, epochs=1)]


@program(FITTED_AGAIN, of(6, "shared") | of(3, "one", "other"))
def two_tasks_in_turn() -> list[Model]:
    """Collobert & Weston 2008: two models over one layer, a batch of each in turn."""
    shared, models = lstm(name="shared", return_sequences=True), []
    for name in ("one", "other"):
        inputs = sequences()
        models.append(keras.Model(inputs, layers.Dense(1)(lstm(name=name)(shared(inputs)))))
        models[-1].compile("adam", "mse")
    for x, y in parts(*data()):
        for model in models:
            model.train_on_batch(x, y)
    return models


@program(FITTED_AGAIN, of(6, "first/lstm", "second/lstm", "third/lstm"))
def ensemble() -> list[Model]:
    """Three models averaged in one."""
    inputs = sequences()
    members = [sequential(lstm(), name=name) for name in ("first", "second", "third")]
    mean = layers.Average()([each(inputs) for each in members])
    return fitted(keras.Model(inputs, layers.Dense(1)(mean)))
