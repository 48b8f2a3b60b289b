"""What recording, and watching with live curves, add to ``fit``."""

from __future__ import annotations

from benchmarks.pairs import Ratio, paired
from benchmarks.workload import Workload
from dropviz.recording.record import record
from dropviz.studies.progress import CurveCollector, Listener

# Many short pairs: the median of their ratios withstands a noisy machine best.
_PAIRS = 101
# A live view draws every few seconds: a training must be long enough for several pictures, or a
# pair says little but whether one fell into it (of 1.5 s each, medians were 1.00 to 1.24).
_LIVE_PAIRS, _LIVE_EPOCHS = 15, 24


def recording(*, jit_compile: bool) -> Ratio:
    """``fit`` with recording over ``fit`` without."""
    plain, recorded = (Workload(jit_compile=jit_compile) for _ in range(2))
    plain.fit()
    with record(recorded.model):
        recorded.fit()  # compiles
        return paired(plain.fit, recorded.fit, _PAIRS)


def live(listener: Listener) -> Ratio:
    """``fit`` under a listener over ``fit`` with ``verbose=0``."""
    work = Workload()
    work.fit()
    return paired(
        lambda: work.fit(_LIVE_EPOCHS),
        lambda: work.fit(_LIVE_EPOCHS, callbacks=[CurveCollector(listener)]),
        _LIVE_PAIRS,
    )
