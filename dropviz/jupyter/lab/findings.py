"""What a button of a tab has found out about the settings, in some seconds without a training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dropviz.core.spec import RunSpec
from dropviz.jupyter.lab.panel import Panel

if TYPE_CHECKING:
    from dropviz.studies.session import Session


@dataclass(frozen=True)
class Finding:
    """What is found out, and how a person is told of it.

    Attributes:
        name: Of what the panel shows then.
        button: The button that asks for it.
        begins: What is said when it begins.
        ends: What is said when it is done.
        of: Finds it out of a session.
    """

    name: str
    button: str
    begins: str
    ends: str
    of: Callable[[Session, RunSpec], Any]


COST = Finding("cost", "Measure", "measuring ...", "measured", lambda s, spec: s.cost(spec))
VERDICT = Finding(
    "verdict",
    "Experiment",
    "experimenting ...",
    "the experiment is done",
    lambda s, spec: s.explain(spec),
)


def show(finding: Finding, found: Any, spec: RunSpec, panel: Panel) -> None:
    """Shows what was found, unless the settings are others by now.

    Args:
        finding: What it is.
        found: What was found.
        spec: The settings that it is of.
        panel: Where.
    """
    # Written first and looked at then: a move clears what it meets, and none comes between.
    panel.update(**{finding.name: found})
    if panel.moment.spec == spec:
        panel.say(finding.ends)
    else:
        panel.update(**{finding.name: None})
        panel.say(f"the settings were moved meanwhile: press {finding.button} again")
    panel.sender.want()
