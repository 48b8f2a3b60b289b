"""The black-box experiment: which method is this layer?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import keras

from dropviz.core.checks import check_whole
from dropviz.core.nearest_method import nearest
from dropviz.core.number_forms import MOST_SEED
from dropviz.core.verdict import SiteVerdict, Verdict, Verdicts
from dropviz.errors import DropvizError
from dropviz.experiment.experiment import find_all_masks
from dropviz.experiment.harness import looks_recurrent, mounted
from dropviz.experiment.observe import Observer
from dropviz.experiment.site_verdict import site_verdict
from dropviz.experiment.temporary_build import built_for_now
from dropviz.keras_inside.sublayers import direct_sublayers

Layer = Any


def explain(layer: Layer, *, seed: int = 0) -> Verdict | Verdicts:
    """Finds out by experiment where a layer drops, how, and which method that is.

    Neither source nor class nor configuration is read: the layer is run some hundred
    times with weights and inputs under which a mask at each possible place shows in the
    outputs. It comes back with its weights, states and random stream as they were.

    Args:
        layer: A layer with Keras's call signature and the weights of an LSTM or a GRU;
            or a model or wrapper (``Bidirectional``) that holds such layers. A layer that
            is not built is built for the experiment, and is not afterwards.
        seed: Where the layer's random streams begin for the experiment; the same seed
            gives the same verdict.

    Returns:
        The verdict; ``Verdicts`` by name where the model holds several such layers.

    Raises:
        DropvizError: If there is no layer with LSTM or GRU weights, the weights are not
            finite, or it cannot be called as Keras calls its own.
    """
    seed = check_whole("seed", seed, 0, MOST_SEED)
    with built_for_now(layer):
        found = find_recurrent(layer)
        verdicts = {path: run_experiment(path, each, seed) for path, each in found.items()}
    return Verdicts(verdicts) if len(verdicts) > 1 else next(iter(verdicts.values()))


def find_recurrent(root: Layer) -> dict[str, Layer]:
    """Finds the layers that look like an LSTM or a GRU.

    Args:
        root: A built layer or model.

    Returns:
        The layers by path.

    Raises:
        DropvizError: If there is none.
    """
    found = dict(_walk(root, ""))
    if not found:
        came = ", ".join(str(tuple(w.shape)) for w in root.weights) or "no weights"
        raise DropvizError(
            f"{root.name!r} has no LSTM or GRU weights. Expected (features, n), (units, n) and "
            f"(n,), with n 4 or 3 times the units. Received: {came}."
        )
    return found


def _walk(layer: Layer, prefix: str) -> list[tuple[str, Layer]]:
    path = prefix + layer.name
    if looks_recurrent(layer) and not isinstance(layer, keras.Model):
        return [(path, layer)]
    inside: list[tuple[str, Layer]] = []
    for each in direct_sublayers(layer):
        inside += _walk(each, "" if isinstance(layer, keras.Model) else f"{path}/")
    return inside


def run_experiment(path: str, layer: Layer, seed: int) -> Verdict:
    """Runs the experiment on one layer.

    Args:
        path: The layer's name in the verdict.
        layer: A built layer with the weights of an LSTM or a GRU.
        seed: Where its random streams begin.

    Returns:
        The verdict.
    """
    began = time.perf_counter()
    with mounted(layer, seed) as harness:
        observer = Observer(harness)
        find_all_masks(observer)
    doubts = _word_doubts(observer)
    sites: dict[str, SiteVerdict] = {}
    active = False
    for place in observer.places.values():
        found = site_verdict(place, harness.gates, observer.slack, doubts)
        sites[found.site] = found
        active |= any(look.random for look in place.looks.values())
    method, same_as, differences = nearest(sites, active=active)
    return Verdict(
        layer=path,
        kind=harness.kind,
        sites=_in_order(sites),
        active_at_inference=active,
        method=method,
        same_as=same_as,
        differences=differences,
        doubts=tuple(doubts),
        seconds=time.perf_counter() - began,
        calls=harness.calls,
    )


def _word_doubts(observer: Observer) -> list[str]:
    gates = observer.harness.gates
    unheard = [f"{s}: whether the gate {gates[g]} sees masks." for s, g in observer.unheard]
    return [*(doubt.value for doubt in observer.doubts), *unheard]


def _in_order(sites: Mapping[str, SiteVerdict]) -> dict[str, SiteVerdict]:
    return dict(sorted(sites.items(), key=lambda item: item[0] != "input"))
