from __future__ import annotations

import keras

from dropviz.keras_inside.exports import EXPORTS


def test_each_export_is_a_method_that_keras_has_there() -> None:
    assert [method for _, method in EXPORTS] == ["export", "add_endpoint", "write_out"]
    for owner, method in EXPORTS:
        assert method in vars(owner), f"Keras {keras.__version__} has moved {method}"
    (model, _), (archive, _), _ = EXPORTS
    assert issubclass(keras.Model, model)
    assert issubclass(keras.export.ExportArchive, archive)
