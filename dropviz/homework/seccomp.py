"""Seccomp: from here on a process cannot ask the kernel for what an answer never needs.

A filter in the kernel's own small language (classic BPF; seccomp(2)) that refuses by EPERM: other
processes, programs, sockets, signals to others, other processes' memory, what changes the system,
and what changes a file without opening it to write, which Landlock does not see. Numbers of calls
are those of the kernel's tables for the two processors that are known.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator
from typing import NamedTuple

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_KILL, _REFUSE, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_NUMBER, _PROCESSOR = 0, 4  # places in struct seccomp_data
_FIRST, _SECOND, _THIRD = 16, 24, 32  # and of arguments, their lower halves
_X32 = 0x40000000  # the other numbering of x86-64

# By processor: how audit.h names it, then the numbers in the order of _NAMES.
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NAMES = (
    *("execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "kill"),
    *(
        "tkill",
        "rt_sigqueueinfo",
        "rt_tgsigqueueinfo",
        "pidfd_open",
        "pidfd_getfd",
        "pidfd_send_signal",
    ),
    *("socket", "socketpair", "connect", "bind", "listen", "sendto"),
    *("io_uring_setup", "userfaultfd", "bpf", "perf_event_open", "mount", "umount2"),
    *("unshare", "setns", "pivot_root", "chroot", "keyctl", "add_key"),
    *("request_key", "shmget", "msgget", "semget", "mq_open", "memfd_create"),
    *(
        "memfd_secret",
        "setpriority",
        "sched_setaffinity",
        "sched_setscheduler",
        "ioprio_set",
        "open_by_handle_at",
    ),
    *("name_to_handle_at", "kcmp", "setuid", "setgid", "setresuid", "setresgid"),
    *("setgroups", "sched_setattr", "sched_setparam"),
    *("truncate", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "utimensat"),
    *("setxattr", "lsetxattr", "fsetxattr", "setxattrat"),
    *("removexattr", "lremovexattr", "fremovexattr", "removexattrat", "file_setattr"),
    # Which would tell the names of files in folders that it may not list.
    *("inotify_add_watch", "fanotify_init"),
)
_NUMBERS = {
    "x86_64": (
        *(59, 322, 101, 310, 311, 62, 200, 129, 297, 434, 438, 424, 41, 53, 42, 49, 50, 44, 425),
        *(323, 321, 298, 165, 166, 272, 308, 155, 161, 250, 248, 249, 29, 68, 64, 240, 319, 447),
        *(141, 203, 144, 251, 304, 303, 312, 105, 106, 117, 119, 116, 314, 142),
        *(76, 91, 268, 452, 93, 260, 280, 188, 189, 190, 463, 197, 198, 199, 466, 469, 254, 300),
    ),
    "aarch64": (
        *(221, 281, 117, 270, 271, 129, 130, 138, 240, 434, 438, 424, 198, 199, 203, 200, 201),
        *(206, 425, 282, 280, 241, 40, 39, 97, 268, 41, 51, 219, 217, 218, 194, 186, 190, 180),
        *(279, 447, 140, 122, 119, 30, 265, 264, 272, 146, 144, 147, 149, 159, 274, 118),
        *(45, 52, 53, 452, 55, 54, 88, 5, 6, 7, 463, 14, 15, 16, 466, 469, 27, 262),
    ),
}
# Older calls for the same, which only x86-64 has.
_OLDER = {
    "x86_64": {
        "fork": 57,
        "vfork": 58,
        "chmod": 90,
        "chown": 92,
        "lchown": 94,
        "utime": 132,
        "utimes": 235,
        "futimesat": 261,
    },
    "aarch64": {},
}
# Calls of which some uses are refused, by what an argument says.
_NUMBERS_BY_ARGUMENT = {
    "x86_64": {
        "clone": 56,
        "tgkill": 234,
        "prlimit64": 302,
        "prctl": 157,
        "fcntl": 72,
        "ioctl": 16,
        "open": 2,
        "openat": 257,
    },
    "aarch64": {
        "clone": 220,
        "tgkill": 131,
        "prlimit64": 261,
        "prctl": 167,
        "fcntl": 25,
        "ioctl": 29,
        "openat": 56,
    },
}
# clone3 and openat2, whose arguments a filter cannot see. glibc takes the answer for that of an
# older kernel, and asks for clone.
_UNSEEN = 435, 437
_THREAD = 0x00010000  # CLONE_THREAD
SIGNAL_OF_PARENTS_DEATH = 1  # PR_SET_PDEATHSIG of prctl
_OWNERS = 8, 15  # F_SETOWN and F_SETOWN_EX of fcntl: whom a file sends signals when it is ready
# FS_IOC_SETFLAGS in both widths, FS_IOC_SETVERSION, FS_IOC_FSSETXATTR of ioctl: marks of a file.
_FILE_MARKS = 0x40086602, 0x40046602, 0x40087602, 0x401C5820
_CUT, _TO_WRITE = 0x200, 0b11  # O_TRUNC and O_ACCMODE


class _Looked(NamedTuple):
    """What an argument is looked at for: its place, values, whether they alone are allowed."""

    place: int
    values: tuple[int, ...]
    allowed: bool = False
    bits: int = 0xFFFFFFFF


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def restrict() -> bool:
    """Restricts this thread, and all that it starts, for good.

    Returns:
        Whether the restriction holds: not on another processor or system, nor where the kernel
        has no seccomp.
    """
    if not is_known():
        return False
    code = b"".join(_instructions(platform.machine(), os.getpid()))
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    return not libc.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0)


def is_known() -> bool:
    """Whether the numbers of this processor's calls are known."""
    return platform.machine() in _AUDIT


