"""Tells Keras's layers from what only looks like them."""

from __future__ import annotations

import keras

from dropviz.errors import DropvizError


def require_layer(given: object, what_for: str) -> None:
    """Refuses what is no layer or model of Keras 3.

    Args:
        given: What a person gave.
        what_for: A past participle, as in "recorded".

    Raises:
        DropvizError: If it is none; one of ``tf_keras`` is told what it is.
    """
    if isinstance(given, keras.Layer):
        return
    kinds = {each.__module__.partition(".")[0] for each in type(given).__mro__}
    if "tf_keras" in kinds:
        raise DropvizError(
            f"A model of tf_keras is one of Keras 2, which cannot be {what_for} here. Expected one "
            f"of Keras 3: import keras, and unset TF_USE_LEGACY_KERAS. Received: "
            f"{type(given).__name__}."
        )
    raise DropvizError(
        f"Only a Keras model or layer can be {what_for}. Received: {type(given).__name__}."
    )
