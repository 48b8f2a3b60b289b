"""A verdict in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dropviz.core import verdict as module
from dropviz.core.methods import METHODS
from dropviz.core.verdict import SiteVerdict, Verdict, Verdicts
from dropviz.errors import UnknownNameError
from tests.tables import PLACES, STRAYS, WHERE

H = SiteVerdict(
    site="recurrent",
    rate=0.304,
    rate_interval=(0.2811, 0.3279),
    life="sequence",
    tying="untied",
    scaling="inverted",
    kept=1 / 0.7,
    at_inference=1.0,
    gates=("i", "f", "g", "o"),
    missing=(),
    same_over_samples=False,
    same_over_units=False,
    frozen=False,
)
PLAIN = Verdict(
    layer="lstm",
    kind="LSTM",
    sites={"recurrent": H},
    active_at_inference=False,
    method="keras",
    same_as=(),
    differences=(),
    doubts=(),
    seconds=0.52,
    calls=87,
)


@pytest.mark.parametrize(
    "open_", [{"perhaps": "recurrent_kernel"}, {"life": None}, {"tying": None}]
)
def test_a_method_is_not_claimed_where_what_decides_it_is_open(open_: dict[str, Any]) -> None:
    assert not PLAIN.is_open
    verdict = replace(PLAIN, sites={"recurrent": replace(H, **open_)}, same_as=("gal-untied",))
    assert verdict.is_open
    assert verdict.title == (
        "lstm (LSTM) may drop by the method keras, Gal & Ghahramani 2016, or by gal-untied. "
        "Not all that decides it could be told."
    )
    assert "follows no known method" in replace(verdict, differences=("it is odd.",)).title


def test_both_places_are_named_where_nothing_tells_them_apart() -> None:
    sentence = replace(H, perhaps="recurrent_kernel").sentence
    assert sentence.startswith(f"{WHERE['recurrent']} (or {WHERE['recurrent_kernel']}): rate")


@pytest.mark.parametrize(
    ("precision", "end"),
    [(0.006, "all by 1 at inference."), (0.018, "all by 1 at inference, to within 2%.")],
)
def test_multipliers_are_as_precise_as_the_compute_type(precision: float, end: str) -> None:
    assert replace(H, precision=precision).sentence.endswith(end)


def test_a_site_in_one_line() -> None:
    assert H.sentence == (
        "h_(t-1), the horizontal arrows: rate 0.304 (between 0.281 and 0.328); one mask a "
        "sequence; one for each gate; one for each sample; drawn anew in each call; kept entries "
        "are multiplied by 1.43 in training, all by 1 at inference."
    )


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"life": "step"}, "; a new mask at each step;"),
        ({"tying": "tied"}, "; the same for all gates;"),
        ({"gates": ("i", "f"), "missing": ("c", "o")}, "; only at the gates i f;"),
        ({"same_over_samples": True}, "; one for all samples;"),
        ({"same_over_units": True}, "; all units at once;"),
        ({"frozen": True}, "; never drawn again;"),
        ({"kept": 1.0, "at_inference": 0.7}, "by 1 in training, all by 0.7 at inference."),
    ],
)
def test_a_site_says_what_it_does(how: dict[str, Any], words: str) -> None:
    assert words not in H.sentence
    assert words in replace(H, **how).sentence


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("life", ("mask a sequence", "mask at each step")),
        ("tying", ("all gates", "each gate")),
        ("same_over_samples", ("samples", "each sample")),
        ("same_over_units", ("all units",)),
    ],
)
def test_what_cannot_be_told_is_not_said(field: str, words: tuple[str, ...]) -> None:
    said = replace(H, **dict[str, Any]({field: None})).sentence
    assert not any(each in said for each in words)
    assert "None" not in said


@pytest.mark.parametrize(
    ("how", "reading"),
    [
        ({}, 0.3),
        ({"scaling": "test-time", "kept": 1.0, "at_inference": 0.71}, 0.29),
        ({"scaling": "expectation", "kept": 1.0, "at_inference": 0.25}, 0.75),
        ({"scaling": "none", "kept": 1.0}, 0.304),
        ({"scaling": "other", "kept": 3.0}, 0.304),
    ],
)
def test_the_rate_as_the_scaling_tells_it(how: dict[str, Any], reading: float) -> None:
    assert replace(H, **how).reading == pytest.approx(reading)


@pytest.mark.parametrize(
    ("how", "title"),
    [
        (
            {},
            "lstm (LSTM) drops by the method keras, Gal & Ghahramani 2016.",
        ),
        (
            {"same_as": ("gal-untied", "naive")},
            (
                "lstm (LSTM) drops by the method keras, Gal & Ghahramani 2016. At these rates that is "  # noqa: E501
                "the same as gal-untied, naive."
            ),
        ),
        (
            {"differences": ("x.",), "kind": "GRU", "method": "moon"},
            "lstm (GRU) follows no known method. The nearest: moon, RNNDrop, Moon et al. 2015.",
        ),
        ({"method": None, "sites": {}}, "lstm (LSTM): nothing is dropped."),
    ],
)
def test_the_title(how: dict[str, Any], title: str) -> None:
    assert replace(PLAIN, **how).title == title


def test_all_lines_of_a_verdict() -> None:
    odd = replace(PLAIN, differences=("it is odd.",), doubts=("too small.",))
    assert odd.lines == [
        odd.title,
        H.sentence,
        "Differs from keras: it is odd.",
        "Cannot tell: too small.",
        "Nothing drops at inference.",
        "Path of these runs: cannot tell, no loop of Keras's was seen.",
        f"Found in 87 runs, 0.5 s. Paper: {METHODS['keras'].link}",
    ]
    assert str(odd) == "\n".join(odd.lines)


def test_masks_at_inference_are_said() -> None:
    lines = replace(PLAIN, active_at_inference=True).lines
    assert lines[-3] == "Something is dropped at random at inference."


def test_nothing_is_said_of_inference_where_it_was_not_listened_to() -> None:
    lines = replace(PLAIN, active_at_inference=None, unplaced=True).lines
    assert lines[-3] == "Whether anything drops at inference could not be told."


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (("loop",), "cell by cell, in a loop"),
        (("unrolled",), "cell by cell, unrolled"),
        (("cudnn",), "past the cell, all steps in one operation of cuDNN"),
        (
            ("fused", "loop"),
            "past the cell, all steps in one operation of the backend or cell by cell, in a loop",
        ),
    ],
)
def test_the_path_of_the_runs_is_said(paths: tuple[str, ...], words: str) -> None:
    assert f"Path of these runs: {words}." in replace(PLAIN, paths=paths).lines


def test_no_paper_where_nothing_is_dropped() -> None:
    assert replace(PLAIN, method=None, sites={}).lines[-1] == "Found in 87 runs, 0.5 s."


def test_strays_are_sites_of_no_method() -> None:
    ruled = {rule.site for row in METHODS.values() for rule in row.rules}
    assert not set(STRAYS) & (ruled | set(PLACES))
    assert set(WHERE) == set(STRAYS) | set(PLACES)
    assert len(set(WHERE.values())) == len(WHERE)


def test_verdicts_go_by_name() -> None:
    both = Verdicts({"lstm": PLAIN, "lstm_1": replace(PLAIN, layer="lstm_1")})
    assert list(both) == ["lstm", "lstm_1"]
    assert len(both) == 2
    assert both["lstm_1"].layer == "lstm_1"
    assert str(both) == f"{both['lstm']}\n\n{both['lstm_1']}"
    with pytest.raises(UnknownNameError, match=r"no explained layer 'lstn'\. Did you mean 'lstm"):
        both["lstn"]


def test_verdicts_keep_what_they_were_given() -> None:
    given = {"lstm": PLAIN}
    both = Verdicts(given)
    given.clear()
    assert list(both) == ["lstm"]


def test_a_notebook_shows_each_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr(module, "display", shown.append)
    PLAIN._ipython_display_()
    assert shown == [PLAIN]
    both = Verdicts({"a": PLAIN, "b": PLAIN})
    both._ipython_display_()
    assert shown == [PLAIN, both]


def test_layers_without_a_verdict_say_why_below_the_others() -> None:
    some = Verdicts({"a": PLAIN}, {"b": "Its activation is relu."})
    assert str(some).splitlines()[-1] == "b: not explained. Its activation is relu."
    assert list(some) == ["a"]
