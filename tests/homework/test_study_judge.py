"""The judge of Design and defend; one training is real."""

from __future__ import annotations

import json
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import keras
import pytest

from dropviz.core.curves import Curves
from dropviz.errors import DropvizError
from dropviz.homework import study, study_judge
from dropviz.homework.report import Check
from dropviz.homework.study import MARK, Row, carry_out, design_from, rows_from
from dropviz.homework.study_judge import POINTS, judge_practice, judge_study

DESIGN: dict[str, Any] = {
    "vary": {"recurrent_dropout": [0.0, 0.5]},
    "hold": {"task": "digits", "units": 4, "epochs": 1},
    "seeds": [1, 2, 3],
    "measure": "val_loss",
}
MASKS = {"lstm/recurrent": "0123456789ab"}


def rows(scores: dict[float, list[float]]) -> list[Row]:
    return [
        Row(json.dumps(value), seed, score, MASKS if value else {})
        for value, each in scores.items()
        for seed, score in enumerate(each, 1)
    ]


HIGHER = rows({0.0: [1.0, 1.1, 1.2], 0.5: [1.5, 1.6, 1.72]})


@pytest.fixture
def _same_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_judge, "retrain", lambda spec, epochs: (spec, epochs))
    monkeypatch.setattr(study_judge, "fingerprints", lambda _: MASKS)


def points(judged: tuple[list[Check], str]) -> dict[str, int]:
    return {check.name: check.points for check in judged[0]}


@pytest.mark.usefixtures("_same_masks")
def test_a_good_study_earns_all() -> None:
    assert points(judge_study(DESIGN, {"conclusion": "higher"}, HIGHER, 1)) == POINTS


FAULTS: dict[str, tuple[dict[str, Any], dict[str, int], str]] = {
    "two factors": (
        {"vary": {"dropout": [0.0, 0.5], "units": [4, 8]}},
        {"one factor": 0, "seeds": 2, "control": 1, "measure": 1},
        "Measured: 2: dropout and units. If both change",
    ),
    "one seed": ({"seeds": [1]}, {"seeds": 0}, "Trainings that differ in the seed alone"),
    "a seed thrice": ({"seeds": [1, 1, 1]}, {"seeds": 0}, "Measured: 1."),
    "one value": (
        {"vary": {"dropout": [0.0]}},
        {"one factor": 0, "control": 0},
        "What has one value does not vary",
    ),
    "nothing but the control": (
        {"vary": {"dropout": [0, -0.0], "units": [4, 8]}},
        {"control": 0},
        "none among [0, -0.0]",
    ),
    "no control": ({"vary": {"dropout": [0.3, 0.5]}}, {"control": 0}, "none among [0.3, 0.5]"),
    "a loss with dropout on": ({"measure": "loss"}, {"measure": 0}, "With dropout on, a loss"),
}


def test_what_cannot_be_trained_earns_what_is_right_of_its_design() -> None:
    design = {**DESIGN, "vary": {"dropout": [0, 1]}}

    judged = judge_study(design, {"conclusion": "higher"}, HIGHER, 1)

    assert points(judged) == {name: POINTS[name] for name in points(judged)}
    assert set(points(judged)) == {"one factor", "seeds", "control", "measure"}
    assert judged[1].startswith("the design cannot be carried out: dropout must be")
    assert points(judge_practice(design)) == points(judged)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_design_is_said(name: str) -> None:
    changed, lost, said = FAULTS[name]

    judged = judge_practice({**DESIGN, **changed})

    assert points(judged).items() >= lost.items()
    assert said in " ".join(check.sentence for check in judged[0])


@pytest.mark.usefixtures("_same_masks")
@pytest.mark.parametrize(
    ("scores", "conclusion", "right"),
    [
        ([1.5, 1.6, 1.72], "no difference", False),
        ([1.5, 1.6, 1.72], "lower", False),
        ([0.9, 1.3, 1.1], "no difference", True),
        ([0.5, 0.6, 0.72], "lower", True),
    ],
)
def test_a_claim_is_held_against_the_students_own_interval(
    scores: list[float], conclusion: str, *, right: bool
) -> None:
    table = rows({0.0: [1.0, 1.1, 1.2], 0.5: scores})

    found = points(judge_study(DESIGN, {"conclusion": conclusion}, table, 1))

    assert found["claim"] == (3 if right else 0)


