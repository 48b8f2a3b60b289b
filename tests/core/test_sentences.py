from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from dropviz.core.curves import Curves
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.methods import METHODS
from dropviz.core.number_forms import counted
from dropviz.core.sentences import (
    answer,
    answers,
    conclusion,
    intentions,
    last_figure,
    last_losses,
    listed,
)
from dropviz.core.setting import Setting
from tests.tables import PLACES

GATES = ("i", "f", "g", "o")


def masks(site: str = "input", *, steps: int = 1, gates: int = 4, **kwargs: Any) -> Masks:
    """Makes masks of 2 batches, 16 samples and 32 units, a third of them dropped."""
    random = np.random.default_rng(11 if site == "input" else 12)
    values = np.where(random.random((2, steps, gates, 16, 32)) < 0.25, 0, np.float32(4 / 3))
    given: dict[str, Any] = {
        "layer": "lstm",
        "site": site,
        "values": values,
        "rate": 0.25,
        "gates": GATES,
        "time_steps": 6,
        "batch_sizes": (16, 16),
        "batches": (0, 1),
    }
    return Masks(**(given | kwargs))


def layer(*sites: Masks, name: str = "lstm", note: str = "") -> LayerRecording:
    return LayerRecording(name, "LSTM", 32, 2, {each.site: each for each in sites}, note=note)


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 epochs"), (1, "1 epoch"), (2, "2 epochs"), (1797, "1,797 epochs")]
)
def test_a_number_comes_with_its_noun(number: int, said: str) -> None:
    assert counted(number, "epoch") == said


def test_the_last_losses_are_those_of_the_last_epoch() -> None:
    curves = {
        "val_accuracy": [0.5, 0.75],
        "loss": [2.0, 1.0],
        "val_loss": [3.0, 1.5],
        "loss_dropout_on": [1.9, 0.95],
        "loss_dropout_on_low": [1.8, 0.9],
        "loss_dropout_on_high": [2.0, 0.99],
        "loss_dropout_off": [1.9, 0.8],
        "mae": [7.0, 7.0],
    }
    numbers = {"val_mae": [0.5, 0.25], "mae": [1.0, 1.0]}
    text = {"val_bits_per_character": [3.0, 2.5], "bits_per_character": [4.0, 4.0]}

    assert last_losses(curves) == (
        "training loss with dropout on 0.950 (0.900 to 0.990), training loss with dropout off "
        "0.800, training loss as Keras reports it, over the epoch 1.000, validation 1.500, "
        "validation accuracy 0.750"
    )
    assert last_losses(numbers) == "validation mean absolute error 0.250"
    assert last_losses(text) == "validation bits per character 2.500"
    assert (
        last_losses({"loss": [2.0, 1.0]})
        == "training loss as Keras reports it, over the epoch 1.000"
    )


def test_losses_that_are_not_there_are_left_out() -> None:
    assert last_losses(Curves({"val_loss": [math.nan]})) == "validation nan"
    assert last_losses(Curves()) == ""
    assert last_losses({"loss": []}) == ""


NAN = math.nan


@pytest.mark.parametrize(
    ("curves", "said"),
    [
        ({"loss": [3, 2, 1], "val_loss": [NAN, 2.5, NAN]}, "2.500 (epoch 2, no number since)"),
        ({"loss": [3, 2, 1], "val_loss": [2.5, NAN, NAN]}, "2.500 (epoch 1, no number since)"),
        ({"loss": [3, 2], "val_loss": [NAN, 1.5]}, "1.500"),
        ({"val_loss": [1.5, NAN]}, "1.500 (epoch 1, no number since)"),
        # The training came to nothing, and that is what is to be said.
        ({"loss": [3, NAN], "val_loss": [2.5, NAN]}, "nan"),
        ({"loss": [3, 2], "val_loss": [NAN, NAN]}, "nan"),
        ({"loss": [3, 2], "val_loss": [1.5, math.inf]}, "inf"),
    ],
)
def test_an_epoch_without_validation_is_none_whose_validation_was_no_number(
    curves: dict[str, list[float]], said: str
) -> None:
    assert last_figure(Curves(curves), "val_loss") == said
    assert last_losses(Curves(curves)).endswith(f"validation {said}")


# ---------------------------------------------------------------- where an argument acted


