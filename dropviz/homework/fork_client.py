"""The near end of the fork server: a process that has imported Keras, and forks on demand."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from dropviz.core.closing import Closing
from dropviz.errors import DropvizError, received

_START, _ANY = 120.0, 64

# With both, nothing of TensorFlow's reaches stderr, and sums are added in one order everywhere.
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
_ENVIRONMENT = QUIET | {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[2]); "
    "from dropviz.homework.fork_server import main; "
    "sys.path.remove(sys.argv[2]); main(int(sys.argv[1]))"
)


class ForkServer(Closing):
    """A process that has imported Keras and runs nothing; a child of it is there in no time."""

    def __init__(self) -> None:
        """Starts it.

        Raises:
            DropvizError: If this is not Linux, or Keras cannot be imported there.
        """
        if not sys.platform.startswith("linux"):
            raise DropvizError(
                f"Answers are graded on Linux only, whose locks keep them in. Received: "
                f"{received(sys.platform)}. Grade on a Linux machine, in WSL, or in a container."
            )
        ours, theirs = socket.socketpair()
        root = str(Path(__file__).parents[2])
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (a program of our own)
                [sys.executable, "-I", "-c", _PROGRAM, str(theirs.fileno()), root],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=_ENVIRONMENT,
                start_new_session=True,
            )
        ours.settimeout(_START)
        self._door = ours
        self._hear()

    def fork(self, ask: int, answer: int) -> int:
        """Starts a child.

        Args:
            ask: The end of a pipe that it reads.
            answer: The end of a pipe that it writes.

        Returns:
            Its number.
        """
        socket.send_fds(self._door, [b"fork"], [ask, answer])
        return int(self._hear())

    def end(self, process: int) -> int:
        """Ends a child, if it has not ended by itself.

        Args:
            process: Its number.

        Returns:
            The signal that ended it; 0 if it ended by itself.
        """
        self._door.send(f"end {process}".encode())
        status = int(self._hear())
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0

    def close(self) -> None:
        """Ends the process."""
        self._door.close()
        self._process.kill()
        self._process.wait()

    def _hear(self) -> bytes:
        try:
            said = self._door.recv(_ANY)
        except TimeoutError:
            said = b""
        if not said:
            raise DropvizError(
                "The process that answers are run in did not start or has ended. Expected Keras "
                f"with TensorFlow in {sys.executable}. Run `dropviz doctor` to see what is there."
            )
        return said
