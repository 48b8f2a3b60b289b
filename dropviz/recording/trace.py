"""Opens one forward pass of a real layer, and checks it against the oracle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from dropviz.core import oracle
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Array, Masks
from dropviz.core.trace_result import TOLERANCES, Proof, Trace
from dropviz.errors import DropvizError, is_known, unknown_name
from dropviz.keras_inside import interrupts
from dropviz.keras_inside.cell_masks import forget_masks
from dropviz.keras_inside.inner_loop import class_inner_loop, looking, replaced_inner_loop
from dropviz.keras_inside.require_layer import require_layer
from dropviz.recording.check_inputs import checked_inputs
from dropviz.recording.find_layers import (
    Found,
    cells,
    has_foreign_code,
    kind,
    recurrent_layers,
    setting,
)
from dropviz.recording.log_rows import (
    CARRIED,
    COLUMNS,
    DROPOUT,
    RECURRENT,
    SAMPLES,
    SIZE,
    STEPS,
    Held,
    rate_bits,
)
from dropviz.recording.mask_layout import Layout, rates_of, read_masks
from dropviz.recording.readback import Facts, layer_recording
from dropviz.recording.undisturbed import undisturbed

Layer = Any
Model = Any

_PROVED = 32, 100  # sequences and steps that a proof takes at the most
# Times what a turned last digit of the weights makes, and never what a wrong mask makes.
_ROUNDING, _MOST = 8, 1e-3


def trace(model: Model, x: Any, *, training: bool = True, layer: str | None = None) -> Trace:
    """Runs a model once and opens the pass of one of its recurrent layers.

    The model is as it was afterwards: same weights, states, metrics and random stream.
    Gates and states are worked out by ``dropviz.core.oracle`` from the layer's weights, inputs and
    recorded masks (Hochreiter & Schmidhuber 1997; Cho et al. 2014); ``error`` says how far that is
    from the layer itself.

    Args:
        model: A built Keras model, or an LSTM or GRU layer by itself.
        x: Inputs of the model, finite; for a layer of shape (samples, steps, features).
        training: Whether dropout is on.
        layer: The layer's name, a path for a nested one; not needed where one alone can be opened.

    Returns:
        The trace; of a layer that is called several times, that of its last call.

    Raises:
        UnknownNameError: If there is no recurrent layer of the name.
        DropvizError: If there is no LSTM or GRU, there are several and none is named, or the model
            runs without a call of it; the inputs or weights are not finite or of the wrong shape;
            the inputs are empty; the model is not built; or the layer's masks cannot be read.
    """
    found = _chosen(model, layer)
    inputs = checked_inputs(model, x)
    with (
        interrupts.minded(),
        undisturbed(model),
        _unrecorded(model),
        _listening(found.layer) as calls,
    ):
        model(inputs, training=training)
    if not calls:
        raise DropvizError(f"{model.name!r} ran without a call of its layer {found.path!r}.")
    return _opened(found, calls[-1])


def prove(layers: Mapping[str, Layer], recording: Mapping[str, LayerRecording]) -> dict[str, Proof]:
    """Checks recorded LSTM and GRU layers against the oracle.

    Args:
        layers: The layers by the names that they have in the recording.
        recording: What was recorded of them.

    Returns:
        A proof for each layer that can be proved, on normal random inputs of as many
        steps as it was recorded with, 100 at the most.
    """
    proofs = {}
    for path, layer in layers.items():
        recorded: Mapping[str, Masks] = recording.get(path) or {}
        masks = next(iter(recorded.values()), None)
        if masks is None or not masks.time_steps or _unable(layer):
            continue
        samples = masks.batch_sizes[-1]
        steps = masks.time_steps
        if not layer.stateful:
            samples, steps = min(samples, _PROVED[0]), min(steps, _PROVED[1])
        shape = samples, steps, int(layer.cell.kernel.shape[0])
        x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        # Weights that are not finite prove nothing, and the curves say so; nor do masks that
        # could not be read, and the recording says so; nor does a layer of one's own that
        # takes other inputs than Keras's, whatever it raises.
        foreign = has_foreign_code(layer, layer.cell)
        with suppress(Exception if foreign else DropvizError):
            proofs[path] = trace(layer, x).proof
    return proofs


def _unable(layer: Layer) -> str:
    cell = layer.cell
    # A cell of one's own may compute something else; then the error says so.
    if not isinstance(cell, (keras.layers.LSTMCell, keras.layers.GRUCell)):
        return (
            f"{layer.name!r} is no LSTM or GRU, which is what a trace opens. Received a layer "
            f"whose cell is {type(cell).__name__}."
        )
    if not cell.built:
        return f"{layer.name!r} is not built yet. Call it once on data, or give it an Input."
    return ""


def _chosen(model: Model, name: str | None) -> Found:
    require_layer(model, "traced")
    every = {found.path: found for found in recurrent_layers(model)}
    able = {path: found for path, found in every.items() if not _unable(found.layer)}
    if name is not None:
        if not is_known(name, every):
            raise unknown_name("recurrent layer", name, every)
        able = {name: every[name]}
    if not every:
        raise DropvizError(f"{model.name!r} has no recurrent layer to trace. Expected an LSTM.")
    if len(able) > 1:
        raise DropvizError(
            f"{model.name!r} has {len(able)} layers that can be traced. Name one: "
            f"layer={next(iter(able))!r}. Known: {', '.join(able)}."
        )
    found = next(iter((able or every).values()))
    reason = _unable(found.layer)
    if reason:
        raise DropvizError(reason)
    return found


@dataclass(frozen=True)
class _Call:
    """What went into a layer's steps, and what came out."""

    sequences: Array
    states: list[Array]
    keep: Array | None
    training: bool
    layout: Layout
    masks: list[Array]
    last: Array
    outputs: Array


