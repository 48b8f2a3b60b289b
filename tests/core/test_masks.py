from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dropviz.core.draw_log import DrawLog
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks, percent, rate_percent
from dropviz.errors import DropvizError

LSTM = ("i", "f", "g", "o")
GRU = ("z", "r", "g")


def drawn(*shape: int, rate: float = 0.5, seed: int = 0) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    return np.where(random.random(shape) < rate, 0, 1 / (1 - rate)).astype("float32")


def make(values: NDArray[Any] | None = None, **kwargs: Any) -> Masks:
    """Makes masks of 2 batches, 4 gates, 4 samples and 8 units, unless told otherwise."""
    values = drawn(2, 1, 4, 4, 8) if values is None else values
    given: dict[str, Any] = {
        "layer": "lstm",
        "site": "input",
        "values": values,
        "rate": 0.5,
        "gates": LSTM,
        "time_steps": 6,
        "batch_sizes": (values.shape[3],) * len(values),
        "batches": tuple(range(len(values))),
    }
    return Masks(**(given | kwargs))


def padded() -> Masks:
    """Masks whose last batch has 2 samples of 4."""
    values = drawn(2, 1, 4, 4, 8)
    values[1, :, :, 2:] = np.nan
    return make(values, batch_sizes=(4, 2))


# ---------------------------------------------------------------- how many are dropped


def test_the_share_dropped_is_counted() -> None:
    values = np.full((1, 1, 1, 2, 4), 2, "float32")
    values[0, 0, 0, 0] = 0
    values[0, 0, 0, 1, 0] = 0

    assert make(values).dropped == 5 / 8


def test_padding_is_not_counted() -> None:
    masks = padded()
    real = [masks.of_batch(0), masks.of_batch(1)]

    assert masks.entries == 4 * 8 * (4 + 2)
    assert masks.dropped == sum((one == 0).sum() for one in real) / masks.entries


def test_nothing_recorded_has_no_share() -> None:
    masks = make(np.zeros((0, 1, 4, 0, 8), "float32"))

    assert math.isnan(masks.dropped)
    assert masks.expected_range == (0, 1)
    assert masks.scale is None


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("draws", [64, 256, 4096])
def test_the_expected_range_holds_as_often_as_it_says(rate: float, draws: int) -> None:
    low, high = make(drawn(1, 1, 1, 1, draws, rate=rate), rate=rate).expected_range
    dropped = np.arange(draws + 1)
    logs = np.cumsum(np.log(np.maximum(dropped, 1)))
    chances = np.exp(
        logs[-1]
        - logs
        - logs[::-1]
        + dropped * math.log(rate)
        + (draws - dropped) * math.log(1 - rate)
    )
    # The range is that of a normal distribution, which a small binomial one is not:
    # at 64 draws and a rate of 0.1 it holds in 99.8 % instead of 99.9 %.
    assert chances[(dropped / draws >= low) & (dropped / draws <= high)].sum() > 0.998


@pytest.mark.parametrize(("rate", "expected"), [(0.0, (0, 0)), (1.0, (1, 1))])
def test_certain_rates_expect_one_share(rate: float, expected: tuple[float, float]) -> None:
    assert make(np.full((1, 1, 1, 2, 4), 1 - rate), rate=rate).expected_range == expected


def test_no_range_leaves_what_a_share_can_be() -> None:
    assert make(drawn(1, 1, 1, 1, 2)).expected_range == (0, 1)


def test_where_nothing_can_be_dropped_nothing_is_expected() -> None:
    masks = make(np.ones((1, 1, 1, 2, 1), "float32"), rate=1.0, reason="rate 1.")

    assert (masks.dropped, masks.expected_range) == (0, (0, 0))


# ---------------------------------------------------------------- the scale


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.75])
def test_the_scale_is_what_kept_entries_are_multiplied_with(rate: float) -> None:
    assert make(drawn(2, 1, 4, 4, 8, rate=rate), rate=rate).scale == np.float32(1 / (1 - rate))


