from __future__ import annotations

import re
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import pytest

from dropviz.errors import StoppedError
from dropviz.studies import compare as comparing
from dropviz.studies import sweep as sweeping
from dropviz.studies.run_cells import StudyProgress
from tests.studies.studies_made import noise, trainings

from .conftest import InProcess


def score(spec: Any) -> float:
    # Equal differences in all seeds would tell nothing of their noise.
    apart = 0.001 * noise(spec.seed + 100 * (spec.dropout > 0))
    return 0.5 + 0.1 * float(spec.dropout) + noise(spec.seed) + apart


def progress(results: Any, done: int) -> StudyProgress:
    """How far a study is whose first trainings have ended."""
    cells = list(results)
    ended = {cell: results[cell] for cell in cells[:done]}
    return StudyProgress(done, len(cells), 0, 0, 0.5 * done, cells, ended)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What studies were asked for; they are made of numbers."""
    found: list[Any] = []

    def run_study(specs: Any, task: Any, how: Any) -> Any:
        found.append((specs, task, how))
        came = trainings(specs, score)
        for done in range(len(specs) + 1):
            how.listener(progress(came.results, done))
        return came

    monkeypatch.setattr(sweeping, "run_study", run_study)
    monkeypatch.setattr(comparing, "run_study", run_study)
    return found


SWEEP = "%lstm_sweep -d 0 .25 .5 -r 0 .4 --seeds 2 --units 4 --epochs 3"
COMPARE = "%lstm_compare none keras lstm:m=moon:r.1 -d .5 --seeds 3 --task temporal-order"


def test_a_sweep_line_asks_for_its_grid(ipython: InProcess, asked: list[Any]) -> None:
    ran = ipython.run(f"{SWEEP} --into swept")

    ((specs, task, how),) = asked
    assert task == "digits"
    assert how.engine == "exact"
    rates = {(each.dropout, each.recurrent_dropout, each.seed) for each in specs}
    assert rates == {(d, r, s) for d in (0, 0.25, 0.5) for r in (0, 0.4) for s in (1, 2)}
    assert {(each.units, each.epochs) for each in specs} == {(4, 3)}
    # The map fills while the sweep is under way.
    live = [each for each in ran.shown if "so far; rows: dropout" in str(each)]
    assert live
    assert "Best mean" in ran.report
    assert ipython.names["swept"].best is not None


@pytest.mark.parametrize("line", [SWEEP, COMPARE])
@pytest.mark.parametrize("flag", ["pool", "pools[0]", "Client().get_executor()"])
def test_an_executor_of_ones_own_runs_a_study(
    ipython: InProcess, asked: list[Any], line: str, flag: str
) -> None:
    with ThreadPoolExecutor() as pool:

        class Client:
            def get_executor(self) -> Executor:
                return pool

        ipython.names.update(pool=pool, pools=[pool], Client=Client)
        ipython.run(f"{line} --executor {flag}")

    assert asked[0][2].executor is pool


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("nobody", "Received: 'nobody', which gives NameError"),
        ("1/0", "Received: '1/0', which gives ZeroDivisionError"),
        ("print", "executor must be a concurrent.futures.Executor"),
    ],
)
def test_what_is_no_executor_is_told_in_a_sentence(
    ipython: InProcess, flag: str, said: str
) -> None:
    ran = ipython.run(f"{SWEEP} --executor {flag}")

    assert said in ran.stderr + ran.stdout
    assert "Traceback" not in ran.stderr + ran.stdout


def test_a_comparison_line_asks_for_its_settings(ipython: InProcess, asked: list[Any]) -> None:
    ran = ipython.run(f"{COMPARE} --engine xla --into found")

    ((specs, task, how),) = asked
    assert (task, how.engine, len(specs)) == ("temporal-order", "xla", 9)
    assert [each.method for each in specs[::3]] == ["keras", "keras", "moon"]
    assert specs[3].dropout == 0.5
    assert re.search("keras is better than none by", ran.report)
    assert ipython.names["found"].task == "temporal-order"


def test_a_study_without_a_name_is_the_cell_s_value(ipython: InProcess, asked: list[Any]) -> None:
    del asked
    ipython.run(SWEEP)

    assert ipython.names["_"].dropout == (0.0, 0.25, 0.5)


@pytest.mark.parametrize(("settings", "pictures"), [("none", 1), ("none keras", 2)])
def test_of_one_setting_no_picture_of_differences_is_shown(
    ipython: InProcess, asked: list[Any], settings: str, pictures: int
) -> None:
    del asked
    ran = ipython.run(f"%lstm_compare {settings} --seeds 2 --into found")

    drawn = [each["data"]["text/plain"] for each in ran.shown if "image/png" in each["data"]]
    assert len(drawn) == pictures
    assert drawn[-1].startswith("Curves.")


@pytest.mark.parametrize("kept", ["", " --results kept.jsonl"])
def test_an_interrupted_study_says_what_is_kept(
    ipython: InProcess, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    def run_study(specs: Any, _: Any, how: Any) -> Any:
        how.listener(progress(trainings(specs, score).results, 2))
        raise KeyboardInterrupt

    monkeypatch.setattr(sweeping, "run_study", run_study)
    ran = ipython.run(SWEEP + kept)

    assert isinstance(ran.error, StoppedError)
    said = "kept in kept.jsonl" if kept else "nothing was kept"
    assert str(ran.error) == f"stopped after 2 of 12 trainings; {said}"


@pytest.mark.parametrize("line", [SWEEP, f"{SWEEP} --results kept.jsonl", f"{COMPARE} --into x"])
@pytest.mark.parametrize("heard", [False, True], ids=["before a report", "after the first"])
def test_a_study_that_is_stopped_before_a_training_ended_kept_nothing(
    ipython: InProcess, monkeypatch: pytest.MonkeyPatch, line: str, *, heard: bool
) -> None:
    def run_study(specs: Any, _: Any, how: Any) -> Any:
        if heard:
            how.listener(progress(trainings(specs, score).results, 0))
        raise KeyboardInterrupt

    for module in (sweeping, comparing):
        monkeypatch.setattr(module, "run_study", run_study)
    ran = ipython.run(line)

    assert str(ran.error) == "stopped before anything was trained"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%lstm_compare", "needs settings"),
        ("%lstm_compare kera", "keras"),
        ("%lstm_sweep -d 2 -r 0", "dropout must be"),
        *(
            (f"%{magic} -d {rate} --seeds 2", f"below 1. Received: dropout='{rate}'. Give")
            for magic in ("lstm_compare none keras", "lstm_compare none", "lstm_sweep")
            for rate in ("abc", "\u0660.\u0662", "1_0", "nan")
        ),
        ("%lstm_compare none keras -r 1", "Received: recurrent_dropout='1'"),
        ("%lstm_sweep --sed 3", "--seeds"),
        ("%lstm_sweep --engine fast", "engine"),
        ("%lstm_sweep --seeds 0", "seeds must be"),
        ("%lstm_sweep --into 3x", "--into needs a name"),
    ],
)
def test_a_bad_line_is_refused_in_one_line(
    ipython: InProcess, asked: list[Any], line: str, said: str
) -> None:
    ran = ipython.run(line)

    assert said in str(ran.error)
    assert "\n" not in str(ran.error)
    assert not asked
