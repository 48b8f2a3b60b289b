from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dropviz.core.curves import Curves, Trained
from dropviz.core.gates import LSTM_GATES
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.recording import Recording
from dropviz.core.runs import Run
from dropviz.core.setting import Setting
from dropviz.core.trace_result import Proof
from dropviz.errors import UnknownNameError

STEPS, SAMPLES, UNITS = 4, 6, 8
GAL = "Each sequence keeps its masks from its first step to its last"


def masks(layer: str, site: str, rate: float, **changed: Any) -> Masks:
    by_step, tied, frozen = (changed.pop(name, False) for name in ("by_step", "tied", "frozen"))
    shape = (2, STEPS if by_step else 1, 1 if tied else 4, SAMPLES, UNITS)
    kept = np.random.default_rng(len(layer)).random(shape) >= rate
    if frozen:
        kept[1] = kept[0]
    given: dict[str, Any] = {
        "layer": layer,
        "site": site,
        "values": np.where(kept, np.float32(1 / (1 - rate)), np.float32(0)),
        "rate": rate,
        "gates": LSTM_GATES,
        "time_steps": STEPS,
        "batch_sizes": (SAMPLES,) * 2,
        "batches": (0, 1),
        "reason": "" if rate else "nothing is dropped: the rate is 0.",
    }
    return Masks(**(given | changed))


def layer(name: str, rates: tuple[float, float] = (0.25, 0.5), **changed: Any) -> LayerRecording:
    note = changed.pop("note", "")
    sites = {
        site: masks(name, site, rate, **changed)
        for site, rate in zip(("input", "recurrent"), rates, strict=True)
    }
    setting = Setting(dropout=rates[0], recurrent_dropout=rates[1])
    return LayerRecording(name, "LSTM", UNITS, 2, sites, note=note, setting=setting)


def run(*layers: LayerRecording, models: tuple[Trained, ...] = (), **changed: Any) -> Run:
    shown = models[-1].curves if models else Curves({"loss": [2.0, 1.0]})
    given: dict[str, Any] = {
        "spec": None,
        "curves": shown,
        "recording": Recording.of({each.layer: each for each in layers}),
        "status": "done",
        "seconds": 1.5,
        "code": "",
        "models": models,
    }
    return Run(**(given | changed))


def proof(error: float = 1e-7) -> Proof:
    return Proof(error, 1e-5, 2, 3)


def folds(number: int, layers: int = 3, **changed: Any) -> Run:
    """As many folds, each of as many layers."""
    names = [[f"lstm_{fold * layers + each}" for each in range(layers)] for fold in range(number)]
    models = tuple(
        Trained(
            f"fold_{fold}",
            tuple(names[fold]),
            Curves({"loss": [2.0, 1 + fold / 10], "val_loss": [3.0, 2 + fold / 10]}),
        )
        for fold in range(number)
    )
    every = [name for fold in names for name in fold]
    proofs = {name: proof() for name in every}
    return run(*map(layer, every), models=models, **({"proof": proofs} | changed))


# ---------------------------------------------------------------- many models


def test_six_folds_of_three_layers_make_twenty_lines() -> None:
    said = folds(6).summary

    assert len(said) <= 20
    assert sum(map(len, said)) < 2500


def test_each_model_has_a_line_with_what_is_so_of_it() -> None:
    title, heads, *below = folds(2).summary

    assert title == "2 models trained: done, 1.5 s"
    assert " ".join(heads.split()) == (
        "model recurrent layers trained loss (Keras's) val_loss proof by NumPy"
    )
    assert below[0].split("  ")[0] == "fold_0"
    assert "lstm_0, lstm_1, lstm_2" in below[0]
    assert "2 epochs" in below[0]
    assert below[0].endswith("1.000           2.000     agrees to 1.0e-07")
    assert below[1].endswith("1.100           2.100     agrees to 1.0e-07")


def test_below_the_table_the_last_model_is_named_and_nothing_is_said_of_another() -> None:
    made = folds(3)
    start = next(n for n, line in enumerate(made.summary) if line.startswith("Below"))

    assert made.summary[start] == (
        "Below: model fold_2, the last that trained; run.of('fold_0') shows another."
    )
    rest = " ".join(made.summary[start + 1 :])
    assert "training loss as Keras reports it, over the epoch 1.200, validation 2.200" in rest
    assert {f"lstm_{number}:" in rest for number in (6, 7, 8)} == {True}
    assert {f"lstm_{number}:" in rest for number in range(6)} == {False}


