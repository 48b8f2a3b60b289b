"""A trace: one forward pass opened up, and how far NumPy agrees with the layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Array
from dropviz.core.number_forms import counted

# How far a layer of a floating type may be from the double precision of the oracle.
TOLERANCES = {"float64": 1e-5, "float32": 1e-5, "float16": 1e-2, "bfloat16": 8e-2}


@dataclass(frozen=True)
class Proof:
    """How far the NumPy oracle is from a layer that it was given the masks of.

    Attributes:
        error: Largest absolute difference of outputs: at all steps where the layer gives out all,
            else at the last.
        tolerance: What rounding alone may come to: by the layer's type an entry of
            ``TOLERANCES`` (float32 1e-5), times the largest output where that is above 1; or 8
            times what turned last digits of float32 weights make, up to 1e-3, if that is more.
        samples: Sequences compared.
        steps: Time steps of each.
        training: Whether masks were on.
    """

    error: float
    tolerance: float
    samples: int
    steps: int
    training: bool = True

    @property
    def agrees(self) -> bool:
        """Whether the two agree up to rounding."""
        return self.error <= self.tolerance

    @property
    def badge(self) -> str:
        """The proof in a few words."""
        if self.agrees:
            return f"NumPy agrees: {self.error:.1e}"
        return f"NumPy does NOT agree: {self.error:.1e}"

    @property
    def sentence(self) -> str:
        """The proof in one line."""
        over = f"{counted(self.samples, 'sequence')} of {counted(self.steps, 'step')}"
        given = "with the recorded masks" if self.training else "with dropout off"
        if self.agrees:
            return f"Proved: plain NumPy {given} gives its outputs to {self.error:.1e} ({over})."
        return (
            f"NOT proved: plain NumPy {given} differs from its outputs by {self.error:.1e} "
            f"({over}; expected at most {self.tolerance:.0e}). Do not trust its pictures."
        )


@dataclass(frozen=True, eq=False)
class Trace:
    """One forward pass of one layer, step by step; arrays are (samples, steps, units).

    Attributes:
        layer: The layer's name, a path for a nested one.
        x: Its inputs, shape (samples, steps, features), in the order in which they act.
        masks: By site the masks of this pass, one batch: ``masks["input"].values``. With
            ``training=False`` those that live for a sequence are there too, as Keras draws them
            at inference (``RNN.call``, keras/src/layers/rnn/rnn.py); they multiply nothing then.
        gates: By name i f g o (z r g in a GRU); "g" is the candidate. These, and what follows,
            are float64.
        h: The state h after each step.
        c: The state c after each step; a GRU's is its h.
        outputs: What the layer gives out after each step.
        proof: How far the oracle, which worked all this out, is from the layer itself.
    """

    layer: str
    x: Array
    masks: LayerRecording
    gates: Mapping[str, Array]
    h: Array
    c: Array
    outputs: Array
    proof: Proof

    @property
    def error(self) -> float:
        """Largest absolute difference from the layer's own outputs."""
        return self.proof.error

    def __repr__(self) -> str:
        return f"<Trace of {self.layer!r}: {self.proof.sentence}>"
