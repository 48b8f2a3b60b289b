from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dropviz.core.spec import RunSpec
from dropviz.core.tasks import load_task
from dropviz.errors import DropvizError
from dropviz.studies.sweep import sweep
from dropviz.studies.worker import answer

from .conftest import tiny
from .studies_made import noise, swept

RATES = {"dropout": (0.0, 0.25, 0.5), "recurrent_dropout": (0.0, 0.4)}


def hill(spec: RunSpec) -> float:
    """Best at .25 and .4, with noise of a seed, and a little of each cell."""
    away = abs(spec.dropout - 0.25) + abs(spec.recurrent_dropout - 0.4)
    return 0.9 - 0.2 * away + noise(spec.seed) + little(spec)


def little(spec: RunSpec) -> float:
    """Noise of one cell and seed, far below the differences of cells in these tests."""
    cell = round(100 * spec.dropout + 10_000 * spec.recurrent_dropout)
    return noise(1000 * cell + spec.seed, 1e-5)


def test_scores_lie_where_their_rates_say(monkeypatch: pytest.MonkeyPatch) -> None:
    found = swept(monkeypatch, hill, **RATES, seeds=[4, 9])

    assert found.scores.shape == (3, 2, 2)
    for row, dropout in enumerate(found.dropout):
        for column, recurrent in enumerate(found.recurrent_dropout):
            for number, seed in enumerate(found.seeds):
                spec = RunSpec(dropout=dropout, recurrent_dropout=recurrent, seed=seed)
                assert found.scores[row, column, number] == hill(spec)
    assert found.best == (1, 1)
    best = [RunSpec(dropout=0.25, recurrent_dropout=0.4, seed=seed) for seed in (4, 9)]
    scatter = np.mean([noise(each.seed) + little(each) for each in best])
    assert found.mean[1, 1] == pytest.approx(0.9 + scatter)


def test_pairs_tell_apart_what_the_noise_of_seeds_hides(monkeypatch: pytest.MonkeyPatch) -> None:
    # The noise of a seed is the same for both of a pair, and ten times the difference.
    found = swept(
        monkeypatch,
        lambda s: 0.01 * s.dropout + noise(s.seed, 0.1) + little(s),
        **RATES,
        seeds=3,
    )

    assert found.best is not None
    assert found.best[0] == 2
    assert found.like_best.tolist() == [[False, False], [False, False], [True, True]]


def test_what_is_apart_by_the_same_with_each_seed_is_not_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Halves and sixteenths are exact: no rounding makes a spread.
    found = swept(monkeypatch, lambda s: s.seed / 16 - s.dropout, **RATES, seeds=3)

    assert found.like_best.all()
    assert {each.deviation for each in found.behind.values()} == {0.0}
    assert found.sentences[0].endswith(
        f"5 of 5 others cannot be told from it {OVER}. 4 cells differ from it by the same with "
        "each seed, so that the noise of these seeds cannot be told."
    )


def test_what_noise_covers_is_not_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def chance(spec: RunSpec) -> float:
        return noise(hash((spec.dropout, spec.recurrent_dropout, spec.seed)) % 2**32)

    found = swept(monkeypatch, chance, **RATES, seeds=5)

    # Of five cells one in twenty is told apart by chance, though nothing differs.
    assert found.like_best.sum() >= 4
    assert "cannot be told from it" in str(found)


def test_one_seed_tells_nothing_of_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    found = swept(monkeypatch, hill, **RATES, seeds=1)

    assert found.like_best.all()
    assert "bootstrap" not in str(found)
    assert "One seed tells nothing of chance" in found.sentences[0]


def test_a_loss_is_better_where_it_is_lower(monkeypatch: pytest.MonkeyPatch) -> None:
    found = swept(monkeypatch, lambda s: 1 + s.dropout, **RATES, seeds=2, curve="val_loss")

    assert found.best is not None
    assert found.best[0] == 0
    assert not found.trainings.more_is_better


