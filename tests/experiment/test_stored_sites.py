"""What is said where nothing tells one site from another, on answers given by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dropviz.experiment import stored_sites
from dropviz.experiment.observations import Doubt


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
