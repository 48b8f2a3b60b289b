from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dropviz.core.cost import Cost, cudnn
from dropviz.core.curves import Curves
from dropviz.core.opened_batch import OpenedBatch
from dropviz.core.recording import Recording
from dropviz.core.runs import Run
from dropviz.core.scenario_string import Scenario, magic
from dropviz.core.schedule import Change
from dropviz.core.sentences import answers, conclusion, intentions
from dropviz.core.setting import Setting
from dropviz.core.spec import RunSpec
from dropviz.core.trace_result import Proof
from dropviz.jupyter.lab.contents import TABS, content
from dropviz.jupyter.lab.moment import Moment

from .panels import of_setting

SPEC = RunSpec(task="tiny", dropout=0.2, recurrent_dropout=0.5, units=9, epochs=3)
LAYER = of_setting(SPEC.setting)
CURVES = Curves({"loss": [2.0, 1.0], "val_loss": [2.5, 1.5]})
PROOF = Proof(error=2e-8, tolerance=1e-5, samples=5, steps=4)
START = Moment(SPEC, (4, 3))
RECORDED = replace(START, layer=LAYER, curves=CURVES, epochs=3, batches=2, start=SPEC.start)
RUN = Run(
    spec=replace(SPEC, schedule=(Change(3, 0.0, 0.5),)),
    curves=CURVES,
    recording=Recording.of({"lstm": LAYER}),
    status="done",
    seconds=5.0,
    code="model = keras.Sequential([1 < 2])",
    proof={"lstm": PROOF},
)
ENDED = replace(RECORDED, run=RUN, changes=RUN.spec.schedule if RUN.spec else ())
NOT_YET = "Nothing is recorded yet: press Train."


def opened() -> OpenedBatch:
    """A sequence by hand, of 4 steps and 9 units, with the masks of the newest batch."""
    rng = np.random.default_rng(1)
    values = rng.uniform(0, 1, (4, 9))
    return OpenedBatch(
        batch=2,
        sample=1,
        index=7,
        data=rng.normal(size=(4, 3)),
        target=np.asarray(1),
        answer=np.array([0.3, 0.7]),
        x=rng.normal(size=(4, 9)),
        masks={site: each.of_batch()[:, :, 1] for site, each in LAYER.items()},
        gates=dict.fromkeys("ifgo", values),
        h=values,
        c=values,
    )


def scene(made: dict[str, Any]) -> dict[str, Any]:
    (picture,) = made["pictures"]
    return dict(picture)


# ---------------------------------------------------------------- every tab of every moment

MOMENTS = {
    "at the start": START,
    "at the start of another method": replace(START, spec=RunSpec(method="moon", dropout=0.2)),
    "without a rate": Moment(RunSpec(), (8, 8)),
    "training, nothing recorded": replace(START, state="compiling", epochs=3, batches=2),
    "training": replace(RECORDED, state="training"),
    "ended": ENDED,
    "another setting since": replace(ENDED, spec=replace(SPEC, dropout=0.3)),
    "a sample and a gate": replace(ENDED, sample=4, gate="f"),
    "a sample that is not there": replace(ENDED, sample=63),
    "opened": replace(ENDED, opened=opened(), sample=1),
}


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_every_tab_shows_something_in_words_as_plain_data(moment: Moment, tab: str) -> None:
    made = content(moment, tab)

    assert json.loads(json.dumps(made, allow_nan=False)) == made
    pictures = [each["alt"] for each in made.get("pictures", [])]
    told = [*made.get("words", []), *pictures]
    told += [text for row in (*made.get("rows", []), *made.get("codes", [])) for text in row]
    assert len(" ".join(told)) > 20


@pytest.mark.parametrize("tab", TABS)
def test_before_a_prediction_no_tab_tells_what_is_asked(tab: str) -> None:
    made = content(replace(ENDED, concealed=True, opened=opened()), tab)

    told = json.dumps(made)
    for line in (*answers({"lstm": LAYER}), *intentions(SPEC.setting), *LAYER.sentences):
        assert line not in told
    assert "bits" not in told
    assert "kept" not in told


# ---------------------------------------------------------------- Where and Masks


@pytest.mark.parametrize("method", ["keras", "moon", "zaremba"])
def test_where_is_a_plan_before_anything_is_recorded(method: str) -> None:
    spec = RunSpec(method=method, dropout=0.2)

    made = content(Moment(spec, (4, 3)), "Where")

    assert scene(made)["alt"].startswith("A plan, before anything is trained.")
    assert scene(made)["planned"]
    assert made["words"] == intentions(spec.setting)


def test_where_shows_the_latest_masks() -> None:
    made = content(RECORDED, "Where")

    assert scene(made)["alt"].startswith("LSTM layer lstm unrolled, 4 time steps drawn")
    assert not scene(made)["planned"]
    assert made["words"] == answers({"lstm": LAYER})