def refused_calls(machine: str) -> dict[str, int]:
    """The calls that are refused whatever their arguments, by name, on a processor."""
    return {**dict(zip(_NAMES, _NUMBERS[machine], strict=True)), **_OLDER[machine]}


def calls_by_argument(machine: str) -> dict[str, int]:
    """The calls that are refused by what an argument says, by name, on a processor."""
    return _NUMBERS_BY_ARGUMENT[machine]


def _instructions(machine: str, process: int) -> Iterator[bytes]:
    yield _code(_LOAD, _PROCESSOR)
    yield from _when(_EQUAL, _AUDIT[machine], skip=1, otherwise=_KILL)
    yield _code(_LOAD, _NUMBER)
    if machine == "x86_64":
        yield from _if(_AT_LEAST, _X32, _REFUSE | errno.EPERM)
    for number in refused_calls(machine).values():
        yield from _if(_EQUAL, number, _REFUSE | errno.EPERM)
    for number in _UNSEEN:
        yield from _if(_EQUAL, number, _REFUSE | errno.ENOSYS)
    looked = _looked_at(process)
    for name, number in calls_by_argument(machine).items():
        yield from _by_argument(number, looked[name])
    yield _code(_RETURN, _ALLOW)


def _looked_at(process: int) -> dict[str, _Looked]:
    # Landlock sees a file cut in opening it to write, and before Linux 6.2 none that is cut
    # in opening it to read, or for neither.
    cut = (_CUT, _CUT | _TO_WRITE)
    return {
        "clone": _Looked(_FIRST, (_THREAD,), allowed=True, bits=_THREAD),  # no process but threads
        # Signals and limits of one's own yes, of others no.
        "tgkill": _Looked(_FIRST, (process,), allowed=True),
        "prlimit64": _Looked(_FIRST, (0, process), allowed=True),
        # It ends with the fork server, and does not undo that.
        "prctl": _Looked(_FIRST, (SIGNAL_OF_PARENTS_DEATH,)),
        # A signal when a pipe is ready would reach those whom no other call may signal.
        "fcntl": _Looked(_SECOND, _OWNERS),
        "ioctl": _Looked(_SECOND, _FILE_MARKS),
        "open": _Looked(_SECOND, cut, bits=_CUT | _TO_WRITE),
        "openat": _Looked(_THIRD, cut, bits=_CUT | _TO_WRITE),
    }


def _by_argument(number: int, looked: _Looked) -> Iterator[bytes]:
    yield _code(_EQUAL, number, 0, 4 + len(looked.values))
    yield _code(_LOAD, looked.place)
    yield _code(_AND, looked.bits)
    for left, each in reversed(list(enumerate(looked.values))):
        yield _code(_EQUAL, each, left + 1, 0)
    answers = (_REFUSE | errno.EPERM, _ALLOW)
    yield _code(_RETURN, answers[not looked.allowed])
    yield _code(_RETURN, answers[looked.allowed])


def _if(test: int, value: int, answer: int) -> Iterator[bytes]:
    yield _code(test, value, 0, 1)
    yield _code(_RETURN, answer)


def _when(test: int, value: int, *, skip: int, otherwise: int) -> Iterator[bytes]:
    yield _code(test, value, skip, 0)
    yield _code(_RETURN, otherwise)


def _code(kind: int, value: int, true: int = 0, false: int = 0) -> bytes:
    return struct.pack("=HBBI", kind, true, false, value)
