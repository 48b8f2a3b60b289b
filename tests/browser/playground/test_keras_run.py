"""The recorded run is what Keras used: made again, it is the same."""

from __future__ import annotations

import base64
import json

import keras
import numpy as np
import pytest

from .keras_run import PATH, make

pytestmark = [pytest.mark.slow, pytest.mark.full]


def test_the_recorded_run_is_what_keras_uses() -> None:
    stored, again = json.loads(PATH.read_text(encoding="utf-8")), json.loads(json.dumps(make()))
    curves, curves_again = stored.pop("curves"), again.pop("curves")
    made = stored.pop("made")
    again.pop("made")

    assert f"Keras {keras.__version__}" in made or keras.__version__ < "3.15"
    # Masks come from seeds and are the same everywhere; losses are rounded by each machine.
    assert stored == again
    assert set(np.unpackbits(np.frombuffer(base64.b64decode(stored["bits"]), np.uint8))) == {0, 1}
    for name, values in curves.items():
        np.testing.assert_allclose(values, curves_again[name], atol=0.05, err_msg=name)
