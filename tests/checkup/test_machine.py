from __future__ import annotations

import os
import subprocess
import sys
import types

import pytest

from dropviz.checkup.machine import machine
from dropviz.core.free_memory import available


def test_it_is_this_machine() -> None:
    found = machine()

    assert 1 <= found.own <= found.processors == os.cpu_count()
    left = available()
    # Others take and give back memory between the two looks.
    assert left is None or found.memory_left == pytest.approx(left, rel=0.2)


def test_each_number_is_from_who_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr("dropviz.checkup.machine.cpu_count", lambda: 3)
    monkeypatch.setattr("dropviz.checkup.machine.available", lambda: 5)
    monkeypatch.setattr("dropviz.checkup.machine.limit", lambda: 7)

    found = machine()

    assert (found.processors, found.own) == (8, 3)
    assert (found.memory_left, found.memory_limit) == (5, 7)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="nothing binds a process here")
def test_processors_that_a_process_may_not_use_do_not_count() -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from dropviz.checkup.machine import machine\nprint(machine().own)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "1\n"


@pytest.mark.parametrize("keras", [None, types.ModuleType("keras")], ids=["none", "Keras 2"])
def test_without_a_list_of_devices_it_is_looked_for_one(
    monkeypatch: pytest.MonkeyPatch, keras: types.ModuleType | None
) -> None:
    if keras is None:
        monkeypatch.delitem(sys.modules, "keras", raising=False)
    else:
        monkeypatch.setitem(sys.modules, "keras", keras)

    assert "Keras lists them)" not in machine().device
    assert machine().device
