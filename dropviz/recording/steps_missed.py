"""Steps of training that passed a recorder by."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from dropviz.keras_inside import hooks
from dropviz.keras_inside.inner_loop import is_look
from dropviz.keras_inside.optimizers import (
    APPLIES,
    is_last_replica,
    living_optimizers,
    steps_made,
    trained_variables,
    trains_recurrence,
    wrapped_optimizer,
)
from dropviz.keras_inside.replica_threads import in_replica_thread
from dropviz.recording.store import Store

Layer = Any
Model = Any
Optimizer = Any
Variable = Any


class StepsMissed:
    """Counts the steps of optimizers, and how many of them were not recorded.

    A function that was compiled before the recording began runs past it: its steps are
    counted by the optimizer, and not here.
    """

    def __init__(self, store: Store, on_step: Callable[[list[Variable]], None]) -> None:
        """Makes a counter.

        Args:
            store: Counts the steps that are recorded, in graphs too.
            on_step: Given the variables that a step changes, as it is made or traced.
        """
        self._store = store
        self._on_step = on_step
        # A thread that trains something else at the same time makes steps of its own.
        self._threads = {threading.get_ident()}
        self._wrapped: weakref.WeakSet[Optimizer] = weakref.WeakSet()
        # By id: an optimizer, and its number in the store.
        self._numbers: dict[int, tuple[weakref.ref[Optimizer], int]] = {}
        self._before: list[tuple[weakref.ref[Optimizer], int]] = []
        self._heard: weakref.WeakSet[Optimizer] = weakref.WeakSet()

    def hears(self, model: Model) -> None:
        """Notes that Keras compiles a model's step inside the recording, so that none is missed.

        Where a data set ends of which nobody knew the length, Keras's optimizer counts a step
        that it did not make.
        """
        optimizer = getattr(model, "optimizer", None)
        if optimizer is not None:
            self._heard.add(wrapped_optimizer(optimizer) or optimizer)

    def hears_thread(self) -> None:
        """Notes that what is recorded trains in the thread that calls this."""
        self._threads.add(threading.get_ident())

    @contextmanager
    def counting(self, *, any_thread: bool) -> Iterator[None]:
        """Counts the steps that are made inside the block.

        Args:
            any_thread: Whether those of every thread count in which a recorded layer trains, and
                not of this one alone.
        """
        # One that trains in another thread right now is none of this recording's.
        self._before = [
            (weakref.ref(each), made)
            for each in living_optimizers()
            if (made := steps_made(each)) is not None
        ]
        with ExitStack() as stack:
            for owner, method in APPLIES:
                listens = hooks.before(owner, method, self._on_apply, any_thread=any_thread)
                stack.enter_context(listens)
                elsewhere = hooks.before(owner, method, self._on_apply_elsewhere, any_thread=True)
                stack.enter_context(elsewhere)
            yield

    def count(self, recorded: Sequence[int], layers: Collection[Layer] | None) -> int:
        """How many steps of recurrent layers were not recorded.

        Args:
            recorded: The steps of each optimizer in the store.
            layers: The layers that are asked about; every layer of Keras where it is None.
        """
        asked = None if layers is None else {id(v) for each in layers for v in each.weights}
        missed = 0
        # A function of before the recording knows no optimizer that was made later.
        for ref, before in self._before:
            each = ref()
            if each is None or each in self._heard or not trains_recurrence(each, asked):
                continue
            known = self._numbers.get(id(each))
            seen = recorded[known[1]] if known is not None and known[0]() is each else 0
            missed += max(0, (steps_made(each) or 0) - before - seen)
        return missed

    def _on_apply(
        self, optimizer: Optimizer, grads: Any = (), trainable_variables: Any = None
    ) -> None:
        wrapped = wrapped_optimizer(optimizer)
        if wrapped is not None:
            self._wrapped.add(wrapped)
        elif optimizer in self._wrapped:
            return  # its step was counted by what wraps it
        if is_look() or not is_last_replica() or not self._is_ours():
            return
        steps = wrapped if wrapped is not None else optimizer
        self._on_step(trained_variables(steps, trainable_variables or ()))
        if id(steps) not in self._numbers or self._numbers[id(steps)][0]() is not steps:
            self._numbers[id(steps)] = weakref.ref(steps), self._store.new_optimizer()
        if not self._store.count_step(self._numbers[id(steps)][1], list(grads)):
            # Steps that are traced here write here, however often they run.
            self._heard.add(steps)

    def _on_apply_elsewhere(self, optimizer: Optimizer, *_: Any, **__: Any) -> None:
        """Leaves out the steps of another thread, of which there is a note by layer."""
        if not self._is_ours():
            self._heard.add(wrapped_optimizer(optimizer) or optimizer)

    def _is_ours(self) -> bool:
        return threading.get_ident() in self._threads or in_replica_thread()
