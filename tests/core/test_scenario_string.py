from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from dropviz.core.methods import METHODS
from dropviz.core.scenario_string import Scenario, is_scenario, magic, parse
from dropviz.core.schedule import Change
from dropviz.core.spec import RunSpec
from dropviz.core.task import Task
from dropviz.core.tasks import BATCH_SIZE, TASKS, batches_of, load_task
from dropviz.errors import DropvizError, UnknownNameError
from tests.tables import LIVES, SCALINGS

PLAIN = "lstm:u32:d0:r0:m=keras:task=digits:e10:s7"
EXAMPLE = "lstm:u16:d.2:r.5:m=keras:task=digits:s7"


def _schedules(zero: bool) -> dict[str, tuple[Change, ...]]:  # noqa: FBT001
    r = 0.0 if zero else 0.25
    return {
        "no change": (),
        "both rates": (Change(0, 0.4, r), Change(12, 1 / 3, r / 3)),
        "across zero": (Change(5, 0.0, 0.0), Change(6, 0.1 + 0.2, r)),
        "frozen": (
            Change(3, 0.2, r, frozen=True),
            Change(4, 0.5, r, frozen=True),
            Change(7, 0.5, r),
        ),
        "nothing new": (Change(3, 0.4, r), Change(9, 0.4, r)),
    }


def _specs() -> dict[str, RunSpec]:
    specs = {
        "as given by default": RunSpec(),
        "short rates": RunSpec(dropout=0.2, recurrent_dropout=0.5, units=8, epochs=3, seed=0),
        "long rates": RunSpec(dropout=1 / 3, recurrent_dropout=0.1 + 0.2, seed=2**32 - 1),
        "tiny rates": RunSpec(dropout=5e-324, recurrent_dropout=1e-17),
        "rates near 1": RunSpec(dropout=1 - 2**-53, recurrent_dropout=0.999),
        "another task": RunSpec(task="temporal-order"),
        "zoneout of c": RunSpec(method="zoneout", zoneout_cell=1 / 3, recurrent_dropout=0.1),
        "zoneout of h": RunSpec(method="zoneout", zoneout_hidden=1e-17),
        "zoneout of both": RunSpec(method="zoneout", zoneout_cell=0.0, zoneout_hidden=0.25),
    }
    for name in ("moon", "semeniuta"):
        for life, scaling in itertools.product((*LIVES, None), (*SCALINGS, None)):
            specs[f"{name}, {life}, {scaling}"] = RunSpec(
                method=name, dropout=0.1, recurrent_dropout=0.3, life=life, scaling=scaling
            )
    for name, row in METHODS.items():
        none = all(rule.argument == "dropout" for rule in row.rules)
        start = RunSpec(method=name, dropout=0.1, recurrent_dropout=0.0 if none else 0.3)
        for what, schedule in _schedules(none).items():
            specs[f"{name}, {what}"] = replace(start, schedule=schedule)
    return specs


SPECS = _specs()


@pytest.mark.parametrize("quiz", [False, True], ids=["", "quiz"])
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_a_scenario_reads_back_as_what_it_was_written_from(spec: RunSpec, *, quiz: bool) -> None:
    scenario = Scenario(spec, quiz)

    text = str(scenario)

    assert parse(text) == scenario
    assert re.fullmatch(r"lstm(:[\w.@,=+-]+)+", text)  # one word, in a shell and in an address


def test_random_scenarios_read_back() -> None:
    random = np.random.default_rng(0)
    for _ in range(300):
        rates = random.random(8).round(int(random.integers(1, 17))).clip(0, 0.99)
        at = np.cumsum(random.integers(1, 9, size=3))
        spec = RunSpec(
            dropout=rates[0],
            recurrent_dropout=rates[1],
            units=int(random.integers(1, 10**6)),
            epochs=int(random.integers(1, 10**4)),
            seed=int(random.integers(2**32)),
            schedule=tuple(
                Change(int(batch), rates[2 + n], rates[5 + n], frozen=bool(random.integers(2)))
                for n, batch in enumerate(at)
            ),
        )
        assert parse(str(Scenario(spec))) == Scenario(spec)


# ---------------------------------------------------------------- as a person writes it


def test_the_example_means_what_it_says() -> None:
    spec = RunSpec(
        units=16, dropout=0.2, recurrent_dropout=0.5, method="keras", task="digits", seed=7
    )

    assert parse(EXAMPLE) == Scenario(spec, quiz=False)


