from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from dropviz.core import result_files
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.methods import METHODS
from dropviz.core.recording import Recording, unpack
from dropviz.errors import DropvizError
from dropviz.recording.record import record, record_everything
from dropviz.recording.redraw import redraw, redraws_exactly
from tests.keras_models import (
    BATCH,
    FEATURES,
    METHOD_CASES,
    MODES,
    MOST_UNLIKE,
    ONE_OF_EACH,
    SIZES,
    STEPS,
    Layer,
    budget_of,
    compiled,
    data,
    dropping,
    fit,
    fresh,
    recorded,
    sequential,
)

# Sequences that are so wide that no two masks are equal by luck.
WIDE, LENGTH, MANY = 12, 5, 6
X = data(MANY, LENGTH, WIDE)[0]
# Methods that differ most: masks of many steps, of two states, of a matrix.
THREE = ("naive", "zoneout two rates", "weight-drop")
LENGTHS = ((4, 3), (3, 5), (2, 1), (4, 4))


def wide(case: str, **kwargs: Any) -> Layer:
    return dropping(case, **({"units": WIDE, "seed": 3} | kwargs))


def calls(layer: Layer, *sizes: tuple[int, int], **settings: Any) -> LayerRecording:
    """Records training calls of so many samples and steps."""
    with record(layer, **settings) as recording:
        for samples, steps in sizes:
            layer(data(samples, steps, WIDE)[0], training=True)
    return recording[layer.name]


def acting(layer: Layer) -> dict[str, Any]:
    return {rule.site: rule for rule in layer.cell.setting.rules if rule.rate}


@functools.cache
def two_batches(case: str) -> tuple[LayerRecording, dict[str, Any]]:
    """Two batches of one size, and the rules that act."""
    layer = wide(case)
    return calls(layer, (MANY, LENGTH), (MANY, LENGTH)), acting(layer)


@functools.cache
def of_lengths(case: str) -> tuple[LayerRecording, dict[str, Any]]:
    """Batches of several sizes, and the rules that act."""
    layer = wide(case)
    return calls(layer, *LENGTHS), acting(layer)


# ---------------------------------------------------------------- what is recorded


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", METHOD_CASES)
def test_masks_have_the_axes_of_the_table(case: str) -> None:
    seen, rules = two_batches(case)

    assert list(seen) == [rule.site for rule in METHODS[METHOD_CASES[case]["method"]].rules]
    for site, rule in rules.items():
        masks = seen[site]
        assert masks.shape == (
            2,
            LENGTH if rule.life == "step" else 1,
            4 if rule.tying == "untied" else 1,
            MANY if rule.by_sample else 1,
            WIDE * WIDE if site == "recurrent_kernel" else WIDE,
        )
        assert (masks.rate, masks.time_steps, masks.batch_sizes) == (rule.rate, LENGTH, (MANY,) * 2)
        assert masks.scale == np.float32(rule.kept)
        assert masks.expected_range[0] <= masks.dropped <= masks.expected_range[1]
        assert masks.reason == ""


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", METHOD_CASES)
def test_masks_are_shared_over_what_the_table_says(case: str) -> None:
    seen, rules = two_batches(case)

    for site, rule in rules.items():
        masks = seen[site]
        assert masks.same_over_steps is (rule.life == "sequence")
        assert masks.same_over_gates is ({"tied": True, "untied": False}.get(rule.tying))
        assert masks.same_over_samples is (not rule.by_sample)
        assert masks.same_over_batches is False


