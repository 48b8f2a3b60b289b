"""The LSTM layer that takes ``method=``."""

from __future__ import annotations

import inspect
from dataclasses import asdict
from typing import Any

import keras

from dropviz.core.checks import check_whole
from dropviz.core.method_options import OPTIONS, RATES
from dropviz.core.methods import METHODS
from dropviz.core.number_forms import MOST
from dropviz.core.setting import Setting
from dropviz.errors import DropvizError, is_known, unknown_name
from dropviz.methods.method_cell import MethodCell

Tensor = Any

_CELL = tuple(inspect.signature(keras.layers.LSTMCell.__init__).parameters)[2:-1]


def LSTM(units: int, method: str = "keras", **kwargs: Any) -> Any:  # noqa: N802 (stands for a layer)
    """Makes an LSTM layer that drops where a published method drops.

    The equation and the paper of each stand in its row of ``dropviz.core.methods.METHODS``.

    Args:
        units: Units, 1 to 2**31 - 1.
        method: A key of ``dropviz.core.methods.METHODS``: "keras" gives
            ``keras.layers.LSTM`` itself; the others a layer with the same weights.
        **kwargs: Whatever ``keras.layers.LSTM`` takes, where ``dropout`` (of x_t) and
            ``recurrent_dropout`` (of the method's other site) are drop rates,
            ``0 <= rate < 1``, 0 by default. 1 is refused: Keras from 3.14 on would drop nothing
            (``LSTMCell.call``, keras/src/layers/rnn/lstm.py: ``0.0 < self.dropout < 1.0``).
            And the options of ``dropviz.core.method_options`` for the methods that have them:
            ``life`` ("step" or "sequence") and ``scaling`` ("inverted" or "test-time") for moon
            and semeniuta; ``zoneout_cell`` and ``zoneout_hidden``, rates at which zoneout keeps c
            and h, ``0 <= rate < 1``, each ``recurrent_dropout`` unless given.

    Returns:
        A Keras layer. It takes inputs of shape (samples, steps, features), and gives outputs of
        shape (samples, units), or (samples, steps, units) with ``return_sequences=True``.

    Raises:
        UnknownNameError: If there is no such method.
        DropvizError: If the units, a rate or an option are out of range; the method has no such
            option, or nothing for ``recurrent_dropout`` to act on; or ``implementation``, or
            ``use_cudnn=True``, is given to a method other than "keras".
        ValueError: If Keras's layer has no such argument.
    """
    if not is_known(method, METHODS):
        raise unknown_name("method", method, METHODS)
    units = check_whole("units", units, 1, MOST)
    if method != "keras":
        return MethodLSTM(units, method=method, **kwargs)
    ours = {name: kwargs.pop(name, None) for name in OPTIONS}
    rates = [name for name in RATES if name in kwargs]
    asked = Setting(method, **{name: kwargs[name] for name in rates}, **ours)
    return keras.layers.LSTM(units, **kwargs | {name: getattr(asked, name) for name in rates})


@keras.saving.register_keras_serializable(package="dropviz")
class MethodLSTM(keras.layers.LSTM):  # type: ignore[misc]
    """``keras.layers.LSTM`` with the masks of another method; made by ``dropviz.LSTM``."""

    def __init__(
        self,
        units: int,
        method: str,
        use_cudnn: bool | str = "auto",  # noqa: FBT001
        implementation: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Makes a layer; arguments as for ``dropviz.LSTM``."""
        if implementation is not None:
            raise DropvizError(
                "implementation ties or unties the masks in Keras; here the method does. "
                f"Received: implementation={implementation!r}. Leave it out."
            )
        if use_cudnn is True:
            raise DropvizError(
                f"cuDNN has no masks inside an LSTM, so method {method!r} cannot use it. "
                "Received: use_cudnn=True. Leave it out."
            )
        cell = MethodCell(
            units,
            method=method,
            **{name: kwargs.pop(name, None) for name in OPTIONS},
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name="lstm_cell",
            **{name: kwargs.pop(name) for name in _CELL if name in kwargs},
        )
        # Past LSTM's own constructor, which would build Keras's cell, and for it draw a
        # seed: the layers built after this one would then begin with other weights.
        super(keras.layers.LSTM, self).__init__(cell, **kwargs)
        self.input_spec = keras.layers.InputSpec(ndim=3)
        self.use_cudnn = False

    def call(
        self,
        sequences: Tensor,
        initial_state: Any = None,
        mask: Tensor | None = None,
        training: bool = False,  # noqa: FBT001, FBT002 (Keras's own signature)
    ) -> Any:
        """Runs the layer; arguments and results as of ``keras.layers.LSTM``."""
        self.cell.time_steps = keras.ops.shape(sequences)[1] if training else None
        try:
            return super().call(sequences, initial_state, mask=mask, training=training)
        finally:
            self.cell.time_steps = None
            self.cell.reset_dropout_mask()

    def inner_loop(
        self,
        sequences: Tensor,
        initial_state: Any,
        mask: Tensor | None,
        training: bool = False,  # noqa: FBT001, FBT002 (Keras's own signature)
    ) -> Any:
        """Runs the steps, with the masks that live for one step beside the inputs."""
        beside = self.cell.carried(sequences, backwards=self.go_backwards)
        return super().inner_loop(beside, initial_state, mask, training=training)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), **asdict(self.cell.setting)}
