"""The gate r of a GRU before the kernel, which is heard beside a candidate that may drop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dropviz.experiment.input_sites import find_input_masks

from .numpy_layer import NumPyLayer, dropped_entries, observer_of
from .zoo_truth import at


@pytest.mark.parametrize("scaling", ["inverted", "test-time"])
def test_r_is_read_where_the_candidate_keeps_what_it_multiplies(scaling: str) -> None:
    layer = NumPyLayer(
        [at("recurrent", kind="GRU", tying="untied", scaling=scaling)], "GRU", reset_after=False
    )
    observer = observer_of(layer)
    find_input_masks(observer)
    look, by = (observer.places["recurrent"].looks[gate] for gate in (1, 2))
    told = ~np.isnan(look.dropped)
    del layer.used[-4:]  # in which x was listened to, after h
    used = dropped_entries(layer, 2, "recurrent", 1)
    np.testing.assert_array_equal(look.dropped[told], used[told])
    assert told.mean() == pytest.approx(0.6, abs=0.1)
    assert (look.kept, look.spread, look.shows) == (by.kept, 0.0, False)
    assert (look.at_inference, look.random) == (by.at_inference, by.random)


@pytest.mark.parametrize(
    ("how", "units", "told"),
    [
        ({}, 4, True),
        # The candidate's own mask, unscaled, does what one of r would do.
        ({"scaling": "none"}, 4, False),
        ({"same_over_samples": True}, 24, True),
        # A rate of .2 takes 62 draws where the candidate keeps, and 31 calls of two readers
        # have 50 such; a rate of .7 twelve, of which six calls have four.
        ({"same_over_samples": True, "rate": 0.2}, 4, False),
        ({"same_over_samples": True, "rate": 0.7}, 4, False),
        # What is scaled, and never dropped, shows r at once.
        ({"same_over_samples": True, "rate": 0.0, "scaling": "other", "kept": 1.5}, 4, True),
    ],
    ids=str,
)
def test_r_is_free_where_the_candidates_mask_explains_all_that_enough_draws_show(
    how: dict[str, Any],
    units: int,
    told: bool,  # noqa: FBT001
) -> None:
    truth = at("recurrent", kind="GRU", tying="untied", gates=("g",), **how)
    observer = observer_of(NumPyLayer([truth], "GRU", reset_after=False, units=units))
    find_input_masks(observer)
    place = observer.places["recurrent"]
    assert list(place.acting(observer.slack)) == [2]
    assert list(place.looks) == ([0, 1, 2] if told else [0, 2])
    assert observer.unheard == ([] if told else [("recurrent", 1)])
    if told:
        look = observer.places["recurrent"].looks[1]
        assert (look.kept, look.spread) == (1.0, 0.0)
        np.testing.assert_array_equal(look.dropped, 0)
