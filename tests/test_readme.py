"""What the README prints, run as it is printed: its blocks in order, in one real kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jupyter.conftest import Executed, Kernel

pytestmark = [pytest.mark.slow, pytest.mark.longest]

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = {
    f"{number}: {block.splitlines()[0]}": block
    for number, block in enumerate(_BLOCK.findall(README), 1)
}


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    started = Kernel(tmp_path_factory.mktemp("readme"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def read(kernel: Kernel) -> Executed:
    return kernel.run_all(BLOCKS)


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_ends_without_an_error(read: Executed, name: str) -> None:
    assert [error["ename"] for error in read[name].errors] == []
    # A usage error is no error output, only words here.
    assert read[name].stream("stderr") == ""


def test_every_block_shows_something_but_the_first_which_loads(read: Executed) -> None:
    silent = [name for name, cell in read.cells.items() if not cell.outputs]

    assert silent == list(BLOCKS)[:1]
