"""The lab's script and style, as one text each: no bundler, no network."""

from __future__ import annotations

import json

from dropviz.browser.read_scripts import joined, read_script
from dropviz.figures.colours import theme


def script() -> str:
    """The lab as one ECMAScript module, as anywidget takes it."""
    draw = "(given) => renderLab(given, THEME)"
    colours = json.dumps(theme(), separators=(",", ":"))
    return f"{joined('lab/lab.js')}const THEME = {colours};\nexport default {{ render: {draw} }};\n"


def style() -> str:
    """The lab's style sheet."""
    return read_script("lab/lab.css")