@pytest.mark.full
@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", METHOD_CASES)
def test_a_site_without_a_rate_says_so(case: str) -> None:
    layer = wide(case, dropout=0.0)

    seen = calls(layer, (MANY, LENGTH))

    assert seen["input"].reason == "nothing is dropped: the rate is 0."
    assert set(np.unique(seen["input"].values)) == {1}
    assert seen["input"].same_over_steps is None
    for site, rule in acting(layer).items():
        assert seen[site].rate == rule.rate
    if not acting(layer):
        assert seen.draw_log is None


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", METHOD_CASES)
def test_a_recording_knows_its_method(case: str) -> None:
    seen, rules = two_batches(case)

    assert seen.setting == wide(case).cell.setting
    assert (seen.kind, seen.units, seen.batches, seen.note) == ("LSTM", WIDE, 2, "")
    lines = dict(line.split(": ", 1) for line in seen.sentences)
    for site, rule in rules.items():
        said = lines[f"lstm, {site}"]
        assert said.startswith(f"rate {rule.rate:g}; ")
        assert (f"same at all {LENGTH} steps" in said) == (rule.life == "sequence")
        assert ("same for all samples" in said) == (not rule.by_sample)


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", METHOD_CASES)
def test_what_is_recorded_is_what_the_cell_held(case: str) -> None:
    layer, held = wide(case), {}
    reset = layer.cell.reset_dropout_mask

    def noted() -> None:
        held.update({site: np.asarray(masks) for site, masks in layer.cell.masks.items()})
        reset()

    layer.cell.reset_dropout_mask = noted
    seen = calls(layer, (MANY, LENGTH))

    assert sorted(held) == sorted(acting(layer))
    for site, values in held.items():
        np.testing.assert_array_equal(seen[site].of_batch(), values)


# ---------------------------------------------------------------- batches of all sizes


@pytest.mark.full
@pytest.mark.few(4)
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_batches_of_other_sizes_are_padded_and_cut_off_again(case: str) -> None:
    seen, rules = of_lengths(case)

    for site, rule in rules.items():
        masks = seen[site]
        by_step, by_sample = rule.life == "step", rule.by_sample
        assert masks.shape[:2] == (4, 5 if by_step else 1)
        assert masks.batch_sizes == (4, 3, 2, 4)
        gates, units = masks.shape[2], masks.shape[4]
        for batch, (samples, steps) in enumerate(LENGTHS):
            own = masks.of_batch(batch)
            size = (steps if by_step else 1, gates, samples if by_sample else 1, units)
            assert own.shape == size
            np.testing.assert_array_equal(masks.values[batch, : size[0], :, : size[2]], own)
            assert not np.isnan(own).any()
            assert np.count_nonzero(~np.isnan(masks.values[batch])) == math.prod(size)
        assert masks.entries == sum(masks.of_batch(batch).size for batch in range(4))
        assert set(np.unique(masks.values[~np.isnan(masks.values)])) == {0, np.float32(rule.kept)}


def _fit_lengths(model: Any) -> None:
    def batches() -> Iterator[Any]:
        for samples, steps in LENGTHS:
            yield data(samples, steps, FEATURES)

    shapes = tf.TensorSpec((None, None, FEATURES)), tf.TensorSpec((None, 1))
    given = tf.data.Dataset.from_generator(batches, output_signature=shapes)
    model.fit(given, steps_per_epoch=len(LENGTHS), shuffle=False, verbose=0)


@pytest.mark.full
@pytest.mark.few("weight-drop")
@pytest.mark.parametrize("case", ["zoneout two rates", "weight-drop"])
def test_a_graph_records_batches_of_other_sizes(case: str) -> None:
    fresh()
    model = compiled(sequential(dropping(case), steps=None))
    with record(model) as recording:
        _fit_lengths(model)

    seen = recording["lstm"]
    assert seen.batches == len(LENGTHS)
    for site, masks in redraw(seen, 1).items():
        np.testing.assert_array_equal(masks.of_batch(), seen[site].of_batch(1))
        by_step = acting(model.layers[0])[site].life == "step"
        assert [len(seen[site].of_batch(n)) for n in range(4)] == (
            [steps for _, steps in LENGTHS] if by_step else [1] * 4
        )


# ---------------------------------------------------------------- nothing is disturbed


def _state(model: Any) -> list[NDArray[Any]]:
    return [np.asarray(each) for each in (*model.variables, *model.optimizer.variables)]


