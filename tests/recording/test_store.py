"""Which store a backend gets; these run on any backend of Keras."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import keras
import pytest

from dropviz.errors import DropvizError
from dropviz.recording import numbered_store
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


@pytest.mark.full  # TensorFlow waits ten seconds for somebody to give some back
def test_a_budget_for_which_the_device_has_no_room_is_refused() -> None:
    said = {"jax": "With JAX a recording holds at most 2,147,483,647 numbers"}

    with pytest.raises(
        DropvizError, match=said.get(BACKEND, "The device has no room for a recording of 1048576 M")
    ):
        make_store(2**20, "float32", 1)