@pytest.mark.parametrize(
    "values",
    [np.zeros((1, 1, 1, 2, 2)), np.array([1.0, 2.0]).reshape(1, 1, 1, 1, 2)],
    ids=["nothing kept", "two scales"],
)
def test_no_single_scale_is_none(values: NDArray[Any]) -> None:
    assert make(values).scale is None


def test_the_scale_passes_over_padding() -> None:
    assert padded().scale == 2


# ---------------------------------------------------------------- what is shared

STEPS, GATES, SAMPLES, BATCHES = 1, 2, 3, 0
STORED_ONCE = STEPS, GATES, SAMPLES  # where one mask serves all
FACTS = {
    STEPS: "same_over_steps",
    GATES: "same_over_gates",
    SAMPLES: "same_over_samples",
    BATCHES: "same_over_batches",
}


def shared(axis: int, *, stored_once: bool) -> Masks:
    """Masks that are the same along one axis, and along no other."""
    shape = [2, 6, 4, 4, 16]
    once = drawn(*[1 if number == axis else size for number, size in enumerate(shape)])
    values = once if stored_once else np.repeat(once, shape[axis], axis=axis)
    return make(values, batch_sizes=(4, 4), batches=(0, 1))


@pytest.mark.parametrize(
    ("axis", "stored_once"),
    [*((axis, False) for axis in FACTS), *((axis, True) for axis in STORED_ONCE)],
)
def test_what_is_shared_is_true_and_the_rest_is_false(axis: int, *, stored_once: bool) -> None:
    masks = shared(axis, stored_once=stored_once)

    found = {other: getattr(masks, name) for other, name in FACTS.items()}

    assert found == {other: other == axis for other in FACTS}


@pytest.mark.parametrize(
    ("axis", "masks"),
    [
        (STEPS, make(time_steps=1)),
        (GATES, make(drawn(2, 1, 1, 4, 8), gates=("h",))),
        (GATES, make(drawn(2, 1, 1, 4, 8), gates=())),
        (SAMPLES, make(drawn(2, 1, 4, 1, 8))),
        (BATCHES, make(drawn(1, 1, 4, 4, 8))),
    ],
    ids=["one step", "one gate", "unnamed gates", "one sample", "one batch"],
)
def test_what_there_is_one_of_cannot_be_said_to_be_shared(axis: int, masks: Masks) -> None:
    assert getattr(masks, FACTS[axis]) is None


@pytest.mark.parametrize("name", FACTS.values())
@pytest.mark.parametrize(
    "masks",
    [make(reason="rate 0."), make(np.zeros((0, 1, 4, 0, 8)))],
    ids=["nothing is dropped", "nothing recorded"],
)
def test_without_masks_nothing_can_be_said(masks: Masks, name: str) -> None:
    assert getattr(masks, name) is None


@pytest.mark.parametrize("axis", [GATES, SAMPLES, BATCHES])
def test_equal_by_luck_cannot_be_said(axis: int) -> None:
    # Two masks of 2 units are equal by luck in one case of four.
    shape = [1, 1, 1, 1, 2]
    shape[axis] = 2
    values = np.full(shape, 2, "float32")

    assert getattr(make(values, gates=LSTM), FACTS[axis]) is None


@pytest.mark.parametrize(("units", "said"), [(19, None), (20, True)])
def test_equal_is_said_where_luck_is_below_one_in_a_million(
    units: int, *, said: bool | None
) -> None:
    # At a rate of one half, 20 entries agree by luck in one case of 2 ** 20.
    values = np.repeat(drawn(1, 1, 1, 1, units), 2, axis=SAMPLES)

    assert make(values).same_over_samples is said


def test_a_rate_that_drops_everything_proves_nothing() -> None:
    masks = make(np.zeros((2, 1, 1, 4, 50)), rate=1.0, gates=("h",))

    assert (masks.same_over_samples, masks.same_over_batches) == (None, None)


