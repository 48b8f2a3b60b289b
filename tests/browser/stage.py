"""A real Jupyter server and a real browser, for tests and benchmarks of the lab."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).parents[2]
# `.ci/run` sets it: there what is missing is a failure, and nothing is skipped.
REQUIRED = os.environ.get("DROPVIZ_BROWSER") == "required"
SECONDS = 90.0  # that something may take in a page, on two shared cores
_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_CONTENT = 'document.querySelector(".dropviz-lab-content")'
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")

Page = Any


def browser_path() -> str | None:
    """Where the system's Chromium is; None where there is none."""
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A Jupyter server that offers JupyterLab and Notebook 7.

    Args:
        folder: Its notebooks, and all that it writes.

    Yields:
        Its address.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ours = {
        "PYTHONPATH": str(ROOT),
        "IPYTHONDIR": str(folder / ".ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / ".config"),
        "JUPYTER_DATA_DIR": str(folder / ".data"),
        "JUPYTER_RUNTIME_DIR": str(folder / ".runtime"),
    }
    # No question about news over the notebook.
    settings = folder / ".config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    news = '{"fetchNews": "false", "checkForUpdates": false}'
    (settings / "notification.jupyterlab-settings").write_text(news)
    # A stranger's kernel: nothing quietens TensorFlow or chooses a backend.
    inherited = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    command = [
        *(sys.executable, "-m", "notebook", "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", f"--port={port}", f"--ServerApp.root_dir={folder}"),
        *("--IdentityProvider.token=", "--ServerApp.password="),
        "--ServerApp.disable_check_xsrf=True",  # so that kernels can be ended from here
    ]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=inherited | ours, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            until_up(address)
            yield address
        finally:
            process.terminate()
            process.wait(30)


def until_up(address: str) -> None:
    """Waits until a server answers."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{address}/api"):  # noqa: S310 (a server of our own)
                return
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def end_kernels(address: str) -> None:
    """Ends every kernel of a server; they would go on training behind what comes next."""
    with urllib.request.urlopen(f"{address}/api/kernels") as found:  # noqa: S310 (our own)
        kernels = json.load(found)
    for kernel in kernels:
        url = f"{address}/api/kernels/{kernel['id']}"
        urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()  # noqa: S310


@contextmanager
def browser() -> Iterator[Any]:
    """The system's Chromium, driven by Playwright."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1000 * SECONDS)
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=browser_path(), args=list(_FLAGS))
        yield started
        started.close()


