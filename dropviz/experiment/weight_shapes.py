"""Whether weights are shaped like those of an LSTM or a GRU, and what of."""

from __future__ import annotations

from typing import Any, NamedTuple

from dropviz.core.gates import GRU_GATES, LSTM_GATES

Layer = Any

_KINDS = {4: ("LSTM", LSTM_GATES), 3: ("GRU", GRU_GATES)}


class WeightShapes(NamedTuple):
    """What the shapes of a layer's weights tell.

    Attributes:
        kind: "LSTM" or "GRU".
        gates: Its gates in Keras's order.
        features: Inputs that it was built for.
        units: Its units.
        bias: Shape of its bias; None without one.
    """

    kind: str
    gates: tuple[str, ...]
    features: int
    units: int
    bias: tuple[int, ...] | None


def looks_recurrent(layer: Layer) -> bool:
    """Tells whether a layer's weights are shaped like those of an LSTM or a GRU."""
    return shape_of(layer) is not None


def shape_of(layer: Layer) -> WeightShapes | None:
    """Reads off what a layer is; None where its weights are neither an LSTM's nor a GRU's."""
    shapes = [tuple(w.shape) for w in layer.weights]
    if len(shapes) not in (2, 3) or any(len(s) != 2 for s in shapes[:2]):  # noqa: PLR2004
        return None
    (features, width), (units, again) = shapes[:2]
    bias = shapes[2] if len(shapes) > 2 else None  # noqa: PLR2004
    gates = width // units
    if width != again or width % units or gates not in _KINDS:
        return None
    if bias not in (None, (width,), (2, width)):
        return None
    return WeightShapes(*_KINDS[gates], features, units, bias)
