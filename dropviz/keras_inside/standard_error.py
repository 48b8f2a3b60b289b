"""What native code writes to file descriptor 2, which no Python stream sees."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import IO


@contextmanager
def held_back(noise: re.Pattern[bytes]) -> Iterator[None]:
    """Holds back what is written to file descriptor 2 inside the block, and passes on the rest.

    Where there is no such file, or no folder to hold it in, nothing is held back.

    Args:
        noise: Matches the beginning of lines that nobody needs.

    Yields:
        Nothing.
    """
    with ExitStack() as stack:
        _flush()
        with suppress(OSError):
            real = os.dup(2)
            stack.callback(os.close, real)
            held = stack.enter_context(tempfile.TemporaryFile())
            os.dup2(held.fileno(), 2)
            stack.callback(_pass_on, held, real, noise)
        yield


def _pass_on(held: IO[bytes], real: int, noise: re.Pattern[bytes]) -> None:
    _flush()
    os.dup2(real, 2)
    held.seek(0)
    for line in held.read().splitlines(keepends=True):
        if not noise.match(line):
            os.write(2, line)


def _flush() -> None:
    # There is none under pythonw; it may be closed, or its disk full.
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
