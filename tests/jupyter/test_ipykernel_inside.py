"""Pages that are closed while their kernel goes on, and pages that are opened afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from dropviz.jupyter.ipykernel_inside import hear_every_page

SECONDS = 60
# It answers whatever it hears, from the subshell that heard it.
WIDGET = """
import ipywidgets
from dropviz.jupyter.ipykernel_inside import hear_every_page

heard = []
widget = ipywidgets.IntSlider()
hear_every_page(widget.comm)
widget.on_msg(lambda _, said, __: (heard.append(said), widget.send(0)))
"""


class Pages:
    """What pages of a front end that has subshells say to a widget of one kernel."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._widget = self.value("widget.comm.comm_id", WIDGET)

    def value(self, expression: str, code: str = "") -> str:
        asked = {"value": expression}
        reply = self._client.execute_interactive(code, user_expressions=asked, timeout=SECONDS)
        text: str = reply["content"]["user_expressions"]["value"]["data"]["text/plain"]
        return text.strip("'")

    def open(self) -> str:
        subshell: str = self._control("create_subshell_request", {})["subshell_id"]
        return subshell

    def close(self, subshell: str) -> None:
        self._control("delete_subshell_request", {"subshell_id": subshell})

    def say(self, word: str, subshell: str | None) -> None:
        said = {"method": "custom", "content": word}
        session = self._client.session
        message = session.msg("comm_msg", {"comm_id": self._widget, "data": said})
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        self._client.shell_channel.send(message)

    def heard(self, count: int) -> str:
        """What was heard, once that is so much, or after some seconds."""
        end = time.monotonic() + 5
        while len((found := self.value("' '.join(heard)")).split()) < count:
            if time.monotonic() > end:
                break
        return found

    def _control(self, kind: str, content: Mapping[str, str]) -> Mapping[str, Any]:
        self._client.control_channel.send(self._client.session.msg(kind, content))
        reply: Mapping[str, Any] = self._client.control_channel.get_msg(timeout=SECONDS)["content"]
        assert reply["status"] == "ok"
        return reply


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    manager, client = start_new_kernel(kernel_name="python3")
    yield Pages(client)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_widget_hears_the_pages_that_come_after_one_that_was_closed(pages: Pages) -> None:
    first = pages.open()
    pages.say("one", first)
    assert pages.heard(1) == "one"
    pages.close(first)

    second = pages.open()
    pages.say("two", second)
    assert pages.heard(2) == "one two"
    pages.say("three", None)  # from a front end that has none
    pages.say("four", first)  # from a page that does not know that it is gone
    assert pages.heard(4) == "one two three four"


class _Comm:
    """One of a kernel with one subshell."""

    class kernel:  # noqa: N801
        class shell_channel_thread:  # noqa: N801
            class manager:  # noqa: N801
                list_subshell = staticmethod(lambda: ["there"])

    _reply_subshell_for: Any = None


@pytest.mark.parametrize(("named", "takes"), [("there", "there"), ("gone", None), (None, None)])
def test_a_message_goes_where_it_asks_to_if_that_is_there(
    named: str | None, takes: str | None
) -> None:
    comm = _Comm()
    hear_every_page(comm)

    assert comm._reply_subshell_for({"content": {"id": "1"}}, named) == takes


def test_a_comm_without_subshells_is_left_as_it_is() -> None:
    comm = object()  # takes no attribute

    hear_every_page(comm)