@pytest.mark.few("weight-drop-graph")
@pytest.mark.parametrize(
    ("case", "mode"),
    [
        ("naive", "eager"),
        ("moon sequence test-time", "eager"),
        ("zoneout two rates", "graph"),
        ("weight-drop", "graph"),
        ("semeniuta step test-time", "jit"),
    ],
)
def test_recording_leaves_the_training_as_it_was(case: str, mode: str) -> None:
    # Batches of one size: XLA compiles each size anew, for seconds.
    x, y = data(2 * BATCH, STEPS, FEATURES)
    outcomes = []
    for wanted in (False, True):
        fresh()
        model = compiled(sequential(dropping(case)), **MODES[mode])
        with recorded(model, wanted=wanted) as recording:
            seen = model.fit(
                x, y, batch_size=BATCH, verbose=0, validation_data=(x[:BATCH], y[:BATCH])
            )
        if wanted:
            assert recording["lstm"].batches == 2
            assert "inner_loop" not in vars(model.layers[0])
        outcomes.append((seen.history, _state(model)))

    (losses, state), (its_losses, its_state) = outcomes
    assert losses == its_losses
    for mine, its in zip(state, its_state, strict=True):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.full
@pytest.mark.few("zoneout two rates")
@pytest.mark.parametrize("case", THREE)
def test_an_eager_fit_is_recorded_batch_by_batch(case: str) -> None:
    fresh()
    model = compiled(sequential(dropping(case)), run_eagerly=True)
    with record_everything() as recorder:
        fit(model)

    recording = recorder.recording
    assert recording["lstm"].setting == model.layers[0].cell.setting
    for site in acting(model.layers[0]):
        assert recording["lstm"][site].batch_sizes == SIZES
        assert recording["lstm"][site].batches == (0, 1, 2)


# ---------------------------------------------------------------- drawn again


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", METHOD_CASES)
def test_kept_batches_are_redrawn_to_the_bit(case: str) -> None:
    seen, rules = of_lengths(case)

    assert redraws_exactly(seen)
    for batch in range(len(LENGTHS)):
        redrawn = redraw(seen, batch)
        assert sorted(redrawn) == sorted(rules)
        for site, masks in redrawn.items():
            np.testing.assert_array_equal(masks.of_batch(), seen[site].of_batch(batch))
            assert (masks.time_steps, masks.batches) == (LENGTHS[batch][1], (batch,))


@pytest.mark.full
@pytest.mark.few("settings1-weight-drop", "settings0-naive")
@pytest.mark.parametrize("case", THREE)
@pytest.mark.parametrize("settings", [{"keep": 1}, {"every": 3}])
def test_batches_that_are_not_kept_are_redrawn(case: str, settings: dict[str, Any]) -> None:
    everything, rules = of_lengths(case)

    seen = calls(wide(case), *LENGTHS, **settings)

    first = next(iter(rules))
    gone = set(range(4)) - set(seen[first].batches)
    assert len(gone) >= 2
    for batch in gone:
        for site, masks in redraw(seen, batch).items():
            np.testing.assert_array_equal(masks.of_batch(), everything[site].of_batch(batch))


@pytest.mark.full
@pytest.mark.few
@pytest.mark.parametrize("case", THREE)
@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_masks_of_any_type_are_redrawn(case: str, dtype: str) -> None:
    layer = wide(case, dtype=dtype)

    seen = calls(layer, (MANY, LENGTH))

    assert seen.draw_log is not None
    assert seen.draw_log.dtype == str(layer.compute_dtype)
    for site, masks in redraw(seen, 0).items():
        np.testing.assert_array_equal(masks.of_batch(), seen[site].of_batch())
        assert seen[site].values.dtype == ("float64" if dtype == "float64" else "float32")


@pytest.mark.full
@pytest.mark.parametrize("case", ["gal-untied", "naive"])
def test_masks_drawn_under_xla_are_kept_and_not_redrawn(case: str) -> None:
    layer = wide(case)
    layer.build(X.shape)
    once = tf.function(layer, jit_compile=True, autograph=False)
    with record(layer) as recording:
        once(tf.constant(X), training=True)

    seen = recording["lstm"]
    for site, rule in acting(layer).items():
        assert set(np.unique(seen[site].values)) == {0, np.float32(rule.kept)}
    assert not redraws_exactly(seen)
    with pytest.raises(DropvizError, match="compiled with jit_compile=True draws other"):
        redraw(seen, 0)


