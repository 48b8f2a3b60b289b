from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dropviz.core.doubt import Coverage, Doubt
from dropviz.errors import DropvizError, UnknownNameError

RNG = np.random.default_rng(4)


def doubt(outputs: Any = None, **given: Any) -> Doubt:
    outputs = RNG.normal(size=(2000, 5, 1)) if outputs is None else outputs
    return Doubt(np.asarray(outputs, np.float32), np.zeros(np.shape(outputs)[1:]), **given)


def test_mean_and_spread_are_those_of_the_passes() -> None:
    found = doubt([[[1.0]], [[2.0]], [[6.0]]])

    assert found.passes == 3
    assert found.mean.tolist() == [[3.0]]
    assert found.spread.item() == pytest.approx(7**0.5)


def test_a_band_holds_its_share_of_the_passes() -> None:
    found = doubt()

    low, high = found.band(0.5)
    assert ((low <= found.outputs) & (found.outputs <= high)).mean() == pytest.approx(0.5, abs=1e-3)


def test_coverage_counts_the_truths_inside() -> None:
    found = doubt(RNG.normal(size=(4000, 300, 1)))

    fits = found.coverage(RNG.normal(size=300))
    misses = found.coverage(RNG.normal(size=300) + 3)

    assert fits.found == pytest.approx(0.9, abs=0.06)
    assert fits.low < fits.found < fits.high
    assert "as promised" in fits.sentence
    assert misses.found < 0.2
    assert misses.sentence.endswith("too few: the band is too narrow for these truths.")


@pytest.mark.parametrize("passes", [19, 30, 50, 99])
def test_a_band_holds_its_share_of_further_passes(passes: int) -> None:
    found = doubt(RNG.normal(size=(passes, 20_000)))

    coverage = found.coverage(RNG.normal(size=20_000))

    # Of 20,000 draws: four standard errors of a share of .9 are .0085. Ends that lie between two
    # passes hold up to .01 more of a normal distribution; NumPy's own hold .865 with 50 passes.
    assert 0.9 - 0.0085 < coverage.found < 0.9 + 0.0085 + 0.01 * (passes in (30, 50))


@pytest.mark.parametrize(
    ("passes", "share", "fewest"), [(18, 0.9, 19), (2, 0.5, 3), (50, 0.99, 199)]
)
@pytest.mark.parametrize("truth", [0.0, 9.0])
def test_too_few_passes_are_said_and_no_band_is_blamed(
    passes: int, share: float, fewest: int, truth: float
) -> None:
    outputs = RNG.normal(size=(passes, 400))

    said = doubt(outputs).coverage(np.full(400, truth), share).sentence

    assert said.endswith(
        f": it reaches from the lowest to the highest of {passes} passes, which are too few for "
        f"such a band; it takes {fewest}."
    )


@pytest.mark.parametrize(("passes", "share"), [(19, 0.9), (3, 0.5), (199, 0.99)])
def test_enough_passes_are_not_called_too_few(passes: int, share: float) -> None:
    said = doubt(np.zeros((passes, 400))).coverage(np.full(400, 9.0), share).sentence

    assert said.endswith("too few: the band is too narrow for these truths.")


def test_a_band_that_holds_too_many_truths_is_too_wide_for_them() -> None:
    covered = doubt(RNG.normal(size=(4000, 300, 1))).coverage(np.zeros(300))

    assert covered.found == 1
    assert covered.sentence.endswith("too many: the band is too wide for these truths.")


def test_an_interval_is_wilson_s() -> None:
    found = doubt(np.zeros((3, 20, 1)))

    covered = found.coverage([0.0] * 14 + [1.0] * 6)

    # 14 of 20: the interval as Wilson's formula gives it in the literature.
    assert covered.found == 0.7
    assert [covered.low, covered.high] == pytest.approx([0.4810, 0.8545], abs=1e-4)


@pytest.mark.parametrize("y", [np.zeros(4), np.zeros((5, 2)), np.zeros(())])
def test_truths_of_another_shape_are_refused(y: Any) -> None:
    with pytest.raises(DropvizError, match="must have the shape of the predictions"):
        doubt().coverage(y)


@pytest.mark.parametrize("y", ["abc", [[1.0], [1.0, 2.0]], [1j] * 5, np.full(5, 1j), [None] * 5])
def test_truths_that_are_no_numbers_are_refused(y: Any) -> None:
    with pytest.raises(DropvizError, match=r"truths must be (numbers|finite)") as caught:
        doubt().coverage(y)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_truths_and_passes_that_are_not_finite_are_named(odd: float) -> None:
    outputs = np.zeros((20, 5, 1))
    outputs[3, 2] = odd
    truths = np.zeros(5)
    truths[:2] = odd

    with pytest.raises(DropvizError, match=r"The truths must be finite\. Received: 2 of 5 "):
        doubt().coverage(truths)
    with pytest.raises(DropvizError, match=r"The predictions must be finite\. Received: 1 of 5 "):
        doubt(np.where(np.isnan(outputs) | (outputs > 0), np.nan, outputs)).coverage(np.zeros(5))


def test_outputs_that_are_not_finite_are_counted_and_nothing_else_is_said_of_them() -> None:
    outputs = np.zeros((4, 5, 1))
    outputs[1, 2:4, 0] = np.nan, np.inf
    some = doubt(outputs, model="m", remarks=("Why.",))
    off = Doubt(np.zeros((4, 5, 1), np.float32), np.full((5, 1), np.nan), model="m")

    rest = "Nothing can be said of their spread; look for NaN or infinity in the model's weights."
    assert str(some).splitlines()[1:] == [
        f"Not finite: 2 of 20 outputs with the masks on. {rest}",
        "Why.",
    ]
    assert str(off).splitlines()[1:] == [f"Not finite: 5 of 5 outputs with dropout off. {rest}"]
    assert some.varies
    assert off.varies


@pytest.mark.parametrize("share", [np.float32(0.5), Fraction(1, 2), np.float16(0.5)])
def test_a_share_is_any_real_number(share: Any) -> None:
    one = doubt()

    np.testing.assert_array_equal(one.band(share), one.band(0.5))


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan"), "much", True, 0.5j])
def test_a_share_out_of_range_is_refused(share: Any) -> None:
    with pytest.raises(DropvizError, match="share must be between 0 and 1"):
        doubt().band(share)


def test_passes_that_are_equal_are_said_to_be() -> None:
    still = doubt(np.ones((4, 2, 1)), model="m", remarks=("Why.",))

    assert not still.varies
    assert str(still).splitlines()[1:] == [
        "All passes are equal up to rounding: nothing varies here.",
        "Why.",
    ]


def test_an_unknown_figure_is_named() -> None:
    with pytest.raises(UnknownNameError, match="fan"):
        doubt().figure("fans")


@pytest.mark.parametrize(
    ("share", "said"), [(0.9, "90%"), (0.995, "99.5%"), (0.999, "99.9%"), (0.001, "0.1%")]
)
def test_a_band_is_called_by_its_whole_share(share: float, said: str) -> None:
    assert f"The {said} band holds" in Coverage(share, 1.0, 0.9, 1.0, 10).sentence
