"""Hooks on Keras's classes that are there only while somebody records, most for their thread.

A class belongs to the whole process: without its thread's number a listener of a cell under
``%%lstm_dropout -r .5`` would reach the layers that the lab's thread builds meanwhile.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from dropviz.keras_inside import interrupts
from dropviz.keras_inside.replica_threads import in_replica_thread

_Listeners = dict[tuple[type, str], list[tuple[int | None, Callable[..., Any]]]]

_lock = threading.RLock()
# By class and method: listeners, each with the number of the thread that it listens to; None
# where it listens to all.
_listeners: _Listeners = {}
_later: _Listeners = {}  # those that hear what came of the call
_inside: _Listeners = {}  # what makes a context for the call
# What stands in the class meanwhile, and what stood there before; None where it was inherited.
_installed: dict[tuple[type, str], tuple[Any, Any]] = {}


@contextmanager
def before(
    owner: type, method: str, listener: Callable[..., Any], *, any_thread: bool = False
) -> Iterator[None]:
    """Calls a listener before each call of a method by this thread, inside the block.

    The threads in which TensorFlow traces replicas count as this one. Inside ``minded``
    an interrupt waits until such a call has ended.

    The class is as it was once the last block on that method has ended, in whatever
    order blocks end. A method that somebody has put there meanwhile stays.

    Args:
        owner: The class.
        method: The method's name.
        listener: Called with the arguments of the method, the object first. It may
            return new ``(args, kwargs)`` for the call, or None to leave them.
        any_thread: Whether calls by other threads are heard too.
    """
    with _listening(_listeners, owner, method, listener, any_thread=any_thread):
        yield


def home_of(owner: type, method: str) -> type:
    """The class in which a method is written down that another inherits.

    ``Trainer.compile_from_config`` (keras/src/trainers/trainer.py) takes a model whose ``compile``
    is not ``Trainer``'s own for one with another ``compile``, and leaves it without a loss.
    """
    return next(each for each in owner.__mro__ if method in vars(each))


@contextmanager
def after(
    owner: type, method: str, listener: Callable[..., Any], *, any_thread: bool = False
) -> Iterator[None]:
    """Calls a listener after each call of a method by this thread that has come to its end.

    In all else as ``before``.

    Args:
        owner: The class.
        method: The method's name.
        listener: Called with what the method returned, and with its arguments.
        any_thread: Whether calls by other threads are heard too.
    """
    with _listening(_later, owner, method, listener, any_thread=any_thread):
        yield


@contextmanager
def inside(
    owner: type,
    method: str,
    context: Callable[[], AbstractContextManager[Any]],
    *,
    any_thread: bool = False,
) -> Iterator[None]:
    """Runs each call of a method by this thread inside a context, however the call ends.

    In all else as ``before``.

    Args:
        owner: The class.
        method: The method's name.
        context: Makes the context of one call.
        any_thread: Whether calls by other threads run inside one too.
    """
    with _listening(_inside, owner, method, context, any_thread=any_thread):
        yield


@contextmanager
def _listening(
    to: _Listeners,
    owner: type,
    method: str,
    listener: Callable[..., Any],
    *,
    any_thread: bool,
) -> Iterator[None]:
    key = (owner, method)
    mine = None if any_thread else threading.get_ident(), listener
    with _lock:
        if not _heard(key):
            _install(owner, method)
        to.setdefault(key, []).append(mine)
    try:
        yield
    finally:
        with _lock:
            to[key].remove(mine)
            if not _heard(key):
                for each in (_listeners, _later, _inside):
                    each.pop(key, None)
                _remove(owner, method)


def _heard(key: tuple[type, str]) -> bool:
    return any(each.get(key) for each in (_listeners, _later, _inside))


def _install(owner: type, method: str) -> None:
    original = getattr(owner, method)

    @functools.wraps(original)
    def hooked(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True  # IPython's word for frames that are not the user's
        # One that somebody has wrapped outlives its block, and another may be there by now.
        if _installed.get((owner, method), (None,))[0] is not hooked:
            return original(*args, **kwargs)
        for listener in _of_this_thread(_listeners, owner, method):
            changed = listener(*args, **kwargs)
            if changed is not None:
                args, kwargs = changed
        with ExitStack() as stack:
            for context in _of_this_thread(_inside, owner, method):
                stack.enter_context(context())
            result = original(*args, **kwargs)
        for listener in _of_this_thread(_later, owner, method):
            listener(result, *args, **kwargs)
        interrupts.act()  # one that came meanwhile has waited, as this function is ours
        return result

    # Keras reads the names of a constructor's arguments with getfullargspec, which sees
    # this and does not look through wrappers.
    hooked.__signature__ = inspect.signature(original)  # type: ignore[attr-defined]
    _installed[owner, method] = hooked, vars(owner).get(method)
    setattr(owner, method, hooked)


def _of_this_thread(
    listeners: _Listeners, owner: type, method: str
) -> Iterator[Callable[..., Any]]:
    here = threading.get_ident()
    replica = in_replica_thread()
    for thread, listener in tuple(listeners.get((owner, method), ())):
        if thread in (None, here) or replica:
            yield listener


def _remove(owner: type, method: str) -> None:
    hooked, before = _installed.pop((owner, method))
    if vars(owner).get(method) is not hooked:
        return
    if before is None:
        delattr(owner, method)
    else:
        setattr(owner, method, before)
