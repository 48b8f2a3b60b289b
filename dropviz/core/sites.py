"""The table of sites: every place where a mask can multiply, in words and in pictures.

Whatever names, draws, asks about or finds a site reads this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Site:
    """One place where a mask can multiply.

    Attributes:
        name: What the recorder, the oracle and the experiment call it.
        place: Where it is, in plain words.
        short: The same for the head of a column, where that leaves something out.
        symbol: What is multiplied, in matplotlib's mathtext; empty at a site that no
            method masks.
        inside: Where it is inside a cell, with mathtext.
        gated: Whether there is a mask for each gate, or one for all.
        zoned: Whether a dropped unit keeps its old value (zoneout).
        matrix: Whether the entries are those of a matrix, row by row, and not units.
        entries: What is dropped, in the plural.
        entry: The same, in the singular.
        note: What a picture has to add about what is dropped.
        argument: The argument of the layer that drops there, where that is no recurrent one.
        noun: What its masks are called where that is not its name.
        weights: The site of the weights that these entries are multiplied with.
        product: The site of what comes of that, for each gate.
        arrows: The arrows of the unrolled picture on which its masks are drawn ("x", "h",
            "c", "up", and "g" inside a cell), each with the step whose mask it is, counted
            from the step that the arrow leads into: what a step makes of c and h is on the
            arrows that leave it.
        edges: The edges of the picture of the cell that carry something masked, that
            where the mask multiplies first; none where the line branches to the gates.
        line: Where it does, the line: "x" or "h".
        near: Of a site that no method masks, the sites of methods that lie nearest.
    """

    name: str
    place: str
    symbol: str = ""
    inside: str = ""
    gated: bool = False
    zoned: bool = False
    matrix: bool = False
    entries: str = "units"
    entry: str = "unit"
    note: str = ""
    weights: str = ""
    product: str = ""
    argument: str = ""
    noun: str = ""
    arrows: Mapping[str, int] = field(default_factory=dict, hash=False)
    edges: tuple[str, ...] = ()
    line: str = ""
    near: tuple[str, ...] = ()
    short: str = ""


_TABLE = (
    Site(
        "input",
        "x_t, the vertical arrows",
        "$x_t$",
        "$x_t$ on its way into the gates",
        gated=True,
        entries="inputs",
        entry="input",
        weights="input_kernel",
        product="input_product",
        arrows={"x": 0},
        line="x",
        short="x_t",
    ),
    Site(
        "recurrent",
        "h_(t-1), the horizontal arrows",
        "$h_{t-1}$",
        "$h_{t-1}$ on its way into the gates",
        gated=True,
        weights="recurrent_kernel",
        product="recurrent_product",
        arrows={"h": 0},
        line="h",
        short="h_(t-1)",
    ),
    Site(
        "candidate",
        "g_t, the candidate that is added to the memory",
        "$g_t$",
        "the candidate $g$, before it is added to the memory",
        arrows={"g": 0},
        edges=("g",),
        short="g_t",
    ),
    Site(
        "cell",
        "c_t, the memory itself",
        "$c_t$",
        "the memory $c_t$, after the sum",
        arrows={"c": -1},
        edges=("c", "c.tanh", "c.out"),
        noun="memory",
        short="c_t",
    ),
    Site(
        "output",
        "h_t on its way up",
        "$h_t$",
        "$h_t$ on its way up",
        arrows={"up": 0},
        edges=("h.up",),
        near=("input",),  # of the layer above
    ),
    Site(
        "recurrent_kernel",
        "the entries of U, the weights on h_(t-1)",
        "$U$",
        "the weights $U$ that $h_{t-1}$ is multiplied with",
        gated=True,
        matrix=True,
        entries="weights",
        entry="weight",
        note="These masks drop weights of U, which h is multiplied with.",
        arrows={"h": 0},
        line="h",
        short="the entries of U",
    ),
    Site(
        "hidden_update",
        "the update of h: a dropped unit keeps h_(t-1)",
        "$h_t$",
        "the update of $h$",
        zoned=True,
        note="There a dropped unit keeps its value of h of the step before.",
        arrows={"h": -1, "up": 0},
        edges=("h.out", "h.up", "h.keep"),
        short="the update of h",
    ),
    Site(
        "cell_update",
        "the update of c: a dropped unit keeps c_(t-1)",
        "$c_t$",
        "the update of the memory $c$",
        zoned=True,
        note="There a dropped unit keeps its value of c of the step before.",
        arrows={"c": -1},
        edges=("c.out", "c.keep"),
        short="the update of c",
    ),
    # No site of a recurrent layer: where a Dropout layer stands.
    Site(
        "between",
        "what one layer passes up to the next",
        argument="rate",
        noun="between-layer",
        arrows={"up": 0},
    ),
    # Sites of no method, that layers gone wrong have.
    Site(
        "carried",
        "what the cell carries (c_(t-1), in a GRU h_(t-1)), in place",
        near=("cell",),
    ),
    Site(
        "input_product",
        "x_t W, after the product",
        near=("recurrent_kernel", "input"),
    ),
    Site(
        "recurrent_product",
        "h_(t-1) U, after the product",
        near=("recurrent_kernel", "recurrent"),
    ),
    Site(
        "input_kernel",
        "the entries of W, the weights on x_t",
        entries="weights",
        entry="weight",
        near=("recurrent_kernel", "input"),
    ),
)

SITES: Mapping[str, Site] = {site.name: site for site in _TABLE}
# Those that a published method may mask, and so a picture can show.
MASKABLE = tuple(site.name for site in _TABLE if site.symbol)


def place_of(site: str) -> str:
    """Where a site is, in plain words; its name where the table does not know it."""
    return SITES[site].place if site in SITES else site


def short_place_of(site: str) -> str:
    """Where a site is, in a word or two; its name where the table does not know it."""
    return (SITES[site].short or SITES[site].place) if site in SITES else site


def is_gated(site: str) -> bool:
    """Whether a site has a mask for each gate, or one for all."""
    return site in SITES and SITES[site].gated
