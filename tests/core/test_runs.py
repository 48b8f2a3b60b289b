from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dropviz
from dropviz.core import result_files
from dropviz.core.curves import Curves, Trained
from dropviz.core.display_registry import DISPLAY
from dropviz.core.draw_log import DrawLog, MaskPlan
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.recording import Recording
from dropviz.core.run_file import Status
from dropviz.core.runs import Run
from dropviz.core.spec import RunSpec
from dropviz.core.trace_result import Proof
from dropviz.errors import DropvizError, UnknownNameError

NAN = math.nan


def recording() -> Recording:
    random = np.random.default_rng(2)
    values = np.where(random.random((2, 1, 4, 3, 5)) < 0.4, 0, np.float32(5 / 3))
    values[1, :, :, 2] = NAN  # the last batch had two samples
    masks = Masks(
        layer="lstm",
        site="recurrent",
        values=values,
        rate=0.4,
        gates=("i", "f", "g", "o"),
        time_steps=8,
        batch_sizes=(3, 2),
        batches=(5, 6),
    )
    draws = DrawLog(
        batches=np.array([5, 6]),
        calls=np.array([0, 1]),
        states=np.array([[2**32, 0], [2**62, 8]]),
        samples=np.array([3, 2]),
        steps=np.array([6, 6]),
        plan=(MaskPlan("recurrent", 4, 5, 0.4),),
        dtype="float32",
    )
    layer = LayerRecording("lstm", "LSTM", 5, 7, {"recurrent": masks}, draws, "Note this.")
    recorded = Recording.of({"lstm": layer})
    recorded.skipped["conv"] = "masks images."
    return recorded


def made(**changed: Any) -> Run:
    given: dict[str, Any] = {
        "spec": RunSpec(dropout=1 / 3, recurrent_dropout=0.4, units=5, epochs=3, seed=2**32 - 1),
        "curves": Curves({"loss": [2.5, 1 / 3, 1e-300], "val_loss": [2, 1, 0.5]}),
        "recording": recording(),
        "status": "done",
        "seconds": 1.25,
        "code": "model.fit(x, y)  # Überraschung, 学習\n",
    }
    return Run(**(given | changed))


def saved_and_loaded(run: Run, folder: Path) -> Run:
    loaded = dropviz.load(run.save(folder / "run.dropviz"))
    assert isinstance(loaded, Run)
    return loaded


def bits(curves: Curves) -> dict[str, bytes]:
    return {name: np.array(values, "float64").tobytes() for name, values in curves.items()}


# ---------------------------------------------------------------- curves


def test_curves_grow_by_an_epoch_without_changing() -> None:
    before = Curves({"loss": [2.0]})

    after = before.extended({"loss": 1.0})

    assert after["loss"] == (2.0, 1.0)
    assert before["loss"] == (2.0,)


def test_a_curve_is_nan_where_it_was_not_there() -> None:
    curves = Curves({"loss": [2.0]}).extended({"val_loss": 3.0})

    np.testing.assert_array_equal(curves["loss"], [2, NAN])
    np.testing.assert_array_equal(curves["val_loss"], [NAN, 3])


@pytest.mark.parametrize(("values", "epochs"), [({}, 0), ({"loss": []}, 0), ({"loss": [1, 2]}, 2)])
def test_curves_count_their_epochs(values: dict[str, list[float]], epochs: int) -> None:
    assert Curves(values).epochs == epochs


def test_an_unknown_curve_names_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match=r"no curve 'los'.*Did you mean 'loss'\?"):
        Curves({"loss": [1], "val_loss": [1]})["los"]


def test_curves_answer_as_any_mapping_does() -> None:
    curves = Curves({"loss": [1]})

    assert curves.get("val_loss") is None
    assert "val_loss" not in curves
    assert dict(curves) == {"loss": (1.0,)}


# ---------------------------------------------------------------- a file


