"""The worker of the page and the page's end of it, in Node: what is said where something fails."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from dropviz.browser.read_scripts import joined
from dropviz.browser.tables import tables
from tests.browser.in_node import said_in_node

TABLES = json.loads(json.dumps(tables()))
DIGITS = TABLES["defaults"] | {"units": 2}
ORDER = DIGITS | {"task": "temporal-order"}
BROKEN = {"pixels": "AAAA", "answers": "0", "training": 1}  # nothing that zlib made
DATA = {"kind": "data", "tables": TABLES, "digits": BROKEN}

# Messages to oneself are counted, and none is delivered after the twentieth: a worker that spins
# would never end.
BEFORE = """
const [answers, rest] = [[], () => new Promise((ready) => setTimeout(ready, 40))];
let called = 0;
globalThis.self = { postMessage: (answer) => answers.push(answer) };
globalThis.MessageChannel = class {
  constructor() {
    this.port1 = {};
    this.port2 = { postMessage: () => {
      called += 1;
      if (called < 20) setTimeout(() => this.port1.onmessage(), 0);
    } };
  }
};
"""
AFTER = """
for (const data of REQUESTS) {
  self.onmessage({ data });
  await rest();
}
const told = answers.map(({ training, snapshot, failed }) =>
  ({ training, batch: snapshot?.batch ?? null, failed: failed ?? null }));
process.stdout.write(JSON.stringify({ told, called }));
process.exit();
"""
TRAINER = """
const worker = {};
globalThis.Worker = class { constructor() { return worker; } };
worker.postMessage = () => {};
const said = [];
createTrainer("", {}, {}, () => {}, (why, started) => said.push([why, started]));
for (const event of EVENTS) worker.onerror(event);
worker.onmessage({ data: { training: 0, failed: "Another." } });
worker.onerror({ message: "Later." });
process.stdout.write(JSON.stringify(said));
process.exit();
"""


def asked(folder: Path, *requests: dict[str, Any]) -> Any:
    """What the worker answers, and how often it called itself."""
    given = f"const REQUESTS = {json.dumps([DATA, *requests])};\n"
    text = BEFORE + given + joined("playground/worker.js") + AFTER
    return json.loads(said_in_node(text, folder))


def begin(training: int, spec: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "begin", "training": training, "spec": spec}


GO = {"kind": "go", "speed": "full"}


@pytest.mark.parametrize("before", [0, 1], ids=["at first", "after another training"])
def test_a_training_that_cannot_begin_is_heard_and_nothing_spins(
    tmp_path: Path, before: int
) -> None:
    others = [begin(1, ORDER), {"kind": "step"}][: 2 * before]
    seen = asked(tmp_path, *others, begin(before + 1, DIGITS), GO)

    (failed,) = (each for each in seen["told"] if each["failed"])
    assert failed["training"] == before + 1
    # No batch of the training that was before.
    assert seen["told"][-1] == failed
    assert seen["called"] == 0


def test_a_task_that_could_not_be_read_is_tried_again(tmp_path: Path) -> None:
    seen = asked(tmp_path, begin(1, DIGITS), begin(2, DIGITS))

    assert [each["training"] for each in seen["told"]] == [1, 2]
    assert all(each["failed"] for each in seen["told"])

    healed = DATA | {"digits": two_digits()}
    seen = asked(tmp_path, begin(1, DIGITS), healed, begin(2, DIGITS), {"kind": "step"})

    assert [(each["training"], each["batch"]) for each in seen["told"]] == [(1, None), (2, 0)]


def test_another_task_trains_where_one_cannot_be_read(tmp_path: Path) -> None:
    seen = asked(tmp_path, begin(1, DIGITS), begin(2, ORDER), {"kind": "step"})

    assert seen["told"][-1] == {"training": 2, "batch": 0, "failed": None}


def test_a_worker_that_does_not_start_is_told_from_one_that_fails_later(tmp_path: Path) -> None:
    events = [{}, {"message": ""}, {"message": "A sentence."}]
    given = f"const EVENTS = {json.dumps(events)};\n"

    text = joined("playground/trainer.js") + given + TRAINER
    said = json.loads(said_in_node(text, tmp_path))

    unstarted = ["The worker could not start."] * 2 + ["A sentence."]
    assert said == [[why, False] for why in unstarted] + [["Another.", True], ["Later.", True]]


def two_digits() -> dict[str, Any]:
    """Two digits as the page has them, one of them to train on."""
    packed = base64.b64encode(zlib.compress(bytes(2 * 64))).decode("ascii")
    return {"pixels": packed, "answers": "01", "training": 1}
