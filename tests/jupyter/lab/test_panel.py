from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import ipywidgets as widgets
import pytest
from traitlets import link

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.methods import METHODS
from dropviz.core.quiz_questions import Question
from dropviz.core.scenario_string import Scenario, magic, parse
from dropviz.core.schedule import Change
from dropviz.core.spec import RunSpec
from dropviz.errors import DropvizError, UnknownNameError
from dropviz.jupyter.lab.contents import TABS
from dropviz.jupyter.lab.hear import hear
from dropviz.jupyter.lab.panel import Panel
from dropviz.jupyter.lab.settings import NAMES, SETTINGS, SWITCHES, copies_of

from .panels import of_setting, tell

SHAPES = {"digits": (8, 8), "temporal-order": (30, 2)}
TASKS = {"digits": "rows of pixels", "temporal-order": "which bits"}


def panel(
    scenario: str = "lstm:u16:d.2:r.5:s7",
    tasks: Mapping[str, str] = TASKS,
    hide: Collection[str] = (),
    lock: Collection[str] = (),
    **given: Any,
) -> Panel:
    return Panel(parse(scenario), tasks, SHAPES, hide, lock, **given)


# ---------------------------------------------------------------- what there is


def test_what_is_offered_is_every_task_method_and_tab() -> None:
    offers = panel().offers

    assert offers["tasks"] == [[name, f"{name}: {words}"] for name, words in TASKS.items()]
    assert offers["methods"] == list(METHODS)
    assert offers["tabs"] == list(TABS)
    assert set(offers["tips"]) == set(NAMES)


def test_the_page_takes_numbers_as_large_as_a_spec_takes_them_and_no_larger() -> None:
    limits = panel().offers["limits"]

    for name in ("units", "epochs", "seed"):
        low, high = limits[name]
        for value in (low, high):
            assert getattr(RunSpec(**{name: value}), name) == value
        for value in (low - 1, high + 1):
            with pytest.raises(DropvizError):
                RunSpec(**{name: value})


def test_no_two_panels_have_the_same_mark() -> None:
    one, other = panel(), panel()

    assert other.mark != one.mark
    assert re.fullmatch(r"dropviz-\w+", one.mark)


def test_its_script_is_one_module_that_asks_for_no_other_file() -> None:
    script = panel()._esm

    assert script.rstrip().endswith(
        "export default { render: (given) => renderLab(given, THEME) };"
    )
    assert not re.findall(r"^import ", script, re.MULTILINE)
    assert "http" not in script.replace("http://www.w3.org/2000/svg", "")
    for taken_as_html in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"):
        assert taken_as_html not in script


# ---------------------------------------------------------------- traits that others link


def test_a_slider_of_one_s_own_is_linked_to_a_rate() -> None:
    made, slider = panel(), widgets.FloatSlider(min=0, max=0.9)

    link((made, "dropout"), (slider, "value"))
    first = slider.value
    slider.value = 0.35
    made.recurrent_dropout = 0.1

    assert first == 0.2
    assert made.dropout == 0.35
    assert made.asked.spec.dropout == 0.35


def test_status_and_scenario_can_be_observed() -> None:
    made, told = panel(), list[tuple[str, str]]()
    made.on_move(lambda _: made.follow_controls())
    made.observe(
        lambda change: told.append((change["name"], change["new"])), ["status", "scenario"]
    )

    made.say("trying")
    made.dropout = 0.3

    assert told == [
        ("status", "trying"),
        ("scenario", "lstm:u16:d.3:r.5:m=keras:task=digits:e10:s7"),
    ]


@pytest.mark.parametrize("rate", [1.0, -0.1, float("nan")])
def test_a_rate_out_of_range_is_refused_and_nothing_moves(rate: float) -> None:
    made = panel()

    with pytest.raises(DropvizError, match="dropout must be at least 0 and below 1"):
        made.dropout = rate

    assert made.dropout == 0.2


@pytest.mark.parametrize(
    ("name", "value"),
    [("method", "keros"), ("task", "digit"), ("speed", "fast"), ("scenario", "lstm:banana")],
)
def test_what_there_is_not_is_refused_in_a_sentence(name: str, value: str) -> None:
    made = panel()
    before = getattr(made, name)

    with pytest.raises(DropvizError):
        setattr(made, name, value)

    assert getattr(made, name) == before


def test_typed_values_stay_as_they_were_typed() -> None:
    made = panel()

    made.dropout = 0.33

    assert made.dropout == 0.33
    assert ":d.33:" in str(made.asked)


# ---------------------------------------------------------------- hide and lock


