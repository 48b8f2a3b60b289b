"""What a recording may be asked for, and what it takes where nothing is said."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import keras
import pytest

from dropviz.recording import record as of_one
from dropviz.recording import recorder as module
from dropviz.recording.record import record, record_everything
from dropviz.recording.tensorflow_store import Store

Layer = Any


def layer(**settings: Any) -> Layer:
    return keras.layers.SimpleRNN(2, dropout=0.5, name="rnn", **settings)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the store was asked for: its budget in MiB, its type, and of which batches masks are."""
    found: list[tuple[Any, ...]] = []

    def make(*given: Any) -> Store:
        found.append(given)
        return Store(100, 9, "float32", 1)

    monkeypatch.setattr(module, "make_store", make)
    return found


def test_by_default_64_mib_hold_every_batch_in_single_precision(
    asked: list[tuple[Any, ...]],
) -> None:
    with record(layer()):
        pass
    with record_everything():
        pass

    assert asked == 2 * [(64, "float32", 1)]


@pytest.mark.parametrize("budget", [1e-9, 0.5, 1, 2**20])
def test_a_budget_is_anything_above_nought_up_to_a_tebibyte(
    asked: list[tuple[Any, ...]], budget: float
) -> None:
    with record(layer(), budget_mib=budget):
        pass

    assert asked == [(budget, "float32", 1)]


@pytest.mark.parametrize(
    ("every", "kept"),
    # Beyond what 32 bits count no training goes.
    [(1, 1), (2, 2), (2**31 - 1, 2**31 - 1), (2**31, 2**31 - 1), (10**30, 2**31 - 1)],
)
def test_a_batch_may_be_kept_as_seldom_as_one_likes(
    asked: list[tuple[Any, ...]], every: int, kept: int
) -> None:
    with record(layer(), every=every):
        pass

    assert asked == [(64, "float32", kept)]


def test_one_layer_of_double_precision_has_all_masks_kept_in_it(
    asked: list[tuple[Any, ...]],
) -> None:
    both = keras.Sequential(
        [keras.Input((1, 2)), layer(return_sequences=True), keras.layers.LSTM(2, dtype="float64")]
    )
    with record(both):
        pass

    assert [dtype for _, dtype, _ in asked] == ["float64"]


def interrupted_in(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Has an interrupt come while a recording that begins calls a function."""
    original: Callable[..., Any] = getattr(of_one, name)

    def interrupts(*given: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return original(*given)

    monkeypatch.setattr(of_one, name, interrupts)


@pytest.mark.parametrize("where", ["recurrent_layers", "noise_layers"])
def test_an_interrupt_before_the_block_has_nothing_of_the_block_run(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    interrupted_in(monkeypatch, where)
    one, ran = layer(), []

    with pytest.raises(KeyboardInterrupt), record(one):
        ran.append("the block")

    assert ran == []
    assert "inner_loop" not in vars(one)
