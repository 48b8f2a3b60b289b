"""Records the masks of real Keras layers while they train, without disturbing them."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import keras

from dropviz.core.checks import check_whole
from dropviz.core.masks import LayerRecording
from dropviz.core.number_forms import MOST
from dropviz.core.recording import Recording
from dropviz.errors import DropvizError, received
from dropviz.keras_inside import hooks
from dropviz.keras_inside.inner_loop import (
    has_own_inner_loop,
    replace_inner_loop,
    restore_inner_loop,
)
from dropviz.keras_inside.step_functions import MAKERS, TRAIN, forget_step_function
from dropviz.recording.find_layers import cells, recurrent_layers, unrecordable
from dropviz.recording.mask_layout import Layout, rates_of, read_masks
from dropviz.recording.readback import Facts, layer_recording

Layer = Any
Model = Any

_MOST_MIB = 2**20  # a tebibyte


@contextmanager
def record(
    model: Model, *, keep: int | None = None, every: int = 1, budget_mib: float = 64
) -> Iterator[Recording]:
    """Records the masks that a model's recurrent layers use while it trains.

    Training inside the block is to the bit what it would be without: same weights,
    losses, saved file and random stream (the masks are read where the layer has drawn
    them; nothing is drawn for the recording). After the block nothing of dropviz is
    left in the model, however the block ended.

    Args:
        model: A Keras model or layer that holds an ``LSTM``, ``GRU``, ``SimpleRNN`` or
            ``RNN`` with Keras's cells, at any depth. Need not be built or compiled.
        keep: How many of the last batches to keep the masks of; as many as the budget
            holds by default.
        every: Keep the masks of each ``every``-th batch only.
        budget_mib: Memory for masks in MiB, above 0, for all layers together. It is taken at
            once, on the device.

    Yields:
        The recording. It can be looked at inside the block, while training goes on,
        and afterwards. A call of a layer with ``training=True`` is a batch; a layer
        that a model calls twice for one batch counts two.

    Raises:
        DropvizError: If there is no recurrent layer, one is being recorded already,
            an argument is out of range, or Keras does not run on TensorFlow.
    """
    if not isinstance(model, keras.Layer):
        raise DropvizError(
            f"Only a Keras model or layer can be recorded. Received: {type(model).__name__}."
        )
    found = recurrent_layers(model)
    if not found:
        raise DropvizError(
            f"{model.name!r} has no recurrent layer to record. Expected an LSTM, GRU, "
            "SimpleRNN or RNN in it. If the model makes its layers in build(), build it first."
        )
    dtypes = {str(each.layer.compute_dtype) for each in found}
    recorder = Recorder(keep=keep, every=every, budget_mib=budget_mib, dtypes=dtypes)
    with recorder.recording_of(model):
        for each in found:
            recorder.attach(each.layer, each.path)
        if not recorder.attached:
            reasons = "; ".join(f"{k}: {v}" for k, v in recorder.recording.skipped.items())
            raise DropvizError(f"Nothing in {model.name!r} can be recorded. {reasons}")
        yield recorder.recording


@contextmanager
def record_everything() -> Iterator[Recording]:
    """Records every recurrent layer that trains inside the block, whoever made it.

    Yields:
        The recording.
    """
    recorder = Recorder(keep=None, every=1, budget_mib=64, dtypes={keras.config.floatx()})
    with recorder.recording_of(None):
        yield recorder.recording


class Recorder:
    """Attaches to layers, keeps what they use, and lets go of them again."""

    def __init__(
        self, *, keep: int | None, every: int, budget_mib: float, dtypes: Collection[str]
    ) -> None:
        if keep is not None:
            check_whole("keep", keep, 1)
        every = min(check_whole("every", every, 1), MOST)
        if not isinstance(budget_mib, (int, float)) or not 0 < budget_mib <= _MOST_MIB:
            low = not isinstance(budget_mib, (int, float)) or not budget_mib > 0
            expected = "above 0" if low else f"at most {_MOST_MIB:,}"
            raise DropvizError(f"budget_mib must be {expected}. Received: {received(budget_mib)}.")
        _check_backend()
        # TensorFlow's part is loaded only where TensorFlow is in use.
        from dropviz.recording.tensorflow_store import Store

        dtype = "float64" if "float64" in dtypes else "float32"
        self.keep = keep
        self.store = Store(int(budget_mib * 2**20), dtype, every)
        self.attached: dict[str, Attached] = {}
        self.made: list[tuple[Model, str]] = []
        self.recording = Recording(self._read)

    @contextmanager
    def recording_of(self, root: Model | None) -> Iterator[None]:
        """Listens to Keras inside the block; to every model where ``root`` is None."""
        with ExitStack() as stack:
            stack.callback(self._detach)
            if root is None:
                stack.enter_context(hooks.before(keras.layers.RNN, "call", self._on_call))
            for make, name in MAKERS.items():
                on_make = functools.partial(self._on_make, name=name, everything=root is None)
                stack.enter_context(hooks.before(keras.Model, make, on_make))
            yield

    def attach(self, layer: Layer, path: str) -> None:
        """Begins to record a layer; one that cannot be recorded is noted as skipped."""
        if has_own_inner_loop(layer):
            raise DropvizError(
                f"{path!r} is being recorded already. Expected one recording of a layer at a "
                "time; leave the other record() block first."
            )
        able: list[tuple[Attached, int]] = []
        states = cells(layer, path)
        for number, (cell_path, cell) in enumerate(states):
            reason = unrecordable(layer, cell)
            if reason:
                self.recording.skipped[cell_path] = reason
            else:
                attached = Attached(self, layer, cell, self._free_name(cell_path))
                able.append((attached, number))
        if not able:
            return
        self.attached |= {each.path: each for each, _ in able}
        original = layer.inner_loop

        @functools.wraps(original)
        def inner_loop(
            sequences: Any,
            initial_state: Any,
            mask: Any,
            training: bool = False,  # noqa: FBT001, FBT002 (Keras's own signature)
        ) -> Any:
            if training:
                stacked = len(states) > 1
                for each, cell in able:
                    each.write(sequences, initial_state[cell] if stacked else initial_state)
            return original(sequences, initial_state, mask, training=training)

        replace_inner_loop(layer, inner_loop)

    def restart(self) -> None:
        """Begins anew, with what is attached and compiled; what was recorded is gone."""
        self.store.restart([each.log for each in self.attached.values()])

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Leaves out what the layers do inside the block."""
        with self.store.resting([each.log for each in self.attached.values()]):
            yield

    def taken(self) -> Recording:
        """What is recorded by now, for good."""
        return Recording.of(self._read())

    def _free_name(self, path: str) -> str:
        name, number = path, 1
        while name in self.attached:
            number += 1
            name = f"{path}#{number}"
        return name

    def _on_call(self, layer: Layer, *_: Any, **kwargs: Any) -> None:
        if kwargs.get("training") and not has_own_inner_loop(layer):
            self.attach(layer, layer.name)

    def _on_make(self, model: Model, *_: Any, name: str, everything: bool, **__: Any) -> None:
        if any(model is each and name == made for each, made in self.made):
            return
        found = recurrent_layers(model)
        if everything and name == TRAIN:
            for each in found:
                if not has_own_inner_loop(each.layer):
                    self.attach(each.layer, each.path)
        mine = {id(each.layer) for each in self.attached.values()}
        if any(id(each.layer) in mine for each in found):
            # A function cached before would bypass the recorder.
            forget_step_function(model, name)
            self.made.append((model, name))

    def _detach(self) -> None:
        from dropviz.recording.tensorflow_store import Frozen

        for each in self.attached.values():
            restore_inner_loop(each.layer)
        for model, name in self.made:
            # A function traced meanwhile would keep writing.
            forget_step_function(model, name)
        attached = list(self.attached.values())
        logs = [each.log for each in attached]
        frozen = Frozen(self.store, logs)
        self.store.release(logs)
        facts = [each.facts() for each in attached]
        keep = self.keep
        self.recording.close(
            lambda: {
                fact.path: layer_recording(fact, frozen.read(number), keep)
                for number, fact in enumerate(facts)
            }
        )
        del self.store, self.attached

    def _read(self) -> dict[str, LayerRecording]:
        return {
            path: layer_recording(each.facts(), self.store.read(each.log), self.keep)
            for path, each in tuple(self.attached.items())
        }


