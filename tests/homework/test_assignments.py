"""What the judge draws from, and what an answer is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dropviz.homework.assignments import ASSIGNMENTS, judges_seed
from dropviz.homework.fork_client import ForkServer
from dropviz.homework.frames import Frame, write
from dropviz.homework.judge import judge
from dropviz.homework.key_file import Key
from dropviz.homework.submission import Submission

KEY = Key(bytes(range(32)))
CELLS = {
    "build-the-mask": "import keras\ndef make(units, rate): return keras.layers.LSTM(units)",
    "unnamed-layers": "def identify(layer): return 'keras'",
    "design-and-defend": "design: dict = {'vary': {'dropout': [0, 0.5]}, 'hold': {}, 'seeds': [1]}",
}
ANSWER = Submission("ada", "unnamed-layers", KEY.edition, ("a = 1",), ("printed",))
OTHERS = {
    "other code": replace(ANSWER, cells=("a = 1 ",)),
    "one more cell": replace(ANSWER, cells=("a = 1", "")),
    "another output": replace(ANSWER, printed=("printed\n",)),
    "another student": replace(ANSWER, student="eve"),
    "another assignment": replace(ANSWER, assignment="build-the-mask"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_report_tells_nothing_of_what_another_answer_meets(name: str) -> None:
    assert judges_seed(KEY, OTHERS[name]) != judges_seed(KEY, ANSWER)
    assert judges_seed(KEY, replace(ANSWER)) == judges_seed(KEY, ANSWER)
    assert judges_seed(Key(bytes(32)), ANSWER) != judges_seed(KEY, ANSWER)


def test_half_of_a_pair_of_surrogates_is_an_answer_too() -> None:
    odd = replace(ANSWER, cells=("a = '\ud83d'",))

    assert judges_seed(KEY, odd) != judges_seed(KEY, replace(ANSWER, cells=("a = '?'",)))


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_nothing_that_an_answer_is_told_is_what_the_judge_draws_from(
    name: str, server: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []

    def noted(pipe: int, frame: Frame, *rest: Any) -> None:
        told.extend(frame.numbers)
        write(pipe, frame, *rest)

    monkeypatch.setattr("dropviz.homework.sandbox.write", noted)
    answer = Submission("ada", name, KEY.edition, (CELLS[name],), ())

    judge(server, answer, KEY, unlocked=True)

    secret = judges_seed(KEY, answer)
    assert secret.bit_length() > 200  # too many to try each against what is seen
    assert not {secret % (1 << bits) for bits in range(20, 256)} & set(told)
    assert told or name == "design-and-defend"
