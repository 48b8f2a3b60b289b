"""Pictures of reports that answer to pointer and keys: a scene beside the PNG, and painters."""

from __future__ import annotations

import base64
import functools
import json
import zlib

from dropviz.browser.read_scripts import joined
from dropviz.figures.colours import theme
from dropviz.figures.scene import plain_data
from dropviz.figures.theme import Picture

_SCRIPT = "scenes/come_alive.js"
# Pictures that come into the page later call it.
_CALLED = "globalThis.dropviz_come_alive"
CALL = f'<script type="module">{_CALLED}?.();</script>'
_UNPACK = """\
const packed = Uint8Array.from(atob("{packed}"), (each) => each.charCodeAt(0));
const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
const script = new Blob([await new Response(unpacked).text()], {{ type: "text/javascript" }});
const address = URL.createObjectURL(script);
const {{ comeAlive }} = await import(address);
URL.revokeObjectURL(address);
"""


def picture(drawn: Picture, png: bytes, *, called: bool = False) -> str:
    """A picture as HTML: the PNG with its alt text, and its scene, if it has one.

    Where no script runs, the PNG is all there is to see.

    Args:
        drawn: The picture.
        png: It as PNG.
        called: Whether it asks to be painted, for it comes into a page that is there already.

    Returns:
        A ``div`` element.
    """
    scene = ""
    if drawn.scene is not None:
        data = _as_json(plain_data(drawn.scene))
        scene = f'<script type="application/json">{data}</script>'
        if called:
            scene += CALL
    return f'<div class="dropviz-picture">{drawn.fitted(png)}{scene}</div>'


@functools.cache
def output_script() -> str:
    """The script for an output of a notebook: small, for a notebook has many."""
    packed = base64.b64encode(zlib.compress(joined(_SCRIPT).encode(), 9)).decode()
    return _module(_UNPACK.format(packed=packed))


@functools.cache
def page_script() -> str:
    """The script for a page of its own, as it can be read."""
    return _module(joined(_SCRIPT))


def _module(text: str) -> str:
    start = f"{_CALLED} = () => comeAlive({_as_json(theme())});\n{_CALLED}();\n"
    return f'<script type="module">\n{text}{start}</script>'


def _as_json(data: object) -> str:
    """JSON for a ``script`` element: nothing in it ends the element or begins another."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")
