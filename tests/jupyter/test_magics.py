from __future__ import annotations

import itertools
import multiprocessing
import re
import subprocess
import sys
import weakref
from importlib import import_module
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dropviz.core.methods import METHODS
from dropviz.core.scenario_string import magic
from dropviz.core.spec import RunSpec
from dropviz.errors import DropvizError, StoppedError
from dropviz.jupyter.magic_dropout import _other_rates
from dropviz.jupyter.magics import DropvizMagics
from dropviz.keras_inside.choose_backend import Choice

from .conftest import ROOT, InProcess, Ran, Shell

FLAGS = [
    *("-d", "--dropout", "-r", "--recurrent-dropout", "--into"),
    *("--task", "--method", "--units", "--epochs", "--seed"),
    *("--life", "--scaling", "--zoneout-cell", "--zoneout-hidden"),
]
SPECS = {
    **{
        name: RunSpec(
            method=name,
            dropout=1 / 3,
            recurrent_dropout=0.25 if len(row.rules) > 1 else 0,
            units=3,
            epochs=2,
            seed=0,
        )
        for name, row in METHODS.items()
    },
    "moon, options": RunSpec(method="moon", recurrent_dropout=0.1, life="step"),
    "semeniuta, options": RunSpec(
        task="temporal-order", method="semeniuta", life="sequence", scaling="inverted"
    ),
    "zoneout, options": RunSpec(method="zoneout", zoneout_cell=1 / 7, zoneout_hidden=0),
}
ENDED = r"that ended meanwhile took [\d.]+ s of processor"
NOTHING = "No recurrent layer was seen to train in this thread, so nothing was recorded."


def model(layer: Any, name: str = "model") -> Any:
    """Makes a model that trains at once: a graph would take seconds to trace."""
    made = keras.Sequential([keras.Input((5, 3)), layer, keras.layers.Dense(1)], name=name)
    made.compile("sgd", "mse", run_eagerly=True)
    return made


def lstm(**kwargs: Any) -> Any:
    return keras.layers.LSTM(4, **({"name": "lstm"} | kwargs))


@pytest.fixture
def names(ipython: InProcess) -> InProcess:
    """A shell whose user has data and ways to make models."""
    x = np.random.default_rng(2).normal(size=(8, 5, 3)).astype("float32")
    ipython.names.update(
        keras=keras, np=np, tf=tf, model=model, lstm=lstm, x=x, y=x.sum(axis=(1, 2))
    )
    return ipython


def rates(run: Any) -> dict[str, tuple[float, float]]:
    return {
        name: (layer["input"].rate, layer["recurrent"].rate)
        for name, layer in run.recording.items()
    }


# ---------------------------------------------------------------- load, unload, reload


def defined(shell: Shell) -> tuple[bool, bool]:
    """Whether the line magic and the cell magic are there."""
    return (
        shell.find_line_magic("lstm_dropout") is not None,
        shell.find_cell_magic("lstm_dropout") is not None,
    )


def test_loading_defines_the_line_and_the_cell_magic(ipython: InProcess) -> None:
    assert defined(ipython.shell) == (True, True)


@pytest.mark.parametrize(
    "steps", list(itertools.product(["load", "unload", "reload"], repeat=3)), ids="-".join
)
def test_the_magics_are_there_after_load_and_reload_and_gone_after_unload(
    shell: Shell, steps: tuple[str, ...]
) -> None:
    for step in steps * 2:
        shell.run_line_magic(f"{step}_ext", "dropviz")

        assert defined(shell) == (step != "unload",) * 2


def test_unloading_leaves_the_shell_as_it_was(shell: Shell) -> None:
    def state() -> tuple[Any, ...]:
        manager = shell.magics_manager
        magics = {kind: dict(table) for kind, table in manager.magics.items()}
        return magics, dict(manager.registry), list(shell.configurables)

    # IPython itself defines its magics for extensions at their first use.
    shell.run_line_magic("load_ext", "dropviz")
    shell.run_line_magic("unload_ext", "dropviz")
    before = state()
    assert "DropvizMagics" not in before[1]

    shell.run_line_magic("load_ext", "dropviz")
    assert state() != before
    shell.run_line_magic("unload_ext", "dropviz")

    assert state() == before


def test_reloading_often_leaves_one_set_of_magics(ipython: InProcess) -> None:
    for _ in range(3):
        ipython.run("%reload_ext dropviz")

    ours = [each for each in ipython.shell.configurables if type(each) is DropvizMagics]
    assert len(ours) == 1


def test_a_magic_works_after_a_reload(names: InProcess) -> None:
    names.run("%reload_ext dropviz")

    assert NOTHING in names.run("%%lstm_dropout\n1").report


def test_a_magic_that_the_user_put_in_its_place_outlives_unloading(ipython: InProcess) -> None:
    def mine(line: str) -> str:
        return f"mine: {line}"

    ipython.shell.register_magic_function(mine, "line", "lstm_dropout")

    ipython.run("%unload_ext dropviz")

    assert ipython.shell.run_line_magic("lstm_dropout", "x") == "mine: x"
    assert defined(ipython.shell) == (True, False)


