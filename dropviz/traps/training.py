"""Traps that change a training, its weights or its masks."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np

from dropviz.traps.tools import (
    FEATURES,
    SAMPLES,
    STEPS,
    UNITS,
    Array,
    Exhibit,
    Finding,
    Layer,
    NotMeasurableError,
    apart,
    array,
    dense,
    distinct,
    error_of,
    lstm,
    number,
    quiet,
    raised,
    sequences,
    watched,
)


def implementation_one() -> Finding:
    """Training and inference with ``implementation=1``."""
    x = sequences()

    def call(*, training: bool, **kwargs: Any) -> str:
        layer = lstm(dropout=0.5, implementation=1, **kwargs)
        return raised(error_of(lambda: layer(x, training=training)))

    trains, infers = call(training=True), call(training=False)
    without = call(training=True, use_cudnn=False)
    said = (
        f"`LSTM(dropout=0.5, implementation=1)`: inference {infers}, training {trains}. "
        f"With `use_cudnn=False`, training {without}."
    )
    evidence = {"training": trains, "inference": infers, "use_cudnn=False": without}
    return Finding(trains != "worked", said, evidence)


def masks_at_inference() -> Finding:
    """Two epochs, with and without an evaluation between them."""
    x, y = sequences(steps=2), np.ones((SAMPLES, 1), "float32")

    def trained(*layers: Layer, evaluate: bool = False, **kwargs: Any) -> Array:
        model = keras.Sequential([keras.Input(x.shape[1:]), *layers, dense()], name="model")
        model.compile(keras.optimizers.SGD(0.5), "mse", run_eagerly=True)
        how = {"verbose": 0, "shuffle": False, **kwargs}
        if evaluate:
            model.fit(x, y, **how)
            model.evaluate(x, y, verbose=0)
            model.fit(x, y, **how)
        else:
            model.fit(x, y, epochs=2, **how)
        return np.concatenate([array(weight).ravel() for weight in model.trainable_weights])

    def plain() -> list[Layer]:
        return [keras.layers.Dropout(0.5, seed=4, name="dropout"), lstm()]

    alone = trained(lstm(dropout=0.5))
    evaluated = apart(alone, trained(lstm(dropout=0.5), evaluate=True))
    validated = apart(alone, trained(lstm(dropout=0.5), validation_data=(x, y)))
    layer = apart(trained(*plain()), trained(*plain(), evaluate=True))
    said = (
        "Two epochs from one seed, and again with `evaluate` between them: the weights of "
        f"`LSTM(dropout=0.5)` end up to {number(evaluated)} apart. With `validation_data` "
        f"they end {number(validated)} apart. With a `Dropout` layer instead of `dropout=`, "
        f"`evaluate` moves them by {number(layer)}."
    )
    evidence = {"evaluate": evaluated, "validation_data": validated, "Dropout layer": layer}
    return Finding(evaluated > 0 and validated > 0, said, evidence)


def jit_other_masks() -> Finding:
    """The features that one training step drops, read from the kernel rows it moved."""
    x, y = sequences(1, 2), np.ones((1, UNITS), "float32")

    def kept(**mode: bool) -> str:
        # Of a single sample, a dropped feature sends no gradient to its row of the kernel.
        layer = lstm(dropout=0.5, use_cudnn=False, unroll=True)
        model = keras.Sequential([keras.Input(x.shape[1:]), layer], name="model")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.compile(keras.optimizers.SGD(1.0), "mse", **mode)
        if mode.get("jit_compile") and not model.jit_compile:
            raise NotMeasurableError("Keras does not compile this model with XLA.")
        before = array(layer.cell.kernel)
        with quiet():
            model.train_on_batch(x, y)
        moved = (array(layer.cell.kernel) != before).any(axis=1)
        return "".join("x" if row else "." for row in moved)

    eager, graph = kept(run_eagerly=True), kept(jit_compile=False)
    jit = kept(jit_compile=True)
    said = (
        f"One seed, {FEATURES} features, x for kept: eager {eager}, graph {graph}, "
        f"jit_compile=True {jit}."
    )
    return Finding(graph != jit, said, {"eager": eager, "graph": graph, "jit": jit})


def config_drops_implementation() -> Finding:
    """A layer, and its copies by way of its configuration."""
    x = sequences()
    layer = lstm(dropout=0.5, implementation=1, use_cudnn=False)
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), layer], name="model")
    copy = type(layer).from_config(layer.get_config())
    copy(x)
    clone = keras.models.clone_model(model).layers[0]
    outputs, counts = [], []
    for each in (layer, copy, clone):
        each.set_weights(layer.get_weights())
        each.cell.reset_dropout_mask()
        each.cell.seed_generator.state.assign([4, 0])
        seen = watched(each.cell)
        outputs.append(array(each(x, training=True)))
        counts.append(distinct(seen[-1]))
    change = apart(outputs[0], outputs[1])
    said = (
        f"`LSTM(dropout=0.5, implementation=1, use_cudnn=False)` used {counts[0]} input masks; "
        f"its copy by `from_config(get_config())` used {counts[1]}, and by `clone_model` "
        f"{counts[2]}. With the same weights and seed, the first copy's outputs in training are "
        f"{number(change)} apart from its own."
    )
    evidence = {"masks": counts[0], "from_config": counts[1], "clone_model": counts[2]}
    return Finding(
        counts[1] < counts[0] and counts[2] < counts[0], said, evidence | {"outputs apart": change}
    )


def bidirectional_forgets_use_cudnn() -> Finding:
    """What becomes of ``use_cudnn=False`` in both directions."""
    both = keras.layers.Bidirectional(lstm(use_cudnn=False))
    found = [both.forward_layer.use_cudnn, both.backward_layer.use_cudnn]
    said = (
        "In `Bidirectional(LSTM(use_cudnn=False))` the forward layer has "
        f"`use_cudnn={found[0]!r}`, the backward layer `use_cudnn={found[1]!r}`."
    )
    evidence = {"forward": str(found[0]), "backward": str(found[1])}
    return Finding(found != [False, False], said, evidence)


def predict_and_training() -> Finding:
    """``predict``, one pass with dropout, and the mean of many."""
    passes = 20_000
    x = sequences(1)
    layer = lstm(dropout=0.5, recurrent_dropout=0.5)
    model = keras.Sequential([keras.Input(x.shape[1:]), layer], name="model")
    model.compile(run_eagerly=True)
    predicted = model.predict(x, verbose=0)
    again = apart(predicted, model.predict(x, verbose=0))
    drawn = apart(model(x, training=True), model(x, training=True))
    many = array(model(np.repeat(x, passes, axis=0), training=True)).astype("float64")
    errors = np.maximum(many.std(axis=0) / np.sqrt(passes), 1e-6)  # what float32 can tell
    unit = int((np.abs(many.mean(axis=0) - predicted[0]) / errors).argmax())
    mean, error = float(many.mean(axis=0)[unit]), float(errors[unit])
    one = float(predicted[0, unit])
    said = (
        f"Two calls of `predict` are {number(again)} apart, two of `model(x, training=True)` "
        f"{number(drawn)}. On unit {unit}, the mean of {passes:,} passes with dropout is "
        f"{mean:.4f} (standard error {error:.4f}); `predict` says {one:.4f}."
    )
    away = abs(mean - one) / error
    evidence = {
        "predict again": again,
        "training again": drawn,
        "mean": mean,
        "standard error": error,
        "predict": one,
        "standard errors apart": away,
    }
    enough = 6  # standard errors, for the largest of a few units
    return Finding(again == 0 and drawn > 0 and away > enough, said, evidence)


EXHIBITS = (
    Exhibit(
        name="implementation-one",
        title="LSTM(dropout=..., implementation=1) fails in training",
        expect="`implementation` is a choice between two ways to compute the same.",
        why=(
            "`dp_mask = ops.expand_dims(dp_mask, axis=1)` in keras/src/layers/rnn/lstm.py "
            "takes one mask, and with `implementation=1` it gets a list of four."
        ),
        advice="Give `use_cudnn=False` too, or use `RNN(LSTMCell(..., implementation=1))`.",
        measure=implementation_one,
    ),
    Exhibit(
        name="masks-at-inference",
        title="Evaluating between two epochs changes the training that follows",
        expect="`evaluate`, `predict` and `validation_data` leave the training as it was.",
        why=(
            "`self._maybe_config_dropout_masks(` in keras/src/layers/rnn/rnn.py draws masks in "
            "every call, at inference too, and so moves the layer's seed on."
        ),
        advice=(
            "Compare runs of one seed only if they were evaluated alike, or save and put back "
            "`layer.cell.seed_generator.state` around each look."
        ),
        measure=masks_at_inference,
    ),
    Exhibit(
        name="jit-other-masks",
        title="jit_compile=True draws other masks from the same seed",
        expect="One seed gives one sequence of masks, however the model is compiled.",
        why=(
            "A mask is one call of `tf.nn.experimental.stateless_dropout` "
            "(keras/src/backend/tensorflow/random.py), and XLA computes its random numbers with "
            "a generator of its own."
        ),
        advice="Keep `jit_compile` the same in all runs that are compared.",
        measure=jit_other_masks,
    ),
    Exhibit(
        name="config-drops-implementation",
        title="A copied or loaded layer forgets implementation=1, and ties its masks",
        expect="A layer that is saved, loaded or cloned draws masks as the first one did.",
        why=(
            "`get_config` in keras/src/layers/rnn/lstm.py lists neither `implementation` nor "
            "`use_cudnn`, so a copy has `implementation=2`: one mask for all gates."
        ),
        advice=(
            "Make the layer by code and load only its weights, or ask for untied masks with "
            "`recurrent_dropout=1e-9`, which a copy keeps (trap tiny-recurrent-dropout)."
        ),
        measure=config_drops_implementation,
    ),
    Exhibit(
        name="bidirectional-use-cudnn",
        title="Bidirectional forgets use_cudnn",
        expect="Both directions run as the layer that was given to `Bidirectional` would.",
        why=(
            "`Bidirectional.__init__` in keras/src/layers/rnn/bidirectional.py makes both layers "
            "from `get_config()`, in which `use_cudnn` does not stand in older Keras."
        ),
        advice="Set `use_cudnn` on `forward_layer` and `backward_layer` afterwards.",
        measure=bidirectional_forgets_use_cudnn,
    ),
    Exhibit(
        name="predict-and-training",
        title="predict has no dropout, and is not the mean of passes that have",
        expect="`predict` gives the average over the masks.",
        why=(
            "Masks are used only `if training` (keras/src/layers/rnn/lstm.py). Kept units are "
            "scaled by 1/(1-p) so that the mean input of a gate is right; the gates are not "
            "linear, so the mean output is not."
        ),
        advice=(
            "For Monte Carlo dropout call `model(x, training=True)` many times and average. It "
            "switches layers such as BatchNormalization to training too."
        ),
        measure=predict_and_training,
    ),
)
