"""What dropout and recurrent_dropout did in Keras's LSTM, version by version."""

from __future__ import annotations

from dataclasses import dataclass

from dropviz.core.verdict import Verdict


@dataclass(frozen=True)
class Era:
    """A range of versions that behave alike.

    Attributes:
        versions: Their names.
        first: The first of them, as (major, minor).
        dropout: What ``dropout`` did.
        recurrent: What ``recurrent_dropout`` did.
        source: Where that is from.
    """

    versions: str
    first: tuple[int, int]
    dropout: str
    recurrent: str
    source: str


_ONE = "one mask a sequence"

# The newest first; read in the history of keras/src/layers/rnn and its issues.
ERAS = (
    Era(
        "Keras 3.8 and later",
        (3, 8),
        f"{_ONE}; for all gates where recurrent_dropout is 0, else one for each gate",
        f"{_ONE}, one for each gate",
        "keras#20656, keras#20663",
    ),
    Era(
        "Keras 3.2 to 3.7",
        (3, 2),
        f"{_ONE}, for all gates",
        f"{_ONE}, for all gates; a GRU masked h itself in place, and it could explode",
        "keras#19397, keras#20276",
    ),
    Era(
        "Keras 3.0 and 3.1",
        (3, 0),
        f"{_ONE}, for all gates",
        "used the rate of dropout by mistake: by itself it did nothing",
        "keras#19395",
    ),
    Era(
        "Keras 2.6 to 2.15 (tf.keras)",
        (2, 6),
        "a new mask at each step with default arguments and recurrent_dropout 0; "
        "else one mask a sequence",
        f"{_ONE}, one for each gate",
        "Keras 2.15, lstm.py",
    ),
)


def era(version: str) -> Era | None:
    """Finds the era of a version such as "3.15.1"; None where it is older than all."""
    major, minor = (int(part) for part in version.split(".")[:2])
    return next((each for each in ERAS if (major, minor) >= each.first), None)


def table(version: str, verdict: Verdict) -> list[tuple[str, str, str, str]]:
    """The history as rows, with the era of the installed Keras checked against a verdict.

    Args:
        version: The installed Keras, as in "3.15.1".
        verdict: A verdict on a ``keras.layers.LSTM``.

    Returns:
        Rows (versions, dropout, recurrent_dropout, how it is known).
    """
    here = era(version)
    rows = []
    for each in ERAS:
        known = "from history"
        if each is here and verdict.sites:
            fits = verdict.method == "keras" and not verdict.differences
            known = f"measured here (Keras {version})"
            if not fits:
                known = f"NOT as measured here (Keras {version})"
        rows.append((each.versions, each.dropout, each.recurrent, known))
    return rows
