"""The random streams of Keras and TensorFlow that no public name reaches.

Leans on ``global_seed_generator`` in keras/src/backend/common/global_state.py (the
generator of draws without a seed, keras/src/random/seed_generator.py) and on ``python_random`` of
that file, tried with Keras 3.8.0, 3.13.2 and 3.15.1; and on ``_set_global_seed`` in
tensorflow/python/eager/context.py, tried with TensorFlow 2.18 to 2.21.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import keras
from keras.src.backend.common import global_state
from keras.src.random import seed_generator

# Keras 3.8 has no constant for it.
_SHARED = "global_seed_generator"
# On PyTorch the n-th draw of a seed is the first of the n-th seed after it
# (``torch_seed_generator`` of keras/src/backend/torch/random.py adds up the two): by how much seeds
# of streams that must have nothing in common differ at the least.
SEEDS_APART = {"torch": 2**20}


def shared_generator() -> Any | None:
    """The generator that draws without a seed use; None where none was needed yet."""
    return global_state.get_global_attribute(_SHARED)


def forget_shared_generator() -> None:
    """Has Keras make the shared generator anew when it is next needed."""
    global_state.set_global_attribute(_SHARED, None)


def backend_streams() -> list[Any]:
    """Where the random streams stand that a backend has beside Keras's own.

    With PyTorch a Dropout layer or a cell that nobody gave a seed draws from PyTorch's
    (``dropout`` of keras/src/backend/torch/random.py): one of the processor, one of each GPU.

    Returns:
        Their states, for ``put_streams_back``; none with another backend.
    """
    if keras.config.backend() != "torch":
        return []
    import torch

    return [torch.get_rng_state(), *torch.cuda.get_rng_state_all()]


def seed_backend_streams(seed: int) -> None:
    """Lets the streams of ``backend_streams`` begin where a seed says."""
    if keras.config.backend() == "torch":
        import torch

        torch.manual_seed(seed)


def put_streams_back(states: list[Any]) -> None:
    """Puts random streams where ``backend_streams`` found them."""
    if states:
        import torch

        torch.set_rng_state(states[0])
        torch.cuda.set_rng_state_all(states[1:])


@contextmanager
def backend_streams_kept() -> Iterator[None]:
    """Puts the streams of ``backend_streams`` back after the block.

    Yields:
        Nothing.
    """
    before = backend_streams()
    try:
        yield
    finally:
        put_streams_back(before)


def seed_again(seed: int) -> None:
    """Seeds as ``keras.utils.set_random_seed`` does, for a model that is compiled already.

    That function (keras/src/utils/rng_utils.py) ends with ``tf.random.set_seed``, which
    clears TensorFlow's kernels: each training of a compiled model then optimises its
    graphs anew, 1.8 s of 4.4 s for ten epochs of digits.

    Args:
        seed: 0 to 2**32 - 1.
    """
    with _kernels_kept() if keras.config.backend() == "tensorflow" else nullcontext():
        keras.utils.set_random_seed(seed)


_building = threading.RLock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seeds as ``seed_again`` does, for a model that is built inside the block.

    Layers without a seed draw theirs from the numbers of Python's ``random``, which belong to all
    threads: Dask's workers sample from them when a result comes (dask/sizeof.py), and a model that
    was built at that moment began with other weights and masks. Inside the block Keras draws what
    it would have drawn undisturbed, and afterwards Python's numbers stand where they would stand.

    Args:
        seed: 0 to 2**32 - 1.

    Yields:
        Nothing.
    """
    with _building:  # whoever builds meanwhile would take away what he finds here
        seed_again(seed)
        numbers = random.Random(seed)  # noqa: S311 (Keras's own choice)
        before = seed_generator.python_random
        seed_generator.python_random = _OfOneThread(numbers)
        try:
            yield
        finally:
            seed_generator.python_random = before
            random.setstate(numbers.getstate())


class _OfOneThread:
    """Python's ``random``, but for the thread that made it, which has numbers of its own."""

    def __init__(self, numbers: random.Random) -> None:
        self._thread, self._numbers = threading.get_ident(), numbers

    def randint(self, low: int, high: int) -> int:
        mine = threading.get_ident() == self._thread
        return (self._numbers if mine else random).randint(low, high)


@contextmanager
def _kernels_kept() -> Iterator[None]:
    """Has ``tf.random.set_seed``, inside the block, leave TensorFlow's kernels alone.

    It clears them to reset seeds inside kernels that run eagerly. ``fit`` has none: it
    shuffles inside a data set, whose kernels are made with each iterator.
    """
    # Loaded only where TensorFlow is in use.
    import tensorflow as tf

    before = tf.random.set_seed
    tf.random.set_seed = _set_seed
    try:
        yield
    finally:
        tf.random.set_seed = before


def _set_seed(seed: int | None) -> None:
    from tensorflow.python.eager import context

    now = context.context()
    now._seed = seed
    now._rng = random.Random(seed)  # noqa: S311 (TensorFlow's own choice)


@contextmanager
def tensorflow_seed_kept() -> Iterator[None]:
    """Puts the seed of TensorFlow back where it was, whatever is seeded inside the block.

    Yields:
        Nothing.
    """
    from tensorflow.python.eager import context

    now = context.context()
    # Without a seed there is no such stream yet.
    before = {name: getattr(now, name) for name in ("_seed", "_rng") if hasattr(now, name)}
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(now, name, value)


def forget_tensorflow_seed() -> None:
    """Has TensorFlow draw as where nobody has given it a seed."""
    _set_seed(None)