@pytest.mark.parametrize(
    ("text", "scenario"),
    [
        ("lstm", Scenario(RunSpec())),
        ("  lstm:u16\n", Scenario(RunSpec(units=16))),
        ("lstm:quiz:d.5", Scenario(RunSpec(dropout=0.5), quiz=True)),
        ("lstm:s3:d0.5:e2", Scenario(RunSpec(dropout=0.5, seed=3, epochs=2))),
        ("lstm:d1e-3:r0", Scenario(RunSpec(dropout=0.001))),
        ("lstm:r+.5", Scenario(RunSpec(recurrent_dropout=0.5))),
        (
            "lstm:m=moon:r.5:life=step:scaling=inverted",
            Scenario(
                RunSpec(method="moon", recurrent_dropout=0.5, life="step", scaling="inverted")
            ),
        ),
        (
            "lstm:m=zoneout:zc.5:zh.05",
            Scenario(RunSpec(method="zoneout", zoneout_cell=0.5, zoneout_hidden=0.05)),
        ),
    ],
)
def test_parts_come_in_any_order_and_what_is_left_out_is_as_in_a_spec(
    text: str, scenario: Scenario
) -> None:
    assert parse(text) == scenario


def test_a_change_keeps_what_it_does_not_name() -> None:
    spec = parse("lstm:d.2:r.5:@3,freeze:@5,r.1:@8,d0,release:@9,freeze").spec

    assert spec.schedule == (
        Change(3, 0.2, 0.5, frozen=True),
        Change(5, 0.2, 0.1, frozen=True),
        Change(8, 0.0, 0.1),
        Change(9, 0.0, 0.1, frozen=True),
    )


def test_changes_may_come_before_the_rates_that_they_change() -> None:
    assert parse("lstm:@3,d.1:r.5:d.2").spec.schedule == (Change(3, 0.1, 0.5),)


@pytest.mark.parametrize(
    ("scenario", "text"),
    [
        (Scenario(RunSpec()), PLAIN),
        (Scenario(RunSpec(), quiz=True), f"{PLAIN}:quiz"),
        (
            Scenario(
                RunSpec(
                    method="moon",
                    dropout=0.2,
                    recurrent_dropout=0.5,
                    life="step",
                    schedule=(Change(120, 0.3, 0.5, frozen=True), Change(130, 0.3, 0.1)),
                )
            ),
            "lstm:u32:d.2:r.5:m=moon:life=step:task=digits:e10:s7:@120,d.3,freeze:@130,r.1,release",
        ),
    ],
)
def test_a_scenario_is_written_in_one_order_and_rates_without_their_nought(
    scenario: Scenario, text: str
) -> None:
    assert str(scenario) == text


# ---------------------------------------------------------------- nonsense

