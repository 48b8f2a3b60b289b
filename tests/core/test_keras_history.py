from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dropviz.core.keras_history import ERAS, era, table
from dropviz.core.verdict import SiteVerdict, Verdict


def verdict(**changed: Any) -> Verdict:
    """Makes the verdict on a plain LSTM, with both sites masked."""
    given: dict[str, Any] = {
        "layer": "lstm",
        "kind": "LSTM",
        "sites": {site: found(site) for site in ("input", "recurrent")},
        "active_at_inference": False,
        "method": "keras",
        "same_as": (),
        "differences": (),
        "doubts": (),
        "seconds": 1.0,
        "calls": 100,
    }
    return Verdict(**(given | changed))


def found(site: str) -> SiteVerdict:
    return SiteVerdict(
        site=site,
        rate=0.5,
        rate_interval=(0.45, 0.55),
        life="sequence",
        tying="untied",
        scaling="inverted",
        kept=2.0,
        at_inference=1.0,
        gates=("i", "f", "g", "o"),
        missing=(),
        same_over_samples=False,
        same_over_units=False,
        frozen=False,
        seen=np.zeros((2, 2)),
    )


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("4.0.0", "Keras 3.8 and later"),
        ("3.15.1", "Keras 3.8 and later"),
        ("3.10.0", "Keras 3.8 and later"),
        ("3.8.0", "Keras 3.8 and later"),
        ("3.7.0", "Keras 3.2 to 3.7"),
        ("3.2.0", "Keras 3.2 to 3.7"),
        ("3.1.1", "Keras 3.0 and 3.1"),
        ("3.0.0", "Keras 3.0 and 3.1"),
        ("2.15.0", "Keras 2.6 to 2.15 (tf.keras)"),
        ("2.6.0rc0", "Keras 2.6 to 2.15 (tf.keras)"),
    ],
)
def test_a_version_belongs_to_its_era(version: str, name: str) -> None:
    here = era(version)

    assert here is not None
    assert here.versions == name


def test_a_version_older_than_all_has_no_era() -> None:
    assert era("2.5.0") is None


def test_eras_come_newest_first_and_name_their_sources() -> None:
    firsts = [each.first for each in ERAS]

    assert firsts == sorted(set(firsts), reverse=True)
    assert all(each.source and each.dropout and each.recurrent for each in ERAS)


def test_only_the_installed_era_is_measured_and_the_rest_is_history() -> None:
    rows = table("3.15.1", verdict())

    assert [row[0] for row in rows] == [each.versions for each in ERAS]
    assert [row[1:3] for row in rows] == [(each.dropout, each.recurrent) for each in ERAS]
    assert [row[3] for row in rows] == ["measured here (Keras 3.15.1)", *["from history"] * 3]


def test_the_measured_row_goes_with_the_version() -> None:
    known = [row[3] for row in table("3.1.0", verdict())]

    assert known.index("measured here (Keras 3.1.0)") == 2


@pytest.mark.parametrize(
    "changed", [{"method": "gal-tied"}, {"differences": ("it differs.",)}], ids=str
)
def test_what_was_measured_otherwise_is_marked_so(changed: dict[str, Any]) -> None:
    known = [row[3] for row in table("3.15.1", verdict(**changed))]

    assert known[0] == "NOT as measured here (Keras 3.15.1)"


def test_where_nothing_was_dropped_nothing_was_measured() -> None:
    known = {row[3] for row in table("3.15.1", verdict(sites={}, method=None))}

    assert known == {"from history"}
