"""What a cell shows under the magic, in a real kernel, is what it shows without."""

from __future__ import annotations

import json
import re
from typing import Any

import IPython
import pytest

from .conftest import Cell, Executed, Kernel, plain

pytestmark = [pytest.mark.slow, pytest.mark.longest]

WORKS = {
    "prints": "print('one')\nprint('two')",
    "prints to stderr": "import sys\nprint('careful', file=sys.stderr)",
    "a value": "40 + 2",
    "a value silenced": "40 + 2;",
    "a value silenced before a comment": "40 + 2;  # said",
    "no value": "z = 3",
    "only a comment": "# nothing to do",
    "displays between prints": "print('one')\ndisplay(2)\nprint('three')\n4",
    "a display that changes": "handle = display(1, display_id='h')\nhandle.update(2)",
    "html": "from IPython.display import HTML\nHTML('<b>bold</b>')",
    "a figure": "plt.plot([1, 2])",
    "a figure silenced": "plt.plot([1, 2]);",
    "figures and a value": "plt.figure()\nplt.plot([1])\nplt.figure()\nplt.plot([2])\n5",
    "a warning": "import warnings\nwarnings.warn('careful')",
    "a line magic": "%time z = 1",
    "%timeit": "%timeit -n1 -r1 pass",
    "%%time on the first line": "%%time\n5",
    "%%capture on the first line": "%%capture\nprint('hidden')",
    "a line of the shell": "!echo hello",
    "a line of the shell that is no Python": "!echo :\\(\n5",
    "indented lines": "    z = 5\n    print(z)",
    "pasted prompts": ">>> z = 5\n>>> z",
    "a future import": "from __future__ import annotations\nz: nowhere = 5",
    "a cell that it runs itself": "get_ipython().run_cell('print(1)')\nprint(2)",
}
FAILS = {
    "an error": "z = 1\nz / 0",
    "an error in a function": "def f():\n    return [][1]\n\nf()",
    "an error in a library": "import json\njson.loads('{')",
    "an error from another": (
        "try:\n    {}['key']\nexcept KeyError as error:\n    raise OSError(1) from error"
    ),
    "an error after output": "print('before')\ndisplay(1)\nassert 1 == 2, 'no'",
    "an error after a figure": "plt.plot([1, 2])\n1 / 0",
    "an error with a note": "e = ValueError('a')\ne.add_note('b')\nraise e",
    "an error with a face": (
        "class Own(Exception):\n    def _render_traceback_(self): return ['own']\nraise Own('a')"
    ),
    "an error that cannot be changed": (
        "class Fixed(Exception):\n"
        "    def __setattr__(self, name, value): raise TypeError(name)\n"
        "raise Fixed('a')"
    ),
    "an error with a handler": (
        "class Handled(Exception): pass\n"
        "get_ipython().set_custom_exc((Handled,), lambda *_, **__: print('mine'))\n"
        "raise Handled('a')"
    ),
    "a debugger that was left": "import bdb\nprint('before')\nraise bdb.BdbQuit",
    "an interrupt": "print('before')\nraise KeyboardInterrupt",
    "bad syntax": "z = 1\ndef f(:\n    pass",
    "bad indentation": "if True:\nz = 1",
    "bad syntax in a string": "eval('1 +')",
    "an unknown magic": "%nowhere",
    "an unknown cell magic": "%%nowhere\nz = 1",
    "a magic misused": "print('before')\n%timeit -z nowhere",
}
# Fail inside, yet the cell goes on.
GOES_ON = {
    "an error under %%capture": "%%capture\n1 / 0",
    "an error that it shows itself": (
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    get_ipython().showtraceback()"
    ),
    "an error in a cell that it runs itself": "get_ipython().run_cell('1 / 0')\nprint('after')",
    "an unknown magic in a cell that it runs itself": (
        "get_ipython().run_cell('%nowhere')\nprint('after')"
    ),
}
# IPython 7 shows the error, and the cell goes on.
(GOES_ON if IPython.version_info < (8,) else FAILS)["an error under %%time"] = "%%time\n1 / 0"
TRAIN = """
keras.utils.clear_session()
keras.utils.set_random_seed(3)
model = keras.Sequential([
    keras.Input((6, 3)),
    keras.layers.LSTM(5, dropout=.3, recurrent_dropout=.2, return_sequences=True),
    keras.layers.GRU(4, dropout=.1),
    keras.layers.Dropout(.2),
    keras.layers.Dense(1),
])
model.compile("adam", "mse")
history = model.fit(x, y, validation_split=.25, epochs=3, batch_size=7, verbose=0)
"""
FACTS = """
print(json.dumps({
    "weights": [hashlib.sha256(w.tobytes()).hexdigest() for w in model.get_weights()],
    "optimizer": [hashlib.sha256(v.numpy().tobytes()).hexdigest()
                  for v in model.optimizer.variables],
    "history": history.history,
    "prediction": model.predict(x[:2], verbose=0).tolist(),
    "config": model.get_config(),
    "next random numbers": [random.random(), np.random.rand(), float(keras.random.uniform(()))],
    "next name": keras.layers.LSTM(1).name,
    "settings of matplotlib": {k: repr(v) for k, v in matplotlib.rcParams.items()},
    "figures": plt.get_fignums(),
}))
"""
FACT_NAMES = re.findall(r'^    "(.+?)":', FACTS, re.MULTILINE)


