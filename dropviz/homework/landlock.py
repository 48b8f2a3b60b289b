"""Landlock: from here on a process opens only the files that it is given (Linux 5.13 or later).

Through ctypes, as Python has no door to it. Numbers are those of include/uapi/linux/landlock.h;
the three system calls have the same numbers on every processor.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_NO_NEW_PRIVILEGES = 38
READ_FILE, READ_FOLDER, WRITE_FILE, EXECUTE = 1 << 2, 1 << 3, 1 << 1, 1
# What each version of the interface can deny on files: 13 rights, then refer, truncate and ioctl.
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_NEWEST_RIGHTS = 16
_NET_FROM, _NET = 4, 0b11  # bind and connect by TCP
_SCOPES_FROM, _SCOPES = 6, 0b11  # abstract Unix sockets and signals to others


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Rule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """The version of Landlock that the kernel offers; 0 without it."""
    return max(
        0, int(_libc().syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION)))
    )


def restrict(paths: Iterable[tuple[str, int]]) -> bool:
    """Restricts this thread, and all that it starts, to some files; for good.

    Args:
        paths: Files and folders with what may be done there, or beneath: ``READ_FILE``,
            ``READ_FOLDER``, ``WRITE_FILE``, ``EXECUTE``. Those that do not exist are left out.

    Returns:
        Whether the restriction holds.
    """
    offered = version()
    if not offered:
        return False
    libc = _libc()
    every = (1 << _RIGHTS.get(offered, _NEWEST_RIGHTS)) - 1
    ruleset = _Ruleset(every, _NET * (offered >= _NET_FROM), _SCOPES * (offered >= _SCOPES_FROM))
    size = 8 * (1 + (offered >= _NET_FROM) + (offered >= _SCOPES_FROM))
    handle = libc.syscall(_CREATE, ctypes.byref(ruleset), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if handle < 0:
        return False
    try:
        for path, allowed in paths:
            _add(handle, path, allowed)
        if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            return False
        return not libc.syscall(_RESTRICT, ctypes.c_int(handle), ctypes.c_uint32(0))
    finally:
        os.close(handle)


def _add(ruleset: int, path: str, allowed: int) -> None:
    with suppress(OSError):
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            # A rule on a file that allows what only folders know is refused.
            on_file = ~READ_FOLDER if not Path(path).is_dir() else -1
            rule = _Rule(allowed & on_file, parent)
            arguments = (ctypes.c_int(_PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0))
            _libc().syscall(_ADD, ctypes.c_int(ruleset), *arguments)
        finally:
            os.close(parent)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
