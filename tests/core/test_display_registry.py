from __future__ import annotations

import pytest

from dropviz.core.display_registry import DISPLAY, display


class Result:
    """Something that could be shown."""


class Other(Result):
    """A kind of it that nobody has said how to show."""


def test_an_object_is_shown_by_what_was_left_for_its_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[object] = []
    monkeypatch.setitem(DISPLAY, "Result", shown.append)
    result = Result()

    display(result)

    assert shown == [result]


@pytest.mark.parametrize("result", [Other(), 3, None], ids=["a subclass", "a number", "nothing"])
def test_what_nobody_has_said_how_to_show_is_left_to_ipython(
    result: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[object] = []
    monkeypatch.setitem(DISPLAY, "Result", shown.append)

    with pytest.raises(NotImplementedError):
        display(result)

    assert not shown
