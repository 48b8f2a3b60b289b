"""What a process that runs an answer can and cannot do, and what the judge makes of it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from dropviz.errors import DropvizError
from dropviz.homework import fork_client, landlock, sandbox, seccomp
from dropviz.homework.fork_client import ForkServer
from dropviz.homework.frames import Frame, Kind
from dropviz.homework.locks import NEEDED, WORDS, Lock
from dropviz.homework.readable import beneath, copies, readable
from dropviz.homework.sandbox import Child, RefusedError, check_locks, said

LSTM = "import keras\n\n\ndef make(units, rate):\n    return keras.layers.LSTM(units)"


def refusal(server: ForkServer, body: str, call_seconds: float = 20.0) -> str:
    """Why an answer is refused whose `make` has this body."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    with Child(server, unlocked=not locked(), call_seconds=call_seconds) as child:
        child.load([f"def make(units, rate):\n{lines}"], ["make"], seed=1)
        with pytest.raises(RefusedError):
            child.ask(Frame(Kind.MAKE, [np.array([0.5], "f4")], numbers=(2, 3, 1)))
    return child.refused


def locked() -> bool:
    """Whether this machine has all locks that are needed."""
    return landlock.version() > 0 and seccomp.is_known()


needs_locks = pytest.mark.skipif(
    not locked(), reason="this kernel has no Landlock, or the processor is not known to seccomp"
)


def test_an_answer_is_asked_for_numbers(server: ForkServer) -> None:
    with Child(server, unlocked=not locked()) as child:
        child.load([LSTM], ["make"], seed=1)
        made = child.ask(Frame(Kind.MAKE, [np.array([0.5], "f4")], numbers=(2, 3, 1)))
        shapes = [tuple(map(int, each)) for each in made.arrays]
        weights = [np.full(shape, 0.1, "f4") for shape in shapes]
        asked = Frame(Kind.CALL, [*weights, np.ones((5, 4, 3), "f4")], numbers=(0, 1, 3))
        out = child.ask(asked).arrays[0]

    assert shapes == [(3, 8), (2, 8), (8,)]
    assert out.shape == (5, 2)
    assert np.ptp(out) == 0
    assert out[0, 0] > 0


def test_the_locks_that_hold_are_named(server: ForkServer) -> None:
    with Child(server, unlocked=True) as child:
        held = set(child.locks)

    assert (Lock.FILES in held) == (landlock.version() > 0)
    assert (Lock.CALLS in held) == seccomp.is_known()
    assert Lock.LIMITS in held


@pytest.mark.parametrize("missing", NEEDED)
def test_each_lock_that_is_missing_is_named(missing: Lock) -> None:
    held = [lock for lock in NEEDED if lock is not missing]

    with pytest.raises(DropvizError, match="say --unlocked") as error:
        check_locks(held)

    assert [lock for lock in NEEDED if WORDS[lock] in str(error.value)] == [missing]
    check_locks(NEEDED)


