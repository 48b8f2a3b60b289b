"""What the blown-up GRU shows: the table, the sentences and the picture of ``blow_up``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dropviz.core.number_forms import counted
from dropviz.core.text_table import Table
from dropviz.figures import colours, theme
from studies.report import Report
from studies.study_results import Results, Row

_AT = (20, 50, 100, 145)  # steps at which the table looks; the issue names 20, 100 and 145
_CALLED = {
    ("keras.layers.GRU", "state"): "GRU of Keras {keras}: masks the state",
    ("keras.layers.GRU", "copy"): "GRU of Keras {keras}: masks a copy",
    ("StateMasked", "state"): "today's GRUCell, its state masked first",
}
_LINES = ((colours.INK, "-"), (colours.GREEN, (0, (5, 2))), (colours.PURPLE, (0, (1, 1))))
_WIDTH, _HEIGHT = 820, 400


def report(results: Results) -> Report:
    """Says and shows what the study came to."""
    seeds = counted(len(results.chosen["seeds"]), "seed")
    return Report(
        title="The GRU whose outputs reached 1e25",
        question=(
            "keras-team/keras#20276: a GRU with recurrent_dropout=0.5 gave outputs of 1e25 after "
            "100 steps. The maintainers' answer was that the rate is too high for so long a "
            "sequence. Here untrained GRUs of 16 units run over 16 random sequences with their "
            "masks on: the GRU of the Keras that had the mistake, the one that is installed, and "
            "today's cell with one line before it that multiplies the state by the mask."
        ),
        tables={f"largest state after so many steps; median of {seeds}": _table(results)},
        sentences=sentences(results),
        pictures={"blow-up": picture(results)},
    )


def groups(results: Results) -> dict[tuple[str, float], list[Row]]:
    """The rows by what they are called, and rate."""
    found: dict[tuple[str, float], list[Row]] = {}
    for row in results.rows:
        name = _CALLED[row["cell"], row["masked"]].format(keras=row["keras"])
        found.setdefault((name, row["rate"]), []).append(row)
    return found


def stacked(rows: list[Row]) -> NDArray[np.float64]:
    """The largest states, shape (seeds, steps); infinite where they are not finite."""
    values = [[np.inf if each is None else each for each in row["largest"]] for row in rows]
    return np.asarray(values, np.float64)


def _table(results: Results) -> Table:
    at = [step for step in _AT if step <= results.chosen["steps"]]
    rows = [
        (name, f"{rate:g}", *(_size(np.median(stacked(rows)[:, step - 1])) for step in at))
        for (name, rate), rows in groups(results).items()
    ]
    return Table(("what", "rate", *(f"{step} steps" for step in at)), rows)


def _size(value: float) -> str:
    return f"{value:.2g}" if np.isfinite(value) else "not finite"


def sentences(results: Results) -> list[str]:
    """What may be said: how large, when no longer finite, and whether two are one."""
    said = []
    for (name, rate), rows in groups(results).items():
        sizes = stacked(rows)
        count = counted(len(rows), "seed")
        lost = np.argmax(~np.isfinite(sizes), axis=1) + 1
        if np.isfinite(sizes).all():
            said.append(
                f"{name}, rate {rate:g}: never above {_size(sizes.max())} in "
                f"{results.chosen['steps']} steps ({count})."
            )
        else:
            broken = int((~np.isfinite(sizes)).any(axis=1).sum())
            first = int(lost[~np.isfinite(sizes).all(axis=1)].min())
            said.append(
                f"{name}, rate {rate:g}: not finite any more in {broken} of {count}, first after "
                f"{first} steps."
            )
    return [*said, *_same(results)]


def _same(results: Results) -> list[str]:
    """Whether our cell is the old GRU, which tells that this line is the whole mistake."""
    ours = {(r["rate"], r["seed"]): r["largest"] for r in results.select(cell="StateMasked")}
    old = results.select(cell="keras.layers.GRU", masked="state")
    if not old:
        return ["The old Keras was not run."]
    alike = sum(ours[row["rate"], row["seed"]] == row["largest"] for row in old)
    if alike < len(old):
        return [f"Only {alike} of {len(old)} pairs of rate and seed agree at every step."]
    said = (
        f"In all {alike} pairs of rate and seed today's cell with its state masked first has at "
        f"each step the same largest state, to six digits, as the GRU of Keras {old[0]['keras']}: "
        "that one line makes the whole difference, at the same rates and lengths."
    )
    return [said]


def picture(results: Results) -> theme.Picture:
    """Draws the largest state by step, for the highest rate.

    Args:
        results: The results.

    Returns:
        The picture, 820 x 400 CSS pixels.
    """
    rate = max(results.chosen["rates"])
    shown = {name: rows for (name, each), rows in groups(results).items() if each == rate}
    with theme.style():
        drawn = theme.Picture(_WIDTH, _HEIGHT)
        axes = drawn.add_axes((0.09, 0.13, 0.88, 0.60))
        steps = np.arange(1, results.chosen["steps"] + 1)
        axes.plot(
            *(steps, (1 / (1 - rate)) ** steps.astype(float)),
            color=colours.FAINT,
            linewidth=1.2,
            label="1/(1-p) to the power of the steps",
        )
        for (name, rows), (colour, dashes) in zip(shown.items(), _LINES, strict=False):
            sizes = stacked(rows)
            sizes[~np.isfinite(sizes)] = np.nan
            axes.fill_between(
                steps, sizes.min(axis=0), sizes.max(axis=0), color=colour, alpha=0.12, linewidth=0
            )
            axes.plot(
                steps,
                np.median(sizes, axis=0),
                color=colour,
                linestyle=dashes,
                linewidth=2.4,
                label=name,
            )
        axes.set_yscale("log")
        axes.set_ylim(1e-2, 1e50)
        axes.axhline(float(np.finfo(np.float32).max), color=colours.MUTED, linewidth=1)
        axes.text(2, 1e40, "largest number of float32", fontsize=9.5, color=colours.MUTED)
        axes.set_xlabel("steps")
        axes.set_xlim(0, results.chosen["steps"])
        drawn.text(
            0.02,
            0.935,
            f"Largest state of a GRU, recurrent_dropout={rate:g}",
            fontsize=12.5,
            weight="bold",
        )
        said = f"median and range over {counted(len(results.chosen['seeds']), 'seed')}, untrained"
        drawn.text(0.02, 0.88, said, fontsize=10, color=colours.MUTED)
        drawn.legend(
            loc="upper left", bbox_to_anchor=(0.01, 0.875), ncols=2, frameon=False, fontsize=10
        )
        drawn.alt = f"Largest state of a GRU by step, recurrent_dropout={rate:g}. " + " ".join(
            sentences(results)
        )
    return drawn
