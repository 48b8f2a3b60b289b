from __future__ import annotations

from typing import Any

import pytest

import dropviz
from dropviz.errors import DropvizError
from dropviz.keras_inside.choose_backend import Choice
from dropviz.studies import study
from dropviz.studies.engines import check_engine

ON = "trains many models with Keras on TensorFlow or JAX"
ONE = "With JAX there is one engine"


@pytest.mark.parametrize(
    ("engine", "backend"), [("exact", "tensorflow"), ("xla", "tensorflow"), ("exact", "jax")]
)
def test_what_can_train_passes(engine: str, backend: str) -> None:
    check_engine(engine, backend)


@pytest.mark.parametrize(
    ("engine", "backend", "said"),
    [
        ("exact", "torch", ON),
        ("xla", "torch", ON),
        ("exact", "openvino", ON),
        ("xla", "jax", ONE),
        ("fast", "tensorflow", "'fast'"),
        (None, "jax", "None"),
    ],
)
def test_what_cannot_is_a_sentence(engine: Any, backend: str, said: str) -> None:
    with pytest.raises(DropvizError, match=said):
        check_engine(engine, backend)


@pytest.mark.parametrize(
    ("engine", "backend", "said"), [("exact", "torch", ON), ("xla", "jax", ONE)]
)
@pytest.mark.parametrize(
    "call",
    [
        lambda **given: dropviz.compare(["none", "keras"], **given),
        lambda **given: dropviz.sweep([0, 0.5], [0], **given),
    ],
    ids=["compare", "sweep"],
)
def test_a_study_that_no_worker_could_train_is_refused_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, call: Any, engine: str, backend: str, said: str
) -> None:
    monkeypatch.setattr(study, "choose_backend", lambda: Choice(backend, ""))

    with pytest.raises(DropvizError, match=said):
        call(engine=engine, results=tmp_path / "kept.jsonl")

    assert not list(tmp_path.iterdir())
