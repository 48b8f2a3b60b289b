"""Records the masks of real Keras layers while they train, without disturbing them."""

from __future__ import annotations

import functools
import numbers
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import keras

from dropviz.core.checks import check_whole
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.number_forms import MOST
from dropviz.core.recording import Recording
from dropviz.errors import DropvizError, received
from dropviz.keras_inside import hooks
from dropviz.keras_inside.data_sets import data_set_functions, for_a_data_set
from dropviz.keras_inside.entry_layer import entry_layer
from dropviz.keras_inside.exports import EXPORTS
from dropviz.keras_inside.gradient_tape import under_gradient_tape
from dropviz.keras_inside.inner_loop import is_look, looking
from dropviz.keras_inside.jax_state import bring_home_with
from dropviz.keras_inside.step_functions import (
    MAKERS,
    TRAIN,
    forget_what_was_set_aside,
    put_step_function_back,
    set_step_function_aside,
)
from dropviz.keras_inside.sublayers import layer_and_sublayers
from dropviz.recording.attached_cells import AttachedCells
from dropviz.recording.attached_dropouts import AttachedDropouts
from dropviz.recording.find_layers import (
    Found,
    cells_without_layer,
    noise_layers,
    recurrent_layers,
)
from dropviz.recording.other_threads import layers_of_other_threads
from dropviz.recording.readback import Facts, layer_recording
from dropviz.recording.steps_missed import StepsMissed
from dropviz.recording.store import Frozen, Store, make_store
from dropviz.recording.trained_models import TrainedModels, free_name
from dropviz.recording.whole_batches import whole_batches

Layer = Any
Model = Any
Variable = Any

_MOST_MIB = 2**20  # a tebibyte
_LATE = "it was made after the recording began: build the model, and record it then."
_ANOTHERS = (
    "it trained inside another recording (dropviz.run, dropviz.record or a magic), which has its "
    "masks."
)


