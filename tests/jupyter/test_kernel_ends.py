"""The other magics in a real kernel, and what ends a *Run All*."""

from __future__ import annotations

import json
import re

import pytest

from .conftest import MODEL, Executed, Kernel, words

pytestmark = pytest.mark.slow

# ---------------------------------------------------------------- other magics

OTHERS = {
    "load": "%load_ext dropviz",
    "model": MODEL,
    "explain": "%lstm_explain",
    "traps": "%lstm_traps rate-one",
    "several": "%lstm_explain keras.Sequential([keras.Input((6, 3)), model.layers[0]])",
    "unknown trap": "%lstm_traps rate-oen",
}


@pytest.fixture(scope="module")
def others(kernel: Kernel) -> Executed:
    return kernel.run_all(OTHERS)


@pytest.mark.full
def test_an_explanation_is_words_pictures_and_a_table(others: Executed) -> None:
    cell = others["explain"]

    assert not cell.errors
    assert not cell.stream("stderr")
    assert words(others, "explain")["text/plain"].startswith("dropout masks x_t")
    alts = [each["metadata"]["image/png"]["alt"].split(" ")[0] for each in cell.pictures]
    assert alts == ["LSTM", "The", "Evidence"]
    assert cell.bundles[-1]["text/plain"].startswith("What changed between versions of Keras")
    assert "measured here (Keras " in cell.bundles[-1]["text/html"]


@pytest.mark.full
def test_a_layer_of_a_trained_model_is_explained(others: Executed) -> None:
    assert "lstm (LSTM) drops by the method keras" in words(others, "several")["text/plain"]


@pytest.mark.full
def test_a_trap_is_html_and_text(others: Executed) -> None:
    (bundle,) = others["traps"].bundles

    assert "<code>rate-one</code>" in bundle["text/html"]
    assert "rate-one: A rate of 1 drops nothing" in bundle["text/plain"]
    assert not others["traps"].stream("stderr")


@pytest.mark.full
def test_an_unknown_trap_is_one_line(others: Executed) -> None:
    assert re.fullmatch(
        r"DropvizError: There is no trap 'rate-oen'\. Did you mean 'rate-one'\? .*",
        others["unknown trap"].error,
    )


# ---------------------------------------------------------------- ends

# Keras calls this in every fit; the signal comes from another thread, as from a server.
ARMED = """
import os, signal, threading
told = keras.callbacks.History.on_epoch_end
def on_epoch_end(self, epoch, logs=None):
    told(self, epoch, logs)
    if self.params["epochs"] == 100_000 and epoch == 2:
        threading.Timer(.02, os.kill, (os.getpid(), signal.SIGINT)).start()
keras.callbacks.History.on_epoch_end = on_epoch_end
"""
FIT = "model.fit(x, y, epochs=100_000, verbose=0)"
STOPS = {
    "interrupted cell": f"%%lstm_dropout --into stopped_cell\n{FIT}",
    "interrupted line": "%lstm_dropout --units 2 --epochs 100000 --into stopped_line",
    "interrupt without training": "%%lstm_dropout\nraise KeyboardInterrupt",
    "error": "%%lstm_dropout --into failed\nmodel.fit(x, y, epochs=2, verbose=0)\n1 / 0",
    "bad syntax": "%%lstm_dropout\ndef f(:",
    "unknown magic": "%%lstm_dropout\n%nowhere",
    "unknown flag": "%lstm_dropout --dropot .5",
    "bad rate": "%%lstm_dropout -d 1.5\nz = 1",
    "unknown task": "%lstm_dropout --task digts",
}
FACTS = {
    "interrupted cell": "stopped_cell",
    "interrupted line": "stopped_line",
    "error": "failed",
}
RAISES = """
class Raise(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise OSError("disk")
"""
AGAIN = "%%lstm_dropout --into again\nmodel.fit(x, y, epochs=2, verbose=0);"


@pytest.fixture(scope="module")
def ends(kernel: Kernel) -> dict[str, Executed]:
    """A notebook for each way to stop *Run All*, and one that goes on after them."""
    kernel.run_all(
        {"load": "%load_ext dropviz", "model": MODEL, "armed": ARMED}, allow_errors=False
    )
    done = {
        name: kernel.run_all({"stop": stop, "next": "went_on = True"}, allow_errors=False)
        for name, stop in STOPS.items()
    }
    kept = {
        f"{name}, kept": f"print(json.dumps([{run}.status, {run}.curves.epochs, "
        f"{run}.recording['lstm'].batches, str({run})]))"
        for name, run in FACTS.items()
    }
    cells = {
        "import": "import json",
        "went on": "'went_on' in globals()",
        **kept,
        "fits again": "len(model.fit(x, y, epochs=2, verbose=0).history['loss'])",
        "records again": AGAIN,
        "records again, kept": "again.status, again.recording['lstm'].batches",
        "raises": RAISES,
        "error in fit, plain": "# in its place\nmodel.fit(x, y, verbose=0, callbacks=[Raise()])",
        "error in fit": "%%lstm_dropout\nmodel.fit(x, y, verbose=0, callbacks=[Raise()])",
    }
    return done | {"after": kernel.run_all(cells)}


