"""One layer's recording as plain data and arrays for a file, and back with every check."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dropviz.core.draw_log import DrawLog, MaskPlan
from dropviz.core.file_fields import (
    SIZE,
    fields,
    flag,
    maybe,
    number,
    one_of,
    rate,
    refused,
    several,
    text,
    whole,
)
from dropviz.core.gates import GATES
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Array, Masks
from dropviz.core.method_options import OPTIONS, RATES
from dropviz.core.methods import METHODS
from dropviz.core.setting import Setting
from dropviz.core.sites import MASKABLE, SITES
from dropviz.core.trace_result import TOLERANCES
from dropviz.errors import DropvizError, received

Arrays = Mapping[str, NDArray[Any]]

SETTING = {
    "method": one_of(METHODS),
    **dict.fromkeys(RATES, rate),
    **{
        name: maybe(one_of(option.choices) if option.choices else rate)
        for name, option in OPTIONS.items()
    },
}
# Pictures look at each step of a layer, whether its masks differ there or not.
_MOST_STEPS = 2**20
# What all sites of a layer have in common, for they were kept of the same calls.
_CALLS = {
    "gates": several(text),
    "time_steps": whole(0, _MOST_STEPS),
    "batch_sizes": several(SIZE),
    "batches": several(whole()),
    "calls": several(whole()),
}
_SITE = fields(site=one_of((*MASKABLE, "between")), rate=number(), reason=text, **_CALLS)
_PLAN = {
    "site": one_of(MASKABLE),
    "gates": SIZE,
    "units": SIZE,
    "rate": rate,
    **dict.fromkeys(("by_step", "by_sample", "inverted"), flag),
}
_LAYER = fields(
    layer=text,
    kind=text,
    units=whole(),
    batches=whole(),
    calls=whole(),
    note=text,
    follows=text,
    feeds=text,
    drawn_only=flag,
    stateful=flag,
    setting=fields(**SETTING),
    sites=several(_SITE),
    draws=maybe(fields(plan=several(fields(**_PLAN), 1), dtype=one_of(TOLERANCES))),
)
_PLAIN = (
    *("layer", "kind", "units", "batches", "calls", "note", "follows", "feeds"),
    *("drawn_only", "stateful"),
)
# What files of before do not say.
_LATER = {"stateful": False}
# The arrays of a ``DrawLog``, each with the smallest number that it may hold.
_LOGGED: Mapping[str, int | None] = {
    "batches": 0,
    "calls": 0,
    "states": None,
    "samples": 1,
    "steps": 1,
}


def array_names(number: int, entry: Mapping[str, Any]) -> list[str]:
    """Names the arrays that belong to a layer.

    Args:
        number: The layer's place in the file.
        entry: Its plain data, with every check behind them.
    """
    draws = [f"draws/{number}/{name}" for name in _LOGGED] if entry["draws"] else []
    return [*(f"masks/{number}/{site['site']}" for site in entry["sites"]), *draws]


def pack_layer(number: int, layer: LayerRecording) -> tuple[dict[str, Any], dict[str, Any]]:
    """Splits the recording of a layer into plain data and arrays.

    Args:
        number: The layer's place in the file.
        layer: The recording.

    Returns:
        The plain data, and the arrays by the names that ``array_names`` gives.
    """
    arrays: dict[str, Any] = {}
    sites = []
    for site, masks in layer.items():
        if (masks.site, masks.layer) != (site, layer.layer):
            raise refused(
                "masks", f"those of {received((layer.layer, site))}", (masks.layer, masks.site)
            )
        arrays[f"masks/{number}/{site}"] = masks.values
        names = ("site", "rate", "reason", *_CALLS)
        sites.append({name: getattr(masks, name) for name in names})
    draws = None
    if layer.draw_log is not None:
        for name in _LOGGED:
            arrays[f"draws/{number}/{name}"] = getattr(layer.draw_log, name)
        plan = [{name: getattr(each, name) for name in _PLAN} for each in layer.draw_log.plan]
        draws = {"plan": plan, "dtype": layer.draw_log.dtype}
    entry = {name: getattr(layer, name) for name in _PLAIN}
    entry |= {"setting": asdict(layer.setting), "sites": sites, "draws": draws}
    return entry, arrays


def checked_layer(number: int, entry: object) -> dict[str, Any]:
    """Checks the plain data of a layer by themselves.

    Args:
        number: The layer's place in the file.
        entry: What came.

    Returns:
        The data, lists as tuples.

    Raises:
        DropvizError: If a field is missing, unknown, of another type or out of range.
    """
    whole = {**_LATER, **entry} if isinstance(entry, dict) else entry
    found: dict[str, Any] = _LAYER(f"layer {number}", whole)
    return found


def unpack_layer(number: int, entry: Mapping[str, Any], arrays: Arrays) -> LayerRecording:
    """Puts together what ``pack_layer`` split.

    Args:
        number: The layer's place in the file.
        entry: Its plain data, from ``checked_layer``.
        arrays: All arrays of the file.

    Returns:
        The recording.

    Raises:
        DropvizError: If an array is of another type or shape, or parts contradict each other.
    """
    name = entry["layer"]
    sites = {}
    for site in entry["sites"]:
        sites[site["site"]] = Masks(
            layer=name, values=arrays[f"masks/{number}/{site['site']}"], **site
        )
    if len(sites) != len(entry["sites"]):
        raise refused(f"the sites of {received(name)}", "each there once", [*sites, "and again"])
    draws = None
    if entry["draws"]:
        draws = DrawLog(
            **{log: arrays[f"draws/{number}/{log}"] for log in _LOGGED},
            plan=tuple(MaskPlan(**plan) for plan in entry["draws"]["plan"]),
            dtype=entry["draws"]["dtype"],
        )
    plain = {key: entry[key] for key in _PLAIN}
    layer = LayerRecording(
        **plain, masks=sites, draw_log=draws, setting=Setting(**entry["setting"])
    )
    _check_sites(layer)
    for masks in layer.values():
        _check_values(masks)
    if draws is not None:
        _check_draws(layer, draws)
    return layer


def _agree(what: str, expected: object, came: object) -> None:
    if expected != came:
        raise refused(what, received(expected), came)


def _check_sites(layer: LayerRecording) -> None:
    """Checks what the sites of a layer must have in common."""
    allowed = {rule.site for rule in layer.setting.rules} if layer.is_recurrent else {"between"}
    first = next(iter(layer.values()), None)
    for masks in layer.values():
        what = f"of {received(layer.layer)}, {masks.site},"
        if masks.site not in allowed:
            known = ", ".join(sorted(allowed))
            raise refused(f"a site {what}", f"one of {layer.setting.method}: {known}", masks.site)
        if masks.gates:
            _agree(f"gates {what}", GATES.get(layer.kind, ()), masks.gates)
        for name in _CALLS:
            _agree(f"{name} {what}", getattr(first, name), getattr(masks, name))
        _agree(f"the count of batch_sizes {what}", len(masks.batches), len(masks.batch_sizes))
        if masks.calls:
            _agree(f"the count of calls {what}", len(masks.batches), len(masks.calls))
        if max(masks.batches, default=-1) >= layer.batches:
            raise refused(f"batches {what}", f"below {layer.batches}", max(masks.batches))
        if bool(masks.time_steps) != bool(masks.batches):
            raise refused(f"time_steps {what}", "above 0 where batches are kept", masks.time_steps)


def _check_values(masks: Masks) -> None:
    """Checks that an array of masks is of the shape that its facts say, and padded so."""
    what, values = f"of {received(masks.layer)}, {masks.site},", masks.values
    _check_floats(f"masks {what}", values)
    kept, steps, gates, samples, units = values.shape
    most = max(masks.batch_sizes, default=0)
    _agree(f"the batches in the masks {what}", len(masks.batches), kept)
    for axis, shared, count in (("steps", steps, masks.time_steps), ("samples", samples, most)):
        if shared not in {1, count}:
            raise refused(f"the {axis} in the masks {what}", f"1 or {count}", shared)
    if not gates or (gates > 1 and masks.gates and gates != len(masks.gates)):
        raise refused(f"the gates in the masks {what}", f"1 or {len(masks.gates)}", gates)
    if not units or (SITES[masks.site].matrix and math.isqrt(units) ** 2 != units):
        raise refused(f"the entries of the masks {what}", "1 or more, of a matrix a square", units)
    there = ~np.isnan(values)
    # Ones that say that nothing multiplied have no padding.
    if not (masks.reason and there.all()) and not np.array_equal(there, _inside(masks, there)):
        raise refused(f"the masks {what}", "numbers in each batch and NaN beyond it", "others")
    if (values < 0).any():
        raise refused(f"the masks {what}", "0 or above", float(np.nanmin(values)))
    if not 0 <= masks.rate <= 1 and (not masks.reason or (values == 0).any()):
        raise refused(f"rate {what}", "from 0 to 1 where something is dropped", masks.rate)


def _check_floats(name: str, values: Array) -> None:
    if values.ndim != 5 or values.dtype.kind != "f" or values.dtype.itemsize not in {4, 8}:  # noqa: PLR2004
        came = f"{values.dtype} of {values.ndim} axes"
        raise refused(name, "float32 or float64 of 5 axes", came)


def _inside(masks: Masks, there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which entries a batch has, by its samples and by the steps of its first entry."""
    if not there.size:
        return there
    _, steps, _, samples, _ = there.shape
    lengths = np.maximum(there[:, :, 0, 0, 0].sum(axis=1), 1)
    in_steps = np.arange(steps) < lengths[:, None]
    in_samples = np.arange(samples) < np.array(masks.batch_sizes)[:, None]
    inside = in_steps[:, :, None, None, None] & in_samples[:, None, None, :, None]
    return np.broadcast_to(inside, there.shape)


