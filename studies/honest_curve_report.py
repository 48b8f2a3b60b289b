"""What the honest training curve shows: table, sentences and picture of ``honest_curve``."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dropviz.core.estimate import Estimate
from dropviz.core.number_forms import counted
from dropviz.core.sentences import figure
from dropviz.core.text_table import Table
from dropviz.figures.curves import curves
from dropviz.figures.theme import Picture
from dropviz.studies.seed_statistics import paired
from studies.honest_curve import CURVES
from studies.report import Report, failures
from studies.study_results import Results, Row

_HEADS = ("as Keras reports", "masks on, at the end", "masks off, at the end", "validation")
_SHOWN = ("loss", "loss_dropout_on", "loss_dropout_off", "val_loss")


def report(results: Results) -> Report:
    """Says and shows what the study came to."""
    seeds = counted(len(results.chosen["seeds"]), "seed")
    return Report(
        title="The honest training curve",
        question=_question(results),
        tables={f"bits for each character, mean of {seeds}": _table(results)},
        sentences=[*_sentences(results), *failures(results)],
        pictures={"honest-curve": picture(results)},
    )


def _question(results: Results) -> str:
    chosen = results.chosen
    return (
        "The training loss that `fit` reports of an epoch is a mean over its batches, each met "
        "with masks on and by the weights of that moment; the validation loss is of the weights "
        "at its end, with masks off. How much of what lies between them is which? "
        f"`dropviz.run(task={chosen['task']!r}, dropout={chosen['rate']:g}, "
        f"recurrent_dropout={chosen['rate']:g}, units={chosen['units']}, "
        f"epochs={chosen['epochs']})` trains plain Keras, to the bit, and measures at the end of "
        "each epoch 512 training sequences in 5 passes with masks on, each with masks of its own, "
        "and with masks off."
    )


def bits(rows: Sequence[Row], name: str, epoch: int) -> list[float]:
    """A curve at an epoch by seed, in bits for each character; NaN where a net failed before."""
    curves = [row[name] or [] for row in rows]
    return [each[epoch] / math.log(2) if epoch < len(each) else math.nan for each in curves]


def _table(results: Results) -> Table:
    epochs = range(results.chosen["epochs"])
    rows = [
        (
            str(epoch + 1),
            *(f"{np.nanmean(bits(results.rows, name, epoch)):.3f}" for name in _SHOWN),
            f"{_spread(results, epoch):.3f}",
        )
        for epoch in epochs
    ]
    return Table(("epoch", *_HEADS, "range over 5 passes, at most"), rows)


def _spread(results: Results, epoch: int) -> float:
    low, high = (bits(results.rows, f"loss_dropout_on_{end}", epoch) for end in ("low", "high"))
    return float(np.nanmax(np.subtract(high, low)))


def _sentences(results: Results) -> list[str]:
    """For the first epoch and the last: what moving weights make, what masks make, what is left."""
    said = []
    for epoch in dict.fromkeys((0, results.chosen["epochs"] - 1)):
        parts = [
            ("moving weights make", "loss", "loss_dropout_on"),
            ("masks make", "loss_dropout_on", "loss_dropout_off"),
            ("validation minus training, both with masks off, is", "val_loss", "loss_dropout_off"),
        ]
        found = [(what, _apart(results, one, other, epoch)) for what, one, other in parts]
        listed = "; ".join(f"{what} {_interval(each)}" for what, each in found)
        said.append(f"Epoch {epoch + 1}, in bits: {listed}.")
    reported = _apart(results, "loss", "val_loss", 0)
    if reported.low > 0:
        said.append(
            "After the first epoch the training loss that Keras reports lies above the validation "
            f"loss by {_interval(reported)}: no sign of a net that does better on what it has not "
            "seen."
        )
    return said


def _apart(results: Results, one: str, other: str, epoch: int) -> Estimate:
    return paired(bits(results.rows, one, epoch), bits(results.rows, other, epoch))


def _interval(found: Estimate) -> str:
    if found.count < 2:  # noqa: PLR2004
        return f"{figure(found.mean)} (1 seed)"
    beyond = "" if found.differs else ", not beyond noise"
    return f"{figure(found.mean)} ({figure(found.low)} to {figure(found.high)}{beyond})"


def picture(results: Results) -> Picture:
    """Draws the curves as every run of dropviz does, a band over seeds.

    Args:
        results: The results.

    Returns:
        The picture, 820 x 360 CSS pixels; losses are in nats for each character.
    """
    return curves([{name: row[name] for name in CURVES} for row in results.rows])
