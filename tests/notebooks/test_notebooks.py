from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECONDS = 120  # of a workshop's patience, on two shared cores
TRAININGS = {"01-where-does-it-act": 3, "02-which-method-is-it": 2}  # with the magics
BYTES = 2**20  # code-hosting pages stop showing larger notebooks


# The README's blocks, which are fast, run what the second does.
PARAMS = [
    pytest.param(path, id=path.stem, marks=pytest.mark.full if number else ())
    for number, path in enumerate(NOTEBOOKS)
]


@pytest.fixture(scope="module", params=PARAMS)
def path(request: pytest.FixtureRequest) -> Path:
    chosen: Path = request.param
    return chosen


@pytest.fixture(scope="module")
def stored(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


@pytest.fixture(scope="module")
def executed(path: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, float]:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    folder = tmp_path_factory.mktemp("notebook")
    began = time.perf_counter()
    NotebookClient(
        notebook, timeout=SECONDS, resources={"metadata": {"path": str(folder)}}
    ).execute()
    return notebook, time.perf_counter() - began


def outputs(notebook: Any) -> list[Any]:
    return [each for cell in notebook.cells for each in cell.get("outputs", [])]


def pictures(notebook: Any) -> list[Any]:
    return [each for each in outputs(notebook) if "image/png" in each.get("data", {})]


def said(notebook: Any) -> str:
    texts = [each.get("text", "") for each in outputs(notebook)]
    return "\n".join(
        texts + [each.get("data", {}).get("text/plain", "") for each in outputs(notebook)]
    )


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == list(TRAININGS)


def test_it_runs_without_an_error_output(executed: tuple[Any, float]) -> None:
    assert [each for each in outputs(executed[0]) if each.output_type == "error"] == []


def test_it_writes_nothing_to_standard_error(executed: tuple[Any, float]) -> None:
    # A UsageError leaves no error output, only a line here.
    streams = [each for each in outputs(executed[0]) if each.get("name") == "stderr"]
    assert streams == []


def test_every_code_cell_ran(executed: tuple[Any, float]) -> None:
    counts = [c.execution_count for c in executed[0].cells if c.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_each_use_of_a_magic_shows_where_with_alt_text(
    path: Path, executed: tuple[Any, float]
) -> None:
    uses = [c for c in executed[0].cells if "lstm_dropout" in c.source and c.cell_type == "code"]
    assert len(uses) == TRAININGS[path.stem]
    for cell in uses:
        alts = [
            each.metadata["image/png"]["alt"]
            for each in cell.outputs
            if "image/png" in each.get("data", {})
        ]
        assert len(alts) == 3
        assert alts[0].startswith("Loss over")
        assert "unrolled" in alts[1]
        assert alts[2].startswith("Mask heatmaps")


@pytest.mark.parametrize("path", PARAMS[1:], indirect=True)
def test_the_second_answers_and_names_a_layer_of_one_s_own(executed: tuple[Any, float]) -> None:
    text = said(executed[0])

    assert "dropout masks x_t, the vertical arrows; recurrent_dropout masks h_(t-1)" in text
    assert "mine (LSTM) drops by the method naive" in text
    assert "What changed between versions of Keras" in text
    assert "4 traps run" in text


def test_it_keeps_to_its_time(executed: tuple[Any, float]) -> None:
    assert executed[1] < SECONDS


def test_the_stored_copy_says_what_running_it_says(
    stored: Any, executed: tuple[Any, float]
) -> None:
    def facts(notebook: Any) -> list[str]:
        # Losses differ in the last digits between machines; where masks act does not.
        lines = said(notebook).splitlines()
        return [line.split(",")[0] for line in lines if "multiplied" in line or ":" in line[:40]]

    kept = [line for line in facts(stored) if "multiplied" in line]
    assert kept
    assert kept == [line for line in facts(executed[0]) if "multiplied" in line]


def test_the_stored_copy_is_whole_and_small(path: Path, stored: Any) -> None:
    assert path.stat().st_size < BYTES
    assert pictures(stored)
    assert all(each.metadata["image/png"]["alt"] for each in pictures(stored))
    assert not [each for each in outputs(stored) if each.output_type == "error"]


def test_the_stored_copy_names_a_kernel(stored: Any) -> None:
    # Without it JupyterLab opens a dialog instead of the notebook.
    assert stored.metadata.kernelspec.name == "python3"
