from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from dropviz.core.draw_log import MaskPlan
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.recording import Recording
from dropviz.core.setting import Setting
from dropviz.recording.log_rows import COLUMNS, SIZE, Held
from dropviz.recording.log_rows import LAYOUT as LAYOUT_OF_ROW
from dropviz.recording.mask_layout import Layout, SiteLayout
from dropviz.recording.readback import Facts, layer_recording
from dropviz.recording.record import record
from tests.keras_models import (
    FEATURES,
    RATES,
    STEPS,
    UNITS,
    Layer,
    budget_of,
    data,
    fresh,
    lstm,
    rnn,
)

# ---------------------------------------------------------------- from a real layer


def calls(layer: Layer, sizes: Sequence[int], steps: int = STEPS, **settings: Any) -> Recording:
    """Records a layer that is called with batches of these sizes."""
    with record(layer, **settings) as recording:
        for size in sizes:
            layer(data(size, steps, FEATURES)[0], training=True)
    return recording


def mib(samples: int) -> float:
    """The budget that masks of so many samples of an LSTM need."""
    return budget_of(samples * 4 * (FEATURES + UNITS) * 4)


@pytest.mark.few("settings3-kept3", "settings8-kept8")
@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({}, (0, 1, 2, 3, 4, 5)),
        ({"keep": 2}, (4, 5)),
        ({"keep": 99}, (0, 1, 2, 3, 4, 5)),
        ({"every": 2}, (0, 2, 4)),
        ({"every": 4, "keep": 1}, (4,)),
        ({"every": 99}, (0,)),
        ({"budget_mib": mib(1 * 4)}, (5,)),
        ({"budget_mib": mib(2 * 4)}, (4, 5)),
        ({"budget_mib": mib(3 * 4)}, (3, 4, 5)),
        ({"budget_mib": mib(2 * 4), "keep": 1}, (5,)),
        # A batch that is left out is written too, and then written over.
        ({"budget_mib": mib(3 * 4), "every": 2}, (2, 4)),
    ],
)
def test_the_last_batches_are_kept(settings: dict[str, Any], kept: tuple[int, ...]) -> None:
    fresh()
    everything = calls(lstm(), 6 * [4])["lstm"]["recurrent"]
    fresh()

    masks = calls(lstm(), 6 * [4], **settings)["lstm"]["recurrent"]

    assert masks.batches == kept
    np.testing.assert_array_equal(masks.values, everything.values[list(kept)])


@pytest.mark.full
@pytest.mark.parametrize("settings", [{"keep": 1}, {"every": 3}, {"budget_mib": mib(4)}])
def test_every_batch_is_noted_however_few_are_kept(settings: dict[str, Any]) -> None:
    layer = calls(lstm(), [4, 2, 3], **settings)["lstm"]

    assert layer.draw_log is not None
    assert (layer.batches, layer.draw_log.samples.tolist()) == (3, [4, 2, 3])


def test_a_batch_larger_than_the_budget_is_not_kept_in_part() -> None:
    recording = calls(lstm(), [4, 4], budget_mib=mib(4) / 2)

    assert recording["lstm"]["input"].shape == (0, 1, 4, 0, FEATURES)
    assert (recording["lstm"].batches, recording["lstm"]["input"].batches) == (2, ())
    assert "larger than budget_mib" in str(recording)


def test_a_smaller_batch_after_one_too_large_is_kept() -> None:
    masks = calls(lstm(), [8, 4], budget_mib=mib(4))["lstm"]["input"]

    assert (masks.batches, masks.batch_sizes) == ((1,), (4,))


def test_layers_share_one_budget() -> None:
    model = keras.Sequential([lstm(name="lower", return_sequences=True), lstm(name="upper")])

    recording = calls(model, [4, 4, 4], budget_mib=mib(2 * 4))

    assert [recording[path]["input"].batches for path in ("lower", "upper")] == [(2,), (2,)]


def test_smaller_batches_are_padded_with_nan() -> None:
    masks = calls(lstm(), [2, 4, 3])["lstm"]["recurrent"]

    assert masks.shape == (3, 1, 4, 4, UNITS)
    assert masks.batch_sizes == (2, 4, 3)
    for number, size in enumerate(masks.batch_sizes):
        padding = np.isnan(masks.values[number]).all(axis=(0, 1, 3))
        assert padding.tolist() == [sample >= size for sample in range(4)]


