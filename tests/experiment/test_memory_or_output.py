"""What tells a mask on the memory from one on the output, by layers that mask either."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dropviz.experiment import stored_sites
from dropviz.experiment.observations import Look
from dropviz.experiment.observe import Observer
from dropviz.experiment.probe import Probe
from dropviz.experiment.stored_sites import next_step_reads_masked

from .numpy_layer import NumPyLayer, observer_of
from .zoo_truth import SiteTruth, at

Array = Any


def looked_at(*truths: SiteTruth, **how: Any) -> tuple[Observer, Look]:
    observer = observer_of(NumPyLayer(truths, **how))
    return observer, observer.look(observer.memory, "carried")


@pytest.mark.parametrize(
    ("value", "once", "site"),
    [
        # What masks h multiplies one of two steps; what masks c, both.
        (2.0, 2.0, "output"),
        (4.0, 2.0, "cell"),
        (0.5, 0.5, "output"),
        (0.25, 0.5, "cell"),
        # Within 15 % of a power, as where large signals bend: 2 ** 1.14 and 2 ** 1.16.
        (2.204, 2.0, "output"),
        (2.234, 2.0, "neither"),
        (1.815, 2.0, "output"),
        (1.790, 2.0, "neither"),
        (3.630, 2.0, "cell"),
        (3.580, 2.0, "neither"),
        (4.408, 2.0, "cell"),
        (4.469, 2.0, "neither"),
        # In between, beyond, not at all, the other way.
        (2.828, 2.0, "neither"),
        (8.0, 2.0, "neither"),
        (1.0, 2.0, "neither"),
        (0.5, 2.0, "neither"),
        # Nothing to take the logarithm of.
        (0.0, 2.0, "neither"),
        (-2.0, 2.0, "neither"),
        (2.0, 0.0, "neither"),
        (2.0, -2.0, "neither"),
        (-2.0, -2.0, "neither"),
    ],
)
def test_a_multiplier_of_two_steps_is_that_of_one_or_its_square(
    value: float, once: float, site: str
) -> None:
    assert stored_sites._site_by_power(value, once, 0.006) == site


def test_what_is_hardly_scaled_may_be_further_off() -> None:
    # Each of the two is known to .006; 1.05 and its square are .05 apart.
    assert stored_sites._site_by_power(1.05 + 0.015, 1.05, 0.006) == "output"
    assert stored_sites._site_by_power(1.05**2 + 0.015, 1.05, 0.006) == "cell"
    assert stored_sites._site_by_power(1.05 + 0.021, 1.05, 0.006) == "neither"


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("kept", [0.4, 1.05, 2.0, 9.0])
@pytest.mark.parametrize("site", ["cell", "output"])
def test_what_scales_in_training_tells_them_by_two_steps(kind: str, kept: float, site: str) -> None:
    truth = at(site, kept=kept, scaling="other", kind=kind)
    observer, memory = looked_at(truth, kind=kind)
    calls = observer.harness.calls
    assert stored_sites._memory_or_output(observer, memory) == site
    assert observer.harness.calls == calls + observer.harness.times


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("rest", [0.2, 0.6, 1.5])
@pytest.mark.parametrize("site", ["cell", "output"])
def test_what_scales_at_inference_tells_them_there(kind: str, rest: float, site: str) -> None:
    truth = at(site, scaling="test-time", at_inference=rest, kind=kind)
    observer, memory = looked_at(truth, kind=kind)
    assert stored_sites._memory_or_output(observer, memory) == site


def test_a_call_that_drops_all_there_is_says_nothing_and_is_made_again() -> None:
    truth = at("cell", rate=0.9, kept=10.0, same_over_samples=True)
    sites = set()
    for seed in range(4):
        observer, memory = looked_at(truth, units=2, seed=seed)
        sites.add(stored_sites._memory_or_output(observer, memory))
    assert sites == {"cell"}


def test_where_no_call_keeps_anything_one_stops_asking() -> None:
    observer, memory = looked_at(at("cell", rate=1.0, scaling="none"))
    memory.kept = 2.0
    calls = observer.harness.calls
    assert stored_sites._memory_or_output(observer, memory) is None
    assert observer.harness.calls == calls + 50 * observer.harness.times


@pytest.mark.parametrize("training", [True, False])
def test_what_multiplied_two_steps_is_read_off_whatever_did_it(*, training: bool) -> None:
    observer, _ = looked_at(at("cell", kept=2.0, at_inference=0.5))
    probe = Probe(c=0.01, steps=2)
    seen = stored_sites._read_totals(observer, probe, training=training)
    assert seen.shape == (observer.harness.times * 256, 2)
    # In 32 bits, and as tanh of .01 is straight to five digits.
    wanted = [0, 4] if training else [0.25]
    assert np.unique(np.round(seen, 3)).tolist() == wanted


# ---------------------------------------------------------------- dropped, and never scaled


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("life", ["step", "sequence"])
@pytest.mark.parametrize("site", ["cell", "output"])
def test_what_nothing_scales_is_told_by_how_often_it_is_silent(
    rate: float, life: str, site: str
) -> None:
    observer, memory = looked_at(at(site, rate=rate, scaling="none", life=life))
    assert stored_sites._memory_or_output(observer, memory) == site


@pytest.mark.parametrize(
    ("site", "life", "often"), [("cell", "sequence", "twice"), ("output", "sequence", "once")]
)
def test_a_neighbour_lives_on_an_h_that_only_a_mask_on_c_silences(
    site: str, life: str, often: str
) -> None:
    # Its own c is dropped, and so is that of the unit that it reads; of outputs only its own.
    observer, memory = looked_at(at(site, scaling="none", life=life))
    assert stored_sites._neighbour_is_silent(observer, memory) == often


def test_no_neighbour_tells_where_the_h_that_it_reads_is_masked_too() -> None:
    observer, memory = looked_at(at("output", scaling="none"), at("recurrent", scaling="none"))
    assert stored_sites._neighbour_is_silent(observer, memory) is None


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_a_unit_alone_has_no_neighbour(kind: str) -> None:
    observer, memory = looked_at(at("output", scaling="none", kind=kind), kind=kind, units=1)
    calls = observer.harness.calls
    assert stored_sites._neighbour_is_silent(observer, memory) is None
    assert stored_sites._by_neighbour_of_gru(observer, memory) is None
    assert observer.harness.calls == calls


@pytest.mark.parametrize(
    ("truths", "told"),
    [
        ([at("output", scaling="none", kind="GRU")], "output"),
        ([at("cell", scaling="none", kind="GRU")], None),
        (
            [
                at("output", scaling="none", kind="GRU"),
                at("recurrent", life="step", scaling="none", kind="GRU"),
            ],
            None,
        ),
    ],
)
def test_the_neighbour_in_a_gru_misses_what_is_dropped_before_it_is_read(
    truths: list[SiteTruth], told: str | None
) -> None:
    observer, memory = looked_at(*truths, kind="GRU")
    calls = observer.harness.calls
    assert stored_sites._by_neighbour_of_gru(observer, memory) == told
    # 2,000 draws; of 256 samples and two readers a call.
    assert observer.harness.calls == calls + 4


@pytest.mark.parametrize("units", [1, 2, 4])
@pytest.mark.parametrize("read", [True, False])
def test_whether_the_next_step_reads_what_was_given_out(units: int, *, read: bool) -> None:
    truths = [at("output", life="step", scaling="none")]
    if read:
        later = at("recurrent", life="step", steps="later", same_mask_as="output", scaling="none")
        truths.append(later)
    observer, memory = looked_at(*truths, units=units)
    assert next_step_reads_masked(observer, memory) is read


@pytest.mark.parametrize("shared", [False, True])
def test_of_a_mask_that_all_samples_share_a_call_is_one_draw(*, shared: bool) -> None:
    truth = at("cell", rate=0.5, scaling="none", life="step", same_over_samples=shared)
    observer, memory = looked_at(truth, units=12)
    assert memory.shared is shared
    calls = observer.harness.calls
    told = stored_sites._dropped_how_often(observer, Probe(c=0.1, steps=2), memory)
    # It takes some 1,100 draws to tell a rate of one half from one of three quarters: of six
    # readers and 256 samples those of a call; where all samples share one, 150 calls have 900.
    assert told == (None if shared else "twice")
    assert observer.harness.calls == calls + 2 * (150 if shared else 1)
