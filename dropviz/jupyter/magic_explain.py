"""What ``%lstm_explain`` does: from a name to the answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dropviz.jupyter.line_arguments import value_of

Shell = Any

_PATIENCE = 2.0  # seconds without a word
_NEEDS = "%lstm_explain needs a layer or model."
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
    __tracebackhide__ = True
    from dropviz.keras_inside.start_keras import ready

    given = value_of(shell, name, _NEEDS, f"Leave it out to explain {_PLAIN}.") if name else None
    ready()
    from dropviz.experiment.cross_check import hear_witnesses, measure_untying, plain
    from dropviz.jupyter.explain_report import show_answer, show_refused

    layer = given if name else plain()
    with _progress():
        heard, refused = hear_witnesses(layer, seed=seed)
    for number, each in enumerate(heard):
        measured = measure_untying() if number == 0 and each.is_keras else []
        show_answer(each, measured)
    if refused:
        show_refused(refused)


@contextmanager
def _progress() -> Iterator[None]:
    """Shows a line of progress while an experiment inside the block takes long."""
    from dropviz.experiment.run_limit import Asked, listening
    from dropviz.jupyter.progress_view import ProgressView

    view, began = ProgressView(), time.perf_counter()

    def show(asked: Asked) -> None:
        if time.perf_counter() - began > _PATIENCE:
            view.say_at_times(asked.sentence)

    try:
        with listening(show):
            yield
    finally:
        view.close(f"experiment: {time.perf_counter() - began:.0f} s")
