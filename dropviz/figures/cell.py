"""Figure 2: the inside of one cell, with the edges marked that a method masks."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from dropviz.core.methods import Method, Rule
from dropviz.core.sentences import counted
from dropviz.core.setting import Setting
from dropviz.core.sites import SITES
from dropviz.errors import DropvizError, unknown_name
from dropviz.figures import cell_edges, theme
from dropviz.figures.text_fit import fitted, width, wrapped

_COLUMNS = 3
_PITCH = 288  # CSS pixels from panel to panel
_MARGIN = 15
_TITLE, _LINE, _AFTER = 34, 15, 12
_SIZE = 9.5


@dataclass(frozen=True)
class _Panel:
    """One method in the picture.

    Attributes:
        method: Its row of the table.
        rules: The sites that it can mask.
        masked: Those of them that are marked.
        rated: Whether the rates are known.
        measured: Whether it wears the tag.
    """

    method: Method
    rules: tuple[Rule, ...]
    masked: tuple[Rule, ...]
    rated: bool
    measured: bool

    @property
    def above(self) -> list[str]:
        """The lines below the title."""
        return [self.method.paper, *wrapped(self.method.summary, cell_edges.WIDTH, _SIZE)]

    @property
    def below(self) -> list[tuple[str, str, list[str]]]:
        """The words below the cell: for each site a heading, its colour, and lines."""
        said = []
        for rule in self.rules:
            heading = f"{rule.argument}={rule.rate:.3g}" if self.rated else rule.argument
            lines = wrapped(f"{SITES[rule.site].inside}: {words(rule)}", cell_edges.WIDTH, _SIZE)
            if rule in self.masked:
                said.append((heading, theme.colour_of(rule.argument), lines))
            else:
                said.append(
                    (
                        heading,
                        theme.MUTED,
                        wrapped(f"{SITES[rule.site].inside}: no mask", cell_edges.WIDTH, _SIZE),
                    )
                )
        return said


def cell(*settings: Setting | str, measured: str | None = None) -> theme.Picture:
    """Draws the inside of an LSTM cell and marks the edges that are masked.

    Args:
        *settings: For each panel a method's name, which marks every site of the method,
            or a setting, which marks the sites whose rate is above 0.
        measured: The method among these that wears the tag "measured here".

    Returns:
        The picture: up to three panels in a row, three of them 880 CSS pixels wide.

    Raises:
        DropvizError: If no method is given, or one is unknown.
    """
    if not settings:
        raise DropvizError(
            'cell() draws one panel for each method. Received: none. Try cell("keras").'
        )
    names = [each.method if isinstance(each, Setting) else each for each in settings]
    if measured is not None and measured not in names:
        raise unknown_name("measured method among those drawn", measured, names)
    with theme.style():
        panels = [_panel(each, measured) for each in settings]
        rows = [panels[at : at + _COLUMNS] for at in range(0, len(panels), _COLUMNS)]
        wide = (len(rows[0]) - 1) * _PITCH + cell_edges.WIDTH + 2 * _MARGIN
        legend = wrapped(_legend(panels), wide - 2 * _MARGIN - 22, _SIZE)
        heights = [_height(row) for row in rows]
        picture, axes = theme.canvas(wide, sum(heights) + _LINE * len(legend) + 2 * _AFTER)
        top: float = picture.size[1]
        for row, high in zip(rows, heights, strict=True):
            for column, panel in enumerate(row):
                _draw(axes, _MARGIN + column * _PITCH, top, panel, _lines_above(row))
            top -= high
        _explain(axes, legend, top - _AFTER)
        picture.alt = _alt(panels)
    return picture


def words(rule: Rule) -> str:
    """Life, tying and scaling of the masks at one site, in plain words."""
    life = "a new mask at each step" if rule.life == "step" else "one mask for each sequence"
    if not rule.by_sample:
        whole = "one mask for the whole batch"
        life = f"{life}, the same for all samples" if rule.life == "step" else whole
    tying = {"tied": ", shared by all gates", "untied": ", one for each gate"}.get(rule.tying, "")
    return f"{life}{tying}; {_scaling(rule)}"


def _scaling(rule: Rule) -> str:
    what = "weights" if SITES[rule.site].matrix else "units"
    kept, later = rule.kept, rule.at_inference
    said = {
        "inverted": f"kept {what} times 1/(1-p){f' = {kept:.3g}' if rule.rate else ''}",
        "test-time": f"at inference all {what} times 1-p{f' = {later:.3g}' if rule.rate else ''}",
        "expectation": "at inference the mean, 1-p of the new and p of the old",
    }
    return said.get(rule.scaling, "not scaled")


def _panel(setting: Setting | str, measured: str | None) -> _Panel:
    rated = isinstance(setting, Setting)
    setting = setting if isinstance(setting, Setting) else Setting(setting)
    rules = setting.rules if rated else setting.row.rules
    masked = tuple(rule for rule in rules if rule.rate > 0 or not rated)
    return _Panel(setting.row, rules, masked, rated, setting.method == measured)


def _lines_above(row: list[_Panel]) -> int:
    return max(len(panel.above) for panel in row)


def _height(row: list[_Panel]) -> float:
    below = max(sum(_LINE * (1 + len(lines)) + 4 for *_, lines in each.below) for each in row)
    above = _TITLE + _LINE * _lines_above(row)
    return above + cell_edges.HEIGHT + 2 * _AFTER + _LINE + below + _AFTER


def _draw(axes: Axes, x: float, top: float, panel: _Panel, lines_above: int) -> None:
    axes.text(x, top - 26, panel.method.title, fontsize=14, weight="bold")
    if panel.measured:
        _tag(axes, x + cell_edges.WIDTH, top - 22)
    y = top - _TITLE
    for number, line in enumerate(panel.above):
        axes.text(x, y - 10 - _LINE * number, line, fontsize=_SIZE, color=theme.MUTED)
    y -= _LINE * lines_above + cell_edges.HEIGHT
    cell_edges.draw(axes, x, y, panel.masked)
    y -= 2 * _AFTER
    fitted(axes, x, y, panel.method.equation, cell_edges.WIDTH, 11)
    y -= _AFTER
    for heading, colour, lines in panel.below:
        y -= _LINE
        how = {"family": "monospace", "weight": "bold", "color": colour}
        fitted(axes, x, y, heading, cell_edges.WIDTH, 10, **how)
        for line in lines:
            y -= _LINE
            axes.text(x, y, line, fontsize=_SIZE, color=theme.MUTED)
        y -= 4


def _tag(axes: Axes, right: float, y: float) -> None:
    text, size = "measured here", 9
    wide = width(text, size) + 14
    shape = FancyBboxPatch((right - wide, y - 9), wide, 19, facecolor=theme.INK, linewidth=0)
    shape.set_boxstyle("round", pad=0, rounding_size=4)
    axes.add_patch(shape)
    axes.text(right - 7, y, text, color="white", fontsize=size, ha="right", va="center")


def _legend(panels: list[_Panel]) -> str:
    four = any(len(cell_edges.marks(rule)) > 1 for panel in panels for rule in panel.masked)
    said = [
        "a mask multiplies here; thick edge: what it lets through; thin edge: no mask",
        "four marks: one for each gate" if four else "",
        "p: drop rate",
    ]
    return "; ".join(filter(None, said))


def _explain(axes: Axes, lines: list[str], y: float) -> None:
    cell_edges.mark(axes, _MARGIN + 6, y + 4, theme.INK)
    for number, line in enumerate(lines):
        axes.text(_MARGIN + 20, y - _LINE * number, line, fontsize=_SIZE, color=theme.MUTED)


def _alt(panels: list[_Panel]) -> str:
    intro = f"The inside of one LSTM cell, {counted(len(panels), 'panel')}."
    return " ".join([intro, *map(_told, panels)])


def _told(panel: _Panel) -> str:
    method = panel.method
    tag = ", measured here" if panel.measured else ""
    sites = [f"Marked: {_site_told(panel, rule)}." for rule in panel.masked]
    about = f"{method.title} ({method.paper}){tag}: {method.summary}."
    return " ".join([about, *(sites or ["No edge is marked."])])


def _site_told(panel: _Panel, rule: Rule) -> str:
    rate = f"={rule.rate:.3g}" if panel.rated else ""
    where = SITES[rule.site].inside.replace("{t-1}", "(t-1)").replace("$", "")
    return f"{rule.site} ({rule.argument}{rate}), {where}: {words(rule)}"
