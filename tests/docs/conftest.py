"""The built site, and what of other folders it is looked at with."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.conftest import chromium  # noqa: F401 (a fixture)
from tests.browser.stage import REQUIRED
from tests.jupyter.conftest import shell  # noqa: F401 (another)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site, built as CONTRIBUTING says: a warning is an error."""
    if importlib.util.find_spec("sphinx") is None and not REQUIRED:
        pytest.skip('Sphinx is not installed; install the extra with pip install -e ".[cpu,docs]"')
    built = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-j", "2", "-W", "--keep-going", "docs", str(built)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return built
