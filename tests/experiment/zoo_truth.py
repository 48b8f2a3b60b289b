"""What is known about a layer of the zoo: where it masks, how, and what cannot be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import keras

from dropviz.core.gates import GRU_GATES, LSTM_GATES
from tests.tables import GATED

Layer = Any  # Keras has no type stubs
RATE = 0.4
ACTIVE = "the masks act at inference too: no one number multiplies all entries"
SHARED_BY_GATES = (*GATED, "input_kernel", "input_product", "recurrent_product")
_EXPECTED = ("test-time", "expectation")


@dataclass(frozen=True)
class SiteTruth:
    """The truth about one site; the first eleven fields as in ``SiteVerdict``.

    Attributes:
        site: A key of ``PLACES``, or "carried" (c_{t-1} or, in a GRU, h_{t-1}, on its way
            into the new state), "input_product" or "recurrent_product" (x_t W, h_{t-1} U, after
            the product), "input_kernel" (the entries of W).
        rate: Chance that an entry is dropped.
        life: "step" or "sequence".
        tying: "tied" or "untied"; "" at a site that gates do not share.
        scaling: "inverted", "test-time", "expectation", "none" or "other".
        kept: What kept entries are multiplied with in training.
        at_inference: What all entries are multiplied with at inference; the mean where
            the masks act at inference too.
        gates: The gates that see the masks; () at a site that gates do not share.
        same_over_samples: Whether all samples share a mask.
        same_over_units: Whether a mask drops all units at once or none.
        frozen: Whether the masks are the same in every eager call with as many samples.
        steps: "all"; "first" for the first step only; "later" for all but the first.
        same_mask_as: Another site that is multiplied with the very same masks.
        gaussian: Whether entries are N(1, rate/(1-rate)) in place of 0 and ``kept``;
            nothing is dropped then.
    """

    site: str
    rate: float
    life: str
    tying: str
    scaling: str
    kept: float
    at_inference: float
    gates: tuple[str, ...]
    same_over_samples: bool
    same_over_units: bool
    frozen: bool
    steps: str = "all"
    same_mask_as: str = ""
    gaussian: bool = False


def at(
    site: str,
    rate: float = RATE,
    life: str = "sequence",
    tying: str = "tied",
    scaling: str = "inverted",
    kind: str = "LSTM",
    **others: Any,
) -> SiteTruth:
    """The truth about a site, with what is usual filled in."""
    shared = site in SHARED_BY_GATES
    usual = {
        "kept": 1 / (1 - rate) if scaling == "inverted" else 1.0,
        "at_inference": 1 - rate if scaling in _EXPECTED else 1.0,
        "gates": (LSTM_GATES if kind == "LSTM" else GRU_GATES) if shared else (),
        "same_over_samples": False,
        "same_over_units": False,
        "frozen": False,
    }
    return SiteTruth(site, rate, life, tying if shared else "", scaling, **{**usual, **others})


class Factory(Protocol):
    """Makes a layer; it is built, but for a stateful one, which needs a batch size first.

    Options, such as ``return_sequences=False``, go to the layer.
    """

    def __call__(self, units: int, features: int, seed: int, **options: Any) -> Layer: ...


@dataclass(frozen=True)
class Specimen:
    """A layer of which the truth is known.

    Attributes:
        make: Makes the layer.
        sites: By site the truth; empty where nothing is dropped.
        methods: The methods of the table that it is, mathematically, at these rates (in
            the table's order, whatever their options); empty where it is none of them.
        nearest: What the student meant, or what it comes nearest to; "" where unclear.
        active_at_inference: Whether anything is drawn at random at inference.
        cannot_tell: By "site.field" why nobody can tell that field from outside.
        kind: "LSTM" or "GRU".
        fixed_batch: Whether all calls must have as many samples as the first.
        units: Units that show it.
        features: Features that show it.
    """

    make: Factory
    sites: Mapping[str, SiteTruth]
    methods: tuple[str, ...] = ()
    nearest: str = ""
    active_at_inference: bool = False
    cannot_tell: Mapping[str, str] = field(default_factory=dict)
    kind: str = "LSTM"
    fixed_batch: bool = False
    units: int = 4
    features: int = 3


def specimen(make: Factory, truths: Iterable[SiteTruth], *args: Any, **kwargs: Any) -> Specimen:
    """A specimen from a list of truths."""
    return Specimen(make, {truth.site: truth for truth in truths}, *args, **kwargs)


def seeded(seed: int) -> dict[str, Any]:
    """Arguments of a recurrent layer or cell that give the same weights for a seed."""
    glorot, normal = keras.initializers.GlorotUniform, keras.initializers.RandomNormal
    return {
        "kernel_initializer": glorot(seed=seed),
        "recurrent_initializer": glorot(seed=seed + 1),
        "bias_initializer": normal(stddev=0.3, seed=seed + 2),
        "seed": seed + 3,
    }


def built(layer: Layer, features: int) -> Layer:
    """The layer with its weights made, where that needs no batch size."""
    if not getattr(layer, "stateful", False):
        layer.build((None, None, features))
    return layer
