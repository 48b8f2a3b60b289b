"""Keras as the judge has it, so that a study is trained again as it was trained."""

from __future__ import annotations

import os

from dropviz.errors import DropvizError, received
from dropviz.keras_inside.choose_backend import VARIABLE, choose_backend
from dropviz.keras_inside.start_keras import loaded, ready

_BACKEND = "tensorflow"
# Nothing of TensorFlow's reaches stderr, and sums are added in one order everywhere.
SETTINGS = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", VARIABLE: _BACKEND}


def ready_to_judge() -> None:
    """Imports Keras as the judge has it, whatever the environment says.

    Raises:
        DropvizError: If it is imported on another backend, or TensorFlow is not installed.
    """
    check_backend_of_homework()
    os.environ.update(SETTINGS)
    ready()


def check_backend_of_homework() -> None:
    """Checks that Keras was not imported on another backend than the judge's.

    Raises:
        DropvizError: If it was.
    """
    choice = choose_backend()
    if loaded() and choice.name != _BACKEND:
        raise DropvizError(
            "Homework is trained and judged with Keras on TensorFlow, because each backend draws "
            f"masks of its own. Received: {VARIABLE}={received(choice.name)}. Restart the kernel "
            f"or process, and set {VARIABLE}={_BACKEND} before Keras is imported."
        )