def test_the_longest_batch_tells_the_time_steps() -> None:
    layer = lstm()
    with record(layer) as recording:
        for steps in (2, 5, 1):
            layer(data(2, steps, FEATURES)[0], training=True)

    assert recording["lstm"]["input"].time_steps == 5


# ---------------------------------------------------------------- one time step


def test_one_time_step_drops_nothing_of_the_first_state_and_says_why() -> None:
    layer = lstm(dropout=0)
    x, _ = data(4, 1, FEATURES)

    masks = calls(layer, [4], steps=1)["lstm"]["recurrent"]

    np.testing.assert_array_equal(layer(x, training=True), layer(x))
    assert "one time step" in masks.sentence
    assert masks.same_over_steps is None


def test_one_time_step_masks_the_input_as_ever() -> None:
    masks = calls(lstm(recurrent_dropout=0), [4], steps=1)["lstm"]["input"]

    assert masks.reason == ""


def test_one_time_step_drops_from_a_state_that_is_carried_over() -> None:
    layer = lstm(dropout=0, stateful=True)
    x, _ = data(4, 1, FEATURES)
    layer(x)
    states = [np.asarray(state) for state in layer.states]
    without = layer(x)
    for state, value in zip(layer.states, states, strict=True):
        state.assign(value)

    with record(layer) as recording:
        with_masks = layer(x, training=True)

    assert np.abs(without - with_masks).max() > 0
    assert "nothing is dropped" not in recording["lstm"]["recurrent"].sentence


@pytest.mark.full
@pytest.mark.parametrize(("value", "acts"), [(0.0, False), (1.0, True)])
@pytest.mark.parametrize(
    "make",
    [lstm, rnn, lambda: keras.layers.RNN([keras.layers.GRUCell(UNITS, **RATES)])],
    ids=["LSTM", "SimpleRNN", "stacked cells"],
)
def test_one_time_step_drops_from_an_initial_state_that_is_not_zero(
    make: Callable[[], Layer], value: float, *, acts: bool
) -> None:
    layer = make()
    x, _ = data(4, 1, FEATURES)
    states = keras.tree.map_structure(lambda zeros: zeros + value, layer.get_initial_state(4))

    with record(layer) as recording:
        layer(x, initial_state=states, training=True)

    (recorded,) = recording.values()
    assert ("nothing is dropped" not in recorded["recurrent"].sentence) == acts


# ---------------------------------------------------------------- rates that change


def annealed(*rates: float) -> LayerRecording:
    layer = lstm(recurrent_dropout=0)
    with record(layer) as recording:
        for rate in rates:
            layer.cell.dropout = rate
            layer(data(40, STEPS, FEATURES)[0], training=True)
    return recording["lstm"]


def test_after_a_change_of_rates_only_later_batches_are_kept() -> None:
    layer = annealed(0.5, 0.5, 0.1, 0.1)

    assert (layer["input"].rate, layer["input"].batches) == (0.1, (2, 3))
    assert layer["input"].scale == np.float32(1 / 0.9)
    assert "rates changed" in layer.note


def test_a_rate_that_comes_back_does_not_bring_back_earlier_batches() -> None:
    layer = annealed(0.5, 0.1, 0.5)

    assert layer["input"].batches == (2,)
    assert layer.draw_log is not None
    assert layer.draw_log.batches.tolist() == [2]


def test_rates_that_change_before_the_first_batch_are_no_change() -> None:
    assert annealed(0.25, 0.25).note == ""


# ---------------------------------------------------------------- what a store held

CELL = keras.layers.GRUCell(2)
LAYOUT = Layout(
    (
        SiteLayout(MaskPlan("input", 3, 2, 0.5), drawn=True),
        SiteLayout(MaskPlan("recurrent", 0, 0, 0.0), drawn=False, reason="rate 0."),
    ),
    "float32",
)


def bits(*rates: float) -> list[int]:
    """The two rates of a row, as a log holds them."""
    return [int(each) for each in np.array(rates).view(np.int64)]


