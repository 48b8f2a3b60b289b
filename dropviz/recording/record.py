"""Records the masks that a model's recurrent layers use while it trains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from dropviz.core.recording import Recording
from dropviz.errors import DropvizError
from dropviz.keras_inside import interrupts
from dropviz.keras_inside.require_layer import require_layer
from dropviz.recording.find_layers import (
    Found,
    cells_without_layer,
    noise_layers,
    recurrent_layers,
)
from dropviz.recording.recorder import Recorder

Model = Any


@contextmanager
def record(
    model: Model, *, keep: int | None = None, every: int = 1, budget_mib: float = 64
) -> Iterator[Recording]:
    """Records the masks that a model's recurrent layers use while it trains.

    Training inside the block is to the bit what it would be without: same weights,
    losses, saved file and random stream. The masks of a recurrent layer are read where it has
    drawn them, before ``RNN.call`` (keras/src/layers/rnn/rnn.py) goes through the steps; that of
    a Dropout layer is drawn once more from the same seed. After the block nothing of dropviz
    is left in the model, however the block ended.

    Keras's compiled step is made anew for the block, as after ``compile``, and that of before
    goes on after it. So what was changed without ``compile`` since the first ``fit`` (the rate of a
    layer, a number in a ``train_step``) acts inside the block, where Keras's old step would not
    know of it; TensorFlow's own random operations (``tf.random.normal``) begin anew there; and a
    ``train_function`` that somebody has wrapped rests. TensorFlow compiles a step for batches
    of any size once it has met two sizes, and one made anew does not know of the first: a block
    round one of several ``fit`` with batches of other sizes may sum in another order (up to
    7e-9 of a weight was seen, as after ``make_train_function(force=True)``), a block round all of
    them does not. With ``jit_compile=True`` XLA fuses what it compiles anew beside what is kept of
    it, which moved one weight by 5e-10 in one of 77 programs that were tried. (A model whose own
    ``make_train_function`` does not call Keras's keeps the step that it made inside.)

    Args:
        model: A Keras model or layer that holds an ``LSTM``, ``GRU``, ``SimpleRNN`` or
            ``RNN`` with Keras's cells, at any depth, or one of these by itself. Need not be
            built or compiled. Its ``Dropout`` and ``SpatialDropout1D`` layers are recorded with
            them; for layers that cannot be, ``skipped`` of the recording says why.
        keep: How many of the last batches to keep the masks of, a whole number from 1; by
            default as many as the budget holds, and never more than that.
        every: Keep the masks of each ``every``-th batch of a layer only, its first among them; a
            whole number from 1, which keeps all.
        budget_mib: Memory in MiB, above 0 and at most 2**20, for all that is kept of all layers
            together. It is taken at once, on the device. Once it is full, new masks take the
            place of the oldest; of a batch that alone is larger, none are kept. With JAX it
            has room for 2**31 - 1 numbers at the most, which are 8 GiB of float32.

    Yields:
        The recording. It can be looked at inside the block, while training goes on,
        and afterwards. Its masks are float32; float64 where one of the layers computes in
        that. A batch is one step of an optimizer, in which a layer may be called
        several times; one that only accumulates gradients (``gradient_accumulation_steps``) and
        one that ``LossScaleOptimizer`` passes over count too. Calls after the last step are
        none. Where no optimizer of Keras trains a layer, each call of it with
        ``training=True`` is a batch. Calls of which no gradient could be taken (a
        prediction with dropout on) are recorded only where there are no others; those of
        a data set (``dataset.map``) are named as not recorded.

    Raises:
        DropvizError: On the way into the block, and nothing is left behind then: if ``model`` is
            no layer of Keras 3, has no recurrent layer or none that can be recorded, or one that
            is being recorded already; an argument is out of range; the device has no room for
            the budget; Keras runs on a backend other than TensorFlow, JAX and PyTorch; or a
            layer computes in float64, and JAX is not set to.
    """
    __tracebackhide__ = True  # IPython's word for frames that are not the user's
    with interrupts.minded():
        recorder, found = _recorder_for(model, keep, every, budget_mib)
        with recorder.recording_of(model):
            for each in found:
                recorder.attach(each.layer, each.path)
            if not recorder.cells.paths:
                reasons = "; ".join(f"{k}: {v}" for k, v in recorder.recording.skipped.items())
                raise DropvizError(f"Nothing in {model.name!r} can be recorded. {reasons}")
            recorder.dropouts.attach(model, recorder.free_name)
            recorder.takes(model)
            left_out = recorder.dropouts.refused | noise_layers(model) | cells_without_layer(model)
            recorder.recording.skipped |= left_out
            interrupts.safe_point()  # nothing of the block has run
            yield recorder.recording


def _recorder_for(
    model: Model, keep: int | None, every: int, budget_mib: float
) -> tuple[Recorder, Sequence[Found]]:
    require_layer(model, "recorded")
    found = recurrent_layers(model)
    if not found:
        alone = [f"{path}: {why}" for path, why in cells_without_layer(model).items()]
        raise DropvizError(
            f"{model.name!r} has no recurrent layer to record. Expected an LSTM, GRU, "
            "SimpleRNN or RNN in it. "
            + (" ".join(alone) or "If the model makes its layers in build(), build it first.")
        )
    dtypes = {str(each.layer.compute_dtype) for each in found}
    return Recorder(keep=keep, every=every, budget_mib=budget_mib, dtypes=dtypes), found


@contextmanager
def record_everything() -> Iterator[Recorder]:
    """Records every recurrent layer that trains inside the block, whoever made it.

    Yields:
        What records.
    """
    recorder = Recorder(keep=None, every=1, budget_mib=64, dtypes={keras.config.floatx()})
    with recorder.recording_of(None):
        yield recorder