def test_one_entry_is_enough_to_differ() -> None:
    values = np.repeat(drawn(1, 1, 1, 1, 40), 2, axis=SAMPLES)
    values[0, 0, 0, 1, 39] = 2 - values[0, 0, 0, 1, 39]

    assert make(values).same_over_samples is False


@pytest.mark.parametrize("axis", [GATES, SAMPLES, BATCHES])
def test_padding_does_not_make_a_difference(axis: int) -> None:
    once = drawn(*[1 if number == axis else size for number, size in enumerate((2, 1, 4, 4, 16))])
    values = np.repeat(once, (2, 1, 4, 4)[axis], axis=axis)
    values[1, :, :, 2:] = np.nan

    masks = make(values, batch_sizes=(4, 2))

    assert getattr(masks, FACTS[axis]) is True


def test_padding_hides_no_difference() -> None:
    masks = padded()

    assert (masks.same_over_samples, masks.same_over_batches) == (False, False)


def test_a_smaller_first_batch_is_compared_too() -> None:
    values = np.repeat(drawn(1, 1, 4, 4, 16), 2, axis=BATCHES)
    values[0, :, :, 2:] = np.nan

    assert make(values, batch_sizes=(2, 4)).same_over_batches is True


# ---------------------------------------------------------------- several calls in a batch


def called_twice(values: NDArray[Any], **kwargs: Any) -> Masks:
    """Masks of a layer that is called twice in each of 2 batches."""
    return make(values, **({"batches": (3, 3, 4, 4), "calls": (0, 1, 0, 1)} | kwargs))


def of_calls(*numbers: int) -> NDArray[np.float32]:
    """Masks of several calls; those with one number are the same."""
    return np.concatenate([drawn(1, 1, 4, 4, 8, seed=number) for number in numbers])


@pytest.mark.parametrize(
    ("numbers", "calls", "batches"),
    [
        ((1, 2, 3, 4), False, False),
        ((1, 1, 2, 2), True, False),
        ((1, 2, 1, 2), False, True),
        ((1, 1, 1, 1), True, True),
        ((1, 1, 2, 3), False, False),
        # The first call of a batch is compared with that of another.
        ((1, 2, 2, 1), False, False),
    ],
)
def test_calls_of_a_batch_and_batches_are_compared_apart(
    numbers: tuple[int, ...], *, calls: bool, batches: bool
) -> None:
    masks = called_twice(of_calls(*numbers))

    assert (masks.same_over_calls, masks.same_over_batches) == (calls, batches)


def test_one_batch_of_several_calls_says_nothing_of_batches() -> None:
    masks = called_twice(of_calls(1, 1, 1, 1), batches=(7,) * 4, calls=(0, 1, 2, 3))

    assert (masks.same_over_calls, masks.same_over_batches) == (True, None)
    assert "same for all calls in a batch" in masks.sharing


@pytest.mark.parametrize("masks", [make(), make(calls=(0, 0)), padded()])
def test_where_each_batch_has_one_call_nothing_can_be_said_of_calls(masks: Masks) -> None:
    assert masks.same_over_calls is None
    assert not any("call" in phrase for phrase in masks.sharing)


def test_calls_that_are_equal_by_luck_cannot_be_said_to_be_shared() -> None:
    assert called_twice(np.full((4, 1, 1, 1, 2), 2, "float32")).same_over_calls is None


def test_padding_of_calls_makes_no_difference_and_hides_none() -> None:
    values = of_calls(1, 1, 2, 2)
    values[1, :, :, 2:] = np.nan
    assert called_twice(values, batch_sizes=(4, 2, 4, 4)).same_over_calls is True

    values[1, 0, 0, 0, 0] = 2 - values[1, 0, 0, 0, 0]
    assert called_twice(values, batch_sizes=(4, 2, 4, 4)).same_over_calls is False


def test_where_nothing_is_dropped_nothing_can_be_said_of_calls() -> None:
    assert called_twice(of_calls(1, 1, 2, 2), reason="rate 0.").same_over_calls is None


