"""The environment that Binder makes of ``binder/``, made here without its container."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What repo2docker puts into every image before it looks at ours; it has no pip of its own.
_BASE = ("jupyterlab", "notebook", "ipykernel", "jupyter_server", "jupyterhub-base")
_LEFT_OUT = shutil.ignore_patterns(".git", "__pycache__", ".*_cache", "*.egg-info", "node_modules")


def build(folder: Path) -> tuple[Path, Path]:
    """Builds it, as repo2docker would: its own packages, ours, then ``binder/postBuild``.

    Args:
        folder: Where to; made anew if it is there already.

    Returns:
        The copy of the checkout, and the folder of the environment's commands.
    """
    shutil.rmtree(folder, ignore_errors=True)
    checkout, environment = folder / "checkout", folder / "environment"
    shutil.copytree(ROOT, checkout, ignore=_LEFT_OUT)
    wanted = (checkout / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")
    if wanted != f"{sys.version_info.major}.{sys.version_info.minor}":
        raise SystemExit(f"Binder runs Python {wanted}; start this with it.")
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    commands = environment / "bin"
    pip: list[str | Path] = [commands / "python", "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, *base_packages(wanted)], check=True)
    # What binder/ pins comes over what the image has.
    subprocess.run([*pip, "-r", checkout / "binder" / "requirements.txt"], check=True)
    subprocess.run(
        [checkout / "binder" / "postBuild"], cwd=checkout, check=True, env=environment_of(commands)
    )
    return checkout, commands


def base_packages(python: str) -> list[str]:
    """Reads from repo2docker which versions every image of it has.

    Args:
        python: A version of Python, such as ``"3.11"``.

    Returns:
        Requirements for pip.
    """
    # Found, and not imported, which warns and takes its time.
    (package,) = find_spec("repo2docker").submodule_search_locations  # type: ignore[union-attr, misc]
    folder = Path(package, "buildpacks", "conda")
    text = (folder / f"environment.py-{python}-linux-64.lock").read_text("utf-8")
    found = {name: re.search(rf"/{name}-(\d[\w.]*)-", text) for name in _BASE}
    missing = [name for name, version in found.items() if version is None]
    if missing:
        raise SystemExit(f"repo2docker's list for Python {python} names no {', '.join(missing)}.")
    return [
        f"{name.removesuffix('-base')}=={version[1]}" for name, version in found.items() if version
    ]


def environment_of(commands: Path, home: Path | None = None) -> dict[str, str]:
    """The variables of a session on Binder: nothing of this machine's but a language."""
    return {
        "PATH": f"{commands}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "HOME": str(home or commands.parents[1]),
        "LANG": "C.UTF-8",
    }