class Recorder:
    """Attaches to layers, keeps what they use, and lets go of them again.

    It holds neither a layer nor a model: what nobody else needs any more is freed.

    Attributes:
        recording: What is recorded.
        cells: The recorded layers and their cells.
        dropouts: The recorded Dropout layers.
        models: The models that train, where every model is listened to.
    """

    def __init__(
        self, *, keep: int | None, every: int, budget_mib: float, dtypes: Collection[str]
    ) -> None:
        if keep is not None:
            check_whole("keep", keep, 1)
        every = min(check_whole("every", every, 1), MOST)
        real = isinstance(budget_mib, numbers.Real) and not isinstance(budget_mib, bool)
        if not real or not 0 < budget_mib <= _MOST_MIB:
            low = not real or not budget_mib > 0
            expected = "above 0" if low else f"at most {_MOST_MIB:,}"
            raise DropvizError(f"budget_mib must be {expected}. Received: {received(budget_mib)}.")
        dtype = "float64" if "float64" in dtypes else "float32"
        self.keep = keep
        self.store: Store = make_store(budget_mib, dtype, every)
        self.dropouts = AttachedDropouts(self.store)
        self._missed = StepsMissed(self.store, self._on_step)
        self.recording = Recording(self._read)
        self.cells = AttachedCells(
            self.store,
            self.dropouts.neighbours,
            self._missed.hears_thread,
            self.recording.skipped,
        )
        self.models = TrainedModels()
        self._made: list[tuple[weakref.ref[Model], str]] = []
        self._called = weakref.WeakSet[Model]()
        self._everything = False
        self._root: weakref.ref[Model] | None = None

    @contextmanager
    def recording_of(self, root: Model | None) -> Iterator[None]:
        """Listens to Keras inside the block; to every model where ``root`` is None.

        Interrupts wait, where they are minded, until a batch has come to its end.
        """
        self._everything = root is None
        self._root = None if root is None else weakref.ref(root)
        bring_home_with([] if root is None else layer_and_sublayers(root))
        any_thread = root is not None  # a model that was named is heard wherever it trains
        with ExitStack() as stack:
            stack.callback(self._detach)
            if root is None:
                stack.enter_context(hooks.before(keras.layers.RNN, "call", self._on_call))
                stack.enter_context(layers_of_other_threads(self.recording.skipped))
                # Before any layer of a model in a loop of one's own has dropped anything.
                stack.enter_context(hooks.before(keras.Model, "__call__", self._on_model_call))
            for make, name in MAKERS.items():
                on_make = functools.partial(self._on_make, name=name)
                stack.enter_context(hooks.before(keras.Model, make, on_make, any_thread=any_thread))
            home, forget = hooks.home_of(keras.Model, "compile"), forget_what_was_set_aside
            compiles = hooks.before(home, "compile", forget, any_thread=any_thread)
            stack.enter_context(compiles)
            # What is traced for an export would take the store along into the file.
            for owner, method in EXPORTS:
                stack.enter_context(hooks.inside(owner, method, looking, any_thread=any_thread))
            # In the threads of a data set several calls would write at once.
            for owner, method in data_set_functions():
                traces = hooks.inside(owner, method, for_a_data_set, any_thread=any_thread)
                stack.enter_context(traces)
            stack.enter_context(self._missed.counting(any_thread=any_thread))
            both = self.dropouts.neighbours.hearing_both_directions(
                self._name_of_both, any_thread=any_thread
            )
            stack.enter_context(both)
            stack.enter_context(whole_batches())
            yield

    def attach(self, layer: Layer, path: str, model: str = "") -> None:
        """Begins to record a layer; one that cannot be recorded is noted as skipped.

        Args:
            layer: The layer.
            path: Its path in its model; its name in the recording where that is free.
            model: The name of its model, which tells it apart where it is not.
        """
        self.cells.attach(layer, self.free_name(path, model))

    def takes(self, model: Model) -> None:
        """Makes sure that what the recorded layers write in a model's steps arrives here."""
        self.store.takes(model, [*self.layers().values(), *self.dropouts.layers()])

    def layers(self) -> dict[str, Layer]:
        """The recorded layers that are still there, by the names that they have here."""
        return self.cells.layers()

    def restart(self) -> None:
        """Begins anew, with what is attached and compiled; what was recorded is gone."""
        self.store.restart()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Leaves out what the layers do inside the block."""
        with self.store.resting():
            yield

    def taken(self) -> Recording:
        """What is recorded by now, for good."""
        return Recording.of(self._read())

    def newest(self, path: str, calls: int) -> LayerRecording | None:
        """The masks of a layer's last calls, without a look at those before.

        Args:
            path: The layer's name here.
            calls: How many, at the most.

        Returns:
            Them; None before the first call, and where there is no such layer.
        """
        facts = next((each for each in self.cells.facts() if each.path == path), None)
        if facts is None:
            return None
        read = layer_recording(facts, self.store.newest(facts.number, calls), None)
        return read if read.batches else None

    def free_name(self, path: str, model: str = "") -> str:
        """A name that no other layer has here, if possible a layer's own path."""
        taken = {*self.cells.paths, *self.dropouts.paths, *self.recording.skipped}
        return free_name([path, f"{model}/{path}"] if model else [path], taken)

    def _names_of(self, layers: Sequence[Layer]) -> list[str]:
        """The names that layers have here, in their order; none of one that is not recorded."""
        ids = [id(layer) for layer in layers]
        here = {name: id(layer) for name, layer in self.layers().items() if id(layer) in ids}
        return sorted(here, key=lambda name: ids.index(here[name]))

    def _name_of_both(self, bidirectional: Layer) -> str:
        """The name of a Bidirectional layer, as the names of its two layers here begin."""
        inside = self._names_of([bidirectional.forward_layer])
        return inside[0].rpartition("/")[0] if inside else str(bidirectional.name)

    def _on_call(self, layer: Layer, *_: Any, **kwargs: Any) -> None:
        if not _may_train(kwargs):
            return
        if self.cells.knows(layer):
            if self.cells.is_anothers(layer):
                self.recording.skipped.setdefault(layer.name, _ANOTHERS)
            return
        model = entry_layer()
        if not isinstance(model, keras.Model):
            self.attach(layer, layer.name)
            return
        trained = self.models.trains(model)
        self.attach(layer, layer.name, trained.name)
        inside = [each.layer for each in recurrent_layers(model)]
        dropouts = self.dropouts.attach(model, self.free_name, trained.name)
        # Keras may not know of this one: a model may keep it where Keras does not look.
        names = [*self._names_of(inside), *trained.layers, *self._names_of([layer]), *dropouts]
        trained.layers = tuple(dict.fromkeys(names))

    def _on_model_call(self, model: Model, *_: Any, **kwargs: Any) -> None:
        inside = entry_layer() is not None
        if inside or model in self._called or not _may_train(kwargs):
            return
        self._called.add(model)
        found = recurrent_layers(model)
        if found:
            self._attach_all(model, found)

    def _attach_all(self, model: Model, found: Sequence[Found]) -> None:
        trained = self.models.trains(model)
        self.recording.skipped |= cells_without_layer(model)
        if found:
            self.recording.skipped |= noise_layers(model)
        for each in found:
            if not self.cells.knows(each.layer):
                self.attach(each.layer, each.path, trained.name)
        dropouts = self.dropouts.attach(model, self.free_name, trained.name) if found else []
        self.recording.skipped |= self.dropouts.refused
        names = self._names_of([each.layer for each in found])
        trained.layers = tuple(dict.fromkeys([*names, *trained.layers, *dropouts]))

    def _on_make(self, model: Model, *_: Any, name: str, **__: Any) -> None:
        if is_look():
            return
        trains = self._everything and name == TRAIN
        if trains:
            self.models.trains(model)
        if any(model is ref() and name == made for ref, made in self._made):
            if name == TRAIN:
                self._missed.hears(model)  # it may have been compiled anew
            return
        found = recurrent_layers(model)
        if trains:
            self._attach_all(model, found)
        mine = {id(layer) for layer in self.layers().values()}
        recorded = [each.layer for each in found if id(each.layer) in mine]
        if recorded:
            self.takes(model)
            # A function cached before would bypass the recorder.
            set_step_function_aside(model, name)
            self._made.append((weakref.ref(model), name))
            if name == TRAIN:
                self._missed.hears(model)

    def _on_step(self, variables: Sequence[Variable]) -> None:
        self.cells.step(variables)
        self.dropouts.step(variables)

    def _detach(self) -> None:
        bring_home_with([*self.layers().values(), *self.dropouts.layers()])
        root = None if self._root is None else self._root()
        made_late = [] if root is None else recurrent_layers(root)
        self.recording.skipped |= {
            each.path: _LATE for each in made_late if not self.cells.knows(each.layer)
        }
        self.cells.detach()
        self.dropouts.detach()
        for ref, name in self._made:
            model = ref()
            if model is not None:
                # A function traced meanwhile would keep writing.
                put_step_function_back(model, name)
        frozen = self.store.frozen()
        asked = None if self._everything else self.layers().values()
        self.recording.missed = self._missed.count(frozen.steps, asked)
        self.recording.skipped |= self.dropouts.refused  # as their calls have shown
        self.store.release()
        facts, keep = self._facts(), self.keep
        if self._everything:
            self.models.ends(lambda: _last_calls(facts, frozen))
        self.recording.close(lambda: _read(facts, frozen, keep))
        del self.store

    def _read(self) -> dict[str, LayerRecording]:
        return _read(self._facts(), self.store.frozen(), self.keep)

    def _facts(self) -> list[Facts]:
        return [*self.cells.facts(), *self.dropouts.facts()]


def _may_train(kwargs: Mapping[str, Any]) -> bool:
    # One that a gradient is taken of without training=True is noted, as it drops nothing.
    return not is_look() and bool(kwargs.get("training") or under_gradient_tape())


def _last_calls(facts: Sequence[Facts], frozen: Frozen) -> dict[str, int]:
    by_number = frozen.last_calls()
    return {each.path: by_number[each.number] for each in facts if each.number in by_number}


def _read(facts: Sequence[Facts], frozen: Frozen, keep: int | None) -> dict[str, LayerRecording]:
    return {
        each.path: layer_recording(each, frozen.read(each.number, by_hand=each.by_hand), keep)
        for each in facts
    }
