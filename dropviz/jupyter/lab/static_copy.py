"""What stands for the lab where there are no widgets: a picture, the settings, the line."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from IPython.display import display

from dropviz.core.scenario_string import Scenario, magic
from dropviz.core.spec import RunSpec
from dropviz.errors import visible
from dropviz.jupyter import mime
from dropviz.jupyter.lab.panel import Panel
from dropviz.jupyter.lab.tabs import shown


class StaticCopy:
    """The panel's static copy: an output of its own, in the same cell.

    JupyterLab shows an error in place of a widget view whose model is gone, whatever else
    that output holds. So the copy is not one more form of the panel's output; and a style
    rule inside the panel hides it, as long as the panel lives in the page.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._handle: Any = None

    def show(self) -> None:
        """Shows the copy, below the panel."""
        self._handle = display(self.bundle(), raw=True, display_id=True)

    def update(self) -> None:
        """Brings the copy up to date."""
        if self._handle is not None:
            self._handle.update(self.bundle(), raw=True)

    def bundle(self) -> dict[str, str]:
        """The copy as HTML and as text."""
        scene = self._panel.scene
        ran = scene.run.spec if scene.run is not None else None
        spec = ran or scene.spec
        views = ["Where", *(["Curves"] if scene.curves.epochs else [])]
        pages = [shown(scene, name) for name in views]
        rows = "".join(
            f"<tr><th style='{_CELL}'>{name}</th>"
            f"<td style='{_CELL}'>{mime.escaped(value)}</td></tr>"
            for name, value in _settings(spec)
        )
        state = f"Last training: {scene.run.title}" if scene.run else "Not trained yet."
        text = "".join(page.html for page in pages)
        lines = [line for page in pages for line in page.words]
        return {
            "text/html": (
                f'<div class="{self._panel.mark} {mime.LITERAL}"><p><b>LSTM dropout lab</b>, '
                f"without its controls. {mime.escaped(state)}</p>{text}<table>{rows}</table>"
                f"<p>The same without the panel:</p>{mime.code(magic(spec))}</div>"
            ),
            "text/plain": "\n".join(
                visible(line)
                for line in (
                    f"LSTM dropout lab. {state}",
                    *lines,
                    f"Settings: {Scenario(spec)}",
                    f"The same without the panel: {magic(spec)}",
                )
            ),
        }


_CELL = "text-align:left;padding:.1em 1em .1em 0"


def _settings(spec: RunSpec) -> list[tuple[str, object]]:
    rows = [(f.name, getattr(spec, f.name)) for f in fields(RunSpec) if f.name != "schedule"]
    rows += [("changes on the way", len(spec.schedule))] if spec.schedule else []
    return [(name, value) for name, value in rows if value is not None]
