"""The lines of Keras that multiply by a mask."""

from __future__ import annotations

from collections.abc import Mapping

from dropviz.core.layer_recording import LayerRecording

# By kind of layer, site, and whether one mask serves all gates: file, function and line, as in
# Keras 3.8 to 3.15. Of four lines, one for each gate, the first.
_LINES: Mapping[tuple[str, str, bool], tuple[str, str, str]] = {
    ("LSTM", "input", False): ("lstm", "LSTMCell.call", "inputs_i = inputs * dp_mask[0]"),
    ("LSTM", "input", True): ("lstm", "LSTMCell.call", "inputs = inputs * dp_mask"),
    ("LSTM", "recurrent", False): ("lstm", "LSTMCell.call", "h_tm1_i = h_tm1 * rec_dp_mask[0]"),
    ("GRU", "input", False): ("gru", "GRUCell.call", "inputs_z = inputs * dp_mask[0]"),
    ("GRU", "input", True): ("gru", "GRUCell.call", "inputs = inputs * dp_mask"),
    ("GRU", "recurrent", False): ("gru", "GRUCell.call", "h_tm1_z = h_tm1 * rec_dp_mask[0]"),
    ("SimpleRNN", "input", True): (
        *("simple_rnn", "SimpleRNNCell.call"),
        "sequence = sequence * dp_mask",
    ),
    ("SimpleRNN", "recurrent", True): (
        *("simple_rnn", "SimpleRNNCell.call"),
        "prev_output = prev_output * rec_dp_mask",
    ),
}


def lines_of(kind: str) -> dict[str, dict[str, str]]:
    """Where Keras multiplies in a layer of its own.

    Args:
        kind: "LSTM", "GRU" or "SimpleRNN".

    Returns:
        By site, and by "tied" or "untied", lines as ``keras_line`` gives them; empty where Keras
        has none.
    """
    found: dict[str, dict[str, str]] = {}
    for (its, site, tied), line in _LINES.items():
        if its == kind:
            both = found.setdefault(site, {"tied": "", "untied": ""})
            both["tied" if tied else "untied"] = _said(*line)
    return found


def _said(file: str, function: str, line: str) -> str:
    return f"keras/src/layers/rnn/{file}.py, {function}: {line}"


def keras_line(recorded: LayerRecording, site: str, *, tied: bool) -> str:
    """Where Keras multiplies by the masks of a site.

    Args:
        recorded: The layer's recording, or a plan of it.
        site: A key of ``dropviz.core.sites.SITES``.
        tied: Whether one mask serves all gates.

    Returns:
        As in "keras/src/layers/rnn/lstm.py, LSTMCell.call: inputs = inputs * dp_mask"; empty for
        a layer whose code is not Keras's own.
    """
    found = _LINES.get((recorded.kind, site, tied))
    if found is None or recorded.setting.method != "keras" or recorded.drawn_only:
        return ""
    return _said(*found)