def test_where_training_broke_is_marked_and_has_no_part_in_the_best(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(spec: RunSpec) -> float:
        return math.nan if (spec.dropout, spec.seed) == (0.25, 2) else hill(spec)

    found = swept(monkeypatch, breaks, **RATES, seeds=3)

    assert found.broken.tolist() == [[False] * 2, [True] * 2, [False] * 2]
    assert found.best is not None
    assert found.best[0] != 1
    assert not found.like_best[1].any()
    assert "without a score: 2 trainings" in str(found)
    assert "not finite in epoch 2" in str(found)
    assert [row["status"] for row in found.rows].count("failed") == 2


def test_where_all_broke_there_is_no_best(monkeypatch: pytest.MonkeyPatch) -> None:
    found = swept(monkeypatch, lambda _: math.nan, **RATES, seeds=2)

    assert found.best is None
    assert found.sentences[0] == "No cell has a finite score with each of its seeds."


def test_a_score_that_is_infinite_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def loss(spec: RunSpec) -> float:
        return -math.inf if (spec.dropout, spec.seed) == (0.25, 2) else 1 - hill(spec)

    found = swept(monkeypatch, loss, **RATES, seeds=3, curve="val_loss")
    none = swept(monkeypatch, lambda _: math.inf, **RATES, seeds=2, curve="val_loss")

    assert found.broken.tolist() == [[False] * 2, [True] * 2, [False] * 2]
    assert found.best is not None
    assert found.best[0] != 1
    assert found.sentences[0].endswith(
        "2 cells in which a training has no finite score are left out."
    )
    assert none.best is None
    assert none.sentences[0] == "No cell has a finite score with each of its seeds."
    assert "failed" not in str(none)


@pytest.mark.parametrize("seeds", [np.int64(3), np.uint8(3), [1, 2, 3], np.array([1, 2, 3])])
def test_seeds_are_counted_or_given_by_numpy_too(
    monkeypatch: pytest.MonkeyPatch, seeds: Any
) -> None:
    assert swept(monkeypatch, hill, **RATES, seeds=seeds).seeds == (1, 2, 3)


def without(*broken: tuple[float, float]) -> Callable[[RunSpec], float]:
    """Scores that differ beyond their noise, but for cells whose second training failed."""

    def score(spec: RunSpec) -> float:
        place = spec.dropout, spec.recurrent_dropout
        return math.nan if place in broken and spec.seed == 2 else hill(spec)

    return score


PLACES = [(d, r) for d in RATES["dropout"] for r in RATES["recurrent_dropout"]]
OVER = "(paired over 3 seeds, 95 % for each by itself, not for all 5)"
WORSE = "Each other cell is worse by more than the noise of these seeds"
OVER_FOUR = OVER.replace("all 5", "all 4")
PAIR = "(paired over 3 seeds, 95 %)"
ALONE = "There is no other cell to tell it from."


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (without(), f"{WORSE} {OVER}."),
        (
            without((0.25, 0.0)),
            f"{WORSE} {OVER_FOUR}. 1 cell in which a training has no finite score is left out.",
        ),
        (
            without(*PLACES[:4]),
            f"{WORSE} {PAIR}. 4 cells in which a training has no finite score are left out.",
        ),
        (
            without(*(each for each in PLACES if each != (0.5, 0.0))),
            f"{ALONE} 5 cells in which a training has no finite score are left out.",
        ),
        (lambda s: noise(s.seed), f"5 of 5 others cannot be told from it {OVER}."),
    ],
    ids=["none broke", "one broke", "two are left", "one is left", "all alike"],
)
def test_of_other_cells_only_those_with_a_score_are_told(
    monkeypatch: pytest.MonkeyPatch, score: Callable[[RunSpec], float], said: str
) -> None:
    found = swept(monkeypatch, score, **RATES, seeds=3)

    assert found.sentences[0].endswith(
        f"Its interval is by bootstrap over the seeds, and too short with few of them. {said}"
    )


