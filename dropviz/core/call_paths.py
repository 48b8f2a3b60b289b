"""Which ways a recurrent layer goes through its steps, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

CALL_PATHS: Mapping[str, str] = {
    "loop": "cell by cell, in a loop",
    "unrolled": "cell by cell, unrolled",
    "cudnn": "past the cell, all steps in one operation of cuDNN",
    "fused": "past the cell, all steps in one operation of the backend",
}


def word_paths(paths: Sequence[str]) -> str:
    """Words the ways that calls of a layer went.

    Args:
        paths: Keys of ``CALL_PATHS``; empty where it was not seen.
    """
    if not paths:
        return "cannot tell, no loop of Keras's was seen"
    return " or ".join(CALL_PATHS[path] for path in paths)
