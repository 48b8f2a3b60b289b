"""The data of the tasks that come along, as plain Python that makes ``x, y, x_val, y_val``.

One text makes the data here and in the plain code that a run hands out, so that the two cannot
differ. What a text imports is loaded when its data are asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGITS = """\
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

digits = load_digits()
x, x_val, y, y_val = train_test_split(
    digits.images / 16, digits.target, test_size=0.2, random_state=0, stratify=digits.target
)
"""

# As in the code of Semeniuta et al. 2016 (arXiv:1603.05118): low 10, high 20, length 30,
# both ends of each range included, 6,400 sequences to train on.
TEMPORAL_ORDER = """\
import numpy as np

rng = np.random.default_rng(0)
x = np.zeros((8400, 30, 2), "float32")
x[:, :, 0] = rng.integers(0, 2, (8400, 30))
first, second = rng.integers(0, 11, 8400), rng.integers(10, 21, 8400)
row = np.arange(8400)
x[row, first, 1] = x[row, second, 1] = 1
y = (2 * x[row, first, 0] + x[row, second, 0]).astype("int64")
x, x_val, y, y_val = x[:6400], x[6400:], y[:6400], y[6400:]
"""

# Hochreiter & Schmidhuber 1997, experiment 4, in the form of Arjovsky et al. 2016
# (arXiv:1511.06464): numbers from 0 to 1, one mark in each half.
ADDING = """\
import numpy as np

rng = np.random.default_rng(0)
x = np.zeros((8400, 30, 2), "float32")
x[:, :, 0] = rng.random((8400, 30), "float32")
first, second = rng.integers(0, 15, 8400), rng.integers(15, 30, 8400)
row = np.arange(8400)
x[row, first, 1] = x[row, second, 1] = 1
y = x[row, first, 0] + x[row, second, 0]
x, x_val, y, y_val = x[:6400], x[6400:], y[:6400], y[6400:]
"""

# Arjovsky et al. 2016, with 5 symbols of 8 over 10 empty steps in place of 10 over hundreds. Their
# answer is a blank at every step before the last; here only the steps that matter are asked.
COPY = """\
import numpy as np

rng = np.random.default_rng(0)
y = rng.integers(0, 8, (8400, 5))
x = np.zeros((8400, 20, 9), "float32")
x[:, :5, :8] = np.eye(8)[y]  # the symbols, then 10 empty steps
x[:, 15:, 8] = 1  # now give them back
x, x_val, y, y_val = x[:6400], x[6400:], y[:6400], y[6400:]
"""

# x_t = a sin(2 pi t / p + phase) + noise, for t from 0 to 19; y is x_20.
NOISY_SINE = """\
import numpy as np

def waves(count, low, high, seed):
    rng = np.random.default_rng(seed)
    amplitude, period = rng.uniform(low, high, (count, 1)), rng.uniform(8, 16, (count, 1))
    turn = np.arange(21) / period + rng.random((count, 1))
    wave = amplitude * np.sin(2 * np.pi * turn) + rng.normal(0, 0.1, (count, 21))
    return wave[:, :20, None].astype("float32"), wave[:, 20].astype("float32")

x, y = waves(4000, 0.5, 1, seed=0)
x_val, y_val = waves(1000, 0.5, 1, seed=1)
"""

# Each paragraph once: the topics quote each other. 360,001 characters are there in Python 3.11
# already, and the text grows.
LANGUAGE = """\
from pydoc_data.topics import topics

import numpy as np

text = "".join(topics[name] for name in sorted(topics))
text = "\\n\\n".join(dict.fromkeys(text.split("\\n\\n")))[:360_001]
codes = np.frombuffer(text.encode("ascii", "replace"), "uint8").astype("int64")
codes = np.maximum(codes - 31, 0)  # 0 is the end of a line, 1 to 95 are what can be printed
x, y = codes[:-1].reshape(7200, 50), codes[1:].reshape(7200, 50)
x, x_val, y, y_val = x[:6400], x[6400:], y[:6400], y[6400:]
"""

# As in Keras's own example imdb_lstm: the 20,000 commonest words, the last 80 of a review.
IMDB = """\
import keras

(x, y), (x_val, y_val) = keras.datasets.imdb.load_data(num_words=20_000)
x, x_val = (keras.utils.pad_sequences(each, maxlen=80) for each in (x, x_val))
"""

MNIST = """\
import keras

(x, y), (x_val, y_val) = keras.datasets.mnist.load_data()
x, x_val = ((each / 255).astype("float32") for each in (x, x_val))
"""


def run_text(text: str) -> dict[str, Any]:
    """Runs a text of this module.

    Args:
        text: The text.

    Returns:
        What it defines, by name.
    """
    made: dict[str, Any] = {}
    exec(text, made)  # noqa: S102 (it is ours)
    return made


def noisy_sines(
    count: int, low: float, high: float, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Makes sequences of the task ``noisy-sine``, of amplitudes that it has or has not.

    Args:
        count: How many.
        low: The smallest amplitude; 0.5 in the task.
        high: The largest; 1 in the task.
        seed: Their seed; the task has taken 0 and 1.

    Returns:
        Inputs of shape (count, 20, 1), and what comes next. Noise of a standard deviation of 0.1
        is in both.
    """
    x, y = run_text(NOISY_SINE)["waves"](count, low, high, seed)
    return x, y