@pytest.fixture(scope="module")
def executed(kernel: Kernel) -> Executed:
    cells = {
        # A first use would say that Keras is being loaded.
        "load": (
            "%load_ext dropviz\n%matplotlib inline\n"
            "import matplotlib.pyplot as plt, keras, tensorflow"
        ),
    }
    for name, body in (WORKS | FAILS | GOES_ON).items():
        # In the magic's place, so that lines count alike; but some must come first.
        first = "" if body.startswith(("%%", " ", ">>>")) else "# in its place\n"
        cells[f"{name}, plain"] = first + body
        cells[name] = f"%%lstm_dropout\n{body}"
    cells |= {
        "value": "%%lstm_dropout\n40 + 3",
        "kept value": "_, Out[max(Out)], max(Out)",
        "history": "%%lstm_dropout\nz = 'a line'",
        "kept history": "In[-2]",
        "fails, plain": "# in its place\n1 / 0",
        "shown again, plain": "%tb",
        "fails": "%%lstm_dropout\n1 / 0",
        "shown again": "%tb",
        "await": "%%lstm_dropout\nimport asyncio\nran = True\nawait asyncio.sleep(0)",
        "await, ran": "'ran' in globals()",
        "group": "%%lstm_dropout\nraise ExceptionGroup('several', [ValueError(1), OSError(2)])",
        "imports": (
            "import hashlib, json, random\nimport matplotlib, numpy as np\n"
            "x = np.random.default_rng(0).normal(size=(40, 6, 3)).astype('float32')\n"
            "y = x.sum(axis=(1, 2))"
        ),
        "train, plain": TRAIN,
        "facts, plain": FACTS,
        "train": f"%%lstm_dropout\n{TRAIN}",
        "facts": FACTS,
        "timed": "%%lstm_dropout --into timed\n%%time\nmodel.fit(x, y, epochs=2, verbose=0);",
        "timed facts": "timed.curves.epochs, sorted(timed.recording)",
        "repeated": ("%%lstm_dropout --into repeated\n%timeit -n1 -r2 model.fit(x, y, verbose=0)"),
        "repeated facts": "repeated.curves.epochs, sorted(repeated.recording)",
    }
    return kernel.run_all(cells)


# ---------------------------------------------------------------- as without the magic

_TIME = re.compile(r"[\d.]+(e[+-]?\d+)? ?(ns|μs|µs|us|ms|s)\b")
_PLACE = re.compile(r"In\[\d+\]|ipykernel_\d+/\d+\.py|\b\d+\.py|\b0x[0-9a-f]{6,}")
_FIRST_LINE = re.compile(r"^ +1 #.*\n", re.MULTILINE)


def face(text: str) -> str:
    """Text without what differs between two runs of one cell."""
    return _FIRST_LINE.sub("", _PLACE.sub("_", _TIME.sub("_", plain(text))))


def faces(cell: Cell) -> list[Any]:
    """What a person sees of a cell, output by output."""
    seen: list[Any] = []
    for output in cell.outputs:
        kind = output["output_type"]
        if kind == "stream":
            # The kernel flushes stdout and stderr one after the other, in either order.
            if not seen or not isinstance(seen[-1], dict):
                seen.append({"stdout": "", "stderr": ""})
            seen[-1][output["name"]] += face(output["text"])
        elif kind == "error":
            text = "\n".join(output["traceback"])
            seen.append([kind, output["ename"], face(output["evalue"]), face(text)])
        else:
            number = output.get("execution_count")
            at = None if number is None else number - (cell.count or 0)
            data = {mime: face(text) for mime, text in output["data"].items()}
            seen.append([kind, data, dict(output["metadata"]), at])
    return seen


@pytest.mark.parametrize("name", WORKS | GOES_ON)
def test_a_cell_shows_what_it_shows_without_the_magic_and_then_the_report(
    executed: Executed, name: str
) -> None:
    *own, report = faces(executed[name])

    assert own == faces(executed[f"{name}, plain"])
    assert report[1]["text/plain"].startswith("done, ")


