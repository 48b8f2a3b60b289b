"""Problems that are known of what is here, each with what to do: one table."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dropviz.checkup.front_end import FrontEnd, front_end
from dropviz.checkup.machine import Machine, machine
from dropviz.checkup.versions import installed, parts
from dropviz.core.free_memory import GIB
from dropviz.keras_inside.choose_backend import BACKENDS, VARIABLE, Choice, choose_backend

# Server and one kernel that has trained take about so much; measured on Binder's pins.
_A_KERNEL = 0.6 * GIB
_TRUE = ("true", "True", "1")  # as tensorflow/__init__.py reads TF_USE_LEGACY_KERAS


@dataclass(frozen=True)
class Here:
    """What is here.

    Attributes:
        versions: A version by the name of each package; an empty one where there is none.
        environment: The environment of this process.
        front_end: What a person looks at.
        machine: Processors, memory and device.
        backend: What Keras runs on, or will.
    """

    versions: Mapping[str, str]
    environment: Mapping[str, str]
    front_end: FrontEnd
    machine: Machine
    backend: Choice


def preventing(here: Here) -> str:
    """A sentence about what keeps dropviz from working here; an empty one if nothing does."""
    return next((said for told in _PREVENTING if (said := told(here))), "")


def troubling(here: Here) -> list[str]:
    """Sentences about what works less well here than it could."""
    return [said for told in _TROUBLING if (said := told(here))]


def _other_backend(here: Here) -> str:
    if here.backend.name in BACKENDS:
        return ""
    return f"dropviz records on {', '.join(BACKENDS)}; set {VARIABLE} to one."


def _nothing_to_train_with(here: Here) -> str:
    if any(here.versions[name] for name in BACKENDS[here.backend.name].packages):
        return ""
    return f"no {here.backend.title}. {_install(here)}"


def _no_keras(here: Here) -> str:
    return "" if here.versions["keras"] else f"no Keras. {_install(here)}"


def _install(here: Here) -> str:
    return f'Run: python -m pip install "dropviz[{BACKENDS[here.backend.name].extra}]"'


def _old_keras(here: Here) -> str:
    keras = here.versions["keras"]
    return f"Keras {keras}; dropviz needs 3.8 or later." if parts(keras) < (3, 8) else ""


def _keras_2(here: Here) -> str:
    if here.environment.get("TF_USE_LEGACY_KERAS") not in _TRUE:
        return ""
    return (
        "TF_USE_LEGACY_KERAS makes tf.keras the Keras 2 of tf_keras, which dropviz does not "
        "record; unset it."
    )


def _threads(here: Here) -> str:
    all_, own = here.machine.processors, here.machine.own
    if (
        here.backend.name != "tensorflow"
        or own >= all_
        or "TF_NUM_INTRAOP_THREADS" in here.environment
    ):
        return ""
    return (
        f"TensorFlow counts {all_} processors, and {own} may be used: its threads wait for each "
        f"other. Set TF_NUM_INTRAOP_THREADS={own} before it is imported."
    )


def _little_memory(here: Here) -> str:
    left = here.machine.memory_left
    if left is None or left >= _A_KERNEL:
        return ""
    return (
        f"{left / GIB:.1f} GiB of memory are left, and a kernel that trains takes about "
        f"{_A_KERNEL / GIB:.1f}: the system will end one. Shut down kernels that you do not need."
    )


def _few_kernels(here: Here) -> str:
    limit = here.machine.memory_limit
    if limit is None or limit > 4 * GIB:
        return ""
    most = max(1, int(limit // _A_KERNEL))
    return (
        f"{limit / GIB:.1f} GiB of memory are allowed in all, enough for {most} "
        f"{'kernel' if most == 1 else 'kernels'} that train; one more, and the system ends one of "
        "them. Shut a notebook's kernel down before you open the next."
    )


def _old_widgets(here: Here) -> str:
    if here.front_end is not FrontEnd.JUPYTER or not here.versions["jupyterlab"]:
        return ""
    if parts(here.versions["jupyterlab"]) < (4, 0) or parts(here.versions["ipywidgets"]) >= (8, 0):
        return ""
    return (
        f"ipywidgets {here.versions['ipywidgets']} has no widgets for JupyterLab "
        f"{here.versions['jupyterlab']}: sliders stay pictures. "
        'Run: python -m pip install "ipywidgets>=8"'
    )


def _scripts_of_vs_code(here: Here) -> str:
    if here.front_end is not FrontEnd.VS_CODE:
        return ""
    return (
        "VS Code shows widgets only where its setting jupyter.widgetScriptSources names a source; "
        'if sliders stay pictures, set it to ["jsdelivr.com", "unpkg.com"].'
    )


def _no_kernel(here: Here) -> str:
    if here.front_end not in (FrontEnd.PYTHON, FrontEnd.TERMINAL):
        return ""
    return (
        f"this is {here.front_end}: reports come as text, and sliders need a notebook. "
        "Call dropviz.doctor() there for what holds there."
    )


_PREVENTING: tuple[Callable[[Here], str], ...] = (
    _other_backend,
    _nothing_to_train_with,
    _no_keras,
    _old_keras,
    _keras_2,
)
_TROUBLING: tuple[Callable[[Here], str], ...] = (
    _threads,
    _few_kernels,
    _little_memory,
    _old_widgets,
    _scripts_of_vs_code,
    _no_kernel,
)


def look() -> Here:
    """Looks what is here, without importing any of it."""
    return Here(installed(), dict(os.environ), front_end(), machine(), choose_backend())
