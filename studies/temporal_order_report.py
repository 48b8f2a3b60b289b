"""What Temporal Order shows: the table, the sentences and the picture of ``temporal_order``."""

from __future__ import annotations

from matplotlib.axes import Axes

from dropviz.core.estimate import Estimate
from dropviz.core.number_forms import counted
from dropviz.core.sentences import figure
from dropviz.core.text_table import Table
from dropviz.figures import colours, theme
from dropviz.studies.seed_statistics import paired
from studies.report import Report, difference, failures, proof
from studies.report_pictures import draw_head, draw_interval
from studies.study_results import Results, column, estimate

GUESSING, _LEARNED = 0.25, 0.9
SCORES = {"train": "train", "test": "test", "test_masks_on": "test, masks on"}
# Semeniuta et al. 2016, from memory: the table of the paper was not at hand to check them.
PUBLISHED = {
    "moon": "well on short sequences, about .25 on medium ones",
    "moon, step": "about .25",
    "semeniuta": "about 1",
    "semeniuta, sequence": "about 1",
}
_MARKS = {
    "train": ("o", colours.FAINT, "in training (masks on, the last epoch)"),
    "test_masks_on": ("s", colours.GREEN, "test, masks on"),
    "test": ("D", colours.INK, "test, masks off: what predict gives"),
}
_WIDTH, _ROW, _ABOVE, _BELOW, _LEFT = 820, 30, 112, 58, 186


def report(results: Results) -> Report:
    """Says and shows what the study came to."""
    lengths = lengths_of(results)
    seeds = counted(len(results.chosen["seeds"]), "seed")
    return Report(
        title="Temporal Order: which method keeps what is in memory?",
        question=_question(results),
        tables={f"{length} steps, {seeds}": _table(results, length) for length in lengths},
        sentences=[
            *(sentence for length in lengths for sentence in sentences(results, length)),
            *_one_training(results),
            *failures(results),
            proof(results),
        ],
        pictures={"temporal-order": picture(results)},
    )


def _question(results: Results) -> str:
    chosen = results.chosen
    return (
        "The task of Semeniuta et al. 2016, section 4.1: of random bits two are marked; which "
        "were they, in their order? Guessing scores .25. As in the paper's code "
        f"{chosen['train']:,} fixed sequences to train on, marks in the first two thirds; unlike "
        f"it {chosen['units']} units (256 there), Adam .005 (SGD .1 there), batches of 64, "
        f"{chosen['epochs']} epochs (up to 1000 there), Keras's first weights, and lengths "
        f"{', '.join(map(str, lengths_of(results)))} (30 in the code; those of the paper's columns "
        f"are not known), all settings at {fullest(results)} and fewer at the others. x is never "
        "masked; the rate is .5, of zoneout .5 for c and .05 for h. Test: "
        f"{chosen['test']:,} other sequences, by which nothing was chosen. Cheng's method was not "
        "tried: dropviz does not have it."
    )


def _table(results: Results, length: int) -> Table:
    heads = ("setting", "life", "scaling", *SCORES.values(), "mean of abs(c), on / off")
    rows = []
    for setting in settings_at(results, length):
        nets = results.select(length=length, setting=setting)
        memory = [estimate(nets, f"memory_masks_{masks}").mean for masks in ("on", "off")]
        rows.append(
            (
                *(setting, nets[0]["life"], nets[0]["scaling"]),
                *(str(estimate(nets, score)) for score in SCORES),
                " / ".join(f"{each:.2g}" for each in memory),
            )
        )
    return Table((*heads, "published (unverified)"), [(*r, PUBLISHED.get(r[0], "")) for r in rows])


def lengths_of(results: Results) -> list[int]:
    """Steps of the sequences, from the shortest to the longest."""
    return [length["steps"] for length in results.chosen["lengths"]]


def settings_at(results: Results, length: int) -> list[str]:
    """The settings that sequences of a length were learned with."""
    return next(each["settings"] for each in results.chosen["lengths"] if each["steps"] == length)


def fullest(results: Results) -> int:
    """The length whose sequences were learned with most settings."""
    return max(lengths_of(results), key=lambda length: len(settings_at(results, length)))


def _settings(results: Results) -> list[str]:
    """All settings, in the order of the length that has most."""
    return settings_at(results, fullest(results))