@pytest.mark.parametrize(
    ("argument", "site", "place"),
    [
        ("dropout", "input", "x_t, the vertical arrows"),
        ("recurrent_dropout", "recurrent", "h_(t-1), the horizontal arrows"),
        ("recurrent_dropout", "candidate", "g_t, the candidate that is added to the memory"),
        ("recurrent_dropout", "cell", "c_t, the memory itself"),
        ("recurrent_dropout", "output", "h_t on its way up"),
        ("recurrent_dropout", "recurrent_kernel", "the entries of U, the weights on h_(t-1)"),
        ("zoneout_hidden", "hidden_update", "the update of h: a dropped unit keeps h_(t-1)"),
        ("zoneout_cell", "cell_update", "the update of c: a dropped unit keeps c_(t-1)"),
    ],
)
def test_an_answer_says_which_argument_multiplied_what(
    argument: str, site: str, place: str
) -> None:
    assert answer(masks(site), argument).startswith(f"{argument}=0.25 multiplied {place}, ")


def test_an_answer_names_the_site_where_it_knows_no_argument() -> None:
    assert answer(masks("elsewhere")).startswith("elsewhere=0.25 multiplied elsewhere, ")


def test_an_answer_says_what_was_measured() -> None:
    one = masks()

    said = answer(one)

    assert f"{one.dropped:.1%} dropped, the rest times 1.33; " in said
    assert "same at all 6 steps; differs between gates, samples and batches." in said


def test_a_scale_of_1_is_not_worth_a_word() -> None:
    values = np.where(masks().values > 0, np.float32(1), np.float32(0))

    assert "the rest" not in answer(masks(values=values))


def test_an_answer_says_why_nothing_was_dropped() -> None:
    ones = np.ones((2, 1, 1, 16, 1), "float32")

    none = masks(values=ones, rate=0.0, reason="the rate is 0.")

    assert answer(none, "dropout") == "dropout=0: the rate is 0."


def test_an_answer_without_a_batch_says_so() -> None:
    none = masks(values=np.zeros((0, 1, 4, 0, 3), "float32"), batch_sizes=(), batches=())

    assert answer(none, "dropout") == "dropout=0.25: no masks of it are held."


def test_one_layer_answers_without_its_name() -> None:
    lines = answers({"lstm": layer(masks(), masks("recurrent"))})

    assert lines[:2] == [
        answer(masks(), "dropout"),
        answer(masks("recurrent"), "recurrent_dropout"),
    ]


def test_masks_of_a_layer_that_is_not_proved_were_drawn_and_tell_no_method() -> None:
    recorded = {"lstm": layer(masks(), masks("recurrent")).compared(agrees=False)}

    lines = answers(recorded)

    assert [" was drawn for " in line for line in lines] == [True, True]
    assert not any("multiplied" in line for line in lines)
    assert not conclusion(recorded)
    assert conclusion({"lstm": recorded["lstm"].compared(agrees=True)})


def test_several_layers_answer_with_their_names_and_notes() -> None:
    lines = answers(
        {"low": layer(masks(), name="low", note="Note this."), "up": layer(masks(), name="up")}
    )

    assert lines[0] == "low: " + answer(masks(), "dropout")
    assert lines[1] == "low: Note this."
    assert lines[2] == "up: " + answer(masks(), "dropout")


def test_an_empty_recording_answers_nothing() -> None:
    assert answers({}) == []


# ---------------------------------------------------------------- methods


def of_method(setting: Setting, name: str = "lstm") -> LayerRecording:
    sites = {rule.site: masks(rule.site, rate=rule.rate) for rule in setting.rules}
    return LayerRecording(name, "LSTM", 32, 2, sites, setting=setting)


@pytest.mark.parametrize("name", METHODS)
def test_each_site_of_a_method_answers_with_its_argument_and_place(name: str) -> None:
    row = METHODS[name]
    setting = Setting(name, 0.2, 0.5 if len(row.rules) > 1 else 0)

    lines = answers({"lstm": of_method(setting)})

    for rule, line in zip(setting.rules, lines, strict=False):
        assert rule.rate > 0
        assert line.startswith(f"{rule.argument}={rule.rate:g} multiplied {PLACES[rule.site]}, ")


@pytest.mark.parametrize("name", [name for name in METHODS if name != "keras"])
def test_a_method_concludes_with_its_name_paper_and_what_it_does(name: str) -> None:
    row = METHODS[name]

    lines = conclusion({"lstm": of_method(Setting(name, 0.2))})

    assert lines == [f"lstm follows the method {name}, {row.paper}: it {row.summary}."]


def test_layers_of_several_methods_each_name_theirs() -> None:
    settings = {"low": Setting("moon", 0.1), "mid": Setting("keras", 0.1), "up": Setting("zaremba")}

    lines = conclusion({name: of_method(each, name) for name, each in settings.items()})

    assert [line.split(",")[0] for line in lines] == [
        "low follows the method moon",
        "up follows the method zaremba",
    ]


# ---------------------------------------------------------------- the scheme


