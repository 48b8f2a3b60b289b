"""Says in a sentence what a new TensorFlow has moved."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

import dropviz
from dropviz.keras_inside import hooks
from dropviz.keras_inside.replica_threads import in_replica_thread, made_outside

MOVED = (
    "tensorflow/python/distribute/mirrored_run.py: replicas are no longer traced in a "
    "_MirroredReplicaThread; dropviz/keras_inside/replica_threads.py leans on it."
)
FOLLOWS = (
    "tensorflow: a variable that is made in a thread of its own belongs to the function that is "
    "traced, or to the strategy in whose scope it is made; dropviz/keras_inside/replica_threads.py "
    "leans on threads being apart."
)
ROOT = Path(dropviz.__file__).parents[1]


def mirrored() -> Any:
    """A strategy of one replica, which TensorFlow runs in a thread all the same."""
    return tf.distribute.MirroredStrategy(["cpu:0"])


class Thing:
    def do(self) -> None:
        pass


def as_it_is(function: Callable[[], object]) -> Callable[[], object]:
    return function


def traced(function: Callable[[], object]) -> Callable[[], object]:
    made: Callable[[], object] = tf.function(function, autograph=False)
    return made


# ---------------------------------------------------------------- the threads of replicas


@pytest.mark.parametrize("how", [as_it_is, traced])
def test_a_replica_is_told_from_the_thread_that_waits_for_it(how: Any) -> None:
    strategy, found = mirrored(), list[tuple[bool, bool]]()
    me = threading.get_ident()

    def replica() -> None:
        found.append((in_replica_thread(), threading.get_ident() == me))

    how(lambda: strategy.run(replica))()

    assert found == [(True, False)], MOVED
    assert not in_replica_thread(), MOVED


def test_a_thread_of_ones_own_is_none_of_a_replica() -> None:
    found: list[bool] = []
    other = threading.Thread(target=lambda: found.append(in_replica_thread()))
    other.start()
    other.join()

    assert found == [False]


def test_a_listener_hears_the_calls_of_a_replica() -> None:
    strategy, heard = mirrored(), list[Any]()
    thing = Thing()

    with hooks.before(Thing, "do", heard.append):
        strategy.run(thing.do)

    assert heard == [thing], MOVED


TWO_DEVICES = """
import json
import tensorflow as tf

cpu, = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
"""


def on_two_devices(code: str) -> Any:
    """What code prints last, in a process of its own: TensorFlow must not have begun before."""
    done = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES + code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


REPLICAS = """
from dropviz.keras_inside.optimizers import is_last_replica
from dropviz.keras_inside.replica_threads import in_replica_thread, made_outside

strategy, found = tf.distribute.MirroredStrategy(["cpu:0", "cpu:1"]), []

@tf.function(autograph=False)
def step():
    strategy.run(lambda: found.append([in_replica_thread(), is_last_replica()]))

step()
with strategy.scope():
    apart = not hasattr(made_outside(lambda: tf.Variable(1.0)), "values")
    mirrored = hasattr(tf.Variable(1.0), "values")
print(json.dumps([found, apart, mirrored, in_replica_thread(), is_last_replica()]))
"""


@pytest.mark.slow
def test_the_last_of_two_replicas_is_told() -> None:
    replicas, apart, is_mirrored, *outside = on_two_devices(REPLICAS)
    assert replicas == [[True, False], [True, True]], MOVED
    assert (apart, is_mirrored) == (True, True), FOLLOWS
    assert outside == [False, True], MOVED


RECORDED = """
import keras, numpy as np
import dropviz

x, y = np.random.normal(size=(16, 5, 3)).astype("float32"), np.random.randint(0, 3, 16)
strategy, found = tf.distribute.MirroredStrategy(["cpu:0", "cpu:1"]), []

def net():
    layers = [keras.Input((5, 3)), keras.layers.LSTM(4, dropout=.3, name="lstm")]
    model = keras.Sequential([*layers, keras.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model

with strategy.scope():
    model = net()
    with dropviz.record(model) as recording:
        model.fit(x, y, batch_size=8, verbose=0)
    found.append([recording["lstm"].batches, recording.missed])
ordinary = net()  # which the optimizer of the other has nothing to do with
with dropviz.record(ordinary) as recording:
    ordinary.fit(x, y, batch_size=8, verbose=0)
found.append([recording["lstm"].batches, recording.missed])
print(json.dumps(found))
"""


@pytest.mark.slow
def test_beside_an_optimizer_of_two_replicas_steps_are_counted() -> None:
    assert on_two_devices(RECORDED) == [[2, 0], [2, 0]]


# ---------------------------------------------------------------- made outside


@pytest.mark.parametrize("jit", [False, True])
def test_a_variable_made_outside_of_a_trace_serves_inside_and_afterwards(*, jit: bool) -> None:
    made: list[Any] = []

    @tf.function(jit_compile=jit, autograph=False)  # type: ignore[untyped-decorator]
    def once(x: Any) -> Any:
        made.append(made_outside(lambda: tf.Variable(float(len(made)))))
        return made[-1].assign_add(tf.reduce_sum(x))

    seen = [float(once(tf.ones([size]))) for size in (2, 3, 2)]

    # Once for each shape: TensorFlow traces again where a variable belongs to a function.
    assert once.experimental_get_tracing_count() == 2, FOLLOWS
    assert seen == [2, 4, 4], FOLLOWS
    assert [float(each) for each in made] == [4, 4], FOLLOWS


def test_what_is_made_outside_of_a_trace_is_a_number_and_no_symbol() -> None:
    found: list[tuple[bool, bool]] = []

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def once() -> None:
        found.append((made_outside(tf.executing_eagerly), tf.executing_eagerly()))

    once()

    assert found == [(True, False)], FOLLOWS


def test_a_variable_made_outside_of_a_strategy_is_not_mirrored() -> None:
    with mirrored().scope():
        inside, outside = tf.Variable(1.0), made_outside(lambda: tf.Variable(1.0))

    assert hasattr(inside, "values"), FOLLOWS
    assert not hasattr(outside, "values"), FOLLOWS


def test_what_was_made_is_given_back() -> None:
    thing = Thing()

    assert made_outside(lambda: thing) is thing
    assert made_outside(threading.get_ident) != threading.get_ident()


def test_an_error_of_what_is_made_outside_is_handed_on() -> None:
    with pytest.raises(ZeroDivisionError):
        made_outside(lambda: 1 / 0)