@pytest.mark.parametrize("status", ["done", "stopped", "failed"])
def test_a_run_comes_back_from_its_file_as_it_was(status: Status, tmp_path: Path) -> None:
    run = made(status=status, reason="Why it ended.")

    loaded = saved_and_loaded(run, tmp_path)

    assert loaded.spec == run.spec
    assert loaded.status == run.status
    assert loaded.seconds == run.seconds
    assert loaded.code == run.code
    assert loaded.reason == run.reason
    assert loaded.summary == run.summary


@pytest.mark.parametrize(
    "curves",
    [
        {"loss": [0.1, NAN, -0.0, math.inf, 5e-324], "accuracy": [1 / 3] * 5},
        {"loss": [1.0], "val_loss": [1.0, 2.0]},
        {"loss": []},
        {},
    ],
    ids=["every kind of number", "lengths that differ", "no epoch", "no curve"],
)
def test_curves_come_back_to_the_bit(curves: dict[str, list[float]], tmp_path: Path) -> None:
    run = made(curves=Curves(curves))

    loaded = saved_and_loaded(run, tmp_path)

    assert list(loaded.curves) == list(run.curves)
    assert bits(loaded.curves) == bits(run.curves)


PROOFS = {"low": Proof(1.25e-7, 1e-5, 72, 8), "up": Proof(0.5, 1e-2, 1, 1, training=False)}


def test_a_proof_comes_back_as_it_was(tmp_path: Path) -> None:
    loaded = saved_and_loaded(made(proof=PROOFS), tmp_path)

    assert loaded.proof == PROOFS
    assert loaded.summary == made(proof=PROOFS).summary


def test_what_was_not_proved_has_no_proof(tmp_path: Path) -> None:
    assert saved_and_loaded(made(), tmp_path).proof == {}


def test_several_models_come_back_with_their_curves(tmp_path: Path) -> None:
    models = (
        Trained("one", ("lstm",), Curves({"loss": [0.1, NAN], "$ /\0": [1]})),
        Trained("two#2", (), Curves({"loss": [2]})),
    )

    loaded = saved_and_loaded(made(spec=None, models=models), tmp_path)

    assert [(each.name, each.layers) for each in loaded.models] == [
        (each.name, each.layers) for each in models
    ]
    for mine, its in zip(loaded.models, models, strict=True):
        assert bits(mine.curves) == bits(its.curves)
    assert loaded.summary == made(spec=None, models=models).summary


def test_one_of_several_models_comes_back_as_that_one(tmp_path: Path) -> None:
    models = (Trained("one", ("lstm",)), Trained("two", ()))
    one = made(spec=None, models=models).of("one")

    assert saved_and_loaded(one, tmp_path).title == one.title == "Model one"


@pytest.mark.parametrize(
    "spec",
    [
        RunSpec(method="moon", recurrent_dropout=0.25, life="step", scaling="inverted"),
        RunSpec(method="zoneout", zoneout_cell=0.5, zoneout_hidden=0.05),
    ],
    ids=["moon", "zoneout"],
)
def test_a_method_and_its_options_come_back(spec: RunSpec, tmp_path: Path) -> None:
    assert saved_and_loaded(made(spec=spec), tmp_path).spec == spec


def test_a_recording_comes_back_to_the_bit(tmp_path: Path) -> None:
    before = recording()

    after = saved_and_loaded(made(), tmp_path).recording

    mine, its = after["lstm"], before["lstm"]
    assert mine["recurrent"].values.dtype == its["recurrent"].values.dtype
    assert mine["recurrent"].values.tobytes() == its["recurrent"].values.tobytes()
    assert mine["recurrent"].batches == its["recurrent"].batches
    assert after.sentences == before.sentences
    assert after.skipped == before.skipped


