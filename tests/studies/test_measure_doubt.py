from __future__ import annotations

from typing import Any

import pytest

from dropviz.errors import DropvizError
from dropviz.studies.measure_doubt import doubt_card


@pytest.mark.full
def test_both_ways_are_measured_inside_and_outside() -> None:
    card = doubt_card(members=2, passes=8, units=4, epochs=1)

    assert {way: set(places) for way, places in card.found.items()} == {
        "masks": {"inside", "outside"},
        "ensemble": {"inside", "outside"},
    }
    for places in card.found.values():
        # Amplitudes of twice the size, of which it has seen none.
        assert places["outside"].error > places["inside"].error
        assert places["inside"].spread > 0
        assert places["inside"].coverage.count == 500
    said = str(card)
    assert "masks: from inside to outside the error grew" in said
    assert "noise in the data is in the truths" in said


@pytest.mark.parametrize("given", [{"members": 1}, {"dropout": 1.0}, {"units": 0}])
def test_what_cannot_be_measured_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(DropvizError):
        doubt_card(**given)


@pytest.mark.parametrize("passes", [1, "x", 10**9, True, None])
def test_passes_are_checked_before_anything_is_trained(
    passes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dropviz.studies.measure_doubt._trained", None)  # which would fail

    with pytest.raises(DropvizError, match=r"^passes must be a whole number from 2 to 100000"):
        doubt_card(passes=passes)