@pytest.mark.usefixtures("_same_masks")
@pytest.mark.parametrize("conclusion", ["no difference", "higher", "lower"])
@pytest.mark.parametrize("apart", [0.0, 0.5, -1.0])
def test_of_differences_that_do_not_scatter_nothing_can_be_claimed(
    apart: float, conclusion: str
) -> None:
    table = rows({0.0: [1.0, 1.125, 1.25], 0.5: [each + apart for each in (1.0, 1.125, 1.25)]})

    checks, _ = judge_study(DESIGN, {"conclusion": conclusion}, table, 1)

    assert checks[-1].points == 0
    assert "of differences that do not scatter they say nothing" in checks[-1].asked


@pytest.mark.usefixtures("_same_masks")
@pytest.mark.parametrize("claim", [{"conclusion": ""}, {"conclusion": "higher"}, {}, None, ""])
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"seeds": [1]}, "of 1 seed, nothing of the noise"),
        ({"seeds": [1, 2]}, "of 2 seeds, nothing of the noise"),
        ({"vary": {"recurrent_dropout": [0.5]}}, "of one value they say nothing"),
    ],
)
def test_where_nothing_can_be_claimed_no_claim_earns(
    changed: dict[str, Any], said: str, claim: object
) -> None:
    design = {**DESIGN, **changed}
    (values,) = design["vary"].values()
    table = [
        row for row in HIGHER if json.loads(row.value) in values and row.seed in design["seeds"]
    ]

    checks, _ = judge_study(design, claim, table, 1)

    assert (checks[-1].name, checks[-1].points) == ("claim", 0)
    assert said in checks[-1].asked


@pytest.mark.usefixtures("_same_masks")
@pytest.mark.parametrize("said", ["Higher", " higher ", "HIGHER\n"])
def test_a_claim_counts_in_whatever_letters(said: str) -> None:
    assert points(judge_study(DESIGN, {"conclusion": said}, HIGHER, 1)) == POINTS


@pytest.mark.usefixtures("_same_masks")
@pytest.mark.parametrize("claim", [{"conclusion": ""}, {}, None, {"conclusion": ["higher"]}])
def test_a_claim_that_is_none_of_the_three_earns_nothing(claim: object) -> None:
    assert points(judge_study(DESIGN, claim, HIGHER, 1))["claim"] == 0


@pytest.mark.parametrize("table", [None, []])
def test_no_result_of_no_seed_earns_nothing(table: list[Row] | None) -> None:
    assert points(judge_study({**DESIGN, "seeds": []}, None, table, 1))["results"] == 0


@pytest.mark.usefixtures("_same_masks")
@pytest.mark.parametrize("seeds", [[1, 1, 2, 2, 3, 3], [1, 2, 3] * 5, [3, 1, 2, 1]])
def test_a_seed_that_is_named_twice_counts_once(seeds: list[int]) -> None:
    # Five times the same three differences would be a difference.
    table = rows({0.0: [1.0, 1.1, 1.2], 0.5: [1.1, 1.5, 1.25]})
    again = [row for seed in seeds for row in table if row.seed == seed]
    claim = {"conclusion": "no difference"}

    once = judge_study(DESIGN, claim, table, 1)
    twice = judge_study({**DESIGN, "seeds": seeds}, claim, again, 1)

    assert points(twice) == points(once) == POINTS
    assert twice[0][-1].asked == once[0][-1].asked
    said = "Measured: 3. A seed that is named twice is trained once, and counts once."
    assert said in " ".join(check.sentence for check in twice[0])
    assert "named twice" not in " ".join(check.sentence for check in once[0])


