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
from contextlib import suppress
from importlib import import_module

from dropviz.homework import locks
from dropviz.homework.child import AnswerRunner
from dropviz.homework.frames import BrokenFrameError, Frame, Kind, write

_MESSAGE = 64
_OUR_FILES = 3  # stdin, stdout, stderr
_ASIDE, _MOST_FILES = 200, 1 << 16  # numbers of files


def main(door: int) -> None:
    """Serves one judge, until it hangs up or is gone; no child stays after that.

    Args:
        door: The socket by which it asks: "fork" with two pipes, or "end" with a process.
    """
    import_module("keras")
    gc.freeze()  # or each child copies what the collector looks at
    talk = socket.socket(fileno=door)
    talk.send(b"ready")
    children: set[int] = set()
    try:
        while _does(talk, children):
            pass
    except ConnectionError:
        pass  # the judge is gone
    finally:
        for process in children:
            _end(process)


def _does(talk: socket.socket, children: set[int]) -> bool:
    """Does one thing that is asked for; false where the judge has hung up."""
    message, pipes, _, _ = socket.recv_fds(talk, _MESSAGE, 2)
    word, _, number = message.decode().partition(" ")
    if word == "end":
        process = int(number)
        # A child of a server before this one has ended with it.
        status = _end(process) if process in children else 0
        children.discard(process)
        talk.send(str(status).encode())
    elif word == "fork":
        server = os.getpid()
        process = os.fork()
        if not process:
            _serve(pipes[0], pipes[1], server)
        children.add(process)
        for pipe in pipes:
            os.close(pipe)
        talk.send(str(process).encode())
    return bool(message)


def _end(process: int) -> int:
    """Ends a child, and all that it started; gives how it ended, as ``os.waitpid`` tells it."""
    # One that has ended by itself keeps its number, and that of its group, until it is waited for.
    for kill in (os.killpg, os.kill):
        with suppress(OSError):
            kill(process, signal.SIGKILL)
    return os.waitpid(process, 0)[1]


def _serve(ask: int, answer: int, server: int) -> None:
    """The child's whole life."""
    try:
        os.setsid()
        ask, answer = _alone_with(ask, answer)
        held = locks.shut(server)
        locks.forget_own_modules()
        write(answer, Frame(Kind.READY, numbers=tuple(held)))
        AnswerRunner(ask, answer).serve()
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
