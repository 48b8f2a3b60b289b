"""The page that needs no Python, in a real browser: how soon it moves, and how fast it trains."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropviz.browser.write_playground import write_playground
from tests.browser.stage import browser

_SCENARIO = "lstm:u32:d.2:r.5"
# Counts the pictures of masks; the clock of a page begins when it is opened.
_WATCH = """
window.drawn = [];
document.addEventListener("DOMContentLoaded", () => {
  const where = document.getElementById("picture-where");
  new MutationObserver(() => {
    const said = where.querySelector(".dropviz-muted")?.textContent ?? "";
    const batch = Number(said.match(/in batch (\\d+)/)?.[1] ?? 0);
    if (batch && batch !== window.drawn.at(-1)?.[1]) window.drawn.push([performance.now(), batch]);
  }).observe(where, { childList: true, characterData: true, subtree: true });
  document.getElementById("train").click();
});
"""


@dataclass(frozen=True)
class Pace:
    """How fast the page trains while it is looked at.

    Attributes:
        by_clock: Batches a second.
        by_thread: Batches a second of processor time of the thread that trains; NaN where the
            system does not tell it.
        pictures: Pictures of masks a second.
    """

    by_clock: float
    by_thread: float
    pictures: float


@contextmanager
def _opened() -> Iterator[Any]:
    """The page, training since it was opened, with the network cut."""
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        path = Path(folder) / "page.html"
        write_playground(path)
        # The page allows no script but its own; what counts here is none of them.
        context = chromium.new_context(viewport={"width": 1366, "height": 768}, bypass_csp=True)
        context.set_offline(True)
        page = context.new_page()
        page.add_init_script(_WATCH)
        page.goto(f"{path.as_uri()}#{_SCENARIO}")
        yield page


def first_moving(times: int = 5) -> list[float]:
    """Seconds from opening the page to the second picture of masks, Train pressed at once."""
    found = []
    for _ in range(times):
        with _opened() as page:
            page.wait_for_function("window.drawn.length > 1")
            found.append(page.evaluate("window.drawn[1][0]") / 1000)
    return found


def pace(seconds: float = 20.0) -> Pace:
    """Trains for some seconds, once the scripts are compiled."""
    with _opened() as page:
        page.wait_for_timeout(3000)
        before, spent = page.evaluate("window.drawn.at(-1)"), _worker_seconds()
        count = page.evaluate("window.drawn.length")
        page.wait_for_timeout(1000 * seconds)
        after, spent_after = page.evaluate("window.drawn.at(-1)"), _worker_seconds()
        pictures = page.evaluate("window.drawn.length") - count
    passed, batches = (after[0] - before[0]) / 1000, after[1] - before[1]
    took = (spent_after - spent) or math.nan
    return Pace(batches / passed, batches / took, pictures / passed)


def _worker_seconds() -> float:
    """Processor time of the threads of workers, of all browsers; 0 where there is no /proc."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/task/[0-9]*/stat"):
        try:
            name, _, rest = path.read_text().partition("(")[2].rpartition(") ")
        except OSError:  # it has ended
            continue
        if name.startswith("DedicatedWorker"):
            total += sum(map(int, rest.split()[11:13]))
    return total / os.sysconf("SC_CLK_TCK") if total else 0.0