def test_a_seed_that_is_named_twice_is_trained_once() -> None:
    plan = design_from({**DESIGN, "seeds": [5, 4, 5] * 40})

    specs = plan.specs("recurrent_dropout")

    assert [[spec.seed for spec in each] for each in specs.values()] == [[5, 4], [5, 4]]


@pytest.mark.usefixtures("_same_masks")
@pytest.mark.parametrize("table", [None, [], HIGHER[:-1], [*HIGHER, Row("0.9", 1, 1.0, {})]])
def test_without_all_results_nothing_is_claimed(table: list[Row] | None) -> None:
    judged = judge_study(DESIGN, {"conclusion": "higher"}, table, 1)

    assert points(judged)["results"] == 0
    assert "claim" not in points(judged)


@pytest.mark.full
def test_made_up_results_are_found_by_training_again() -> None:
    judged = judge_study(DESIGN, {"conclusion": "higher"}, HIGHER, 1)

    assert points(judged)["trained again"] == 0
    assert "other masks" in judged[0][-1].measured
    assert "a claim needs results" in judged[1]


@pytest.mark.full
def test_what_is_carried_out_is_read_again_and_holds(capsys: pytest.CaptureFixture[str]) -> None:
    small = {**DESIGN, "seeds": [3]}
    carry_out(small)
    found = rows_from([capsys.readouterr().out])

    assert found is not None
    assert [(row.value, row.seed) for row in found] == [("0.0", 3), ("0.5", 3)]
    assert [list(row.masks) for row in found] == [[], ["lstm/recurrent"]]
    judged = points(judge_study(small, {"conclusion": "higher"}, found, 1))
    assert judged["trained again"] == POINTS["trained again"]
    assert judged["claim"] == 0  # one seed says nothing


def test_a_study_is_carried_out_on_the_judges_backend_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    monkeypatch.setattr(study, "run", None)  # which would fail, if it came to that

    with pytest.raises(DropvizError, match="set KERAS_BACKEND=tensorflow before Keras is imported"):
        carry_out(DESIGN)


