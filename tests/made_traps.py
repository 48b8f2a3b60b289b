"""Traps made by hand: one that Keras falls into, one that is gone, one that nobody can tell."""

from __future__ import annotations

from dataclasses import replace

from dropviz.core.trap_results import Trap, TrapResults

RATE = Trap(
    name="rate-one",
    title="A rate of 1 drops nothing",
    expect="`dropout=1.0` drops every input.",
    happens="The outputs are 0 apart.",
    why="It tests `0.0 < rate < 1.0` in keras/src/layers/rnn/lstm.py.",
    advice="Give rates below 1.",
    holds=True,
    seconds=0.25,
    evidence={"apart": 0.0},
)
GONE = replace(RATE, name="gone", title="Gone", holds=False, seconds=0.5)
UNKNOWN = replace(RATE, name="unknown", title="Unknown", holds=None, seconds=1.0)
MUSEUM = TrapResults([RATE, GONE, UNKNOWN], "Keras (3.15.1, tensorflow)")
