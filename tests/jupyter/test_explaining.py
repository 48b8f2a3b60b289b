"""``%lstm_explain`` and ``%lstm_traps``, as a person types them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core.museum import Museum
from dropviz.jupyter.magics import DropvizMagics

from .conftest import ROOT, InProcess
from .test_magics import assert_one_clean_line

PLAIN = "keras.layers.LSTM(16, dropout=0.5, recurrent_dropout=0.5)"


@pytest.fixture
def names(ipython: InProcess) -> InProcess:
    """A shell whose user has layers and models."""
    low = keras.layers.LSTM(4, dropout=0.3, return_sequences=True, name="low")
    up = keras.layers.GRU(4, recurrent_dropout=0.4, name="up")
    stack = keras.Sequential([keras.Input((5, 3)), low, up, keras.layers.Dense(1)])
    lone = keras.layers.LSTM(4, dropout=0.3, name="lone")
    ipython.names.update(
        keras=keras, stack=stack, lone=lone, dense=keras.layers.Dense(3), layers={"a b": lone}
    )
    return ipython


def titles(ran: Any) -> list[str]:
    return [
        each["data"]["text/plain"].splitlines()[0]
        for each in ran.shown
        if "<strong>" in each["data"].get("text/html", "")
    ]


# ---------------------------------------------------------------- %lstm_explain


def test_without_a_name_the_installed_keras_is_explained(ipython: InProcess) -> None:
    ran = ipython.run("%lstm_explain")

    assert ran.error is None
    assert ran.report.startswith("lstm (LSTM) drops by the method keras")
    assert "Measured on keras.layers.LSTM(8, dropout=0.5)" in ran.report
    assert sum("image/png" in each["data"] for each in ran.shown) == 3
    assert ran.texts[-1].startswith("What changed between versions of Keras")


def test_every_picture_has_alt_text_also_where_no_picture_can_be(ipython: InProcess) -> None:
    shown = [each for each in ipython.run("%lstm_explain").shown if "image/png" in each["data"]]

    for each in shown:
        assert each["data"]["text/plain"] == each["metadata"]["image/png"]["alt"] != ""


@pytest.mark.parametrize(
    ("asked", "layer"),
    [
        ("lone", "lone"),
        ("stack.layers[0]", "low"),
        ("layers['a b']", "lone"),
        ("keras.layers.LSTM(3, dropout=.5, name='new')", "new"),
        ("lone;", "lone"),
        ("--seed 3 lone", "lone"),
        ("lone --seed=3", "lone"),
    ],
)
def test_a_name_or_an_expression_names_the_layer(names: InProcess, asked: str, layer: str) -> None:
    ran = names.run(f"%lstm_explain {asked}")

    assert ran.error is None
    (title,) = titles(ran)
    assert title.startswith(f"{layer} (LSTM) drops by the method keras")


def test_each_layer_of_a_model_is_answered(names: InProcess) -> None:
    ran = names.run("%lstm_explain stack")

    assert [title.split(" drops")[0] for title in titles(ran)] == ["low (LSTM)", "up (GRU)"]


def test_a_layer_comes_back_as_it_was(names: InProcess) -> None:
    before = [weight.copy() for weight in names.names["stack"].get_weights()]

    names.run("%lstm_explain stack")
    names.run("%lstm_explain lone")

    for mine, its in zip(names.names["stack"].get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, its)
    assert not names.names["lone"].built


def test_a_seed_repeats_the_experiment_and_another_does_not(names: InProcess) -> None:
    def rates(flags: str) -> str:
        report = names.run(f"%lstm_explain {flags} lone").report
        return report.splitlines()[1]

    assert rates("--seed 1") == rates("--seed 1") != rates("--seed 2")


BAD = {
    "nowhere": ("Received: 'nowhere'", "NameError: name 'nowhere' is not defined", PLAIN),
    "stack.layers[9]": ("Received: 'stack.layers[9]'", "IndexError", PLAIN),
    "1 +": ("Received: '1 +'", "SyntaxError"),
    "3": ("Only a Keras layer or model can be explained", "int"),
    "None": ("Only a Keras layer or model can be explained", "NoneType"),
    "dense": ("dense", "no LSTM or GRU weights"),
    "keras.Sequential()": ("is not built yet", "Call it once on data first"),
    "--sed 3 lone": ("unrecognized arguments: --sed", "Did you mean --seed?"),
    "--see 3 lone": ("unrecognized arguments: --see", "Did you mean --seed?"),
    "--seed lone": ("--seed", "'lone'"),
    "-x lone": ("unrecognized arguments: -x", "See %lstm_explain? for an example"),
    '"lone': ("quotation",),
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

    assert isinstance(museum, Museum)
    assert museum.names == ("rate-one", "rates-clamped")


def test_traps_show_themselves_as_html_and_as_text(ipython: InProcess) -> None:
    ran = ipython.run("%lstm_traps rate-one")

    (shown,) = ran.shown
    assert ran.error is None
    assert "rate-one: A rate of 1 drops nothing" in shown["data"]["text/plain"]
    assert "<code>rate-one</code>" in shown["data"]["text/html"]


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