@pytest.mark.parametrize(
    "changed", [{"dropout": 0.3}, {"method": "naive"}, {"units": 5}, {"task": "adding"}], ids=str
)
def test_where_is_a_plan_again_once_the_settings_moved(changed: dict[str, Any]) -> None:
    moved = replace(ENDED, spec=replace(SPEC, **changed))

    assert not moved.current
    assert scene(content(moved, "Where"))["planned"]


@pytest.mark.parametrize("changed", [{"epochs": 9}, {"seed": 1}], ids=str)
def test_settings_that_no_mask_shows_leave_the_masks(changed: dict[str, Any]) -> None:
    assert replace(RECORDED, spec=replace(SPEC, **changed)).current


def test_while_it_trains_the_masks_stay_whatever_moved() -> None:
    moved = replace(RECORDED, state="training", spec=replace(SPEC, dropout=0.9))

    assert not scene(content(moved, "Where"))["planned"]


def test_what_the_next_batch_will_use_stands_beside_what_this_one_used() -> None:
    wanted = Change(0, 0.4, 0.5)
    states = ("training", "paused", "ready")

    said = [content(replace(RECORDED, state=s, wanted=wanted), "Where")["coming"] for s in states]

    assert said == ["From the next batch: dropout 0.40."] * 2 + [""]
    assert not content(replace(RECORDED, state="paused", wanted=SPEC.start), "Masks")["coming"]


@pytest.mark.parametrize(
    ("rate", "said"),
    [(0.999, "0.999"), (0.004, "0.004"), (0.125, "0.125"), (0.4, "0.40"), (0.0, "0.00")],
)
def test_a_rate_that_comes_has_all_its_digits(rate: float, said: str) -> None:
    coming = replace(RECORDED, state="training", wanted=Change(0, rate, 0.5)).coming

    assert coming == f"From the next batch: dropout {said}."


def test_numbers_of_another_sample_are_on_no_arrow_and_beside_no_picture() -> None:
    made = content(replace(ENDED, opened=opened(), sample=3), "Where")

    assert all(each["before"] is None for each in scene(made)["arrows"])
    assert made["sequence"] is None


def test_arrows_carry_what_was_before_the_mask_and_what_was_left() -> None:
    there = opened()
    made = scene(content(replace(RECORDED, state="paused", opened=there, sample=1), "Where"))

    arrows = {(each["arrow"], each["column"]): each for each in made["arrows"]}
    x, h = arrows["x", 1], arrows["h", 1]
    np.testing.assert_allclose(x["before"], there.x[1], atol=1e-4)
    np.testing.assert_allclose(x["after"], there.x[1] * there.masks["input"][0], atol=1e-4)
    np.testing.assert_allclose(h["before"], there.h[0], atol=1e-4)
    np.testing.assert_allclose(h["after"], there.h[0] * there.masks["recurrent"][0], atol=1e-4)
    # What is drawn on the arrow is what was multiplied.
    kept = np.array(made["masks"][x["mask"]]["kept"], bool)
    np.testing.assert_array_equal(np.array(x["after"]) != 0, kept)


def test_masks_are_the_atlas_of_the_latest_batch() -> None:
    made = content(RECORDED, "Masks")

    assert scene(made)["alt"].startswith("Mask heatmaps of lstm, batch 3.")
    assert [row["says"] for row in scene(made)["rows"]]
    assert made["words"] == []


@pytest.mark.parametrize(("sample", "first"), [(0, 0), (2, 2), (63, 4)])
def test_masks_begin_with_the_sample_that_is_chosen_or_the_last(sample: int, first: int) -> None:
    made = scene(content(replace(RECORDED, sample=sample), "Masks"))

    assert {row["begin"] for row in made["rows"]} == {first}


def test_masks_of_a_gate_are_shown_alone() -> None:
    every, one = (content(replace(RECORDED, gate=gate), "Masks") for gate in (None, "o"))

    assert [len(row["panels"]) for row in scene(every)["rows"]] == [4, 4]
    assert [len(row["panels"]) for row in scene(one)["rows"]] == [1, 1]


# ---------------------------------------------------------------- Curves and Inside


def test_curves_mark_each_change_at_its_epoch_in_words() -> None:
    start = Change(0, 0.2, 0.5)
    moment = replace(
        RECORDED,
        start=start,
        changes=(Change(1, 0.3, 0.5), Change(4, 0.3, 0.0), Change(5, 0.3, 0.0, frozen=True)),
    )

    told = moment.moved()

    assert told == [
        (0.5, "dropout .2 → .3"),
        (2.0, "recurrent_dropout .5 → 0"),
        (2.5, "masks frozen"),
    ]
    drawn = scene(content(moment, "Curves"))
    assert [(each["after"], each["says"]) for each in drawn["changes"]] == told


