"""Runs the behaviours of Keras that surprise people, one by one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import keras

from dropviz.core.random_streams import process_streams_kept
from dropviz.core.trap_results import Trap, TrapResults
from dropviz.errors import is_known, one_line, unknown_name
from dropviz.keras_inside import interrupts
from dropviz.keras_inside.seeding import backend_streams_kept
from dropviz.traps import data_order, masks, rates, seeds, training
from dropviz.traps.tools import Exhibit, Finding, NotMeasurableError

EXHIBITS: dict[str, Exhibit] = {
    exhibit.name: exhibit
    for exhibits in (rates, training, data_order, masks, seeds)
    for exhibit in exhibits.EXHIBITS
}


def traps(*names: str) -> TrapResults:
    """Runs behaviours of Keras that surprise people, and tells what they do here.

    Each runs real Keras layers on a few numbers. All of them take some ten seconds with
    TensorFlow, and more than a minute with JAX, which compiles each call anew. Nothing is left
    behind: random streams and the numbers in the names of layers stay as they were.

    Args:
        *names: Which traps, in their order; one that is named twice runs once. All without names;
            ``dropviz.traps().names`` lists them.

    Returns:
        The traps: what to expect, what happens, why (with the Keras file that it lies in), and
        what to do. Each says by its ``holds`` whether the installed Keras still behaves so; None
        where that could not be measured, which is no error.

    Raises:
        UnknownNameError: If there is no trap of a name; none is run then.
    """
    for name in names:
        if not is_known(name, EXHIBITS):
            raise unknown_name("trap", name, EXHIBITS)
    chosen = dict.fromkeys(names or EXHIBITS)
    with interrupts.minded(), process_streams_kept(), backend_streams_kept():
        return TrapResults([_run(EXHIBITS[name]) for name in chosen], _where())


def _where() -> str:
    return f"Keras ({keras.__version__}, {keras.config.backend()})"


def _run(exhibit: Exhibit) -> Trap:
    interrupts.safe_point()
    start = time.perf_counter()
    found = _in_own_thread(exhibit)
    seconds = time.perf_counter() - start
    if isinstance(found, BaseException):
        reason = str(found) if isinstance(found, NotMeasurableError) else one_line(found)
        holds, happens, evidence = None, f"It could not be measured here: {reason}", {}
    else:
        other = f"This {_where()} does not do so here: "
        holds, happens = found.holds, ("" if found.holds else other) + found.said
        evidence = dict(found.evidence)
    return Trap(
        name=exhibit.name,
        title=exhibit.title,
        expect=exhibit.expect,
        happens=happens,
        why=exhibit.why,
        advice=exhibit.advice,
        holds=holds,
        seconds=seconds,
        evidence=evidence,
    )


def _in_own_thread(exhibit: Exhibit) -> Finding | BaseException:
    """Measures where Keras's global state is empty, and is thrown away afterwards.

    Keras keeps the counters of names, the global seed generator and the dtype policy for
    each thread apart (keras/src/backend/common/global_state.py).
    """
    # Leaving the block waits for the thread, after an interrupt too.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="dropviz-trap") as pool:
        future = pool.submit(exhibit.measure)
        return future.exception() or future.result()
