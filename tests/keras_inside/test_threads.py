from __future__ import annotations

import subprocess
import sys

import pytest
import tensorflow as tf

from dropviz.errors import DropvizError
from dropviz.keras_inside.threads import use_one_thread

PROGRAM = """
import tensorflow as tf
from dropviz.keras_inside.threads import use_one_thread

use_one_thread()
tf.ones(3) + 1
print(tf.config.threading.get_intra_op_parallelism_threads())
print(tf.config.threading.get_inter_op_parallelism_threads())
use_one_thread()
"""


@pytest.mark.full
def test_a_fresh_process_uses_one_thread_and_may_be_asked_twice() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )

    assert (done.stdout.split(), done.returncode) == (["1", "1"], 0), done.stderr


def test_a_process_that_has_run_something_cannot_be_changed() -> None:
    tf.ones(3)

    with pytest.raises(DropvizError, match=r"^TensorFlow has run something in this process"):
        use_one_thread()
