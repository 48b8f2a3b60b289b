from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dropviz.core.cost import Cost, cudnn
from dropviz.core.curves import Curves
from dropviz.core.recording import Recording
from dropviz.core.runs import Run
from dropviz.core.scenario_string import Scenario, magic
from dropviz.core.schedule import Change
from dropviz.core.sentences import answers, conclusion, intentions
from dropviz.core.setting import Setting
from dropviz.core.spec import RunSpec
from dropviz.core.trace_result import Proof, Trace
from dropviz.jupyter.lab.tabs import TABS, Scene, Shown, shown

from .panels import of_setting, text_of

SPEC = RunSpec(task="tiny", dropout=0.2, recurrent_dropout=0.5, units=9, epochs=3)
LAYER = of_setting(SPEC.setting)
CURVES = Curves({"loss": [2.0, 1.0], "val_loss": [2.5, 1.5]})
PROOF = Proof(error=2e-8, tolerance=1e-5, samples=5, steps=4)
START = Scene(SPEC, (4, 3))
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


def traced() -> Trace:
    values = np.random.default_rng(1).uniform(0, 1, (1, 4, 9)).astype("float32")
    gates = dict.fromkeys("ifgo", values)
    x = np.zeros((1, 4, 3), "float32")
    return Trace("lstm", x, LAYER, gates, values, values + 0, values, PROOF)


def alt(view: Shown) -> str:
    assert view.picture is not None
    return view.picture.alt


# ---------------------------------------------------------------- every view of every scene

SCENES = {
    "at the start": START,
    "at the start of another method": replace(START, spec=RunSpec(method="moon", dropout=0.2)),
    "without a rate": Scene(RunSpec(), (8, 8)),
    "training, nothing recorded": replace(START, training=True, epochs=3, batches=2),
    "training": replace(RECORDED, training=True),
    "ended": ENDED,
    "another setting since": replace(ENDED, spec=replace(SPEC, dropout=0.3)),
    "a sample and a gate": replace(ENDED, sample=4, gate="f"),
    "a sample that is not there": replace(ENDED, sample=63),
    "opened": replace(ENDED, opened=traced()),
}


@pytest.mark.parametrize("view", TABS)
@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_every_view_shows_something_in_words(scene: Scene, view: str) -> None:
    drawn = shown(scene, view)

    words = " ".join(
        [text_of(drawn.extra), *drawn.words, drawn.picture.alt if drawn.picture else ""]
    )
    assert len(words) > 20


@pytest.mark.parametrize("scene", ["at the start", "ended"])
def test_a_picture_is_no_wider_than_there_is_room_and_carries_its_alt_text(scene: str) -> None:
    drawn = shown(SCENES[scene], "Where")

    tag = re.search(r"<img [^>]*>", drawn.html)
    assert tag
    assert "max-width:100%" in tag[0]
    assert 'src="data:image/png;base64,' in tag[0]
    assert f'alt="{html.escape(alt(drawn), quote=True)}"' in tag[0]


def test_words_in_a_view_stay_text() -> None:
    made = Shown(["<b>1 & 2</b>"]).html

    assert "<li>&lt;b&gt;1 &amp; 2&lt;/b&gt;</li>" in made
    assert "<img" not in made


def test_a_view_without_words_has_no_list() -> None:
    assert "<ul" not in Shown([], extra="<p>1</p>").html


# ---------------------------------------------------------------- Where and Masks


@pytest.mark.parametrize("method", ["keras", "moon", "zaremba"])
def test_where_is_a_plan_before_anything_is_recorded(method: str) -> None:
    spec = RunSpec(method=method, dropout=0.2)

    drawn = shown(Scene(spec, (4, 3)), "Where")

    assert alt(drawn).startswith("A plan, before anything is trained.")
    assert drawn.words == intentions(spec.setting)


def test_where_shows_the_latest_masks() -> None:
    drawn = shown(RECORDED, "Where")

    assert alt(drawn).startswith("LSTM layer lstm unrolled, 4 time steps drawn")
    assert drawn.words == answers({"lstm": LAYER})


@pytest.mark.parametrize("changed", [{"dropout": 0.3}, {"method": "naive"}, {"units": 5}], ids=str)
def test_where_is_a_plan_again_once_the_settings_moved(changed: dict[str, Any]) -> None:
    moved = replace(RECORDED, spec=replace(SPEC, **changed))

    assert not moved.current
    assert alt(shown(moved, "Where")).startswith("A plan")


@pytest.mark.parametrize("changed", [{"epochs": 9}, {"seed": 1}], ids=str)
def test_settings_that_no_mask_shows_leave_the_masks(changed: dict[str, Any]) -> None:
    assert replace(RECORDED, spec=replace(SPEC, **changed)).current


def test_while_it_trains_the_masks_stay_whatever_moved() -> None:
    moved = replace(RECORDED, training=True, spec=replace(SPEC, dropout=0.9))

    assert alt(shown(moved, "Where")).startswith("LSTM layer lstm unrolled")


