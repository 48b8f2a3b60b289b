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
from dropviz.core.training_result import cell_of
from dropviz.studies.run_cells import StudyProgress
from dropviz.studies.study_file import ResultsFile
from dropviz.studies.sweep import sweep
from dropviz.studies.train import run

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system"),
]

# One graph for all: both rates are above 0.
GRID: dict[str, Any] = {
    "dropout": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    "recurrent_dropout": [0.3],
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
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the results of the undisturbed sweep are."""
    return tmp_path_factory.mktemp("sweep") / "results.jsonl"


@pytest.fixture(scope="module")
def undisturbed(kept: Path) -> Sweep:
    return sweep(**GRID, results=kept)


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


def test_a_sweep_is_real_trainings(undisturbed: Sweep) -> None:
    assert all(proof.difference.to_the_bit for proof in undisturbed.trainings.proofs)
    assert len(undisturbed.trainings.proofs) == 2
    plain = run("digits", dropout=0.4, recurrent_dropout=0.3, units=4, epochs=2, seed=2)
    assert plain.spec is not None
    mine = undisturbed.trainings.results[cell_of(plain.spec)]
    assert mine.curves["val_accuracy"] == tuple(plain.curves["val_accuracy"])


def test_it_goes_on_from_its_file_though_its_worker_is_killed(
    undisturbed: Sweep, kept: Path, tmp_path: Path
) -> None:
    told: list[StudyProgress] = []
    killed: list[int] = []
    # As after a kill of the whole process: two results, and a torn line.
    file = tmp_path / "results.jsonl"
    lines = kept.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:3]) + lines[3][:40])

    def kill(progress: StudyProgress) -> None:
        told.append(progress)
        if progress.done == 4 and not killed:
            worker = next(workers())
            killed.append(worker.pid)
            worker.kill()

    found = sweep(**GRID, results=file, listener=kill)

    assert told[0].before == 2
    assert killed
    assert_same(found, undisturbed)


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