@pytest.mark.parametrize("name", NAMES)
def test_a_hidden_control_is_left_out_and_no_other(name: str) -> None:
    assert panel(hide=[name]).hidden == [name]


@pytest.mark.parametrize("name", NAMES)
def test_a_locked_control_stays_so_whatever_the_training_does(name: str) -> None:
    made = panel(lock=[name])

    locked = [made.able[name]]
    for state in ("ready", "compiling", "training", "paused", "ready"):
        made.follow(state)
        locked.append(made.able[name])

    assert locked == [False] * 6


@pytest.mark.parametrize(("hide", "lock"), [(["sed"], []), ([], ["dropout", "sed"])])
def test_an_unknown_control_names_the_nearest_one(hide: list[str], lock: list[str]) -> None:
    with pytest.raises(UnknownNameError, match=r"no control 'sed'\. Did you mean 'seed'\?"):
        panel(hide=hide, lock=lock)


def test_a_panel_that_is_closed_while_another_thread_says_how_it_trains_stays_closed() -> None:
    made = panel()
    allow = made._allow

    def meanwhile(**able: bool) -> None:
        made.shut("Closed.")
        allow(**able)

    made.__dict__["_allow"] = meanwhile
    made.follow("training")

    assert (made.closed, made.state, made.status) == (True, "closed", "Closed.")
    assert not any(made.able.values())


def test_a_hidden_control_still_counts() -> None:
    assert panel("lstm:s5", hide=["seed"]).asked.spec.seed == 5


def test_a_locked_button_cannot_be_pressed() -> None:
    pressed = list[str]()
    made = panel(lock=["train"])
    names = ("train", "reset")
    made.on_press({name: functools.partial(pressed.append, name) for name in names})

    tell(made, kind="press", name="train")
    tell(made, kind="press", name="reset")

    assert pressed == ["reset"]


def of_wrong_types() -> Iterator[dict[str, Any]]:
    """Every message with each of its fields of every type that it should not have."""
    right: dict[str, dict[str, Any]] = {
        "painted": {"number": 1},
        "seen": {"view": "a view", "seen": True},
        "press": {"name": "train"},
        "reveal": {"marks": [True, False], "anew": False},
    }
    values: list[Any] = [None, True, 1, 0.5, "ab", [0, 1], {"train": 1}]
    for kind, fields in right.items():
        for name, value in fields.items():
            wrong = (each for each in values if not isinstance(each, type(value)))
            yield from ({"kind": kind} | fields | {name: each} for each in wrong)


@pytest.mark.parametrize(
    "message",
    [
        *(None, [], {}, {"kind": ["press"]}, {"kind": "press", "name": "format c:"}),
        *({"kind": kind} for kind in ("painted", "seen", "press", "reveal", "shout")),
        *of_wrong_types(),
    ],
    ids=str,
)
def test_a_message_that_makes_no_sense_does_nothing(message: Any) -> None:
    made = panel()
    pressed = list[str]()
    made.on_press({"train": functools.partial(pressed.append, "train")})
    given = (True, False)
    made.questions.begin([Question("input", "gate", "Which?", given, given, same=True, why="")])
    before = made.get_state(), made.sender.seen, made.sender._answered

    hear(made, message)

    assert (made.get_state(), made.sender.seen, made.sender._answered) == before
    assert pressed == []


# ---------------------------------------------------------------- scenarios in and out

SCENARIOS = [
    "lstm:u16:d.2:r.5:m=keras:task=digits:e10:s7",
    "lstm:u16:d.2:r.5:m=keras:task=digits:e10:s7:quiz",
    "lstm:u1:d0:r0:m=keras:task=temporal-order:e1:s4294967295",
    "lstm:u8:d.3333333333333333:r.123456789:m=naive:task=digits:e10:s7",
    "lstm:u8:d.97:r.999:m=keras:task=digits:e20000:s7",
    "lstm:u2000000:d.2:r.5:m=keras:task=digits:e10:s7",
    "lstm:u8:d.2:r0:m=zaremba:task=digits:e10:s7",
    "lstm:u8:d.2:r.5:m=moon:life=step:scaling=inverted:task=digits:e10:s7",
    "lstm:u8:d.2:r0:m=zoneout:zc.5:zh.05:task=digits:e10:s7",
    "lstm:u8:d.2:r.3:m=zoneout:zc.5:task=digits:e10:s7",
    "lstm:u8:d.2:r.5:m=keras:task=digits:e10:s7:@20,d.3:@40,r.1,freeze:@50,release:quiz",
]


