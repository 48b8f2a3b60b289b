"""What a person touches: magics, reports, and the lab."""

from __future__ import annotations

from dropviz.core.comparison import Comparison
from dropviz.core.display_registry import BUNDLES, DISPLAY, PAGES
from dropviz.core.doubt import Doubt
from dropviz.core.doubt_card import DoubtCard
from dropviz.core.runs import Run
from dropviz.core.sweep_result import Sweep
from dropviz.core.trap_results import Trap, TrapResults
from dropviz.core.verdict import Verdict, Verdicts


def _run(run: Run) -> None:
    from dropviz.errors import StoppedError
    from dropviz.jupyter.report import report
    from dropviz.keras_inside.interrupts import minded

    try:
        with minded():
            report(run)
    except KeyboardInterrupt:
        raise StoppedError("stopped while the run was shown; it is kept", run) from None


def _page(run: Run) -> str:
    from dropviz.jupyter.report import page

    return page(run)


def _verdict(verdict: Verdict) -> None:
    from dropviz.jupyter.explain_report import show_verdict

    show_verdict(verdict)


def _verdicts(verdicts: Verdicts) -> None:
    from dropviz.jupyter.explain_report import show_verdicts

    show_verdicts(verdicts)


def _traps(found: Trap | TrapResults) -> dict[str, str]:
    from dropviz.jupyter.trap_report import trap_bundle

    return trap_bundle(found)


def _study(found: Sweep | Comparison) -> None:
    from dropviz.jupyter.study_report import show_study

    show_study(found)


def _card(card: DoubtCard) -> None:
    from dropviz.jupyter.doubt_report import show_card

    show_card(card)


def _doubt(doubt: Doubt) -> None:
    from dropviz.jupyter.doubt_report import show_doubt

    show_doubt(doubt)


# Named here and loaded when shown: matplotlib takes half a second to import.
DISPLAY.setdefault(Run, _run)
DISPLAY.setdefault(Comparison, _study)
DISPLAY.setdefault(Doubt, _doubt)
DISPLAY.setdefault(DoubtCard, _card)
DISPLAY.setdefault(Sweep, _study)
DISPLAY.setdefault(Verdict, _verdict)
DISPLAY.setdefault(Verdicts, _verdicts)
BUNDLES.setdefault(Trap, _traps)
BUNDLES.setdefault(TrapResults, _traps)
PAGES.setdefault(Run, _page)