def test_a_proof_stands_for_the_layers_of_its_own_model() -> None:
    proofs = {"lstm_0": proof(2e-7), "lstm_1": proof(0.5), "lstm_4": proof(3e-7)}
    made = folds(3, layers=2, proof=proofs)

    ends = [line.rpartition("  ")[2] for line in made.summary[2:5]]
    assert ends == ["does NOT agree: lstm_1", "not compared", "agrees to 3.0e-07 in 1 of 2 layers"]
    below = made.summary[5:]
    assert [line for line in below if "roved" in line] == [f"lstm_4: {proof(3e-7).sentence}"]
    assert made.of("fold_0").disproved == ["lstm_1"]
    assert made.shown.disproved == []


def test_a_scheme_is_told_of_the_model_that_is_shown() -> None:
    models = (Trained("steps", ("a",)), Trained("sequence", ("b",)))
    made = run(layer("a", by_step=True), layer("b"), models=models)

    assert made.summary[-2].startswith(GAL)
    assert not any(line.startswith(GAL) for line in made.of("steps").summary)


@pytest.mark.parametrize("number", [13, 14, 100])
def test_of_very_many_models_the_first_and_the_last_have_a_line(number: int) -> None:
    said = folds(number, layers=1).summary

    assert said[2].startswith("fold_0 ")
    assert f"... {number - 11} more, in run.models" in said[8]
    assert said[13].startswith(f"fold_{number - 1} ")
    assert len(said) <= 20


def test_a_model_trained_batch_by_batch_has_batches_and_no_losses() -> None:
    models = (Trained("maker", ("a",)), Trained("critic", ("b",)))
    made = run(layer("a"), layer("b"), models=models)

    assert " ".join(made.summary[1].split()) == "model recurrent layers trained proof by NumPy"
    assert [line.split() for line in made.summary[2:4]] == [
        ["maker", "a", "2", "batches", "not", "compared"],
        ["critic", "b", "2", "batches", "not", "compared"],
    ]


def test_a_layer_of_two_models_is_said_to_be_of_both() -> None:
    models = (Trained("critic", ("c",)), Trained("gan", ("m", "c")))
    made = run(layer("c"), layer("m"), models=models)

    assert "c trained in critic and gan: its masks are those of all." in made.summary
    assert made.shown.recording["c"].models == ("critic", "gan")
    assert made.shown.recording["m"].models == ("gan",)
    assert list(made.shown.recording) == ["m", "c"]


def test_the_last_model_with_a_recurrent_layer_is_shown() -> None:
    baseline = Trained("baseline", (), Curves({"loss": [3.0]}))
    made = run(layer("a"), models=(Trained("rnn", ("a",)), baseline), curves=Curves())

    assert made.shown.name == "rnn"
    assert "rnn, the last that trained with a recurrent layer;" in " ".join(made.summary)
    assert "baseline  none recorded" in made.summary[3]


def test_models_without_any_layer_are_told_all_the_same() -> None:
    models = (Trained("a", (), Curves({"loss": [2.0]})), Trained("b", (), Curves({"loss": [1.0]})))
    made = run(models=models)

    assert "Below: model b, the last that trained; run.of('a') shows another." in made.summary
    assert made.shown.curves["loss"] == (1.0,)


def test_another_model_can_be_asked_for() -> None:
    made = folds(3, model=object())
    other = made.of("fold_1")

    assert other.summary[0] == "Model fold_1: 2 epochs"
    assert list(other.recording) == ["lstm_3", "lstm_4", "lstm_5"]
    assert other.curves["loss"][-1] == 1.1
    assert (other.model, made.shown.model) == (None, made.model)
    assert other.models == ()


@pytest.mark.parametrize("name", ["fold_9", "", None, 3])
def test_a_model_that_did_not_train_is_answered_with_those_that_did(name: Any) -> None:
    with pytest.raises(UnknownNameError, match=r"There is no trained model .* Known: 'fold_0'"):
        folds(2).of(name)


