"""The truth about each layer of the zoo, proved without the experiment that it tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from dropviz.core.gates import GRU_GATES, LSTM_GATES
from dropviz.core.methods import METHODS
from tests.tables import LIVES, PLACES, ZONED

from .zoo import WEIGHTS, WRONG, ZOO, SiteTruth
from .zoo_methods import is_method
from .zoo_notes import Array, Layer, array, by_site, parts, recurrent
from .zoo_proof import PROVED, SEED, data, facts

pytestmark = pytest.mark.zoo

CLOSE: dict[str, Any] = {"rtol": 2e-4, "atol": 2e-5}
ONE_OF_EACH_MAKE = (
    *("h_tied", "h_frozen", "x_first_step_only", "own_loop_redraws", "wrapped_cell_frozen"),
    *("x_dropout_layer_inside", "spatial_dropout_inside", "gru_both", "gru_h_step"),
    *("keras_both", "cell_both", "bidirectional", "moon_dropout=0.4_recurrent_dropout=0.3"),
)
each_specimen = pytest.mark.parametrize("name", ZOO)


def noted(name: str) -> Mapping[str, Array]:
    """By site what all calls multiplied with: (calls, steps, gates, samples, entries)."""
    calls = [by_site(call.noted[0]) for call in facts(name).training]
    return {site: np.stack([call[site] for call in calls]) for site in calls[0]}


def all_equal(values: Array, axis: int) -> bool:
    return bool((values == np.take(values, [0], axis)).all())


def acting(truth: SiteTruth, values: Array) -> Array:
    """The masks at the steps at which they act; at others there must be ones."""
    first, later = values[:, :1], values[:, 1:]
    idle = {"all": values[:, :0], "first": later, "later": first}[truth.steps]
    assert (idle == 1).all()
    return {"all": values, "first": first, "later": later}[truth.steps]


def observed(truth: SiteTruth, values: Array, kind: str) -> dict[str, Any]:
    """What the masks themselves say about a site."""
    values = acting(truth, values)
    names = np.array(LSTM_GATES if kind == "LSTM" else GRU_GATES)
    gated = truth.tying != ""
    if gated and values.shape[2] > 1:
        sees = (values != 1).any(axis=(0, 1, 3, 4))
        names, values = names[sees], values[:, :, sees]
    found = {
        "life": "sequence" if all_equal(values, 1) else "step",
        "tying": ("tied" if all_equal(values, 2) else "untied") if gated else "",
        "gates": tuple(names) if gated else (),
        "same_over_samples": all_equal(values, 3),
        "same_over_units": all_equal(values, 4),
        "frozen": all_equal(values, 0),
    }
    axes = [found["frozen"], found["life"] == "sequence", found["tying"] == "tied"]
    axes += [found["same_over_samples"], found["same_over_units"]]
    for axis, shared in enumerate(axes):  # what is left is independent
        values = np.take(values, [0], axis) if shared else values
    return {**found, "entries": values}


@each_specimen
def test_the_masks_are_as_the_truth_says(name: str) -> None:
    specimen = ZOO[name]
    masks = noted(name)
    dropping = {site for site, values in masks.items() if (values != 1).any()}
    assert dropping == set(specimen.sites)
    for site, truth in specimen.sites.items():
        found = observed(truth, masks[site], specimen.kind)
        entries = found.pop("entries")
        for field, value in found.items():
            if f"{site}.{field}" not in specimen.cannot_tell:
                assert value == getattr(truth, field), (site, field)
        share = (entries == 0).mean()
        spread = 4 * np.sqrt(truth.rate * (1 - truth.rate) / entries.size)
        assert abs(share - truth.rate) <= spread, (site, share, entries.size)
        kept = entries[entries != 0]
        if truth.gaussian:
            assert abs(kept.mean() - 1) < 0.15
            assert abs(kept.var() - 2 / 3) < 0.15  # p / (1 - p) at p = .4
            assert len(np.unique(kept)) == kept.size
        else:
            np.testing.assert_allclose(kept, truth.kept, rtol=1e-5)
            assert (kept.size == 0) == (truth.rate == 1)


@each_specimen
def test_the_oracle_with_those_masks_gives_the_same_numbers(name: str) -> None:
    found = facts(name)
    wanted, ends = found.wanted
    np.testing.assert_allclose(found.training[0].out[:PROVED], wanted, **CLOSE)
    if found.training[0].ends:
        np.testing.assert_allclose([end[:PROVED] for end in found.training[0].ends], ends, **CLOSE)
    assert (abs(found.plain - wanted).max() > 1e-3) == bool(ZOO[name].sites)


@each_specimen
def test_at_inference_it_is_keras_times_its_scaling(name: str) -> None:
    specimen, found = ZOO[name], facts(name)
    out = found.inference.out
    apart = abs(out[:PROVED] - found.scaled)
    assert (apart.max() < 1e-4) == (not specimen.active_at_inference)
    if specimen.active_at_inference:
        (truth,) = specimen.sites.values()
        masks = by_site(found.inference.noted[0])[truth.site]
        np.testing.assert_allclose(np.unique(masks), [0, truth.kept], rtol=1e-5)
        assert truth.at_inference == pytest.approx(truth.kept * (1 - truth.rate))
    else:
        unscaled = all(truth.at_inference == 1 for truth in specimen.sites.values())
        assert (abs(out - found.keras).max() < 1e-5) == unscaled


def first_output(layer: Layer, samples: int, steps: int, features: int) -> Array:
    out = layer(data(samples, steps, features), training=True)
    return array(out[0] if isinstance(out, (list, tuple)) else out)


@cache
def made(name: str) -> tuple[int, bool, list[Array], dict[tuple[int, int], Array]]:
    """A specimen as it comes.

    Returns:
        How wide an output is, whether there is one for each step, the weights, and the
        outputs by samples and steps.
    """
    specimen = ZOO[name]
    sizes = specimen.units, specimen.features
    layer = specimen.make(*sizes, SEED)
    outs: dict[tuple[int, int], Array] = {}
    for samples, steps in ((5, 2), (1, 4), (64, 1)):
        if specimen.fixed_batch and outs:
            layer = specimen.make(*sizes, SEED)
        outs[samples, steps] = first_output(layer, samples, steps, specimen.features)
    width = specimen.units * len(parts(layer))
    return width, recurrent(parts(layer)[0]).return_sequences, layer.get_weights(), outs


@each_specimen
def test_it_runs_eagerly_on_any_batch(name: str) -> None:
    width, every, _, outs = made(name)
    for (samples, steps), out in outs.items():
        assert out.shape == ((samples, steps, width) if every else (samples, width))
        assert np.isfinite(out).all()


@each_specimen
def test_a_seed_gives_the_same_layer(name: str) -> None:
    _, _, weights, outs = made(name)
    same = ZOO[name].make(ZOO[name].units, ZOO[name].features, SEED)
    assert np.array_equal(first_output(same, 5, 2, ZOO[name].features), outs[5, 2])
    for one, two in zip(weights, same.get_weights(), strict=True):
        assert np.array_equal(one, two)


@pytest.mark.parametrize("name", ONE_OF_EACH_MAKE)
def test_another_seed_gives_another_layer(name: str) -> None:
    _, _, weights, outs = made(name)
    other = ZOO[name].make(4, 3, SEED + 1)
    for one, two in zip(weights, other.get_weights(), strict=True):
        assert not np.array_equal(one, two)
    other.set_weights(weights)
    assert not np.array_equal(first_output(other, 5, 2, 3), outs[5, 2])


@each_specimen
def test_sites_share_masks_only_where_the_truth_says(name: str) -> None:
    truths = ZOO[name].sites
    masks = noted(name)
    for one, other in combinations(truths, 2):
        if any(truths[site].gaussian or truths[site].same_over_units for site in (one, other)):
            continue
        pair = [acting(truths[site], masks[site])[0] for site in (one, other)]
        if truths[other].steps == "later":  # it is one step behind
            pair[0] = pair[0][:-1]
        width = min(values.shape[-1] for values in pair)
        rows = [{row[:width].tobytes() for row in v.reshape(-1, v.shape[-1])} for v in pair]
        assert (rows[0] == rows[1]) == (one == truths[other].same_mask_as), (one, other)


def scaling_of(truth: SiteTruth) -> str:
    """The word for what multiplies in training and at inference."""
    inverted = truth.rate < 1 and np.isclose(truth.kept, 1 / (1 - truth.rate))
    if inverted and truth.at_inference == 1 and not truth.gaussian:
        return "inverted"
    if truth.kept == 1 and np.isclose(truth.at_inference, 1 - truth.rate) and truth.rate:
        return "expectation" if truth.site in ZONED else "test-time"
    if truth.kept == truth.at_inference == 1 and not truth.gaussian:
        return "none"
    return "other"


@each_specimen
def test_the_truth_is_told_in_the_words_of_the_table(name: str) -> None:
    specimen = ZOO[name]
    known = {field.name for field in fields(SiteTruth)}
    for site, truth in specimen.sites.items():
        assert site == truth.site
        assert site in PLACES or site in (
            "carried",
            "input_kernel",
            "input_product",
            "recurrent_product",
        )
        assert truth.life in LIVES
        assert truth.scaling == scaling_of(truth)
        assert truth.same_mask_as in ("", *specimen.sites)
    for key, why in specimen.cannot_tell.items():
        site, field = key.split(".")
        assert site in specimen.sites
        assert field in known
        assert why
    assert specimen.nearest in ("", *METHODS)
    assert specimen.kind in ("LSTM", "GRU")


@each_specimen
def test_it_is_the_methods_that_it_is_said_to_be(name: str) -> None:
    found = [method for method in METHODS if is_method(ZOO[name], method)]
    assert found == sorted(ZOO[name].methods, key=list(METHODS).index)


def test_the_zoo_has_every_method_and_every_site() -> None:
    assert {method for s in ZOO.values() for method in s.methods} == set(METHODS)
    sites = {site for s in ZOO.values() for site in s.sites}
    assert sites == {*PLACES, "carried", "input_kernel", "input_product", "recurrent_product"}
    wrong = [name for name, s in {**WRONG, **WEIGHTS}.items() if not s.methods]
    assert len(wrong) >= 26
    assert all(re.fullmatch(r"[\w=.-]+", name) for name in ZOO)


def test_masks_of_a_wrapped_cell_stay_for_good() -> None:
    layer = ZOO["wrapped_cell_frozen"].make(4, 3, SEED)
    layer(data(12, 2, 3), training=True)
    with pytest.raises(Exception, match=r"(?i)incompatible|shape"):
        layer(data(5, 2, 3), training=True)
