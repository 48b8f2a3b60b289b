"""The seam to ipykernel: which of its threads hears what a page says to a widget.

Leans on ipykernel/comm/comm.py (``_reply_subshell_for``), kernelbase.py (``shell_channel_thread``)
and subshell_manager.py (``list_subshell``). Tried with ipykernel 6.17.1, 6.31.0 and 7.4.0; before
7.4 there is nothing to choose.
"""

from __future__ import annotations

from typing import Any


def hear_every_page(comm: Any) -> None:
    """Has a widget go on hearing its pages when a subshell has ended.

    ipykernel hands what a page says to the subshell from which the widget last spoke. Once that has
    ended, as was seen in JupyterLab where a page was loaded anew and where a kernel was restarted,
    it drops whatever any page says. With this a message goes to the subshell that it names, and to
    the main one where there is no such any more.

    Args:
        comm: The widget's.
    """
    if not hasattr(comm, "_reply_subshell_for"):
        return

    def subshell_for(_: Any, named: str | None) -> str | None:
        return named if named in comm.kernel.shell_channel_thread.manager.list_subshell() else None

    comm._reply_subshell_for = subshell_for
