"""Seeds a training again without making TensorFlow set up its graphs once more."""

from __future__ import annotations

import keras


def seed_again(seed: int) -> None:
    """Seeds as ``keras.utils.set_random_seed`` does, for a model that is compiled already.

    That function (keras/src/utils/rng_utils.py) ends with ``tf.random.set_seed``, which
    clears TensorFlow's kernels: each training of a compiled model then optimises its
    graphs anew, 1.8 s of 4.4 s for ten epochs of digits.

    Args:
        seed: 0 to 2**32 - 1.
    """
    # TensorFlow's part is loaded only where TensorFlow is in use.
    from dropviz.layers.tensorflow_store import kernels_kept

    with kernels_kept():
        keras.utils.set_random_seed(seed)
