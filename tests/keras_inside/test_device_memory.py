"""Says in a sentence when a backend words the want of memory otherwise; on any backend."""

from __future__ import annotations

import keras
import pytest

from dropviz.keras_inside.device_memory import is_out_of_memory


@pytest.mark.full  # TensorFlow waits ten seconds for somebody to give some back
def test_the_error_of_a_backend_that_has_no_room_is_known() -> None:
    with pytest.raises(Exception) as error:  # noqa: PT011 (each backend raises its own)
        keras.ops.zeros((2**50,))  # four pebibytes

    assert is_out_of_memory(error.value), (
        f"{keras.config.backend()} says otherwise that a device has no memory left: {error.value!r}"
    )


@pytest.mark.parametrize("error", [ValueError("a shape"), RuntimeError("a memory of mine")])
def test_another_error_is_none(error: Exception) -> None:
    assert not is_out_of_memory(error)


def test_that_of_python_is_known() -> None:
    assert is_out_of_memory(MemoryError())