@contextmanager
def _unrecorded(model: Model) -> Iterator[None]:
    """Calls the layers of a model, inside the block, past any recorder's hooks."""
    with looking(), ExitStack() as stack:
        for found in recurrent_layers(model):
            for _, cell in cells(found.layer, found.path):
                # Keras forgets them only after a call that went well.
                stack.callback(forget_masks, cell)
        yield


@contextmanager
def _listening(layer: Layer) -> Iterator[list[_Call]]:
    """Notes the calls of a layer's loop inside the block."""
    calls: list[_Call] = []

    def inner_loop(
        sequences: Any,
        initial_state: Any,
        mask: Any,
        training: bool = False,  # noqa: FBT001, FBT002 (Keras's own signature)
    ) -> Any:
        layout, masks = read_masks(layer.cell, sequences.shape[0])
        out = class_inner_loop(layer)(
            sequences=sequences, initial_state=initial_state, mask=mask, training=training
        )
        keep = [] if mask is None else keras.tree.flatten(mask)
        calls.append(
            _Call(
                _array(sequences),
                [_array(each) for each in keras.tree.flatten(initial_state)],
                np.asarray(keep[0], bool) if keep else None,
                training,
                layout,
                [_array(each) for each in masks],
                _array(out[0]),
                _array(out[1]),
            )
        )
        return out

    with replaced_inner_loop(layer, inner_loop):
        yield calls


def variable_values(variable: Any) -> Array:
    """A variable's values in their own type; Keras's ``numpy`` warns where it is not TensorFlow."""
    on_tensorflow = keras.config.backend() == "tensorflow"
    values: Array = (
        variable.numpy() if on_tensorflow else keras.ops.convert_to_numpy(variable.value)
    )
    return values


def _array(value: Any) -> Array:
    wide = "float64" if keras.backend.standardize_dtype(value.dtype) == "float64" else "float32"
    array: Array = keras.ops.convert_to_numpy(keras.ops.cast(value, wide))
    return array