# ---------------------------------------------------------------- in words


def test_the_sentence_says_it_all() -> None:
    values = np.zeros((1, 1, 4, 5, 8), "float32")
    values[..., ::2] = 2

    assert make(np.repeat(values, 2, axis=BATCHES)).sentence == (
        "lstm, input: rate 0.5; 50.0% dropped (expected 0.0% to 100.0%); kept x 2; same at all 6 "
        "steps; same for all 4 gates; same for all samples; same in all batches."
    )


@pytest.mark.parametrize("axis", range(4), ids=["batches", "steps", "gates", "samples"])
def test_what_is_shared_along_an_axis_is_one_draw(axis: int) -> None:
    apart = make(drawn(3, 6, 4, 5, 8))
    once = drawn(*(1 if at == axis else size for at, size in enumerate((3, 6, 4, 5, 8))))

    low, high = make(np.repeat(once, apart.values.shape[axis], axis=axis)).expected_range

    # Of as many draws as there are: the half-width goes with the root of their number, up to
    # half a draw for its correction.
    alone = make(once).expected_range
    assert high - low == pytest.approx(alone[1] - alone[0])
    assert high - low > 1.5 * (apart.expected_range[1] - apart.expected_range[0])


@pytest.mark.parametrize(
    ("masks", "sharing"),
    [
        (make(), ["same at all 6 steps", "differs between gates, samples and batches"]),
        (
            make(drawn(2, 1, 1, 4, 8)),
            [
                "same at all 6 steps",
                "same for all 4 gates",
                "differs between samples and batches",
            ],
        ),
        (
            called_twice(of_calls(1, 2, 3, 4)),
            [
                "same at all 6 steps",
                "differs between gates, samples, the calls in a batch and batches",
            ],
        ),
        (
            make(drawn(1, 1, 3, 1, 8), gates=GRU),
            ["same at all 6 steps", "differs between gates"],
        ),
    ],
)
def test_the_sentence_names_what_is_shared_and_what_differs(
    masks: Masks, sharing: list[str]
) -> None:
    assert masks.sharing == sharing
    assert masks.sentence.endswith(f"{'; '.join(sharing)}.")


def test_the_sentence_leaves_out_what_cannot_be_said() -> None:
    masks = make(drawn(1, 1, 1, 1, 8), gates=("h",), time_steps=1)

    assert masks.sharing == []
    assert masks.sentence.startswith("lstm, input: rate 0.5;")


@pytest.mark.parametrize(
    ("masks", "sentence"),
    [
        (make(reason="nothing is dropped: rate 0."), "lstm, input: nothing is dropped: rate 0."),
        (make(np.zeros((0, 1, 4, 0, 8))), "lstm, input: no masks of it are held."),
        (make(np.zeros((1, 1, 1, 2, 4)), rate=1.0), "lstm, input: rate 1; 100.0% dropped"),
        (make(np.zeros((1, 1, 1, 2, 4)), rate=1.0), "no single scale"),
    ],
)
def test_the_sentence_says_what_is_odd(masks: Masks, sentence: str) -> None:
    assert sentence in masks.sentence


def test_masks_show_their_sentence() -> None:
    masks = make()

    assert repr(masks) == f"<Masks {masks.sentence}>"


# ---------------------------------------------------------------- batches


def test_a_batch_comes_without_padding() -> None:
    masks = padded()

    assert [masks.of_batch(0).shape, masks.of_batch(1).shape] == [(1, 4, 4, 8), (1, 4, 2, 8)]
    assert not np.isnan(masks.of_batch()).any()
    np.testing.assert_array_equal(masks.of_batch(), masks.values[1, :, :, :2])


def test_a_mask_for_all_samples_comes_whole() -> None:
    masks = make(drawn(2, 1, 4, 1, 8), batch_sizes=(4, 4))

    assert masks.of_batch().shape == (1, 4, 1, 8)


