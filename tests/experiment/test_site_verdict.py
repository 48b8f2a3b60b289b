"""From what was seen at a place to the words of the design, on bits made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dropviz.core.gates import GRU_GATES, LSTM_GATES
from dropviz.core.verdict import SiteVerdict
from dropviz.experiment.chance import interval
from dropviz.experiment.observations import Look, Place
from dropviz.experiment.site_verdict import site_verdict

Array = Any
RATE, KEPT, SLACK = 0.4, 1 / 0.6, 0.006
CALLS, SAMPLES, READERS = 2, 60, 4


def drawn(*shape: int, seed: int = 0, rate: float = RATE) -> Array:
    """Bits, 1 where dropped."""
    shape = shape or (CALLS, SAMPLES, READERS)
    return (np.random.default_rng(seed).random(shape) < rate).astype(float)


def seen(dropped: Array, **how: Any) -> Look:
    return Look(**{"kept": KEPT, "spread": 0.0, "dropped": dropped, **how})


def gated(*dropped: Array, site: str = "recurrent", **how: Any) -> Place:
    """A place where each gate was looked at, in calls of its own."""
    looks: dict[int | None, Look] = {gate: seen(bits) for gate, bits in enumerate(dropped)}
    return Place(site, looks, **{"distinct": READERS, **how})


def four(site: str = "recurrent", **how: Any) -> Place:
    return gated(*(drawn(seed=seed) for seed in range(4)), site=site, **how)


def judged(place: Place, gates: tuple[str, ...] = LSTM_GATES) -> tuple[SiteVerdict, list[str]]:
    doubts: list[str] = []
    return site_verdict(place, gates, SLACK, doubts), doubts


def steps(*bits: Array) -> Array:
    """Kept bits of several steps, as they are read."""
    return 1 - np.stack(bits)


A, B, C, D = (drawn(seed=seed) for seed in range(10, 14))

# ---------------------------------------------------------------- life


@pytest.mark.parametrize(
    ("bits", "life"),
    [
        (steps(A, A, A), "sequence"),
        (steps(A, B, C), "step"),
        (steps(A, A), "sequence"),
        (np.stack([1 - A, 1 - A, np.full_like(A, np.nan)]), "sequence"),
    ],
)
def test_how_long_a_mask_lives(bits: Array, life: str) -> None:
    verdict, doubts = judged(Place("cell", {None: seen(A)}, steps=bits, distinct=READERS))
    assert (verdict.life, doubts) == (life, [])


@pytest.mark.parametrize(
    "bits",
    [steps(A, A, B), steps(A, B, B), steps(A, np.where(C, A, B), np.where(D, A, C))],
    ids=["every second step", "from the second on", "half of it"],
)
def test_steps_that_share_masks_in_part_are_neither_one_nor_each_its_own(bits: Array) -> None:
    verdict, doubts = judged(Place("cell", {None: seen(A)}, steps=bits, distinct=READERS))
    assert (verdict.life, doubts) == (None, [])
    assert verdict.notes == ("steps share their masks in part.",)


@pytest.mark.parametrize(("bits", "life"), [(steps(A, A, A), None), (steps(A, B, C), "step")])
def test_where_no_dropped_entry_shows_equal_steps_prove_nothing(
    bits: Array, life: str | None
) -> None:
    hidden = Place("cell", {None: seen(A, shows=False)}, steps=bits, distinct=READERS)
    verdict, doubts = judged(hidden)
    assert verdict.life == life
    unproved = "cell: the outputs do not tell how long a mask lives."
    assert (unproved in doubts) is (life is None)


@pytest.mark.parametrize("bits", [None, np.full((3, *A.shape), np.nan), steps(A)])
def test_where_steps_do_not_show_life_is_a_doubt(bits: Array) -> None:
    verdict, doubts = judged(Place("cell", {None: seen(A)}, steps=bits, distinct=READERS))
    assert verdict.life is None
    assert doubts == ["cell: the outputs do not tell how long a mask lives."]


def test_a_mask_at_one_step_only_is_a_note() -> None:
    place = Place("input", {0: seen(A), 1: seen(A)}, steps=steps(A), only=(0,), distinct=READERS)
    place.joint = steps(A, A)
    verdict, doubts = judged(place)
    assert (verdict.life, doubts) == (None, [])
    assert verdict.notes == ("of three steps only these are masked: 1.",)


# ---------------------------------------------------------------- tying and gates


@pytest.mark.parametrize(
    ("bits", "tying"),
    [(steps(A, A, A, A), "tied"), (steps(A, B, C, D), "untied"), (steps(A, B), "untied")],
)
def test_whether_gates_share_a_mask(bits: Array, tying: str) -> None:
    verdict, doubts = judged(four(joint=bits, steps=steps(A, A)))
    assert (verdict.tying, doubts) == (tying, [])


@pytest.mark.parametrize(
    ("bits", "doubt"),
    [
        (np.full((4, *A.shape), np.nan), "too few entries were dropped to tell tied from untied."),
        (None, "only one gate is masked, so that there is nothing to tie."),
    ],
)
def test_where_tying_is_a_doubt(bits: Array, doubt: str) -> None:
    verdict, doubts = judged(four(joint=bits, steps=steps(A, A)))
    assert verdict.tying is None
    assert doubts == [f"recurrent: {doubt}"]


def test_gates_of_which_some_share_a_mask_are_noted() -> None:
    verdict, doubts = judged(four(joint=steps(A, A, B, B), steps=steps(A, A)))
    assert (verdict.tying, doubts) == (None, [])
    assert verdict.notes == ("some gates share a mask and others do not.",)


def test_a_gate_that_was_read_at_another_unit_tells_of_x_and_h_themselves() -> None:
    place = four(joint=steps(A, B, A, A), steps=steps(A, A))
    place.elsewhere = 1

    verdict, doubts = judged(place)

    assert (verdict.tying, doubts) == (None, [])
    assert verdict.notes == ("some gates share a mask and others do not.",)


@pytest.mark.parametrize(
    ("bits", "tying", "doubt"),
    [
        (steps(A, B, A, A), None, "whether the gate r has the mask of the others"),
        (steps(A, A, A, A), None, "whether the gate r has the mask of the others"),
        (steps(A, A, B, C), "untied", ""),
    ],
)
def test_nothing_is_told_of_a_gate_that_was_read_at_another_unit(
    bits: Array, tying: str | None, doubt: str
) -> None:
    place = four(joint=bits, steps=steps(A, A), perhaps="recurrent_product")
    place.elsewhere = 1

    verdict, doubts = judged(place)

    assert (verdict.tying, verdict.notes) == (tying, ())
    found = [each for each in doubts if "gate r" in each]
    assert len(found) == bool(doubt)
    assert all(doubt in each for each in found)


def test_gates_that_see_no_mask_are_missing() -> None:
    place = four(joint=steps(A, A, A), steps=steps(A, A))
    place.looks[2] = seen(np.zeros_like(A), kept=1.0)
    verdict, _ = judged(place)
    assert verdict.gates == ("i", "f", "o")
    assert verdict.missing == ("g",)
    assert verdict.tying == "tied"


def test_gates_of_a_gru_have_their_own_names() -> None:
    verdict, _ = judged(gated(A, B, C, joint=steps(A, B, C), steps=steps(A, A)), GRU_GATES)
    assert verdict.gates == GRU_GATES


def test_a_place_inside_the_cell_has_no_gates() -> None:
    verdict, doubts = judged(Place("cell", {None: seen(A)}, steps=steps(A, A), distinct=READERS))
    assert (verdict.gates, verdict.missing, verdict.tying, doubts) == ((), (), "", [])


# ---------------------------------------------------------------- who shares


def sharing(bits: Array, **how: Any) -> SiteVerdict:
    looks: dict[int | None, Look] = {None: seen(bits, **how)}
    return judged(Place("cell", looks, steps=steps(A, B), distinct=READERS))[0]


def test_each_entry_by_itself() -> None:
    verdict = sharing(A)
    assert verdict.same_over_samples is False
    assert verdict.same_over_units is False
    assert verdict.frozen is False
    assert verdict.rate == pytest.approx(A.mean())
    assert verdict.rate_interval == interval(int(A.sum()), A.size)
    np.testing.assert_array_equal(verdict.seen, A[0][:16, :16])


def test_one_mask_for_all_samples_counts_once() -> None:
    one = drawn(CALLS, 1, 40)
    bits = np.repeat(one, SAMPLES, axis=1)
    looks: dict[int | None, Look] = {None: seen(bits, shared=True)}
    verdict, _ = judged(Place("cell", looks, distinct=40))
    assert verdict.same_over_samples is True
    assert verdict.same_over_units is False
    assert verdict.rate_interval == interval(int(one.sum()), one.size)


def test_all_units_at_once_count_once() -> None:
    one = drawn(CALLS, SAMPLES, 1)
    verdict = sharing(np.repeat(one, READERS, axis=2))
    assert verdict.same_over_units is True
    assert verdict.rate_interval == interval(int(one.sum()), one.size)


def test_frozen_masks_count_once() -> None:
    one = drawn(1, SAMPLES, READERS)
    verdict = sharing(np.repeat(one, CALLS, axis=0))
    assert verdict.frozen is True
    assert verdict.rate_interval == interval(int(one.sum()), one.size)


def test_readers_of_the_same_entry_count_once() -> None:
    two = drawn(CALLS, SAMPLES, 2)
    looks: dict[int | None, Look] = {None: seen(np.concatenate([two, two], axis=2))}
    verdict, _ = judged(Place("cell", looks, distinct=2))
    assert verdict.rate_interval == interval(int(two.sum()), two.size)


def test_a_gate_where_drops_hide_says_nothing_of_the_rate() -> None:
    place = four(joint=steps(A, A, A, A), steps=steps(A, A))
    hidden = seen(drawn(rate=0.9), shows=False)
    place.looks[1] = hidden
    shown = [place.looks[gate].dropped for gate in (0, 2, 3)]
    assert judged(place)[0].rate == pytest.approx(np.mean(shown))


def test_where_nothing_shows_any_rate_may_be() -> None:
    place = Place("cell", {None: seen(drawn(), shows=False)}, distinct=READERS)
    found = judged(place)[0]
    assert np.isnan(found.rate)
    assert found.rate_interval == (0.0, 1.0)


# ---------------------------------------------------------------- scaling


@pytest.mark.parametrize(
    ("site", "kept", "rest", "scaling"),
    [
        ("cell", KEPT, 1.0, "inverted"),
        ("cell", 1.0, 0.6, "test-time"),
        ("cell_update", 1.0, 0.6, "expectation"),
        ("cell", 1.0, 1.0, "none"),
        ("cell", KEPT**2, 1.0, "other"),
        ("cell", KEPT, KEPT, "other"),
        ("cell", 1.0, 0.36, "other"),
        ("cell", 1.0, 0.4, "other"),
        ("cell", 1 / 0.4, 1.0, "other"),
        ("cell", 0.6, 1.0, "other"),
        ("cell", KEPT, 0.6, "other"),
    ],
)
def test_scaling(site: str, kept: float, rest: float, scaling: str) -> None:
    bits = drawn(CALLS, 400, READERS)
    looks: dict[int | None, Look] = {None: seen(bits, kept=kept, at_inference=rest)}
    verdict, _ = judged(Place(site, looks, steps=steps(A, B), distinct=READERS))
    assert verdict.scaling == scaling
    assert (verdict.kept, verdict.at_inference) == (kept, rest)


def test_masks_at_inference_are_no_scaling() -> None:
    assert sharing(A, random=True, at_inference=KEPT).scaling == "inverted"


def test_noise_is_no_mask() -> None:
    place = four(joint=steps(A, A, A, A), steps=steps(A, A))
    place.looks[1] = seen(np.zeros_like(A), spread=0.5)
    verdict, doubts = judged(place)
    assert (np.isnan(verdict.rate), verdict.rate_interval) == (True, (0.0, 1.0))
    assert "its rate could not be told" in verdict.sentence
    assert (verdict.life, verdict.tying, verdict.scaling) == (None, None, "other")
    assert verdict.notes == (
        "what is kept differs: noise acts, or the rate changes, or more than two numbers multiply.",
    )
    assert doubts == []


# ---------------------------------------------------------------- entries, weights, sums


@pytest.mark.parametrize(
    ("site", "first", "second", "name"),
    [
        ("recurrent", np.repeat(A[:, :, :1], READERS, 2), np.repeat(B[:, :, :1], READERS, 2), ""),
        ("input", np.repeat(A[:, :, :1], READERS, 2), np.repeat(B[:, :, :1], READERS, 2), ""),
        ("recurrent", A, B, "recurrent_kernel"),
        ("input", A, B, "input_kernel"),
        ("recurrent", A, A, "recurrent_product"),
        ("input", A, A, "input_product"),
    ],
)
def test_what_a_mask_is_made_of(site: str, first: Array, second: Array, name: str) -> None:
    place = four(site, joint=steps(A, B, C, D), steps=steps(A, A))
    place.sources = 1 - np.stack([first, second])
    verdict, doubts = judged(place)
    assert verdict.site == (name or site)
    assert verdict.same_over_units is False
    assert doubts == []


def test_in_a_small_layer_weights_and_entries_are_a_doubt() -> None:
    bits = np.repeat(drawn(CALLS, 1, 40), SAMPLES, axis=1)
    looks: dict[int | None, Look] = {0: seen(bits, shared=True), 1: seen(bits, shared=True)}
    joint = 1 - np.stack([bits, bits])
    place = Place("recurrent", looks, joint=joint, distinct=40, single=True)
    place.steps = 1 - np.stack([bits, bits])
    verdict, doubts = judged(place)
    assert verdict.site == "recurrent"
    assert doubts == [
        (
            "recurrent: in a layer this small a mask on the weights and one on what they multiply "
            "do the same."
        )
    ]


SMALL = (
    "recurrent: in a layer this small a mask on the weights and one on what they multiply "
    "do the same."
)
FEW_UNITS = (
    "recurrent: the layer has too few units to tell a mask on the weights from one on what they "
    "multiply."
)
ONE = np.repeat(drawn(40, 1, 1), SAMPLES, axis=1)  # what one reader reads of a shared mask
OTHERS = [np.repeat(drawn(40, 1, 1, seed=seed), SAMPLES, axis=1) for seed in (1, 2, 3)]


@pytest.mark.parametrize(
    ("site", "joint", "name", "doubts"),
    [
        # A published method masks the recurrent kernel, untied; none the kernel.
        ("recurrent", [ONE, *OTHERS], "recurrent_kernel", [SMALL]),
        ("recurrent", [ONE, ONE, ONE, ONE], "recurrent", [SMALL]),
        ("input", [ONE, *OTHERS], "input", [SMALL.replace("recurrent", "input")]),
        ("recurrent", [ONE, ONE, *OTHERS[:2]], "recurrent", [SMALL]),
    ],
)
def test_one_weight_a_gate_is_named_as_a_published_method_names_it(
    site: str, joint: list[Array], name: str, doubts: list[str]
) -> None:
    how: dict[str, Any] = {"joint": steps(*joint), "steps": steps(ONE, ONE), "single": True}
    place = gated(*([ONE] * 4), site=site, distinct=1, **how)
    for look in place.looks.values():
        look.shared = True
    verdict, said = judged(place)
    assert (verdict.site, verdict.perhaps) == (name, "")
    assert [line for line in said if "small" in line] == doubts


def test_one_weight_a_gate_that_each_sample_drops_by_itself_is_an_entry() -> None:
    one = drawn(CALLS, SAMPLES, 1)
    place = gated(one, one, distinct=1, joint=steps(one, one), steps=steps(one, one))
    verdict, doubts = judged(place)
    assert (verdict.site, verdict.perhaps, doubts) == ("recurrent", "", [])


def test_where_no_other_gate_was_read_nothing_tells_the_weights() -> None:
    place = gated(ONE, distinct=1, steps=steps(ONE, ONE), single=True)
    place.looks[0].shared = True
    verdict, doubts = judged(place)
    assert verdict.site == "recurrent"
    assert SMALL in doubts


def test_readers_of_one_entry_see_one_mask_or_each_its_weights() -> None:
    together = np.repeat(drawn(CALLS, SAMPLES, 1), READERS, axis=2)
    for_all = np.repeat(drawn(40, 1, READERS), SAMPLES, axis=1)
    for bits, name in (
        (together, "input"),
        (np.repeat(ONE, READERS, axis=2), "input"),
        (A, "input_kernel"),
        (for_all, "input_kernel"),
    ):
        place = gated(bits, bits, site="input", distinct=1, joint=steps(bits, bits), single=False)
        place.steps = steps(bits, bits)
        for look in place.looks.values():
            look.shared = bool((bits == bits[:, :1]).all())
        verdict, doubts = judged(place)
        assert (verdict.site, verdict.perhaps, doubts) == (name, "", [])


def test_units_too_few_for_two_entries_leave_both_names() -> None:
    bits = np.repeat(drawn(CALLS, 1, 40), SAMPLES, axis=1)
    for shared in (True, False):
        place = gated(bits, bits, distinct=40, joint=steps(bits, bits), single=False)
        place.steps = steps(bits, bits)
        for look in place.looks.values():
            look.shared = shared
        verdict, doubts = judged(place)
        assert verdict.site == "recurrent"
        assert verdict.perhaps == ("recurrent_kernel" if shared else "")
        assert doubts == [FEW_UNITS] * shared


def test_too_few_draws_of_two_entries_leave_both_names() -> None:
    bits = np.repeat(drawn(CALLS, 1, READERS), SAMPLES, axis=1)
    place = gated(bits, bits, joint=steps(bits, bits), steps=steps(bits, bits))
    place.looks[0].shared = True
    place.sources = np.ones((2, CALLS, SAMPLES, READERS))  # nothing of either was dropped
    verdict, doubts = judged(place)
    assert (verdict.site, verdict.perhaps) == ("recurrent", "recurrent_kernel")
    assert any(line.startswith("recurrent: too few draws were seen to tell a") for line in doubts)


@pytest.mark.parametrize("one", [True, False])
def test_a_reader_alone_tells_by_two_entries_whether_all_are_dropped_at_once(one: bool) -> None:  # noqa: FBT001
    first, second = A[:, :, :1], A[:, :, :1] if one else B[:, :, :1]
    place = gated(first, first, distinct=1, joint=steps(first, first), steps=steps(first, first))
    place.sources = 1 - np.stack([first, second])
    verdict, doubts = judged(place)
    assert (verdict.site, verdict.same_over_units, doubts) == ("recurrent", one, [])


def test_what_never_shows_dropped_has_no_rate() -> None:
    place = gated(A, A, joint=steps(A, A), steps=steps(A, A))
    for look in place.looks.values():
        look.shows = False
    place.looks[2] = seen(np.zeros_like(A), kept=1.0)
    verdict, doubts = judged(place)
    assert (np.isnan(verdict.rate), verdict.rate_interval) == (True, (0.0, 1.0))
    assert (
        "recurrent: a dropped entry looks like one dropped elsewhere; none was counted." in doubts
    )


# ---------------------------------------------------------------- out of time


@pytest.mark.parametrize(
    ("read", "untold"),
    [
        ({}, ["whether a mask is on the weights", "how long a mask", "whether gates share"]),
        ({"joint": steps(A, A)}, ["whether a mask is on the weights", "how long a mask"]),
        ({"joint": steps(A, A), "steps": steps(A, A)}, ["whether a mask is on the weights"]),
    ],
)
def test_what_there_was_no_time_to_read_is_a_doubt(
    read: dict[str, Array], untold: list[str]
) -> None:
    verdict, doubts = judged(gated(A, A, late=True, **read))
    assert verdict.life == ("sequence" if "steps" in read else None)
    assert verdict.tying == ("tied" if "joint" in read else None)
    assert (verdict.site, verdict.perhaps) == ("recurrent", "recurrent_kernel")
    assert len(doubts) == len(untold)
    for said, what in zip(doubts, untold, strict=True):
        assert f"s were over before it could be told {what}" in said


def test_what_was_read_in_time_is_told() -> None:
    place = gated(A, A, late=True, joint=steps(A, A), steps=steps(A, A))
    place.sources = 1 - np.stack([np.repeat(each[:, :, :1], READERS, 2) for each in (A, B)])
    verdict, doubts = judged(place)
    assert (verdict.site, verdict.perhaps, doubts) == ("recurrent", "", [])
    inside = Place("cell", {None: seen(A)}, distinct=READERS, late=True)
    verdict, doubts = judged(inside)
    assert (verdict.life, len(doubts)) == (None, 1)
    assert doubts[0].endswith("before it could be told how long a mask lives.")
