"""The page's LSTM held against the NumPy oracle, and its gradients against differences."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from dropviz.core import oracle
from dropviz.core.setting import Setting
from dropviz.core.sites import MASKABLE, SITES

from .engines import Engine, masks, sequences, weights
from .every_setting import CLASSES, EVERY, FEATURES, SAMPLES, STEPS, UNITS, named

Array = NDArray[np.floating]

# Two ways to add up a few dozen doubles of size 1; the issue asks for 1e-12.
EXACT = 1e-12
# Central differences of steps of 1e-5: the third derivative leaves some 1e-10, rounding 1e-11.
NEAR = 1e-8


def drawn(setting: Setting, rng: np.random.Generator, *, units: int = UNITS) -> dict[str, Array]:
    """Masks as a setting asks for them, in training."""
    found = {}
    for rule in setting.rules:
        site = SITES[rule.site]
        entries = {"input": FEATURES, "recurrent_kernel": units * units}.get(rule.site, units)
        shape = (
            STEPS if rule.life == "step" else 1,
            4 if site.gated and rule.tying == "untied" else 1,
            SAMPLES if rule.by_sample else 1,
            entries,
        )
        if rule.rate:
            found[rule.site] = (rng.random(shape) >= rule.rate) * rule.kept
    return found


def at_inference(setting: Setting) -> dict[str, Array]:
    """What multiplies at inference."""
    return {
        rule.site: np.full((1, 1, 1, 1), rule.at_inference)
        for rule in setting.rules
        if rule.at_inference != 1
    }


def some_weights(rng: np.random.Generator, units: int = UNITS) -> list[Array]:
    shapes = [(FEATURES, 4 * units), (units, 4 * units), (4 * units,), (units, CLASSES), (CLASSES,)]
    return [rng.normal(size=shape) * 0.7 for shape in shapes]


def agree(
    engine: Engine,
    given: list[Array],
    x: Array,
    by_site: Mapping[str, Array],
    h: Array | None = None,
    c: Array | None = None,
) -> None:
    """Asks both, and compares everything that a pass has."""
    units = given[1].shape[0]
    shaped = {site: _as_matrix(site, mask, units) for site, mask in by_site.items()}
    expected = oracle.lstm(given[:3], x, shaped, h=h, c=c)

    seen = engine.ask(
        "forward",
        weights=weights(*given[:3]),
        x=sequences(x),
        masks=masks(by_site),
        states={} if h is None or c is None else {"h": h.ravel().tolist(), "c": c.ravel().tolist()},
    )

    def as_array(name: str) -> Array:
        return np.reshape(seen[name], (x.shape[1], x.shape[0], units)).swapaxes(0, 1)

    for name in ("outputs", "h", "c"):
        whole = getattr(expected, name)
        np.testing.assert_allclose(as_array(name), whole, rtol=0, atol=EXACT, err_msg=name)
    for gate, values in expected.gates.items():
        np.testing.assert_allclose(as_array(gate), values, rtol=0, atol=EXACT, err_msg=gate)


def _as_matrix(site: str, mask: Array, units: int) -> Array:
    """The oracle takes a number at inference for every entry of a matrix as a whole mask."""
    matrix = SITES[site].matrix and mask.shape[-1] == 1 < units
    return np.broadcast_to(mask, (*mask.shape[:-1], units**2)) if matrix else mask


# ---------------------------------------------------------------- forward


@pytest.mark.parametrize("setting", EVERY, ids=named)
def test_forward_is_the_oracle_s_in_training_and_at_inference(
    engine: Engine, setting: Setting
) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(SAMPLES, STEPS, FEATURES))
    given = some_weights(rng)

    agree(engine, given, x, drawn(setting, rng))
    agree(engine, given, x, at_inference(setting))


@pytest.mark.parametrize("site", MASKABLE)
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 4, 3), (5, 1, 3), (5, 4, 1)], ids=str)
def test_a_mask_of_any_shape_acts_at_any_site(
    engine: Engine, site: str, shape: tuple[int, int, int]
) -> None:
    steps, gates, samples = shape
    rng = np.random.default_rng(6)
    entries = {"input": FEATURES, "recurrent_kernel": UNITS**2}.get(site, UNITS)
    # One mask serves all samples of a matrix, and all gates of a site that they do not share.
    alone = (steps, gates if SITES[site].gated else 1, 1 if SITES[site].matrix else samples)
    mask = rng.random((*alone, entries)) * 2

    agree(engine, some_weights(rng), rng.normal(size=(SAMPLES, STEPS, FEATURES)), {site: mask})


def test_all_sites_act_together_and_states_are_taken(engine: Engine) -> None:
    rng = np.random.default_rng(7)
    every = {
        site: rng.random(
            (
                STEPS,
                4 if SITES[site].gated else 1,
                1 if SITES[site].matrix else SAMPLES,
                {"input": FEATURES, "recurrent_kernel": UNITS**2}.get(site, UNITS),
            )
        )
        for site in MASKABLE
    }
    x, (h, c) = (
        rng.normal(size=(SAMPLES, STEPS, FEATURES)),
        rng.normal(size=(2, SAMPLES, UNITS)),
    )

    agree(engine, some_weights(rng), x, every, h=h, c=c)


def test_single_precision_is_near_double(engine: Engine) -> None:
    rng = np.random.default_rng(8)
    given = some_weights(rng)
    x = rng.normal(size=(SAMPLES, STEPS, FEATURES))
    one = engine.ask("forward", weights=weights(*given), x=sequences(x), precision="float32")
    two = engine.ask("forward", weights=weights(*given), x=sequences(x))

    far = np.abs(np.subtract(one["outputs"], two["outputs"])).max()
    # Single precision has seven digits: as many are lost, and no fewer, or it was double.
    assert 1e-10 < far < 1e-5


# ---------------------------------------------------------------- backward


def _loss(given: list[Array], x: Array, y: Array, by_site: dict[str, Array]) -> float:
    out = oracle.lstm(given[:3], x, by_site).outputs[:, -1] @ given[3] + given[4]
    out -= out.max(axis=1, keepdims=True)
    shares = np.exp(out) / np.exp(out).sum(axis=1, keepdims=True)
    return float(-np.log(shares[np.arange(len(y)), y]).mean())


@pytest.mark.few(9)
@pytest.mark.parametrize(
    "by_site",
    [pytest.param(drawn(each, np.random.default_rng(9), units=3), id=named(each)) for each in EVERY]
    + [pytest.param({"output": np.random.default_rng(9).random((5, 1, 3, 3))}, id="output")],
)
def test_gradients_are_central_differences_of_the_oracle_s_loss(
    engine: Engine, by_site: dict[str, Array]
) -> None:
    rng = np.random.default_rng(10)
    given = some_weights(rng, units=3)
    x, y = rng.normal(size=(SAMPLES, STEPS, FEATURES)), np.array([0, 2, 1])

    seen = engine.ask(
        "gradients",
        weights=weights(*given),
        x=sequences(x),
        y=y.tolist(),
        masks=masks(by_site),
    )

    assert seen["loss"] == pytest.approx(_loss(given, x, y, by_site), abs=EXACT)
    for array, gradient in zip(given, seen["gradients"], strict=True):
        flat = array.reshape(-1)
        for at in range(flat.size):
            sides = []
            before = flat[at]
            for side in (1e-5, -1e-5):
                flat[at] = before + side
                sides.append(_loss(given, x, y, by_site))
            flat[at] = before
            assert gradient[at] == pytest.approx((sides[0] - sides[1]) / 2e-5, abs=NEAR)
