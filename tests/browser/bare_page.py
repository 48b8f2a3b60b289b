"""A bare page with a part of a script, and a model that is no kernel's."""

from __future__ import annotations

import json
from typing import Any

from dropviz.browser.read_scripts import joined
from dropviz.figures.colours import theme

MODEL = """
const traits = { state: "ready", dropout: 0, seed: 7 };
window.sent = [];
window.model = {
  get: (name) => traits[name],
  set: (name, value) => { traits[name] = value; },
  save_changes: () => {},
  send: (content) => window.sent.push(content),
};
"""


def offer(page: Any, path: str, *names: str) -> None:
    """Opens a bare page that has what a script exports."""
    page.set_content("<!doctype html><body></body>")
    given = "".join(f"window.{name} = {name};\n" for name in names)
    given += f"window.THEME = {json.dumps(theme())};\n"
    page.add_script_tag(type="module", content=f"{joined(path)}\n{MODEL}{given}")
    page.wait_for_function(f"window.{names[-1]} !== undefined")
