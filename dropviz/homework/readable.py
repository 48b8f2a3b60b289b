"""Which files the process that runs an answer may open: what Python needs, and nothing of ours."""

from __future__ import annotations

import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dropviz.homework.landlock import EXECUTE, READ_FILE, READ_FOLDER, WRITE_FILE

_READ = READ_FILE | READ_FOLDER | EXECUTE
# What the C library, Python and TensorFlow look at; no folder of a person's.
_SYSTEM = (
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/zoneinfo",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys/vm/overcommit_memory",
    "/dev/urandom",
    "/dev/null",
)
_PACKAGES = ("site-packages", "dist-packages")
_OWN = "dropviz"


def readable() -> list[tuple[str, int]]:
    """Lists what may be opened, and how.

    Returns:
        Paths with rights, as ``landlock.restrict`` takes them.
    """
    tops = {path.resolve() for path in map(Path, (*_SYSTEM, *_python())) if path.exists()}
    shut = copies(tops)
    allowed = [(str(path), rights) for top in sorted(tops) for path, rights in beneath(top, shut)]
    # Of its own entry in /proc, TensorFlow reads how much memory there is.
    return [*allowed, ("/proc/self", READ_FILE | READ_FOLDER), ("/dev/null", WRITE_FILE)]


def _python() -> Iterator[str]:
    yield from (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    yield from (each for each in sys.path if Path(each).name in _PACKAGES)
    yield from site.getsitepackages()
    yield f"{sys.base_prefix}/lib"
    yield f"{sys.prefix}/pyvenv.cfg"


def copies(tops: Iterable[Path]) -> list[Path]:
    """Finds each dropviz in folders of Python's: there may be one beside the one that runs.

    Args:
        tops: Folders of packages, or folders that hold such folders, of one Python or of several.

    Returns:
        The folders of dropviz.
    """
    inside = [_OWN, *(f"{above}{each}/{_OWN}" for each in _PACKAGES for above in ("", "python*/"))]
    found = {Path(__file__).parents[1]}
    for top in tops:
        found.update(copy for each in inside for copy in top.glob(each))
    return sorted(each.resolve() for each in found)


def beneath(top: Path, shut: Sequence[Path]) -> Iterator[tuple[Path, int]]:
    """A folder; where something in it stays shut, what is in it one by one.

    Args:
        top: The folder, or a file.
        shut: Folders that stay shut, with all that is in them.

    Yields:
        Paths with rights.
    """
    if top in shut:
        return
    if not any(top in each.parents for each in shut):
        yield top, _READ
        return
    yield top, READ_FOLDER  # Python looks for modules by listing it
    for each in sorted(top.iterdir()):
        yield from beneath(each, shut)