def held(
    samples: Sequence[int],
    *,
    gone: int = 0,
    before: int = 0,
    calls: int = 1,
    rates: Sequence[tuple[float, float]] = (),
) -> Held:
    """What a store holds of batches whose masks count up from nought.

    Args:
        samples: Samples in each call.
        gone: How many of the first calls were written over.
        before: How many batches went by before the log's first.
        calls: How many calls there are in each batch.
        rates: The two rates of each call; 0 where not given.
    """
    acted = rates or [(0.0, 0.0)] * len(samples)
    log = [
        row(size, before + number // calls, number % calls, rates=both, drawn=before + number + 1)
        for number, (size, both) in enumerate(zip(samples, acted, strict=True))
    ]
    blocks = [np.arange(6 * size, dtype="float32") for size in samples]
    return Held(
        calls=before * calls + len(samples),
        batches=before + len(samples) // calls,
        looks=0,
        log=np.array(log, np.int64).reshape(-1, COLUMNS),
        blocks=tuple(blocks[gone:]),
        rows=tuple(range(gone, len(samples))),
    )


def row(
    samples: int,
    batch: int = 0,
    call: int = 0,
    *,
    rates: tuple[float, float] = (0.0, 0.0),
    size: int | None = None,
    drawn: int = 1,
    trains: bool = True,
) -> list[int]:
    """A row of a log: of a call over 7 steps, of a layer that drew 3 masks in each so far."""
    whole = 6 * samples if size is None else size
    places = [0, batch, call, int(trains)]
    return [0, whole, samples, 7, 0, 99, 3 * drawn, 0, *bits(*rates), *places]


def of_one(samples: int, block: NDArray[np.float32] | None = None) -> Held:
    """What a store holds of a layer that was called once."""
    log = np.array([row(samples, size=0 if block is None else len(block))], np.int64)
    blocks = () if block is None else (block,)
    return Held(1, 1, 0, log, blocks, tuple(range(len(blocks))))


def read(what: Held, keep: int | None = None, layout: Layout = LAYOUT) -> LayerRecording:
    facts = replace(Facts.of("a/gru", 0, CELL), layouts=(layout,))
    return layer_recording(facts, what, keep)


def test_a_block_is_cut_into_gates_samples_and_units() -> None:
    masks = read(held([4]))["input"]

    np.testing.assert_array_equal(masks.values, np.arange(24).reshape(1, 1, 3, 4, 2))


def test_sites_lie_one_after_the_other_in_a_block() -> None:
    both = Layout(
        (
            SiteLayout(MaskPlan("input", 3, 2, 0.5), drawn=True),
            SiteLayout(MaskPlan("recurrent", 3, 1, 0.25), drawn=True),
        ),
        "float32",
    )
    block: NDArray[np.float32] = np.arange(9 * 2, dtype="float32")

    layer = read(of_one(2, block), layout=both)

    assert layer["input"].values.ravel().tolist() == list(range(12))
    assert layer["recurrent"].values.ravel().tolist() == list(range(12, 18))


def test_what_is_known_of_the_layer_is_passed_on() -> None:
    layer = read(held([4, 2]))

    assert (layer.layer, layer.kind, layer.units, layer.batches) == ("a/gru", "GRU", 2, 2)
    assert layer["input"].gates == ("z", "r", "g")
    assert (layer["input"].rate, layer["input"].time_steps) == (0.5, 7)
    assert layer.note == ""


def test_a_site_that_drops_nothing_is_all_ones() -> None:
    masks = read(held([4, 2]))["recurrent"]

    assert masks.shape == (2, 1, 1, 4, 1)
    assert (masks.dropped, masks.reason) == (0, "rate 0.")


def test_batches_are_numbered_from_the_start_of_the_recording() -> None:
    layer = read(held([4, 4, 4], gone=1, before=10))

    assert layer["input"].batches == (11, 12)
    assert layer.batches == 13


def test_calls_within_a_batch_are_told_apart() -> None:
    layer = read(held([4, 2, 4, 3], calls=2, before=10))

    assert (layer.batches, layer.calls) == (12, 24)
    assert layer["input"].batches == (10, 10, 11, 11)
    assert layer["input"].calls == (0, 1, 0, 1)
    assert layer["input"].batch_sizes == (4, 2, 4, 3)
    assert layer.sentences[-1] == ("a/gru: too long to redraw its first 10 batches.")
    assert "a/gru: called 24 times in 12 batches." in layer.sentences
    assert layer.draw_log is not None
    assert layer.draw_log.batches.tolist() == [10, 10, 11, 11]
    assert layer.draw_log.calls.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("keep", "batches"), [(1, (2, 2)), (2, (1, 1, 2, 2)), (9, (0, 1, 1, 2, 2))]
)
def test_batches_and_not_calls_are_kept(keep: int, batches: tuple[int, ...]) -> None:
    layer = read(held(6 * [4], calls=2, gone=1), keep)

    assert layer["input"].batches == batches
    assert layer["input"].calls == (1, 0, 1, 0, 1)[-len(batches) :]


