"""What is known of calls that data sets make."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
import tensorflow as tf

from dropviz.keras_inside import hooks
from dropviz.keras_inside.data_sets import (
    data_set_functions,
    for_a_data_set,
    is_for_a_data_set,
)
from dropviz.keras_inside.inner_loop import is_look

KINDS: dict[str, Callable[[Any, Any], Any]] = {
    "map": lambda given, function: given.map(function),
    "several at once": lambda given, function: given.map(function, num_parallel_calls=2),
    "filter": lambda given, function: given.filter(lambda x: function(x) > 0),
    "flat_map": lambda given, function: given.flat_map(
        lambda x: tf.data.Dataset.from_tensors(function(x))
    ),
    "scan": lambda given, function: given.scan(0, lambda state, x: (state, function(x))),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_data_set_does_is_marked_while_it_is_traced(kind: str) -> None:
    heard = []

    def function(x: Any) -> Any:
        heard.append((is_for_a_data_set(), is_look()))
        return x

    with ExitStack() as stack:
        for owner, method in data_set_functions():
            stack.enter_context(hooks.inside(owner, method, for_a_data_set))
        made = KINDS[kind](tf.data.Dataset.range(1, 4), function)

    assert {*heard} == {(True, True)}
    assert len(list(made)) == 3
    assert not is_for_a_data_set()


def test_functions_of_no_data_set_are_not_marked() -> None:
    @tf.function  # type: ignore[untyped-decorator]
    def function() -> Any:
        heard.append(is_for_a_data_set())
        return 0

    heard: list[bool] = []
    with ExitStack() as stack:
        for owner, method in data_set_functions():
            stack.enter_context(hooks.inside(owner, method, for_a_data_set))
        function()

    assert heard == [False]