@pytest.mark.parametrize(
    ("gates", "tying"),
    [((4, 4), ", untied)"), ((1, 1), ", tied)"), ((4, 1), "1512.05287)")],
    ids=["untied", "tied", "one of each"],
)
def test_masks_that_live_for_a_sequence_are_gal_and_ghahramanis(
    gates: tuple[int, int], tying: str
) -> None:
    recorded = layer(masks(gates=gates[0]), masks("recurrent", gates=gates[1]))

    (line,) = conclusion({"lstm": recorded})

    assert "Gal & Ghahramani" in line
    assert tying in line


@pytest.mark.parametrize(
    "recorded",
    [
        layer(masks(steps=6), masks("recurrent")),
        layer(masks(), masks("recurrent", steps=6)),
        layer(masks(values=np.repeat(masks().values[:, :, :, :1], 16, axis=3))),
        layer(masks(time_steps=1)),
        layer(masks(values=np.ones((2, 1, 1, 16, 1)), rate=0.0, reason="the rate is 0.")),
        layer(),
    ],
    ids=[
        "new input masks at each step",
        "new recurrent masks at each step",
        "one mask for all samples",
        "one time step",
        "nothing dropped",
        "no site",
    ],
)
def test_no_scheme_is_named_where_the_masks_do_not_show_it(recorded: LayerRecording) -> None:
    assert conclusion({"lstm": recorded}) == []


def lasting(name: str, kind: str = "LSTM", **facts: Any) -> LayerRecording:
    sites = {site: masks(site) for site in ("input", "recurrent")}
    return LayerRecording(name, kind, 32, 2, sites, **facts)


def test_a_sequence_that_goes_on_in_the_next_batch_is_not_said_to_keep_its_masks() -> None:
    assert conclusion({"a": lasting("a")})
    assert conclusion({"a": lasting("a", stateful=True)}) == []


NOT_HELD: dict[str, Any] = {
    "values": np.zeros((0, 1, 4, 0, 3), "float32"),
    "batch_sizes": (),
    "batches": (),
}
EXCEPT: dict[str, LayerRecording] = {
    "stateful": lasting("b", stateful=True),
    "drawn only": lasting("b", drawn_only=True),
    "not held": LayerRecording("b", "LSTM", 32, 2, {"input": masks(**NOT_HELD)}),
}


@pytest.mark.parametrize("other", EXCEPT)
def test_the_scheme_is_said_of_those_layers_alone_whose_masks_show_it(other: str) -> None:
    (line,) = conclusion({"a": lasting("a"), "b": EXCEPT[other], "c": lasting("c")})

    assert line.startswith("In a, c each sequence keeps its masks ")


@pytest.mark.parametrize("facts", [{}, {"stateful": True}, {"drawn_only": True}], ids=str)
def test_a_layer_that_drops_nothing_is_no_exception_to_the_scheme(facts: dict[str, Any]) -> None:
    ones = masks(values=np.ones((2, 1, 1, 16, 1)), rate=0.0, reason="the rate is 0.")
    nothing = LayerRecording("b", "LSTM", 32, 2, {"input": ones}, **facts)

    (line,) = conclusion({"a": lasting("a"), "b": nothing})

    assert line.startswith("Each sequence keeps its masks ")


def test_of_many_names_the_first_and_the_last_are_listed() -> None:
    assert listed(["a", "b", "c"]) == "a, b, c"
    assert listed(["a", "b", "c", "d"]) == "a ... d (4)"


# ---------------------------------------------------------------- before anything is trained

SETTINGS = {
    **{name: Setting(name, 0.2, 0.5 if len(row.rules) > 1 else 0) for name, row in METHODS.items()},
    "keras, dropout alone": Setting("keras", 0.2),
    "keras, recurrent_dropout alone": Setting("keras", 0, 0.5),
    "keras, none": Setting("keras"),
    "moon at each step, inverted": Setting("moon", 0.1, 0.3, life="step", scaling="inverted"),
    "semeniuta for a sequence": Setting("semeniuta", 0.1, 0.3, life="sequence"),
    "zoneout of both": Setting("zoneout", 0.1, zoneout_cell=0.3, zoneout_hidden=0.05),
    "zoneout of c": Setting("zoneout", 0.1, 0.3, zoneout_cell=0.05),
}


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_intentions_say_of_each_site_what_its_rule_says(setting: Setting) -> None:
    lines = intentions(setting)

    for rule, line in zip(setting.rules, lines, strict=False):
        argument, _, does = line.partition(" will ")
        assert argument == f"{setting.argument(rule)}={rule.rate:g}"
        if not rule.rate:
            assert does == "drop nothing."
            continue
        assert does.startswith(f"multiply {PLACES[rule.site]}: {rule.rate:.0%} dropped, ")
        assert ("the rest times" in does) == (rule.kept != 1)
        assert f"times {rule.kept:.3g}, " in does or rule.kept == 1
        assert ("a new mask at each step" in does) == (rule.life == "step")
        assert ("one mask for all steps" in does) == (rule.life == "sequence")
        assert ("the same for all gates" in does) == (rule.tying == "tied")
        assert ("one for each gate" in does) == (rule.tying == "untied")
        assert does.endswith("another for each sample.") == rule.by_sample
        assert does.endswith("one for all samples of a batch.") == (not rule.by_sample)


