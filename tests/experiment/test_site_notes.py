"""What is noted of masks that are shared in part, each by a layer whose masks are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dropviz.core.masks import Array
from dropviz.experiment.observations import Look, Place
from dropviz.experiment.site_notes import gates_agree, has_one_rate, notes_on

from .numpy_layer import explained
from .test_unexplained import Changed, Masks
from .zoo_truth import SiteTruth, at

MORE, LESS = "agree more often than chance has it", "agree less often than chance has it"


def each(site: str, change: Callable[[Array], Array]) -> Callable[[Masks], None]:
    def changed(masks: Masks) -> None:
        masks[site] = change(masks[site])

    return changed


def in_blocks(mask: Array) -> Array:
    blocks: Array = mask[..., np.arange(mask.shape[-1]) // 4 * 4]
    return blocks


def exactly_half(mask: Array) -> Array:
    order = np.random.default_rng().permuted(np.arange(mask.shape[-1]) + 0 * mask, axis=-1)
    return np.broadcast_to(np.where(order < mask.shape[-1] // 2, 0.0, 2.0)[:1], mask.shape)


def mirrored(mask: Array) -> Array:
    half = mask.shape[2] // 2
    return np.concatenate([mask[:, :, :half], mask[:, :, :half][:, :, ::-1]], axis=2)


def thirds(mask: Array) -> Array:
    repeated: Array = mask[:, :, np.arange(mask.shape[2]) % 3]
    return repeated


def tiled(mask: Array) -> Array:
    half = mask.shape[-1] // 2
    return np.concatenate([mask[..., :half], mask[..., :half]], axis=-1)


def opposite(mask: Array) -> Array:
    half = mask.shape[2] // 2
    return np.concatenate([mask[:, :, :half], mask.max() - mask[:, :, :half]], axis=2)


def opposite_neighbours(mask: Array) -> Array:
    changed = mask.copy()
    changed[:, :, 1::2] = mask.max() - mask[:, :, ::2]
    return changed


def common_too(mask: Array) -> Array:
    return mask * np.roll(mask[:, :1], 1, axis=2)


def _case(
    site: str, change: Callable[[Array], Array], tying: str = "tied"
) -> tuple[SiteTruth, Callable[[Array], Array]]:
    return at(site, rate=0.5, tying=tying), change


CASES: dict[str, tuple[tuple[SiteTruth, Callable[[Array], Array]], str]] = {
    "blocks of inputs": (_case("input", in_blocks), f"entries {MORE}"),
    "blocks of h": (_case("recurrent", in_blocks), f"entries {MORE}"),
    "blocks of g": (_case("candidate", in_blocks), f"entries {MORE}"),
    "half of all h": (_case("recurrent", exactly_half), f"entries {LESS}"),
    "half of all c": (_case("cell", exactly_half), f"entries {LESS}"),
    "half of all outputs": (_case("output", exactly_half), f"entries {LESS}"),
    "halves of h": (_case("recurrent", tiled), f"entries {MORE}"),
    "halves of c": (_case("cell", tiled), f"entries {MORE}"),
    "opposite halves of the batch, h": (_case("recurrent", opposite), f"samples {LESS}"),
    "opposite neighbours, x": (_case("input", opposite_neighbours), f"samples {LESS}"),
    "mirrored x": (_case("input", mirrored), f"samples {MORE}"),
    "mirrored c": (_case("cell", mirrored), f"samples {MORE}"),
    "x of each third sample": (_case("input", thirds), f"samples {MORE}"),
    "g of each third sample": (_case("candidate", thirds), f"samples {MORE}"),
    "gates of x": (_case("input", common_too, "untied"), f"gates {MORE}"),
    "gates of h": (_case("recurrent", common_too, "untied"), f"gates {MORE}"),
}


@pytest.mark.parametrize("case", CASES)
def test_masks_that_are_not_drawn_each_by_itself_are_no_method_s(case: str) -> None:
    (truth, change), words = CASES[case]
    verdict = explained(Changed([truth], change=each(truth.site, change), units=16, features=12))

    assert any(note.startswith(words) for note in verdict.sites[truth.site].notes)
    assert " drops by " not in verdict.title
    if "gates" in case:
        assert verdict.sites[truth.site].tying is None
    if "sample" in words:
        assert verdict.sites[truth.site].same_over_samples is None


@pytest.mark.parametrize("site", ["input", "recurrent", "candidate", "cell", "output"])
def test_masks_that_are_leave_no_note(site: str) -> None:
    for seed in range(3):
        layer = Changed([at(site, tying="untied")], units=16, features=12, seed=seed)
        assert explained(layer).sites[site].notes == ()


def test_gates_that_were_read_in_part_tell_nothing() -> None:
    bits = np.random.default_rng(0).integers(0, 2, (4, 2, 64, 3)).astype(float)
    bits = np.maximum(bits, np.roll(bits[:1], 1, axis=2))
    assert gates_agree(Place("input", {}, joint=bits, distinct=3)) == 1
    bits[0, 0, 0, 0] = np.nan
    assert gates_agree(Place("input", {}, joint=bits, distinct=3)) == 0


def _drawn(*shape: int) -> Array:
    return np.random.default_rng(0).integers(0, 2, shape).astype(float)


@pytest.mark.parametrize(
    ("another", "noted"),
    [
        (np.ones((1, 1, 1, 1)), False),  # a mask on the weights alone
        (_drawn(1, 4, 32, 8), True),  # and one on what each reader gives
        (_drawn(2, 4, 32, 1), True),  # and one on what all readers multiply
    ],
)
def test_a_mask_beside_one_on_the_weights_is_noted(another: Array, *, noted: bool) -> None:
    weights = np.random.default_rng(1).integers(0, 2, (2, 4, 32, 8)).astype(float)
    place = Place("recurrent_kernel", {}, sources=weights * another, distinct=8)

    notes = notes_on(place, 1e-6, [])
    assert any(note.startswith("more than one mask acts") for note in notes) == noted


@pytest.mark.parametrize(
    ("apart", "blur", "alike"),
    [(0.0, 0.0, True), (0.018, 0.0, True), (0.024, 0.0, False), (0.024, 0.015, True)],
)
def test_kept_multipliers_may_differ_by_rounding_alone(
    apart: float, blur: float, *, alike: bool
) -> None:
    # Each of the two may be off by the slack, or by the blur, of what it is: at most 1.
    bits = np.random.default_rng(0).integers(0, 2, (2, 64, 3)).astype(float)
    looks = [Look(kept, 0.0, bits, blur=blur) for kept in (1.0, 1.0 - apart)]

    assert has_one_rate(looks, Place("input", {}, distinct=3), 0.01) is alike


def test_a_larger_multiplier_may_be_off_by_more() -> None:
    bits = np.random.default_rng(0).integers(0, 2, (2, 64, 3)).astype(float)
    looks = [Look(kept, 0.0, bits) for kept in (4.0, 4.07)]

    assert has_one_rate(looks, Place("input", {}, distinct=3), 0.01)
    assert not has_one_rate(looks, Place("input", {}, distinct=3), 0.005)


def test_what_is_dropped_throughout_says_nothing_of_what_is_kept() -> None:
    some = np.random.default_rng(0).integers(0, 2, (2, 64, 3)).astype(float)
    looks = [Look(2.0, 0.0, some), Look(1.0, 0.0, np.ones_like(some), shows=False)]

    assert has_one_rate(looks, Place("input", {}, distinct=3), 0.01)
    all_dropped = [Look(2.0, 0.0, np.ones_like(some)), Look(1.0, 0.0, np.ones_like(some))]
    assert has_one_rate(all_dropped, Place("input", {}, distinct=3), 0.01)


@pytest.mark.parametrize(
    ("rates", "noted"), [((0.2, 0.6), True), ((0.6, 0.2, 0.2), True), ((0.4, 0.4, 0.4), False)]
)
def test_a_rate_that_is_another_at_another_step_is_noted(
    rates: tuple[float, ...], *, noted: bool
) -> None:
    random = np.random.default_rng(0)
    kept = np.stack([(random.random((2, 64, 4)) >= rate).astype(float) for rate in rates])
    place = Place("input", {}, steps=kept, distinct=4)

    assert ("the rate is another one at another step." in notes_on(place, 1e-6, [])) == noted