def test_the_log_tells_the_state_before_each_batch_drew() -> None:
    draws = read(held([4, 2], before=10)).draw_log
    assert draws is not None

    assert draws.batches.tolist() == [10, 11]
    assert draws.calls.tolist() == [0, 0]
    assert draws.states.tolist() == [[99, 3 * 10], [99, 3 * 11]]
    assert draws.samples.tolist() == [4, 2]
    assert draws.plan == (MaskPlan("input", 3, 2, 0.5),)
    assert draws.dtype == "float32"


def test_a_log_that_was_too_short_is_explained() -> None:
    assert "too long to redraw its first 1,200 batches" in read(held([4], before=1200)).note


@pytest.mark.parametrize(
    ("batch", "call", "said"),
    [
        (1, 0, "too long to redraw its first batch."),
        (2, 0, "too long to redraw its first 2 batches."),
        (0, 3, "too long to redraw all calls of its first batch."),
        (10, 1, "too long to redraw all calls of its first 11 batches."),
    ],
)
def test_a_log_that_begins_within_a_batch_has_not_all_of_that(
    batch: int, call: int, said: str
) -> None:
    log = np.array([row(4, batch, call, size=0)], np.int64)

    note = read(Held(40, batch + 1, 0, log, (), ())).note

    assert [each for each in (said,) if note.endswith(each)] == [said]
    assert note.count("too long") == 1


@pytest.mark.parametrize("why", ["nothing is drawn", "no stream of its own"])
def test_what_is_never_redrawn_is_not_said_to_be_too_long(why: str) -> None:
    idle = Layout((LAYOUT.sites[1],), "float32")
    facts = replace(Facts.of("a/gru", 0, CELL), layouts=(LAYOUT,), draws=False)

    what = held([4], before=1200)
    if why == "nothing is drawn":
        layer = read(what, layout=idle)
    else:
        layer = layer_recording(facts, what, None)

    assert layer.draw_log is None
    assert "too long" not in layer.note


def test_whether_a_layer_is_stateful_is_passed_on() -> None:
    facts = replace(Facts.of("a/gru", 0, CELL), layouts=(LAYOUT,))

    for stateful in (False, True):
        made = layer_recording(replace(facts, stateful=stateful), held([4]), None)
        assert made.stateful is stateful
        assert ("it is stateful" in made.note) is stateful


def test_a_layer_that_never_trained_says_so() -> None:
    layer = read(held([]))

    assert (list(layer), layer.batches, layer.calls, layer.draw_log) == ([], 0, 0, None)
    assert layer.note == "no call of it with training=True was seen."


def test_a_layer_whose_log_was_written_over_trained_all_the_same() -> None:
    layer = read(replace(held([]), calls=7, batches=3))

    assert (layer.calls, layer.batches, list(layer)) == (7, 3, [])
    assert "written over by what came later" in layer.note


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (12, "one batch is larger than budget_mib"),  # of 24 entries the store had room for 12
        (24, "written over by what came later"),
        (0, "`every` left out all of these batches"),
    ],
)
def test_why_no_masks_are_held_is_told_from_what_was_written(size: int, said: str) -> None:
    log = np.array([row(4, size=size)], np.int64)

    note = read(Held(1, 1, 0, log, (), ())).note

    assert said in note
    assert ("larger than budget_mib" in note) == (size == 12)


