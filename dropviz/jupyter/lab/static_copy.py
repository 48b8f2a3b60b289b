"""What stands for the lab where there are no widgets: a picture, the settings, the line."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from IPython.display import display

from dropviz.core.free_memory import collecting_at_once
from dropviz.core.scenario_string import Scenario, magic
from dropviz.core.sentences import answers, intentions, last_losses
from dropviz.core.spec import RunSpec
from dropviz.errors import visible
from dropviz.figures.arrow_numbers import with_numbers
from dropviz.figures.unrolled_parts import UnrolledScene
from dropviz.jupyter import mime
from dropviz.jupyter.lab.moment import Moment
from dropviz.jupyter.lab.panel import Panel

if TYPE_CHECKING:
    from dropviz.core.layer_recording import LayerRecording
    from dropviz.figures.theme import Picture


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
        with collecting_at_once():
            return self._bundle()

    def _bundle(self) -> dict[str, str]:
        from dropviz.jupyter.living import output_script

        moment = self._panel.moment
        spec = moment.ran
        drawn = [] if moment.concealed else _drawn(moment)
        rows = "".join(
            f"<tr><th style='{_CELL}'>{name}</th>"
            f"<td style='{_CELL}'>{mime.escaped(value)}</td></tr>"
            for name, value in _settings(spec)
        )
        state = f"Last training: {moment.run.title}" if moment.run else "Not trained yet."
        if moment.concealed:
            state = f"{state} Predict first: pictures come after the questions."
        pages = "".join(_html(picture, words) for picture, words in drawn)
        lines = [line for _, words in drawn for line in words]
        script = output_script() if drawn else ""
        return {
            "text/html": (
                f'<div class="{self._panel.mark} {mime.LITERAL}">'
                f"<style>{_NO_EMPTY_VIEW.format(mark=self._panel.mark)}</style>"
                "<p><b>LSTM dropout lab</b>, "
                f"without its controls. {mime.escaped(state)}</p>{pages}<table>{rows}</table>"
                f"<p>The same without the panel:</p>{mime.code(magic(spec), _WRAPS)}"
                f"<p>{moment.cut}</p>{script}</div>"
            ),
            "text/plain": "\n".join(
                visible(line)
                for line in (
                    f"LSTM dropout lab. {state}",
                    *lines,
                    f"Settings: {Scenario(spec)}",
                    f"The same without the panel: {magic(spec)}",
                    *filter(None, [moment.cut]),
                )
            ),
        }


def _drawn(moment: Moment) -> list[tuple[Picture, list[str]]]:
    """Where dropout acted or will act, and masks, a sequence and curves, with their words."""
    from dropviz.figures.curves import curves
    from dropviz.figures.unrolled import plan

    setting, layer = moment.spec.setting, moment.layer
    if layer is None or not moment.current:
        steps, features = moment.shape
        drawn = [(plan(setting, moment.spec.units, features, steps), intentions(setting))]
    else:
        drawn = _used(moment, layer)
    if moment.curves.epochs:
        epochs = moment.epochs or moment.curves.epochs
        shown = curves(moment.curves, epochs, moment.moved())
        drawn.append((shown, [last_losses(moment.curves)]))
    return drawn


def _used(moment: Moment, layer: LayerRecording) -> list[tuple[Picture, list[str]]]:
    """What was recorded; where scripts run, batch, gate and sample can be chosen."""
    from dropviz.figures import chosen_scene, gates, gates_scene
    from dropviz.figures.heatmaps import atlas
    from dropviz.figures.unrolled import where

    sample = moment.shown_sample
    acted, masks = where(layer, sample=sample), atlas(layer, sample=sample)
    masks.scene = chosen_scene.atlases(layer, sample)
    if not isinstance(acted.scene, UnrolledScene):
        return [(acted, answers({"lstm": layer})), (masks, [])]
    shown, opened = acted.scene, moment.opened_shown
    if opened is not None:
        shown = with_numbers(shown, opened)
    acted.scene = chosen_scene.unrolled(layer, shown, sample)
    drawn = [(acted, answers({"lstm": layer})), (masks, [])]
    if opened is not None:
        drawn.append((gates.paint(gates_scene.of_opened(opened, layer.layer)), []))
    return drawn


def _html(picture: Picture, words: list[str]) -> str:
    from dropviz.jupyter import living

    lines = "".join(f"<li>{mime.escaped(line)}</li>" for line in words)
    listed = f'<ul style="margin:.3em 0 0 1.2em;padding:0;font-size:.95em">{lines}</ul>'
    page = living.picture(picture, picture.frame(1), called=True)
    return f'<div style="line-height:1.45;max-width:1150px">{page}{listed if lines else ""}</div>'


# JupyterLab and Notebook 7 write "model not found" where the panel stood, as long as none is there.
_NO_EMPTY_VIEW = (
    ".jp-OutputArea-child:has(+ .jp-OutputArea-child .{mark}):not(:has(.dropviz-lab))"
    "{{display:none}}"
)
_WRAPS = "white-space:pre-wrap;overflow-wrap:anywhere"
_CELL = "text-align:left;padding:.1em 1em .1em 0"


def _settings(spec: RunSpec) -> list[tuple[str, object]]:
    rows = [(f.name, getattr(spec, f.name)) for f in fields(RunSpec) if f.name != "schedule"]
    rows += [("changes on the way", len(spec.schedule))] if spec.schedule else []
    return [(name, value) for name, value in rows if value is not None]