@pytest.mark.parametrize("name", FAILS)
def test_a_cell_that_fails_shows_what_it_shows_without_the_magic_and_no_more(
    executed: Executed, name: str
) -> None:
    shown = faces(executed[name])

    assert shown
    assert shown == faces(executed[f"{name}, plain"])


def test_the_value_of_a_cell_is_kept_as_the_last_value(executed: Executed) -> None:
    assert executed["kept value"].value == f"(43, 43, {executed['value'].count})"


def test_the_history_holds_the_cell_as_it_was_typed(executed: Executed) -> None:
    assert "run_cell_magic" in executed["kept history"].value
    assert "a line" in executed["kept history"].value


def test_every_cell_counts_once(executed: Executed) -> None:
    counts = [cell.count for cell in executed.cells.values()]

    assert counts == list(range(1, len(counts) + 1))


# ---------------------------------------------------------------- tracebacks


# IPython 7 names a cell by the file that stands for it, later ones by its number.
_CELL = r"Cell In ?\[\d+\]|(?:File \")?\S+ipykernel_\d+/\d+\.py\"?"


def places(cell: Cell) -> list[str]:
    """The cells that a traceback names, with "here" for the number of its own."""
    found = re.findall(rf"(?:{_CELL})(?:, line \d+| in <[\w ]+)?", cell.error)
    return [re.sub(rf"\[{cell.count}\]|\S+ipykernel_\d+/\d+\.py", "here", each) for each in found]


def test_a_traceback_names_the_line_as_the_notebook_counts_it(executed: Executed) -> None:
    # The magic stands on line 1.
    assert places(executed["an error"]) == places(executed["an error, plain"])
    assert set(re.findall(r", line (\d+)", executed["an error"].error)) <= {"3"}
    assert re.search(r"^-+> 3 z / 0$", executed["an error"].error, re.MULTILINE)


@pytest.mark.parametrize("name", ["an error", "bad syntax", "an interrupt", "an error, plain"])
def test_a_traceback_names_its_cell(executed: Executed, name: str) -> None:
    (place,) = places(executed[name])

    assert "here" in place


def test_an_error_is_shown_again_as_without_the_magic(executed: Executed) -> None:
    assert "ZeroDivisionError" in executed["shown again"].error
    assert faces(executed["shown again"]) == faces(executed["shown again, plain"])


def test_a_syntax_error_names_the_line_as_the_notebook_counts_it(executed: Executed) -> None:
    assert re.search(rf"(?:{_CELL}), line 3\n +def f\(:\n", executed["bad syntax"].error)


def test_a_syntax_error_shows_no_frame_of_ours_or_of_ipython(executed: Executed) -> None:
    assert "File" not in re.sub(_CELL, "", executed["bad syntax"].error)


@pytest.mark.parametrize("name", ["an unknown magic", "an unknown cell magic"])
def test_a_usage_error_is_said_once(executed: Executed, name: str) -> None:
    assert executed[name].stream("stderr").count("UsageError") == 1
    assert len(executed[name].outputs) == 1


def test_a_group_of_errors_is_said_once_without_a_frame_of_ours(executed: Executed) -> None:
    """IPython from 8 on writes groups to stderr, with its own frames."""
    cell = executed["group"]
    lines = [line for each in cell.errors for line in each["traceback"]]
    said = cell.stream("stderr") + plain("\n".join(lines))

    assert said.count("ExceptionGroup: several (2 sub-exceptions)") == 1
    assert "dropviz/" not in said
    assert all(each["traceback"] for each in cell.errors)


def test_a_cell_that_awaits_is_refused_in_one_clean_line(executed: Executed) -> None:
    """A magic cannot wait inside the loop that the kernel runs it in."""
    assert re.fullmatch(r"DropvizError: .* await .*", executed["await"].error)
    assert len(executed["await"].outputs) == 1
    assert executed["await, ran"].value == "False"


# ---------------------------------------------------------------- training


@pytest.mark.parametrize("fact", FACT_NAMES)
def test_training_is_to_the_bit_that_of_the_cell_without_the_magic(
    executed: Executed, fact: str
) -> None:
    without = json.loads(executed["facts, plain"].stream("stdout"))
    facts = json.loads(executed["facts"].stream("stdout"))

    assert facts[fact] == without[fact]


def test_the_training_that_was_compared_was_recorded(executed: Executed) -> None:
    assert len(executed["train"].pictures) == 5


def test_a_training_under_another_magic_is_timed_and_recorded(executed: Executed) -> None:
    assert "Wall time:" in executed["timed"].stream("stdout")
    assert executed["timed facts"].value == "(2, ['dropout', 'gru', 'lstm'])"


def test_a_training_that_is_repeated_for_timing_is_recorded_each_time(executed: Executed) -> None:
    assert "per loop" in executed["repeated"].stream("stdout")
    assert executed["repeated facts"].value == "(2, ['dropout', 'gru', 'lstm'])"
