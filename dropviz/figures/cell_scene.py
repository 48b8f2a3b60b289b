"""What the picture of the cell shows: for each method the edges that it masks, and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dropviz.core.methods import Rule
from dropviz.core.number_forms import counted, rate_in_words
from dropviz.core.setting import Setting
from dropviz.core.sites import SITES
from dropviz.errors import DropvizError, unknown_name
from dropviz.figures import cell_geometry
from dropviz.figures.cell_geometry import DOTS, EDGES, HEIGHT, NODES, WIDTH, Dot, Edge, Node, Point
from dropviz.figures.colours import Colour, colour_of
from dropviz.figures.scene import Sign


@dataclass(frozen=True)
class CellRule:
    """What a method does at one site.

    Attributes:
        heading: The argument, with its rate where that is known.
        site: A key of ``dropviz.core.sites.SITES``.
        colour: The colour of the argument.
        says: Where it masks and how; with mathematics.
        masked: Whether it masks at all, with this rate.
        edges: Names of the edges that carry something masked.
        marks: Where masks multiply.
        symbol: What stands beside the marks; empty where nothing does.
    """

    heading: str
    site: str
    colour: Colour
    says: str
    masked: bool
    edges: tuple[str, ...] = ()
    marks: tuple[Point, ...] = ()
    symbol: str = ""


@dataclass(frozen=True)
class CellPanel:
    """One method.

    Attributes:
        title: Its name.
        paper: Authors and year.
        summary: What it masks, in a few words.
        equation: As mathematics.
        measured: Whether it wears the tag "measured here".
        outline: Left, bottom, width and height of the cell.
        rules: What it does at each site.
    """

    title: str
    paper: str
    summary: str
    equation: str
    measured: bool
    outline: tuple[float, float, float, float]
    rules: tuple[CellRule, ...]

    @property
    def ways_round(self) -> set[str]:
        """The edges that lead an old value round an update, where it is masked."""
        return {edge for rule in self.rules for edge in rule.edges if EDGES[edge].says}


@dataclass(frozen=True)
class CellScene:
    """The inside of one cell, a panel for each method.

    Attributes:
        kind: "cell".
        title: Empty: each panel has its own.
        alt: The picture in words.
        panels: The methods.
        legend: What the signs mean.
        size: Width and height of a panel's drawing; its origin is at the bottom left.
        edges: The lines, by name; those with words are there only where a rule names them.
        dots: Where lines branch.
        nodes: What stands in the cell.
    """

    kind: str
    title: str
    alt: str
    panels: tuple[CellPanel, ...]
    legend: tuple[Sign, ...]
    size: Point = (WIDTH, HEIGHT)
    edges: Mapping[str, Edge] = field(default_factory=lambda: dict(EDGES))
    dots: tuple[Dot, ...] = DOTS
    nodes: tuple[Node, ...] = NODES


def of_settings(*settings: Setting | str, measured: str | None = None) -> CellScene:
    """The scene of the inside of an LSTM cell, with the edges that are masked.

    Args:
        *settings: For each panel a method's name, which marks every site of the method,
            or a setting, which marks the sites whose rate is above 0.
        measured: The method among these that wears the tag "measured here".

    Returns:
        The scene.

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
    panels = tuple(_panel(each, measured) for each in settings)
    return CellScene("cell", "", _alt(panels, settings), panels, (_legend(panels),))


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


def _rules(given: Setting | str) -> list[tuple[Rule, str, bool]]:
    """The rules of a method, each with its heading and whether it masks."""
    if isinstance(given, Setting):
        return [
            (each, f"{given.argument(each)}={rate_in_words(each.rate)}", each.rate > 0)
            for each in given.rules
        ]
    return [(each, each.argument, True) for each in Setting(given).row.rules]


def _panel(given: Setting | str, measured: str | None) -> CellPanel:
    row = given.row if isinstance(given, Setting) else Setting(given).row
    rules = tuple(_rule(*each) for each in _rules(given))
    ways_round = {edge for rule in rules for edge in rule.edges if EDGES[edge].says}
    outline = cell_geometry.box(ways_round)
    said = row.title, row.paper, row.summary, row.equation
    return CellPanel(*said, row.name == measured, outline, rules)


def _rule(rule: Rule, heading: str, masked: bool) -> CellRule:  # noqa: FBT001
    site = SITES[rule.site]
    colour = colour_of(rule.argument)
    if not masked:
        return CellRule(heading, rule.site, colour, f"{site.inside}: no mask", masked=False)
    return CellRule(
        heading=heading,
        site=rule.site,
        colour=colour,
        says=f"{site.inside}: {words(rule)}",
        masked=True,
        edges=cell_geometry.edges(rule),
        marks=cell_geometry.marks(rule),
        symbol=site.symbol if site.matrix else "",
    )


def _legend(panels: Sequence[CellPanel]) -> Sign:
    four = any(len(rule.marks) > 1 for panel in panels for rule in panel.rules)
    said = [
        "a mask multiplies here; thick edge: what it lets through; thin edge: no mask",
        "four marks: one for each gate" if four else "",
        "p: drop rate",
    ]
    return Sign("mark", "; ".join(filter(None, said)))


def _alt(panels: Sequence[CellPanel], settings: Sequence[Setting | str]) -> str:
    intro = f"The inside of one LSTM cell, {counted(len(panels), 'panel')}."
    told = (_told(*each) for each in zip(panels, settings, strict=True))
    return " ".join([intro, *told])


def _told(panel: CellPanel, given: Setting | str) -> str:
    tag = ", measured here" if panel.measured else ""
    sites = [
        f"Marked: {_site_told(rule, heading)}." for rule, heading, masked in _rules(given) if masked
    ]
    about = f"{panel.title} ({panel.paper}){tag}: {panel.summary}."
    return " ".join([about, *(sites or ["No edge is marked."])])


def _site_told(rule: Rule, heading: str) -> str:
    where = SITES[rule.site].inside.replace("{t-1}", "(t-1)").replace("$", "")
    return f"{rule.site} ({heading}), {where}: {words(rule)}"
