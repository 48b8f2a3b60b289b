from __future__ import annotations

import multiprocessing
import os
from types import SimpleNamespace

import pytest

from dropviz.jupyter.child_processes import ChildProcesses

BOTH = (
    "Processes that ended meanwhile took 1.5 s of processor time and others that the cell started "
    "still run (1 of them); "
)


class Machine:
    """What the system tells of a process's children."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pids: list[int] = []
        self.seconds = 3.0
        children = lambda: [SimpleNamespace(pid=pid) for pid in self.pids]  # noqa: E731
        monkeypatch.setattr(multiprocessing, "active_children", children)
        monkeypatch.setattr(
            os, "times", lambda: SimpleNamespace(children_user=self.seconds, children_system=1.0)
        )


@pytest.mark.parametrize(
    ("before", "now", "took", "said"),
    [
        ([], [], 0.5, ""),
        ([7, 8], [7, 8], 0.0, ""),
        ([7], [], 0.0, ""),
        ([7], [7, 9], 0.0, "Processes that the cell started still run (1 of them); "),
        ([], [5, 6], 0.0, "Processes that the cell started still run (2 of them); "),
        ([7], [7], 2.0, "Processes that ended meanwhile took 2.0 s of processor time; "),
        (
            [7],
            [9],
            1.5,
            BOTH,
        ),
    ],
)
def test_those_that_were_there_before_are_not_the_cells(
    monkeypatch: pytest.MonkeyPatch, before: list[int], now: list[int], took: float, said: str
) -> None:
    machine = Machine(monkeypatch)
    machine.pids = before
    children = ChildProcesses()
    machine.pids, machine.seconds = now, machine.seconds + took

    told, _, rest = children.remark.partition("what trains in them")
    assert told == said
    assert bool(rest) == bool(said)
