"""The derivatives that NumPy works out, against those that TensorFlow finds of the real layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from dropviz.core.spec import RunSpec
from dropviz.recording.undisturbed import undisturbed
from dropviz.studies.fitting import build
from studies.derivatives import derivatives, spectral
from studies.memory_horizon import recall_task

STEPS, UNITS = 5, 3
TASK = recall_task(STEPS, train=8, each_lag=1)


def net_of(**given: Any) -> Any:
    net = build(RunSpec("own", units=UNITS, **given), TASK)
    draw = np.random.default_rng(1)
    # Larger than fresh ones, so that no gate is nearly linear.
    net.set_weights([draw.normal(size=weight.shape) for weight in net.get_weights()])
    return net


def differentiated(net: Any, x: Any, *, training: bool) -> dict[str, Any]:
    """The same by TensorFlow, of the layer's own cell, which keeps the masks that it drew."""
    cell, samples = net.get_layer("lstm").cell, len(x)
    states = [tf.zeros((samples, UNITS))] * 2
    passed = []
    with undisturbed(net), tf.GradientTape(persistent=True) as tape:
        for step in range(STEPS):
            _, states = cell(tf.constant(x[:, step]), states, training=training)
            # Copies: h was made of c, and stays as it is where c is moved.
            states = [tf.identity(state) for state in states]
            passed.append(states)
        last = tf.unstack(passed[-1][0], axis=1)
    cell.reset_dropout_mask()
    cell.reset_recurrent_dropout_mask()
    return {
        name: np.asarray(
            [
                # Samples do not meet: the derivative of their sum is that of each.
                [np.asarray(tape.gradient(unit, states[number])) for unit in last]
                for states in passed[-2::-1]
            ]
        ).transpose(0, 2, 1, 3)
        for number, name in enumerate("hc")
    }


@pytest.mark.few(4)
@pytest.mark.parametrize("training", [False, True], ids=["masks off", "masks on"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"recurrent_dropout": 0.5},
        {"method": "gal-tied", "recurrent_dropout": 0.5},
        {"method": "moon", "recurrent_dropout": 0.5},
        {"method": "moon", "recurrent_dropout": 0.25, "scaling": "inverted"},
    ],
    ids=["none", "keras", "gal-tied", "moon", "moon inverted"],
)
def test_they_are_those_of_the_real_layer(given: dict[str, Any], *, training: bool) -> None:
    net = net_of(**given)

    ours = derivatives(net, TASK.x_val, training=training)
    its = differentiated(net, TASK.x_val, training=training)

    for name in "hc":
        assert ours[name].shape == (STEPS - 1, STEPS, UNITS, UNITS)
        # Both begin where the model's random stream stands. TensorFlow has single precision.
        np.testing.assert_allclose(ours[name], its[name], atol=1e-5)
    assert np.abs(ours["h"]).max() > 0.1


def test_a_mask_for_something_else_is_refused() -> None:
    net = net_of(method="semeniuta", recurrent_dropout=0.5)

    with pytest.raises(NotImplementedError, match="candidate"):
        derivatives(net, TASK.x_val, training=True)


def test_the_size_of_a_matrix_is_its_largest_singular_value() -> None:
    matrices = np.zeros((1, 2, 3, 3))
    matrices[0, 0] = np.diag([1, -3, 2])
    matrices[0, 1] = np.diag([5, 0, 0])

    assert spectral(matrices).tolist() == [4.0]
