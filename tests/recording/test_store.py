"""Which store a backend gets; these run on any backend of Keras."""

from __future__ import annotations

import ast
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import pytest

from dropviz.errors import DropvizError
from dropviz.recording import numbered_store
from dropviz.recording.log_rows import COLUMNS
from dropviz.recording.numbered_store import NumberedStore
from dropviz.recording.store import STORES, Frozen, Store, make_store

BACKEND = keras.config.backend()


def methods(path: Path, name: str) -> set[str]:
    """The public methods of a class, read from its source."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (found,) = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    functions = {n.name for n in found.body if isinstance(n, ast.FunctionDef)}
    return {each for each in functions if not each.startswith("_")}


@pytest.mark.parametrize("backend", STORES)
def test_every_store_has_what_a_recorder_asks_for(backend: str) -> None:
    spec = find_spec(STORES[backend])

    assert spec is not None
    assert spec.origin is not None
    wanted = {name for name in vars(Store) if not name.startswith("_")}
    assert len(wanted) > 8
    own, shared = Path(spec.origin), Path(numbered_store.__file__)
    assert wanted <= methods(own, "Store") | methods(shared, "NumberedStore")


def test_the_backend_in_use_has_its_own_store() -> None:
    store = make_store(1, "float32", 1)

    assert type(store).__module__ == STORES[BACKEND]
    assert list(store.frozen().steps) == [0] * len(store.frozen().steps)
    assert callable(Frozen.read)
    store.release()


def test_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.config, "backend", lambda: "openvino")

    with pytest.raises(DropvizError) as error:
        make_store(1, "float32", 1)

    assert str(error.value) == (
        "dropviz records with Keras on tensorflow, jax, torch. Received: backend='openvino'. Set "
        "KERAS_BACKEND to one of them before Keras is imported."
    )


def test_layers_and_optimizers_are_numbered_as_long_as_there_is_room() -> None:
    store = NumberedStore(1000, 5, "float64", 3)

    layers = [store.new_layer() for _ in range(4095)]
    assert store.full == ""
    layers.append(store.new_layer())
    optimizers = [store.new_optimizer() for _ in range(258)]

    assert "room for 4,096 layers" in store.full
    assert layers == list(range(4096))
    # One too many shares a number, rather than none.
    assert optimizers == [*range(256), 255, 255]
    assert (store.capacity, store.log_rows, store.dtype, store.every) == (125, 5, "float64", 3)


@pytest.mark.full  # TensorFlow waits ten seconds for somebody to give some back
def test_a_budget_for_which_the_device_has_no_room_is_refused() -> None:
    said = {"jax": "With JAX a recording holds at most 2,147,483,647 numbers"}

    with pytest.raises(
        DropvizError, match=said.get(BACKEND, "The device has no room for a recording of 1048576 M")
    ):
        make_store(2**20, "float32", 1)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("RESOURCE_EXHAUSTED: no room")])
def test_a_device_without_room_is_named_with_what_was_asked_of_it(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    _replace_store(monkeypatch, error)

    with pytest.raises(DropvizError, match="no room for a recording of 3 MiB"):
        make_store(3, "float32", 1)


def test_any_other_error_of_a_store_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    _replace_store(monkeypatch, ZeroDivisionError("of its own"))

    with pytest.raises(ZeroDivisionError, match="of its own"):
        make_store(3, "float32", 1)


@pytest.mark.parametrize("budget", [0.5, 1, 3])
def test_a_budget_is_in_mebibytes(monkeypatch: pytest.MonkeyPatch, budget: float) -> None:
    asked = _replace_store(monkeypatch, None)

    make_store(budget, "float64", 2)

    ((masks, rows, dtype, every),) = asked
    assert masks + rows * 8 * COLUMNS == budget * 1024 * 1024
    assert (dtype, every) == ("float64", 2)


def _replace_store(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> list[Any]:
    """Has the backend in use make no store, and fail; what was asked of it is noted."""
    asked: list[Any] = []

    def made(*given: Any) -> None:
        asked.append(given)
        if error:
            raise error

    monkeypatch.setattr(import_module(STORES[BACKEND]), "Store", made)
    return asked