def test_the_shape_is_that_of_the_values() -> None:
    assert make().shape == (2, 1, 4, 4, 8)


@pytest.mark.parametrize(
    ("share", "said"),
    [
        *((0.0, "0.0%"), (1.0, "100.0%"), (0.2, "20.0%"), (0.24967, "25.0%"), (0.0005, "0.1%")),
        *((0.0004, "0.04%"), (1e-7, "1e-05%"), (0.9994, "99.9%"), (0.9997, "99.97%")),
        *((1 - 2**-30, "99.9999999%"), (math.nan, "nan%")),
    ],
)
def test_a_measured_share_is_none_or_all_only_where_it_is(share: float, said: str) -> None:
    assert percent(share) == said


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        *((0.0, "0%"), (1.0, "100%"), (0.2, "20%"), (0.07, "7%"), (0.29, "29%"), (0.125, "12.5%")),
        *((1 / 3, "33.33%"), (0.03125, "3.125%"), (0.004, "0.4%"), (0.996, "99.6%")),
        *((1e-7, "1e-05%"), (0.99999, "99.999%")),
    ],
)
def test_a_rate_has_as_many_digits_as_it_takes(rate: float, said: str) -> None:
    assert rate_percent(rate) == said


@pytest.mark.parametrize("hundredths", range(101))
def test_a_rate_of_whole_per_cents_has_no_point(hundredths: int) -> None:
    assert rate_percent(hundredths / 100) == f"{hundredths}%"


def test_a_sentence_says_neither_none_nor_all_of_what_is_nearly_so() -> None:
    values = np.ones((1, 1, 1, 2, 5000), "float32")
    values[..., 0, :2] = 0

    assert "; 0.02% dropped (expected " in make(values, rate=2e-4).sentence


# ---------------------------------------------------------------- a layer


def layer(**kwargs: Any) -> LayerRecording:
    return LayerRecording("lstm", "LSTM", 8, 2, {"input": make()}, **kwargs)


def test_a_layer_is_a_mapping_by_site() -> None:
    recorded = layer()

    assert list(recorded) == ["input"]
    assert len(recorded) == 1
    assert recorded["input"].site == "input"


def test_an_unknown_site_is_answered_with_the_nearest() -> None:
    with pytest.raises(DropvizError, match=r"recorded site 'inptu'. Did you mean 'input'"):
        layer()["inptu"]


def test_a_layer_says_a_line_for_each_site_and_its_note() -> None:
    assert layer(note="too long.").sentences == [make().sentence, "lstm: too long."]
    assert layer().sentences == [make().sentence]


def test_a_layer_that_is_called_more_often_than_it_has_batches_says_so() -> None:
    assert layer(calls=1200).sentences[1] == "lstm: called 1,200 times in 2 batches."
    assert (layer().calls, len(layer().sentences)) == (2, 1)


def test_a_layer_says_where_a_kept_mask_is_from() -> None:
    assert [layer().at(place) for place in (0, -1)] == ["batch 1 of 2", "batch 2 of 2"]
    assert layer(calls=2).at() == "batch 2 of 2"


def test_a_layer_that_is_called_several_times_says_which_call_a_mask_is_from() -> None:
    masks = {"input": called_twice(of_calls(1, 2, 3, 4))}
    twice = LayerRecording("lstm", "LSTM", 8, 1200, masks, calls=2400)

    assert twice.at(1) == "batch 4 of 1,200, call 2 of the layer in it"
    assert twice.at() == "batch 5 of 1,200, call 2 of the layer in it"
    with pytest.raises(DropvizError, match="no batch 4 among those kept"):
        twice.at(4)


def test_a_layer_shows_what_it_is() -> None:
    assert repr(layer()) == "<LSTM 'lstm', 2 batches: input>"


def test_draws_count_their_calls() -> None:
    each = np.zeros(3, np.int64)
    draws = DrawLog(each, each, np.zeros((3, 2), np.int64), each, each, (), "float32")

    assert len(draws) == 3
