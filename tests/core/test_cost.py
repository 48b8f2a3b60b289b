from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dropviz.core.cost import Cost, cudnn
from dropviz.core.methods import METHODS
from dropviz.core.setting import Setting

COST = Cost(batches=20, with_dropout=0.03, without=0.02, ratio=1.4567, pairs=5)


def test_the_rows_give_an_epoch_of_each_and_the_measured_ratio() -> None:
    assert COST.rows == [
        ("an epoch with these rates", "0.60 s"),
        ("an epoch without dropout", "0.40 s"),
        ("ratio", "1.46 (median of 5 pairs of batches)"),
        ("path with these rates", "cannot tell, no loop of Keras's was seen"),
        ("path without dropout", "cannot tell, no loop of Keras's was seen"),
    ]


def test_the_rows_name_the_path_of_each() -> None:
    rows = dict(replace(COST, path=("loop",), path_without=("cudnn",)).rows)

    assert rows["path with these rates"] == "cell by cell, in a loop"
    assert rows["path without dropout"] == "past the cell, all steps in one operation of cuDNN"


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize("name", [name for name in METHODS if name != "keras"])
@pytest.mark.parametrize("rates", [{}, {"dropout": 0.2}], ids=str)
def test_no_other_method_runs_on_cudnn(name: str, rates: dict[str, Any], *, gpu: bool) -> None:
    said = cudnn(Setting(name, **rates), gpu=gpu)

    assert said == f"no, because cuDNN has no place for the masks of the method {name}"


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_recurrent_dropout_rules_cudnn_out(dropout: float, *, gpu: bool) -> None:
    said = cudnn(Setting("keras", dropout, 0.1), gpu=gpu)

    assert said.startswith("no, because recurrent_dropout is above 0")


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_without_recurrent_dropout_cudnn_needs_a_gpu_alone(dropout: float) -> None:
    setting = Setting("keras", dropout)

    assert cudnn(setting, gpu=True).startswith("yes: recurrent_dropout is 0")
    assert cudnn(setting, gpu=False) == (
        "yes in principle: recurrent_dropout is 0; but there is no GPU here"
    )
