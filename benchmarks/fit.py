"""What recording, and watching with live curves, add to ``fit``."""

from __future__ import annotations

from benchmarks.pairs import Ratio, paired
from benchmarks.workload import Workload
from dropviz.layers.recorder import record
from dropviz.studies.progress import Listener, Watch

# Long enough a training that starting `fit` itself does not drown what is measured.
_EPOCHS = 3


def recording(*, jit_compile: bool) -> Ratio:
    """``fit`` with recording over ``fit`` without."""
    plain, recorded = (Workload(jit_compile=jit_compile) for _ in range(2))
    plain.fit()
    with record(recorded.model):
        recorded.fit()  # compiles
        return paired(lambda: plain.fit(_EPOCHS), lambda: recorded.fit(_EPOCHS))


def live(listener: Listener) -> Ratio:
    """``fit`` under a listener over ``fit`` with ``verbose=0``."""
    work = Workload()
    work.fit()
    return paired(
        lambda: work.fit(2 * _EPOCHS),
        lambda: work.fit(2 * _EPOCHS, callbacks=[Watch(listener)]),
    )
