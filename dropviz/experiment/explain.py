"""The black-box experiment: which method is this layer?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dropviz.core.checks import check_whole
from dropviz.core.nearest_method import likeliest, nearest
from dropviz.core.number_forms import MOST_SEED
from dropviz.core.verdict import SiteVerdict, Verdict, Verdicts
from dropviz.errors import DropvizError
from dropviz.experiment.experiment import find_all_masks
from dropviz.experiment.find_explainable import find_explainable
from dropviz.experiment.harness import mounted
from dropviz.experiment.observations import Doubt
from dropviz.experiment.observe import Observer
from dropviz.experiment.site_verdict import site_verdict
from dropviz.experiment.temporary_build import built_for_now
from dropviz.keras_inside import interrupts
from dropviz.keras_inside.call_path import heard_call_paths

Layer = Any

_UNPLACED = (
    *(Doubt.RARE, Doubt.ELSEWHERE, Doubt.NO_BIAS_CANDIDATE, Doubt.SEVERAL_STORED, Doubt.GATE),
    *(Doubt.NOISE_INSIDE, Doubt.MORE, Doubt.UNITS, Doubt.ODD, Doubt.CALLS),
)


def explain(layer: Layer, *, seed: int = 0) -> Verdict | Verdicts:
    """Finds out by experiment where a layer drops, how, and which method that is.

    Neither source nor class nor configuration is read: the layer is run some hundred
    times with weights and inputs under which a mask at each possible place shows in the
    outputs. It comes back with its weights, states and random stream as they were. Each layer has
    10 s, though 400 runs in any case; what is not told by then is among the doubts.

    Args:
        layer: A layer with Keras's call signature and the weights of an LSTM or a GRU;
            a cell of one; or a model or wrapper (``Bidirectional``, ``TimeDistributed``) that
            holds such layers. A layer that is not built is built for the experiment, and is
            not afterwards; a model must be built.
        seed: Where the layer's random streams begin for the experiment, 0 to 2**32 - 1; the same
            seed gives the same verdict, as long as the time is enough.

    Returns:
        The verdict; ``Verdicts`` by name where the model holds several recurrent layers, with
        the reason for each that cannot be explained.

    Raises:
        DropvizError: If the seed is out of range, or no layer can be explained: ``layer`` is none
            of Keras 3, cannot be built here, or has no LSTM or GRU weights; its weights are not
            finite; it cannot be called as Keras calls its own, or not in training; its
            activations are other than sigmoid and tanh; it is a GRU without a bias, or computes
            in bfloat16; or the time is over before every place was looked at.
        KeyboardInterrupt: If it is interrupted; the layer is as it was then, too.
    """
    seed = check_whole("seed", seed, 0, MOST_SEED)
    with interrupts.minded(), built_for_now(layer):
        tried = explain_each(layer, seed)
    if len(tried.verdicts) + len(tried.refused) > 1:
        return Verdicts(tried.verdicts, tried.refused)
    return next(iter(tried.verdicts.values()))


@dataclass(frozen=True)
class Explained:
    """What was tried on the layers of a model.

    Attributes:
        layers: The layers that have a verdict, by path.
        verdicts: Their verdicts, by path.
        refused: By path, why other recurrent layers have none.
    """

    layers: dict[str, Layer]
    verdicts: dict[str, Verdict]
    refused: dict[str, str]


def explain_each(root: Layer, seed: int) -> Explained:
    """Explains each recurrent layer of a built layer or model by itself.

    Args:
        root: The layer or model.
        seed: As for ``explain``.

    Returns:
        What was found; at least one verdict.

    Raises:
        DropvizError: If none can be explained.
    """
    found, refused = find_explainable(root)
    verdicts: dict[str, Verdict] = {}
    for path, layer in found.items():
        try:
            verdicts[path] = run_experiment(path, layer, seed)
        except DropvizError as error:
            refused[path] = str(error)
    if not verdicts:
        reasons = list(refused.values())
        raise DropvizError(
            reasons[0]
            if len(reasons) == 1
            else f"No layer of {root.name!r} can be explained. {' '.join(reasons)}"
        )
    return Explained({path: found[path] for path in verdicts}, verdicts, refused)


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
    with mounted(layer, seed) as harness, heard_call_paths(layer) as paths:
        observer = Observer(harness)
        find_all_masks(observer)
    verdict = verdict_of(observer, path)
    return replace(
        verdict,
        seconds=time.perf_counter() - began,
        paths=("loop",) if harness.unrolled else tuple(paths),
    )


def verdict_of(observer: Observer, path: str) -> Verdict:
    """Judges what was found in a layer.

    Args:
        observer: It was told all that was found.
        path: The layer's name in the verdict.

    Returns:
        The verdict, without its time and without paths.
    """
    harness = observer.harness
    doubts = _word_doubts(observer)
    sites: dict[str, SiteVerdict] = {}
    active = False
    for place in observer.places.values():
        found = site_verdict(place, harness.gates, observer.slack, doubts)
        if harness.alone:
            found = replace(found, same_over_samples=None)
        sites[found.site] = found
        active |= any(look.random for look in place.looks.values())
    sites = likeliest(sites, active=active)
    method, same_as, differences = nearest(sites, active=active)
    unplaced = any(doubt in _UNPLACED for doubt in observer.doubts)
    return Verdict(
        layer=path,
        kind=harness.kind,
        sites=_in_order(sites),
        # What was not placed was not listened to at inference.
        active_at_inference=active or (None if unplaced else False),
        method=method,
        same_as=same_as,
        differences=differences,
        doubts=tuple(doubts),
        seconds=0.0,
        calls=harness.calls,
        unplaced=unplaced,
    )


def _word_doubts(observer: Observer) -> list[str]:
    gates = observer.harness.gates
    unheard = [f"{s}: whether the gate {gates[g]} sees masks." for s, g in observer.unheard]
    return [*(doubt.value for doubt in observer.doubts), *unheard]


def _in_order(sites: Mapping[str, SiteVerdict]) -> dict[str, SiteVerdict]:
    return dict(sorted(sites.items(), key=lambda item: item[0] != "input"))
