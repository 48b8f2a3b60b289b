"""Programs that XLA compiled, kept on disk for processes that come later.

TensorFlow reads where from ``TF_XLA_FLAGS`` when it first compiles with XLA, and not again
(tensorflow/compiler/jit/flags.h, ``tf_xla_persistent_cache_directory``). A program is found again
by the name of its function, which ends with a number that counts all that TensorFlow has made in
the process (``uid`` of tensorflow/python/framework/ops.py). Tried with TensorFlow 2.18 and 2.21.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from pathlib import Path

import tensorflow as tf
from tensorflow.python.framework.ops import uid

from dropviz.errors import DropvizError, received

FLAGS = "TF_XLA_FLAGS"
_OPTION = "--tf_xla_persistent_cache_directory"
_GIVEN = re.compile(rf"\s*{_OPTION}=('[^']*'|\"[^\"]*\"|\S*)")

# More than what some thousand trainings count; to count as far takes some 10 ms.
_ROUND = 2**17


def name_as_before() -> None:
    """Has what is traced next numbered from a round number, whatever ran before it.

    So that a process that comes later gives it the same name, although it ran other things.
    """
    while (uid() + 1) % _ROUND:
        pass


def keep_compiled(directory: Path) -> Path:
    """Has XLA keep what it compiles, here and in processes that are started from here.

    To be called before XLA first compiles in this process; afterwards it acts only in
    processes that are started.

    Args:
        directory: Where; made where it is not there. Each version of TensorFlow and each
            kind of processor has a directory of its own in it.

    Returns:
        The directory in it that is used here.

    Raises:
        DropvizError: If it cannot be made, or TensorFlow could not be told of it.
    """
    # What is compiled for one processor may use instructions that another does not have.
    own = directory.absolute() / f"tensorflow-{tf.__version__}-{_processor()}"
    before = os.environ.get(FLAGS, "")
    # TensorFlow takes anything else for the name of a file with flags.
    if "'" in str(own) or not (not before or before.startswith("--")):
        raise DropvizError(
            f"XLA cannot be told to keep programs in {received(str(own))}. Expected a path "
            f"without quotes, and {FLAGS} empty or beginning with --. Received: "
            f"{FLAGS}={received(before)}."
        )
    try:
        own.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DropvizError(
            f"The directory for compiled programs cannot be made ({error}). Name another."
        ) from error
    os.environ[FLAGS] = f"{_GIVEN.sub('', before)} {_OPTION}='{own}'".strip()
    return own


def _processor() -> str:
    """A short name for what this processor can do."""
    told = {platform.machine(), platform.processor()}
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        lines = cpus.read_text(encoding="utf-8", errors="replace").splitlines()
        told |= {line for line in lines if line.startswith(("flags", "Features", "model name"))}
    return hashlib.sha256("\n".join(sorted(told)).encode()).hexdigest()[:12]
