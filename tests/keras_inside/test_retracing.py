from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from dropviz.keras_inside.retracing import no_retracing_warnings


@pytest.fixture
def warned() -> Iterator[list[str]]:
    """What TensorFlow's logger lets through."""
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("tensorflow")
    logger.addHandler(handler)
    yield messages
    logger.removeHandler(handler)


def trace_often(make: Callable[[], Any]) -> None:
    for _ in range(7):
        make()(tf.constant(1.0))


def new_add() -> Any:
    return tf.function(lambda x: x + 1)


def new_multiply() -> Any:
    return tf.function(lambda x: x * 2)


def new_subtract() -> Any:
    return tf.function(lambda x: x - 1)


def test_nobody_is_warned_of_models_that_dropviz_makes(warned: list[str]) -> None:
    with no_retracing_warnings():
        trace_often(new_add)

    assert not warned


def test_a_person_s_own_functions_are_warned_of_as_ever(warned: list[str]) -> None:
    with no_retracing_warnings():
        other = threading.Thread(target=trace_often, args=(new_multiply,))
        other.start()
        other.join()
    in_another_thread = len(warned)
    trace_often(new_subtract)

    assert in_another_thread > 0
    assert len(warned) > in_another_thread


def test_other_warnings_come_through(warned: list[str]) -> None:
    with no_retracing_warnings():
        logging.getLogger("tensorflow").warning("%s is deprecated", "it")

    assert warned == ["it is deprecated"]