# ---------------------------------------------------------------- memory


@pytest.mark.full
@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_a_budget_keeps_as_many_of_the_last_batches_as_fit(case: str) -> None:
    everything, rules = two_batches(case)
    one = sum(everything[site].of_batch().size for site in rules) * 4

    seen = calls(wide(case), *[(MANY, LENGTH)] * 2, budget_mib=budget_of(one + one // 2))

    for site in rules:
        assert seen[site].batches == (1,)
        np.testing.assert_array_equal(seen[site].values, everything[site].values[1:])
    assert seen.batches == 2


@pytest.mark.full
@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_a_batch_larger_than_the_budget_is_not_kept_and_says_so(case: str) -> None:
    layer = wide(case)

    seen = calls(layer, (MANY, LENGTH), budget_mib=20 / 2**20)

    assert seen.note == "no masks are held: one batch is larger than budget_mib."
    assert all(masks.batches == () for masks in seen.values())
    with pytest.raises(DropvizError, match="or none is kept"):
        redraw(seen, 0)


# ---------------------------------------------------------------- files


@pytest.mark.few(*MOST_UNLIKE)
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_a_saved_recording_comes_back_whole(case: str, tmp_path: Path) -> None:
    seen, _ = of_lengths(case)

    _, header, arrays = result_files.read(Recording.of({"lstm": seen}).save(tmp_path / "a.dropviz"))
    again = unpack(header["recording"], arrays)["lstm"]

    assert again.setting == seen.setting == wide(case).cell.setting
    assert again.sentences == seen.sentences
    assert list(again) == list(seen)
    for site, masks in seen.items():
        np.testing.assert_array_equal(again[site].values, masks.values)
        for fact in ("rate", "gates", "time_steps", "batch_sizes", "batches", "reason"):
            assert getattr(again[site], fact) == getattr(masks, fact)
    assert again.draw_log is not None
    assert seen.draw_log is not None
    assert again.draw_log.plan == seen.draw_log.plan
    for site, redrawn in redraw(again, 2).items():
        np.testing.assert_array_equal(redrawn.of_batch(), seen[site].of_batch(2))


@pytest.mark.full
def test_layers_of_several_methods_are_recorded_side_by_side() -> None:
    model = sequential(
        *[dropping(case, name=case.split()[0], return_sequences=True) for case in ONE_OF_EACH]
    )
    with record(model) as recording:
        model(data()[0], training=True)

    assert [seen.setting.method for seen in recording.values()] == [
        METHOD_CASES[case]["method"] for case in ONE_OF_EACH
    ]
    for seen in recording.values():
        for site, masks in redraw(seen, 0).items():
            np.testing.assert_array_equal(masks.of_batch(), seen[site].of_batch())


def test_both_directions_are_recorded_apart() -> None:
    both = keras.layers.Bidirectional(wide("naive", seed=None), name="both")
    model = keras.Sequential([keras.Input((None, WIDE)), both])
    with record(model) as recording:
        model(X, training=True)

    assert list(recording) == ["both/forward_lstm", "both/backward_lstm"]
    one, other = (seen["recurrent"].of_batch() for seen in recording.values())
    assert one.shape == other.shape == (LENGTH, 1, MANY, WIDE)
    assert not np.array_equal(one, other)


@pytest.mark.full
@pytest.mark.parametrize("case", ["naive", "moon step inverted", "zoneout two rates"])
def test_one_step_is_recorded_too(case: str) -> None:
    layer = wide(case)

    seen = calls(layer, (MANY, 1))

    for site in acting(layer):
        masks = seen[site]
        assert masks.shape[1] == 1
        assert masks.same_over_steps is None
        # h is zero before the first step, so that its mask multiplies nothing.
        assert ("with one time step" in masks.reason) == (site == "recurrent")
