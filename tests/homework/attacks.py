"""The table of attacks: small programs that try to earn what they did not do.

Each is the body of ``make`` in Build the mask, or whole cells, or cells of another assignment. None
may earn more than the honest part of it does, which is nothing in all of them.
docs/homework-attacks.md is printed from this table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

BUILD, UNNAMED, DESIGN = "build-the-mask", "unnamed-layers", "design-and-defend"


@dataclass(frozen=True)
class Attack:
    """An attack.

    Attributes:
        name: What it tries, in words.
        cells: The cells that are handed in.
        why: A part of the reason that it is refused for; "" where it is graded as it stands.
        assignment: Of which assignment.
        printed: What the notebook's outputs say.
        told: What the table says of it, where ``why`` is not all of that.
    """

    name: str
    cells: tuple[str, ...]
    why: str
    assignment: str = BUILD
    printed: tuple[str, ...] = ()
    told: str = ""


def _body(name: str, body: str, why: str, told: str = "") -> Attack:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return Attack(name, (f"def make(units, rate):\n{lines}",), why, told=told)


_LAYER = "import keras\ndef make(units, rate):\n    return keras.layers.LSTM(units)\n"

_PRINTS = (
    Attack(
        "faked prints: the notebook's outputs say 11 of 11",
        ("print('11 of 11 points')",),
        "defines no make",
        printed=("11 of 11 points.\n",),
    ),
    Attack(
        "edited check cells",
        ("def check(*a, **k): return '11 of 11 points'", "make = check"),
        "must give back a Keras layer",
    ),
    Attack("deleted check cells, and nothing else", ("",), "defines no make"),
    Attack(
        "a score that is set in the notebook",
        ("score = points = earned = 11", "make = score"),
        "its code says TypeError",
    ),
)
_PATCHES = (
    _body(
        "patched numpy: every comparison is true",
        "import numpy\nnumpy.allclose = numpy.array_equal = lambda *a, **k: True\nreturn object()",
        "must give back a Keras layer",
    ),
    _body(
        "patched keras: any object is a layer",
        "import keras\nkeras.Layer = object\nclass L:\n    built = True\n"
        "    non_trainable_variables = []\n    def get_weights(self): return []\nreturn L()",
        "has weights of the shapes",
    ),
    _body("dropviz imported, to patch explain", "import dropviz", "its code says ModuleNotFound"),
    _body(
        "dropviz looked for past sys.modules",
        "import sys\nsys.modules.pop('dropviz')\nimport dropviz",
        "dropviz",
        "its code says that no dropviz is there, or that it may not read it",
    ),
    _body(
        "dropviz found in memory, by the garbage collector",
        "import gc\nfound = [m for m in gc.get_objects() if getattr(m, '__name__', '') == "
        "'dropviz.methods.lstm']\nreturn found[0].LSTM(units, method='moon')",
        "its code says IndexError",
    ),
    _body(
        "the stack inspected, for what is asked",
        "import sys\nframe = sys._getframe()\nwhile frame:\n"
        "    if 'wanted' in frame.f_locals or 'key' in frame.f_locals:\n"
        "        raise SystemExit('found')\n    frame = frame.f_back\nraise LookupError('nothing')",
        "its code says LookupError: nothing",
    ),
)
_ENDS = (
    _body("os._exit", "import os\nos._exit(0)", "it ended before it answered"),
    _body("sys.exit", "raise SystemExit", "its code says SystemExit"),
    _body("a crash by a null pointer", "import ctypes\nctypes.string_at(0)", "it ended before"),
    _body("an endless loop", "while True: pass", "it gave no answer within"),
    _body("a sleep", "import time\ntime.sleep(1000)", "it gave no answer within"),
    _body(
        "a loop that catches everything",
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "it gave no answer within",
    ),
)
_BOMBS = (
    _body("a memory bomb", "return [bytearray(1 << 28) for _ in range(99)]", "MemoryError"),
    _body(
        "a thread bomb",
        "import threading, time\nthreading.stack_size(1 << 16)\n"
        "for _ in range(10**5): threading.Thread(target=time.sleep, args=(9,)).start()",
        "its code says RuntimeError",
    ),
    _body("a fork bomb", "import os\nwhile True: os.fork()", "its code says PermissionError"),
    _body(
        "a disk bomb",
        "import tempfile\nwith tempfile.TemporaryFile() as f:\n    f.write(bytes(1 << 30))",
        "its code says",
        "its code says that it may write nowhere",
    ),
    _body("a flood of prints", "while True: print('x' * 10**6)", "it gave no answer within"),
    _body("deep recursion", "return make(units, rate)", "its code says RecursionError"),
    Attack("parentheses too deep for the parser", ("make = " + "(" * 9999,), "defines no make"),
)
_FILES = (
    _body("the tests read", "open(PATH_OF_TESTS).read()", "its code says PermissionError"),
    _body("the key read", "open(PATH_OF_KEY).read()", "its code says PermissionError"),
    _body("passwords read", "open('/etc/passwd').read()", "its code says PermissionError"),
    _body("home folders listed", "import os\nos.listdir('/root')", "its code says PermissionError"),
    _body("a file written", "open(PATH_TO_LEAVE, 'w').write('x')", "its code says PermissionError"),
    _body(
        "the judge's memory read",
        "import os\nopen(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
        "its code says PermissionError",
    ),
    _body(
        "the judge's command line read",
        "import os\nopen(f'/proc/{os.getppid()}/cmdline').read()",
        "its code says PermissionError",
    ),
    _body(
        "a secret in the environment",
        "import os\nif any('KEY' in n or 'SECRET' in n for n in os.environ): raise SystemExit\n"
        "raise LookupError(sorted(n for n in os.environ if n.startswith(('HOME', 'USER'))))",
        "its code says LookupError: ['HOME']",
    ),
)
_OTHERS = (
    _body("a signal to the judge", "import os\nos.kill(os.getppid(), 9)", "PermissionError"),
    _body(
        "a signal past os.kill",
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "for call in (62, 200, 234, 297, 129):\n    libc.syscall(call, os.getppid(), 9, 9)\n"
        "raise OSError(ctypes.get_errno(), 'refused')",
        "its code says PermissionError",
    ),
    _body("a socket", "import socket\nsocket.socket()", "its code says PermissionError"),
    _body(
        "a download",
        "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9/').read()",
        "its code says URLError",
    ),
    _body("a subprocess", "import subprocess\nsubprocess.run(['/bin/ls'])", "PermissionError"),
    _body("another program", "import os\nos.execv('/bin/ls', ['ls'])", "its code says Permission"),
    _body(
        "the judge traced",
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "libc.ptrace(16, os.getppid(), 0, 0)\nraise OSError(ctypes.get_errno(), 'refused')",
        "its code says PermissionError",
    ),
    _body(
        "its own limits lifted",
        "import resource as r\nr.setrlimit(r.RLIMIT_AS, (-1, -1))",
        "ValueError",
    ),
)
_PIPE = "import os, struct\nframe = struct.pack('<BB4IQ', KIND, 0, 0, 0, 0, 0, 0)\n"
_FRAMES = (
    _body(
        "frames before they are asked for",
        _PIPE.replace("KIND", "7") + "os.write(4, frame * 3)\nimport keras\n"
        "return keras.layers.LSTM(units)",
        "has weights of the shapes []",
    ),
    _body(
        "a frame of a kind that there is not",
        _PIPE.replace("KIND", "77") + "os.write(4, frame)\nos._exit(0)",
        "what it answered is no answer",
    ),
    _body(
        "a frame that says it is huge",
        "import os, struct\nos.write(4, struct.pack('<BB4IQ', 7, 0, 0, 0, 0, 0, 1 << 60))\n"
        "os._exit(0)",
        "its answer is too large",
    ),
    _body(
        "a flood of frames",
        _PIPE.replace("KIND", "7") + "while True: os.write(4, frame * 99)",
        "has weights of the shapes []",
    ),
    _body(
        "half a frame",
        "import os, time\nos.write(4, b'xx')\ntime.sleep(1000)",
        "it gave no answer within",
    ),
    Attack(
        "frames within frames: identify asks the judge's layer from inside an answer",
        (
            (
                "import numpy as np, os, struct\ndef identify(layer):\n"
                "    os.write(4, struct.pack('<BB4IQ', 10, 0, 0, 0, 0, 0, 4) + b'moon')\n"
                "    layer.set_weights([np.zeros((layer.features, 4 * layer.units))])\n"
                "    layer(np.zeros((1, 1, layer.features)))\n    return 'moon'"
            ),
        ),
        "it",
        UNNAMED,
        told="it answered before it was asked, or fails: which comes first",
    ),
)
_NUMBERS = (
    Attack(
        "NaN for every output",
        (
            (
                "import keras\nclass L(keras.layers.LSTM):\n    def call(self, *a, **k):\n"
                "        return super().call(*a, **k) * float('nan')\n"
                "def make(units, rate): return L(units)"
            ),
        ),
        "holds NaN or infinity",
    ),
    Attack(
        "an output of another shape",
        (
            (
                "import keras\nclass L(keras.layers.LSTM):\n    def call(self, *a, **k):\n"
                "        return super().call(*a, **k)[:1]\n"
                "def make(units, rate): return L(units)"
            ),
        ),
        "the layer's output has the shape",
    ),
    Attack(
        "weights as large as the memory",
        (
            (
                "import keras\nclass L(keras.layers.LSTM):\n"
                "    def get_weights(self):\n        import numpy as np\n"
                "        return [np.broadcast_to(0, (1 << 40, 1 << 10))]\n"
                "def make(units, rate): return L(units)"
            ),
        ),
        "has weights of the shapes",
    ),
    _body("terminal codes in an error", "raise ValueError('\\x1b[2J\\x1b[H')", r"\x1b[2J"),
    _body("HTML in an error", "raise ValueError('<script>alert(1)</script>')", "<script>"),
    _body("a million letters in an error", "raise ValueError('x' * 10**6)", "x" * 200),
)
_LAYERS = (
    Attack(
        "keras.layers.LSTM with both rates",
        (_LAYER.replace("(units)", "(units, dropout=rate, recurrent_dropout=rate)"),),
        "the other checks are of a mask at the site",
    ),
    Attack(
        "a constant name",
        ("def identify(layer): return 'keras'",),
        "",
        UNNAMED,
    ),
    Attack(
        "the layer's class and attributes asked",
        ("def identify(layer): return type(layer).__name__ + str(sorted(vars(layer)))",),
        "",
        UNNAMED,
    ),
    Attack(
        "dropviz.explain as the experiment",
        ("import dropviz\ndef identify(layer): return dropviz.explain(layer).method",),
        "there is no dropviz here",
        UNNAMED,
    ),
    Attack(
        "a layer that is asked without end",
        (
            (
                "import numpy as np\ndef identify(layer):\n    f, u = layer.features, layer.units\n"
                "    layer.set_weights([np.zeros((f, 4*u)), np.zeros((u, 4*u)), np.zeros(4*u)])\n"
                "    while True: layer(np.zeros((1, 1, f)))"
            ),
        ),
        "may be run 60 times",
        UNNAMED,
    ),
    Attack(
        "code in place of a literal",
        ("design = __import__('os').environ", "claim = {'conclusion': 'lower'}"),
        "the design cannot be carried out",
        DESIGN,
    ),
    Attack(
        "a design that takes a day",
        (
            (
                "design = {'vary': {'dropout': [0, .5]}, 'hold': {'units': 1000000}, "
                "'seeds': [1, 2, 3], 'measure': 'val_loss'}"
            ),
        ),
        "units must be",
        DESIGN,
    ),
)
ATTACKS = tuple(
    chain(_PRINTS, _PATCHES, _ENDS, _BOMBS, _FILES, _OTHERS, _FRAMES, _NUMBERS, _LAYERS)
)


def lines() -> Iterator[str]:
    """The table, as docs/homework-attacks.md holds it."""
    yield "| attack | what becomes of it |"
    yield "|---|---|"
    for each in ATTACKS:
        shown = each.told or (each.why if len(each.why) < 80 else f"{each.why[:20]}...")
        escaped = shown.replace("<", "&lt;").replace("|", "\\|") or "it is graded as it stands"
        yield f"| {each.name} | {escaped} |"


if __name__ == "__main__":
    print("\n".join(lines()))  # noqa: T201