def test_a_single_model_has_no_models_to_ask_for() -> None:
    made = run(layer("a"))

    assert made.shown is made
    with pytest.raises(UnknownNameError, match="Known: none"):
        made.of("a")


# ---------------------------------------------------------------- many layers in one model


def five(**changed: Any) -> Run:
    return run(*(layer(f"lstm_{number}", **changed) for number in range(5)))


def test_five_layers_have_a_row_each_and_no_sentences() -> None:
    said = five().summary

    assert said[2].split("  ")[0] == "layer"
    assert [line.split()[0] for line in said[3:8]] == [f"lstm_{number}" for number in range(5)]
    assert len(said) == 9
    assert said[8].startswith(GAL)


def test_three_layers_have_a_sentence_for_each_argument() -> None:
    said = run(*map(layer, "abc")).summary

    assert [line.split(":")[0] for line in said[2:8]] == ["a", "a", "b", "b", "c", "c"]


def test_a_row_says_the_rate_the_share_the_life_and_the_tying() -> None:
    heads, first = five().summary[2:4]

    share = five().recording["lstm_0"]["input"].dropped
    assert heads.split("  ")[0] == "layer"
    assert "dropout: x_t" in heads
    assert "recurrent_dropout: h_(t-1)" in heads
    assert f"0.25: {share:.1%} dropped, one a sequence, untied" in first


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"by_step": True}, "dropped, new at each step, untied"),
        ({"tied": True}, "dropped, one a sequence, tied"),
        ({"frozen": True}, "dropped, one a sequence, untied, same in all batches"),
        ({"rates": (0.0, 0.0)}, "lstm_0  0 "),
    ],
)
def test_a_row_says_what_is_so_of_its_masks(changed: dict[str, Any], words: str) -> None:
    assert words in five(**changed).summary[3]


def test_each_row_has_the_proof_of_its_own_layer() -> None:
    made = five()
    proofs = {"lstm_0": proof(2e-7), "lstm_1": proof(0.5)}
    said = run(*made.recording.values(), proof=proofs).summary

    ends = [line.rpartition("  ")[2] for line in said[3:8]]
    assert ends == ["agrees to 2.0e-07", "does NOT agree", *["not compared"] * 3]
    assert "0.25: drawn, " in said[4]
    assert said[-1] == f"lstm_1: {proof(0.5).sentence}"


def unknown(name: str, rates: tuple[float, float]) -> LayerRecording:
    """A layer whose code is not Keras's own."""
    return layer(name, rates).compared(agrees=False)


@pytest.mark.parametrize("number", [1, 4])
def test_a_layer_that_drew_nothing_is_not_said_to_leave_its_masks_out(number: int) -> None:
    named = [f"own_{n}" for n in range(number)]

    idle = run(*(unknown(name, (0.0, 0.0)) for name in named)).summary
    both = run(*(unknown(name, (0.0, 0.0)) for name in named), unknown("own", (0.2, 0.0))).summary

    assert not any("NOT proved" in line for line in idle)
    assert [line.split(":")[0] for line in both if "NOT proved" in line] == ["own"]


def test_a_row_does_not_say_of_a_stateful_layer_that_a_sequence_has_one_mask() -> None:
    made = layer("on")
    facts = (made.layer, made.kind, made.units, made.batches, dict(made))
    carrying = LayerRecording(*facts, setting=made.setting, stateful=True)

    said = run(carrying, *(layer(f"lstm_{number}") for number in range(4))).summary

    assert "dropped, same at all steps, untied" in said[3]
    assert "dropped, one a sequence, untied" in said[4]
    assert said[-1].startswith("In lstm_0 ... lstm_3 (4) each sequence keeps its masks")


def test_a_row_says_neither_none_nor_all_of_what_is_nearly_so() -> None:
    values = np.ones((2, 1, 4, SAMPLES, 512), "float32")
    values[0, 0, 0, 0, :3] = 0

    assert "0.25: 0.012% dropped, " in five(values=values).summary[3]


