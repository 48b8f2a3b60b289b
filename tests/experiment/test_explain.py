"""The experiment against a zoo of layers of which the truth is known: the confusion table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dropviz.core.verdict import Verdict

from .zoo import ZOO, Specimen
from .zoo_verdict import notes, untold, untrue, verdicts_on

UNITS, FEATURES, SEED = 16, 8, 3

# What is left open where nothing in the zoo says that it must be, and why.
OPEN: Mapping[str, Mapping[str, str]] = {
    "h_gaussian": {
        "recurrent.life": "noise of no fixed size cannot be read step by step",
        "recurrent.tying": "nor gate by gate",
    },
}
_LIFE = "the outputs do not tell how long a mask lives."
# All doubts, all notes and all nearest methods that surprise: one more fails.
DOUBTS: Mapping[str, tuple[str, ...]] = {
    "h_candidate_gate_only": (
        "recurrent: only one gate is masked, so that there is nothing to tie.",
    ),
    "h_everything_dropped": (
        (
            "recurrent: too few draws were seen to tell a mask on the weights from one on what "
            "they multiply."
        ),
        # Masks that drop all there is are equal, drawn anew or not.
        "recurrent: too few draws were seen to tell whether a mask is drawn anew in each call.",
        f"recurrent: {_LIFE}",
        "recurrent: too few entries were dropped to tell tied from untied.",
    ),
    "output_step_last": (f"output: {_LIFE}",),
}
NOTES: Mapping[str, tuple[str, ...]] = {
    "h_gaussian": (
        (
            "recurrent: what is kept differs: noise acts, or the rate changes, or more than two "
            "numbers multiply."
        ),
    ),
    "x_first_step_only": ("input: of three steps only these are masked: 1.",),
    "h_and_output": ("output: the next step reads the masked h.",),
    "h_and_output_step": ("output: the next step reads the masked h.",),
    "x_mask_on_h_of_the_next_gate": ("input: x and h share masks.",),
    "zoneout_one_mask_for_c_and_h": ("cell_update: c and h share one mask.",),
}
# What comes nearest by site, where that is not what the student meant, or nobody says.
ELSEWHERE: Mapping[str, str] = {
    "own_loop_mask_on_c": "moon",
    # These do what gal-untied does at these rates, and keras comes first.
    **dict.fromkeys(("x_untied_h_tied", "product_h", "products_both"), "keras"),
}


@dataclass
class Row:
    """A row of the confusion table."""

    name: str
    truth: str
    told: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        parts = [self.name, self.truth, "; ".join(dict.fromkeys(self.told))]
        parts += ["; ".join(self.doubts) or "no doubt", f"{self.seconds:.1f} s"]
        return " | ".join(parts + [f"WRONG: {words}" for words in self.wrong])


def truth_of(specimen: Specimen) -> str:
    if not specimen.sites:
        return "nothing dropped"
    if specimen.methods:
        return " = ".join(specimen.methods)
    return f"no method{', near ' * bool(specimen.nearest)}{specimen.nearest}"


def told_of(verdict: Verdict) -> str:
    if verdict.method is None:
        return "nothing dropped"
    if verdict.differences:
        return f"no method, near {verdict.method} ({len(verdict.differences)} differences)"
    return " = ".join([verdict.method, *verdict.same_as])


def summary(rows: list[Row]) -> str:
    times = sorted(row.seconds for row in rows)
    wrong = sum(bool(row.wrong) for row in rows)
    doubtful = sum(bool(row.doubts) for row in rows)
    middle, slow = times[len(times) // 2], times[int(0.9 * len(times))]
    return (
        f"{len(rows)} specimens, {wrong} with a wrong entry, {doubtful} with a doubt; "
        f"{middle:.2f} s in the middle, {slow:.2f} s at nine tenths, {times[-1]:.2f} s at most, "
        f"{sum(times):.0f} s in all"
    )


@pytest.fixture(scope="module")
def rows(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Row]]:
    """The rows of the table, which is printed once all tests of this module have run."""
    found: list[Row] = []
    yield found
    if not found:
        return
    path: Path = tmp_path_factory.mktemp("explain") / "confusion.txt"
    lines = [str(row) for row in found]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("", *lines, f"{summary(found)} ({path})", sep="\n")  # noqa: T201 (it is for a reader)


def surprises(name: str, verdict: Verdict) -> Iterator[str]:
    """What is left open, doubted, noted or named otherwise than written above."""
    specimen = ZOO[name]
    for each in untold(specimen, verdict) - {*specimen.cannot_tell, *OPEN.get(name, {})}:
        yield f"{each} is left open"
    if verdict.doubts != DOUBTS.get(name, ()):
        yield f"doubts {verdict.doubts}"
    if tuple(notes(verdict)) != NOTES.get(name, ()):
        yield f"notes {notes(verdict)}"
    nearest = ELSEWHERE.get(name, specimen.nearest)
    if nearest and not specimen.methods and verdict.method != nearest:
        yield f"nearest {verdict.method}, meant {nearest}"


# Every kind is told in NumPy, in less time.
FAST = ("h_tied", "c_for_h", "output_step", "zoneout_inference_not_swapped", "gru_h")


@pytest.mark.few(*FAST)
@pytest.mark.parametrize("name", ZOO)
def test_no_statement_is_untrue(name: str, rows: list[Row]) -> None:
    specimen = ZOO[name]
    named = re.search(r"_\d+_units?", name)  # a specimen of another size
    sizes = (specimen.units, specimen.features) if named else (UNITS, FEATURES)
    row = Row(name, truth_of(specimen))
    rows.append(row)
    verdicts = verdicts_on(specimen.make(*sizes, SEED))
    row.told = [told_of(verdict) for verdict in verdicts]
    row.doubts = list(dict.fromkeys(words for v in verdicts for words in v.doubts))
    row.seconds = sum(verdict.seconds for verdict in verdicts)
    for verdict in verdicts:
        row.wrong += [*untrue(specimen, verdict), *surprises(name, verdict)]
    assert not row.wrong


def test_lists_name_specimens() -> None:
    assert {*OPEN, *DOUBTS, *NOTES, *ELSEWHERE} <= set(ZOO)
