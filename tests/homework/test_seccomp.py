"""What the kernel refuses behind the filter, on a process's own files, where no right helps."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dropviz
from dropviz.homework import seccomp

ROOT = Path(dropviz.__file__).parents[1]

# Prints, for each thing that is tried, the name of the error that it ended in; "" without one.
PROGRAM = """
import ctypes, errno, fcntl, json, os, platform, resource, signal, struct, sys, threading
from dropviz.homework import seccomp

path, behind = sys.argv[1], sys.argv[2] == "behind"
open(path, "w").write("some words")
libc, numbers = ctypes.CDLL(None, use_errno=True), seccomp.refused_calls(platform.machine())
own, pipe, user, group = os.open(path, os.O_RDONLY), os.pipe()[0], os.getuid(), os.getgid()
nice = struct.pack("IIQiIQQQ", 48, 0, 0, 5, 0, 0, 0, 0)

def call(name, *arguments):
    if libc.syscall(numbers[name], *arguments) < 0:
        raise OSError(ctypes.get_errno(), name)

def control(*arguments):
    if libc.prctl(*arguments, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")

def thread():
    started = threading.Thread(target=len, args=("x",))
    started.start()
    started.join()

tries = {
    "chmod": lambda: os.chmod(path, 0o600),
    "fchmod": lambda: os.fchmod(own, 0o600),
    "fchmodat2": lambda: call("fchmodat2", -100, path.encode(), 0o600, 0),
    "chown": lambda: os.chown(path, user, group),
    "fchown": lambda: os.fchown(own, user, group),
    "lchown": lambda: os.lchown(path, user, group),
    "utime": lambda: os.utime(path),
    "utime of an open file": lambda: os.utime(own),
    "truncate": lambda: os.truncate(path, 0),
    "cut in opening to read": lambda: os.open(path, os.O_RDONLY | os.O_TRUNC),
    "cut in opening for neither": lambda: os.open(path, os.O_ACCMODE | os.O_TRUNC),
    "setxattr": lambda: os.setxattr(path, "user.a", b"1"),
    "removexattr": lambda: os.removexattr(path, "user.a"),
    "marks": lambda: fcntl.ioctl(own, 0x40086602, struct.pack("l", 0)),
    "F_SETOWN": lambda: fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getppid()),
    "F_SETOWN_EX": lambda: fcntl.fcntl(pipe, 15, struct.pack("ii", 1, os.getppid())),
    "sched_setattr": lambda: call("sched_setattr", 0, nice, 0),
    "sched_setparam": lambda: os.sched_setparam(0, os.sched_param(0)),
    "inotify": lambda: call("inotify_add_watch", libc.inotify_init(), b"/", 0x100),
    "the end with the parent": lambda: control(1, 0),
    "fork": lambda: os.fork() or os._exit(0),
    "a file written": lambda: open(path, "w").write("x"),
    "a file read": lambda: open(path).read(),
    "flags of a file": lambda: fcntl.fcntl(pipe, fcntl.F_SETFL, os.O_NONBLOCK),
    "a file's number doubled": lambda: os.dup2(own, 99),
    "a thread": thread,
    "a signal to oneself": lambda: signal.raise_signal(signal.SIGWINCH),
    "a name for a thread": lambda: control(15, b"name"),
    "a limit read": lambda: resource.getrlimit(resource.RLIMIT_CPU),
}
if behind:
    assert seccomp.restrict()
found = {}
for name, tried in tries.items():
    found[name] = ""
    try:
        tried()
    except OSError as error:
        found[name] = errno.errorcode[error.errno]
print(json.dumps(found))
"""
ORDINARY = {
    *("a file written", "a file read", "flags of a file", "a file's number doubled"),
    *("a thread", "a name for a thread", "a signal to oneself", "a limit read"),
}
# What an older kernel or another file system has not got.
UNKNOWN = {"ENOSYS", "ENOTSUP", "ENOTTY"}


def tried(folder: Path, where: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder / "own"), where],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(not seccomp.is_known(), reason="the numbers of its calls are not known")
def test_behind_the_filter_only_ordinary_work_goes(tmp_path: Path) -> None:
    before, behind = tried(tmp_path, "before"), tried(tmp_path, "behind")

    assert set(before.values()) <= {"", *UNKNOWN}
    assert behind == {name: "" if name in ORDINARY else "EPERM" for name in before}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_each_refused_call_has_a_number_of_its_own(machine: str) -> None:
    whole, parts = seccomp.refused_calls(machine), seccomp.calls_by_argument(machine)
    numbers = {**whole, **parts}

    assert len(set(numbers.values())) == len(whole) + len(parts)
    headers = {"x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")}
    path = headers.get(machine, Path("/usr/include/asm-generic/unistd.h"))
    if not path.exists():
        pytest.skip("the kernel's table is not installed here")
    table = dict(_defined(path))
    assert {name: table[name] for name in numbers if name in table} == {
        name: number for name, number in numbers.items() if name in table
    }


def _defined(path: Path) -> list[tuple[str, int]]:
    found = re.findall(r"^#define __NR(?:3264)?_(\w+) (\d+)$", path.read_text(), re.MULTILINE)
    return [(name, int(number)) for name, number in found]
