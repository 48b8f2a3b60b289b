"""What a front end says to the panel: that it painted, what was pressed, and what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dropviz.jupyter.ipykernel_inside import hear_every_page

if TYPE_CHECKING:
    from dropviz.jupyter.lab.panel import Panel

# By kind what a message must hold, and of what type.
_SAID: Mapping[str, Mapping[str, type]] = {
    "painted": {"number": int},
    "seen": {"view": str, "seen": bool},
    "press": {"name": str},
    "reveal": {"marks": list, "anew": bool},
}


def listen(panel: Panel) -> None:
    """Has a panel hear what its pages say, whichever of them were closed meanwhile."""
    hear_every_page(panel.comm)
    panel.on_msg(lambda _, message, __: hear(panel, message))


def hear(panel: Panel, message: Any) -> None:
    """Takes a message; one that makes no sense does nothing.

    Args:
        panel: The panel that it came to.
        message: By "kind": "painted" with the "number" of a picture; "seen" with which "view" of
            the panel it is and whether it is "seen"; "press" with the "name" of a button; "reveal"
            with the "marks" of a prediction and whether the mask is "anew"; "next".
    """
    kind = message.get("kind") if isinstance(message, Mapping) else None
    needed = _SAID.get(kind, {}) if isinstance(kind, str) else {}
    if not all(isinstance(message.get(name), each) for name, each in needed.items()):
        return
    if kind == "painted":
        panel.sender.answer(message["number"])
    elif kind == "seen":
        panel.sender.look(message["view"], seen=message["seen"])
    elif kind == "press":
        panel.press(message["name"])
        panel.sender.want()  # the page waits for an answer, whatever came of it
    elif kind == "reveal":
        panel.questions.reveal(message["marks"], anew=message["anew"])
    elif kind == "next":
        panel.questions.go_on()