def test_nothing_is_run_on_a_kernel_without_locks(
    server: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = Frame(Kind.READY, numbers=(Lock.LIMITS, Lock.USER))
    ended: list[int] = []
    end = server.end

    def noted(process: int) -> int:
        ended.append(process)
        return end(process)

    monkeypatch.setattr(sandbox, "read", lambda *_: ready)
    monkeypatch.setattr(server, "end", noted)

    with pytest.raises(DropvizError, match=r"files \(Landlock\) and processes"):
        Child(server)

    assert not Path(f"/proc/{ended[0]}").exists()


@needs_locks
def test_threads_of_tensorflow_are_behind_the_locks_too(server: ForkServer) -> None:
    # A thread that was there before the locks would not be bound by them, and py_function
    # runs an answer's code in TensorFlow's own threads.
    body = (
        "import tensorflow as tf\n"
        "found = []\n"
        "def look(x):\n"
        "    import threading\n"
        "    try:\n"
        "        found.append(open('/etc/passwd').read())\n"
        "    except PermissionError as error:\n"
        "        found.append(f'{threading.current_thread().name} {error}')\n"
        "    return x\n"
        "run = tf.function(lambda x: tf.numpy_function(look, [x], tf.float32))\n"
        "run(tf.ones(3))\n"
        "raise RuntimeError(found)"
    )

    why = refusal(server, body)

    assert "Permission denied" in why
    assert "root:" not in why


def test_modules_that_nobody_has_imported_yet_can_be_imported(server: ForkServer) -> None:
    # Python may lie in a folder that only root may enter, as in a container.
    body = "import mailbox, wave, keras.datasets, os\nraise LookupError(os.getuid() == 0)"

    why = refusal(server, body)

    assert why.startswith("its code says LookupError")
    assert os.getuid() or why.endswith("False")


def test_where_memory_is_short_an_answer_goes_first(server: ForkServer) -> None:
    # Whoever grades: of a process that became another user, root's file is not its own to write.
    why = refusal(server, "raise LookupError(open('/proc/self/oom_score_adj').read())")

    assert why == "its code says LookupError: 1000"


NOTEBOOKS = {
    "magics": "%matplotlib inline\n!ls\n" + LSTM.replace(":", ":  # which cell?", 1) + "\nmake?",
    "magics in blocks": "if True:\n    %config InlineBackend.figure_format = 'svg'\n    UNITS = 2\n"
    + LSTM.replace("return ", "%time UNITS + 1\n    !ls\n    return "),
    "a star": LSTM.replace("import keras", "from keras.layers import *").replace(
        "keras.layers.LSTM", "LSTM"
    ),
    "practice": "import dropviz\nfrom dropviz.homework import *\nlayer = dropviz.LSTM(8)\n"
    + LSTM.replace("return ", "layer = ")
    + "\n    return layer",
}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_an_honest_notebook_is_read_behind_the_locks(server: ForkServer, name: str) -> None:
    with Child(server, unlocked=not locked()) as child:
        child.load([NOTEBOOKS[name]], ["make"], seed=1)
        made = child.ask(Frame(Kind.MAKE, [np.array([0.5], "f4")], numbers=(2, 3, 1)))

    assert [tuple(map(int, each)) for each in made.arrays] == [(3, 8), (2, 8), (8,)]


def test_an_endless_loop_is_ended(server: ForkServer) -> None:
    began = time.monotonic()

    why = refusal(server, "while True:\n    pass", call_seconds=1.0)

    assert why == "it gave no answer within 1 s"
    assert time.monotonic() - began < 30  # it ended at all; the machine may be busy


def test_only_linux_grades(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")

    with pytest.raises(DropvizError, match=r"on Linux only.*Received: 'win32'"):
        ForkServer()


def test_what_lies_beneath_a_hidden_folder_is_left_out(tmp_path: Path) -> None:
    for name in ("site-packages/dropviz/core", "site-packages/keras"):
        (tmp_path / name).mkdir(parents=True)

    allowed = dict(beneath(tmp_path / "site-packages", [tmp_path / "site-packages/dropviz"]))

    assert set(allowed) == {tmp_path / "site-packages", tmp_path / "site-packages/keras"}
    assert allowed[tmp_path / "site-packages"] == landlock.READ_FOLDER


def test_nothing_of_ours_is_readable() -> None:
    package = Path(fork_client.__file__).parents[1]

    paths = [Path(path) for path, rights in readable() if rights & landlock.READ_FILE]

    assert not [path for path in paths if path == package or path in package.parents]


@pytest.mark.parametrize(
    "above", ["", "site-packages", "dist-packages", "python3.11/site-packages"]
)
def test_each_dropviz_is_found_that_an_answer_could_import(tmp_path: Path, above: str) -> None:
    # As where tests run in a checkout, and the package is installed as well.
    (tmp_path / above / "dropviz").mkdir(parents=True)
    (tmp_path / above / "keras").mkdir()

    found = copies([tmp_path])

    assert set(found) == {tmp_path / above / "dropviz", Path(fork_client.__file__).parents[1]}


def test_what_an_answer_says_does_nothing() -> None:
    assert said("a\x1b[31m\nb" + "x" * 1000).startswith("a\\x1b[31m bx")
    assert len(said("x" * 1000)) == 300


_TABLE = "from dropviz import homework\nasked = homework.asked('variants.csv', 'ada')"


@pytest.mark.parametrize("cell", [_TABLE, "asked = dict(site='cell')", "asked = {'site': 'h'}"])
def test_a_value_that_stands_in_a_table_is_given_and_no_other(bare: ForkServer, cell: str) -> None:
    told = "def identify(layer):\n    return asked['site']"
    with Child(bare, unlocked=True) as child:
        child.load([cell, told], ["identify"], 1, {"asked": {"site": "c"}})
        named = child.ask(Frame(Kind.IDENTIFY, numbers=(3, 4)))

    assert named.text == ("h" if "'h'" in cell else "c")


def test_a_value_of_a_kind_that_no_design_has_is_told_as_it_reads(bare: ForkServer) -> None:
    cells = ["design = {'seeds': {3}, (1, 2): 3, 'vary': b'x'}", "claim = {'conclusion': 1}"]
    with Child(bare, unlocked=True) as child:
        read = json.loads(child.literals([*cells, "claim['conclusion'] = 2"], ["design", "claim"]))

    assert read == {"design": {"seeds": "{3}", "vary": "b'x'"}}


@pytest.mark.parametrize(
    "line",
    [
        "from dropviz.homework.asked_layer import AskedLayer as make",
        "import dropviz.methods.lstm as make",
        "from dropviz import LSTM as make",
    ],
)
def test_nothing_of_dropviz_is_there_and_a_sentence_says_so(bare: ForkServer, line: str) -> None:
    no_dropviz = pytest.raises(RefusedError, match="there is no dropviz here; it needs Keras and")
    with Child(bare, unlocked=True) as child, no_dropviz:
        child.load([line], ["make"], seed=1)


def test_the_bold_letters_of_an_error_are_left_out(bare: ForkServer) -> None:
    raises = "raise ValueError('\\x1b[1mtoo \\x1b[31mlarge\\x1b[0m')"
    with Child(bare, unlocked=True) as child, pytest.raises(RefusedError, match=r"too large$"):
        child.load([f"def f():\n    {raises}\nmake = f()"], ["make"], 1)
