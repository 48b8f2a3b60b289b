from __future__ import annotations

import itertools
import math
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from dropviz.core.methods import METHODS
from dropviz.core.scenario_string import parse
from dropviz.core.setting import Setting
from dropviz.core.spec import RunSpec
from dropviz.errors import DropvizError
from dropviz.studies.compare import compare

from .conftest import tiny
from .studies_made import compared, noise

MOON = "lstm:d0:r.3:m=moon:life=step"


def test_settings_are_trained_with_the_same_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    found = compared(
        monkeypatch,
        lambda spec: 0.5 + noise(spec.seed),
        methods=["none", "keras", "zaremba", "lstm:d.5:m=moon:r.1"],
        seeds=[3, 5],
        units=8,
        epochs=4,
    )

    specs = [[cell.spec for cell in entry.cells] for entry in found.entries]
    assert [[spec.seed for spec in each] for each in specs] == [[3, 5]] * 4
    assert {(spec.units, spec.epochs) for each in specs for spec in each} == {(8, 4)}
    rates = [(s[0].method, s[0].dropout, s[0].recurrent_dropout) for s in specs]
    assert rates == [
        ("keras", 0.0, 0.0),
        ("keras", 0.25, 0.25),
        ("zaremba", 0.25, 0.0),
        ("moon", 0.5, 0.1),
    ]


@pytest.mark.parametrize("method", METHODS)
def test_a_method_takes_both_rates_wherever_it_has_a_place_for_both(
    monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    found = compared(monkeypatch, lambda _: 0.5, methods=["none", method], seeds=1)

    (cell,) = found.entries[1].cells
    rules = Setting(method, cell.spec.dropout, cell.spec.recurrent_dropout).rules
    assert {rule.rate for rule in rules} == {0.25}
    # Zaremba masks nothing but x.
    assert cell.spec.recurrent_dropout == (0.0 if method == "zaremba" else 0.25)


def test_a_schedule_s_shares_are_those_of_this_training(monkeypatch: pytest.MonkeyPatch) -> None:
    found = compared(
        monkeypatch, lambda _: 0.5, methods=["none", "lstm:d.4:e99:@50%,d0"], seeds=2, epochs=4
    )

    (change,) = found.entries[1].cells[0].spec.schedule
    # 23 batches an epoch.
    assert (change.batch, change.dropout) == (46, 0.0)


def test_shares_and_length_of_a_scenario_give_way_to_those_of_the_comparison(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # 72 samples: two batches an epoch.
    found = compared(
        monkeypatch,
        lambda _: 0.5,
        methods=["none", "lstm:d.4:e99:task=copy:u7:@50%,d0", "lstm:d.4:@3,d0"],
        task=tiny(),
        seeds=1,
        units=5,
        epochs=4,
    )

    specs = [entry.cells[0].spec for entry in found.entries]
    assert {(spec.task, spec.epochs, spec.units) for spec in specs} == {("own", 4, 5)}
    # What was asked of task, units and epochs, and is not so, is not said.
    names = [entry.name for entry in found.entries]
    assert names == ["none", "lstm:d.4:r0:m=keras:@4,d0", "lstm:d.4:@3,d0"]
    assert [change.batch for spec in specs for change in spec.schedule] == [4, 3]


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        (RunSpec(dropout=0.2, units=7, epochs=3, seed=9), "lstm:d.2:r0:m=keras"),
        (RunSpec(method="moon", recurrent_dropout=0.3, life="step", task="copy"), MOON),
        ("lstm:m=moon:r.3:life=step:s4", MOON),
        ("lstm:d.2:r.5:m=gal-tied", "lstm:d.2:r.5:m=gal-tied"),
        ("lstm:d.2:e5", "lstm:d.2:r0:m=keras"),
    ],
)
def test_a_setting_is_called_by_what_is_its_own(
    monkeypatch: pytest.MonkeyPatch, setting: str | RunSpec, name: str
) -> None:
    found = compared(monkeypatch, lambda _: 0.5, methods=["none", setting], seeds=1, units=5)

    assert found.entries[1].name == name


def test_a_difference_beyond_the_noise_is_said_with_its_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = compared(
        monkeypatch,
        lambda s: 0.8 + noise(s.seed, 0.05) + (0.1 + noise(s.seed + 50, 0.001)) * (s.dropout > 0),
        methods=["none", "keras"],
        seeds=5,
    )

    (said, *_) = found.sentences
    assert re.fullmatch(
        r"keras is better than none by 0\.100 \(0\.\d+ to 0\.\d+, 95 %\), beyond the noise of "
        r"these 5 seeds\.",
        said,
    )


def test_it_is_said_which_interval_is_of_95_of_100(monkeypatch: pytest.MonkeyPatch) -> None:
    several, one, three = (
        compared(
            monkeypatch,
            lambda s: noise(s.seed * len(s.method) + int(9 * s.dropout)),
            methods=methods,
            seeds=seeds,
        )
        for methods, seeds in (
            (["none", "moon"], 3),
            (["none", "moon"], 1),
            (["none", "moon", "keras"], 2),
        )
    )

    assert several.table.heads[1:3] == (
        "validation accuracy (bootstrap)",
        "difference from none (95 %)",
    )
    (said,) = (each for each in several.sentences if "bootstrap" in each)
    assert said == (
        "Intervals of single settings are by bootstrap over the seeds, and too short with few of "
        "them; those of differences are of 95 % (Student's)."
    )
    assert not any("bootstrap" in each for each in one.sentences)
    assert any("of 95 % (Student's, each by itself)." in each for each in three.sentences)


