"""A workshop on Binder, rehearsed: its environment, one processor, 2 GB, and every lesson.

Run as ``python -m scripts.rehearse_binder`` from a checkout, with the extra ``test`` installed and
Chromium on the machine. Builds what Binder would build, starts JupyterLab in it behind Binder's
limits, opens each lesson in a browser with its outputs taken out, runs it from top to bottom, shuts
its kernel down as its last line asks, and prints what it took.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.binder_environment import build, environment_of
from scripts.limited_process import LimitedProcess
from tests.browser.stage import Notebook, browser, end_kernels, until_up

_LIMIT = 2 * 10**9
_FIRST_PICTURE, _MOST = 25.0, 2**30  # seconds, bytes: what must hold
_LESSON = 400.0  # seconds that a lesson may take
_SIZE = {"width": 1366, "height": 768}
_KERNEL = "Python 3"
_RUN_ALL = "Run All Cells"
_ERRORS = '.jp-OutputArea-output[data-mime-type*="error"]'
_PEAKS = ("all", "server", "kernel", "worker")
_WIDTHS = (34, 7, 9, 8, 7, 8, 8, 8)
_HEADING = ("lesson", "open s", "picture", "all s", "MiB", "server", "kernel", "worker")


@dataclass
class Rehearsed:
    """What a lesson took.

    Attributes:
        name: Its file.
        open: Seconds until it is on the screen and its kernel is there.
        picture: Seconds from opening it to its first picture; None without one.
        seconds: Seconds from opening it to its end.
        peaks: Bytes by "all", and of the largest "server", "kernel" and "worker".
        errors: Errors that its cells ended with.
    """

    name: str
    open: float = 0.0
    picture: float | None = None
    seconds: float = 0.0
    peaks: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """It in one line, under the heading."""
        picture = "-" if self.picture is None else f"{self.picture:.1f}"
        mib = [str(self.peaks.get(what, 0) >> 20) for what in _PEAKS]
        words = (self.name, f"{self.open:.1f}", picture, f"{self.seconds:.1f}", *mib)
        return " ".join([_row(words), *self.errors])


def _row(words: Sequence[str]) -> str:
    first, *others = zip(words, _WIDTHS, strict=True)
    return f"{first[0]:<{first[1]}}" + "".join(f"{word:>{width}}" for word, width in others)


def main() -> int:
    """Rehearses it; the exit status says whether all of it held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to build; a temporary one by default")
    parser.add_argument("--kept", action="store_true", help="take what --folder has from before")
    parser.add_argument("--only", default="", help="lessons whose names hold this")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        began = time.monotonic()
        if given.kept:
            checkout, commands = folder / "checkout", folder / "environment" / "bin"
        else:
            checkout, commands = build(folder)
        print(f"environment built in {time.monotonic() - began:.0f} s", flush=True)
        return _rehearse(checkout, commands, given.only)


def _rehearse(checkout: Path, commands: Path, only: str) -> int:
    lessons = sorted(
        each for each in (checkout / "notebooks").glob("0*.ipynb") if only in each.name
    )
    with (
        (checkout.parent / "server.log").open("w") as log,
        _server(checkout, commands, log) as (
            process,
            address,
        ),
    ):
        held = "held by the system" if process.is_held else "only looked at: no cgroup can be made"
        print(f"one processor, {_LIMIT / 1e9:.0f} GB of memory, {held}")
        print(_row(_HEADING))
        done = []
        for lesson in lessons:
            with browser() as chromium:
                done.append(_lesson(chromium.new_page(viewport=_SIZE), process, address, lesson))
            print(done[-1].line, flush=True)
            end_kernels(address)
        return _judged(done, process)


def _judged(done: list[Rehearsed], process: LimitedProcess) -> int:
    wrong = [f"{each.name}: {', '.join(each.errors)}" for each in done if each.errors]
    # What a class meets first, all at once.
    if done and (done[0].picture is None or done[0].picture > _FIRST_PICTURE):
        wrong.append(f"the first picture took longer than {_FIRST_PICTURE:.0f} s")
    if done and done[0].peaks.get("kernel", 0) > _MOST:
        wrong.append(f"the kernel of {done[0].name} took more than {_MOST >> 30} GiB")
    if process.killed:
        wrong.append(f"the system ended {process.killed} processes for want of memory")
    print("\n".join(wrong) or "all of it held")
    return 1 if wrong or not done else 0


@contextmanager
def _server(checkout: Path, commands: Path, log: Any) -> Iterator[tuple[LimitedProcess, str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = checkout.parent / "home"
    home.mkdir(exist_ok=True)
    command: list[str | Path] = [
        *(checkout / "binder" / "start", "jupyter", "lab", "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token="),
        *("--ServerApp.password=", "--ServerApp.disable_check_xsrf=True"),
    ]
    with LimitedProcess(
        command,
        environment=environment_of(commands, home) | _windowing(home),
        folder=checkout,
        limit=_LIMIT,
        log=log,
    ) as process:
        address = f"http://127.0.0.1:{port}"
        until_up(address)
        yield process, address


def _windowing(home: Path) -> dict[str, str]:
    """Has JupyterLab keep every cell in the page, seen or not, and ask no question over it."""
    settings = home / "settings" / "@jupyterlab"
    for name, text in {
        "notebook-extension/tracker": '{"windowingMode": "none"}',
        "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}',
    }.items():
        path = settings / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}


def _lesson(page: Any, process: LimitedProcess, address: str, lesson: Path) -> Rehearsed:
    copy = _without_outputs(lesson)
    result = Rehearsed(lesson.name)
    process.begin_anew()
    began = time.monotonic()
    Notebook(page, lesson.parent).open(address, f"notebooks/{copy.name}")
    result.open = time.monotonic() - began
    # Before it has one, JupyterLab asks which kernel to take.
    page.wait_for_selector(f'.jp-Toolbar-kernelName:has-text("{_KERNEL}")')
    page.click('.lm-MenuBar-itemLabel:text-is("Run")')
    page.click(f'.lm-Menu-itemLabel:text-is("{_RUN_ALL}")')
    cells = page.locator(".jp-CodeCell")
    last = cells.nth(cells.count() - 1).locator(".jp-InputPrompt")
    while time.monotonic() - began < _LESSON:
        page.wait_for_timeout(100)
        if result.picture is None and page.locator(".jp-OutputArea-output img").count():
            result.picture = time.monotonic() - began
        if any(letter.isdecimal() for letter in last.inner_text()):
            break
        if page.locator(".jp-Dialog").count():
            result.errors.append(page.locator(".jp-Dialog").first.inner_text().splitlines()[0])
            break
    else:
        result.errors.append("did not end")
    result.seconds, result.peaks = time.monotonic() - began, dict(process.peaks)
    result.errors += page.locator(_ERRORS).all_inner_texts()
    page.screenshot(path=lesson.parents[2] / f"{lesson.stem}.png")
    return result


def _without_outputs(lesson: Path) -> Path:
    """A copy beside it in which no stored picture is taken for a new one."""
    notebook = json.loads(lesson.read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    copy = lesson.with_name(f"rehearsed-{lesson.name}")
    copy.write_text(json.dumps(notebook), "utf-8")
    return copy


if __name__ == "__main__":
    sys.exit(main())