def test_curves_tell_the_last_losses() -> None:
    assert content(RECORDED, "Curves")["words"] == [
        "After 2 epochs: training loss as Keras reports it, over the epoch 1.000, validation 1.500."
    ]


def test_curves_move_with_the_batches_of_the_epoch_under_way() -> None:
    one, other = (
        scene(content(replace(RECORDED, state="training", unfinished=({"loss": loss},)), "Curves"))
        for loss in (0.75, 0.5)
    )

    (line,), (later,) = ([li for li in c["lines"] if li["name"] == "loss"] for c in (one, other))
    assert (line["values"], later["values"]) == ([2.0, 1.0, 0.75], [2.0, 1.0, 0.5])


def test_an_epoch_that_is_being_measured_is_not_said_to_have_no_number() -> None:
    measured = {"loss_dropout_off": [1.5], "loss_dropout_on": [1.75]}
    curves = Curves({"loss": [2.0], "val_loss": [2.5], **measured})
    reported = ({"loss": 1.0, "val_loss": 1.5}, {"loss": 0.75})
    moment = replace(RECORDED, state="training", curves=curves, unfinished=reported)

    made = scene(content(moment, "Curves"))

    lines = {each["name"]: each["values"] for each in made["lines"]}
    assert lines["loss"] == [2.0, 1.0, 0.75]
    assert lines["val_loss"] == [2.5, 1.5, None]
    assert lines["loss_dropout_off"] == [1.5, None, None]
    assert made["under_way"] == 2
    assert "over 1 epoch and the one under way: " in made["alt"]
    assert "no finite value" not in made["alt"]


def test_a_loss_that_was_lost_is_said_while_it_still_trains() -> None:
    curves = Curves({"loss": [2.0, 1.0], "val_loss": [2.5, float("nan")]})
    moment = replace(RECORDED, state="training", curves=curves, unfinished=({"loss": 0.5},))

    alt = scene(content(moment, "Curves"))["alt"]

    assert "validation from 2.500 to 2.500, then no finite value" in alt
    assert alt.count("no finite value") == 1


def test_the_first_epoch_is_the_one_under_way_and_no_epoch_before_it() -> None:
    moment = replace(RECORDED, state="training", curves=Curves(), unfinished=({"loss": 0.5},))

    assert scene(content(moment, "Curves"))["alt"].startswith("Loss over the epoch under way: ")


def test_the_axis_of_a_training_without_an_end_grows_with_it() -> None:
    epochs = [
        scene(content(replace(RECORDED, epochs=epochs, unfinished=({"loss": 1.0},)), "Curves"))[
            "epochs"
        ]
        for epochs in (50, 0)
    ]

    assert epochs == [50, 3]


def test_there_are_no_curves_before_the_training() -> None:
    made = content(replace(START, state="ready"), "Curves")

    assert (made["words"], made.get("pictures")) == ([NOT_YET], None)


@pytest.mark.parametrize("tab", ["Masks", "Curves", "Inside"])
def test_while_it_compiles_a_tab_says_so_and_not_to_press_train(tab: str) -> None:
    said = " ".join(content(replace(START, state="compiling"), tab)["words"])

    assert ("ompiling" in said) or tab == "Inside"
    assert "press Train" not in said


@pytest.mark.parametrize("tab", ["Masks", "Curves"])
def test_what_waits_before_its_first_batch_is_not_told_to_press_train(tab: str) -> None:
    said = " ".join(content(replace(START, state="paused"), tab)["words"])

    assert "Paused before the first batch" in said


@pytest.mark.parametrize("state", ["ready", "paused", "training"])
def test_what_is_closed_tells_nobody_to_press_anything(state: str) -> None:
    closed = replace(START, state=state, closed=True)

    for tab in ("Masks", "Curves", "Inside"):
        said = " ".join(content(closed, tab)["words"])
        assert "the panel is closed" in said
        assert "ress" not in said
        assert "Pause" not in said
    assert cells(closed)["measured"] == "nothing, and the panel is closed"
    (said,) = content(closed, "Verdict")["words"]
    assert said == "The experiment was not run, and the panel is closed."
    assert not replace(RECORDED, state=state, wanted=Change(0, 0.4, 0.5), closed=True).coming


def test_inside_shows_gates_and_states_of_the_sequence_that_is_open() -> None:
    there = opened()
    made = content(replace(ENDED, opened=there), "Inside")

    rows = {row["name"]: row for row in made["values"]}
    assert list(rows) == ["i", "f", "g", "o", "c", "h"]
    np.testing.assert_allclose(rows["h"]["values"], there.h, atol=1e-4)
    assert scene(made)["kind"] == "cell"
    assert content(ENDED, "Inside").get("values") is None