def test_what_it_takes_to_redraw_comes_back_to_the_bit(tmp_path: Path) -> None:
    before = recording()["lstm"].draw_log

    after = saved_and_loaded(made(), tmp_path).recording["lstm"].draw_log

    assert before is not None
    assert after is not None
    for name in ("batches", "calls", "states", "samples", "steps"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    assert (after.plan, after.dtype) == (before.plan, before.dtype)


def test_a_loaded_run_has_no_model(tmp_path: Path) -> None:
    assert saved_and_loaded(made(model=object()), tmp_path).model is None


def test_a_run_without_a_spec_comes_back(tmp_path: Path) -> None:
    assert saved_and_loaded(made(spec=None), tmp_path).spec is None


def test_a_loaded_run_saves_the_same_again(tmp_path: Path) -> None:
    once = made().save(tmp_path / "once.dropviz")
    loaded = dropviz.load(once)

    again = loaded.save(tmp_path / "again.dropviz")

    (_, header, arrays), (_, its_header, its_arrays) = (
        result_files.read(once),
        result_files.read(again),
    )
    assert json.dumps(header) == json.dumps(its_header)
    assert {name: each.tobytes() for name, each in arrays.items()} == {
        name: each.tobytes() for name, each in its_arrays.items()
    }


def test_a_path_may_be_text(tmp_path: Path) -> None:
    written = made().save(str(tmp_path / "run.dropviz"))

    assert written == tmp_path / "run.dropviz"
    assert isinstance(dropviz.load(str(written)), Run)


def test_a_recording_alone_comes_back_as_one(tmp_path: Path) -> None:
    loaded = dropviz.load(recording().save(tmp_path / "masks.dropviz"))

    assert isinstance(loaded, Recording)
    assert loaded.sentences == recording().sentences


def test_saving_into_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(DropvizError, match="does not exist"):
        made().save(tmp_path / "nowhere" / "run.dropviz")


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.6, 0.9, 0.999])
def test_a_truncated_file_is_refused(share: float, tmp_path: Path) -> None:
    path = made().save(tmp_path / "run.dropviz")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])

    with pytest.raises(DropvizError, match="not a dropviz file, or it is damaged"):
        dropviz.load(path)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"\x93NUMPY\x01\x00v\x00{}"]
)
def test_a_file_of_another_kind_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "foreign.dropviz"
    path.write_bytes(content)

    with pytest.raises(DropvizError, match="not a dropviz file"):
        dropviz.load(path)


def test_a_numpy_archive_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "foreign.npz"
    np.savez(path, x=np.zeros(3))

    with pytest.raises(DropvizError, match="not a dropviz file"):
        dropviz.load(path)


@pytest.mark.parametrize("name", ["missing.dropviz", "."])
def test_a_path_without_a_file_says_so(name: str, tmp_path: Path) -> None:
    with pytest.raises(DropvizError, match="There is no file"):
        dropviz.load(tmp_path / name)


@pytest.mark.parametrize(
    "changed",
    [
        {"spec": {"dropout": 2}},
        {"spec": {"colour": "red"}},
        {"spec": 7},
        {"curves": ["loss", "val_loss", "accuracy"]},
        {"recording": {}},
        {"seconds": None},
        {"proof": {"lstm": {"error": 1}}},
        {"proof": [1]},
        {"models": [{"name": "one"}]},
    ],
    ids=[
        "a rate out of range",
        "an unknown field",
        "no spec",
        "no such curve",
        "no layers",
        "no time",
        "half a proof",
        "no proofs",
        "half a model",
    ],
)
def test_a_header_that_does_not_fit_its_arrays_is_refused(
    changed: dict[str, Any], tmp_path: Path
) -> None:
    kind, header, arrays = result_files.read(made().save(tmp_path / "run.dropviz"))
    path = result_files.write(tmp_path / "changed.dropviz", kind, header | changed, arrays)

    with pytest.raises(DropvizError, match="is damaged"):
        dropviz.load(path)


# ---------------------------------------------------------------- pictures


@pytest.mark.parametrize("name", ["where", "masks", "curves", "cell"])
def test_a_run_draws_each_of_its_pictures(name: str) -> None:
    assert made().figure(name).alt


def test_a_run_draws_where_dropout_acted_unless_told_otherwise() -> None:
    assert made().figure().alt == made().figure("where").alt


def test_a_loaded_run_draws_the_same_picture(tmp_path: Path) -> None:
    loaded = saved_and_loaded(made(), tmp_path)

    assert loaded.figure("masks").png() == made().figure("masks").png()


def test_an_unknown_picture_names_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match=r"no figure 'mask'.*Did you mean 'masks'\?"):
        made().figure("mask")


