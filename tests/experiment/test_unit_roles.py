from __future__ import annotations

from collections.abc import Callable

import pytest

from dropviz.experiment.unit_roles import Role, roles, turns


def test_roles_are_dealt_by_the_number_of_the_source() -> None:
    assert roles(5, 3) == [Role(3, 0, 0), Role(2, 1, 2)]
    assert roles(5, 3, turn=1) == [Role(1, 2, 1), Role(4, 2, 0), Role(0, 3, 2)]
    assert roles(1, 3, turn=2) == [Role(0, 0, 2)]
    assert [each.source for each in roles(24, 1)] == sorted(each.source for each in roles(24, 1))


PARTNERS: dict[str, Callable[[int, int], int]] = {
    "neighbours": lambda unit, _: unit ^ 1,
    "halves": lambda unit, units: (unit + units // 2) % units,
    "mirrored": lambda unit, units: units - 1 - unit,
}


@pytest.mark.parametrize("which", PARTNERS)
@pytest.mark.parametrize("units", [6, 8, 16, 24, 32, 64])
def test_partners_are_read_together_somewhere(units: int, which: str) -> None:
    dealt = roles(units, 1)
    partner = PARTNERS[which]
    inputs = {each.feature for each in roles(units, units)}
    for together in ({each.source for each in dealt}, {each.reader for each in dealt}, inputs):
        assert any(partner(unit, units) in together for unit in together)


@pytest.mark.parametrize("units", range(1, 20))
def test_the_first_source_has_the_number_of_an_input(units: int) -> None:
    assert roles(units, 1)[0].source == 0


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