def _check_draws(layer: LayerRecording, draws: DrawLog) -> None:
    what = f"of the draws of {received(layer.layer)}"
    calls = len(draws.batches) if draws.batches.ndim else 0
    for name, low in _LOGGED.items():
        values = getattr(draws, name)
        shape = (calls, 2) if name == "states" else (calls,)
        if values.dtype != np.int64 or values.shape != shape or not calls:
            came = f"{values.dtype} of shape {values.shape}"
            raise refused(f"{name} {what}", f"int64 of shape {shape}, not empty", came)
        if low is not None and values.min() < low:
            raise refused(f"{name} {what}", f"from {low}", int(values.min()))
    if (np.diff(draws.batches) < 0).any() or draws.batches[-1] >= layer.batches:
        raise refused(f"batches {what}", f"in order, below {layer.batches}", "others")
    _check_plan(what, layer, draws.plan)
    _check_kept(what, layer, draws)


def _check_plan(what: str, layer: LayerRecording, plan: tuple[MaskPlan, ...]) -> None:
    _agree(f"the sites {what}", len({each.site for each in plan}), len(plan))
    for each in plan:
        if each.site not in layer:
            raise refused(f"a site {what}", f"one of {', '.join(layer)}", each.site)
        masks = layer[each.site]
        _, steps, gates, samples, units = masks.shape
        planned = each.rate, each.gates, each.units
        _agree(f"rate, gates and units {what}", (masks.rate, gates, units), planned)
        if (steps > 1 and not each.by_step) or (samples > 1 and not each.by_sample):
            raise DropvizError(f"The masks {what} are shared, and those kept are not.")


def _check_kept(what: str, layer: LayerRecording, draws: DrawLog) -> None:
    """Checks that the draws and the kept masks say the same of the calls that both know."""
    masks = next(iter(layer.values()))
    sizes = dict(zip(masks.kept, masks.batch_sizes, strict=True))
    logged = (draws.batches, draws.calls, draws.samples, draws.steps)
    for batch, call, samples, steps in zip(*(each.tolist() for each in logged), strict=True):
        kept = sizes.get((batch, call))
        if kept is not None and (kept != samples or steps > masks.time_steps):
            expected = f"{kept} and up to {masks.time_steps}, as kept of batch {batch},"
            raise refused(f"samples and steps {what}", expected, (samples, steps))
