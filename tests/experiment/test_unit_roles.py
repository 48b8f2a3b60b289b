from __future__ import annotations

import pytest

from dropviz.experiment.unit_roles import Role, roles, turns


def test_readers_stand_at_odd_places_behind_their_sources() -> None:
    assert roles(5, 3) == [Role(1, 0, 0), Role(3, 2, 1)]
    assert roles(5, 3, turn=1) == [Role(0, 1, 2), Role(2, 3, 0), Role(4, 3, 1)]
    assert roles(1, 3, turn=2) == [Role(0, 0, 2)]


@pytest.mark.parametrize("units", [1, 2, 3, 4, 7, 16])
@pytest.mark.parametrize("features", [1, 2, 3, 5, 8])
def test_after_all_turns_each_unit_and_each_input_was_read(units: int, features: int) -> None:
    dealt = [
        each for turn in range(turns(units, features)) for each in roles(units, features, turn)
    ]

    assert {each.reader for each in dealt} == set(range(units))
    assert {each.feature for each in dealt} == set(range(features))
    assert units == 1 or all(each.reader != each.source for each in dealt)


@pytest.mark.parametrize(
    ("units", "features", "needed"), [(1, 1, 1), (1, 5, 5), (2, 1, 2), (8, 4, 2), (8, 9, 3)]
)
def test_no_more_turns_are_taken_than_that_takes(units: int, features: int, needed: int) -> None:
    assert turns(units, features) == needed
