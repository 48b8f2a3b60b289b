"""Imports Keras once, then forks a child for each answer. It holds no secret and reads no answer.

Run as a program of its own, with nothing of the judge's in its environment; nothing of Keras is
run before a fork, so that no thread of TensorFlow's is there to be lost.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from importlib import import_module

from dropviz.homework import locks
from dropviz.homework.child import Answer
from dropviz.homework.frames import BrokenFrameError, Frame, Kind, write

_MESSAGE = 64
_OUR_FILES = 3  # stdin, stdout, stderr
_ASIDE, _MOST_FILES = 200, 1 << 16  # numbers of files


def main(door: int) -> None:
    """Serves one judge, until it hangs up.

    Args:
        door: The socket by which it asks: "fork" with two pipes, or "end" with a process.
    """
    import_module("keras")
    gc.freeze()  # or each child copies what the collector looks at
    talk = socket.socket(fileno=door)
    talk.send(b"ready")
    while True:
        message, pipes, _, _ = socket.recv_fds(talk, _MESSAGE, 2)
        if not message:
            return
        word, _, process = message.decode().partition(" ")
        if word == "end":
            talk.send(str(_end(int(process))).encode())
            continue
        forked = os.fork()
        if not forked:
            talk.close()
            _serve(*pipes)
        for pipe in pipes:
            os.close(pipe)
        talk.send(str(forked).encode())


def _end(process: int) -> int:
    """Ends a child, and all that it started; gives how it ended, as ``os.waitpid`` tells it."""
    ended, status = os.waitpid(process, os.WNOHANG)
    if ended:
        return status
    for kill in (os.killpg, os.kill):
        try:
            kill(process, signal.SIGKILL)
        except OSError:
            continue
    return os.waitpid(process, 0)[1]


def _serve(ask: int, answer: int) -> None:
    """The child's whole life."""
    try:
        os.setsid()
        ask, answer = _alone_with(ask, answer)
        held = locks.shut()
        locks.forget_own_modules()
        write(answer, Frame(Kind.READY, numbers=tuple(held)))
        Answer(ask, answer).serve()
    except BrokenFrameError:
        pass  # the judge has heard enough
    finally:
        os._exit(0)


def _alone_with(ask: int, answer: int) -> tuple[int, int]:
    """Closes every file but the two pipes; what is printed goes nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    high = [os.dup2(each, _ASIDE + number) for number, each in enumerate((ask, answer, nowhere))]
    for own in range(_OUR_FILES):
        os.dup2(high[-1], own)
    first, second = (os.dup2(each, _OUR_FILES + number) for number, each in enumerate(high[:2]))
    os.closerange(_OUR_FILES + 2, _MOST_FILES)
    return first, second


if __name__ == "__main__":
    main(int(sys.argv[1]))
