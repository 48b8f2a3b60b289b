from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from urllib.parse import urlparse

import pytest
from matplotlib.mathtext import MathTextParser

from dropviz.core.methods import METHODS, TABLE, Rule
from tests.tables import GATED, LIVES, PLACES, SCALINGS, VARIANTS, ZONED, ZONES

# The table of the papers, once more: site, argument, life, tying, scaling, a mask a sample.
PAPERS: dict[str, list[tuple[str, str, str, str, str, bool]]] = {
    "keras": [
        ("input", "dropout", "sequence", "untied", "inverted", True),
        ("recurrent", "recurrent_dropout", "sequence", "untied", "inverted", True),
    ],
    "zaremba": [("input", "dropout", "step", "tied", "inverted", True)],
    "naive": [
        ("input", "dropout", "step", "tied", "inverted", True),
        ("recurrent", "recurrent_dropout", "step", "tied", "inverted", True),
    ],
    "gal-tied": [
        ("input", "dropout", "sequence", "tied", "inverted", True),
        ("recurrent", "recurrent_dropout", "sequence", "tied", "inverted", True),
    ],
    "gal-untied": [
        ("input", "dropout", "sequence", "untied", "inverted", True),
        ("recurrent", "recurrent_dropout", "sequence", "untied", "inverted", True),
    ],
    "moon": [
        ("input", "dropout", "step", "tied", "inverted", True),
        ("cell", "recurrent_dropout", "sequence", "", "test-time", True),
    ],
    "semeniuta": [
        ("input", "dropout", "step", "tied", "inverted", True),
        ("candidate", "recurrent_dropout", "step", "", "test-time", True),
    ],
    "zoneout": [
        ("input", "dropout", "step", "tied", "inverted", True),
        ("cell_update", "zoneout_cell", "step", "", "expectation", True),
        ("hidden_update", "zoneout_hidden", "step", "", "expectation", True),
    ],
    "weight-drop": [
        ("input", "dropout", "sequence", "tied", "inverted", True),
        ("recurrent_kernel", "recurrent_dropout", "sequence", "untied", "inverted", False),
    ],
}
# Where methods.md found each paper, and its year.
FOUND = {
    "keras": ("arxiv.org", "1512.05287", "2016"),
    "zaremba": ("arxiv.org", "1409.2329", "2014"),
    "naive": ("arxiv.org", "1512.05287", "2016"),
    "gal-tied": ("arxiv.org", "1512.05287", "2016"),
    "gal-untied": ("arxiv.org", "1512.05287", "2016"),
    "moon": ("paperexplained.cn", "4a5e68033940785468cbe34bd6249106c311acfb", "2015"),
    "semeniuta": ("arxiv.org", "1603.05118", "2016"),
    "zoneout": ("arxiv.org", "1606.01305", "2016"),
    "weight-drop": ("arxiv.org", "1708.02182", "2017"),
}
# What an equation has to name, besides a mask.
NAMED = {
    "keras": ["x_t", "h_{t-1}"],
    "zaremba": ["x_t", "m_t"],
    "naive": ["x_t", "h_{t-1}", "m_t", "m'_t"],
    "gal-tied": ["x_t", "h_{t-1}"],
    "gal-untied": ["x_t", "h_{t-1}", "^q"],
    "moon": [r"m \circ (", "c_{t-1}"],
    "semeniuta": [r"m \circ g", "c_{t-1}"],
    "zoneout": ["(1-m)", "c_{t-1}", "h_t"],
    "weight-drop": [r"M \circ U", "h_{t-1}"],
}
EVERY = [pytest.param(method, id=method.name) for method in TABLE]


# ---------------------------------------------------------------- the papers


def test_the_table_has_a_row_for_each_method_and_no_other() -> None:
    assert list(METHODS) == [method.name for method in TABLE]
    assert list(METHODS) == list(PAPERS)


@pytest.mark.parametrize("name", PAPERS)
def test_a_method_masks_where_and_how_its_paper_says(name: str) -> None:
    rules = METHODS[name].rules

    found = [(r.site, r.argument, r.life, r.tying, r.scaling, r.by_sample) for r in rules]

    assert found == PAPERS[name]