def test_of_one_setting_nothing_is_said_of_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    found = compared(monkeypatch, lambda s: noise(s.seed), methods=["none"], seeds=8, units=1)

    assert found.title == "digits: 1 setting, 8 seeds, 10 epochs, 1 unit: validation accuracy"
    assert found.table.heads == ("setting", "validation accuracy (bootstrap)", "s an epoch")
    assert found.sentences[0] == (
        "The interval is by bootstrap over the seeds, and too short with few of them."
    )
    assert "difference" not in str(found)
    assert found.pictures == ("curves",)


FULL = ("setting", "validation accuracy (bootstrap)", "difference from none (95 %)")


@pytest.mark.parametrize(
    ("score", "seeds", "heads"),
    [
        (lambda s: noise(s.seed + int(9 * s.dropout)), 3, FULL),
        (lambda s: s.dropout + s.seed, 3, (*FULL[:2], "difference from none")),
        (lambda _: 0.5, 1, (FULL[0], "validation accuracy", "difference from none")),
        (
            lambda s: math.nan if s.dropout else noise(s.seed),
            3,
            (*FULL[:2], "difference from none"),
        ),
    ],
    ids=["scattered", "the same difference", "one seed", "failed"],
)
def test_no_head_speaks_of_intervals_that_are_not_there(
    monkeypatch: pytest.MonkeyPatch, score: Any, seeds: int, heads: tuple[str, ...]
) -> None:
    found = compared(monkeypatch, score, methods=["none", "keras"], seeds=seeds)

    assert found.table.heads[:3] == heads
    assert ("failed" in found.table.heads) == any(entry.failed for entry in found.entries)
    said = any("Student" in each for each in found.sentences)
    assert said == ("(95 %)" in heads[2])


def test_no_difference_beyond_the_noise_says_how_many_seeds_it_would_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = compared(
        monkeypatch,
        lambda s: 0.8 + noise(s.seed * 1000 + int(100 * s.dropout), 0.03),
        methods=["none", "keras"],
        seeds=5,
    )

    difference = found.entries[1].difference
    assert difference is not None
    assert not difference.differs
    assert found.sentences[0] == (
        "keras and none: no difference beyond the noise of these 5 seeds; "
        f"about {found.entries[1].needed} would be needed to see 0.01."
    )
    assert found.entries[1].needed > 5


@pytest.mark.parametrize(
    ("seeds", "size", "said"),
    [
        (4, 0.03, r"; about \d+ would be needed to see 0\.01\."),
        (
            3,
            0.03,
            r"; about \d+ would be needed to see 0\.01, though so few seeds hardly tell how many\.",
        ),
        (5, 0.9, r"; more than 10,000 would be needed to see 0\.01\."),
    ],
)
def test_how_many_seeds_it_would_take_is_said_as_far_as_it_is_known(
    monkeypatch: pytest.MonkeyPatch, seeds: int, size: float, said: str
) -> None:
    # Its sign turns with the seed, so that nothing is beyond the noise.
    found = compared(
        monkeypatch,
        lambda s: (-1) ** s.seed * (size + s.seed / 1000) * (s.dropout > 0),
        methods=["none", "keras"],
        seeds=seeds,
    )

    start = f"keras and none: no difference beyond the noise of these {seeds} seeds"
    assert re.fullmatch(start + said, found.sentences[0])


@pytest.mark.parametrize(("apart", "said"), [(0.25, "0.250"), (-0.25, "-0.250"), (0.0, "0.000")])
def test_the_same_difference_with_each_seed_tells_nothing_of_their_noise(
    monkeypatch: pytest.MonkeyPatch, apart: float, said: str
) -> None:
    # Quarters and sixteenths are exact.
    found = compared(
        monkeypatch,
        lambda s: 0.5 + s.seed / 16 + apart * (s.dropout > 0),
        methods=["none", "keras"],
        seeds=3,
    )

    assert found.sentences[0] == (
        f"keras and none: the difference was the same, {said}, with each of these 3 seeds, so that "
        "their noise cannot be told."
    )
    assert found.entries[1].needed == 0
    assert found.table.rows[1][2] == f"{said} (the same with 3 seeds)"


def test_one_seed_says_that_it_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = compared(monkeypatch, lambda s: s.dropout, methods=["none", "keras"], seeds=1)

    assert found.sentences[0] == "keras and none: one seed tells nothing of chance."


def test_trainings_that_failed_have_no_score_and_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = compared(
        monkeypatch,
        lambda s: float("nan") if s.dropout and s.seed < 3 else 0.5 + noise(s.seed),
        methods=["none", "keras"],
        seeds=4,
    )

    assert found.entries[1].score.count == 2
    assert any("without a score: 2 trainings" in said for said in found.sentences)
    assert found.table.heads[3] == "failed"
    assert found.table.rows[1][3] == "2"