@pytest.mark.parametrize("shapes", [[0, 1, 0], [1, 1, 0], [0, 1, 1, 0, 0]], ids=str)
def test_of_masks_of_several_shapes_those_like_the_last_are_read(shapes: list[int]) -> None:
    wide = LAYOUT.sites[0]
    narrow = replace(wide, plan=replace(wide.plan, units=1))
    other = Layout((narrow, LAYOUT.sites[1]), "float32")
    rows = [row(4, number, size=24 if of == 0 else 12) for number, of in enumerate(shapes)]
    log = np.array(rows, np.int64)
    log[:, LAYOUT_OF_ROW] = shapes
    blocks = tuple(np.arange(entry[SIZE], dtype="float32") for entry in log)
    facts = replace(Facts.of("a/gru", 0, CELL), layouts=(LAYOUT, other))

    layer = layer_recording(
        facts, Held(len(log), len(log), 0, log, blocks, tuple(range(len(log)))), None
    )

    assert layer["input"].batches == tuple(n for n, of in enumerate(shapes) if of == 0)
    assert layer.draw_log is not None
    assert layer.draw_log.batches.tolist() == list(layer["input"].batches)
    assert "several shapes" in layer.note
    assert "rates changed" not in layer.note


def test_where_nothing_is_drawn_there_is_nothing_to_redraw() -> None:
    nothing = Layout(
        tuple(
            SiteLayout(MaskPlan(site, 0, 0, 0.0), drawn=False, reason="rate 0.")
            for site in ("input", "recurrent")
        ),
        "float32",
    )

    layer = read(of_one(4), layout=nothing)

    assert layer.draw_log is None
    assert layer["input"].batches == (0,)


@pytest.mark.parametrize("rates", [RATES, {"dropout": 0.5}, {"recurrent_dropout": 0.5}])
def test_gates_have_keras_s_names_and_order(rates: dict[str, float]) -> None:
    layer = keras.layers.LSTM(UNITS, **rates)

    recording = calls(layer, [4])

    assert {masks.gates for masks in recording[layer.name].values()} == {("i", "f", "g", "o")}


# ---------------------------------------------------------------- rates that move

MOVING = Layout((replace(LAYOUT.sites[0], argument="dropout"), LAYOUT.sites[1]), "float32")
MOVED = [(0.5, 0.25), (0.37, 0.25), (0.37, 0.1), (0.37, 0.1)]


def test_a_rate_that_moves_is_read_from_the_log_to_the_bit() -> None:
    masks = read(held([4], rates=[(0.1 + 0.2, 0.0)]), layout=MOVING)["input"]

    assert masks.rate == 0.1 + 0.2


def test_a_rate_that_stays_is_that_of_its_layout() -> None:
    layer = read(held([4], rates=[(0.25, 0.125)]))

    assert layer["input"].rate == 0.5
    assert layer.setting == Setting("keras")  # that of the cell


def test_rates_that_are_variables_are_those_of_the_last_call() -> None:
    facts = replace(Facts.of("a/gru", 0, CELL), layouts=(MOVING,), is_live=True)

    layer = layer_recording(facts, held([4, 4], rates=[(0.5, 0.5), (0.25, 0.125)]), None)

    assert layer.setting == Setting("keras", 0.25, 0.125)


def test_a_cell_that_does_not_say_how_many_units_it_has_is_known_without() -> None:
    class Own(keras.layers.Layer):  # type: ignore[misc]
        pass

    facts = Facts.of("own", 3, Own())

    assert (facts.path, facts.number, facts.kind, facts.gates, facts.units) == (
        "own",
        3,
        "Own",
        (),
        0,
    )
    assert not facts.is_live
    assert not facts.draws
    assert Facts.of("gru", 3, CELL).draws


@pytest.mark.parametrize("last", [1, 2, 3, 4])
def test_only_batches_after_the_last_change_of_either_rate_are_read(last: int) -> None:
    layer = read(held([4] * last, rates=MOVED[:last], before=10), layout=MOVING)

    kept = {1: (10,), 2: (11,), 3: (12,), 4: (12, 13)}[last]
    assert layer["input"].batches == kept
    assert layer["input"].rate == MOVED[last - 1][0]
    assert ("its rates changed while it was recorded" in layer.note) == (last > 1)
    assert layer.draw_log is not None
    assert tuple(layer.draw_log.batches.tolist()) == kept
    assert len(layer.draw_log) == len(kept)
    assert layer.draw_log.plan[0].rate == MOVED[last - 1][0]


def test_rates_that_differ_in_their_last_bit_are_a_change() -> None:
    rates = [(0.3, 0.0), (0.1 + 0.2, 0.0)]

    assert read(held([4, 4], rates=rates), layout=MOVING)["input"].batches == (1,)