class Attached:
    """One recorded cell."""

    def __init__(self, recorder: Recorder, layer: Layer, cell: Layer, path: str) -> None:
        from dropviz.recording.tensorflow_store import Log

        self.path = path
        self.layer = layer
        self.log = Log()
        self._store = recorder.store
        self._cell = cell
        self._layouts: list[Layout] = []

    def write(self, sequences: Any, state: Any) -> None:
        """Keeps the masks that the cell has drawn for this call."""
        layout, masks = read_masks(self._cell)
        if layout not in self._layouts:
            self._layouts.append(layout)
        shape = keras.ops.shape(sequences)
        generator = getattr(self._cell, "seed_generator", None)
        self._store.write(
            self.log,
            masks,
            samples=shape[0],
            steps=shape[1],
            carried=keras.ops.any(keras.tree.flatten(state)[0] != 0),
            state=generator.state.value if generator else keras.ops.zeros([2], "int64"),
            layout=self._layouts.index(layout),
            rates=rates_of(self._cell),
        )

    def facts(self) -> Facts:
        """What is known of the cell without its masks."""
        return Facts(self.path, self._cell, tuple(self._layouts))


def _check_backend() -> None:
    backend = keras.config.backend()
    if backend != "tensorflow":
        raise DropvizError(
            f"dropviz records with Keras on TensorFlow. Received: backend={backend!r}. "
            "Set KERAS_BACKEND=tensorflow before Keras is imported."
        )
