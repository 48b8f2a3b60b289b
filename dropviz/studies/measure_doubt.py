"""Measures on a task of which all is known how far the spread of masks can be trusted.

Dropout's spread need not grow where a model must extrapolate (arXiv:2512.14851); an ensemble of
models from other seeds (Lakshminarayanan et al. 2017, arXiv:1612.01474) stands beside it.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from dropviz.core.checks import check_whole
from dropviz.core.doubt import Doubt, covered
from dropviz.core.doubt_card import SHARE, DoubtCard, Trust
from dropviz.core.spec import RunSpec
from dropviz.core.task_data import noisy_sines
from dropviz.core.tasks import BATCH_SIZE, load_task
from dropviz.keras_inside import interrupts
from dropviz.keras_inside.retracing import no_retracing_warnings
from dropviz.keras_inside.seeding import seeded
from dropviz.recording.whole_batches import whole_batches
from dropviz.studies.fitting import build
from dropviz.studies.monte_carlo import check_passes, mc
from dropviz.studies.seed_statistics import reach_of_one_more

_TASK = "noisy-sine"
# Amplitudes from 0.5 to 1 are the task's.
_AMPLITUDES = {"inside": (0.5, 1.0), "outside": (1.5, 2.0)}
_SAMPLES, _SEED = 500, 2
_MOST = 100


def doubt_card(
    members: int = 5,
    passes: int = 100,
    *,
    dropout: float = 0.2,
    recurrent_dropout: float = 0.2,
    units: int = 32,
    epochs: int = 10,
) -> DoubtCard:
    """Trains models on noisy sines, and measures two ways to tell what they do not know.

    One is Monte Carlo dropout (Gal & Ghahramani 2016, arXiv:1506.02142), the other an ensemble
    (Lakshminarayanan et al. 2017, arXiv:1612.01474). Like ``dropviz.run`` it seeds Keras, NumPy,
    TensorFlow and Python.

    Args:
        members: Models, 2 to 100, of seeds from 1; the masks are those of the first.
        passes: Its passes with the masks on, 2 to 100,000.
        dropout: The drop rate for x of all models, ``0 <= rate < 1``.
        recurrent_dropout: Their rate for h, likewise; their method is "keras".
        units: Units of each LSTM, 1 to 2**31 - 1, as far as the memory allows.
        epochs: Epochs of each training, 1 to 2**31 - 1.

    Returns:
        Coverage of the 90 % bands, spread and error, by way ("masks", "ensemble") and place: on
        amplitudes that were trained on ("inside", 0.5 to 1) and on larger ones ("outside", 1.5
        to 2), of 500 sines each. A band is the mean and what one more pass or model lies within
        so often if they scatter normally (Student's t).

    Raises:
        DropvizError: If an argument is out of range, or a model needs more memory than there is.
    """
    members = check_whole("members", members, 2, _MOST)
    passes = check_passes(passes)
    spec = RunSpec(
        task=_TASK,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        units=units,
        epochs=epochs,
    )
    task = load_task(_TASK)
    with interrupts.minded(), whole_batches():
        models = [_trained(spec, task, seed) for seed in range(1, members + 1)]
    found: dict[str, dict[str, Trust]] = {"masks": {}, "ensemble": {}}
    for place, amplitudes in _AMPLITUDES.items():
        x, y = noisy_sines(_SAMPLES, *amplitudes, seed=_SEED)
        masks = mc(models[0], x, passes, seed=_SEED)
        outputs = [keras.ops.convert_to_numpy(model(x, training=False)) for model in models]
        each = np.stack(outputs)
        ensemble = Doubt(each, each.mean(axis=0))
        found["masks"][place] = _trust(masks, y)
        found["ensemble"][place] = _trust(ensemble, y)
    return DoubtCard(found, members, passes, task.title)


def _trained(spec: RunSpec, task: Any, seed: int) -> Any:
    with seeded(seed):
        model = build(spec, task)
    with no_retracing_warnings():
        model.fit(task.x, task.y, batch_size=BATCH_SIZE, epochs=spec.epochs, verbose=0)
    return model


def _trust(doubt: Doubt, y: Any) -> Trust:
    error = np.sqrt(np.mean((doubt.mean.reshape(y.shape) - y) ** 2))
    reach = reach_of_one_more(doubt.passes, SHARE)
    half = reach * doubt.spread
    coverage = covered(doubt.mean - half, doubt.mean + half, y, SHARE)
    return Trust(coverage, reach, float(doubt.spread.mean()), float(error))
