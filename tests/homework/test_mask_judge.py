"""The judge of Build the mask, on right answers and on wrong ones of each kind."""

from __future__ import annotations

import pytest

from dropviz.homework import landlock, seccomp
from dropviz.homework.fork_client import ForkServer
from dropviz.homework.judge import judge
from dropviz.homework.key_file import Key
from dropviz.homework.mask_judge import POINTS, judge_mask
from dropviz.homework.proxy import Maker
from dropviz.homework.report import Check
from dropviz.homework.sandbox import Child
from dropviz.homework.submission import Submission
from dropviz.homework.variants import Variant, variant_of

from .answers import mask_answer

pytestmark = pytest.mark.slow

TIED = Variant("recurrent", "sequence", "tied", 0.4)
CANDIDATE = Variant("candidate", "step", "", 0.4)


def judged(
    server: ForkServer, answer: str, asked: Variant, seed: int = 3
) -> tuple[dict[str, Check], str]:
    with Child(server, unlocked=not (landlock.version() and seccomp.is_known())) as child:
        child.load([answer], ["make"], seed=seed)
        checks, reason = judge_mask(Maker(child, seed), asked, seed)
    return {check.name: check for check in checks}, reason


RIGHT = {
    "tied": TIED,
    "a step": CANDIDATE,
    "untied": Variant("input", "step", "untied", 0.25),
    "memory": Variant("cell", "sequence", "", 0.5),
    "memory, a step": Variant("cell", "step", "", 0.35),
    "h, a step": Variant("recurrent", "step", "tied", 0.4),
    "x": Variant("input", "step", "tied", 0.35),
    "update": Variant("candidate", "sequence", "", 0.25),
}
C_STEP = Variant("cell", "step", "", 0.5)


@pytest.mark.few("tied")
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_earns_all(name: str, server: ForkServer) -> None:
    checks, reason = judged(server, mask_answer(RIGHT[name]), RIGHT[name])

    assert {each: check.points for each, check in checks.items()} == POINTS
    assert reason == ""


# What is handed in where TIED is asked for: what is lost, and what is said.
WRONG = {
    "another life": (
        mask_answer(Variant("recurrent", "step", "tied", 0.4)),
        {"life"},
        "Asked: a mask that lives for one sequence. Measured: one step.",
    ),
    "untied": (
        mask_answer(Variant("recurrent", "sequence", "untied", 0.4)),
        {"sharing"},
        "Measured: one mask for each gate.",
    ),
    "one for all samples": (
        mask_answer(TIED, samples=1),
        {"samples"},
        "Asked: a mask for each sequence of the batch. Measured: one mask for all.",
    ),
    "no scaling": (mask_answer(TIED, kept="1.0"), {"scaling"}, "kept entries times 1 in training"),
    "all units at once": (
        mask_answer(TIED).replace("ops.shape(x)[0], width", "ops.shape(x)[0], 1"),
        {"sharing"},
        "Measured: the same mask for all gates, and it drops all at once.",
    ),
    "the scale of another rate": (
        mask_answer(TIED).replace(">= self.rate", ">= 0.1"),
        {"rate"},
        "Asked: rate 0.4. Measured: between 0.",
    ),
    "everything dropped": (
        mask_answer(TIED, kept="0.0"),
        {"life", "sharing", "rate", "scaling", "samples"},
        "Asked: rate 0.4. Measured: it could not be told.",
    ),
    "a rate of its own": (
        mask_answer(TIED).replace("self.rate = rate", "self.rate = 0.6"),
        {"rate", "scaling"},
        "Asked: rate 0.4. Measured: between",
    ),
}


@pytest.mark.few("one for all samples", "all units at once", "the scale of another rate")
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_loses_what_is_wrong(name: str, server: ForkServer) -> None:
    answer, lost, said = WRONG[name]

    checks, _ = judged(server, answer, TIED)

    assert {each for each, check in checks.items() if check.points < check.of} == lost
    assert any(said in check.sentence for check in checks.values())


@pytest.mark.few("3", "11")
@pytest.mark.parametrize("seed", range(20))
def test_a_memory_that_is_dropped_at_each_step_earns_all(seed: int, server: ForkServer) -> None:
    # With all of c dropped, nothing tells which was dropped before.
    checks, reason = judged(server, mask_answer(C_STEP), C_STEP, seed)

    assert (sum(check.points for check in checks.values()), reason) == (11, "")


