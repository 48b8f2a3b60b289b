"""The near end of the fork server: a process that has imported Keras, and forks on demand."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from dropviz.core.closing import Closing
from dropviz.errors import DropvizError, received
from dropviz.homework.judges_keras import SETTINGS

_START, _END, _ANY = 120.0, 10.0, 64

_ENVIRONMENT = SETTINGS | {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
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
    """A process that has imported Keras and runs nothing; a child of it is there in no time.

    One that ends, as where memory is short, fails what is under way, and is started anew by the
    next ``fork``.
    """

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
        self._start()

    def fork(self, ask: int, answer: int) -> int:
        """Starts a child.

        Args:
            ask: The end of a pipe that it reads.
            answer: The end of a pipe that it writes.

        Returns:
            Its number.

        Raises:
            DropvizError: If the process has ended, or cannot be started anew.
        """
        if self._process.poll() is not None:
            self.close()
            self._start()
        return int(self._asked(b"fork", ask, answer))

    def end(self, process: int) -> int:
        """Ends a child, if it has not ended by itself.

        Args:
            process: Its number.

        Returns:
            The signal that ended it; 0 if it ended by itself.

        Raises:
            DropvizError: If the process has ended, and every child with it.
        """
        status = int(self._asked(f"end {process}".encode()))
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0

    def close(self) -> None:
        """Hangs up, and lets the process end its children, and itself."""
        self._door.close()
        try:
            self._process.wait(_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        self._door, theirs = socket.socketpair()
        self._door.settimeout(_START)
        root = str(Path(__file__).parents[2])
        with theirs:
            try:
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
            except OSError as error:
                self._door.close()
                raise _gone(f" ({error.strerror})") from None
        self._asked()

    def _asked(self, message: bytes = b"", *pipes: int) -> bytes:
        """Says something, if there is something to say, and hears what comes back."""
        said = b""
        with suppress(OSError):
            if message:
                socket.send_fds(self._door, [message], pipes)
            said = self._door.recv(_ANY)
        if not said:
            self.close()
            raise _gone()
        return said


def _gone(why: str = "") -> DropvizError:
    return DropvizError(
        f"The process that answers are run in did not start or has ended{why}. Expected Keras "
        f"with TensorFlow in {sys.executable}. Run `dropviz doctor` to see what is there."
    )