def test_unloading_in_one_shell_leaves_the_other_alone(
    ipython: InProcess, other_shell: Shell
) -> None:
    ipython.run("%unload_ext dropviz")

    assert defined(ipython.shell) == (False, False)
    assert defined(other_shell) == (True, True)


def test_each_shell_keeps_its_runs_to_itself(ipython: InProcess, other_shell: Shell) -> None:
    ipython.run("%%lstm_dropout --into run\n1")

    assert "run" in ipython.names
    assert "run" not in other_shell.user_ns


def test_loading_and_refusing_bad_input_import_nothing_heavy() -> None:
    code = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
shell.run_line_magic("load_ext", "dropviz")
for cell in ("%lstm_dropout --epochs 0", "%lstm_dropout --task digts",
             "%lstm_dropout --dropot 1", "%%lstm_dropout -d 1.5\\n1"):
    assert isinstance(shell.run_cell(cell).error_in_exec, ValueError), cell
heavy = {"keras", "tensorflow", "matplotlib", "ipywidgets", "sklearn"}
print("imported:", sorted(heavy & (set(sys.modules) - before)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    assert done.stdout.splitlines()[-1] == "imported: []"


# ---------------------------------------------------------------- help


@pytest.mark.parametrize("name", ["%lstm_dropout", "%%lstm_dropout"])
def test_help_shows_an_example_of_both_uses(ipython: InProcess, name: str) -> None:
    text = ipython.shell.object_inspect_text(name)

    assert "%lstm_dropout -d .2 -r .5 --task digits --into run" in text
    assert "%%lstm_dropout -d .3 --into run\n" in text


@pytest.mark.parametrize("flag", FLAGS)
def test_help_lists_every_flag(ipython: InProcess, flag: str) -> None:
    text = ipython.shell.object_inspect_text("%lstm_dropout")

    options = text.partition("options:")[2]
    assert f" {flag}" in options.replace(",", " ")


def test_help_speaks_of_all_the_flags_that_there_are() -> None:
    actions = DropvizMagics.lstm_dropout.parser._actions

    assert [flag for action in actions for flag in action.option_strings] == FLAGS


def test_help_says_that_rates_may_come_from_variables(ipython: InProcess) -> None:
    assert "-d $rate" in ipython.shell.object_inspect_text("%lstm_dropout")


def test_asking_for_help_trains_nothing(ipython: InProcess, fits: list[Any]) -> None:
    assert ipython.run("%lstm_dropout?").error is None
    assert not fits


# ---------------------------------------------------------------- bad input


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every call of ``fit``."""
    calls: list[Any] = []
    original = keras.Model.fit

    def fit(*args: Any, **kwargs: Any) -> Any:
        calls.append(args[0])
        return original(*args, **kwargs)

    monkeypatch.setattr(keras.Model, "fit", fit)
    return calls


def assert_one_clean_line(ran: Ran, *said: str) -> None:
    assert isinstance(ran.error, DropvizError)
    (line,) = ran.stdout.strip().splitlines()
    assert line == f"DropvizError: {ran.error}"
    assert [each for each in said if each not in line] == [], line
    assert not ran.stderr
    assert not ran.shown


BOTH = {
    "-d 1.0": ("dropout must be at least 0 and below 1", "Received: dropout='1.0'", "try 0.9"),
    "-d 1.5": ("Received: dropout='1.5'", "try 0.9"),
    "-d -0.1": ("Received: dropout='-0.1'", "a rate to drop"),
    "-d nan": ("Received: dropout='nan'", "Give a number, as in dropout=0.2"),
    "-d inf": ("Received: dropout='inf'",),
    "-d abc": ("Received: dropout='abc'", "Give a number, as in dropout=0.2"),
    "-d $nowhere": ("Received: dropout='$nowhere'",),
    "-r 1.0": ("recurrent_dropout must be", "Received: recurrent_dropout='1.0'"),
    "-r abc": ("Received: recurrent_dropout='abc'", "as in recurrent_dropout=0.2"),
    "-d": ("argument -d/--dropout: expected one argument",),
    "--dropot .5": ("unrecognized arguments: --dropot .5", "Did you mean --dropout?"),
    "--dropot=.5": ("--dropot=.5", "Did you mean --dropout?"),
    "--recurent-dropout .5": ("Did you mean --recurrent-dropout?",),
    "--inot run": ("Did you mean --into?",),
    "--drop .5": ("unrecognized arguments: --drop .5", "Did you mean --dropout?"),
    "--recurrent .5": ("--recurrent .5", "Did you mean --recurrent-dropout?"),
    "--rec .5": ("--rec .5", "Did you mean --recurrent-dropout?"),
    "-x": ("unrecognized arguments: -x", "See %lstm_dropout? for an example"),
    "word": ("unrecognized arguments: word", "See %lstm_dropout? for an example"),
    "--into 1run": ("--into needs a name", "Received: '1run'"),
    "--into a.b": ("--into needs a name", "Received: 'a.b'"),
    "--into class": ("--into needs a name", "Received: 'class'"),
    '--into "run': ("quotation",),
    "--into \uff43lass": ("--into needs a name", "Received: '\uff43lass'"),
}
LINE = {
    "lstm:u4 lstm:d.2": (
        "%lstm_dropout takes one scenario. Received: 2 of them, 'lstm:u4', 'lstm:d.2'. Leave",
    ),
    "lstm:u4 --epochs 3 lstm:d.2 lstm;": ("Received: 3 of them",),
    "--into lstm:u4": ("--into needs a name", "Received: 'lstm:u4'"),
    "--units 0": ("units must be a whole number from 1", "Received: units=0"),
    "--units -3": ("Received: units=-3",),
    "--units 2.5": ("--units", "2.5"),
    "--epochs x": ("--epochs", "'x'"),
    "--epochs 0": ("epochs must be a whole number from 1", "Received: epochs=0"),
    "--seed -1": ("seed must be a whole number from 0", "Received: seed=-1"),
    "--task digts": ("There is no task 'digts'", "Did you mean 'digits'?", "Known: 'digits'"),
    "--method keros": ("There is no method 'keros'", "Did you mean 'keras'?"),
    "--method semenuita": ("no method 'semenuita'", "Did you mean 'semeniuta'?"),
    "--task temporal_order": ("Did you mean 'temporal-order'?",),
    "--life step": ("Method 'keras' has no option life", "that have it: moon, semeniuta"),
    "--method moon --life day": ("life must be 'step' or 'sequence'", "Received: life='day'"),
    "--method moon --scaling up": ("scaling must be 'inverted' or 'test-time'",),
    "--method moon --zoneout-cell .1": ("has no option zoneout_cell", "that have it: zoneout"),
    "--method zoneout --zoneout-hidden 1": ("zoneout_hidden must be at least 0 and below 1",),
    "--method zaremba -r .2": ("'zaremba' masks the inputs only", "Set it to 0, or choose"),
    "--method zoneout -r .1 --zoneout-cell .1 --zoneout-hidden .1": ("Leave one of the three out",),
    "--zoneot-cell .1": ("Did you mean --zoneout-cell?",),
}


@pytest.mark.parametrize("flags", [*BOTH, *LINE])
def test_a_line_with_bad_input_is_refused_in_one_clean_line(
    ipython: InProcess, fits: list[Any], flags: str
) -> None:
    ran = ipython.run(f"%lstm_dropout {flags}")

    assert_one_clean_line(ran, *(BOTH | LINE)[flags])
    assert not fits


@pytest.mark.full
@pytest.mark.parametrize("flags", BOTH)
def test_a_cell_under_bad_input_is_refused_before_it_runs(ipython: InProcess, flags: str) -> None:
    ran = ipython.run(f"%%lstm_dropout {flags}\nran = True")

    assert_one_clean_line(ran, *BOTH[flags])
    assert "ran" not in ipython.names


@pytest.mark.parametrize("flag", [flag[2:] for flag in FLAGS[5:]])
def test_a_flag_that_a_cell_has_no_use_for_is_refused(ipython: InProcess, flag: str) -> None:
    value = {"task": "digits", "method": "keras", "life": "step"}.get(flag, "3")

    ran = ipython.run(f"%%lstm_dropout --{flag} {value}\nran = True")

    assert_one_clean_line(ran, f"--{flag} has nothing to set", "Leave it out")
    assert "ran" not in ipython.names


def test_several_flags_that_a_cell_has_no_use_for_are_all_named(ipython: InProcess) -> None:
    ran = ipython.run("%%lstm_dropout --units 3 --epochs 2\n1")

    assert_one_clean_line(ran, "--units, --epochs have nothing to set", "Leave them out")


@pytest.mark.parametrize("magic", ["%lstm_dropout", "%%lstm_dropout"])
def test_what_was_refused_binds_nothing(ipython: InProcess, magic: str) -> None:
    ipython.names["kept"] = "as it was"
    body = "\n1" if magic.startswith("%%") else ""

    for name in ("kept", "fresh"):
        ipython.run(f"{magic} -d 1.5 --into {name}{body}")

    assert ipython.names["kept"] == "as it was"
    assert "fresh" not in ipython.names


def test_what_was_refused_is_an_ordinary_exception_to_code(ipython: InProcess) -> None:
    with pytest.raises(ValueError, match="below 1"):
        ipython.shell.run_line_magic("lstm_dropout", "-d 1.5")


# ---------------------------------------------------------------- the line


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[RunSpec]:
    """What lines asked for; nothing is trained."""
    specs: list[RunSpec] = []

    def train(spec: RunSpec, *_: Any) -> Any:
        specs.append(spec)
        raise DropvizError("no need to train")

    monkeypatch.setattr("dropviz.studies.train.train", train)
    return specs


@pytest.mark.full
def test_a_line_returns_the_run_that_its_flags_ask_for(ipython: InProcess) -> None:
    run = ipython.shell.run_line_magic(
        "lstm_dropout", "--units 3 --epochs 1 --seed 5 --recurrent-dropout=.25 -d .5"
    )

    assert run.status == "done"
    assert run.spec.to_dict() == {
        "task": "digits",
        "method": "keras",
        "dropout": 0.5,
        "recurrent_dropout": 0.25,
        "units": 3,
        "epochs": 1,
        "seed": 5,
        "life": None,
        "scaling": None,
        "zoneout_cell": None,
        "zoneout_hidden": None,
        "schedule": (),
    }


@pytest.mark.parametrize(
    "line",
    [
        "lstm:u2:e1:d.2;",
        "lstm:u2:e1 -d .2 ; ",
        "-d .2 --units 2 --epochs 1;",
        "-d .2 lstm:u2:e1\t;",
    ],
)
def test_a_semicolon_at_the_end_of_a_line_is_no_part_of_it(
    ipython: InProcess, asked: list[RunSpec], line: str
) -> None:
    ipython.run(f"%lstm_dropout {line}")

    assert asked == [RunSpec(units=2, epochs=1, dropout=0.2)]


def test_a_name_may_be_that_with_which_scenarios_begin(
    ipython: InProcess, asked: list[RunSpec]
) -> None:
    assert str(ipython.run("%lstm_dropout --into lstm --epochs 2").error) == "no need to train"

    assert asked == [RunSpec(epochs=2)]


EXPRESSIONS = {
    "keras.layers.LSTM(4, dropout = -0.2)": ("keras.layers.LSTM(4, dropout = -0.2)", 0),
    "model.layers[i -1]": ("model.layers[i -1]", 0),
    "layers['a  b'] ;": ("layers['a  b']", 0),
    "layers['--seed 3']": ("layers['--seed 3']", 0),
    "layers[0 --seed]": ("layers[0 --seed]", 0),
    "layers[i --j] --seed=3": ("layers[i --j]", 3),
    "--seed 4  f(a,  b)": ("f(a,  b)", 4),
    "--seed 4 f() --seed 5;": ("f()", 5),
    "--seed 4": ("", 4),
}


@pytest.mark.parametrize("line", EXPRESSIONS)
def test_what_is_to_be_explained_stays_as_it_was_typed(
    ipython: InProcess, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    came: list[tuple[str, int]] = []
    monkeypatch.setattr(
        "dropviz.jupyter.magic_explain.explain", lambda _, name, seed: came.append((name, seed))
    )

    assert ipython.run(f"%lstm_explain {line}").error is None

    assert came == [EXPRESSIONS[line]]


@pytest.mark.parametrize("line", ["--sed 3 lone", "lone --sed 3", "--seed lone", "-x lone"])
def test_a_wrong_flag_is_not_taken_for_what_is_to_be_explained(
    ipython: InProcess, line: str
) -> None:
    flag = next(word for word in line.split() if word.startswith("-"))

    assert_one_clean_line(ipython.run(f"%lstm_explain {line}"), "%lstm_explain: ", flag)


def test_a_semicolon_after_traps_is_no_part_of_their_names(
    ipython: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    named: list[tuple[str, ...]] = []
    monkeypatch.setattr(
        import_module("dropviz.traps.run"), "traps", lambda *names: named.append(names)
    )

    for line in ("rate-one;", "rate-one one-step ; ", ";"):
        assert ipython.run(f"%lstm_traps {line}").error is None

    assert named == [("rate-one",), ("rate-one", "one-step"), ()]


@pytest.mark.full
def test_a_line_trains_a_method_with_its_options(ipython: InProcess) -> None:
    run = ipython.shell.run_line_magic(
        "lstm_dropout", "--method moon -r .5 --life step --scaling inverted --units 2 --epochs 1"
    )

    assert (run.spec.method, run.spec.life, run.spec.scaling) == ("moon", "step", "inverted")
    assert set(run.recording["lstm"]) == {"input", "cell"}
    assert "lstm follows the method moon" in str(run)


@pytest.mark.full
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_line_of_a_spec_makes_that_spec(
    ipython: InProcess, asked: list[RunSpec], spec: RunSpec
) -> None:
    with pytest.raises(DropvizError, match="no need to train"):
        ipython.shell.run_line_magic("lstm_dropout", magic(spec).partition(" ")[2])

    assert asked == [spec]


@pytest.mark.full
def test_a_line_into_a_name_shows_the_report_once_and_returns_nothing(ipython: InProcess) -> None:
    ran = ipython.run("result = %lstm_dropout --units 2 --epochs 1 --into run")

    assert ipython.names["result"] is None
    assert ran.report == "\n".join(ipython.names["run"].summary)


@pytest.mark.full
def test_an_interrupted_line_is_kept_and_says_so_in_one_line(
    ipython: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.callbacks.History, "on_epoch_end", interrupt)

    ran = ipython.run("%lstm_dropout --units 2 --epochs 3 --into run")

    assert isinstance(ran.error, StoppedError)
    assert ran.stdout.strip() == str(ran.error)
    assert ipython.names["run"].status == "stopped"
    assert ran.report.startswith(ipython.names["run"].title)


# ---------------------------------------------------------------- the cell


def test_what_trains_in_a_cell_is_recorded_into_the_name(names: InProcess) -> None:
    ran = names.run(
        "%%lstm_dropout --into run\nm = model(lstm(dropout=.3)); m.fit(x, y, verbose=0)"
    )

    run = names.names["run"]
    assert (run.status, run.spec, run.curves.epochs) == ("done", None, 1)
    assert run.model is names.names["m"]
    assert rates(run) == {"lstm": (0.3, 0.0)}
    assert ran.report.startswith("done after 1 epoch")


@pytest.mark.parametrize("name", ["\ufb01le", "\xb5", "\uff52un"])
def test_a_name_is_kept_as_python_reads_it(ipython: InProcess, name: str) -> None:
    ipython.run(f"%%lstm_dropout --into {name}\n1")

    assert ipython.run(f"{name}.status").error is None


def test_the_code_of_a_run_is_that_of_the_cell(names: InProcess) -> None:
    names.run("%%lstm_dropout --into run\nz = 1\nz += 1")

    assert names.names["run"].code.strip() == "z = 1\nz += 1"


@pytest.mark.parametrize(
    "body",
    ["z = 1", "model(lstm())", "model(lstm(dropout=.5)).predict(x, verbose=0)"],
    ids=["nothing", "only built", "only predicts"],
)
def test_a_cell_that_trains_nothing_says_so(names: InProcess, body: str) -> None:
    ran = names.run(f"%%lstm_dropout --into run\n{body};")

    assert ran.report.splitlines()[1:] == [NOTHING]
    assert names.names["run"].status == "done"
    assert not names.names["run"].recording


@pytest.mark.full
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("subprocess.run([sys.executable, '-c', BUSY], check=True)", ENDED),
        (
            "p = multiprocessing.get_context('spawn').Process(target=print); p.start()",
            r"that the cell started still run \(1 of them\)",
        ),
        ("os.system(f'{sys.executable} -c \"{BUSY}\"')", ENDED),
    ],
    ids=["waited for", "still there", "by a shell"],
)
def test_what_other_processes_of_the_cell_took_is_said(
    names: InProcess, body: str, said: str
) -> None:
    names.run("import multiprocessing, os, subprocess, sys, time")
    names.names["BUSY"] = "import time\nwhile time.process_time() < 1.2: pass"
    ran = names.run(f"%%lstm_dropout\n{body};")
    for child in multiprocessing.active_children():
        child.terminate()
        child.join()

    assert NOTHING in ran.report
    assert re.search(f"Processes {said}.*cannot be recorded", ran.report)


def test_small_errands_of_other_processes_are_not_spoken_of(names: InProcess) -> None:
    ran = names.run("%%lstm_dropout\nimport os; os.system('true');")

    assert ran.report.splitlines()[1:] == [NOTHING]


def test_a_model_without_a_recurrent_layer_gets_its_curves_all_the_same(names: InProcess) -> None:
    ran = names.run("%%lstm_dropout\nmodel(keras.layers.Flatten()).fit(x, y, verbose=0)")

    assert NOTHING in ran.report
    assert ran.texts[-1].startswith("Loss over 1 epoch")


@pytest.mark.full
def test_a_model_fitted_in_an_earlier_cell_is_recorded_when_fitted_again(names: InProcess) -> None:
    names.run("m = model(lstm(dropout=.5)); m.fit(x, y, verbose=0)")

    names.run("%%lstm_dropout --into run\nm.fit(x, y, epochs=2, verbose=0)")

    run = names.names["run"]
    assert run.recording["lstm"].batches == run.curves.epochs == 2


@pytest.mark.full
def test_a_loop_written_by_hand_is_recorded(names: InProcess) -> None:
    names.run("m = model(lstm(dropout=.5))")

    ran = names.run(
        "%%lstm_dropout --into run\n"
        "for step in range(3):\n"
        "    with tf.GradientTape() as tape:\n"
        "        loss = tf.reduce_mean(m(x, training=True) ** 2)\n"
        "    m.optimizer.apply_gradients(zip(\n"
        "        tape.gradient(loss, m.trainable_variables), m.trainable_variables))\n"
    )

    assert ran.error is None
    assert names.names["run"].recording["lstm"].batches == 3
    assert ran.report.splitlines()[0].startswith("done, ")


@pytest.mark.full
def test_the_curves_of_several_models_are_those_of_the_last(names: InProcess) -> None:
    ran = names.run(
        "%%lstm_dropout --into run\n"
        "model(lstm(name='a'), 'one').fit(x, y, epochs=3, verbose=0)\n"
        "last = model(lstm(name='b'), 'two')\n"
        "last.fit(x, y, epochs=2, verbose=0)\n"
    )

    run = names.names["run"]
    assert "Below: model two, the last that trained; run.of('one') shows another." in ran.report
    assert run.curves.epochs == 2
    assert run.model is names.names["last"]
    assert list(run.recording) == ["a", "b"]


@pytest.mark.full
def test_the_report_of_several_models_is_short_and_of_the_last(names: InProcess) -> None:
    ran = names.run(
        "%%lstm_dropout --into run\n"
        "for fold in range(4):\n"
        "    layers = [lstm(name=n, dropout=.5, return_sequences=True) for n in 'ab']\n"
        "    inputs = keras.Input((5, 3))\n"
        "    m = keras.Sequential([inputs, *layers, keras.layers.Dense(1)], name=f'fold_{fold}')\n"
        "    m.compile('sgd', 'mse', run_eagerly=True)\n"
        "    m.fit(x, y, verbose=0)\n"
    )

    run = names.names["run"]
    lines = ran.report.splitlines()
    assert lines[0].startswith("4 models trained: done, ")
    assert [line.split()[0] for line in lines[2:6]] == [f"fold_{fold}" for fold in range(4)]
    assert len(lines) <= 16
    assert run.model is names.names["m"]
    assert list(run.shown.recording) == list(run.models[-1].layers)
    assert set(run.shown.proof) == set(run.models[-1].layers)
    drawn = [text for text in ran.texts if "Mask heatmaps" in text or "unrolled" in text]
    assert len(drawn) == 4
    assert all("fold_3" in text for text in drawn)


@pytest.mark.full
def test_a_cell_with_several_models_that_is_interrupted_tells_no_epoch(names: InProcess) -> None:
    ran = names.run(
        "%%lstm_dropout --into run\n"
        "for name in ('one', 'two'):\n"
        "    model(lstm(), name).fit(x, y, verbose=0)\n"
        "raise KeyboardInterrupt\n"
    )

    assert str(ran.error) == "stopped; results kept"
    assert names.names["run"].title.startswith("2 models trained: stopped, ")
    assert ran.report.splitlines()[2].startswith("one ")


@pytest.mark.full
def test_one_model_fitted_twice_has_one_curve(names: InProcess) -> None:
    ran = names.run(
        "%%lstm_dropout --into run\n"
        "m = model(lstm())\n"
        "m.fit(x, y, epochs=2, verbose=0)\nm.fit(x, y, verbose=0)\n"
    )

    assert names.names["run"].curves.epochs == 3
    assert "models trained" not in ran.report
    assert names.names["run"].models == ()


@pytest.mark.full
def test_layers_of_one_name_in_several_models_are_told_apart(names: InProcess) -> None:
    names.run(
        "%%lstm_dropout --into run\n"
        "for rate in (.25, .75):\n"
        "    model(lstm(dropout=rate)).fit(x, y, verbose=0)\n"
    )

    (first, one), (second, other) = rates(names.names["run"]).items()
    assert (first, one, other) == ("lstm", (0.25, 0.0), (0.75, 0.0))
    assert second == f"{names.names['run'].models[1].name}/lstm"


# ---------------------------------------------------------------- rates of the cell

BUILDS = {
    "LSTM": "lstm()",
    "LSTM with rates of its own": "lstm(dropout=.1, recurrent_dropout=.1)",
    "Bidirectional": "keras.layers.Bidirectional(lstm())",
    "RNN": "keras.layers.RNN(keras.layers.LSTMCell(4))",
    "stacked cells": "keras.layers.RNN([keras.layers.LSTMCell(4), keras.layers.LSTMCell(3)])",
}


@pytest.mark.few("LSTM with rates of its own")
@pytest.mark.parametrize("build", BUILDS)
def test_the_flags_set_the_rates_of_every_lstm_built_in_the_cell(
    names: InProcess, build: str
) -> None:
    ran = names.run(
        f"%%lstm_dropout -d .4 -r .3 --into run\nmodel({BUILDS[build]}).fit(x, y, verbose=0)"
    )

    assert ran.error is None
    assert set(rates(names.names["run"]).values()) == {(0.4, 0.3)}
    assert "kept its own rates" not in ran.report


@pytest.mark.few("-d .4-kept0")
@pytest.mark.parametrize(("flags", "kept"), [("-d .4", (0.4, 0.2)), ("-r .4", (0.1, 0.4))])
def test_a_rate_that_is_not_given_stays_as_the_cell_says(
    names: InProcess, flags: str, kept: tuple[float, float]
) -> None:
    names.run(
        f"%%lstm_dropout {flags} --into run\n"
        "model(lstm(dropout=.1, recurrent_dropout=.2)).fit(x, y, verbose=0)"
    )

    assert rates(names.names["run"]) == {"lstm": kept}


@pytest.mark.full
def test_a_rate_may_come_from_a_variable(names: InProcess) -> None:
    names.run("rate = .35")

    names.run("%%lstm_dropout -d $rate --into run\nmodel(lstm()).fit(x, y, verbose=0)")

    assert rates(names.names["run"]) == {"lstm": (0.35, 0.0)}


@pytest.mark.full
def test_a_layer_built_before_keeps_its_rates_and_the_report_says_so(names: InProcess) -> None:
    names.run("m = model(lstm(dropout=.5))")

    ran = names.run("%%lstm_dropout -d .25 --into run\nm.fit(x, y, verbose=0)")

    assert rates(names.names["run"]) == {"lstm": (0.5, 0.0)}
    assert "lstm was built before this cell and kept its own rates" in ran.report


def test_of_a_layer_whose_rate_code_has_changed_nothing_is_said_of_before(
    names: InProcess,
) -> None:
    ran = names.run(
        "%%lstm_dropout -d .25 --into run\n"
        "m = model(lstm())\nm.layers[0].cell.dropout = .5\nm.fit(x, y, verbose=0)"
    )

    assert rates(names.names["run"]) == {"lstm": (0.5, 0.0)}
    assert "before this cell" not in ran.report
    assert (
        "lstm did not drop at the rates of -d and -r: code changed them after it was built."
        in ran.report
    )


class Layer:
    """A layer as far as it has cells."""

    def __init__(self, *cells: Any) -> None:
        self.cell = keras.layers.StackedRNNCells(cells) if len(cells) > 1 else cells[0]


def test_why_layers_kept_their_rates_is_told_of_each() -> None:
    cells = [keras.layers.LSTMCell(1, name=f"cell_{number}") for number in range(6)]
    stack = Layer(*cells[4:])
    alone = {f"m/{name}": Layer(cell) for name, cell in zip("abcd", cells, strict=False)}
    layers = {**alone, "rnn/cell_4": stack, "rnn/cell_5": stack}
    built = [weakref.ref(cell) for cell in (cells[2], cells[3], cells[5])]

    said = _other_rates([*layers, "gone"], layers, built)

    before, changed, gone = said
    assert before == (
        "m/a, m/b, rnn/cell_4 were built before this cell and kept their own rates; build the "
        "model in the cell for -d and -r to act."
    )
    assert changed == (
        "m/c, m/d, rnn/cell_5 did not drop at the rates of -d and -r: code changed them after "
        "they were built."
    )
    assert gone == "gone did not drop at the rates of -d and -r."


@pytest.mark.full
def test_the_report_names_only_the_layers_that_kept_their_rates(names: InProcess) -> None:
    names.run("old = model(lstm(name='old', dropout=.5))")

    ran = names.run(
        "%%lstm_dropout -d .25\n"
        "old.fit(x, y, verbose=0)\n"
        "model(lstm(name='new')).fit(x, y, verbose=0)"
    )

    assert "old was built before this cell" in ran.report
    assert "new was built" not in ran.report


@pytest.mark.full
def test_the_rates_of_other_kinds_of_layers_are_left_alone(names: InProcess) -> None:
    ran = names.run(
        "%%lstm_dropout -d .25 --into run\n"
        "model(keras.layers.GRU(4, dropout=.5, name='gru')).fit(x, y, verbose=0)"
    )

    assert rates(names.names["run"]) == {"gru": (0.5, 0.0)}
    assert "was built before" not in ran.report


def test_an_lstm_built_after_the_cell_has_the_rates_that_its_code_says(names: InProcess) -> None:
    names.run("%%lstm_dropout -d .4\nz = lstm()")

    names.run("after = lstm(dropout=.1)")

    assert names.names["z"].dropout == 0.4
    assert names.names["after"].dropout == 0.1


# ---------------------------------------------------------------- nothing is left behind

ENDS = {
    "done": "",
    "error": "1 / 0",
    "interrupt": "raise KeyboardInterrupt",
}


def keras_classes() -> dict[type, dict[str, Any]]:
    """All that is defined on the classes that are listened to, own and inherited."""
    classes = (keras.Model, keras.layers.RNN, keras.layers.LSTM, keras.layers.LSTMCell)
    return {kind: dict(vars(kind)) for each in classes for kind in each.__mro__}


@pytest.mark.parametrize("end", ENDS)
def test_keras_is_as_it_was_however_the_cell_ends(names: InProcess, end: str) -> None:
    before = keras_classes()
    names.names["classes"] = keras_classes

    names.run(f"%%lstm_dropout -d .4\ninside = classes()\n{ENDS[end]}")

    assert names.names["inside"] != before
    assert keras_classes() == before


@pytest.mark.parametrize("body", ["def f(:", "%nowhere"])
def test_keras_is_as_it_was_where_the_cell_could_not_run(names: InProcess, body: str) -> None:
    before = keras_classes()

    assert names.run(f"%%lstm_dropout -d .4\n{body}").error is not None

    assert keras_classes() == before


@pytest.mark.full
def test_the_list_of_callbacks_that_was_passed_is_left_alone(names: InProcess) -> None:
    names.run("mine = [keras.callbacks.TerminateOnNaN()]; m = model(lstm())")

    names.run("%%lstm_dropout\nm.fit(x, y, verbose=0, callbacks=mine)")

    assert [type(each).__name__ for each in names.names["mine"]] == ["TerminateOnNaN"]


@pytest.mark.full
def test_a_single_callback_works_as_in_plain_keras(names: InProcess) -> None:
    names.run("ends = []; m = model(lstm())")

    names.run(
        "%%lstm_dropout --into run\n"
        "m.fit(x, y, verbose=0, callbacks=keras.callbacks.LambdaCallback("
        "on_epoch_end=lambda epoch, logs: ends.append(epoch)))"
    )

    assert names.names["ends"] == [0]
    assert names.names["run"].curves.epochs == 1


@pytest.mark.full
def test_a_list_object_of_callbacks_works_and_is_left_alone(names: InProcess) -> None:
    names.run(
        "m = model(lstm())\nmine = keras.callbacks.CallbackList([], add_history=True, model=m)"
    )

    ran = names.run("%%lstm_dropout --into run\nm.fit(x, y, verbose=0, callbacks=mine)")

    assert ran.error is None
    assert names.names["run"].curves.epochs == 1
    assert [type(each).__name__ for each in names.names["mine"].callbacks] == ["History"]


# ---------------------------------------------------------------- errors and interrupts

RAISES = (
    "class Raise(keras.callbacks.Callback):\n"
    "    def __init__(self, error): super().__init__(); self.error = error\n"
    "    def on_epoch_end(self, epoch, logs=None):\n"
    "        if epoch == 1: raise self.error\n"
    "m = model(lstm(dropout=.5))"
)


@pytest.mark.parametrize(
    ("error", "status"), [("KeyboardInterrupt()", "stopped"), ("OSError('disk')", "failed")]
)
def test_what_was_recorded_before_the_end_is_kept(
    names: InProcess, error: str, status: str
) -> None:
    names.run(RAISES)

    names.run(
        f"%%lstm_dropout --into run\nm.fit(x, y, epochs=9, verbose=0, callbacks=[Raise({error})])"
    )

    run = names.names["run"]
    assert run.status == status
    assert run.recording["lstm"].batches == 2
    assert run.model is names.names["m"]


@pytest.mark.full
def test_a_training_goes_on_after_an_interrupt(names: InProcess) -> None:
    names.run(RAISES)
    names.run(
        "%%lstm_dropout\nm.fit(x, y, epochs=9, verbose=0, callbacks=[Raise(KeyboardInterrupt())])"
    )

    ran = names.run("%%lstm_dropout --into run\nm.fit(x, y, verbose=0)")

    assert ran.error is None
    assert names.names["run"].recording["lstm"].batches == 1


@pytest.mark.full
def test_an_interrupt_shows_the_report_and_then_one_line(names: InProcess) -> None:
    names.run(RAISES)

    ran = names.run(
        "%%lstm_dropout\nm.fit(x, y, epochs=9, verbose=0, callbacks=[Raise(KeyboardInterrupt())])"
    )

    assert ran.report.startswith("stopped")
    assert isinstance(ran.error, StoppedError)
    assert ran.stdout.strip() == str(ran.error)


def test_an_error_leaves_one_line_of_the_live_view_and_no_report(names: InProcess) -> None:
    names.run(RAISES)

    ran = names.run(
        "%%lstm_dropout\nm.fit(x, y, epochs=9, verbose=0, callbacks=[Raise(OSError('disk'))])"
    )

    assert [each["update"] for each in ran.shown].count(False) == 1
    assert ran.texts[-1] == "the cell ended with an error"
    assert "<img" not in ran.shown[-1]["data"]["text/html"]


@pytest.mark.parametrize(
    ("backend", "title"), [("jax", "JAX"), ("torch", "PyTorch"), ("tensorflow", "TensorFlow")]
)
def test_a_magic_says_which_backend_it_loads(
    ipython: InProcess, monkeypatch: pytest.MonkeyPatch, backend: str, title: str
) -> None:
    # As in a session that has not trained yet.
    for name, does in (("check", None), ("ready", None), ("loaded", False)):
        monkeypatch.setattr(f"dropviz.keras_inside.start_keras.{name}", lambda does=does: does)
    monkeypatch.setattr(
        "dropviz.keras_inside.choose_backend.choose_backend", lambda: Choice(backend, "")
    )

    ran = ipython.run("%%lstm_dropout\nx = 1")

    assert ran.texts[0] == f"loading Keras and {title} (some seconds, once a session) ..."


# ---------------------------------------------------------------- without a kernel


@pytest.mark.full
def test_a_terminal_reads_the_report_in_words(
    ipython: InProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    ipython.names.update(model=model, lstm=lstm, x=np.ones((4, 5, 3)), y=np.ones(4))

    result = ipython.shell.run_cell(
        "%%lstm_dropout -d .5\nmodel(lstm()).fit(x, y, verbose=0)", store_history=True
    )

    result.raise_error()
    out = capsys.readouterr().out
    assert "done after 1 epoch" in out
    assert "dropout=0.5 multiplied x_t, the vertical arrows" in out
    assert "LSTM layer lstm unrolled" in out
