"""The compiled functions that a Keras model caches for ``fit``, ``evaluate`` and ``predict``.

``Model.make_train_function`` and its kin (keras/src/backend/tensorflow/trainer.py) build
``model.train_function`` and its kin unless they are there. A function cached before a layer
was changed would bypass the change. Tried with Keras 3.8.0, 3.13.2 and 3.15.1.
"""

from __future__ import annotations

from typing import Any

Model = Any

TRAIN = "train_function"
# By the method of ``keras.Model`` that makes it, the attribute that it is cached in.
MAKERS = {f"make_{name}": name for name in (TRAIN, "test_function", "predict_function")}


def forget_step_function(model: Model, name: str) -> None:
    """Has Keras make a cached function anew when it is next needed.

    Args:
        model: A Keras model.
        name: A value of ``MAKERS``.
    """
    setattr(model, name, None)