def test_what_is_not_recorded_is_said_last_of_one_model_and_of_several() -> None:
    missed = Recording.of({})
    missed.skipped["conv"] = "it masks images."
    assert run(recording=missed).summary[-1] == "conv: it masks images."
    several = folds(3)
    several.recording.skipped["conv"] = "it masks images."
    assert several.summary[-1] == "conv: it masks images."
    assert run().summary[-1].startswith("No recurrent layer was seen to train in this thread")


@pytest.mark.parametrize(
    ("status", "why"),
    [("done", ""), ("stopped", ", as the training did not come to its end")],
)
def test_a_layer_that_dropped_and_was_not_compared_is_said_to_be(status: Any, why: str) -> None:
    layers = layer("rnn"), layer("other"), layer("whole", (0.0, 0.0))
    made = run(*layers, proof={"other": proof()}, status=status)
    assert f"rnn: not compared with NumPy{why}." in made.summary
    assert "whole" not in " ".join(line for line in made.summary if "not compared" in line)
    assert not any(
        "not compared" in line for line in run(layers[1], proof={"other": proof()}).summary
    )


def test_notes_and_reasons_are_said_once_for_all_their_layers() -> None:
    why = "nothing is dropped: the rate is 1."
    layers = [
        layer(f"lstm_{n}", note="Look.", values=np.ones((2, 1, 1, 6, 1), "f4"), reason=why)
        for n in range(5)
    ]

    said = run(*layers).summary

    assert "lstm_0 ... lstm_4 (5): Look." in said
    assert f"lstm_0 ... lstm_4 (5): dropout=0.25: {why}" in said


@pytest.mark.parametrize(
    ("often", "said"),
    [
        ({0: 6, 1: 6, 2: 6}, ["lstm_0, lstm_1, lstm_2: called 6 times in 2 batches."]),
        ({4: 1_200}, ["lstm_4: called 1,200 times in 2 batches."]),
        ({1: 3, 2: 4}, [f"lstm_{n}: called {n + 2} times in 2 batches." for n in (1, 2)]),
        ({0: 2, 3: 2}, []),
    ],
)
def test_rows_too_say_which_layers_were_called_several_times_in_a_batch(
    often: dict[int, int], said: list[str]
) -> None:
    layers = [layer(f"lstm_{n}") for n in range(5)]
    for number, calls in often.items():
        layers[number].calls = calls

    assert [each for each in run(*layers).summary if "called" in each] == said


def test_masks_that_no_argument_stands_for_have_a_column_of_their_own() -> None:
    layers = []
    for number in range(4):
        made = layer(f"lstm_{number}")
        sites = dict(made) | {"cell": masks(made.layer, "cell", 0.5)}
        layers.append(LayerRecording(made.layer, "LSTM", UNITS, 2, sites, setting=made.setting))

    assert "cell: c_t" in run(*layers).summary[2]


def test_a_proof_names_its_layer_where_another_has_none() -> None:
    said = run(layer("a"), layer("b"), proof={"b": proof()}).summary

    assert said[-1] == f"b: {proof().sentence}"


def test_a_dropout_layer_has_a_row_that_says_what_it_follows_and_no_proof() -> None:
    between = masks("drops", "between", 0.5, gates=(), tied=True)
    drops = LayerRecording("drops", "Dropout", 0, 2, {"between": between}, follows="lstm_3")
    said = run(*(layer(f"lstm_{number}") for number in range(4)), drops).summary

    assert said[7].startswith("drops, after lstm_3  ")
    assert "0.5: " in said[7]
    assert not said[7].endswith("compared")
    assert said[6].endswith("not compared")


def test_a_dropout_layer_is_no_recurrent_layer_of_its_model() -> None:
    between = masks("drops", "between", 0.5, gates=(), tied=True)
    drops = LayerRecording("drops", "Dropout", 0, 2, {"between": between}, follows="a")
    models = (Trained("one", ("a", "drops")), Trained("two", ("b",)))
    made = run(layer("a"), layer("b"), drops, models=models, proof={"a": proof()})

    assert made.summary[2].split()[:2] == ["one", "a"]
    assert made.summary[2].endswith("agrees to 1.0e-07")
    assert list(made.of("one").recording) == ["a", "drops"]
    assert made.of("one").figure("where").alt.startswith("LSTM layer a of one unrolled")