def _opened(found: Found, call: _Call) -> Trace:
    cell = found.layer.cell
    order = slice(None, None, -1 if found.layer.go_backwards else 1)
    x = call.sequences[:, order]
    keep = None if call.keep is None else call.keep.reshape(x.shape[:2])[:, order]
    masks = _masks(found, call)
    for site in call.layout.sites:
        if call.training and site.unread:
            raise DropvizError(f"{found.path!r} cannot be opened: {site.reason}")
    every = [cell.kernel, cell.recurrent_kernel, *([] if cell.bias is None else [cell.bias])]
    options: dict[str, Any] = {
        name: _activation(cell, name) for name in ("activation", "recurrent_activation")
    }
    options |= {"keep": keep, "zero_skipped": bool(found.layer.zero_output_for_mask)}
    acting = (
        {site: each.values[0] for site, each in masks.items() if not each.reason}
        if call.training
        else _at_inference(cell)
    )
    weights = [variable_values(each) for each in every]
    run: Callable[..., oracle.Pass] = oracle.lstm
    options |= dict(zip(("h", "c"), call.states, strict=False))
    if kind(cell)[0] == "GRU":
        run, options["reset_after"] = oracle.gru, bool(cell.reset_after)
    done = run(weights, x, acting, **options)
    shaken = run(_shaken(weights, str(cell.compute_dtype)), x, acting, **options)
    return Trace(
        layer=found.path,
        x=x,
        masks=masks,
        gates=done.gates,
        h=done.h,
        c=done.c,
        outputs=done.outputs,
        proof=_proof(done, shaken, call, str(cell.compute_dtype), masked=_masked(call, masks)),
    )


def _masks(found: Found, call: _Call) -> LayerRecording:
    samples, steps = call.sequences.shape[:2]
    block = np.concatenate([np.zeros(0, np.float32), *(each.ravel() for each in call.masks)])
    carried = int(bool(call.states[0].any()))
    # A trace runs eagerly, so that its rates are numbers.
    rates = rate_bits(rates_of(found.layer.cell))
    row = np.zeros((1, COLUMNS), np.int64)
    row[0, [SIZE, SAMPLES, STEPS, CARRIED]] = block.size, samples, steps, carried
    row[0, [DROPOUT, RECURRENT]] = rates
    held = Held(calls=1, batches=1, looks=0, log=row, blocks=(block,), rows=(0,))
    facts = replace(Facts.of(found.path, 0, found.layer.cell), layouts=(call.layout,))
    return layer_recording(facts, held, None)


def _masked(call: _Call, masks: LayerRecording) -> bool:
    return call.training and any(not each.reason for each in masks.values())


def _at_inference(cell: Any) -> dict[str, Array]:
    rules = setting(cell).rules
    return {r.site: np.full((1, 1, 1, 1), r.at_inference) for r in rules if r.at_inference != 1}


def _activation(cell: Any, name: str) -> oracle.Activation:
    function = getattr(cell, name)
    known = oracle.ACTIVATIONS.get(getattr(function, "__name__", ""))
    # One that is not in the table is the layer's own: the masks are what is to be proved.
    return known or (lambda a: _array(function(keras.ops.convert_to_tensor(a))).astype(np.float64))


def _shaken(weights: list[Array], dtype: str) -> list[Array]:
    """Weights as far from the given ones as rounding to single precision may take them."""
    signs, last = np.random.default_rng(0), 2.0**-23 if dtype == "float32" else 0.0
    return [w * (1 + last * signs.choice([-1.0, 1.0], w.shape)) for w in weights]


def _proof(
    done: oracle.Pass, shaken: oracle.Pass, call: _Call, dtype: str, *, masked: bool
) -> Proof:
    whole = call.outputs.shape == done.outputs.shape
    theirs, ours = (call.outputs, done.outputs) if whole else (call.last, done.outputs[:, -1])
    error = float(np.max(np.abs(theirs - ours)))
    size = max(1.0, float(np.max(np.abs(done.outputs))))
    # A memory that grows (Moon's, scaled in training) makes more of the same rounding.
    rounding = _ROUNDING * float(np.max(np.abs(shaken.outputs - done.outputs)))
    tolerance = max(TOLERANCES[dtype] * size, min(rounding, _MOST))
    samples, steps = call.sequences.shape[:2]
    return Proof(error, tolerance, samples, steps, masked)
