"""What ``%lstm_explain`` does: from a name to the answer."""

from __future__ import annotations

from typing import Any

from dropviz.errors import DropvizError

Shell = Any

_PLAIN = "keras.layers.LSTM(16, dropout=0.5, recurrent_dropout=0.5)"


def explain(shell: Shell, name: str, seed: int) -> None:
    """Explains a layer that the user names.

    Args:
        shell: The IPython shell.
        name: A name or an expression; empty for a plain ``keras.layers.LSTM``.
        seed: Where the experiment's random streams begin.

    Raises:
        DropvizError: If nothing of that name is there, or it is no layer to explain.
    """
    from dropviz.keras_inside.start_keras import ready

    given = _named(shell, name) if name else None
    ready()
    from dropviz.experiment.cross_check import hear_witnesses, measure_untying, plain
    from dropviz.jupyter.explain_report import show_answer, show_refused

    layer = given if name else plain()
    heard, refused = hear_witnesses(layer, seed=seed)
    for number, each in enumerate(heard):
        measured = measure_untying() if number == 0 and each.is_keras else []
        show_answer(each, measured)
    if refused:
        show_refused(refused)


def _named(shell: Shell, name: str) -> Any:
    try:
        return shell.ev(name)
    except Exception as error:  # noqa: BLE001 (whatever the expression raises)
        raise DropvizError(
            f"%lstm_explain needs a layer or model. Received: {name!r}, which gives "
            f"{type(error).__name__}: {error}. Leave it out to explain {_PLAIN}."
        ) from None