@pytest.mark.parametrize(("name", "shown"), [("my data", "my data"), ("a\x1b[1mb", "a\\x1b[1mb")])
def test_a_task_of_one_s_own_is_called_by_its_name(
    name: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = load_task("digits")
    own = type(task)(name, task.x[:7], task.y[:7], task.x_val[:7], task.y_val[:7])

    title = swept(monkeypatch, hill, **RATES, seeds=1, task=own, units=1).title

    assert title.startswith(f"{shown}: 3 x 2 rates, 1 seed, 10 epochs, 1 unit: ")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "zoneout"}, ", method zoneout"),
        ({"method": "zoneout", "zoneout_cell": 0.125}, ", method zoneout, zoneout_cell=0.125"),
        ({"method": "moon", "life": "step"}, ", method moon, life=step"),
    ],
)
def test_the_title_says_the_method_with_its_options(
    options: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = {"dropout": [0.1], "recurrent_dropout": [0.25]}

    assert f"digits{said}: 1 x 1 " in swept(monkeypatch, hill, **rates, **options).title


def test_the_table_has_a_row_for_each_dropout(monkeypatch: pytest.MonkeyPatch) -> None:
    found = swept(monkeypatch, hill, **RATES, seeds=2)

    lines = found.table.lines
    assert lines[0].split() == ["dropout", "\\", "recurrent", "0", "0.4"]
    assert [line.split()[0] for line in lines[1:]] == ["0", "0.25", "0.5"]
    assert lines[2].endswith("*")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "empty": ({"dropout": []}, "dropout must not be empty"),
    "twice": ({"recurrent_dropout": [0.1, 0.1]}, "each value once"),
    "a rate of 1": ({"dropout": [0, 1.0]}, "dropout must be"),
    "no list": ({"dropout": 0.5}, "must be a list"),
    "NaN": ({"dropout": [math.nan]}, "dropout must be"),
    "rates without end": ({"dropout": itertools.repeat(0.1)}, "dropout must be 10,000 values at"),
    "too many seeds": ({"seeds": range(10_001)}, "seeds must be 10,000 values at most"),
    "no seed": ({"seeds": 0}, "seeds must be"),
    "seeds twice": ({"seeds": [1, 2, 1]}, "seeds must have each value once"),
    "a seed below 0": ({"seeds": [-1]}, "seed must be"),
    "an engine": ({"engine": "fast"}, "engine"),
    "an executor": ({"executor": 4}, r"concurrent\.futures\.Executor"),
    "a task": ({"task": "digit"}, "digits"),
    "no task": ({"task": 5}, "task must be"),
    "a listener": ({"listener": 3}, "listener must be"),
    "units": ({"units": 0}, "units must be"),
    "a method": ({"method": "gals"}, "method"),
    "an argument": ({"unit": 16}, "no argument 'unit'. Did you mean 'units'"),
    "one seed": ({"seed": 3}, "no argument 'seed'. Did you mean 'seeds'"),
    "methods": ({"methods": ["moon"]}, "no argument 'methods'. Did you mean 'method'"),
    "an array of no axis": ({"dropout": np.array(0.5)}, "dropout must be a list of values"),
    "an array of two axes": (
        {"dropout": np.array([[0, 0.1], [0.2, 0.3]])},
        "dropout must be a list of values",
    ),
    "arrays": ({"dropout": [np.zeros(2), np.ones(2)]}, "dropout must be a list of values"),
    "seeds of no axis": ({"seeds": np.array(3)}, r"seeds must be .* as \[1, 2, 3\], or how many"),
    "seeds that are yes": ({"seeds": np.True_}, "seeds must be"),
    "results that are yes": ({"results": True}, "results must be the name of a file"),
    "results that are bytes": ({"results": b"x"}, "results must be the name of a file"),
    "a task of ours by its name": (
        {"task": replace(tiny(), name="digits")},
        "must have a name of its own",
    ),
    "too many trainings": (
        {
            "dropout": np.linspace(0, 0.9, 3000),
            "recurrent_dropout": np.linspace(0, 0.9, 3000),
            "seeds": 100,
        },
        "3,000 by 3,000 rates with 100 seeds, 900,000,000 trainings",
    ),
    "a folder": ({"results": "/no/such/folder/results.jsonl"}, "cannot be kept"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_swept_is_refused_in_one_sentence(case: str) -> None:
    given, said = BAD[case]
    with pytest.raises(DropvizError, match=said) as caught:
        sweep(**{"dropout": [0.0], "recurrent_dropout": [0.0], "seeds": 1, **given})
    assert "\n" not in str(caught.value)


SMALL: dict[str, Any] = {
    "dropout": [0.0, 0.4],
    "recurrent_dropout": [0.3],
    "seeds": 2,
    "units": 4,
    "epochs": 2,
}


@pytest.mark.full
def test_arrays_of_one_s_own_travel_to_the_workers() -> None:
    task = load_task("digits")
    small = type(task)("mine", task.x[:70], task.y[:70], task.x_val[:20], task.y_val[:20])

    found = sweep(**{**SMALL, "task": small})

    assert not found.broken.any()
    assert all(proof.difference.to_the_bit for proof in found.trainings.proofs)
    # Only what a program is compiled in has none, and one worker compiles it once.
    assert sum(each.seconds > 0 for each in found.trainings.results.values()) >= len(found.rows) / 2


class Counting(Executor):
    """Somebody's executor, which counts how often data were sent with a training."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.sent = 0

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.sent += function is answer and args[-1] is not None
        return self._executor.submit(function, *args, **kwargs)


@pytest.mark.full
def test_arrays_of_one_s_own_travel_once_to_each_of_dask_s_workers() -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = Counting(client.get_executor())
        given = {**SMALL, "dropout": [0.1, 0.2, 0.3, 0.4], "seeds": 5}
        found = sweep(**{**given, "task": tiny(), "executor": executor})

    assert not found.broken.any()
    assert all(proof.difference.to_the_bit for proof in found.trainings.proofs)
    # Of 20 trainings; what was sent for one may have been given to the other.
    assert executor.sent <= 4