def test_masks_are_the_atlas_of_the_latest_batch() -> None:
    drawn = shown(RECORDED, "Masks")

    assert alt(drawn).startswith("Mask heatmaps of lstm, batch 3.")
    assert drawn.words == LAYER.sentences


@pytest.mark.parametrize(("sample", "first"), [(0, "1"), (2, "3"), (63, "5")])
def test_masks_begin_with_the_sample_that_is_chosen_or_the_last(sample: int, first: str) -> None:
    picture = shown(replace(RECORDED, sample=sample), "Masks").picture

    assert picture
    assert picture.axes[1].get_yticklabels()[0].get_text().partition("-")[0] == first


def test_masks_of_a_gate_are_shown_alone() -> None:
    pictures = [shown(replace(RECORDED, gate=gate), "Masks").picture for gate in (None, "o")]

    assert [len(picture.axes) - 1 for picture in pictures if picture] == [8, 2]


# ---------------------------------------------------------------- Curves and Gates


def test_curves_mark_each_change_at_its_epoch_in_words() -> None:
    start = Change(0, 0.2, 0.5)
    scene = replace(
        RECORDED,
        start=start,
        changes=(Change(1, 0.3, 0.5), Change(4, 0.3, 0.0), Change(5, 0.3, 0.0, frozen=True)),
    )

    told = scene.moved()

    assert told == [
        (0.5, "dropout .2 → .3"),
        (2.0, "recurrent_dropout .5 → 0"),
        (2.5, "masks frozen"),
    ]
    for _, words in told:
        assert words in alt(shown(scene, "Curves"))


def test_curves_tell_the_last_losses() -> None:
    assert shown(RECORDED, "Curves").words == [
        "training loss as Keras reports it, over the epoch 1.000, validation 1.500"
    ]


def test_curves_leave_room_for_the_epochs_to_come() -> None:
    picture = shown(replace(RECORDED, epochs=50, training=True), "Curves").picture

    assert picture
    assert picture.axes[0].get_xlim()[1] > 50


def test_there_are_no_curves_before_the_training() -> None:
    drawn = shown(START, "Curves")

    assert (drawn.words, drawn.picture) == ([NOT_YET], None)


def test_gates_are_those_of_the_pass_that_was_opened() -> None:
    drawn = shown(replace(RECORDED, opened=traced()), "Gates")

    assert alt(drawn).startswith("Gates and states of lstm, 9 units over 4 time steps")
    assert shown(RECORDED, "Gates").words == [NOT_YET]


# ---------------------------------------------------------------- Cost, Code, Verdict


def cells(view: Shown) -> dict[str, str]:
    rows = re.findall(r"<tr>(.*?)</tr>", view.extra)
    split = [[text_of(cell) for cell in re.findall(r"<td.*?</td>", row)] for row in rows]
    return {row[0]: row[1] for row in split if row}


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize(
    "setting", [Setting("keras", 0.2), Setting("keras", 0, 0.2), Setting("moon")]
)
def test_cost_says_whether_cudnn_is_possible_and_why(setting: Setting, *, gpu: bool) -> None:
    spec = replace(
        SPEC, **{n: getattr(setting, n) for n in ("method", "dropout", "recurrent_dropout")}
    )

    table = cells(shown(replace(START, spec=spec, gpu=gpu), "Cost"))

    assert table["cuDNN possible"] == cudnn(setting, gpu=gpu)


def test_cost_is_not_told_before_it_is_measured() -> None:
    table = cells(shown(START, "Cost"))

    assert set(table) == {"cuDNN possible", "measured"}
    assert table["measured"].startswith("not yet: press Measure")


def test_cost_is_what_was_measured_and_what_the_training_took() -> None:
    cost = Cost(batches=2, with_dropout=0.03, without=0.02, ratio=1.5, pairs=5)

    table = cells(shown(replace(ENDED, cost=cost), "Cost"))

    assert table["the last training"] == "2.50 s an epoch, with its evaluations"
    assert dict(cost.rows).items() <= table.items()
    assert "measured" not in table


def blocks(scene: Scene) -> list[str]:
    return [
        html.unescape(each)
        for each in re.findall(r"<pre[^>]*>(.*?)</pre>", shown(scene, "Code").extra)
    ]


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
    *told, last = shown(ENDED, "Verdict").words

    assert told == [f"Recorded: {line}" for line in conclusion({"lstm": LAYER})] + [PROOF.sentence]
    assert last.startswith("The experiment was not run yet")


def test_verdict_shows_what_the_experiment_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dropviz.figures.evidence.evidence", lambda found: found.picture)

    class Found:
        lines = ("It is keras.",)
        picture = shown(START, "Where").picture

    found: Any = Found()
    drawn = shown(replace(ENDED, verdict=found), "Verdict")

    assert drawn.words[0] == "It is keras."
    assert PROOF.sentence in drawn.words
    assert drawn.picture is Found.picture
