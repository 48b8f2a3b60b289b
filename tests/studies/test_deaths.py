"""Kills in the middle of a sweep: whoever dies, the results are those of an undisturbed one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from dropviz.core.sweep_result import Sweep
from dropviz.studies.results_file import ResultsFile
from dropviz.studies.run_cells import StudyProgress
from dropviz.studies.sweep import sweep

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system"),
]

GRID: dict[str, Any] = {
    "dropout": [0.0, 0.2, 0.4],
    "recurrent_dropout": [0.0, 0.3],
    "seeds": 2,
    "units": 4,
    "epochs": 2,
}
SCRIPT = f"""
import sys
from dropviz.studies.sweep import sweep
sweep(**{GRID!r}, results=sys.argv[1])
"""


@pytest.fixture(scope="module")
def undisturbed() -> Sweep:
    return sweep(**GRID)


def workers() -> Iterator[psutil.Process]:
    """The processes of this test that compute, and not those that look after them."""
    for each in psutil.Process().children(recursive=True):
        if any("loky" in part for part in each.cmdline()) and each.cpu_times().user > 1:
            yield each


def assert_same(found: Sweep, undisturbed: Sweep) -> None:
    np.testing.assert_array_equal(found.scores, undisturbed.scores)
    assert [each.curves for each in found.trainings.results.values()] == [
        each.curves for each in undisturbed.trainings.results.values()
    ]


def test_a_worker_of_our_own_that_is_killed_costs_nothing(undisturbed: Sweep) -> None:
    killed: list[int] = []

    def kill(progress: StudyProgress) -> None:
        if progress.done == 4 and not killed:
            (worker,) = workers()
            killed.append(worker.pid)
            worker.kill()

    found = sweep(**GRID, listener=kill)

    assert killed
    assert_same(found, undisturbed)


@pytest.mark.full
def test_a_sweep_whose_whole_process_is_killed_goes_on(undisturbed: Sweep, tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(file)])
    deadline = time.monotonic() + 120
    while not file.exists() or file.read_bytes().count(b"\n") < 5:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    family = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    for each in family:
        each.kill()
    process.wait()
    told: list[StudyProgress] = []

    found = sweep(**GRID, results=file, listener=told.append)

    assert 4 <= told[0].before < 12
    assert_same(found, undisturbed)
    lines = file.read_bytes().splitlines()
    assert len(lines) == 13  # the header, and each cell once


@pytest.mark.full
def test_dask_s_worker_that_is_killed_gives_its_trainings_to_the_other(
    undisturbed: Sweep,
) -> None:
    distributed = pytest.importorskip("distributed")
    killed: list[int] = []
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):

        def kill(progress: StudyProgress) -> None:
            if progress.done == 4 and not killed:
                worker = next(iter(cluster.workers.values()))
                killed.append(worker.pid)
                os.kill(worker.pid, signal.SIGKILL)

        found = sweep(**GRID, executor=client.get_executor(), listener=kill)

    assert killed
    assert_same(found, undisturbed)


@pytest.mark.full
def test_an_interrupt_keeps_what_was_done(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"

    def interrupt(progress: StudyProgress) -> None:
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(**GRID, results=file, listener=interrupt)

    assert not list(workers())
    assert file.read_bytes().count(b"\n") == 4
    study = next(iter(sweep(**GRID, results=file).trainings.results.values()))
    assert study.status == "done"
    assert isinstance(ResultsFile, type)
