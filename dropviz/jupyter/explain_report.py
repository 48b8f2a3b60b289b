"""The answer on one screen: what dropout and recurrent_dropout do in this layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from IPython.display import display

from dropviz.core import keras_history
from dropviz.core.display_registry import display as display_result
from dropviz.core.methods import METHODS
from dropviz.core.setting import Setting
from dropviz.core.sites import place_of
from dropviz.core.verdict import SiteVerdict, Verdict, Verdicts, not_explained
from dropviz.figures.cell import cell
from dropviz.figures.evidence import evidence
from dropviz.figures.unrolled import where
from dropviz.jupyter import living, mime

_BEST_KNOWN = (
    "The two best-known answers to \u201cwhat is the difference?\u201d: the one that points to "
    "Gal & Ghahramani holds (masks on x_t and h_(t-1), one a sequence); the one that says Keras "
    "follows Semeniuta et al. does not (no mask on the candidate g was found)."
)


def show_verdict(verdict: Verdict) -> None:
    """Shows a verdict in a notebook: words, then the evidence.

    Args:
        verdict: The verdict.
    """
    display(mime.words(verdict.lines), raw=True)
    mime.picture(evidence(verdict))


def show_verdicts(verdicts: Verdicts) -> None:
    """Shows the verdicts on the layers of a model, and why others have none.

    Args:
        verdicts: The verdicts.
    """
    for verdict in verdicts.values():
        display_result(verdict)
    if verdicts.refused:
        show_refused(verdicts.refused)


def show_answer(heard: Any, untying: list[str]) -> None:
    """Shows what three witnesses say of one layer, on one screen.

    Args:
        heard: A ``dropviz.experiment.cross_check.Witnesses``.
        untying: What raising ``recurrent_dropout`` did to the input masks; may be empty.
    """
    verdict = heard.verdict
    badges = [heard.proof.badge] if heard.proof is not None else []
    said = mime.words(lines(heard, untying), badges)
    display(said | {"text/html": said["text/html"] + living.output_script()}, raw=True)
    if heard.recorded is not None and not heard.disagreements and heard.proof.agrees:
        mime.picture(where(heard.recorded))
    if verdict.kind == "LSTM" and verdict.method and not verdict.differences:
        mime.picture(cell(_setting(verdict), "moon", "semeniuta", measured=verdict.method))
    mime.picture(evidence(verdict))
    if heard.is_keras:
        display(mime.table(*_history(heard)), raw=True)


def show_refused(refused: Mapping[str, str]) -> None:
    """Shows which layers of a model could not be explained.

    Args:
        refused: The reasons by layer.
    """
    display(mime.words(not_explained(refused)), raw=True)


def lines(heard: Any, untying: list[str]) -> list[str]:
    """The words of the answer.

    Args:
        heard: A ``dropviz.experiment.cross_check.Witnesses``.
        untying: What raising ``recurrent_dropout`` did to the input masks.

    Returns:
        The lines; the first is the title.
    """
    verdict = heard.verdict
    said = [_headline(verdict), verdict.title] if heard.is_keras else [verdict.title]
    said += [_does(verdict, site) for site in verdict.sites.values()]
    if heard.is_keras and {"input", "recurrent"} <= set(verdict.sites):
        said.append(_BEST_KNOWN)
    said += untying
    said += verdict.remarks
    if heard.proof is not None:
        said.append(heard.proof.sentence)
    said += [f"The witnesses disagree: {words}" for words in heard.disagreements]
    if heard.recorded is None and verdict.sites:
        said.append("This layer keeps no masks that the recorder could read.")
    return said


def _headline(verdict: Verdict) -> str:
    """The question's answer in one line."""
    arguments = {rule.site: rule.argument for rule in METHODS["keras"].rules}
    said = [f"{arguments[site]} masks {place_of(site)}" for site in verdict.sites]
    return f"{'; '.join(said)}: the scheme of {METHODS['keras'].paper}."


def _does(verdict: Verdict, site: SiteVerdict) -> str:
    """Names the argument that is behind a site, where the method says which."""
    argument = verdict.argument_at(site.site)
    return f"{argument} multiplies {site.sentence}" if argument else f"masked: {site.sentence}"


def _setting(verdict: Verdict) -> Setting:
    """The method with the rates that were found, for the picture of the cell."""
    row = METHODS[verdict.method or "keras"]
    rates = {
        rule.argument: verdict.sites[rule.site].reading
        for rule in row.rules
        if rule.site in verdict.sites
    }
    options: dict[str, str] = {}
    for rule in row.rules:
        if rule.site in verdict.sites and rule.argument == "recurrent_dropout":
            found = verdict.sites[rule.site]
            asked = {"life": found.life, "scaling": found.scaling}
            options = {k: v for k, v in asked.items() if k in row.options and v is not None}
    return Setting(row.name, **rates, **options)  # type: ignore[arg-type]


def _history(heard: Any) -> tuple[str, list[str], list[tuple[str, ...]]]:
    rows = [tuple(row) for row in keras_history.table(heard.keras, heard.verdict)]
    heads = ["version", "dropout (x_t)", "recurrent_dropout (h_(t-1))", "how known"]
    return "What changed between versions of Keras, in its LSTM", heads, rows
