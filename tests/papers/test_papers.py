"""Each study in its quick form: from nothing, and from where it was stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dropviz.errors import DropvizError
from studies import __main__ as command_line
from studies import nets as nets_module
from studies import papers
from studies.papers import STUDIES, run, show
from studies.study_results import load


@pytest.mark.full
@pytest.mark.parametrize("name", STUDIES)
def test_a_quick_form_runs_from_nothing_and_says_what_it_found(name: str, tmp_path: Path) -> None:
    told: list[str] = []

    (results,) = run([name], tmp_path, told.append, quick=True)

    assert told
    assert all(line.startswith(name) for line in told)
    assert results.rows
    for row in results.rows:
        assert row.get("status", "done") == "done"
        assert row["seconds"] > 0
    again = load(tmp_path / f"{name}.json")
    assert again == results
    page = (tmp_path / "README.md").read_text("utf-8")
    report = STUDIES[name].report(results)
    assert all(sentence in page for sentence in report.sentences)
    assert all(picture.alt in page for picture in report.pictures.values())
    for picture in report.pictures:
        assert (tmp_path / f"{picture}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.full
def test_a_study_that_was_stopped_goes_on_and_ends_as_it_would_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    (expected,) = run(["temporal-order"], whole, lambda _: None, quick=True)

    def stop(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(["temporal-order"], torn, stop, quick=True)
    assert not (torn / "temporal-order.json").exists()
    trained: list[str] = []
    real = nets_module._trained

    def noted(program: Any, spec: Any, *args: Any, **kwargs: Any) -> Any:
        trained.append(spec)
        return real(program, spec, *args, **kwargs)

    monkeypatch.setattr(nets_module, "_trained", noted)
    (found,) = run(["temporal-order"], torn, lambda _: None, quick=True)

    assert len(trained) == len(expected.rows) - 1
    timeless = [[{**row, "seconds": 0} for row in each.rows] for each in (expected, found)]
    assert timeless[0] == timeless[1]


def test_an_unknown_study_is_one_sentence_and_nothing_is_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DropvizError, match=r"^There is no study 'temporal'\. .*'temporal-order'"):
        run(["temporal"], tmp_path, print, quick=True)
    assert list(tmp_path.iterdir()) == []

    monkeypatch.setattr(papers, "RESULTS", tmp_path)
    with pytest.raises(SystemExit) as ended:
        command_line.main(["papers", "temporal"])
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("There is no study 'temporal'.")


def test_what_is_kept_can_be_drawn_again_without_training(tmp_path: Path) -> None:
    kept = json.loads((papers.RESULTS / "blow-up.json").read_text("utf-8"))
    (tmp_path / "blow-up.json").write_text(json.dumps(kept), "utf-8")

    show(tmp_path)

    assert {each.name for each in tmp_path.iterdir()} == {
        "README.md",
        "blow-up.json",
        "blow-up.png",
    }


def test_what_is_not_finite_is_kept_as_null(tmp_path: Path) -> None:
    results = load(papers.RESULTS / "blow-up.json")
    lost = [row for row in results.rows if None in row["largest"]]

    results.save(tmp_path / "again.json")

    assert lost
    assert "NaN" not in (tmp_path / "again.json").read_text("utf-8")
    assert load(tmp_path / "again.json") == results
    assert np.isfinite(results.seconds)
