"""Losses and metrics by epoch, and of which model they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dropviz.errors import is_known, unknown_name, visible


class Curves(Mapping[str, tuple[float, ...]]):
    """Losses and metrics by epoch.

    Names are Keras's own: "loss" and metrics as it reports them of training, means over an
    epoch with dropout on while the weights change; "val_..." on validation data. Measured at
    the epoch's end, on the same training samples and weights: "..._dropout_off", and
    "..._dropout_on", a mean over passes whose smallest and largest are "..._dropout_on_low"
    and "..._dropout_on_high". Where a task asks for characters, each loss is there in bits
    too, as "val_bits_per_character". A curve that is not there raises ``UnknownNameError``, which
    is a ``KeyError`` too.
    """

    def __init__(self, values: Mapping[str, Sequence[float]] | None = None) -> None:
        self._values = {name: tuple(map(float, v)) for name, v in (values or {}).items()}

    def __getitem__(self, name: str) -> tuple[float, ...]:
        if not is_known(name, self._values):
            raise unknown_name("curve", name, self._values)
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        return is_known(name, self._values)

    def get(self, name: str, /, default: Any = None) -> Any:
        """A curve, or a default where there is none; without a search for a name like it."""
        return self._values.get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def epochs(self) -> int:
        """Epochs that came to their end."""
        return max((len(values) for values in self._values.values()), default=0)

    def extended(self, values: Mapping[str, float]) -> Curves:
        """A copy with one epoch more; a curve that was not there is NaN before."""
        epochs = self.epochs
        names = dict.fromkeys([*self._values, *values])
        nan = float("nan")
        return Curves(
            {
                name: (*self._values.get(name, (nan,) * epochs), values.get(name, nan))
                for name in names
            }
        )

    def __repr__(self) -> str:
        return f"<Curves of {self.epochs} epochs: {visible(', '.join(self))}>"


@dataclass(frozen=True, eq=False)
class Trained:
    """One of several models that trained in a cell.

    Attributes:
        name: Its name; a number tells it apart where another had the name before it.
        layers: Its recorded layers, by their names in the recording.
        curves: Its losses and metrics by epoch; none where no ``fit`` trained it.
    """

    name: str
    layers: tuple[str, ...]
    curves: Curves = field(default_factory=Curves)


def shown_of(models: Sequence[Trained]) -> Trained | None:
    """The model of several that is shown: the last that trained, if it can with layers."""
    able = [each for each in models if each.layers] or models
    return able[-1] if able else None
