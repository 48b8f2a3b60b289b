from __future__ import annotations

import subprocess
import sys

import pytest

from dropviz.studies.worker import Order, _start_keras, this_process

ELSEWHERE = """
from dropviz.studies.worker import Order, _start_keras
_start_keras(Order("digits", "abc", "exact", {}, begun_in="another process"))
import tensorflow as tf
print(tf.config.threading.get_intra_op_parallelism_threads(),
      tf.config.threading.get_inter_op_parallelism_threads())
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr("dropviz.keras_inside.threads.use_one_thread", lambda: found.append("one"))
    return found


def test_the_process_that_began_a_study_keeps_its_threads(asked: list[str]) -> None:
    _start_keras(Order("digits", "abc", "exact", {}, this_process()))
    assert not asked

    _start_keras(Order("digits", "abc", "exact", {}, f"{this_process()}0"))
    assert asked == ["one"]


@pytest.mark.full
def test_a_worker_that_anybody_started_computes_with_one_thread() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], check=True, capture_output=True, text=True
    )

    assert done.stdout.split() == ["1", "1"]
