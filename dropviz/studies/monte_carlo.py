"""Monte Carlo dropout: predictions with the masks on, many times over.

Gal & Ghahramani 2016 (arXiv:1506.02142): the mean of passes with masks on is the prediction, and
their spread a measure of the model's doubt. How far to trust it, ``coverage`` measures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from dropviz.core.checks import check_whole
from dropviz.core.doubt import ROUNDING, SHARING, Doubt
from dropviz.core.number_forms import MOST_SEED
from dropviz.errors import DropvizError, is_known, one_line, unknown_name
from dropviz.keras_inside import interrupts
from dropviz.keras_inside.cell_masks import generator_of
from dropviz.keras_inside.dropout_mask import makes_noise
from dropviz.keras_inside.inner_loop import looking
from dropviz.keras_inside.require_layer import require_layer
from dropviz.keras_inside.seeding import seed_backend_streams
from dropviz.keras_inside.sublayers import layer_and_sublayers
from dropviz.recording.check_inputs import checked_inputs
from dropviz.recording.find_layers import (
    Found,
    cells,
    dropout_layers,
    recurrent_layers,
    setting,
)
from dropviz.recording.undisturbed import undisturbed
from dropviz.studies.memory_limit import rows_of_call
from dropviz.studies.turn_masks_on import Dropping

Layer = Any
Model = Any
Tensor = Any

_MOST = 100_000


def mc(
    model: Model, x: Any, passes: int = 50, *, masks: str = "sample", seed: int | None = None
) -> Doubt:
    """Predicts with the masks on, many times over (Gal & Ghahramani 2016, arXiv:1506.02142).

    The recurrent layers and the ``Dropout`` and ``SpatialDropout1D`` layers drop as in
    training; all others run as in ``predict``, so that a BatchNormalization does not change its
    ways as it does in ``model(x, training=True)``. The model is as it was afterwards: same
    weights, states, metrics and random streams.

    Args:
        model: A built Keras model, or a recurrent layer by itself.
        x: Its inputs, finite, shape (samples, ...) with one sample at the least; several inputs
            as Keras takes them.
        passes: Predictions of each sample, 2 to 100,000.
        masks: "sample": each sample has masks of its own in each pass, as in training; "pass":
            all samples of a pass share theirs, so that each pass is one thinned network.
        seed: Seed of the masks, 0 to 2**32 - 1; without one they follow from where the model's
            own random streams are, and so are the same in each call.

    Returns:
        The predictions, pass by pass: ``outputs`` has the shape (passes, samples, ...). Where
        nothing can vary, or noise was left off, ``remarks`` says why.

    Raises:
        DropvizError: If an argument is out of range or unknown, the inputs do not fit, are empty
            or not finite, the model is none of Keras 3, is not built or has several outputs, or
            a recurrent layer is stateful.
    """
    require_layer(model, "asked for its doubt")
    passes = check_passes(passes)
    if not is_known(masks, SHARING):
        raise unknown_name("way to share masks", masks, SHARING)
    if seed is not None:
        seed = check_whole("seed", seed, 0, MOST_SEED)
    if not model.built:
        raise DropvizError(
            f"{model.name!r} is not built yet. Call it once on data, or give it an Input."
        )
    inputs = checked_inputs(model, x)
    found, between = recurrent_layers(model), dropout_layers(model)
    _refuse_stateful(found)
    dropping = Dropping(found, between)
    with interrupts.minded(), looking():
        with undisturbed(model):
            predicted = _predicted(model, inputs)
        with undisturbed(model):
            _begin_streams(found, between, seed)
            outputs = _passes(model, inputs, passes, dropping, alike=masks == "pass")
            with dropping.off():
                off = _numbers(model(inputs, training=False))
    remarks = tuple(_remarks(model, found, between, dropping.steps))
    as_predict = bool(np.allclose(off, predicted, rtol=ROUNDING, atol=ROUNDING, equal_nan=True))
    return Doubt(outputs, off, masks, model.name, remarks, as_predict)


def check_passes(passes: object) -> int:
    """Raises DropvizError unless there can be so many passes."""
    return check_whole("passes", passes, 2, _MOST)


def _refuse_stateful(found: list[Found]) -> None:
    stateful = [each.path for each in found if each.layer.stateful]
    if stateful:
        raise DropvizError(
            f"{', '.join(stateful)} keeps its state from call to call, so that passes would follow "
            "one another. Expected layers with stateful=False; make the model anew and copy its "
            "weights."
        )


def _begin_streams(found: list[Found], between: list[Found], seed: int | None) -> None:
    """Sets where each layer draws from; they are put back with the model."""
    if seed is None:
        return
    seed_backend_streams(seed)
    drawing = [cell for each in found for _, cell in cells(each.layer, each.path)]
    drawing += [each.layer for each in between]
    for each, own in zip(drawing, np.random.SeedSequence(seed).spawn(len(drawing)), strict=True):
        generator = generator_of(each)
        if generator is not None:
            generator.state.assign([int(own.generate_state(1)[0] >> 1), 0])


# ---------------------------------------------------------------- passes


def _passes(
    model: Model, inputs: Any, passes: int, dropping: Dropping, *, alike: bool
) -> NDArray[np.float32]:
    """All passes, several in each call; shape (passes, samples, ...)."""
    samples = len(keras.tree.flatten(inputs)[0])
    shapes = [each.shape for each in keras.tree.flatten(inputs)]
    rows = rows_of_call(shapes, [each.shape for each in model.weights])
    size = min(samples, rows)
    together = 1 if dropping.one_for_all else max(1, rows // size)
    done = []
    for first in range(0, passes, together):
        count = min(together, passes - first)
        begun = dropping.states()
        parts = []
        for start in range(0, samples, size):
            interrupts.safe_point()  # between two calls the model can be put back
            if alike:
                # Each part of the samples meets the masks of the first.
                dropping.go_back_to(begun)
            part = slice(start, start + size)
            parts.append(_together(model, inputs, part, count, dropping, alike=alike))
        done.append(np.concatenate(parts, axis=1))
    return np.concatenate(done)


def _predicted(model: Model, inputs: Any) -> NDArray[np.float32]:
    """What the model says as it stands; refuses inputs that it does not take."""
    try:
        return _numbers(model(inputs, training=False))
    except DropvizError:
        raise
    except Exception as error:
        raise DropvizError(
            f"{model.name!r} cannot be called on x: {one_line(error)}. Expected what "
            f"{model.name}(x) takes."
        ) from error


def _together(
    model: Model, inputs: Any, part: slice, count: int, dropping: Dropping, *, alike: bool
) -> NDArray[np.float32]:
    """Several passes over some samples in one call, one pass after the other in its rows."""
    chosen = keras.tree.map_structure(lambda each: each[part], inputs)
    size = len(keras.tree.flatten(chosen)[0])
    rows = keras.tree.map_structure(lambda each: keras.ops.concatenate([each] * count), chosen)
    shared = np.repeat(np.arange(count), size) if alike else None
    with dropping.on(shared):
        outputs = _numbers(model(rows, training=False))
    if dropping.strange:
        raise DropvizError(
            f'masks="pass" needs layers whose first axis is that of the samples. '
            f"Received: {', '.join(dropping.strange)}, where it is another. Take "
            'masks="sample".'
        )
    return outputs.reshape(count, size, *outputs.shape[1:])


def _numbers(outputs: Any) -> NDArray[np.float32]:
    parts = keras.tree.flatten(outputs)
    if len(parts) > 1:
        raise DropvizError(
            f"mc takes models with one output. Received: {len(parts)}. Make a keras.Model of the "
            "one that matters."
        )
    array: NDArray[np.float32] = keras.ops.convert_to_numpy(keras.ops.cast(parts[0], "float32"))
    return array


# ---------------------------------------------------------------- what cannot vary


def _remarks(
    model: Model, found: list[Found], between: list[Found], steps: Mapping[str, int]
) -> Iterator[str]:
    sites = {each.path: _sites(each) for each in found}
    if not any(sites.values()) and not any(each.layer.rate for each in between):
        where = "no layer" if found or between else "no recurrent and no Dropout layer"
        yield (
            f"There is {where} in {model.name} with a rate above 0 that dropviz knows of, so that "
            "no mask was turned on."
        )
    alone = [path for path, its in sites.items() if its == {"recurrent"} and steps.get(path) == 1]
    if alone:
        yield (
            f"{', '.join(alone)} drops by recurrent_dropout alone, and with one time step the "
            "state that its masks multiply is zero: they cannot act."
        )
    noisy = [each.name for each in layer_and_sublayers(model) if makes_noise(each)]
    if noisy:
        yield f"Left off, as no mask of theirs is known: {', '.join(noisy)}."


def _sites(found: Found) -> set[str]:
    """Where a layer drops something."""
    every = [setting(cell).rules for _, cell in cells(found.layer, found.path)]
    return {rule.site for rules in every for rule in rules if rule.rate}