@pytest.mark.parametrize("text", SCENARIOS)
def test_a_scenario_comes_out_as_it_went_in(text: str) -> None:
    made = panel(text)

    assert str(made.asked) == made.scenario == text


@pytest.mark.parametrize("text", SCENARIOS)
def test_a_scenario_that_is_set_moves_every_control(text: str) -> None:
    made, told = panel("lstm:u3:d.1"), list[str]()
    made.on_move(told.append)
    asked = parse(text)

    made.scenario = text

    shown = {name: getattr(made, name) for name in SETTINGS}
    expected = {name: getattr(asked.spec, name) for name in SETTINGS}
    rests = expected | ({"recurrent_dropout": shown["recurrent_dropout"]} if made.rests else {})
    assert shown == rests
    assert made.quiz == asked.quiz
    assert str(made.asked) == text
    assert len(told) == 1


def test_without_epochs_the_field_is_empty_and_the_scenario_keeps_them() -> None:
    made = panel("lstm:e20", endless=True)

    assert made.epochs is None
    assert ":e20:" in made.scenario


# ---------------------------------------------------------------- moves


@pytest.mark.parametrize("name", [*SETTINGS, *SWITCHES, "speed", "tab", "sample", "gate"])
def test_a_move_is_told_with_its_name(name: str) -> None:
    made, told = panel(), list[str]()
    made.on_move(told.append)
    other = {"method": "moon", "task": "temporal-order", "freeze": True, "quiz": True}
    other |= {"speed": "slow", "tab": "Masks", "gate": "f"}

    setattr(made, name, other.get(name, 0.4 if "dropout" in name else 12))

    assert told == [name]


def test_what_nobody_moved_is_not_told() -> None:
    made, told = panel(), list[str]()
    made.on_move(told.append)

    made.show_scenario(parse("lstm:u3:d.1:r.1:m=moon:task=temporal-order:e2:s1:quiz"))
    made.move(dropout=0.9, freeze=True)
    made.show_rates(Change(0, 0.1, 0.2))

    assert told == []
    made.seed = 11
    assert told == ["seed"]


@pytest.mark.parametrize("method", METHODS)
def test_the_second_slider_rests_where_it_was_where_a_method_has_nothing_for_it(
    method: str,
) -> None:
    made = panel("lstm:d.2:r.5")
    made.follow("ready")

    made.method = method
    made.follow_controls()
    rests, kept = not made.able["recurrent_dropout"], made.recurrent_dropout
    acts = made.asked.spec.recurrent_dropout
    made.method = "keras"
    made.follow_controls()

    assert rests == (len(METHODS[method].rules) == 1)
    assert (kept, acts) == (0.5, 0 if rests else 0.5)
    assert made.asked.spec.recurrent_dropout == 0.5
    assert made.able["recurrent_dropout"]


def test_a_rate_beyond_the_slider_can_be_shown_later_too() -> None:
    made = panel()

    made.move(dropout=0.99)

    assert made.asked == Scenario(RunSpec(units=16, dropout=0.99, recurrent_dropout=0.5))


def test_the_plan_has_the_steps_and_features_of_the_task() -> None:
    made = panel()
    shapes = [made.moment.shape]

    made.task = "temporal-order"
    made.follow_controls()

    assert [*shapes, made.moment.shape] == [(8, 8), (30, 2)]


@pytest.mark.parametrize(
    ("sample", "gate", "chosen"), [(0, "f", (0, "f")), (2, "", (2, None)), (63, "o", (63, "o"))]
)
def test_a_sample_and_a_gate_are_chosen(
    sample: int, gate: str, chosen: tuple[int, str | None]
) -> None:
    made = panel()
    made.on_move(lambda _: None)

    made.gate, made.sample = "i", 5
    made.gate, made.sample = gate, sample

    assert (made.moment.sample, made.moment.gate) == chosen


# ---------------------------------------------------------------- what it says


def test_last_words_stay() -> None:
    made = panel()

    made.say("closed", last=True)
    made.say("training: epoch 3 of 10")

    assert made.status == "closed"


def test_the_lines_to_copy_are_those_of_the_settings() -> None:
    made = panel()
    made.units = 21
    made.follow_controls()

    spec = RunSpec(units=21, dropout=0.2, recurrent_dropout=0.5)
    text = str(Scenario(spec))
    assert made.copies == {
        "scenario": text,
        "magic": magic(spec),
        "link": f"playground.html#{text}",
        "cut": "",
    }


