"""The page's engine in browsers without a network, and in Node, as something to ask."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from dropviz.browser import read_scripts
from tests.browser.firefox import Firefox
from tests.browser.in_node import answered, node_path

Array = NDArray[Any]
_ENTRY = Path(__file__).with_name("engine.js")
_DRIVER = """
import { createInterface } from "node:readline";
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const { name, request } = JSON.parse(line);
  process.stdout.write(JSON.stringify(answer(name, request)) + "\\n");
});
"""


class Engine(Protocol):
    """Whatever runs the engine."""

    def ask(self, name: str, **request: Any) -> Any:
        """Calls a function of ``engine.js``."""


def script() -> str:
    """The engine as the page has it: its modules in one."""
    scripts = Path(read_scripts.__file__).parent
    return read_scripts.joined(Path(os.path.relpath(_ENTRY, scripts)).as_posix())


class NodeEngine:
    """The engine in Node, a line a call."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, name: str, **request: Any) -> Any:
        return answered(self._process, {"name": name, "request": request})


@contextmanager
def node(folder: Path) -> Iterator[NodeEngine]:
    """The engine in Node."""
    path = folder / "engine.mjs"
    path.write_text(script() + _DRIVER, encoding="utf-8")
    with subprocess.Popen(
        [node_path(), str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield NodeEngine(process)
        assert process.stdin is not None
        process.stdin.close()


class FirefoxEngine:
    """The engine in a page of Firefox."""

    def __init__(self, page: Firefox, folder: Path) -> None:
        self._page = page
        file = folder / "engine.html"
        opened = f'<script type="module">{script()}globalThis.answer = answer;</script>'
        file.write_text(f'<!doctype html><meta charset="utf-8">{opened}', encoding="utf-8")
        page.open(file)
        page.wait("globalThis.answer !== undefined")

    def ask(self, name: str, **request: Any) -> Any:
        text = self._page.evaluate(
            "([name, request]) => JSON.stringify(answer(name, request))", [name, request]
        )
        return json.loads(text)


class PageEngine:
    """The engine in a page of Chromium."""

    def __init__(self, page: Any) -> None:
        self._page = page
        page.add_script_tag(content=f"{script()}globalThis.answer = answer;", type="module")
        page.wait_for_function("() => globalThis.answer !== undefined")

    def ask(self, name: str, **request: Any) -> Any:
        text = self._page.evaluate(
            "([name, request]) => JSON.stringify(answer(name, JSON.parse(request)))",
            [name, json.dumps(request)],
        )
        return json.loads(text)


def sequences(x: Array) -> dict[str, Any]:
    """Inputs of shape (samples, steps, features), as the engine takes them."""
    samples, steps, features = x.shape
    values = x.ravel().tolist()
    return {"samples": samples, "steps": steps, "features": features, "values": values}


def masks(by_site: Mapping[str, Array]) -> dict[str, Any]:
    """Masks of shape (steps, gates, samples, units) by site, as the engine takes them."""
    axes = ("steps", "gates", "samples", "units")
    return {
        site: dict(zip(axes, mask.shape, strict=True)) | {"values": mask.ravel().tolist()}
        for site, mask in by_site.items()
    }


def weights(*arrays: Array) -> dict[str, list[float]]:
    """Keras's weights in their order, as the engine takes them."""
    names = ("kernel", "recurrent", "bias", "head", "headBias")
    return {name: array.ravel().tolist() for name, array in zip(names, arrays, strict=False)}
