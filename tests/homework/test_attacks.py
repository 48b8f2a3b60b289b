"""Attacks on the judge: each earns nothing beyond what its honest part earns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dropviz.homework import landlock, seccomp
from dropviz.homework.assignments import judges_seed
from dropviz.homework.fork_client import ForkServer
from dropviz.homework.judge import judge
from dropviz.homework.key_file import Key, make_key
from dropviz.homework.report_files import page
from dropviz.homework.submission import Submission

from .attack import UNNAMED, Attack
from .attacks import ATTACKS, lines

BY_NAME = {attack.name: attack for attack in ATTACKS}
KEY = Key(bytes(range(32)))  # the same each time: some attacks guess
LATE = "it gave no answer within"
DOC = Path(__file__).parents[2] / "docs" / "homework-attacks.md"

pytestmark = pytest.mark.skipif(
    not (landlock.version() and seccomp.is_known()),
    reason="attacks are not run where nothing locks them in",
)


@pytest.mark.few(
    "edited check cells",
    "dropviz looked for past sys.modules",
    "os._exit",
    "a fork bomb",
    "the key read",
    "a file's mode changed, which needs no opening",
    "a socket",
    "frames before they are asked for",
    "HTML in an error",
    "code in place of a literal",
    "the order of the layers, from the seed in NumPy's state",
    "every seed in Build the mask, told in an error",
)
@pytest.mark.parametrize("name", BY_NAME)
def test_an_attack_earns_nothing(
    name: str, server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack = BY_NAME[name]
    if attack.why == LATE:
        monkeypatch.setattr("dropviz.homework.judge._CALL_SECONDS", 1.5)
    path = tmp_path / "key"
    make_key(path)
    left = tmp_path / "left"
    secrets = {
        "PATH_OF_TESTS": repr(__file__),
        "PATH_OF_KEY": repr(str(path)),
        "PATH_TO_LEAVE": repr(str(left)),
    }

    answer = _handed_in(attack, secrets)
    report = judge(server, answer, KEY)

    assert report.score == 0
    assert attack.why in report.reason
    assert not left.exists()
    assert "<script>" not in page(report)
    assert "\x1b" not in "".join(report.lines)
    assert not [each for each in _seeds(answer) if str(each) in "".join(report.lines)]


def _seeds(answer: Submission) -> list[int]:
    seed = judges_seed(KEY, answer)
    return [seed, seed % (1 << 32), seed % (1 << 31)]


def _handed_in(attack: Attack, secrets: dict[str, str]) -> Submission:
    cells = list(attack.cells)
    for name, path in secrets.items():
        cells = [cell.replace(name, path) for cell in cells]
    return Submission("ada", attack.assignment, KEY.edition, tuple(cells), attack.printed)


def test_the_order_of_the_layers_is_not_learned_from_a_report(server: ForkServer) -> None:
    number = "PLACES = iter(range(10, 22))\ndef identify(layer): return str(next(PLACES))"
    learned = "NAMES = iter({!r})\ndef identify(layer): return next(NAMES)"
    first = judge(server, Submission("ada", UNNAMED, KEY.edition, (number,), ()), KEY)
    place = re.compile(r"\d+")
    found = {each: check.name for check in first.checks for each in place.findall(check.hint)}

    names = [found[each] for each in sorted(found)]
    again = Submission("ada", UNNAMED, KEY.edition, (learned.format(names),), ())

    assert len(names) == 12
    assert judge(server, again, KEY).score == 0


def test_the_judge_goes_on_after_any_attack(server: ForkServer) -> None:
    killed = "import os\ndef make(units, rate): os._exit(9)"
    late = Submission("eve", "build-the-mask", KEY.edition, (killed,), ())

    first, again = (judge(server, late, KEY) for _ in range(2))

    assert first == again
    assert first.reason == "it ended before it answered"


def test_there_are_thirty_attacks_and_the_table_in_the_docs_is_theirs() -> None:
    assert len(BY_NAME) == len(ATTACKS) >= 30
    assert "\n".join(lines()) in DOC.read_text(encoding="utf-8")
