"""What is said where nothing tells one site from another, on answers given by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dropviz.experiment import stored_sites
from dropviz.experiment.observations import Doubt


@pytest.mark.parametrize(
    ("mask", "reader", "told"),
    [
        # Of 10,000 draws of a rate of .5 or .1, known to about .02 or .012.
        ((5_000, 10_000), (5_000, 10_000), "once"),
        ((5_000, 10_000), (7_500, 10_000), "twice"),
        ((1_000, 10_000), (1_000, 10_000), "once"),
        ((1_000, 10_000), (1_900, 10_000), "twice"),
        # As far from it as chance takes two such counts, to either side.
        ((5_000, 10_000), (5_300, 10_000), "once"),
        ((5_000, 10_000), (4_700, 10_000), "once"),
        ((5_000, 10_000), (7_750, 10_000), "twice"),
        ((5_000, 10_000), (7_250, 10_000), "twice"),
        # Between the two, below one mask, above two: it is neither.
        ((5_000, 10_000), (6_250, 10_000), None),
        ((5_000, 10_000), (4_000, 10_000), None),
        ((5_000, 10_000), (8_500, 10_000), None),
        # So few draws that either would fit, or only the wrong one by chance.
        ((5, 10), (6, 10), None),
        ((500, 1_000), (75, 100), None),
        # It would fit two, but is not known closely enough.
        ((450, 500), (495, 500), None),
        # Hardly ever: 1 % and 2 % of so few are not yet told apart.
        ((10, 1_000), (20, 1_000), None),
        ((1_000, 100_000), (1_990, 100_000), "twice"),
        ((9_900, 10_000), (9_999, 10_000), "twice"),
        ((0, 10_000), (0, 10_000), None),
    ],
)
def test_a_reader_behind_one_mask_is_told_from_one_behind_two(
    mask: tuple[int, int], reader: tuple[int, int], told: str | None
) -> None:
    assert stored_sites._once_or_twice(mask, reader) == told


@pytest.mark.parametrize(
    ("lift", "alone", "between", "site", "doubts"),
    [
        (1.0, None, "cell", ("cell", ""), []),
        (1.0, None, "output", ("output", ""), []),
        (1.0, None, None, ("cell", "output"), [Doubt.ONE_MASK_FOR_ALL_STEPS]),
        (None, True, "cell", ("carried", ""), []),
        (None, False, "cell", ("cell", ""), []),
        (None, None, "cell", ("cell", "carried"), [Doubt.NO_BIAS]),
        (None, None, "output", ("output", ""), []),
    ],
)
def test_what_cannot_be_told_apart_is_a_doubt_and_names_both(
    monkeypatch: pytest.MonkeyPatch,
    lift: float | None,
    alone: bool | None,  # noqa: FBT001 (three answers)
    between: str | None,
    site: tuple[str, str],
    doubts: list[Doubt],
) -> None:
    monkeypatch.setattr(stored_sites, "memory_is_dropped_alone", lambda *_: alone)
    monkeypatch.setattr(stored_sites, "_memory_or_output", lambda *_: between)
    observer: Any = SimpleNamespace(lift=lift, doubts=[])
    observer.doubt = observer.doubts.append
    memory: Any = None

    assert stored_sites.find_stored_site(observer, memory) == site
    assert observer.doubts == doubts
