"""What a person does in an hour, in a process of its own: train, look, save and load.

    python -m tests.field.errand ERRAND [PATH]

It is run in surroundings of many kinds, and says in one line of JSON what came of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

import dropviz
from dropviz.core.runs import Run
from dropviz.core.task import Task
from dropviz.errors import DropvizError

X = np.random.default_rng(0).normal(size=(32, 4, 3)).astype("float32")
Y = (X[:, 0, 0] > 0).astype("int64")
TASK = Task("tiny", X[:24], Y[:24], X[24:], Y[24:])
_SMALL = 2000  # bytes that a file may have on a disk that is full


def _model(units: int) -> Any:
    model = keras.Sequential(
        [
            keras.Input((4, 3)),
            keras.layers.LSTM(units, dropout=0.3, recurrent_dropout=0.3),
            keras.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    return model


def _recorded(units: int) -> Any:
    model = _model(units)
    with dropviz.record(model) as recording:
        model.fit(X, Y, verbose=0, epochs=2)
    return recording


def _run(**given: Any) -> Run:
    return dropviz.run(TASK, dropout=0.2, units=4, epochs=1, **given)


def everything() -> Any:
    """Trains, prints, draws, saves and loads."""
    run = _run(recurrent_dropout=0.5)
    print(*run.summary, run, run.recording, sep="\n")  # noqa: T201
    drawn = [len(run.figure(name).png()) > 1000 for name in ("where", "masks", "cell", "curves")]
    with tempfile.TemporaryDirectory() as folder:
        again = dropviz.load(run.save(Path(folder) / "run.dropviz"))
    assert isinstance(again, Run)
    mine, its = (each.recording["lstm"]["input"].values for each in (run, again))
    return all(drawn) and bool(np.array_equal(mine, its))


def in_a_folder_that_is_gone() -> Any:
    """The same, where the working folder has been deleted."""
    folder = Path(tempfile.mkdtemp())
    os.chdir(folder)
    folder.rmdir()
    return everything()


def save(path: str) -> Any:
    """Saves to a path; what kept it from that."""
    run = _run()
    try:
        return run.save(path).exists()
    except DropvizError as error:
        return str(error)


def save_on_a_full_disk(path: str) -> Any:
    """Saves over a file where there is no room for another."""
    Path(path).write_text("before")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_SMALL, _SMALL))
    said = save(path)
    return [said, Path(path).read_text(), sorted(each.name for each in Path(path).parent.iterdir())]


def fork() -> Any:
    """Looks at recordings in a forked process: one that was looked at before, and one not."""
    looked, other = _recorded(4), _recorded(3)
    batches = looked["lstm"].batches
    child = os.fork()
    if not child:
        signal.alarm(60)  # a child that waits for a thread that it does not have
        there = [looked["lstm"].batches, *(each.batches for each in other.values())]
        os._exit(0 if there == [batches, batches] else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def threads() -> Any:
    """Records three models in three threads at once."""
    found: dict[int, list[int]] = {}

    def go(number: int) -> None:
        found[number] = [each.batches for each in _recorded(number + 2).values()]

    running = [threading.Thread(target=go, args=(number,)) for number in range(3)]
    for each in running:
        each.start()
    for each in running:
        each.join()
    return [found[number] for number in range(3)]


def tasks() -> Any:
    """Records three models in three tasks that take turns."""

    async def go(number: int) -> list[int]:
        model = _model(number + 2)
        with dropviz.record(model) as recording:
            for _ in range(number + 1):
                model.train_on_batch(X, Y)
                await asyncio.sleep(0)
        return [each.batches for each in recording.values()]

    async def main() -> list[list[int]]:
        return await asyncio.gather(*(go(number) for number in range(3)))

    return asyncio.run(main())


ERRANDS: dict[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (
        *(everything, in_a_folder_that_is_gone, save, save_on_a_full_disk),
        *(fork, threads, tasks),
    )
}

if __name__ == "__main__":
    print("\n" + json.dumps(ERRANDS[sys.argv[1]](*sys.argv[2:])))  # noqa: T201
