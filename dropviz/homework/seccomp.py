"""Seccomp: from here on a process cannot ask the kernel for what an answer never needs.

A filter in the kernel's own small language (classic BPF; seccomp(2)) that refuses by EPERM: other
processes, programs, sockets, signals to others, other processes' memory, and what changes the
system. Numbers of calls are those of the kernel's tables for the two processors that are known.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL, _REFUSE, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_NUMBER, _PROCESSOR, _FIRST = 0, 4, 16  # places in struct seccomp_data; the first argument, low
_THREAD = 0x00010000  # CLONE_THREAD
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
    *("setgroups",),
)
_NUMBERS = {
    "x86_64": (
        *(59, 322, 101, 310, 311, 62, 200, 129, 297, 434, 438, 424, 41, 53, 42, 49, 50, 44, 425),
        *(323, 321, 298, 165, 166, 272, 308, 155, 161, 250, 248, 249, 29, 68, 64, 240, 319, 447),
        *(141, 203, 144, 251, 304, 303, 312, 105, 106, 117, 119, 116),
    ),
    "aarch64": (
        *(221, 281, 117, 270, 271, 129, 130, 138, 240, 434, 438, 424, 198, 199, 203, 200, 201),
        *(206, 425, 282, 280, 241, 40, 39, 97, 268, 41, 51, 219, 217, 218, 194, 186, 190, 180),
        *(279, 447, 140, 122, 119, 30, 265, 264, 272, 146, 144, 147, 149, 159),
    ),
}
# fork and vfork, which only x86-64 has; clone, clone3, tgkill, prlimit64.
_FORKS = {"x86_64": (57, 58), "aarch64": ()}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435
_TGKILL = {"x86_64": 234, "aarch64": 131}
_PRLIMIT = {"x86_64": 302, "aarch64": 261}


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
    return dict(zip(_NAMES, _NUMBERS[machine], strict=True))


def _instructions(machine: str, process: int) -> Iterator[bytes]:
    yield _code(_LOAD, _PROCESSOR)
    yield from _when(_EQUAL, _AUDIT[machine], skip=1, otherwise=_KILL)
    yield _code(_LOAD, _NUMBER)
    if machine == "x86_64":
        yield from _if(_AT_LEAST, _X32, _REFUSE | errno.EPERM)
    for number in (*_FORKS[machine], *refused_calls(machine).values()):
        yield from _if(_EQUAL, number, _REFUSE | errno.EPERM)
    # glibc takes this for an older kernel, and asks for clone, whose flags can be looked at.
    yield from _if(_EQUAL, _CLONE3, _REFUSE | errno.ENOSYS)
    # Threads yes, processes no.
    yield _code(_EQUAL, _CLONE[machine], 0, 4)
    yield _code(_LOAD, _FIRST)
    yield _code(_ANY_BIT, _THREAD, 0, 1)
    yield _code(_RETURN, _ALLOW)
    yield _code(_RETURN, _REFUSE | errno.EPERM)
    # Signals and limits of one's own yes, of others no.
    for number, own in ((_TGKILL[machine], (process,)), (_PRLIMIT[machine], (0, process))):
        yield _code(_EQUAL, number, 0, 3 + len(own))
        yield _code(_LOAD, _FIRST)
        for left, each in reversed(list(enumerate(own))):
            yield _code(_EQUAL, each, left + 1, 0)
        yield _code(_RETURN, _REFUSE | errno.EPERM)
        yield _code(_RETURN, _ALLOW)
    yield _code(_RETURN, _ALLOW)


def _if(test: int, value: int, answer: int) -> Iterator[bytes]:
    yield _code(test, value, 0, 1)
    yield _code(_RETURN, answer)


def _when(test: int, value: int, *, skip: int, otherwise: int) -> Iterator[bytes]:
    yield _code(test, value, skip, 0)
    yield _code(_RETURN, otherwise)


def _code(kind: int, value: int, true: int = 0, false: int = 0) -> bytes:
    return struct.pack("=HBBI", kind, true, false, value)
