from __future__ import annotations

import pytest

from dropviz.checkup.machine import machine
from dropviz.keras_inside.devices import device_names, has_gpu


def test_every_backend_tells_what_it_computes_on() -> None:
    names = device_names()

    assert names
    assert all(name.split(":")[0] in ("cpu", "gpu", "cuda", "mps", "tpu") for name in names)
    assert machine().device == f"{', '.join(names)} (as Keras lists them)"


@pytest.mark.parametrize(
    ("names", "expected"),
    [(["cpu:0"], False), (["cpu:0", "gpu:0"], True), (["cuda"], True)],
    ids=str,
)
def test_a_gpu_is_whatever_is_no_processor(
    monkeypatch: pytest.MonkeyPatch, names: list[str], *, expected: bool
) -> None:
    monkeypatch.setattr("dropviz.keras_inside.devices.device_names", lambda: names)

    assert has_gpu() is expected
