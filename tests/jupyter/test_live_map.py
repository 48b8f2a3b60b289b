from __future__ import annotations

import re

from dropviz.core.spec import RunSpec
from dropviz.core.training_result import TrainingResult, cell_of
from dropviz.jupyter.live_map import LiveMap
from dropviz.studies.run_cells import StudyProgress

RATES = [(d, r) for d in (0.0, 0.5) for r in (0.0, 0.2, 0.4)]
SPECS = [RunSpec(dropout=d, recurrent_dropout=r, seed=s) for s in (1, 2) for d, r in RATES]
CELLS = [cell_of(each) for each in SPECS]


def cells_of(html: str) -> list[list[str]]:
    """The texts of a table's cells, row by row."""
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
    return [[re.sub(r"<[^>]+>", " ", cell).strip() for cell in row] for row in cells]


def progress(scores: dict[int, float], curve: str = "val_accuracy") -> StudyProgress:
    results = {
        CELLS[number]: TrainingResult(
            CELLS[number],
            {curve: (0.0, score), "val_loss": (9.0, 9.0 if curve != "val_loss" else score)},
            "failed" if score < 0 else "done",
        )
        for number, score in scores.items()
    }
    return StudyProgress(len(results), len(CELLS), 0, 0, 1.0, CELLS, results)


def test_every_pair_of_rates_has_its_place_before_anything_has_come() -> None:
    table = cells_of(LiveMap().html(progress({})))

    assert table == [
        ["", "0", "0.2", "0.4"],
        ["0", "·", "·", "·"],
        ["0.5", "·", "·", "·"],
    ]


def test_means_and_their_seeds_stand_where_their_rates_say() -> None:
    live = LiveMap()
    live.html(progress({}))
    table = cells_of(live.html(progress({0: 0.25, 6: 0.75, 5: 0.5, 1: -1.0})))

    assert table[1] == ["0", "0.500 2 of 2", "broke 1 of 2", "·"]
    assert table[2] == ["0.5", "·", "·", "0.500 1 of 2"]


def test_the_better_is_darker_whichever_way_a_score_counts() -> None:
    def shades(curve: str) -> list[float]:
        html = LiveMap().html(progress({0: 0.2, 1: 0.9}, curve))
        return [
            float(each) for each in re.findall(r"background:rgba\(128,128,128,([\d.]+)\)", html)
        ]

    assert shades("val_accuracy") == [0.0, 0.45]
    assert shades("val_loss") == [0.45, 0.0]
