"""Opening a panel, moving its controls before anything is trained, and closing it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from IPython.utils.capture import capture_output

import dropviz
from dropviz.core.methods import METHODS
from dropviz.core.scenario_string import magic, parse
from dropviz.core.schedule import Change
from dropviz.core.sentences import intentions
from dropviz.core.tasks import TASKS
from dropviz.errors import DropvizError, UnknownNameError
from dropviz.jupyter.lab.lab import Lab, close_all, lab
from dropviz.jupyter.lab.settings import NAMES
from tests.jupyter.conftest import ROOT, Shell
from tests.small_tasks import small

from .panels import SECONDS, OpenedPanel, of_setting, tell, threads, tiny

Open = Callable[..., OpenedPanel]


@dataclass
class Finds:
    """Stands for a session, whose measurements come at once."""

    cost: Callable[[Any], Any]
    explain: Callable[[Any], Any]


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_all()
    for thread in threads():
        thread.join(SECONDS)


# ---------------------------------------------------------------- what is asked for


def test_the_lab_is_a_public_name() -> None:
    assert dropviz.lab is lab


@pytest.mark.parametrize(
    "text",
    [
        "lstm:u16:d.2:r.5:m=keras:task=digits:e10:s7",
        "lstm:u3:d.1:r0:m=zaremba:task=temporal-order:e2:s0:quiz",
        "lstm:u8:d.2:r.5:m=keras:task=digits:e10:s7:@20,d.3:@40,r.1,freeze",
    ],
)
def test_a_scenario_comes_out_as_it_went_in(text: str) -> None:
    panel = lab(text)

    assert panel.scenario == text
    assert repr(panel) == f"<Lab {text}>"
    assert lab(parse(text)).scenario == text


def test_what_a_scenario_leaves_out_is_as_in_a_run() -> None:
    assert lab("lstm").scenario == "lstm:u32:d0:r0:m=keras:task=digits:e10:s7"


def test_without_a_scenario_there_is_something_to_see() -> None:
    spec = parse(lab().scenario).spec

    assert spec.dropout > 0
    assert spec.recurrent_dropout > 0


def test_a_task_of_one_s_own_takes_the_place_of_the_others() -> None:
    panel = lab("lstm:u4", task=tiny("mine"))

    assert ":task=mine:" in panel.scenario
    assert [value for value, _ in panel.offers["tasks"]] == ["mine"]


@pytest.mark.parametrize("name", ["digits", "temporal-order", "imdb"])
def test_a_task_of_one_s_own_needs_a_name_of_its_own(name: str) -> None:
    before = lab("lstm:u4")

    with pytest.raises(DropvizError, match="must have a name of its own"):
        lab("lstm:u4", task=tiny(name))

    assert not before.closed


@pytest.mark.parametrize("name", TASKS)
def test_every_task_is_on_the_menu_and_its_layer_is_drawn(name: str) -> None:
    panel = OpenedPanel(lab(f"lstm:u4:d.2:task={name}"))

    labels = dict(panel.lab.offers["tasks"])
    assert labels[name] == f"{name}: {TASKS[name].title}"
    assert panel.lab.moment.shape == (TASKS[name].steps, TASKS[name].features)


def test_the_shape_of_tokens_is_that_of_what_the_layer_meets() -> None:
    task = small("reviews")

    panel = OpenedPanel(lab("lstm:u4", task=task))

    assert panel.lab.moment.shape == (task.steps, task.features) == (5, 3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"scenario": "lstm:u16:banana"}, "the part 'banana' is not understood"),
        ({"scenario": "lstm:task=digit"}, "Did you mean 'digits'"),
        ({"scenario": "lstm:d1.5"}, "dropout must be at least 0 and below 1"),
        ({"hide": ["sed"]}, "no control 'sed'. Did you mean 'seed'"),
        ({"lock": ["metod"]}, "no control 'metod'. Did you mean 'method'"),
        ({"hide": np.array(3)}, "hide must be a list of names"),
        ({"lock": np.array(["seed"])}, "lock must be a list of names"),
        ({"hide": "seed"}, "hide must be a list of names"),
    ],
    ids=str,
)
def test_nonsense_is_one_line_and_leaves_the_panel_that_is_open(
    given: dict[str, Any], said: str
) -> None:
    panel = OpenedPanel(lab())

    with pytest.raises(DropvizError) as caught:
        lab(**given)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not panel.at("train").disabled


def test_an_unknown_control_is_an_unknown_name() -> None:
    with pytest.raises(UnknownNameError):
        lab(hide=["everything"])


def test_controls_are_hidden_and_locked_with_the_same_call() -> None:
    panel = OpenedPanel(lab(hide=["seed"], lock=["method"]))

    assert panel.lab.hidden == ["seed"]
    assert panel.at("method").disabled


# ---------------------------------------------------------------- before anything is trained

_FIRST = """
import sys, threading
import ipywidgets  # asks a real kernel, were there one by now, for its comms
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.kernel = object()
import dropviz
from dropviz.jupyter.lab.worker import Worker
go = threading.Event()
load = Worker._load
Worker._load = lambda self: (go.wait(100), load(self))
panel = dropviz.lab("lstm:u9:d.2")
sent = []
panel.send = lambda message, *_: sent.append(message["text"])
panel.show()
panel._handle_custom_msg({"kind": "seen", "view": "a view", "seen": True}, [])
panel._handle_custom_msg({"kind": "painted", "number": panel.sender.sent}, [])
panel.dropout = .35
assert "dropout=0.35 will multiply x_t" in sent[-1]
assert "-d .35 " in panel.copies["magic"]
assert "loading" in panel.status
print("imported:", sorted({"keras", "tensorflow"} & set(sys.modules)))
panel.close()
go.set()
"""


def test_sliders_already_show_what_they_will_do_while_keras_is_loading() -> None:
    # With `-W error` alone pyparsing complains about the grammar of matplotlib 3.8.
    warnings = ("-W", "error", "-W", "ignore:::pyparsing")
    done = subprocess.run(
        [sys.executable, *warnings, "-c", _FIRST],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "imported: []"


def test_a_slider_shows_what_it_will_do_and_the_line_that_does_it(opened: Open) -> None:
    panel = opened("lstm:u4:d.2:r.5", task=None)

    with panel.new_picture():
        panel.slide(recurrent_dropout=0.75)

    assert "recurrent_dropout=0.75 will multiply h_(t-1)" in panel.words("Where")
    assert panel.line == magic(parse(panel.lab.scenario).spec)
    assert " -r .75 " in panel.line


@pytest.mark.parametrize(
    "moved",
    [{"dropout": 0.3}, {"recurrent_dropout": 0.0}, {"method": "moon"}, {"scenario": "lstm:d.4"}],
    ids=lambda moved: next(iter(moved)),
)
def test_the_picture_of_a_move_is_sent_before_the_words(
    opened: Open, moved: dict[str, Any]
) -> None:
    panel = opened("lstm:u4:d.2:r.5", task=None)
    order: list[str] = []
    make = panel.lab.sender._make

    def making() -> Any:
        order.append("picture")
        return make()

    panel.lab.sender._make = making
    panel.lab.observe(lambda change: order.append(change["name"]), ["copies", "note"])

    panel.slide(**moved)

    assert order[0] == ("copies" if "scenario" in moved else "picture")
    assert {"copies", "picture"} <= {*order}


@pytest.mark.few("zaremba", "weight-drop", "zoneout")
@pytest.mark.parametrize("method", [name for name in METHODS if name != "keras"])
def test_a_method_shows_where_it_will_act(opened: Open, method: str) -> None:
    panel = opened("lstm:u4:d.2:r.5", task=None)

    with panel.new_picture():
        panel.slide(method=method)

    rests = len(METHODS[method].rules) == 1
    assert f"--method {method}" in panel.line
    setting = parse(panel.lab.scenario).spec.setting
    assert all(line in panel.words("Where") for line in intentions(setting))
    assert panel.at("recurrent_dropout").disabled == rests
    assert (" -r 0 " in panel.line) == rests
    assert not panel.alert


def test_the_panel_is_ready_once_keras_is_loaded(opened: Open) -> None:
    panel = opened()

    panel.settle()

    assert panel.said == "ready: move the sliders, press Train"
    assert panel.able == set(NAMES) - {"pause", "stop"}
    assert panel.lab.able["cost"]
    assert panel.lab.able["verdict"]


def test_reset_goes_back_to_where_the_panel_began(opened: Open) -> None:
    text = "lstm:u4:d.2:r.5:m=naive:task=digits:e2:s7:quiz"
    panel = opened(text, task=None)
    with panel.new_picture():
        panel.slide(dropout=0.9, units=7, method="zaremba", task="temporal-order", quiz=False)
    panel.slide(epochs=9, seed=1, freeze=True)

    with panel.new_picture():
        panel.press("reset")

    assert panel.lab.scenario == text
    assert panel.line == magic(parse(text).spec)
    assert not panel.at("freeze").value
    assert not panel.at("recurrent_dropout").disabled


def test_what_is_wanted_is_what_the_sliders_show_whoever_moved_them(opened: Open) -> None:
    panel = opened("lstm:u4:d.2:r.5", task=None)
    steering = panel.steering

    panel.slide(dropout=0.3, freeze=True)
    moved = steering.wanted
    panel.slide(method="zaremba")  # has nothing for the second slider to act on
    rests = steering.wanted
    panel.press("reset")

    assert moved == Change(0, 0.3, 0.5, frozen=True)
    assert rests == Change(0, 0.3, 0.0, frozen=True)
    assert steering.wanted == Change(0, 0.2, 0.5)


def test_the_second_slider_comes_back_to_where_it_was(opened: Open) -> None:
    panel = opened("lstm:u4:d.2:r.5", task=None)

    panel.slide(method="zaremba")
    panel.slide(method="moon")

    assert panel.at("recurrent_dropout").value == panel.steering.wanted.recurrent_dropout == 0.5
    assert " -r .5 " in panel.line


def test_a_scenario_that_is_set_moves_what_is_wanted(opened: Open) -> None:
    panel = opened("lstm:u4:d.2:r.5", task=None)

    panel.lab.scenario = "lstm:u6:d.1:r.7"

    assert panel.steering.wanted == Change(0, 0.1, 0.7)
    assert " --units 6 " in panel.line


def test_epochs_are_empty_where_the_scenario_gives_none() -> None:
    given = [lab(text).epochs for text in ("lstm:d.2", "lstm:d.2:e5", "lstm:e5:d.2")]

    assert (lab().epochs, given) == (None, [None, 5, 5])


def test_pictures_are_sent_only_where_the_panel_is_seen(opened: Open) -> None:
    panel = opened("lstm:u4:d.2:r.5", task=None)
    tell(panel.lab, kind="seen", view="a view", seen=False)
    before = len(panel.pictures)

    panel.slide(dropout=0.3)
    hidden = len(panel.pictures) - before
    tell(panel.lab, kind="seen", view="a view", seen=True)

    assert hidden == 0
    assert "dropout=0.3 will multiply" in panel.words("Where")


def test_while_keras_is_loading_the_panel_says_so_again_once_a_mistake_is_mended(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    monkeypatch.setattr("dropviz.keras_inside.start_keras.ready", lambda: go.wait(SECONDS))
    panel = opened("lstm:u4:d.2")

    panel.lab._worker.fail(DropvizError("A mistake."))
    wrong = panel.said
    panel.slide(recurrent_dropout=0.3)
    mended = panel.said
    go.set()
    panel.settle()

    assert wrong == "A mistake."
    assert mended.startswith("loading Keras")
    assert panel.said.startswith("ready")


# ---------------------------------------------------------------- Resume, Measure, Experiment


def test_resume_skips_no_questions_but_those_that_are_open(opened: Open) -> None:
    panel = opened()
    panel.settle()
    panel.lab._worker.training = True
    panel.lab.update(concealed=True)
    hidden = []

    for quiz in (True, False):
        panel.lab._worker.follower.quiz = quiz
        panel.lab.follow("paused")
        panel.steering.pause()
        panel.press("pause")
        hidden.append(panel.lab.moment.concealed)

    assert hidden == [True, False]
    assert panel.lab.state == "training"


def test_pause_pauses_though_a_step_is_under_way(opened: Open) -> None:
    panel = opened()
    panel.settle()
    panel.lab._worker.training = True
    panel.lab.follow("compiling")
    panel.steering.step()

    panel.press("pause")

    assert (panel.lab.state, panel.steering.paused) == ("paused", True)


@pytest.mark.parametrize("moved", [{"dropout": 0.5}, {"method": "moon"}], ids=str)
@pytest.mark.parametrize(("button", "word"), [("cost", "Measure"), ("verdict", "Experiment")])
def test_what_is_found_of_settings_that_moved_meanwhile_is_not_shown(
    opened: Open, monkeypatch: pytest.MonkeyPatch, button: str, word: str, moved: dict[str, Any]
) -> None:
    panel = opened()
    panel.settle()

    def find(_: Any) -> str:
        panel.slide(**moved)
        return "found"

    monkeypatch.setattr(panel.lab._worker, "_prepared", lambda _: Finds(find, find))
    panel.press(button)
    panel.settle()

    assert getattr(panel.lab.moment, button) is None
    assert panel.said == f"the settings were moved meanwhile: press {word} again"
    assert not panel.alert


def test_what_is_found_of_settings_that_came_back_is_shown(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened("lstm:u4:d.2")
    panel.settle()

    def find(_: Any) -> str:
        panel.slide(dropout=0.5)
        panel.slide(dropout=0.2)
        return "found"

    monkeypatch.setattr(panel.lab._worker, "_prepared", lambda _: Finds(find, find))
    panel.press("cost")
    panel.settle()

    shown: Any = panel.lab.moment.cost
    assert (shown, panel.said) == ("found", "measured")


def test_a_training_that_was_asked_for_meanwhile_is_not_said_to_be_measured(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened()
    panel.settle()

    def find(_: Any) -> str:
        panel.lab._worker.training = True
        panel.lab.say("compiling")
        return "found"

    monkeypatch.setattr(panel.lab._worker, "_prepared", lambda _: Finds(find, find))
    panel.press("cost")
    panel.settle()

    assert (panel.lab.moment.cost, panel.said) == (None, "compiling")


# ---------------------------------------------------------------- where it is shown


def test_a_notebook_gets_the_panel_and_below_it_the_static_copy(
    opened: Open, notebook: Shell
) -> None:
    del notebook
    with capture_output() as captured:
        panel = opened()

    widget, copy = captured.outputs
    assert "application/vnd.jupyter.widget-view+json" in widget.data
    assert copy.data["text/html"].startswith(f'<div class="{panel.lab.mark} ')
    # Drawn already: an exported notebook holds the picture.
    assert "A plan, before anything is trained" in copy.data["text/html"]
    assert "<img" in copy.data["text/html"]
    # Where there are no widgets nobody reads of a box and its children, or of an object.
    assert widget.data["text/plain"] == ""


def test_a_terminal_gets_text_alone_and_nothing_is_loaded(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["panel"] = lab("lstm:u9:d.2:r.5")

    shell.run_cell("panel", store_history=False)

    said = capsys.readouterr().out
    assert "LSTM dropout lab. Not trained yet." in said
    assert "%lstm_dropout -d .2 -r .5 --task digits --units 9 --epochs 10 --seed 7" in said
    assert "<" not in said.replace("<Lab", "")
    assert "widget" not in said
    assert threads() == []


# ---------------------------------------------------------------- one panel at a time, and its end


def test_a_second_panel_closes_the_first_which_says_so(opened: Open) -> None:
    first, second = opened(), opened()
    second.settle()

    assert first.said == "Closed: a newer panel took its place. Run this cell again to come back."
    assert first.alert
    assert all(first.at(name).disabled for name in NAMES)
    assert not second.at("train").disabled
    assert second.said.startswith("ready")


def test_closing_ends_the_thread(opened: Open) -> None:
    panel = opened()
    before = {thread.name for thread in threads()}

    panel.lab.close()
    for thread in threads():
        thread.join(SECONDS)

    assert before == {"dropviz-worker"}
    assert threads() == []
    assert panel.said == "Closed."
    assert not any(panel.lab.able.values())


def test_closing_twice_is_closing_once(opened: Open) -> None:
    panel = opened()

    panel.lab.close("First.")
    panel.lab.close("Second.")

    assert panel.said == "First."


def test_a_panel_that_closes_while_keras_is_loading_stays_closed(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading, go = threading.Event(), threading.Event()

    def ready() -> None:
        loading.set()
        go.wait(SECONDS)

    monkeypatch.setattr("dropviz.keras_inside.start_keras.ready", ready)
    panel = opened()
    assert loading.wait(SECONDS)

    panel.lab.close("Gone.")
    go.set()
    for thread in threads():
        thread.join(SECONDS)

    assert panel.said == "Gone."
    assert all(panel.at(name).disabled for name in NAMES)


def test_a_closed_panel_does_not_train(opened: Open) -> None:
    panel = opened()
    panel.lab.close()

    panel.press("train")
    with pytest.raises(DropvizError, match="The panel is closed"):
        panel.lab.train()

    assert panel.lab.run is None


def test_a_time_step_is_the_page_s_own_and_a_gate_opens_nothing(opened: Open) -> None:
    panel = opened()
    panel.settle()
    before, asked = len(panel.pictures), list[str]()
    panel.lab._worker.look = lambda: asked.append("look")  # type: ignore[method-assign]

    panel.slide(time=3)
    of_time = len(panel.pictures) - before
    panel.slide(gate="f")
    of_gate = len(panel.pictures) - before - of_time
    panel.slide(sample=1)

    assert (of_time, of_gate, asked) == (0, 1, ["look"])


def test_what_is_pressed_as_a_training_ends_leaves_the_panel_ready(opened: Open) -> None:
    panel = opened()
    panel.settle()
    said = panel.said
    panel.lab.follow("training")  # as if it ended after the buttons were found to be able

    for name in ("pause", "stop"):
        panel.press(name)

    assert panel.lab.state == "ready"
    assert "train" in panel.able
    assert panel.said == said
    assert not panel.steering._stopped

    panel.lab.follow("paused")
    panel.press("pause")  # says Resume
    assert panel.lab.state == "ready"


def test_a_closed_panel_shows_what_is_looked_at_and_nothing_else(opened: Open) -> None:
    panel = opened()
    panel.settle()
    setting = parse(panel.lab.scenario).spec.setting
    panel.lab.update(layer=of_setting(setting, units=4, samples=9))
    panel.lab.close("Gone.")
    before = len(panel.pictures)

    panel.open("Masks")
    begins = [row["begin"] for row in panel.page("Masks")["pictures"][0]["rows"]]
    panel.slide(sample=63)
    panel.slide(gate="f")
    panel.slide(dropout=0.9)

    assert len(panel.pictures) == before + 3
    rows = panel.page("Masks")["pictures"][0]["rows"]
    assert (begins, [row["begin"] for row in rows]) == ([0, 0], [8, 8])
    assert panel.lab.sample == 8
    assert panel.steering._jobs == {}
    assert panel.said == "Gone."


def test_a_closed_panel_that_is_shown_again_says_that_it_is_closed() -> None:
    panel = OpenedPanel(lab())
    panel.lab.close("Gone.")

    panel.lab._begin()

    assert panel.said == "Gone."


def test_the_newest_panel_alone_is_closed_by_its_extension(opened: Open) -> None:
    panel = opened()

    close_all("All of it.")
    close_all("Nothing.")

    assert panel.said == "All of it."
    assert isinstance(panel.lab, Lab)