_DRAWN = 'm = self.held if LIFE == "sequence" else self.draw(x)'
_UNIFORM = "keep = keras.random.uniform(shape, seed=self.generator) >= self.rate\n"
_BEFORE = "        self.held = self.draw(x)\n"
_AT_RATES = "RATES = self.rate + np.where(np.arange(width) % 2, 0.2, -0.2)"
# What is done instead of what was asked: what is put in place of what, what is lost, and a piece
# of the sentence.
HABITS = {
    "at inference too": (
        {"if training:": "if True:"},
        {"scaling"},
        "at inference, and something drops there too",
    ),
    "all units at once": (
        {"ops.shape(x)[0], width": "ops.shape(x)[0], 1"},
        {"sharing"},
        "all ",
    ),
    "a new mask every second step": (
        {
            _DRAWN: "self.t += 1\n            if self.t % 2 == 0: self.m = self.draw(x)\n"
            "            m = self.m",
            _BEFORE: "        self.t, self.m = 0, self.draw(x)\n",
        },
        {"life"},
        "Measured: steps share their masks in part.",
    ),
    "units with rates of their own": (
        {
            _UNIFORM: f"import numpy as np\n        {_AT_RATES}\n        "
            + _UNIFORM.replace("self.rate", "RATES")
        },
        {"rate"},
        "entries have rates of their own, from 0.",
    ),
    "none at late steps": (
        {
            _DRAWN: "self.t += 1\n            m = self.draw(x) if self.t <= 6 else m",
            _BEFORE: "        self.t = 0\n",
        },
        {"life"},
        "one step, but at step ",
    ),
    "none kept at late steps": (
        {
            _DRAWN: "self.t += 1\n            m = self.draw(x) * (self.t <= 6)",
            _BEFORE: "        self.t = 0\n",
        },
        {"life"},
        "one step, but at step ",
    ),
    "units in pairs": (
        {
            _UNIFORM: f"{_UNIFORM}        "
            "keep = ops.take(keep, [2 * (i // 2) for i in range(width)], axis=2)\n"
        },
        {"sharing"},
        "some entries drop together more often than chance has it",
    ),
    "as many each time": (
        {
            _UNIFORM: "u = keras.random.uniform(shape, seed=self.generator)\n"
            "        keep = ops.argsort(ops.argsort(u, axis=2), axis=2) >= round(width / 2)\n"
        },
        {"sharing"},
        "entries drop together less often than chance has it",
    ),
}
ASKED = {
    "c": C_STEP,
    "g": Variant("candidate", "step", "", 0.4),
    "h": Variant("recurrent", "step", "tied", 0.35),
    "h, a sequence": TIED,
    "c, a sequence": Variant("cell", "sequence", "", 0.25),
}
CASES = [
    (habit, site)
    for habit in HABITS
    for site, asked in ASKED.items()
    if asked.life == "step" or "life" not in HABITS[habit][1]
    if habit != "as many each time" or site == "c"
]


@pytest.mark.few(*(f"{habit}-c" for habit in HABITS))
@pytest.mark.parametrize(("habit", "site"), CASES, ids=[f"{h}-{s}" for h, s in CASES])
def test_a_habit_loses_the_point_that_is_about_it(
    habit: str, site: str, server: ForkServer
) -> None:
    (changes, lost, said), asked = HABITS[habit], ASKED[site]
    answer = mask_answer(asked)
    for old, new in changes.items():
        assert old in answer
        answer = answer.replace(old, new)

    checks, reason = judged(server, answer, asked)

    assert {each for each, check in checks.items() if check.points < check.of} == lost
    assert said in " ".join(checks[each].sentence for each in lost)
    assert reason == ""


@pytest.mark.full
def test_a_neighbours_answer_earns_nothing(server: ForkServer) -> None:
    checks, reason = judged(server, mask_answer(CANDIDATE), TIED)

    assert [check.points for check in checks.values()] == [0]
    assert "Measured: g_t, the candidate that is added to the memory." in checks["site"].sentence
    assert reason == "the other checks are of a mask at the site that was asked for"


def test_a_layer_that_is_right_only_at_the_probes_earns_nothing(server: ForkServer) -> None:
    # The experiment's weights are nearly all zero, those of a training never are.
    right = mask_answer(TIED)
    cheat = right.replace(
        "if training:",
        'known = float(ops.mean(ops.cast(self.kernel == 0, "float32"))) > 0.3\n'
        "        if training and known:",
    )
    assert cheat != right

    checks, reason = judged(server, cheat, TIED)

    assert sum(check.points for check in checks.values()) == 0
    assert "nothing of the experiment counts" in reason


def test_a_layer_that_drops_in_the_experiment_alone_earns_nothing(server: ForkServer) -> None:
    # A mask that keeps everything is one that may be, and would be so in every sample.
    cheat = mask_answer(TIED).replace(
        "m = self.held if",
        'known = float(ops.mean(ops.cast(self.kernel == 0, "float32"))) > 0.3\n'
        "            m = ops.ones((1, 1, 1)) * KEPT(self.rate)\n"
        "        if training and known:\n"
        "            m = self.held if",
    )

    checks, _ = judged(server, cheat, TIED)

    assert sum(check.points for check in checks.values()) == 0
    assert "the same to a thousandth, but 0 of " in checks["equations"].measured


def test_the_judges_weights_do_not_follow_from_what_an_answer_is_told(server: ForkServer) -> None:
    key = Key(bytes(range(32)))
    looks = (
        "import sys\nimport numpy as np\n"
        "def told():\n"
        "    frame, found = sys._getframe(1), [int(np.random.get_state()[1][0])]\n"
        "    while frame is not None:\n"
        "        found += [each for each in frame.f_locals.values() if type(each) is int]\n"
        "        frame = frame.f_back\n"
        "    return [each for each in found if each >= 0]\n"
        "SEEDS = told()\n"
    )
    right = mask_answer(variant_of(key, "ada"))
    knows = right.replace(
        "        h, c = states\n",
        "        kernel = ops.convert_to_numpy(self.kernel)\n"
        "        rngs = [np.random.default_rng(seed) for seed in SEEDS]\n"
        "        if any(np.allclose(kernel, r.normal(0, 0.8, kernel.shape)) for r in rngs):\n"
        "            raise LookupError('known')\n"
        "        h, c = states\n",
    )
    assert knows != right
    answer = Submission("ada", "build-the-mask", key.edition, (looks, knows), ())

    report = judge(server, answer, key, unlocked=not (landlock.version() and seccomp.is_known()))

    assert report.lines[0] == "11 of 11 points."


@pytest.mark.full
def test_points_are_the_same_each_time_with_randomness_of_the_system(server: ForkServer) -> None:
    answer = mask_answer(TIED).replace(
        "keep = keras.random.uniform(shape, seed=self.generator)",
        "import numpy as np; keep = np.random.default_rng().random(shape)",
    )

    scores = [sum(c.points for c in judged(server, answer, TIED)[0].values()) for _ in range(5)]

    # The rate's interval has 99.99 % confidence: one run in 2,000 of this test may fail.
    assert scores == [11] * 5
