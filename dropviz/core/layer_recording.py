"""The recorded masks of one layer, and what is known of the layer."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from dropviz.core.draw_log import DrawLog
from dropviz.core.masks import Masks
from dropviz.core.number_forms import counted
from dropviz.core.setting import Setting
from dropviz.errors import DropvizError, is_known, unknown_name, visible

_DRAWN_ONLY = (
    "these masks were drawn; whether the layer, whose code is not Keras's own, multiplies by "
    "them is not known. dropviz.trace compares it with NumPy."
)


class LayerRecording(Mapping[str, Masks]):
    """The recorded masks of one layer, by site.

    A site that is not there raises ``UnknownNameError``, which is a ``KeyError`` too.

    Attributes:
        layer: The layer's name, a path for a nested one.
        kind: "LSTM", "GRU" or "SimpleRNN"; the class of a cell that is none of these; or
            "Dropout" and "SpatialDropout1D".
        units: Units of the layer; of a Dropout layer the length of what it drops along the last
            axis. 0 where the cell does not say.
        batches: Training batches that the layer saw while recorded, kept or not. A batch is
            one step of training, from one step of an optimizer to the next.
        calls: Its calls in them, each with masks of its own.
        draw_log: What it takes to draw the masks of every batch again (``dropviz.redraw``); None
            of a layer that is not recurrent, drew none, or has no seed generator.
        note: What a reader should know about this layer's recording; often empty.
        setting: The method that the layer follows, with its rates and options; of a layer that is
            not recurrent it says nothing.
        follows: Of a Dropout layer the recurrent layer whose outputs it drops, or the
            ``Bidirectional`` layer; or empty.
        feeds: Of a Dropout layer the one that it passes them to; empty where there is none, or
            more than one.
        drawn_only: Whether is known what it drew, and not that it multiplied by that: it computes
            by code that is neither Keras's nor dropviz's, which may leave masks out.
        stateful: Whether it goes on in the next batch from where it ended, with other masks.
        models: The models that it is in, where several trained.
    """

    def __init__(
        self,
        layer: str,
        kind: str,
        units: int,
        batches: int,
        masks: Mapping[str, Masks],
        draw_log: DrawLog | None = None,
        note: str = "",
        setting: Setting | None = None,
        calls: int | None = None,
        follows: str = "",
        feeds: str = "",
        *,
        drawn_only: bool = False,
        stateful: bool = False,
    ) -> None:
        self.layer = layer
        self.kind = kind
        self.units = units
        self.batches = batches
        self.calls = batches if calls is None else calls
        self.draw_log = draw_log
        self.note = note
        self.setting = setting or Setting()
        self.follows = follows
        self.feeds = feeds
        self.drawn_only = drawn_only
        self.stateful = stateful
        self.models: tuple[str, ...] = ()
        self._masks = dict(masks)

    def within(self, models: tuple[str, ...]) -> LayerRecording:
        """The same as a part of some models, which pictures then name."""
        copied = copy.copy(self)
        copied.models = models
        return copied

    def beside(self, masks: Masks) -> LayerRecording:
        """The same with the masks of one more site."""
        copied = copy.copy(self)
        copied._masks = {**self._masks, masks.site: masks}
        return copied

    def compared(self, *, agrees: bool) -> LayerRecording:
        """The same after NumPy was compared with the layer."""
        copied = copy.copy(self)
        copied.drawn_only = not agrees
        return copied

    def __getitem__(self, site: str) -> Masks:
        if not is_known(site, self._masks):
            raise unknown_name("recorded site", site, self._masks)
        return self._masks[site]

    def __contains__(self, site: object) -> bool:
        return is_known(site, self._masks)

    def get(self, site: str, /, default: Any = None) -> Any:
        """The masks of a site, or a default; without a search for a name like it."""
        return self._masks.get(site, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._masks)

    def __len__(self) -> int:
        return len(self._masks)

    @property
    def is_recurrent(self) -> bool:
        """Whether it is a recurrent layer, and no layer between two of them."""
        return self.kind not in ("Dropout", "SpatialDropout1D")

    def require_batch(self, batch: int = -1) -> Masks:
        """Checks that a batch is held.

        Args:
            batch: Position among the kept batches, from 0; from the end where negative.

        Returns:
            The masks of the layer's first site.

        Raises:
            DropvizError: If there is no such batch.
        """
        masks = next(iter(self._masks.values()), None)
        if masks is None or not masks.batches:
            raise DropvizError(f"{self.layer!r} has no recorded batch to show. {self.note}")
        kept = len(masks.batches)
        if not -kept <= batch < kept:
            raise DropvizError(
                f"There is no batch {batch} among those kept. Expected {-kept} to {kept - 1}."
            )
        return masks

    @property
    def sentences(self) -> list[str]:
        """What was recorded, a line for each site, and what is to be said of the whole layer."""
        return [*(visible(masks.sentence) for masks in self.values()), *self.remarks]

    @property
    def remarks(self) -> list[str]:
        """What is to be said of the whole layer: its calls, a note, a doubt; often nothing."""
        said = (self.called, self.note, self.doubt)
        return [visible(f"{self.layer}: {each}") for each in said if each]

    @property
    def doubt(self) -> str:
        """That what its masks multiplied is not known; empty where it is, or none was drawn."""
        drawn = any(not masks.reason for masks in self.values())
        return _DRAWN_ONLY if self.drawn_only and drawn else ""

    @property
    def called(self) -> str:
        """How often it was called in how many batches; empty where that is once in each."""
        if self.calls == self.batches:
            return ""
        batches = counted(self.batches, "batch", "batches")
        return f"called {self.calls:,} times in {batches}."

    def at(self, batch: int = -1) -> str:
        """Says which batch, and which call in it, a position among the kept ones is.

        Args:
            batch: Position among the kept batches.

        Returns:
            As in "batch 3 of 12, call 2 of the layer in it".

        Raises:
            DropvizError: If there is no such batch.
        """
        masks = self.require_batch(batch)
        several = self.calls != self.batches and masks.calls
        call = f", call {masks.calls[batch] + 1} of the layer in it" if several else ""
        return f"batch {masks.batches[batch] + 1:,} of {self.batches:,}{call}"

    def __repr__(self) -> str:
        return visible(f"<{self.kind} {self.layer!r}, {self.batches} batches: {', '.join(self)}>")