@pytest.mark.parametrize("name", FOUND)
def test_a_method_names_the_year_and_the_place_of_its_paper(name: str) -> None:
    host, number, year = FOUND[name]
    method = METHODS[name]

    link = urlparse(method.link)

    assert (link.scheme, link.netloc) == ("https", host)
    assert link.path.endswith(number)
    assert year in method.paper


@pytest.mark.parametrize(
    ("name", "options"),
    [
        (name, {"moon": VARIANTS, "semeniuta": VARIANTS, "zoneout": ZONES}.get(name, ()))
        for name in PAPERS
    ],
)
def test_only_methods_of_which_the_papers_know_several_forms_take_options(
    name: str, options: tuple[str, ...]
) -> None:
    assert METHODS[name].options == options


# ---------------------------------------------------------------- the words


@pytest.mark.parametrize("name", NAMED)
def test_an_equation_is_one_that_matplotlib_can_set(name: str) -> None:
    equation = METHODS[name].equation

    width, height, *_ = MathTextParser("path").parse(equation)

    assert width > height > 0
    assert equation.count("$") >= 2
    assert equation.count("$") % 2 == 0
    for part in NAMED[name]:
        assert part in equation


@pytest.mark.parametrize("method", EVERY)
def test_a_method_says_in_words_what_it_does_and_what_goes_wrong(method: object) -> None:
    row = METHODS[method.name]  # type: ignore[attr-defined]

    for text in (row.title, row.paper, row.summary, row.misuse):
        assert text == text.strip()
        assert text
        assert "\n" not in text
    assert row.misuse.endswith(".")
    assert not row.summary.endswith(".")
    assert len(row.summary) <= 60


def test_titles_and_summaries_tell_the_methods_apart() -> None:
    assert len({method.title for method in TABLE}) == len(TABLE)
    # Of keras and gal-untied too: with both rates they are one method.
    assert len({method.summary for method in TABLE}) == len(TABLE)


# ---------------------------------------------------------------- the rules


@pytest.mark.parametrize("method", EVERY)
def test_rules_keep_to_the_words(method: object) -> None:
    rules = METHODS[method.name].rules  # type: ignore[attr-defined]

    for rule in rules:
        assert rule.site in PLACES
        assert rule.life in LIVES
        assert rule.scaling in (*SCALINGS, "expectation", "none")
        assert rule.argument in ("dropout", "recurrent_dropout", *ZONES)
        assert (rule.argument == "dropout") == (rule.site == "input")
        assert rule.tying in (("tied", "untied") if rule.site in GATED else ("",))
        assert (rule.scaling == "expectation") == (rule.site in ZONED)
        assert rule.rate == 0
    assert len({rule.site for rule in rules}) == len(rules)


@pytest.mark.parametrize(
    ("scaling", "kept", "at_inference"),
    [
        ("inverted", 4.0, 1.0),
        ("test-time", 1.0, 0.25),
        ("expectation", 1.0, 0.25),
        ("none", 1.0, 1.0),
    ],
)
def test_a_scaling_says_what_multiplies_in_training_and_at_inference(
    scaling: str, kept: float, at_inference: float
) -> None:
    rule = Rule("cell", "recurrent_dropout", "step", "", scaling, rate=0.75)

    assert (rule.kept, rule.at_inference) == (kept, at_inference)


@pytest.mark.parametrize("scaling", ["inverted", "test-time", "expectation", "none"])
def test_a_rate_of_nothing_scales_nothing(scaling: str) -> None:
    rule = Rule("cell", "recurrent_dropout", "step", "", scaling)

    assert (rule.kept, rule.at_inference) == (1.0, 1.0)


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        METHODS["moon"].rules[1].rate = 0.5  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        METHODS["moon"].name = "sun"  # type: ignore[misc]
    assert replace(METHODS["moon"].rules[1], rate=0.5).rate == 0.5