@pytest.mark.parametrize("done", [1, 3, 5])
def test_an_interrupt_loses_no_result(
    done: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left = iter(range(done))

    def trained(_: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return SimpleNamespace(curves={"val_loss": (2.0, 1.5)}, recording={})

    monkeypatch.setattr(study, "retrain", trained)
    with pytest.raises(KeyboardInterrupt):
        carry_out(DESIGN)
    found = rows_from([capsys.readouterr().out])

    wanted = [(value, seed) for value in ("0.0", "0.5") for seed in (1, 2, 3)][:done]
    assert [(row.value, row.seed) for row in found or ()] == wanted


def test_two_factors_are_not_carried_out() -> None:
    with pytest.raises(DropvizError, match="varies one factor"):
        carry_out({**DESIGN, "vary": {"dropout": [0], "units": [4]}})


def test_a_measure_that_is_no_curve_of_the_task_is_refused_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trained = SimpleNamespace(curves=Curves({"val_accuracy": [0.5]}))
    monkeypatch.setattr(study, "retrain", lambda _: trained)

    with pytest.raises(DropvizError, match=r"val_acuracy.*val_accuracy"):
        carry_out({**DESIGN, "measure": "val_acuracy"})


BAD: dict[str, tuple[object, str]] = {
    "no dictionary": ("design", "must be a plain dictionary"),
    "nothing varies": ({**DESIGN, "vary": {}}, "something must vary"),
    "an unknown factor": ({**DESIGN, "hold": {"listener": 1}}, "listener"),
    "no list": ({**DESIGN, "vary": {"dropout": 0.5}}, "a list of values"),
    "too many": ({**DESIGN, "seeds": list(range(100))}, "may have 60 trainings"),
    "too large": ({**DESIGN, "hold": {"units": 10**6}}, "units must be"),
    "a download": ({**DESIGN, "hold": {"task": "mnist"}}, "mnist"),
    "a negative seed": ({**DESIGN, "seeds": [-1]}, "seed must be"),
    **{
        f"{factor} {values}": (
            {**DESIGN, "vary": {factor: values}, "hold": {**DESIGN["hold"], **hold}},
            f"Two values of {factor} train the same",
        )
        for factor, values, hold in (
            ("dropout", [0, 0.0], {}),
            ("dropout", [0, -0.0], {}),
            ("dropout", [0, "0"], {}),
            ("dropout", [0.5, 0, 0.5], {}),
            ("method", ["keras", "keras"], {"dropout": 0.5}),
            ("life", [None, "step", "sequence"], {"method": "moon", "dropout": 0.5}),
        )
    },
    **{
        f"{factor} {values}": (
            {**DESIGN, "vary": {factor: values}},
            f"Two values of {factor} are too near to each other",
        )
        for factor, values in (
            ("dropout", [0, 1e-9]),
            ("recurrent_dropout", [0.5, 0, "0.505"]),
            ("dropout", [0.999, 0.3, 0.995]),
        )
    },
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_design_is_said(name: str) -> None:
    literal, said = BAD[name]

    with pytest.raises(DropvizError, match=said):
        design_from(literal)
    assert said in judge_study(literal, None, None, 1)[1]


@pytest.mark.parametrize("values", [[0.3, 0.29], [0, 0.01, 0.02], [0.57, 0.58, 0.56, 0.1]])
def test_rates_that_differ_by_a_hundredth_are_a_design(values: list[float]) -> None:
    assert design_from({**DESIGN, "vary": {"dropout": values}}).vary == {"dropout": values}


ENDLESS = '[{"value": "1", "seed": 1, "score": 1%s, "masks": {}}]' % ("0" * 400)


@pytest.mark.parametrize(
    "text", ["", MARK + "[", MARK + "[1]", MARK + '[{"value": "1"}]', MARK + ENDLESS]
)
def test_results_that_are_damaged_are_none(text: str) -> None:
    assert rows_from([text]) is None


def test_the_last_results_count() -> None:
    line = MARK + json.dumps([{"value": "1", "seed": 1, "score": 2, "masks": {}}])

    row = study.Row("1", 1, 2.0, {})
    assert rows_from([f"{MARK}[]\n", f"words\n{line}\nmore"]) == [row]
    assert rows_from([f"no line end{line[:30]}", f"{line[30:]}\n"]) == [row]


def carried_out(
    design: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    score = design["hold"]["units"] + len(design["seeds"]) / 8
    done = SimpleNamespace(curves={design["measure"]: (score,)}, recording={})
    monkeypatch.setattr(study, "retrain", lambda _: done)
    carry_out(design)
    return capsys.readouterr().out


LATER: dict[str, dict[str, Any]] = {
    "fewer seeds": {"seeds": [1]},
    "other seeds": {"seeds": [4, 5, 6]},
    "another factor": {"vary": {"dropout": [0.0, 0.4]}},
    "other units under the same values and seeds": {"hold": {**DESIGN["hold"], "units": 6}},
    "another measure": {"measure": "val_accuracy"},
}


@pytest.mark.parametrize("name", LATER)
def test_results_of_the_design_that_is_handed_in_count(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = carried_out(DESIGN, monkeypatch, capsys)
    other = carried_out({**DESIGN, **LATER[name]}, monkeypatch, capsys)

    wanted = rows_from([own])
    assert rows_from([own, other], DESIGN) == wanted
    assert rows_from([other, own], DESIGN) == wanted
    assert rows_from([own, other], None) == rows_from([other])
    assert wanted is not None
    assert len(wanted) == 6


def test_results_that_name_no_design_are_known_by_their_trainings() -> None:
    def told(table: list[Row]) -> str:
        return f"{MARK}{json.dumps([{**asdict(row), 'of': ''} for row in table])}\n"

    printed = told(HIGHER).replace(', "of": ""', "")
    later = told(HIGHER[:1])

    assert rows_from([printed, later], DESIGN) == HIGHER
    assert rows_from([later, printed[:-30]], DESIGN) == HIGHER[:1]