def test_the_sequence_is_shown_with_what_was_asked_and_answered() -> None:
    told = content(replace(ENDED, opened=opened(), sample=1), "Where")["sequence"]

    assert np.shape(told["values"]) == (4, 3)
    assert told["says"].startswith("Sample 2 of batch 3: training sequence 8 of tiny.")
    assert told["result"] == "Asked: 1. Answered with these masks: 1 (70%), right."


@pytest.mark.parametrize("steps", [80, 200])
@pytest.mark.parametrize("tokens", [True, False])
def test_every_step_of_a_long_sequence_is_shown(steps: int, *, tokens: bool) -> None:
    data = np.arange(steps) if tokens else np.zeros((steps, 2))
    made = content(replace(ENDED, opened=replace(opened(), data=data), shape=(steps, 2)), "Inside")

    assert len(made["sequence"]["values"]) == made["steps"] == steps


@pytest.mark.parametrize(("features", "cut"), [(32, False), (33, True), (1500, True)])
def test_a_sequence_that_is_cut_says_so(features: int, *, cut: bool) -> None:
    there = replace(opened(), data=np.zeros((4, features)))
    told = content(replace(ENDED, opened=there), "Inside")["sequence"]

    assert np.shape(told["values"]) == (4, 32)
    assert (f"Its first 32 features of {features:,}." in told["says"]) == cut


def test_a_sequence_is_of_the_task_that_it_came_from() -> None:
    moved = replace(ENDED, opened=opened(), spec=replace(SPEC, task="adding"))
    training = replace(moved, state="training")

    told = [content(each, "Inside")["sequence"]["says"] for each in (moved, training)]

    assert "training sequence 8 of tiny." in told[0]
    assert "training sequence 8 of adding." in told[1]


# ---------------------------------------------------------------- Cost, Code, Verdict


def cells(moment: Moment) -> dict[str, str]:
    return dict(content(moment, "Cost")["rows"])


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize(
    "setting", [Setting("keras", 0.2), Setting("keras", 0, 0.2), Setting("moon")]
)
def test_cost_says_whether_cudnn_is_possible_and_why(setting: Setting, *, gpu: bool) -> None:
    spec = replace(
        SPEC, **{n: getattr(setting, n) for n in ("method", "dropout", "recurrent_dropout")}
    )

    assert cells(replace(START, spec=spec, gpu=gpu))["cuDNN possible"] == cudnn(setting, gpu=gpu)


def test_cost_is_not_told_before_it_is_measured() -> None:
    table = cells(START)

    assert set(table) == {"cuDNN possible", "measured"}
    assert table["measured"].startswith("not yet: press Measure")


def test_cost_is_what_was_measured_and_what_the_training_took() -> None:
    cost = Cost(batches=2, with_dropout=0.03, without=0.02, ratio=1.5, pairs=5)

    table = cells(replace(ENDED, cost=cost))

    assert table["the last training"] == "2 epochs in 5.0 s, with evaluations, compiling and pauses"
    assert dict(cost.rows).items() <= table.items()
    assert "measured" not in table


def blocks(moment: Moment) -> list[str]:
    return [text for _, text in content(moment, "Code")["codes"]]


def test_code_before_the_training_is_that_of_the_settings() -> None:
    line, scenario, code = blocks(START)

    assert (line, scenario) == (magic(SPEC), str(Scenario(SPEC)))
    assert code == "(after the first training)"


def test_code_after_the_training_is_that_of_the_training_with_its_changes() -> None:
    line, scenario, code = blocks(replace(ENDED, spec=replace(SPEC, dropout=0.9)))

    assert RUN.spec
    assert line == magic(RUN.spec)
    assert scenario == str(Scenario(RUN.spec))
    assert ":@3,d0" in scenario
    assert code == RUN.code


def test_verdict_tells_what_was_recorded_and_proved_before_the_experiment() -> None:
    *told, last = content(ENDED, "Verdict")["words"]

    assert told == [f"Recorded: {line}" for line in conclusion({"lstm": LAYER})] + [PROOF.sentence]
    assert last.startswith("The experiment was not run yet")


def test_verdict_shows_what_the_experiment_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dropviz.figures.evidence.evidence", lambda found: found.picture)

    class Picture:
        alt = "What was found"

        def frame(self, _: int) -> bytes:
            return b"png"

    class Found:
        lines = ("It is keras.",)
        picture = Picture()

    found: Any = Found()
    made = content(replace(ENDED, verdict=found), "Verdict")

    assert made["words"][0] == "It is keras."
    assert PROOF.sentence in made["words"]
    assert made["image"] == {"png": "cG5n", "alt": "What was found"}
