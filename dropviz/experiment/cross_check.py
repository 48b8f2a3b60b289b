"""Three witnesses on one layer: the experiment, the recorder and the oracle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.trace_result import Proof
from dropviz.core.verdict import SiteVerdict, Verdict
from dropviz.errors import DropvizError
from dropviz.experiment.explain import explain_each, run_experiment
from dropviz.experiment.temporary_build import built_for_now
from dropviz.keras_inside import interrupts
from dropviz.recording.find_layers import has_foreign_code
from dropviz.recording.trace import trace

Layer = Any

_SHAPE = 8, 8  # sequences and steps of the pass that is recorded


@dataclass(frozen=True, eq=False)
class Witnesses:
    """What three independent ways say of one layer.

    Attributes:
        verdict: What the black-box experiment found.
        recorded: The masks that the recorder read in one pass; None where the layer
            keeps none that could be read.
        proof: How far the oracle is from the layer with those masks, or None.
        keras: The installed Keras's version.
    """

    verdict: Verdict
    recorded: LayerRecording | None
    proof: Proof | None
    keras: str

    @property
    def is_keras(self) -> bool:
        """Whether the layer does what ``keras.layers.LSTM`` does."""
        verdict = self.verdict
        known = "keras" in (verdict.method, *verdict.same_as)
        sure = not verdict.differences and not verdict.is_open
        return verdict.kind == "LSTM" and known and sure

    @property
    def disagreements(self) -> list[str]:
        """Where the recorder and the experiment contradict each other, in words."""
        if self.recorded is None:
            return []
        return list(_disagreements(self.verdict, self.recorded))


def hear_witnesses(layer: Layer, *, seed: int = 0) -> tuple[list[Witnesses], dict[str, str]]:
    """Hears the witnesses on each LSTM and GRU in a layer or model.

    Args:
        layer: As for ``explain``.
        seed: As for ``explain``.

    Returns:
        Their words, a layer each; and by path why other layers have none.
    """
    with interrupts.minded(), built_for_now(layer):
        tried = explain_each(layer, seed)
        heard = [
            Witnesses(verdict, *_recorded(tried.layers[path]), keras.__version__)
            for path, verdict in tried.verdicts.items()
        ]
    return heard, tried.refused


def _recorded(layer: Layer) -> tuple[LayerRecording | None, Proof | None]:
    if not isinstance(layer, keras.layers.RNN):
        return None, None
    samples, steps = _SHAPE
    states = keras.tree.flatten(layer.states or [])
    samples = int(states[0].shape[0]) if states else samples
    shape = samples, steps, int(layer.weights[0].shape[0])
    try:
        traced = trace(layer, np.random.default_rng(0).normal(size=shape).astype("float32"))
    except DropvizError:
        # A cell of one's own, which keeps no masks where they could be read.
        return None, None
    except Exception:
        # A layer of one's own may take other inputs than Keras's.
        if not has_foreign_code(layer, layer.cell):
            raise
        return None, None
    return traced.masks, traced.proof


def _disagreements(verdict: Verdict, recorded: LayerRecording) -> Iterator[str]:
    told = {site: masks for site, masks in recorded.items() if masks.entries and not masks.reason}
    open_ = {found.perhaps for found in verdict.sites.values()}
    unsure = {site for site, found in verdict.sites.items() if found.perhaps in told}
    for site in sorted((set(told) ^ set(verdict.sites)) - open_ - unsure):
        by, other = ("recorder", "experiment") if site in told else ("experiment", "recorder")
        yield f"the {by} sees masks at the site {site}, the {other} does not."
    for site, masks in told.items():
        if site in verdict.sites:
            yield from _at(verdict.sites[site], masks)


def _at(found: SiteVerdict, masks: Masks) -> Iterator[str]:
    lives = {True: "sequence", False: "step"}
    ties = {True: "tied", False: "untied"}
    pairs = (
        ("life", found.life, lives.get(masks.same_over_steps)),  # type: ignore[arg-type]
        ("tying", found.tying or None, ties.get(masks.same_over_gates)),  # type: ignore[arg-type]
        ("sharing by samples", found.same_over_samples, masks.same_over_samples),
    )
    for what, experiment, recorder in pairs:
        if None not in (experiment, recorder) and experiment != recorder:
            yield f"{masks.site}, {what}: {experiment} by experiment, {recorder} as recorded."


def plain() -> Layer:
    """A plain ``keras.layers.LSTM`` with both arguments, to ask the installed Keras."""
    return keras.layers.LSTM(16, dropout=0.5, recurrent_dropout=0.5, seed=1, name="lstm")


def measure_untying() -> list[str]:
    """Measures what raising ``recurrent_dropout`` from 0 to 0.01 does to the input masks.

    Returns:
        One line; none where the installed Keras ties them the same either way.
    """
    ties = []
    for rate in (0.0, 0.01):
        layer = keras.layers.LSTM(8, dropout=0.5, recurrent_dropout=rate, seed=1, name="lstm")
        with built_for_now(layer):
            ties.append(run_experiment(layer.name, layer, 0).sites["input"].tying)
    before, after = ties
    if before == after:
        return []
    line = (
        "Measured on keras.layers.LSTM(8, dropout=0.5): with recurrent_dropout=0 its input masks "
        f"are {before} over the gates, with recurrent_dropout=0.01 they are {after}. Raising one "
        "argument changes what the other does."
    )
    return [line]
