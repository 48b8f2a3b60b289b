"""A user of its own for the process that runs an answer: where root grades, as in a container."""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

_FIRST_USER, _USERS = 1_900_000_000, 50_000_000  # where no system has people
_NOBODY = 65534
# Numbers of include/uapi/linux/prctl.h and capability.h.
_KEEP_CAPABILITIES = 8
_CAPABILITY_VERSION, _READ_ANY_FILE = 0x20080522, 1 << 2  # CAP_DAC_READ_SEARCH


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("process", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("effective", "permitted", "inherited"))


def become_own_user() -> bool:
    """Becomes a user that nobody else is, without any right of root's, where that is allowed.

    Where Python lies in a folder that is root's alone, the right to read past that stays; which
    files that is of any use for, Landlock says.

    Returns:
        Whether that was allowed.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    reads = 0 if _is_open_to_all() else _READ_ANY_FILE
    for user in (_FIRST_USER + os.getpid() % _USERS, _NOBODY):
        with suppress(OSError):
            os.setgroups([])
            os.setresgid(user, user, user)
            libc.prctl(_KEEP_CAPABILITIES, int(bool(reads)), 0, 0, 0)
            os.setresuid(user, user, user)
            kept = (_Capabilities * 2)()
            kept[0] = _Capabilities(reads, reads, 0)
            header = _Header(_CAPABILITY_VERSION, 0)
            return not libc.capset(ctypes.byref(header), ctypes.byref(kept))
    return False


def _is_open_to_all() -> bool:
    """Whether every folder on the way to Python's files may be entered by anybody."""
    homes = (Path(os.__file__).resolve(), Path(sys.prefix).resolve())
    ways = {folder for home in homes for folder in home.parents}
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in ways)