def test_the_cost_is_that_of_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    # The made trainings take 2 seconds and the rate.
    found = compared(
        monkeypatch, lambda _: 0.5, methods=["none", "keras"], seeds=3, dropout=0.5, epochs=5
    )

    assert [entry.cost for entry in found.entries] == [1.0, 1.25]
    assert found.entries[1].seconds == pytest.approx(0.5)


@pytest.mark.full
def test_what_a_training_had_to_compile_is_no_cost_of_its_method() -> None:
    with ThreadPoolExecutor(1) as alone:
        given: dict[str, Any] = {"task": tiny(), "units": 2, "epochs": 1, "executor": alone}
        found = compare(["keras", "zaremba"], seeds=2, **given)
        # Data that its worker has not met: else the proof, asked for first, compiles it.
        one = compare(["moon"], seeds=1, **given | {"task": tiny(0.02)})

    assert [row["seconds"] > 0 for row in found.rows] == [False, True, False, True]
    assert all(entry.seconds > 0 and entry.cost > 0 for entry in found.entries)
    assert np.isnan([one.entries[0].seconds, one.entries[0].cost]).all()
    assert one.table.heads == ("setting", "validation accuracy")


def shut_down() -> ThreadPoolExecutor:
    with ThreadPoolExecutor(1) as executor:
        return executor


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "none": ({"methods": []}, "methods must not be empty"),
    "twice": ({"methods": ["keras", "keras"]}, "each value once"),
    "one word": ({"methods": "keras"}, "must be a list"),
    "unknown": ({"methods": ["kera"]}, "keras"),
    "a number": ({"methods": [3]}, "A setting is"),
    "a rate": ({"dropout": 1.5}, "dropout must be"),
    "a rate beside a scenario": ({"methods": ["lstm:d.2"], "dropout": 1.5}, "dropout must be"),
    "a rate beside a spec": (
        {"methods": [RunSpec(dropout=0.2)], "recurrent_dropout": -0.5},
        "recurrent_dropout must be",
    ),
    "an argument": ({"unit": 3}, "no argument 'unit'. Did you mean 'units'"),
    "one seed": ({"seed": 3}, "no argument 'seed'. Did you mean 'seeds'"),
    "an option": ({"methods": ["moon"], "life": "step"}, "no argument 'life'.*Known: 'methods'"),
    "a task with a share": ({"methods": ["lstm:d.2:@50%,d0"], "task": "digit"}, "mean 'digits'"),
    "one training by two names": (
        {"methods": ["none", "keras"], "dropout": 0, "recurrent_dropout": 0},
        "Received: 'none' and 'keras', which are both method 'keras' with dropout=0 and recurrent",
    ),
    "a scenario of a method": (
        {"methods": ["none", "moon", "lstm:m=moon:d.25:r.25:u8:s3"]},
        "Received: 'moon' and 'lstm:m=moon:d.25:r.25:u8:s3', which are both method 'moon'",
    ),
    "a task in a list": ({"task": ["digits"]}, r"task must be the name of a task \(digits"),
    "a task that is an array": ({"task": np.zeros(2)}, r"task must be the name of a task \(digits"),
    "seeds without end": ({"seeds": itertools.count()}, "seeds must be 10,000 values at most"),
    "two seeds of one spec": (
        {"methods": [RunSpec(dropout=0.2, seed=1), RunSpec(dropout=0.2, seed=2)]},
        "which are both method 'keras' with dropout=0.2",
    ),
    "a part twice": ({"methods": ["lstm:e3:e4"]}, "gives epochs twice"),
    "seeds": ({"seeds": [2, 2]}, "each value once"),
    "a class": ({"methods": list}, r"methods must be a list of values, as \[\"none\", \"keras\"\]"),
    "an array of two axes": ({"methods": np.array([["none", "keras"]])}, "A setting is"),
    "an executor that was shut down": (
        {"executor": shut_down(), "task": tiny()},
        r"could not run a training \(RuntimeError: cannot schedule new futures",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_compared_is_refused_in_one_sentence(case: str) -> None:
    given, said = BAD[case]
    with pytest.raises(DropvizError, match=said) as caught:
        compare(**{"methods": ["keras"], **given})
    assert "\n" not in str(caught.value)


@pytest.mark.full
def test_a_comparison_trains_each_setting_really() -> None:
    found = compare(["none", "keras", "lstm:d.4:@50%,d0"], seeds=2, units=4, epochs=2, dropout=0.4)

    assert all(cell.status == "done" for entry in found.entries for cell in entry.cells)
    assert all(proof.difference.to_the_bit for proof in found.trainings.proofs)
    first = [[cell.curves["loss"] for cell in entry.cells] for entry in found.entries]
    assert len({*first[0], *first[1], *first[2]}) == 6
    assert parse(found.entries[2].cells[0].cell).spec.schedule
    assert isinstance(found.entries[0].cells[0].spec, RunSpec)
