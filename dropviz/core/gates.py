"""The gates of a layer, in Keras's order, and what each is called everywhere."""

from __future__ import annotations

from collections.abc import Mapping

LSTM_GATES = ("i", "f", "g", "o")
GRU_GATES = ("z", "r", "g")
RNN_GATES = ("h",)
# By the kind of a layer; those of others have no known names.
GATES: Mapping[str, tuple[str, ...]] = {
    "LSTM": LSTM_GATES,
    "GRU": GRU_GATES,
    "SimpleRNN": RNN_GATES,
}
CANDIDATE = "g"  # goes through tanh; c is the memory
NAMES: Mapping[str, str] = {
    "i": "input gate",
    "f": "forget gate",
    "g": "candidate",
    "o": "output gate",
    "z": "update gate",
    "r": "reset gate",
}


def titled(gate: str) -> str:
    """A gate's letter with its name, as in "i  input gate"; its letter where it has none."""
    return f"{gate}  {NAMES[gate]}" if gate in NAMES else gate