@pytest.mark.parametrize(
    ("scenario", "there"),
    [
        ("lstm:u128", True),
        ("lstm:u129", False),
        ("lstm:u8:d.2:@4,d.3", False),
        ("lstm:task=temporal-order", True),
        ("lstm:task=own", False),
    ],
)
def test_the_page_without_python_is_linked_where_it_has_such_a_setting(
    scenario: str, *, there: bool
) -> None:
    assert ("link" in copies_of(parse(scenario), "")) == there


@pytest.mark.parametrize("name", ["train", "reset", "nothing"])
def test_a_button_that_is_pressed_is_answered_with_a_picture(name: str) -> None:
    made = panel()
    sent: list[Any] = []
    made.send = sent.append

    tell(made, kind="press", name=name)  # of which nothing comes

    assert len(sent) == 1


def test_while_a_student_predicts_the_note_tells_nothing() -> None:
    made = panel()
    notes = [made.note]
    made.update(concealed=True)
    made.follow_controls()

    assert [bool(note) for note in (*notes, made.note)] == [True, False]


# ---------------------------------------------------------------- pictures


class Sent:
    """What a panel sends, in place of its front end."""

    def __init__(self, made: Panel) -> None:
        self.messages: list[dict[str, Any]] = []
        made.send = lambda message, *_: self.messages.append(message)


def test_only_the_tab_that_is_open_is_sent() -> None:
    made = panel()
    sent = Sent(made)
    made.tab = "Code"

    tell(made, kind="seen", view="a view", seen=True)

    (message,) = sent.messages
    assert '"tab":"Code"' in message["text"]
    assert made.sender.bytes == len(message["text"])


def test_a_picture_that_fails_is_said_and_the_next_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = panel()
    sent = Sent(made)

    def fail(*_: Any) -> None:
        raise ZeroDivisionError("no colour left")

    with monkeypatch.context() as patched:
        patched.setattr("dropviz.jupyter.lab.panel.content", fail)
        made.sender.now()
    said = made.status
    made.sender.now()

    assert said == "Where could not be drawn: no colour left"
    assert "A plan, before anything is trained" in sent.messages[-1]["text"]


@pytest.mark.parametrize("tab", ["Where", "Masks"])
def test_a_picture_of_masks_is_a_few_kilobytes(tab: str) -> None:
    made = panel("lstm:u32:d.2:r.5")
    Sent(made)
    layer = of_setting(made.asked.spec.setting, units=32)
    made.update(layer=layer, state="training")
    made.tab = tab

    made.sender.now()

    assert made.sender.bytes < 16_000


def test_it_begins_with_what_was_asked() -> None:
    made = panel("lstm:u9:d.2:r.5")

    assert Scenario(made.moment.spec) == parse("lstm:u9:d.2:r.5")
    assert not made.moment.training
    assert made.moment.layer is None


def layer(samples: int) -> LayerRecording:
    return of_setting(panel().asked.spec.setting, units=16, samples=samples)


def test_the_sample_that_is_said_is_the_one_that_is_shown() -> None:
    made = panel()
    made.on_move(lambda _: None)
    Sent(made)
    made.sample = 40
    said = [made.sample]

    for samples in (64, 24, 64):
        made.update(layer=layer(samples))
        made.sender.now()
        said.append(made.sample)

    assert said == [40, 40, 23, 40]


def test_a_page_that_asks_for_more_samples_than_there_are_is_told_so_once_each_time() -> None:
    made, told = panel(), list[tuple[str, int]]()
    made.on_move(lambda _: made.sender.want())
    Sent(made)
    made.update(layer=layer(5))
    made.send_state = lambda key=None: told.append((key, made.sample))

    for asked in (63, 50, 2, 4):
        made.set_state({"sample": asked})

    assert told == [("sample", 4), ("sample", 4)]
    assert (made.sample, made.moment.sample) == (4, 4)


def test_a_slider_that_is_linked_to_the_sample_follows_what_is_shown() -> None:
    made, slider = panel(), widgets.IntSlider(min=0, max=63)
    made.on_move(lambda _: made.sender.want())
    Sent(made)
    made.update(layer=layer(5))
    link((made, "sample"), (slider, "value"))

    made.sample = 50

    assert (made.sample, slider.value, made.moment.sample) == (4, 4, 50)


@pytest.mark.parametrize(("name", "value"), [("tab", "Masks"), ("sample", 2), ("gate", "f")])
def test_a_closed_panel_is_moved_only_in_what_is_looked_at(name: str, value: Any) -> None:
    made, told = panel(), list[str]()
    made.on_move(told.append)
    made.update(layer=layer(5))
    made.shut("Closed.")

    setattr(made, name, value)
    made.dropout = 0.9
    made.seed = 3

    assert told == [name]
    assert getattr(made.moment if name != "tab" else made, name) == value