def write(folder: Path, name: str, cells: list[str]) -> None:
    """Writes a notebook that names its kernel, or JupyterLab would ask for one."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )
    nbformat.write(notebook, folder / name)


def settle(page: Page) -> None:
    """Waits until elements stay where they are, from one frame of the page to the fifth after."""
    page.wait_for_function(
        """async () => {
          const places = () => JSON.stringify([...document.querySelectorAll("body *")].map((each) =>
            [each.getBoundingClientRect(), getComputedStyle(each).fontSize]));
          const before = places();
          for (let frame = 0; frame < 5; frame += 1) await new Promise(requestAnimationFrame);
          return places() === before;
        }"""
    )


@dataclass
class Notebook:
    """A notebook open in a page.

    Attributes:
        page: The page.
        folder: Where screenshots go.
    """

    page: Page
    folder: Path

    def open(self, address: str, name: str, *, app: str = "lab") -> None:
        """Opens a notebook in JupyterLab ("lab") or Notebook 7 ("notebook")."""
        # JupyterLab would open what was open before, too.
        path = {"lab": f"lab/tree/{name}?reset", "notebook": f"notebooks/{name}"}[app]
        self.page.goto(f"{address}/{path}")
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=1000 * SECONDS)
        # The kernel's name appears when the kernel is there.
        self.page.wait_for_selector(
            '.jp-Notebook-ExecutionIndicator[data-status="idle"]',
            timeout=1000 * SECONDS,
            state="attached",
        )

    def start(self, number: int = 0) -> None:
        """Has a cell run."""
        asked = self.page.locator(".jp-Dialog")
        if asked.count() and "Select Kernel" not in asked.first.inner_text():
            raise AssertionError(f"JupyterLab asks: {asked.first.inner_text()}")
        if asked.count():  # on a busy machine a notebook opens before its kernel's name is known
            asked.locator(".jp-mod-accept").click()
        self.page.locator(".jp-CodeCell").nth(number).locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Control+Enter")

    def run(self, number: int = 0) -> None:
        """Runs a cell, as a person does, and waits until it has ended."""
        prompt = self.page.locator(".jp-CodeCell").nth(number).locator(".jp-InputPrompt")
        before, end = prompt.inner_text(), time.monotonic() + SECONDS
        while time.monotonic() < end:
            # A page that is still settling takes the focus away, and a kernel that is still
            # connecting forgets what it was asked.
            if "*" not in prompt.inner_text():
                self.start(number)
            for _ in range(30):
                self.page.wait_for_timeout(100)
                now = prompt.inner_text()
                if now != before and any(letter.isdecimal() for letter in now):
                    return
        raise TimeoutError(f"cell {number} does not run")

    def see(self, selector: str, seconds: float = SECONDS) -> Any:
        """Waits until something can be seen; where it can't, says what the panels show."""
        try:
            return self.page.wait_for_selector(selector, timeout=1000 * seconds)
        except Exception as error:
            raise AssertionError(f"{selector} is not to be seen, but {self._found()}") from error

    def _found(self) -> str:
        """What stands on the page, and what the server said last, for whoever reads a failure."""
        shown = self.page.evaluate(
            """() => [".jp-InputPrompt", ".dropviz-lab-status", ".dropviz-scene", ".jp-Dialog"]
                 .map((each) => [...document.querySelectorAll(each)].map((found) =>
                   (found.ariaLabel || found.innerText).slice(0, 200)))"""
        )
        kernel = self.page.evaluate(
            '() => document.querySelector(".jp-Notebook-ExecutionIndicator")?.dataset.status'
        )
        log = self.folder / "server.log"
        said = log.read_text()[-1500:] if log.exists() else ""
        return f"{shown}; the kernel is {kernel}; the server's log ends with: {said}"

    def picture(self, alt: str, seconds: float = SECONDS) -> str:
        """Waits for a picture of the panel whose alt text holds some words; all of that text."""
        found = self.see(f'.dropviz-scene[aria-label*="{alt}"]:visible', seconds)
        text: str = found.get_attribute("aria-label")
        return text

    def next_picture(self, count: int = 1, seconds: float = SECONDS) -> None:
        """Waits until the panel has been painted so many times more."""
        self.page.evaluate(f"() => {{ window.painted = Number({_CONTENT}.dataset.painted); }}")
        self.page.wait_for_function(
            f"(count) => Number({_CONTENT}.dataset.painted) >= window.painted + count",
            arg=count,
            timeout=1000 * seconds,
        )

    def says(self, words: str, seconds: float = SECONDS) -> str:
        """Waits until the panel's line of status holds some words; the whole line."""
        found = self.see(f'.dropviz-lab-status:has-text("{words}")', seconds)
        text: str = found.inner_text()
        return text

    def trained(self, epochs: int) -> None:
        """Waits until so many epochs of a training have passed."""
        self.page.wait_for_function(
            """(epochs) => [...document.querySelectorAll(".dropviz-lab-status")].some((line) =>
                 Number((line.innerText.match(/epoch (\\d+)/) || [0, 0])[1]) > epochs)""",
            arg=epochs,
            timeout=1000 * SECONDS,
        )

    @property
    def status(self) -> str:
        """The panel's line of status."""
        text: str = self.page.locator(".dropviz-lab-status").inner_text()
        return text

    def press(self, button: str) -> None:
        """Presses a button of the panel, once more where the page moved under the pointer."""
        found = self.page.locator(f'button:text-is("{button}"):not([disabled])').first
        for _ in range(3):
            heard = found.evaluate_handle(
                """(button) => {
                  const heard = { click: false };
                  button.addEventListener("click", () => { heard.click = true; }, true);
                  return heard;
                }"""
            )
            found.click()
            if heard.evaluate("(heard) => heard.click"):
                return
        raise AssertionError(f"{button} is pressed and hears nothing, but {self._found()}")

    def slide(self, name: str, key: str = "ArrowRight", times: int = 1) -> None:
        """Moves a slider by keyboard."""
        self.page.locator(f'input[type="range"][aria-label="{name}"]').focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def turn(self, view: str) -> None:
        """Opens a tab of the panel."""
        tab = self.page.locator(f'[data-tab="{view}"][role="tab"]')
        if tab.count():
            tab.click()
        else:
            self.page.select_option('select[data-trait="tab"]', view)

    def trait(self, name: str) -> Any:
        """A field of the panel by the name of its trait, unfolded."""
        field = self.page.locator(f'[data-trait="{name}"]')
        if not field.is_visible():
            self.page.click(".dropviz-lab-unfold")
        return field

    def resize(self, width: int, height: int) -> None:
        """Gives the window another size, and waits until all that follows it has been laid out."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_function("(width) => innerWidth === width", arg=width)
        settle(self.page)

    def save(self, path: Path) -> None:
        """Saves the notebook, and waits until its file is another one."""
        before, end = path.stat().st_mtime_ns, time.monotonic() + SECONDS
        self.page.keyboard.press("Control+s")
        while path.stat().st_mtime_ns == before:
            if time.monotonic() > end:
                raise TimeoutError(f"{path.name} is not saved, but {self._found()}")
            self.page.wait_for_timeout(100)

    def shot(self, name: str) -> Path:
        """Takes a screenshot, to be looked at."""
        path = self.folder / f"{name}.png"
        self.page.screenshot(path=path)
        return path
