"""Which method comes nearest, and the sentences on what differs, from hand-made findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dropviz.core.methods import METHODS
from dropviz.core.nearest_method import likeliest, nearest
from dropviz.core.verdict import SiteVerdict
from tests.tables import GATED, WHERE


def found(site: str, life: str | None, tying: str | None = "", **how: Any) -> SiteVerdict:
    """What the experiment would find at a site: rate .5, inverted scaling."""
    usual: dict[str, Any] = {
        "rate": 0.5,
        "rate_interval": (0.45, 0.55),
        "scaling": "inverted",
        "kept": 2.0,
        "at_inference": 1.0,
        "gates": ("i", "f", "g", "o") if site in GATED else (),
        "missing": (),
        "same_over_samples": False,
        "same_over_units": False,
        "frozen": False,
    }
    return SiteVerdict(site, life=life, tying=tying, **{**usual, **how})


SCALED: dict[str, dict[str, Any]] = {
    "test-time": {"scaling": "test-time", "kept": 1.0, "at_inference": 0.5},
    "expectation": {"scaling": "expectation", "kept": 1.0, "at_inference": 0.5},
}
X_TIED = found("input", "sequence", "tied")
X_UNTIED = found("input", "sequence", "untied")
X_STEP = found("input", "step", "tied")
H_TIED = found("recurrent", "sequence", "tied")
H_UNTIED = found("recurrent", "sequence", "untied")
H_STEP = found("recurrent", "step", "tied")
CELL = found("cell", "sequence", **SCALED["test-time"])
CANDIDATE = found("candidate", "step", **SCALED["test-time"])
C_ZONED = found("cell_update", "step", **SCALED["expectation"])
H_ZONED = found("hidden_update", "step", **SCALED["expectation"])
KERNEL = found("recurrent_kernel", "sequence", "untied", same_over_samples=True)


def named(*sites: SiteVerdict, active: bool = False) -> tuple[set[str], tuple[str, ...]]:
    """The methods that it is, or the nearest; and the differences."""
    method, same_as, differences = nearest({each.site: each for each in sites}, active=active)
    assert method is not None
    assert method not in same_as
    return {method, *same_as}, differences


@pytest.mark.parametrize(
    ("sites", "methods"),
    [
        ((X_TIED,), {"keras", "gal-tied", "weight-drop"}),
        ((X_UNTIED,), {"gal-untied"}),
        ((X_STEP,), {"zaremba", "naive", "moon", "semeniuta", "zoneout"}),
        ((H_TIED,), {"gal-tied"}),
        ((H_UNTIED,), {"keras", "gal-untied"}),
        ((H_STEP,), {"naive"}),
        ((X_TIED, H_TIED), {"gal-tied"}),
        ((X_UNTIED, H_UNTIED), {"keras", "gal-untied"}),
        ((X_STEP, H_STEP), {"naive"}),
        ((CELL,), {"moon"}),
        ((X_STEP, CELL), {"moon"}),
        ((found("cell", "step"),), {"moon"}),
        ((CANDIDATE,), {"semeniuta"}),
        ((found("candidate", "sequence"), X_STEP), {"semeniuta"}),
        ((C_ZONED,), {"zoneout"}),
        ((C_ZONED, H_ZONED, X_STEP), {"zoneout"}),
        ((KERNEL,), {"weight-drop"}),
        ((X_TIED, KERNEL), {"weight-drop"}),
    ],
    ids=lambda value: "_".join(each.site for each in value) if isinstance(value, tuple) else "",
)
def test_a_method_is_named(sites: tuple[SiteVerdict, ...], methods: set[str]) -> None:
    assert named(*sites) == (methods, ())


def test_with_nothing_masked_no_method_is_named() -> None:
    assert nearest({}, active=False) == (None, (), ())


@pytest.mark.parametrize(
    ("site", "methods"),
    [
        (found("recurrent", None, "untied"), {"keras", "gal-untied"}),
        (found("recurrent", "sequence", None), {"keras", "gal-tied", "gal-untied"}),
        (found("recurrent", None, None), {"keras", "naive", "gal-tied", "gal-untied"}),
        (found("cell", None), {"moon"}),
        (replace(KERNEL, same_over_samples=None), {"weight-drop"}),
        (replace(H_TIED, same_over_units=None, same_over_samples=None), {"gal-tied"}),
    ],
)
def test_what_cannot_be_told_is_no_difference(site: SiteVerdict, methods: set[str]) -> None:
    assert named(site) == (methods, ())


H, X = WHERE["recurrent"], WHERE["input"]
ODD: dict[str, tuple[tuple[SiteVerdict, ...], str, tuple[str, ...]]] = {
    "tying": (
        (found("recurrent", "step", "untied"),),
        "naive",
        (f"at {H}, masks are untied over the gates; the method's tied.",),
    ),
    "life of zoneout": (
        (found("cell_update", "sequence", **SCALED["expectation"]),),
        "zoneout",
        (f"at {WHERE['cell_update']}, a mask lives for one sequence; the method's for one step.",),
    ),
    "life of weight drop": (
        (replace(KERNEL, life="step"),),
        "weight-drop",
        (
            (
                f"at {WHERE['recurrent_kernel']}, a mask lives for one step; "
                "the method's for one sequence."
            ),
        ),
    ),
    "tying of keras with both": (
        (X_TIED, H_UNTIED),
        "keras",
        (f"at {X}, masks are tied over the gates; the method's at these rates untied.",),
    ),
    "gates": (
        (replace(H_TIED, gates=("i", "f"), missing=("c", "o")),),
        "gal-tied",
        (f"at {H}, only the gates i f are masked; the method's all are.",),
    ),
    "scaling": (
        (replace(H_TIED, scaling="none", kept=1.0),),
        "gal-tied",
        (
            (
                f"at {H}, kept entries are multiplied by 1 in training, all by 1 at inference; "
                "the method has kept units times 1/(1-p) in training."
            ),
        ),
    ),
    "scaling of zoneout": (
        (replace(C_ZONED, scaling="none", at_inference=1.0),),
        "zoneout",
        (
            (
                f"at {WHERE['cell_update']}, kept entries are multiplied by 1 in training, all by 1 "  # noqa: E501
                "at inference; the method has the mean of old and new at inference."
            ),
        ),
    ),
    "one mask for all samples": (
        (replace(H_TIED, same_over_samples=True),),
        "gal-tied",
        (f"at {H}, all samples of a batch share a mask; in the method each has its own.",),
    ),
    "a mask for each sample": (
        (replace(KERNEL, same_over_samples=False),),
        "weight-drop",
        (
            (
                f"at {WHERE['recurrent_kernel']}, each sample has a mask of its own; "
                "in the method all share one."
            ),
        ),
    ),
    "units": (
        (replace(H_TIED, same_over_units=True),),
        "gal-tied",
        (f"at {H}, a mask drops all units or none; in the method each by itself.",),
    ),
    "frozen": (
        (replace(H_TIED, frozen=True),),
        "gal-tied",
        (f"at {H}, the masks never change from call to call; the method draws anew.",),
    ),
    "note": (
        (replace(X_STEP, notes=("x and h share masks.",)),),
        "zaremba",
        (f"at {X}, x and h share masks.",),
    ),
    "no such site, one that is": (
        (X_STEP, found("carried", "sequence")),
        "moon",
        (f"it masks {WHERE['carried']}, which the method does not.",),
    ),
    "no such site": (
        (found("output", "step"),),
        "zaremba",
        (
            f"it masks {WHERE['output']}, which the method does not.",
            f"it does not mask {X}, where the method does.",
        ),
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_each_difference_has_a_sentence(name: str) -> None:
    sites, method, differences = ODD[name]
    assert named(*sites) == ({method}, differences)


def test_masks_at_inference_are_a_difference_from_every_method() -> None:
    sites = ((X_TIED,), (CELL,), (KERNEL,), (C_ZONED,), (H_STEP,), (H_UNTIED,))
    for each in sites:
        methods, differences = named(*each, active=True)
        assert differences == ("it drops at inference too, where the method does not.",)
        assert len(methods) == 1


def test_where_counts_more_than_how_long_and_that_more_than_how() -> None:
    # One life against one tying and one scaling.
    h = replace(found("recurrent", "step", "untied"), scaling="none", kept=1.0)
    assert named(h)[0] == {"naive"}
    # A site that the method lacks against a life and a tying.
    both = (found("input", "step", "untied"), replace(CELL, life="sequence"))
    assert named(*both)[0] == {"moon"}


ALL_ELSE: dict[str, Any] = {"scaling": "other", "frozen": True, "same_over_units": True}
ODD_WAYS = ("one.", "two.", "three.", "four.", "five.", "six.", "seven.", "eight.")


@pytest.mark.parametrize(
    ("sites", "method"),
    [
        ((CELL,), "moon"),
        ((CANDIDATE,), "semeniuta"),
        ((C_ZONED,), "zoneout"),
        ((KERNEL,), "weight-drop"),
        ((X_STEP, CELL), "moon"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_number_of_other_differences_outweighs_a_site(
    sites: tuple[SiteVerdict, ...], method: str
) -> None:
    strange = [replace(site, notes=ODD_WAYS, **ALL_ELSE) for site in sites]
    assert named(*strange, active=True)[0] == {method}


@pytest.mark.parametrize(
    ("sites", "method"),
    [
        ((found("carried", "sequence"),), "moon"),
        ((found("carried", "step", **SCALED["test-time"]),), "moon"),
        ((X_TIED, found("carried", "step")), "moon"),
        ((found("input_kernel", "sequence", "untied", same_over_samples=True),), "weight-drop"),
        (
            (found("recurrent_product", "sequence", "untied", same_over_samples=True),),
            "weight-drop",
        ),
        ((found("recurrent_product", "sequence", "untied"),), "keras"),
        ((found("recurrent_product", "step", "tied"),), "naive"),
        ((found("output", "sequence"),), "keras"),
        ((found("output", "step"),), "zaremba"),
        ((found("output", "sequence", reaches=("recurrent",)),), "gal-tied"),
        ((found("output", "step", reaches=("recurrent",)),), "naive"),
    ],
)
def test_a_site_of_no_method_is_nearest_to_the_site_beside_it(
    sites: tuple[SiteVerdict, ...], method: str
) -> None:
    methods, differences = named(*sites)
    assert methods == {method}
    assert any(words.startswith(f"it masks {WHERE[sites[-1].site]}") for words in differences)


def test_of_two_sites_that_nothing_tells_apart_that_of_a_method_is_taken() -> None:
    shared = replace(H_UNTIED, same_over_samples=True, perhaps="recurrent_kernel")
    taken = likeliest({"input": X_TIED, "recurrent": shared}, active=False)
    assert list(taken) == ["input", "recurrent_kernel"]
    assert taken["recurrent_kernel"].perhaps == "recurrent"
    assert named(*taken.values()) == ({"weight-drop"}, ())
    each = replace(H_UNTIED, perhaps="recurrent_kernel")
    assert list(likeliest({"recurrent": each}, active=False)) == ["recurrent"]
    cell = replace(CELL, perhaps="carried")
    assert list(likeliest({"cell": cell}, active=False)) == ["cell"]
    assert likeliest({}, active=False) == {}


def test_a_method_with_a_site_left_over_comes_second() -> None:
    # With x alone masked, zaremba has no other site whose rate would have to be 0.
    method, same_as, _ = nearest({"input": X_STEP}, active=False)
    assert method == "zaremba"
    assert same_as == ("naive", "moon", "semeniuta", "zoneout")
    assert list(METHODS).index("naive") < list(METHODS).index("moon")


def test_differences_add_up() -> None:
    sites = (
        replace(X_TIED, frozen=True, notes=("one.", "two.")),
        replace(H_TIED, same_over_units=True, missing=("o",)),
    )
    methods, differences = named(*sites, active=True)
    assert methods == {"gal-tied"}
    assert len(differences) == 6
    assert len(set(differences)) == 6
