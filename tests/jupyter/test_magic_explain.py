"""``%lstm_explain`` and ``%lstm_traps``, as a person types them."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core.trap_results import TrapResults
from dropviz.errors import StoppedError
from dropviz.experiment.cross_check import Witnesses
from dropviz.jupyter.magics import DropvizMagics
from dropviz.traps import run
from dropviz.traps.tools import Finding

from .conftest import ROOT, InProcess
from .test_magics import assert_one_clean_line

pytestmark = pytest.mark.slow

NAMED = {"a  b": "wide", "-x --seed 3": "flags"}
PLAIN = "keras.layers.LSTM(16, dropout=0.5, recurrent_dropout=0.5)"


@pytest.fixture
def names(ipython: InProcess) -> InProcess:
    """A shell whose user has layers and models."""
    low = keras.layers.LSTM(4, dropout=0.3, return_sequences=True, name="low")
    up = keras.layers.GRU(4, recurrent_dropout=0.4, name="up")
    stack = keras.Sequential([keras.Input((5, 3)), low, up, keras.layers.Dense(1)])
    lone = keras.layers.LSTM(4, dropout=0.3, name="lone")
    ipython.names.update(
        keras=keras, stack=stack, lone=lone, dense=keras.layers.Dense(3), zero=0, seed=0
    )
    named = {key: keras.layers.LSTM(4, name=name) for key, name in NAMED.items()}
    ipython.names["layers"] = {"a b": lone, **named}
    return ipython


# ---------------------------------------------------------------- %lstm_explain


@pytest.mark.full
def test_without_a_name_the_installed_keras_is_explained(ipython: InProcess) -> None:
    ran = ipython.run("%lstm_explain")

    assert ran.error is None
    assert ran.report.startswith("dropout masks x_t, the vertical arrows; recurrent_dropout masks")
    assert "Measured on keras.layers.LSTM(8, dropout=0.5)" in ran.report
    drawn = [each for each in ran.shown if "image/png" in each["data"]]
    assert len(drawn) == 3
    for each in drawn:
        assert each["data"]["text/plain"] == each["metadata"]["image/png"]["alt"] != ""
    assert ran.texts[-1].startswith("What changed between versions of Keras")


@dataclass
class Asked:
    """What the magic passed on, in place of an experiment and its pictures."""

    layers: list[str] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)

    def hear_witnesses(self, layer: Any, *, seed: int) -> tuple[list[Witnesses], dict[str, str]]:
        self.layers.append(layer.name)
        self.seeds.append(seed)
        return [], {}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    told = Asked()
    monkeypatch.setattr("dropviz.experiment.cross_check.hear_witnesses", told.hear_witnesses)
    return told


@pytest.mark.parametrize(
    ("line", "layer"),
    [
        ("lone", "lone"),
        ("stack.layers[0]", "low"),
        ("layers['a b']", "lone"),
        ("keras.layers.LSTM(3, dropout=.5, name='new')", "new"),
        ("lone;", "lone"),
        ("lone\t;", "lone"),
        ("stack.layers[zero -0]", "low"),
        ("keras.layers.LSTM(3, dropout = -0.0, name = 'minus')", "minus"),
        ("layers['a  b']", "wide"),
        ("layers['-x --seed 3']", "flags"),
        ("stack.layers[0 --seed]", "low"),
        ("lone  # mine", "lone"),
        ("--seed 0 lone", "lone"),
        ("", "lstm"),
    ],
)
def test_a_name_or_an_expression_names_the_layer(
    names: InProcess, asked: Asked, line: str, layer: str
) -> None:
    assert names.run(f"%lstm_explain {line}").error is None

    assert asked.layers == [layer]
    assert asked.seeds == [0]


@pytest.mark.parametrize(
    "line", ["--seed 3 lone", "lone --seed=3", "--seed 3", "--seed 1 lone --seed 3;"]
)
def test_a_seed_is_passed_on(names: InProcess, asked: Asked, line: str) -> None:
    assert names.run(f"%lstm_explain {line}").error is None

    assert asked.seeds == [3]


@pytest.mark.full
def test_each_layer_of_a_model_is_answered_and_comes_back_as_it_was(
    names: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered: list[tuple[str, str, int]] = []

    def show_answer(heard: Witnesses, measured: list[str]) -> None:
        answered.append((heard.verdict.layer, heard.verdict.kind, len(measured)))

    monkeypatch.setattr("dropviz.jupyter.explain_report.show_answer", show_answer)
    before = names.names["stack"].get_weights()

    assert names.run("%lstm_explain stack").error is None
    assert names.run("%lstm_explain lone").error is None

    # What untying does is measured once, with the first answer.
    assert answered == [("low", "LSTM", 1), ("up", "GRU", 0), ("lone", "LSTM", 1)]
    for mine, its in zip(names.names["stack"].get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, its)
    assert not names.names["lone"].built


BAD = {
    "nowhere": ("Received: 'nowhere'", "NameError: name 'nowhere' is not defined", PLAIN),
    "stack.layers[9]": ("Received: 'stack.layers[9]'", "IndexError", PLAIN),
    "1 +": ("Received: '1 +'", "SyntaxError"),
    "3": ("Only a Keras model or layer can be explained", "int"),
    "None": ("Only a Keras model or layer can be explained", "NoneType"),
    "dense": ("dense", "no LSTM or GRU weights"),
    "keras.Sequential()": ("is not built yet", "Call it once on data first"),
    "--sed 3 lone": ("unrecognized arguments: --sed", "Did you mean --seed?"),
    "--see 3 lone": ("unrecognized arguments: --see", "Did you mean --seed?"),
    "--seed lone": ("--seed", "'lone'"),
    "-x lone": ("unrecognized arguments: -x", "See %lstm_explain? for an example"),
    "lone --see 3": ("unrecognized arguments: --see 3", "Did you mean --seed?"),
    "lone --seed": ("argument --seed: expected one argument",),
    '"lone': ("SyntaxError: unterminated string",),
}


@pytest.mark.parametrize("asked", BAD)
def test_what_cannot_be_explained_is_refused_in_one_clean_line(
    names: InProcess, asked: str
) -> None:
    assert_one_clean_line(names.run(f"%lstm_explain {asked}"), *BAD[asked])


def test_a_bad_name_is_refused_before_anything_heavy_is_imported() -> None:
    code = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "dropviz")
for cell in ("%lstm_explain nowhere", "%lstm_explain --sed 3"):
    assert isinstance(shell.run_cell(cell).error_in_exec, ValueError), cell
print("imported:", sorted({"keras", "tensorflow", "matplotlib"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    assert done.stdout.splitlines()[-1] == "imported: []"


def test_help_shows_examples_and_the_flag(ipython: InProcess) -> None:
    text = ipython.shell.object_inspect_text("%lstm_explain")

    assert "%lstm_explain model.layers[0]" in text
    assert "--seed" in text.partition("options:")[2]


# ---------------------------------------------------------------- %lstm_traps


def test_named_traps_are_run_and_come_back(ipython: InProcess) -> None:
    museum = ipython.shell.run_line_magic("lstm_traps", "rate-one rates-clamped")

    assert isinstance(museum, TrapResults)
    assert museum.names == ("rate-one", "rates-clamped")


def test_traps_show_themselves_as_html_and_as_text(ipython: InProcess) -> None:
    ran = ipython.run("%lstm_traps rate-one")

    bundle, _ = ipython.shell.display_formatter.format(ipython.names["_"])
    assert "rate-one: A rate of 1 drops nothing" in ran.stdout
    assert "rate-one: A rate of 1 drops nothing" in bundle["text/plain"]
    assert "<code>rate-one</code>" in bundle["text/html"]


@pytest.mark.parametrize("asked", ["rate-oen", "rate-one rate-oen"])
def test_an_unknown_trap_names_the_nearest_in_one_line(ipython: InProcess, asked: str) -> None:
    ran = ipython.run(f"%lstm_traps {asked}")

    assert_one_clean_line(ran, "There is no trap 'rate-oen'", "Did you mean 'rate-one'?")


def test_help_of_the_traps_shows_an_example(ipython: InProcess) -> None:
    assert "%lstm_traps rate-one" in ipython.shell.object_inspect_text("%lstm_traps")


# ---------------------------------------------------------------- load and unload


@pytest.mark.parametrize("name", ["lstm_explain", "lstm_traps"])
def test_the_magics_come_and_go_with_the_extension(ipython: InProcess, name: str) -> None:
    assert ipython.shell.find_line_magic(name) is not None

    ipython.run("%unload_ext dropviz")

    assert ipython.shell.find_line_magic(name) is None


def test_prefixes_of_flags_are_not_taken_for_flags() -> None:
    assert not DropvizMagics.lstm_explain.parser.allow_abbrev


# ---------------------------------------------------------------- interrupted


class Sends(keras.layers.LSTM):  # type: ignore[misc]
    """A layer in the middle of each of whose calls an interrupt comes."""

    def call(self, *args: Any, **kwargs: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return super().call(*args, **kwargs)


def test_an_experiment_that_is_interrupted_says_so_in_one_line(names: InProcess) -> None:
    sends = Sends(4, name="sends")
    sends.build((None, 5, 3))
    before = sends.get_weights()
    names.names["sends"] = sends

    ran = names.run("%lstm_explain sends")

    assert isinstance(ran.error, StoppedError)
    said = "stopped before all was shown; layers are as they were"
    assert (ran.stdout.strip(), ran.stderr) == (said, "")
    for mine, its in zip(sends.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, its)


def test_traps_that_are_interrupted_say_so_in_one_line(
    ipython: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sends() -> Finding:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        return Finding(holds=True, said="it holds.", evidence={})

    first, second, *_ = run.EXHIBITS
    monkeypatch.setitem(run.EXHIBITS, first, replace(run.EXHIBITS[first], measure=sends))
    random.seed(3)
    stream = random.getstate()

    ran = ipython.run(f"%lstm_traps {first} {second}")

    assert isinstance(ran.error, StoppedError)
    assert (ran.stdout.strip(), ran.stderr) == ("stopped before all traps were run", "")
    assert random.getstate() == stream