NONSENSE = {
    "": "begins with 'lstm'",
    ":": "begins with 'lstm'",
    "gru:u16": "Received: 'gru:u16'.",
    "LSTM:u16": "Received: 'LSTM:u16'.",
    "lstm u16": "Received: 'lstm u16'.",
    "digits": "Received: 'digits'.",
    "lstm:": "the part '' is not understood",
    "lstm::u16": "the part '' is not understood",
    "lstm:x16": "the part 'x16' is not understood",
    "lstm:u": "the part 'u' is not understood",
    "lstm:u 16": "the part 'u 16' is not understood",
    "lstm:u\n16": r"the part 'u\n16' is not understood",
    "lstm:U16": "the part 'U16' is not understood",
    "lstm:dnan": "the part 'dnan' is not understood",
    "lstm:d,2": "the part 'd,2' is not understood",
    "lstm:m=": "the part 'm=' is not understood",
    "lstm:task": "the part 'task' is not understood",
    "lstm:taks=digits": "Did you mean 'task'?",
    "lstm:quizz": "Did you mean 'quiz'?",
    "lstm:scale=inverted": "the part 'scale=inverted' is not understood",
    "lstm:u1.5": "units must be a whole number. Received: 'u1.5'.",
    "lstm:e2e3": "epochs must be a whole number. Received: 'e2e3'.",
    "lstm:s7x": "seed must be a whole number. Received: 's7x'.",
    "lstm:d.2.3": "dropout must be a number. Received: 'd.2.3'.",
    "lstm:r.": "recurrent_dropout must be a number. Received: 'r.'.",
    "lstm:zc1-2": "zoneout_cell must be a number. Received: 'zc1-2'.",
    "lstm:d.2:d.3": "gives dropout twice",
    "lstm:d.2:d.2": "gives dropout twice",
    "lstm:m=keras:m=moon": "gives method twice",
    "lstm:quiz:quiz": "gives quiz twice",
    "lstm:d1": "dropout=1.0.",
    "lstm:d-.1": "dropout=-0.1.",
    "lstm:r1e999": "recurrent_dropout=inf.",
    "lstm:u0": "units=0.",
    "lstm:e-1": "epochs=-1.",
    "lstm:s4294967296": "seed=4294967296.",
    "lstm:m=kears": "Did you mean 'keras'?",
    "lstm:life=step": "has no option life",
    "lstm:m=moon:life=ever": "life='ever'.",
    "lstm:m=moon:scaling=x": "scaling='x'.",
    "lstm:zc.5": "has no option zoneout_cell",
    "lstm:m=zaremba:r.5": "masks the inputs only",
    "lstm:@": "Received: '@'.",
    "lstm:@3": "Received: '@3'.",
    "lstm:@x,d.2": "Received: '@x,d.2'.",
    "lstm:@-1,d.2": "Received: '@-1,d.2'.",
    "lstm:@1.5,d.2": "Received: '@1.5,d.2'.",
    "lstm:@,d.2": "Received: '@,d.2'.",
    "lstm:@3,": "the part '' is not understood",
    "lstm:@3,d": "the part 'd' is not understood",
    "lstm:@3,freez": "the part 'freez' is not understood",
    "lstm:@3,d.2.3": "dropout must be a number. Received: 'd.2.3'.",
    "lstm:@3,d1": "dropout=1.0.",
    "lstm:@3,u16": "units cannot change on the way. Received: '@3,u16'.",
    "lstm:@3,m=moon": "method cannot change on the way. Received: '@3,m=moon'.",
    "lstm:@3,quiz": "the part 'quiz' is not understood",
    "lstm:@3,d.2,d.3": "gives dropout twice in '@3,d.2,d.3'.",
    "lstm:@3,freeze,release": "gives frozen twice in '@3,freeze,release'.",
    "lstm:@3,d.2:@3,d.3": "batch 3 after batch 3.",
    "lstm:@3,d.2:@1,d.3": "batch 1 after batch 3.",
    "lstm:m=zaremba:@3,r.5": "masks the inputs only",
}


@pytest.mark.parametrize(("text", "said"), NONSENSE.items(), ids=[repr(text) for text in NONSENSE])
def test_nonsense_is_refused_in_one_line_that_names_the_part(text: str, said: str) -> None:
    with pytest.raises(DropvizError) as caught:
        parse(text)

    message = str(caught.value)
    assert said in message
    assert "\n" not in message
    assert message.endswith((".", ".)"))


@pytest.mark.parametrize("cut", range(5, len(EXAMPLE)))
def test_an_example_that_is_cut_off_is_read_or_refused_in_one_line(cut: int) -> None:
    text = EXAMPLE[:cut]
    # It stands where a part ends, or a number or a name that may be shorter.
    whole = re.fullmatch(r"lstm:u1(6(:d\.2(:r\.5(:m=keras(:task=\w+(:s7)?)?)?)?)?)?", text)

    if whole:
        assert parse(str(parse(text))) == parse(text)
    else:
        with pytest.raises(DropvizError) as caught:
            parse(text)
        assert "\n" not in str(caught.value)
        assert str(caught.value).endswith((".", ".)"))


# ---------------------------------------------------------------- the magic line


def test_a_magic_line_is_made_of_flags() -> None:
    spec = RunSpec(
        method="moon", dropout=0.2, recurrent_dropout=1 / 3, units=8, epochs=3, life="step"
    )

    assert magic(spec) == (
        "%lstm_dropout -d .2 -r .3333333333333333 --method moon --life step --task digits "
        "--units 8 --epochs 3 --seed 7"
    )


def test_the_magic_line_of_rates_that_change_is_a_scenario() -> None:
    spec = RunSpec(dropout=0.2, schedule=(Change(3, 0.4, 0.0),))

    name, text = magic(spec).split()

    assert name == "%lstm_dropout"
    assert parse(text) == Scenario(spec)


