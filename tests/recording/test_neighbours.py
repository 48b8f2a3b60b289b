"""Which layers stand before and after a Dropout layer, told by what passes between them."""

from __future__ import annotations

import contextlib
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.keras_inside.inner_loop import looking
from dropviz.recording import neighbours as module
from dropviz.recording.neighbours import Neighbours


class Tensor:
    """As much of a tensor as there is to know of it: it is itself, and goes."""


def tensors(count: int) -> list[Tensor]:
    return [Tensor() for _ in range(count)]


def passed(*sources: str) -> tuple[Neighbours, Tensor]:
    """A Dropout layer "drop" that was given what some layers returned; its last output."""
    heard, (outputs, *inputs) = Neighbours(), tensors(1 + len(sources))
    for source, tensor in zip(sources, inputs, strict=True):
        if source:
            heard.returns(source, tensor)
        heard.passes("drop", tensor, outputs)
    return heard, outputs


@pytest.mark.parametrize(
    ("sources", "before"),
    [
        ([], ""),
        (["low"], "low"),
        ([""], ""),
        (["low", "low"], "low"),
        (["low", "other"], ""),
        (["low", ""], ""),
        (["", "low"], ""),
    ],
    ids=str,
)
def test_a_layer_follows_the_only_one_whose_outputs_it_drops(
    sources: list[str], before: str
) -> None:
    assert passed(*sources)[0].of("drop") == (before, "")


@pytest.mark.parametrize(
    ("readers", "after"),
    [
        ([], ""),
        (["top"], "top"),
        (["top", "top"], "top"),
        (["top", "other"], ""),
        # What holds the layers of two directions is told of first, and is one.
        (["both", "both/forward", "both/backward"], "both"),
        (["both", "bothersome"], ""),
    ],
    ids=str,
)
def test_a_layer_feeds_the_only_one_that_reads_what_it_dropped(
    readers: list[str], after: str
) -> None:
    heard, outputs = passed("low")
    for reader in readers:
        heard.reads(reader, outputs)

    assert heard.of("drop") == ("low", after)


def test_what_was_not_dropped_feeds_nobody() -> None:
    heard, (plain,) = passed("low")[0], tensors(1)
    heard.returns("low", plain)
    heard.reads("top", plain)

    assert heard.of("drop") == ("low", "")
    assert heard.of("low") == ("", "")


def test_a_tensor_in_the_place_of_one_that_is_gone_is_another() -> None:
    heard, (given, outputs) = Neighbours(), tensors(2)
    heard.returns("low", given)
    number = id(given)
    # As where Python gives the number of the first to a second one.
    heard._made[id(outputs)] = heard._made.pop(number)

    heard.passes("drop", outputs, given)

    assert heard.of("drop") == ("", "")


def test_tensors_that_are_gone_are_forgotten_and_the_others_are_not() -> None:
    heard, every = Neighbours(), tensors(2 * module._MANY)
    kept, more = every[::500], tensors(2)
    heard.returns("low", *every)
    del every

    heard.returns("low", more[0])

    assert len(heard._made) == len(kept) + 1
    for tensor in (*kept, more[0]):
        heard.passes("drop", tensor, more[1])
    assert heard.of("drop") == ("low", "")


def test_of_tensors_that_are_gone_no_more_than_a_thousand_are_held() -> None:
    heard, most, every = Neighbours(), 0, tensors(2500)
    while every:
        heard.returns("low", every.pop())
        most = max(most, len(heard._made))

    # A loop of many steps takes no more memory for it; nor is there a search at each of them.
    assert 900 < most <= 1001


@pytest.mark.parametrize("looks", [False, True], ids=["a call", "a look"])
def test_both_directions_are_heard_as_one_and_looks_are_not(*, looks: bool) -> None:
    one = keras.layers.SimpleRNN(2, return_sequences=True, unroll=True)
    both = keras.layers.Bidirectional(one, merge_mode=None, name="both")
    heard, x = Neighbours(), keras.ops.convert_to_tensor(np.ones((1, 1, 3), "float32"))
    sequences, dropped = x + 0, x + 1
    heard.passes("first", sequences, dropped)

    with (
        heard.hearing_both_directions(lambda layer: str(layer.name), any_thread=False),
        looking() if looks else contextlib.nullcontext(),
    ):
        returned: list[Any] = both(dropped)
    for number, each in enumerate(returned):
        heard.passes(f"after {number}", each, x)

    told = "" if looks else "both"
    assert heard.of("first") == ("", told)
    assert [heard.of(f"after {number}")[0] for number in range(2)] == [told, told]
