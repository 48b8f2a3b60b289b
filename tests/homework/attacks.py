"""The table of attacks: small programs that try to earn what they did not do.

Each is the body of ``make`` in Build the mask, or whole cells, or cells of another assignment. None
may earn more than the honest part of it does, which is nothing in all of them.
docs/homework-attacks.md is printed from this table.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from .attack import DESIGN, UNNAMED, Attack, body
from .system_attacks import SYSTEM

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
    body(
        "patched numpy: every comparison is true",
        "import numpy\nnumpy.allclose = numpy.array_equal = lambda *a, **k: True\nreturn object()",
        "must give back a Keras layer",
    ),
    body(
        "patched keras: any object is a layer",
        "import keras\nkeras.Layer = object\nclass L:\n    built = True\n"
        "    non_trainable_variables = []\n    def get_weights(self): return []\nreturn L()",
        "has weights of the shapes",
    ),
    body(
        "patched keras: everything is a layer",
        "import keras\nclass All(type):\n    def __instancecheck__(self, each): return True\n"
        "keras.Layer = All('Layer', (), {})\nreturn object()",
        "its code says AttributeError",
    ),
    body("dropviz imported, to patch explain", "import dropviz", "its code says ModuleNotFound"),
    body(
        "dropviz looked for past sys.modules",
        "import sys\nsys.modules.pop('dropviz')\nimport dropviz",
        "dropviz",
        "its code says that no dropviz is there, or that it may not read it",
    ),
    body(
        "dropviz found in memory, by the garbage collector",
        "import gc\nfound = [m for m in gc.get_objects() if getattr(m, '__name__', '') == "
        "'dropviz.methods.lstm']\nreturn found[0].LSTM(units, method='moon')",
        "its code says IndexError",
    ),
    body(
        "the stack inspected, for what is asked",
        "import sys\nframe = sys._getframe()\nwhile frame:\n"
        "    if 'wanted' in frame.f_locals or 'key' in frame.f_locals:\n"
        "        raise SystemExit('found')\n    frame = frame.f_back\nraise LookupError('nothing')",
        "its code says LookupError: nothing",
    ),
)
_PIPE = "import os, struct\nframe = struct.pack('<BB4IQ', KIND, 0, 0, 0, 0, 0, 0)\n"
_FRAMES = (
    body(
        "frames before they are asked for",
        _PIPE.replace("KIND", "7") + "os.write(4, frame * 3)\nimport keras\n"
        "return keras.layers.LSTM(units)",
        "has weights of the shapes []",
    ),
    body(
        "a frame of a kind that there is not",
        _PIPE.replace("KIND", "77") + "os.write(4, frame)\nos._exit(0)",
        "what it answered is no answer",
    ),
    body(
        "a frame that says it is huge",
        "import os, struct\nos.write(4, struct.pack('<BB4IQ', 7, 0, 0, 0, 0, 0, 1 << 60))\n"
        "os._exit(0)",
        "its answer is too large",
    ),
    body(
        "a flood of frames",
        _PIPE.replace("KIND", "7") + "while True: os.write(4, frame * 99)",
        "has weights of the shapes []",
    ),
    body(
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
    body(
        "an array that lies about its shape",
        "import keras, numpy as np\n"
        "class A(np.ndarray):\n    shape = property(lambda s: (256, 8))\n"
        "class L(keras.layers.LSTM):\n"
        "    def __call__(self, *a, **k): return np.zeros(3).view(A)\nreturn L(units)",
        "the layer's output has the shape (3,)",
    ),
    body(
        "a generator for an output",
        "import keras\nclass L(keras.layers.LSTM):\n"
        "    def __call__(self, *a, **k): return (x for x in ())\nreturn L(units)",
        "its code says ValueError",
    ),
    body(
        "an error that is named like a report",
        "raise type('11 of 11 points', (Exception,), {})('no more')",
        "its code says 11 of 11 points: no more",
    ),
    body("terminal codes in an error", "raise ValueError('\\x1b[2J\\x1b[H')", r"\x1b[2J"),
    body("HTML in an error", "raise ValueError('<script>alert(1)</script>')", "<script>"),
    body("a million letters in an error", "raise ValueError('x' * 10**6)", "x" * 200),
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
        "sets design to no plain value",
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
_ORDER = (
    "import sys\nimport numpy as np\nSEED = {}\n"
    "NAMES = ['keras', 'gal-tied', 'moon', 'semeniuta', 'zoneout', 'weight-drop']\n"
    "ORDER = iter(np.random.default_rng(SEED).permutation(NAMES * 2))\n"
    "def identify(layer): return str(next(ORDER))"
)
_TOLD = (
    "import sys\n"
    "def told():\n"
    "    frame = sys._getframe()\n"
    "    while 'asked' not in frame.f_locals: frame = frame.f_back\n"
    "    return frame.f_locals['asked'].numbers[0]\n"
)
_SEEDS = (
    Attack(
        "the order of the layers, from the seed in NumPy's state",
        (_ORDER.format("int(np.random.get_state()[1][0])"),),
        "",
        UNNAMED,
        told="it is graded as the guess that it is",
    ),
    Attack(
        "the order of the layers, from the seed in the frames of its process",
        (_TOLD, _ORDER.format("told()")),
        "",
        UNNAMED,
        told="it is graded as the guess that it is",
    ),
    body(
        "every seed in Build the mask, told in an error",
        "import sys\nimport numpy as np\n"
        "frame, seeds = sys._getframe(), [int(np.random.get_state()[1][0])]\n"
        "while frame:\n"
        "    seeds += getattr(frame.f_locals.get('asked'), 'numbers', ())\n"
        "    frame = frame.f_back\n"
        "raise LookupError(seeds)",
        "its code says LookupError: [",
        "none of them is the judge's",
    ),
)
ATTACKS = tuple(chain(_PRINTS, _PATCHES, SYSTEM, _FRAMES, _NUMBERS, _LAYERS, _SEEDS))


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