def test_a_task_of_one_s_own_is_called_and_named_by_no_flag() -> None:
    spec = RunSpec(task="mine", dropout=0.2, schedule=(Change(3, 0.4, 0.0),))
    change = {"batch": 3, "dropout": 0.4, "recurrent_dropout": 0.0, "frozen": False}

    assert magic(spec) == f"dropviz.run(task, dropout=0.2, schedule=({change!r},))"
    assert magic(replace(spec, schedule=())) == "dropviz.run(task, dropout=0.2)"


# ---------------------------------------------------------------- shares of a training


@pytest.mark.parametrize(
    ("text", "batches"),
    [
        ("lstm:e10:@20%,r.3:@50%,d.1", (46, 115)),  # 10 epochs of 23 batches
        ("lstm:e1:@0%,r.3:@12.5%,r.2:@100%,r.1", (0, 2, 23)),
        ("lstm:e3:task=temporal-order:@.5%,r.3:@33.3%,r.1", (1, 99)),  # 3 of 100
        ("lstm:@20%,r.3:e100", (460,)),  # whatever stands behind it counts too
    ],
)
def test_a_share_is_the_batch_at_which_so_much_is_done(text: str, batches: tuple[int, ...]) -> None:
    spec = parse(text).spec

    assert tuple(change.batch for change in spec.schedule) == batches
    assert parse(str(parse(text))).spec == spec


@pytest.mark.parametrize(
    "at", ["101%", "-1%", "%", "1e1%", "20.%", "2_0%", "\u0662%", "20 %", "20%%"]
)
def test_what_is_no_share_is_refused(at: str) -> None:
    with pytest.raises(DropvizError, match=r"a change is written @BATCH,d\.3,r\.1 or @20%"):
        parse(f"lstm:@{at},r.3")


def test_two_changes_within_one_batch_are_refused() -> None:
    with pytest.raises(DropvizError, match="in the order of their batches"):
        parse("lstm:e1:@50%,r.3:@51%,r.2")


@pytest.mark.parametrize("text", ["lstm:task=digit:@20%,r.3", "lstm:@50%,d0:task=digit:e3"])
def test_a_share_of_an_unknown_task_is_refused_with_the_nearest(text: str) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'digits'"):
        parse(text)

    # No data need be known where no share is asked for.
    assert parse("lstm:task=digit:@20,r.3").spec.task == "digit"


@pytest.mark.parametrize(
    "text", ["lstm:@50%,d.3", "lstm:e99:@50%,d.3", "lstm:task=mine:@50%,d.3:u3"]
)
def test_shares_may_be_those_of_another_training(text: str) -> None:
    (change,) = parse(text, batches=7).spec.schedule

    assert change.batch == 3


# ---------------------------------------------------------------- what a text gave


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("lstm", set()),
        ("lstm:quiz", set()),
        ("lstm:u16:d0", {"units", "dropout"}),
        ("lstm:e10:s7:task=digits:m=keras", {"epochs", "seed", "task", "method"}),
        ("lstm:task=e5", {"task"}),
        ("lstm:e+3:@1,d.2:zc.1:m=zoneout", {"epochs", "schedule", "zoneout_cell", "method"}),
    ],
)
def test_a_scenario_knows_what_its_text_gave(text: str, given: set[str]) -> None:
    found = parse(text)

    assert found.given == given
    # Which counts for nothing else: it is the same scenario.
    assert found == Scenario(found.spec, found.quiz)


@pytest.mark.parametrize("name", [name for name, entry in TASKS.items() if entry.offline])
def test_the_table_knows_how_many_batches_a_task_has(name: str) -> None:
    task = load_task(name)

    assert batches_of(name, 2) == 2 * math.ceil(len(task.x) / BATCH_SIZE)


def test_batches_of_arrays_of_one_s_own_are_counted() -> None:
    x, y = np.zeros((BATCH_SIZE + 1, 3, 2)), np.arange(BATCH_SIZE + 1) % 2

    assert batches_of(Task("mine", x, y, x, y), 5) == 10


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("lstm", True),
        ("lstm:u16", True),
        ("lstm:nonsense", True),
        ("", False),
        ("lstmu16", False),
        ("LSTM:u16", False),
        ("keras", False),
        (None, False),
        (3, False),
        (["lstm"], False),
    ],
)
def test_what_begins_as_a_scenario_is_meant_as_one(text: object, meant: bool) -> None:  # noqa: FBT001
    assert is_scenario(text) is meant
