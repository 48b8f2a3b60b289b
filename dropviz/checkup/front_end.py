"""Where this Python was started from, as far as a process can tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class FrontEnd(StrEnum):
    """What a person looks at; the value is its name in words."""

    COLAB = "Google Colab"
    VS_CODE = "VS Code"
    BINDER = "Binder"
    JUPYTERHUB = "a JupyterHub"
    # A kernel is not told which of the two asks.
    JUPYTER = "JupyterLab or Notebook"
    TERMINAL = "IPython in a terminal"
    PYTHON = "plain Python"


def front_end(environment: Mapping[str, str] = os.environ) -> FrontEnd:
    """Tells it from the shell that runs, and from what each front end leaves in the environment.

    Args:
        environment: The environment of this process.

    Returns:
        The front end.
    """
    if "google.colab" in sys.modules:
        return FrontEnd.COLAB
    shell = _shell()
    if shell is None:
        return FrontEnd.PYTHON
    if getattr(shell, "kernel", None) is None:
        return FrontEnd.TERMINAL
    # Its extension names the notebook's file to the kernel; a terminal in it sets the other.
    if "__vsc_ipynb_file__" in shell.user_ns or "VSCODE_PID" in environment:
        return FrontEnd.VS_CODE
    if "BINDER_LAUNCH_HOST" in environment or "BINDER_REPO_URL" in environment:
        return FrontEnd.BINDER
    return FrontEnd.JUPYTERHUB if "JUPYTERHUB_USER" in environment else FrontEnd.JUPYTER


def _shell() -> Any:
    # Where nobody has imported IPython yet, no shell of it runs.
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None