@pytest.mark.parametrize("name", STOPS)
def test_run_all_stops(ends: dict[str, Executed], name: str) -> None:
    assert ends[name]["stop"].count is not None
    assert ends[name]["next"].count is None


def test_no_cell_after_a_stop_was_run(ends: dict[str, Executed]) -> None:
    assert ends["after"]["went on"].value == "False"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("interrupted cell", r"stopped after epoch \d+; results kept"),
        ("interrupted line", r"stopped after epoch \d+ of 100000; results kept"),
        ("unknown flag", r"DropvizError: .* Did you mean --dropout\?"),
        ("bad rate", r"DropvizError: dropout must be at least 0 and below 1\. .*"),
        ("unknown task", r"DropvizError: There is no task 'digts'\. Did you mean 'digits'\? .*"),
    ],
)
def test_what_stopped_it_is_said_in_one_line(
    ends: dict[str, Executed], name: str, line: str
) -> None:
    assert re.fullmatch(line, ends[name]["stop"].error)
    assert not ends[name]["stop"].stream("stderr")


def test_a_usage_error_is_said_once_and_is_no_error_output(ends: dict[str, Executed]) -> None:
    stop = ends["unknown magic"]["stop"]

    assert stop.stream("stderr") == "UsageError: Line magic function `%nowhere` not found.\n"
    assert not stop.errors


@pytest.mark.parametrize("name", ["interrupted cell", "interrupted line"])
def test_an_interrupted_training_is_kept_as_stopped(ends: dict[str, Executed], name: str) -> None:
    status, epochs, batches, _ = json.loads(ends["after"][f"{name}, kept"].stream("stdout"))

    assert status == "stopped"
    assert epochs >= 3
    assert batches >= 3


@pytest.mark.parametrize("name", ["interrupted cell", "interrupted line"])
def test_an_interrupt_shows_the_report_of_what_was_kept(
    ends: dict[str, Executed], name: str
) -> None:
    *_, said = json.loads(ends["after"][f"{name}, kept"].stream("stdout"))

    assert words(ends[name], "stop")["text/plain"] == said
    assert len(ends[name]["stop"].pictures) >= 2


def test_the_live_view_of_an_interrupted_training_leaves_one_line(
    ends: dict[str, Executed],
) -> None:
    first = ends["interrupted cell"]["stop"].bundles[0]

    assert re.fullmatch(r"stopped: \d+\.\d s", first["text/plain"])
    assert "<img" not in first["text/html"]


def test_a_model_fits_again_after_an_interrupt(ends: dict[str, Executed]) -> None:
    assert ends["after"]["fits again"].value == "2"
    assert ends["after"]["records again, kept"].value == "('done', 4)"


def test_a_training_that_an_error_ended_is_kept_as_failed(ends: dict[str, Executed]) -> None:
    status, epochs, batches, _ = json.loads(ends["after"]["error, kept"].stream("stdout"))

    assert (status, epochs, batches) == ("failed", 2, 4)


def test_an_error_after_a_training_shows_the_users_traceback_and_no_report(
    ends: dict[str, Executed],
) -> None:
    stop = ends["error"]["stop"]

    assert re.search(r"^-+> 3 1 / 0$", stop.error, re.MULTILINE)
    assert "File" not in stop.error
    assert [each["text/plain"] for each in stop.bundles] == ["the cell ended with an error"]


def test_an_error_in_fit_shows_the_frames_of_keras_and_the_user_alone(
    ends: dict[str, Executed],
) -> None:
    shown, without = (
        re.findall(r"^(?:File .*|Cell .*, line .*|\S+\.py in .*)$", text, re.MULTILINE)
        for text in (
            ends["after"]["error in fit"].error,
            ends["after"]["error in fit, plain"].error,
        )
    )

    assert len(without) >= 3
    # The number of the cell, or the file that IPython 7 keeps for it.
    own = re.compile(r"In\[\d+\]|ipykernel_\d+/\d+\.py")
    assert [own.sub("In", frame) for frame in shown] == [own.sub("In", frame) for frame in without]
