"""Whatever a person gives: one error type, one sentence."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

import keras
import numpy as np
import pytest

import dropviz
from dropviz.core.runs import Run
from dropviz.core.scenario_string import parse
from dropviz.errors import DropvizError

from .studies.conftest import tiny


class NoRepr:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class NoFloat:
    def __float__(self) -> float:
        raise ZeroDivisionError("no")


class NoIndex(int):
    def __int__(self) -> int:
        raise LookupError("no")

    __index__ = __int__


ODD: dict[str, Any] = {
    "an object": object(),
    "a repr that fails": NoRepr(),
    "a float that fails": NoFloat(),
    "bytes": b"lstm",
    "a set": {1, 2},
    "digits of another script": "\u0663",
    "underscores": "1_0",
    "a huge number": 10**400,
    "a complex number": 1j,
    "not a number": float("nan"),
    "very long": "lstm:" * 5000,
    "a terminal code": "\x1b[2Jlstm",
}
X, Y = np.zeros((2, 3, 4), "float32"), np.array([0, 1])


@cache
def run() -> Run:
    return dropviz.run(tiny(), dropout=0.5, units=3, epochs=1)


@cache
def layer() -> Any:
    made = keras.layers.LSTM(3, dropout=0.5)
    made.build((2, 3, 4))
    return made


def recorded(**arguments: Any) -> None:
    with dropviz.record(layer(), **arguments):
        raise AssertionError("it began to record")


@cache
def doubt() -> Any:
    return dropviz.mc(layer(), X, passes=20)


def swept(**arguments: Any) -> object:
    given = {"dropout": [0.1], "recurrent_dropout": [0.1], "seeds": 1, "units": 2, "epochs": 1}
    return dropviz.sweep(**{**given, "task": tiny(), **arguments})


def _swept_with(name: str, value: Any) -> object:
    return swept(**{name: value})


def compared(methods: Any, **arguments: Any) -> object:
    return dropviz.compare(methods, **{"task": tiny(), "seeds": 1, "epochs": 1, **arguments})


def shut_down() -> ThreadPoolExecutor:
    with ThreadPoolExecutor(1) as executor:
        return executor


def _run_with(name: str, value: Any) -> object:
    return dropviz.run(**{name: value})


CALLS: dict[str, Callable[[Any], object]] = {
    **{
        f"run {name}": partial(_run_with, name)
        for name in ("task", "method", "dropout", "recurrent_dropout", "units", "epochs", "seed")
    },
    "run life": lambda value: dropviz.run(method="moon", life=value),
    "run zoneout_cell": lambda value: dropviz.run(method="zoneout", zoneout_cell=value),
    "run listener": lambda value: dropviz.run(listener=value),
    "run schedule": lambda value: dropviz.run(schedule=value),
    "parse": parse,
    "lab": dropviz.lab,
    "lab task": lambda value: dropviz.lab(task=value),
    "lab hide": lambda value: dropviz.lab(hide=value),
    "lab lock": lambda value: dropviz.lab(lock=[value]),
    "LSTM": dropviz.LSTM,
    "LSTM method": lambda value: dropviz.LSTM(3, method=value),
    "LSTM rate": lambda value: dropviz.LSTM(3, method="moon", recurrent_dropout=value),
    "record": lambda value: dropviz.record(value).__enter__(),
    "record keep": lambda value: recorded(keep=value),
    "record every": lambda value: recorded(every=value),
    "record budget_mib": lambda value: recorded(budget_mib=value),
    "trace": lambda value: dropviz.trace(value, X),
    "trace x": lambda value: dropviz.trace(layer(), value),
    "trace layer": lambda value: dropviz.trace(layer(), X, layer=value),
    "explain": dropviz.explain,
    "explain seed": lambda value: dropviz.explain(layer(), seed=value),
    "redraw": lambda value: dropviz.redraw(value, 0),
    "redraw batch": lambda value: dropviz.redraw(run().recording["lstm"], value),
    "traps": dropviz.traps,
    "load": dropviz.load,
    "figure": lambda value: run().figure(value),
    "layer of a recording": lambda value: run().recording[value],
    "site of a layer": lambda value: run().recording["lstm"][value],
    "curve": lambda value: run().curves[value],
    **{
        f"sweep {name}": partial(_swept_with, name)
        for name in ("dropout", "recurrent_dropout", "seeds", "task", "executor", "engine")
    },
    "sweep results": lambda value: swept(results=value),
    "sweep listener": lambda value: swept(listener=value),
    "compare": compared,
    "compare a method": lambda value: compared(["none", value]),
    "compare seeds": lambda value: compared(["none"], seeds=value),
    "mc": lambda value: dropviz.mc(value, X),
    "mc x": lambda value: dropviz.mc(layer(), value),
    "mc passes": lambda value: dropviz.mc(layer(), X, value),
    "mc masks": lambda value: dropviz.mc(layer(), X, masks=value),
    "mc seed": lambda value: dropviz.mc(layer(), X, seed=value),
    "coverage": lambda value: doubt().coverage(value),
    "coverage share": lambda value: doubt().coverage(np.zeros((2, 3)), value),
    "Task": lambda value: dropviz.Task("mine", value, Y, X, Y),
    "Task y": lambda value: dropviz.Task("mine", X, value, X, Y),
    "Task y of numbers": lambda value: dropviz.Task("mine", X, value, X, Y, goal="numbers"),
    "Task goal": lambda value: dropviz.Task("mine", X, Y, X, Y, goal=value),
    "Task embedding": lambda value: dropviz.Task("mine", X, Y, X, Y, embedding=value),
    "Task of a data set": lambda value: dropviz.Task.from_dataset("mine", value, value),
}


# A huge number is one that a recording can keep, or leave out between two, as it is.
FINE = {
    *(("record keep", "a huge number"), ("record every", "a huge number")),
    # Seeds may stand in a set, and a file may be called as it likes.
    *(("sweep seeds", "a set"), ("compare seeds", "a set")),
    *(
        ("sweep results", odd)
        for odd in ("digits of another script", "underscores", "a terminal code")
    ),
}
CASES = [(call, odd) for call in CALLS for odd in ODD if (call, odd) not in FINE]


@pytest.mark.parametrize(("call", "odd"), CASES)
def test_odd_input_is_refused_in_one_sentence(call: str, odd: str) -> None:
    with pytest.raises(DropvizError) as caught:
        CALLS[call](ODD[odd])

    said = str(caught.value)
    assert len(said) < 900
    assert "\n" not in said
    assert "\x1b" not in said


STUDIES: dict[str, Callable[[], object]] = {
    "results that are yes": lambda: swept(results=True),
    "results that are a number": lambda: swept(results=5),
    "results that are bytes": lambda: swept(results=b"x"),
    "results with a NUL": lambda: swept(results="a\0b"),
    "results that no file is called": lambda: swept(results="\ud800"),
    "an array of no axis": lambda: swept(dropout=np.array(0.5)),
    "an array of two axes": lambda: swept(dropout=np.array([[0, 0.1], [0.2, 0.3]])),
    "arrays": lambda: swept(recurrent_dropout=[np.zeros(2), np.ones(2)]),
    "seeds of no axis": lambda: swept(seeds=np.array(3)),
    "no seed": lambda: swept(seeds=np.int64(0)),
    "an executor that was shut down": lambda: swept(executor=shut_down()),
    "a class": lambda: compared(list),
    "methods of no axis": lambda: compared(np.array("none")),
    "methods of two axes": lambda: compared(np.array([["none", "keras"]])),
    "truths that are a word": lambda: doubt().coverage("abc"),
    "truths of uneven rows": lambda: doubt().coverage([[1.0, 2.0, 3.0], [1.0]]),
    "truths that are not all numbers": lambda: doubt().coverage(np.full((2, 3), np.nan)),
}


@pytest.mark.parametrize("case", STUDIES)
def test_what_no_study_can_do_is_said_in_one_sentence(case: str) -> None:
    with pytest.raises(DropvizError) as caught:
        STUDIES[case]()

    said = str(caught.value)
    assert len(said) < 900
    assert "Received" in said or "could not run a training" in said
    assert "\n" not in said


@pytest.mark.parametrize("name", ["unit", "dropuot", "x" * 1000])
def test_an_unknown_argument_of_run_is_named(name: str) -> None:
    with pytest.raises(DropvizError, match="There is no argument"):
        dropviz.run(**{name: 1})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "lstm:u\u0663",
        "lstm:s1_0",
        "lstm:d.\u0665",
        "lstm:d1e_1",
        "lstm:@\u0661,d.3",
        "lstm:e" + "9" * 5000,
        "lstm:r.2.3",
        "lstm:u+\uff11",
    ],
)
def test_numbers_of_a_scenario_are_ascii_digits(text: str) -> None:
    with pytest.raises(DropvizError, match=r"whole number|a number|is written"):
        parse(text)


@pytest.mark.parametrize("text", ["lstm:u16", "lstm:d.25", "lstm:d2e-1", "lstm:r0.5", "lstm:s007"])
def test_numbers_as_people_write_them_are_read(text: str) -> None:
    assert parse(text).spec
