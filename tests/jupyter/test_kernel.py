"""The magics in a real kernel, as a notebook server runs it."""

from __future__ import annotations

import re

import nbformat
import pytest

from .conftest import MODEL, Executed, Kernel, words

BYTES = 2**20  # code-hosting pages stop showing larger notebooks

USES = {
    "load": "%load_ext dropviz",
    "short flags": "%lstm_dropout -d .2 -r .5 --task digits --units 4 --epochs 2 --into run",
    "long flags": (
        "%lstm_dropout --dropout .3 --recurrent-dropout .1 --method keras --units 3 "
        "--epochs 1 --seed 3"
    ),
    "last value": "_ is not run, _.spec.dropout, _.spec.recurrent_dropout, _.spec.seed",
    "variable": "rate = .4\nrun4 = %lstm_dropout -d $rate --units 2 --epochs 1",
    "variable, kept": "run4.spec.dropout",
    "cell": (
        f"%%lstm_dropout --into mine{MODEL}"
        "import time\n"
        "print('before')\n"
        "pause = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: time.sleep(.1))\n"
        "history = model.fit(x, y, epochs=15, verbose=0, callbacks=[pause])\n"
        "print('after')\n"
        "len(history.history['loss'])"
    ),
    "cell, kept": "mine.status, mine.curves.epochs, sorted(mine.recording), mine.model is model",
    "flags on a cell": (
        "%%lstm_dropout -d .25 -r $rate --into other\n"
        "model2 = keras.Sequential([keras.layers.LSTM(4), keras.layers.Dense(1)])\n"
        "model2.compile('sgd', 'mse', run_eagerly=True)\n"
        "model2.fit(x, y, verbose=0);"
    ),
    "flags on a cell, kept": "layer = model2.layers[0]\nlayer.dropout, layer.recurrent_dropout",
    "shown again": "run",
}
REPORTS = {
    "short flags": "digits, 4 units, dropout 0.2, recurrent_dropout 0.5, seed 7: done after 2",
    "long flags": "digits, 3 units, dropout 0.3, recurrent_dropout 0.1, seed 3: done after 1",
    "cell": "done after 15 epochs",
    "flags on a cell": "done after 1 epoch",
    "shown again": "digits, 4 units, dropout 0.2, recurrent_dropout 0.5, seed 7: done after 2",
}
TRAININGS = [name for name in REPORTS if name != "shown again"]


@pytest.fixture(scope="module")
def uses(kernel: Kernel) -> Executed:
    return kernel.run_all(USES)


# ---------------------------------------------------------------- nothing goes wrong


def test_no_cell_ends_with_an_error(uses: Executed) -> None:
    assert [output for output in uses.outputs if output["output_type"] == "error"] == []


def test_nothing_is_written_to_stderr(uses: Executed) -> None:
    """Neither usage errors, which are no error outputs, nor TensorFlow's chatter."""
    assert {name: cell.stream("stderr") for name, cell in uses.cells.items()} == dict.fromkeys(
        uses.cells, ""
    )


def test_every_cell_ran_and_counts_once(uses: Executed) -> None:
    counts = [cell.count for cell in uses.cells.values()]

    assert counts == list(range(1, len(USES) + 1))


def test_the_saved_notebook_is_valid_and_small(uses: Executed) -> None:
    nbformat.validate(uses.notebook)
    assert len(nbformat.writes(uses.notebook)) < BYTES


# ---------------------------------------------------------------- what the flags do


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("last value", "(True, 0.3, 0.1, 3)"),
        ("variable, kept", "0.4"),
        ("cell, kept", "('done', 15, ['lstm'], True)"),
        ("flags on a cell, kept", "(0.25, 0.4)"),
    ],
)
def test_runs_are_what_the_flags_asked_for(uses: Executed, name: str, value: str) -> None:
    assert uses[name].value == value


def test_what_the_cell_printed_and_its_value_are_there(uses: Executed) -> None:
    assert uses["cell"].stream("stdout") == "before\nafter\n"
    assert uses["cell"].value == "15"


# ---------------------------------------------------------------- the report


@pytest.mark.parametrize("name", REPORTS)
def test_the_report_says_what_was_trained_as_text_and_as_html(uses: Executed, name: str) -> None:
    bundle = words(uses, name)

    assert bundle["text/plain"].startswith(REPORTS[name])
    assert f"<strong>{REPORTS[name]}" in bundle["text/html"]


@pytest.mark.parametrize("name", REPORTS)
def test_the_report_says_where_dropout_acted(uses: Executed, name: str) -> None:
    bundle = words(uses, name)

    for kind in ("text/plain", "text/html"):
        assert "multiplied x_t, the vertical arrows" in bundle[kind]


@pytest.mark.parametrize("name", REPORTS)
def test_curves_where_and_masks_follow_as_png(uses: Executed, name: str) -> None:
    alts = [each["metadata"]["image/png"]["alt"] for each in uses[name].pictures]

    assert [alt.split(" ")[0] for alt in alts] == ["Loss", "LSTM", "Mask"]


@pytest.mark.parametrize("name", REPORTS)
def test_the_alt_text_is_there_where_no_picture_can_be(uses: Executed, name: str) -> None:
    for each in uses[name].pictures:
        assert each["data"]["text/plain"] == each["metadata"]["image/png"]["alt"]


def test_a_cell_that_only_keeps_a_run_shows_no_report(uses: Executed) -> None:
    assert not uses["variable"].pictures


# ---------------------------------------------------------------- the live view


@pytest.mark.parametrize("name", [*TRAININGS, "variable"])
def test_the_live_view_leaves_one_line(uses: Executed, name: str) -> None:
    lines = [
        bundle
        for bundle in uses[name].bundles
        if "text/html" in bundle
        and "image/png" not in bundle
        and "<strong>" not in bundle["text/html"]
    ]

    assert len(lines) == 1
    assert re.search(r"\d\.\d s$", lines[0]["text/plain"])
    assert "<img" not in lines[0]["text/html"]


@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_leaves_its_line_and_its_report_and_no_more(uses: Executed, name: str) -> None:
    displayed = [each for each in uses[name].outputs if each["output_type"] == "display_data"]

    assert len(displayed) == 1 + 1 + 3


def test_curves_are_drawn_while_the_training_goes_on(uses: Executed) -> None:
    updates = [each["data"]["text/html"] for each in uses["cell"].sent_as("update_display_data")]

    assert any('alt="Loss over ' in update for update in updates)


def test_progress_is_told_while_the_training_goes_on(uses: Executed) -> None:
    told = [each["data"]["text/plain"] for each in uses["cell"].sent_as("update_display_data")]

    assert len({line for line in told if re.match(r"training: epoch \d+ of 15", line)}) > 3


def test_the_first_use_says_that_keras_is_being_loaded(uses: Executed) -> None:
    told = [each["data"]["text/plain"] for each in uses["short flags"].sent_as("display_data")]

    assert told[0].startswith("loading Keras")