def sentences(results: Results, length: int) -> list[str]:
    """What may be said of a length.

    Args:
        results: The results.
        length: Steps.

    Returns:
        What was not learned; and of what was learned with masks on, what becomes of it where
        they are switched off.
    """
    names = settings_at(results, length)
    on = {name: _score(results, length, name, "test_masks_on") for name in names}
    slow = {name: found for name, found in on.items() if not found.low > _LEARNED}
    said = [
        difference(
            f"{length} steps: {name} with masks off",
            _off_minus_on(results, length, name),
            "itself with masks on",
        )
        for name in names
        if name not in slow and name != "none"
    ]
    if slow:
        listed = "; ".join(f"{name} {found}" for name, found in slow.items())
        said.append(
            f"{length} steps: with masks on, if they have any, these did not reach {_LEARNED:g} "
            f"within {counted(results.chosen['epochs'], 'epoch')}, as far as the interval can "
            f"tell: {listed}."
        )
    return said


def _one_training(results: Results) -> list[str]:
    """That two methods train alike, where their nets say so."""
    one, other = (
        [
            (row["train"], row["test_masks_on"])
            for row in results.select(length=fullest(results), setting=name)
        ]
        for name in ("moon", "semeniuta, sequence")
    )
    if not one or one != other:
        return []
    said = (
        "In each seed moon and semeniuta with a life of one sequence have the same accuracies in "
        "training and with masks on: a mask of 0 and 1 that stays leaves a unit out of both from "
        "the first step to the last. They are one training, and two rules for when masks are off."
    )
    return [said]


def _score(results: Results, length: int, setting: str, score: str) -> Estimate:
    return estimate(results.select(length=length, setting=setting), score)


def _off_minus_on(results: Results, length: int, setting: str) -> Estimate:
    nets = results.select(length=length, setting=setting)
    return paired(column(nets, "test"), column(nets, "test_masks_on"))


def picture(results: Results) -> theme.Picture:
    """Draws the accuracies of each setting, a panel for each length.

    Args:
        results: The results.

    Returns:
        The picture, 820 CSS pixels wide.
    """
    lengths, settings = lengths_of(results), _settings(results)
    height = _ABOVE + _ROW * len(settings) + _BELOW
    with theme.style():
        drawn = theme.Picture(_WIDTH, height)
        gap, room = 22, _WIDTH - _LEFT - 20
        wide = (room - gap * (len(lengths) - 1)) / len(lengths)
        for number, length in enumerate(lengths):
            left = (_LEFT + number * (wide + gap)) / _WIDTH
            box = (left, _BELOW / height, wide / _WIDTH, 1 - (_ABOVE + _BELOW) / height)
            axes = drawn.add_axes(box)
            _panel(axes, results, length)
            axes.set_yticks(range(len(settings)), settings if number == 0 else [""] * len(settings))
            axes.set_title(f"{length} steps", loc="left", fontsize=11)
        _head(drawn, results)
        drawn.alt = _alt(results)
    return drawn


def _panel(axes: Axes, results: Results, length: int) -> None:
    axes.axvline(GUESSING, color=colours.FAINT, linewidth=1, linestyle=(0, (2, 2)))
    for row, setting in enumerate(_settings(results)):
        axes.axhline(row, color=colours.PAPER, linewidth=1, zorder=0)
        if setting not in settings_at(results, length):
            continue
        for (score, sign), up in zip(_MARKS.items(), (-0.22, 0, 0.22), strict=True):
            draw_interval(axes, _score(results, length, setting, score), row + up, sign)
    axes.set_ylim(len(_settings(results)) - 0.4, -0.6)
    axes.set_xlim(0, 1.08)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
    axes.tick_params(axis="y", length=0, labelcolor=colours.INK)
    axes.spines["left"].set_visible(False)


def _head(drawn: theme.Picture, results: Results) -> None:
    chosen = results.chosen
    said = (
        f"means and bootstrap intervals over {len(chosen['seeds'])} seeds; "
        f"{chosen['units']} units, {chosen['epochs']} epochs, rate .5; "
        "dashed: guessing; no mark: not trained"
    )
    title = "Temporal Order: accuracy with masks on and off"
    draw_head(drawn, title, said, ncols=3, handletextpad=0.2, columnspacing=1.4)
    drawn.text(0.55, 14 / drawn.size[1], "accuracy", fontsize=11, ha="center")


def _alt(results: Results) -> str:
    parts = []
    for length in lengths_of(results):
        each = "; ".join(
            f"{setting} "
            + ", ".join(
                f"{words} {figure(_score(results, length, setting, score).mean)}"
                for score, words in SCORES.items()
            )
            for setting in settings_at(results, length)
        )
        parts.append(f"{length} steps: {each}")
    return f"Temporal Order, mean accuracies over seeds. {'. '.join(parts)}."
