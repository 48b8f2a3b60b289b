"""A run as plain data and arrays for a file, and back with every check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from dropviz.core import recording, result_files
from dropviz.core.curves import Curves, Trained
from dropviz.core.file_fields import (
    SIZE,
    by_name,
    distance,
    fields,
    flag,
    maybe,
    number,
    one_of,
    plain,
    rate,
    refused,
    several,
    text,
    whole,
)
from dropviz.core.layer_file import SETTING
from dropviz.core.method_options import RATES
from dropviz.core.number_forms import MOST_SEED
from dropviz.core.spec import RunSpec
from dropviz.core.trace_result import Proof
from dropviz.core.training_result import Ended
from dropviz.errors import received

if TYPE_CHECKING:
    from dropviz.core.runs import Run

Status = Literal[Ended, "stopped"]

# What a file holds that is a recording and no run.
ALONE = fields(recording=lambda _, header: header)
_CHANGE = fields(batch=whole(), **dict.fromkeys(RATES, rate), frozen=flag)
_SPEC = fields(
    **SETTING,
    task=text,
    units=SIZE,
    epochs=SIZE,
    seed=whole(0, MOST_SEED),
    schedule=several(_CHANGE),
)
_PROOF = fields(error=distance, tolerance=distance, samples=SIZE, steps=SIZE, training=flag)
_MODEL = fields(name=text, layers=several(text), curves=several(text))
_RUN = fields(
    spec=maybe(_SPEC),
    curves=several(text),
    recording=lambda _, header: header,
    status=one_of(get_args(Status)),
    seconds=number(0),
    code=text,
    reason=text,
    proof=by_name(_PROOF),
    models=several(_MODEL),
    name=text,
)
_PLAIN = ("status", "seconds", "code", "reason", "name")


def pack_run(run: Run) -> tuple[dict[str, Any], result_files.Arrays]:
    """Splits a run into plain data and arrays.

    Args:
        run: The run.

    Returns:
        The header, and the arrays under names that follow from it.
    """
    header, arrays = recording.pack(run.recording)
    every = [run.curves, *(each.curves for each in run.models)]
    numbers = {
        _array(at, name): np.array(values)
        for at, curves in enumerate(every)
        for name, values in curves.items()
    }
    proof = {
        layer: asdict(each) | {"error": plain(each.error), "tolerance": plain(each.tolerance)}
        for layer, each in run.proof.items()
    }
    found: dict[str, Any] = {
        "spec": run.spec and run.spec.to_dict(),
        "curves": list(run.curves),
        "recording": header,
        "proof": proof,
        "models": [
            {"name": each.name, "layers": each.layers, "curves": list(each.curves)}
            for each in run.models
        ],
    }
    return found | {name: getattr(run, name) for name in _PLAIN}, arrays | numbers


def unpack_run(header: object, arrays: result_files.Arrays) -> dict[str, Any]:
    """Puts together what ``pack_run`` split.

    Args:
        header: The header.
        arrays: All arrays of the file.

    Returns:
        The fields of a run.

    Raises:
        DropvizError: If a part is missing, too many, of another type or out of range, or
            parts contradict each other.
    """
    found = _RUN("the run", header)
    masks = dict(arrays)
    every = [found["curves"], *(each["curves"] for each in found["models"])]
    own, *of_models = [_curves(at, names, masks) for at, names in enumerate(every)]
    recorded = recording.unpack(found["recording"], masks)
    models = [
        Trained(each["name"], each["layers"], curves)
        for each, curves in zip(found["models"], of_models, strict=True)
    ]
    for name in (name for each in models for name in each.layers):
        if name not in recorded:
            raise refused("a layer of a model", "a recorded one", received(name))
    return {
        "spec": found["spec"] and RunSpec(**found["spec"]),
        "curves": own,
        "recording": recorded,
        "proof": {layer: Proof(**proof) for layer, proof in found["proof"].items()},
        "models": tuple(models),
        **{name: found[name] for name in _PLAIN},
    }


def _array(at: int, name: str) -> str:
    # A metric may be called anything; the name of a member ends at a NUL.
    return f"curve/{at}/{quote(text('a curve', name), safe='')}"


def _curves(at: int, names: Sequence[str], arrays: dict[str, NDArray[Any]]) -> Curves:
    """Takes curves out of the arrays."""
    return Curves({name: _points(name, arrays.pop(_array(at, name), None)) for name in names})


def _points(name: str, values: NDArray[Any] | None) -> list[float]:
    if values is None or values.dtype != np.float64 or values.ndim != 1:
        came = "none" if values is None else f"{values.dtype} of shape {values.shape}"
        raise refused(
            f"curve {received(name)}", "an array of float64, a number for each epoch", came
        )
    points: list[float] = values.tolist()
    return points
