"""Attacks on the machine that answers run on: rows of the table in attacks.py."""

from __future__ import annotations

from itertools import chain

from .attack import Attack, body

_ENDS = (
    body("os._exit", "import os\nos._exit(0)", "it ended before it answered"),
    body("sys.exit", "raise SystemExit", "its code says SystemExit"),
    body("a crash by a null pointer", "import ctypes\nctypes.string_at(0)", "it ended before"),
    body("an endless loop", "while True: pass", "it gave no answer within"),
    body("a sleep", "import time\ntime.sleep(1000)", "it gave no answer within"),
    body(
        "it stops itself",
        "import ctypes\nctypes.CDLL(None)['raise'](19)",
        "it gave no answer within",
    ),
    body("it closes its pipes", "import os\nos.closerange(3, 9)", "it ended before it answered"),
    body(
        "a pattern without end",
        "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
        "it gave no answer within",
    ),
    body(
        "calls of 32 bits, which no filter numbers",
        "import ctypes, mmap\npage = mmap.mmap(-1, 4096, prot=7)\n"
        "page.write(b'\\xb8\\x02\\0\\0\\0\\xcd\\x80\\xc3')\n"
        "at = ctypes.addressof(ctypes.c_char.from_buffer(page))\n"
        "ctypes.CFUNCTYPE(ctypes.c_int)(at)()",
        "it ended before it answered (by SIG",
    ),
    body(
        "a loop that catches everything",
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "it gave no answer within",
    ),
)
_BOMBS = (
    body("a memory bomb", "return [bytearray(1 << 28) for _ in range(99)]", "MemoryError"),
    body(
        "a thread bomb",
        "import threading, time\nthreading.stack_size(1 << 16)\n"
        "for _ in range(10**5): threading.Thread(target=time.sleep, args=(9,)).start()",
        "its code says RuntimeError",
    ),
    body("a fork bomb", "import os\nwhile True: os.fork()", "its code says PermissionError"),
    body(
        "a disk bomb",
        "import tempfile\nwith tempfile.TemporaryFile() as f:\n    f.write(bytes(1 << 30))",
        "its code says",
        "its code says that it may write nowhere",
    ),
    body(
        "memory beside its own",
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "made = [libc.shmget(0, 1 << 20, 0o1777), libc.memfd_create(b'x', 0)]\n"
        "raise OSError(ctypes.get_errno(), made)",
        "its code says PermissionError: [Errno 1] [-1, -1]",
    ),
    body(
        "shared memory by a file",
        "from multiprocessing.shared_memory import SharedMemory\nSharedMemory(create=True, size=9)",
        "its code says PermissionError",
    ),
    body("a flood of prints", "while True: print('x' * 10**6)", "it gave no answer within"),
    body("deep recursion", "return make(units, rate)", "its code says RecursionError"),
    Attack("parentheses too deep for the parser", ("make = " + "(" * 9999,), "defines no make"),
)
_FILES = (
    body("the tests read", "open(PATH_OF_TESTS).read()", "its code says PermissionError"),
    body("the key read", "open(PATH_OF_KEY).read()", "its code says PermissionError"),
    body("passwords read", "open('/etc/passwd').read()", "its code says PermissionError"),
    body("home folders listed", "import os\nos.listdir('/root')", "its code says PermissionError"),
    body("a file written", "open(PATH_TO_LEAVE, 'w').write('x')", "its code says PermissionError"),
    body(
        "the judge's memory read",
        "import os\nopen(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
        "its code says PermissionError",
    ),
    body(
        "the judge's command line read",
        "import os\nopen(f'/proc/{os.getppid()}/cmdline').read()",
        "its code says PermissionError",
    ),
    body(
        "passwords read by way of its own entry in /proc",
        "open('/proc/self/root/etc/passwd').read()",
        "its code says PermissionError",
    ),
    body("processes listed", "import os\nos.listdir('/proc')", "its code says PermissionError"),
    body(
        "the terminal written to",
        "open('/dev/tty', 'w').write('11')",
        "its code says PermissionError",
    ),
    body(
        "code left for the next Python that starts",
        "import numpy, pathlib\n"
        "(pathlib.Path(numpy.__file__).parents[1] / 'sitecustomize.py').write_text('x = 1')",
        "its code says PermissionError",
    ),
    body(
        "a folder watched, for the names of files in it",
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "libc.inotify_add_watch(libc.inotify_init(), b'/', 0x100)\n"
        "raise OSError(ctypes.get_errno(), 'refused')",
        "its code says PermissionError",
    ),
    body(
        "a secret in the environment",
        "import os\nif any('KEY' in n or 'SECRET' in n for n in os.environ): raise SystemExit\n"
        "raise LookupError(sorted(n for n in os.environ if n.startswith(('HOME', 'USER'))))",
        "its code says LookupError: ['HOME']",
    ),
)
_OTHERS = (
    body("a signal to the judge", "import os\nos.kill(os.getppid(), 9)", "PermissionError"),
    body(
        "a signal past os.kill",
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "for call in (62, 200, 234, 297, 129):\n    libc.syscall(call, os.getppid(), 9, 9)\n"
        "raise OSError(ctypes.get_errno(), 'refused')",
        "its code says PermissionError",
    ),
    body("a socket", "import socket\nsocket.socket()", "its code says PermissionError"),
    body(
        "a download",
        "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9/').read()",
        "its code says URLError",
    ),
    body("a subprocess", "import subprocess\nsubprocess.run(['/bin/ls'])", "PermissionError"),
    body("another program", "import os\nos.execv('/bin/ls', ['ls'])", "its code says Permission"),
    body(
        "the judge traced",
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "libc.ptrace(16, os.getppid(), 0, 0)\nraise OSError(ctypes.get_errno(), 'refused')",
        "its code says PermissionError",
    ),
    body(
        "its end with the judge undone",
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nlibc.prctl(1, 0, 0, 0, 0)\n"
        "raise OSError(ctypes.get_errno(), 'refused')",
        "its code says PermissionError",
    ),
    body(
        "its own limits lifted",
        "import resource as r\nr.setrlimit(r.RLIMIT_AS, (-1, -1))",
        "ValueError",
    ),
)
_CHANGED = (
    body(
        "a file's mode changed, which needs no opening",
        "import os\nos.chmod(PATH_OF_KEY, 0)",
        "its code says PermissionError",
    ),
    body(
        "a file's owner changed",
        "import os\nos.chown(PATH_OF_KEY, os.getuid(), -1)",
        "its code says PermissionError",
    ),
    body(
        "a file's time changed",
        "import os\nos.utime(PATH_OF_KEY, (0, 0))",
        "its code says PermissionError",
    ),
    body(
        "a file cut short, without opening it and in opening it to read",
        "import os\nfor cut in (lambda: os.truncate(PATH_OF_KEY, 0),\n"
        "            lambda: os.open(PATH_OF_KEY, os.O_RDONLY | os.O_TRUNC)):\n"
        "    try:\n        cut()\n    except PermissionError:\n        continue\n"
        "    raise SystemExit('cut')\nos.truncate(PATH_OF_KEY, 0)",
        "its code says PermissionError",
    ),
    body(
        "words attached to a file",
        "import os\nos.setxattr(PATH_OF_KEY, 'user.a', b'11 of 11')",
        "its code says PermissionError",
    ),
    body(
        "a signal to the judge by way of a pipe",
        "import fcntl, os\nfcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, os.getppid())",
        "its code says PermissionError",
    ),
    body(
        "the judge slowed down",
        "import ctypes, os, struct\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "nice = struct.pack('IIQiIQQQ', 48, 0, 0, 19, 0, 0, 0, 0)\n"
        "for call in (314, 274):\n    libc.syscall(call, os.getppid(), nice, 0)\n"
        "raise OSError(ctypes.get_errno(), 'refused')",
        "its code says PermissionError",
    ),
)
SYSTEM = tuple(chain(_ENDS, _BOMBS, _FILES, _CHANGED, _OTHERS))