@pytest.mark.parametrize("name", ["where", "masks"])
def test_a_picture_of_nothing_recorded_says_so(name: str) -> None:
    with pytest.raises(DropvizError, match="Nothing was recorded"):
        made(recording=Recording.of({})).figure(name)


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("status", "end"),
    [
        ("done", "done after 3 epochs, 1.2 s"),
        ("stopped", "stopped after 3 epochs of 3, 1.2 s"),
        ("failed", "failed after 3 epochs of 3, 1.2 s"),
    ],
)
def test_the_title_says_what_was_trained_and_how_it_ended(status: Status, end: str) -> None:
    run = made(status=status, spec=RunSpec(dropout=0.2, recurrent_dropout=0.4, units=5, epochs=3))

    assert run.title == (f"digits, 5 units, dropout 0.2, recurrent_dropout 0.4, seed 7: {end}")


@pytest.mark.parametrize(
    ("given", "title"),
    [
        (
            {"method": "moon", "dropout": 0.2, "recurrent_dropout": 0.5, "life": "step"},
            "digits, 32 units, method moon, dropout 0.2, recurrent_dropout 0.5, life step, seed 7:",
        ),
        (
            {"method": "zoneout", "zoneout_cell": 0.5, "zoneout_hidden": 0.0},
            "digits, 32 units, method zoneout, dropout 0, recurrent_dropout 0, zoneout_cell 0.5, ",
        ),
        (
            {"task": "temporal-order", "method": "zaremba", "dropout": 0.1},
            "temporal-order, 32 units, method zaremba, dropout 0.1, recurrent_dropout 0, seed 7:",
        ),
    ],
    ids=["moon", "zoneout", "zaremba"],
)
def test_the_title_names_the_method_and_its_options(given: dict[str, Any], title: str) -> None:
    assert made(spec=RunSpec(**given)).title.startswith(title)


@pytest.mark.parametrize(
    ("curves", "title"),
    [
        ({"loss": [1]}, "done after 1 epoch, 1.2 s"),
        ({"loss": [1, 2]}, "done after 2 epochs, 1.2 s"),
        ({}, "done, 1.2 s"),
    ],
    ids=["one epoch", "two epochs", "a hand-written loop"],
)
def test_the_title_of_a_training_of_ones_own_says_how_it_ended(
    curves: dict[str, list[float]], title: str
) -> None:
    assert made(spec=None, curves=Curves(curves)).title == title


def test_a_training_stopped_in_its_first_epoch_says_so() -> None:
    assert "stopped after 0 epochs of 3" in made(status="stopped", curves=Curves()).title


def test_the_summary_is_title_reason_losses_and_what_the_masks_say() -> None:
    run = made(status="failed", reason="the loss was not finite in epoch 2")

    title, reason, losses, *said = run.summary

    assert title == run.title
    assert reason == run.reason
    assert losses == (
        "training loss as Keras reports it, over the epoch 1.00e-300, validation 0.500"
    )
    assert said[0].startswith("recurrent_dropout=0.4 multiplied h_(t-1)")


def test_the_summary_ends_with_the_proof_and_what_is_not_recorded() -> None:
    proof, *_ = PROOFS.values()

    run = made(proof={"lstm": proof})
    assert run.summary[-2:] == [proof.sentence, *run.recording.notes]


def test_several_proofs_name_their_layers() -> None:
    low, up, _ = made(proof=PROOFS).summary[-3:]

    assert low == f"low: {PROOFS['low'].sentence}"
    assert up.startswith("up: NOT proved: ")


def test_the_summary_leaves_out_what_is_not_there() -> None:
    run = made(spec=None, curves=Curves(), recording=Recording.of({}))

    title, why = run.summary
    assert title == "done, 1.2 s"
    assert why.endswith("so nothing was recorded.")


def test_a_run_prints_as_its_summary() -> None:
    assert str(made()).splitlines() == made().summary


def test_a_run_shows_itself_by_what_higher_floors_left(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Run] = []
    monkeypatch.setitem(DISPLAY, Run, shown.append)
    run = made()

    run._ipython_display_()

    assert shown == [run]
