"""What is said of a layer whose masks are not all there, told from what a store held."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dropviz.recording.log_rows import LAYOUT as LAYOUT_OF_ROW
from dropviz.recording.log_rows import Held
from dropviz.recording.mask_layout import Layout
from dropviz.recording.readback import Facts, layer_recording
from tests.recording.test_readback import CELL, LAYOUT, held, read, row

WHERE = (
    "made where no gradient was seen to be taken, as without a tape, or by a function that was "
    "compiled there"
)


def note(what: Held, **known: bool) -> str:
    """What is said of a layer with two layouts, of which nothing else is known."""
    facts = replace(Facts.of("a/gru", 0, CELL), layouts=(LAYOUT, LAYOUT))
    return layer_recording(replace(facts, **known), what, None).note  # type: ignore[arg-type]


def without_masks(*sizes: int) -> Held:
    """What is held of batches of four samples, none of whose masks is there any more."""
    log = np.array([row(4, number, size=size) for number, size in enumerate(sizes)], np.int64)
    return Held(len(sizes), len(sizes), 0, log, (), ())


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((0, 0), "`every` left out all of these batches."),
        # The first was wanted, and what came later took its place.
        ((24, 0), "what it used was written over by what came later. A larger budget_mib"),
        ((24, 24), "what it used was written over by what came later. A larger budget_mib"),
        # Of 24 numbers the store had room for 23, and for one.
        ((23, 23), "one batch is larger than budget_mib."),
        ((1, 1), "one batch is larger than budget_mib."),
    ],
)
def test_why_no_masks_are_there_is_told_from_the_last_batch(
    sizes: tuple[int, ...], said: str
) -> None:
    assert note(without_masks(*sizes)).startswith(f"no masks are held: {said}")


@pytest.mark.parametrize(
    ("calls", "untrained", "said"),
    [
        (0, False, "no call of it with training=True was seen."),
        (0, True, "it was called without training=True, so nothing was dropped."),
        (1, False, "what it used was written over by what came later: the log has room for"),
        (1, True, "what it used was written over by what came later: the log has room for"),
    ],
)
def test_why_a_layer_is_not_in_the_log_is_told(calls: int, said: str, *, untrained: bool) -> None:
    assert note(replace(held([]), calls=calls), untrained=untrained).startswith(said)


@pytest.mark.parametrize(
    ("trains", "untaken", "said"),
    [
        (True, 0, ""),
        (True, 1, f"1 call of it is not among these, {WHERE}."),
        (True, 2, f"2 calls of it are not among these, {WHERE}."),
        (False, 1, f"its calls were {WHERE}, so each of them is counted as a batch."),
    ],
)
def test_calls_of_which_no_gradient_was_taken_are_told(
    untaken: int, said: str, *, trains: bool
) -> None:
    log = np.array([row(4, trains=trains)], np.int64)
    block = np.arange(24, dtype="float32")

    assert note(Held(1, 1, 0, log, (block,), (0,), untaken=untaken)) == said


@pytest.mark.parametrize(("calls", "told"), [(1, False), (2, True), (3, True)])
def test_that_each_call_is_a_batch_is_told_where_there_are_several(
    calls: int, *, told: bool
) -> None:
    said = note(replace(held([4] * calls), by_call=True))

    assert said == told * (
        "no optimizer of Keras was seen to train it, so each of its calls is counted as a batch."
    )


def test_a_log_that_was_read_back_in_part_is_not_too_long() -> None:
    assert note(replace(held([4], before=1200), newest=True)) == ""


def test_a_stateful_layer_that_drops_nothing_has_no_masks_to_speak_of() -> None:
    idle = Layout((LAYOUT.sites[1],), "float32")
    facts = replace(Facts.of("a/gru", 0, CELL), layouts=(idle,), stateful=True)

    assert layer_recording(facts, without_masks(0), None).note == ""


@pytest.mark.parametrize(
    ("layouts", "rates", "said"),
    [
        ((0, 0), (0.5, 0.5), ""),
        ((1, 0), (0.5, 0.5), "its masks had several shapes; these are all of the shape of the"),
        ((0, 0), (0.4, 0.5), "its rates changed while it was recorded; these masks are the"),
        # Another shape before the change alone is the change's doing.
        ((1, 0), (0.4, 0.5), "its rates changed while it was recorded; these masks are the"),
    ],
)
def test_shapes_are_several_only_since_the_rates_last_changed(
    layouts: tuple[int, int], rates: tuple[float, float], said: str
) -> None:
    what = held([4, 4], rates=[(rate, 0.0) for rate in rates])
    what.log[:, LAYOUT_OF_ROW] = layouts

    assert note(what).startswith(said)
    assert note(what).count("its ") == bool(said)  # no other is said


def test_a_call_that_was_cut_short_is_left_out_and_the_others_are_not() -> None:
    log = np.array([row(4, 0, size=12), row(2, 1, size=12)], np.int64)
    blocks = (np.arange(12, dtype="float32"), np.arange(12, dtype="float32"))

    layer = read(Held(2, 2, 0, log, blocks, (0, 1)))

    assert (layer["input"].batches, layer["input"].batch_sizes) == ((1,), (2,))
    assert layer.note == ""