@pytest.mark.parametrize(
    ("rate", "said"), [(0.125, "12.5%"), (0.004, "0.4%"), (0.996, "99.6%"), (0.29, "29%")]
)
def test_intentions_say_a_rate_as_it_is(rate: float, said: str) -> None:
    assert f": {said} dropped, " in intentions(Setting("keras", rate))[0]


@pytest.mark.parametrize(("dropped", "said"), [(3, "0.0092%"), (2**15 - 3, "99.99%")])
def test_an_answer_says_neither_none_nor_all_of_what_is_nearly_so(dropped: int, said: str) -> None:
    values = (np.arange(2**15) >= dropped).astype("float32").reshape(2, 1, 4, 16, 256)

    assert f", {said} dropped" in answer(masks(values=values))


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_intentions_warn_of_cudnn_where_recurrent_dropout_of_keras_is_set(setting: Setting) -> None:
    warned = setting.method == "keras" and setting.recurrent_dropout > 0

    rest = intentions(setting)[len(setting.rules) :]

    assert ["rules out cuDNN" in line for line in rest] == [True] * warned


@pytest.mark.parametrize(("rate", "tying"), [(0, "the same for all gates"), (0.1, "one for each")])
def test_recurrent_dropout_changes_what_dropout_of_keras_will_do(rate: float, tying: str) -> None:
    dropout, *_, last = intentions(Setting("keras", 0.2, rate))

    assert tying in dropout
    assert ("for the inputs too" in last) == (rate > 0)


def test_intentions_name_the_argument_that_a_rate_comes_from() -> None:
    of_both = [line.partition("=")[0] for line in intentions(Setting("zoneout", 0.1, 0.3))]
    of_one = [line.partition(" ")[0] for line in intentions(SETTINGS["zoneout of c"])]

    assert of_both == ["dropout", "recurrent_dropout", "recurrent_dropout"]
    assert of_one == ["dropout=0.1", "zoneout_cell=0.05", "recurrent_dropout=0.3"]


# ---------------------------------------------------------------- a Dropout layer between


def a_dropout(follows: str, feeds: str) -> LayerRecording:
    values = np.where(np.random.default_rng(1).random((2, 6, 1, 8, 9)) < 0.5, 0, 2.0)
    masks = Masks(
        layer="drop",
        site="between",
        values=values,
        rate=0.5,
        gates=(),
        time_steps=6,
        batch_sizes=(8, 8),
        batches=(0, 1),
    )
    sites = {"between": masks}
    return LayerRecording("drop", "Dropout", 9, 2, sites, follows=follows, feeds=feeds)


@pytest.mark.parametrize(
    ("follows", "feeds", "said"),
    [
        ("lstm", "lstm_1", "what lstm passes to lstm_1"),
        ("lstm", "", "what lstm passes to what follows"),
        ("", "lstm", "what comes before it passes to lstm"),
    ],
)
def test_a_dropout_layer_says_between_which_layers_it_drops(
    follows: str, feeds: str, said: str
) -> None:
    lstm = of_method(Setting("keras", 0.2, 0.5))

    lines = answers({"lstm": lstm, "drop": a_dropout(follows, feeds)})

    (line,) = (each for each in lines if each.startswith("drop: "))
    assert line.startswith(f"drop: rate=0.5 multiplied {said}, ")
    assert "the rest times 2; differs between steps, samples and batches" in line
    # Gal's scheme is that of the recurrent layers alone.
    assert not any(each.startswith("Each sequence keeps") for each in lines)


@pytest.mark.parametrize(
    ("batches", "calls", "said"),
    [
        (6, 30, "called 30 times in 6 batches."),
        (1, 1_200, "called 1,200 times in 1 batch."),
        (6, 6, ""),
    ],
)
def test_a_layer_that_is_called_several_times_in_a_batch_says_so(
    batches: int, calls: int, said: str
) -> None:
    sites = dict(of_method(Setting("keras", 0.2, 0.5)))
    lines = answers({"lstm": LayerRecording("lstm", "LSTM", 9, batches, sites, calls=calls)})

    assert [each for each in lines if "called" in each] == ([f"lstm: {said}"] if said else [])
