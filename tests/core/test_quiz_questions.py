from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.methods import METHODS
from dropviz.core.quiz_questions import Question, questions, seed_of
from dropviz.core.setting import Setting

GATES = {"LSTM": ("i", "f", "g", "o"), "GRU": ("z", "r", "g"), "SimpleRNN": ("h",)}
KINDS = {"step", "gate", "sample", "batch"}
SEEDS = range(30)


def masks(
    site: str = "input",
    shape: tuple[int, ...] = (3, 1, 4, 5, 20),
    *,
    kind: str = "LSTM",
    sizes: tuple[int, ...] = (),
    **changed: Any,
) -> Masks:
    """Makes masks of shape (batches, steps, gates, samples, units), half of them dropped."""
    batches, _, _, samples, _ = shape
    values = np.where(np.random.default_rng(len(site)).random(shape) < 0.5, 0, np.float32(2))
    for batch, size in enumerate(sizes):
        values[batch, :, :, size:] = np.nan
    made = Masks(
        layer="lstm",
        site=site,
        values=values,
        rate=0.5,
        gates=GATES[kind],
        time_steps=6,
        batch_sizes=sizes or (samples,) * batches,
        batches=tuple(range(40, 40 + batches)),
    )
    return replace(made, **changed)


def layer(*sites: Masks, kind: str = "LSTM") -> LayerRecording:
    return LayerRecording("lstm", kind, 20, 43, {each.site: each for each in sites})


def of_method(name: str) -> LayerRecording:
    """Makes a recording that is shared as a method's rules say."""
    setting = Setting(name, 0.5, 0.5 if len(METHODS[name].rules) > 1 else 0)
    made = []
    for rule in setting.rules:
        entries = 400 if rule.site == "recurrent_kernel" else 20
        steps = 6 if rule.life == "step" else 1
        gates = 4 if rule.tying == "untied" else 1
        made.append(masks(rule.site, (3, steps, gates, 5 if rule.by_sample else 1, entries)))
    return LayerRecording("lstm", "LSTM", 20, 43, {m.site: m for m in made}, setting=setting)


FROZEN = masks(values=np.repeat(masks().values[:1], 3, axis=0))
RECORDINGS = {
    "untied": layer(masks(), masks("recurrent")),
    "tied": layer(masks(shape=(3, 1, 1, 5, 20)), masks("recurrent", (3, 1, 1, 5, 20))),
    "new at each step": layer(masks(shape=(3, 6, 4, 5, 20))),
    "frozen": layer(FROZEN),
    "one for all samples": layer(masks(shape=(3, 1, 4, 1, 20), batch_sizes=(5, 5, 5))),
    "a last batch of two": layer(masks(sizes=(5, 5, 2))),
    "a last batch of one": layer(masks(sizes=(5, 5, 1))),
    "a batch of one between": layer(masks(sizes=(5, 1, 5))),
    "three units": layer(masks(shape=(3, 1, 4, 5, 3))),
    "gru": layer(masks(shape=(3, 1, 3, 5, 20), kind="GRU"), kind="GRU"),
    "simple rnn": layer(masks(shape=(3, 1, 1, 5, 20), kind="SimpleRNN"), kind="SimpleRNN"),
    **{f"method {name}": of_method(name) for name in METHODS},
}


def asked(recorded: LayerRecording) -> Iterator[Question]:
    """Lists the questions of many seeds."""
    for seed in SEEDS:
        yield from questions(recorded, seed)


# ---------------------------------------------------------------- places, as the text names them

_TEXT = re.compile(
    r"(?P<site>\w+) masks\. Crossed: the (?P<noun>\w+) dropped in batch (?P<batch>\d+), "
    r"sequence (?P<sample>\d+), (?:gate (?P<gate>\w), )?step (?P<step>\d+)\. "
    r"Which are dropped (?P<next>.*)\?"
)
_NEXT = {
    "step": r"at step (?P<to>\d+) of the same sequence",
    "gate": r"for the gate (?P<to>\w)",
    "sample": r"in sequence (?P<to>\d+) of the same batch",
    "batch": r"in the next batch, at the same place",
}


def dropped(one: Masks, batch: int, step: int, gate: int, sample: int) -> tuple[bool, ...]:
    """What was dropped at a place of the recording, counted from 0; none beyond its ends."""
    assert step < one.time_steps
    assert sample < one.batch_sizes[batch]
    values = one.values[batch]
    steps, gates, samples, _ = values.shape
    units = values[min(step, steps - 1), min(gate, gates - 1), min(sample, samples - 1)]
    return tuple((units[:8] == 0).tolist())


def places(question: Question, one: Masks) -> tuple[dict[str, int], dict[str, int]]:
    """The two places that a question's text names."""
    said = _TEXT.fullmatch(question.text)
    assert said, question.text
    then = re.fullmatch(_NEXT[question.kind], said["next"])
    assert then, question.text
    first = {
        "batch": one.batches.index(int(said["batch"]) - 1),
        "step": int(said["step"]) - 1,
        "gate": one.gates.index(said["gate"]) if said["gate"] else 0,
        "sample": int(said["sample"]) - 1,
    }
    if question.kind == "batch":
        to = first["batch"] + 1
    elif question.kind == "gate":
        to = one.gates.index(then["to"])
    else:
        to = int(then["to"]) - 1
    return first, first | {question.kind: to}


@pytest.mark.parametrize("name", RECORDINGS)
def test_given_and_answer_are_what_was_recorded_at_the_places_named(name: str) -> None:
    for question in asked(RECORDINGS[name]):
        one = RECORDINGS[name][question.site]
        first, second = places(question, one)

        assert first != second
        assert question.given == dropped(one, **first)
        assert question.answer == dropped(one, **second)


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_question_of_shared_masks_has_the_same_answer_twice(name: str) -> None:
    for question in asked(RECORDINGS[name]):
        if question.same:
            assert question.answer == question.given


def test_at_most_eight_units_are_asked_about() -> None:
    assert {len(each.answer) for each in asked(RECORDINGS["untied"])} == {8}
    assert {len(each.answer) for each in asked(RECORDINGS["three units"])} == {3}


def test_only_a_site_of_gates_names_the_gate() -> None:
    for name in METHODS:
        for question in asked(RECORDINGS[f"method {name}"]):
            gated = question.site in ("input", "recurrent", "recurrent_kernel")
            assert (", gate " in question.text) == gated


@pytest.mark.parametrize(
    ("name", "site", "noun"),
    [
        ("untied", "input", "inputs"),
        ("untied", "recurrent", "units"),
        ("method weight-drop", "recurrent_kernel", "weights"),
    ],
)
def test_a_question_calls_what_is_dropped_by_its_name(name: str, site: str, noun: str) -> None:
    found = [_TEXT.fullmatch(q.text) for q in asked(RECORDINGS[name]) if q.site == site]

    assert {each["noun"] for each in found if each} == {noun}


# ---------------------------------------------------------------- same or drawn anew, and why


@pytest.mark.parametrize(
    ("name", "kind", "same", "why"),
    [
        ("untied", "step", True, "All 6 steps of a sequence share one mask."),
        ("new at each step", "step", False, "Each step has a mask of its own."),
        ("untied", "gate", False, "Each gate has a mask of its own (untied)."),
        ("tied", "gate", True, "All gates share one mask (tied)."),
        ("untied", "sample", False, "Each sequence has a mask of its own."),
        ("one for all samples", "sample", True, "All sequences of a batch share one mask."),
        ("untied", "batch", False, "Each batch draws its masks anew."),
        ("frozen", "batch", True, "The masks were frozen, so that all batches share them."),
    ],
)
def test_a_question_knows_whether_the_mask_is_the_same_and_why(
    name: str, kind: str, why: str, *, same: bool
) -> None:
    found = [each for each in asked(RECORDINGS[name]) if each.kind == kind]

    assert {(each.same, each.why) for each in found} == {(same, why)}


@pytest.mark.parametrize("name", METHODS)
def test_the_answers_about_a_method_are_its_rules(name: str) -> None:
    recorded = RECORDINGS[f"method {name}"]
    rules = {rule.site: rule for rule in recorded.setting.rules}

    for question in asked(recorded):
        rule = rules[question.site]
        shared = {
            "step": rule.life == "sequence",
            "gate": rule.tying == "tied",
            "sample": not rule.by_sample,
            "batch": False,
        }
        assert question.same == shared[question.kind]


# ---------------------------------------------------------------- which questions


@pytest.mark.parametrize("name", ["untied", "tied", "new at each step", "gru"])
def test_each_kind_is_asked_once_before_one_comes_again(name: str) -> None:
    for seed in SEEDS:
        found = questions(RECORDINGS[name], seed)

        assert len(found) == 4
        assert {each.kind for each in found} == KINDS


def test_more_questions_ask_about_every_site_and_kind_once() -> None:
    found = questions(RECORDINGS["untied"], 3, most=99)

    assert sorted((each.site, each.kind) for each in found) == sorted(
        (site, kind) for site in ("input", "recurrent") for kind in KINDS
    )


@pytest.mark.parametrize("most", [0, 1, 3])
def test_there_are_no_more_questions_than_wished_for(most: int) -> None:
    assert len(questions(RECORDINGS["untied"], 1, most=most)) == most


def test_the_same_seed_asks_the_same() -> None:
    recorded = RECORDINGS["untied"]

    for seed in SEEDS:
        assert questions(recorded, seed) == questions(recorded, seed)


def test_other_seeds_ask_about_other_places() -> None:
    texts = {tuple(each.text for each in questions(RECORDINGS["untied"], s)) for s in SEEDS}

    assert len(texts) == len(SEEDS)


def test_a_student_has_the_same_seed_each_time_and_others_have_others() -> None:
    pairs = [(student, seed) for student in ("", "ada", "Ada", "bob") for seed in (0, 7)]

    seeds = [seed_of(*pair) for pair in pairs]

    assert seeds == [seed_of(*pair) for pair in pairs]
    assert len(set(seeds)) == len(pairs)
    # Of a hash that is the same on every machine and in every session.
    assert seed_of("ada", 7) == 1092578332307549150


@pytest.mark.parametrize("kind", ["GRU", "SimpleRNN"])
def test_layers_of_other_kinds_are_asked_about_by_their_own_gates(kind: str) -> None:
    name = {"GRU": "gru", "SimpleRNN": "simple rnn"}[kind]

    found = list(asked(RECORDINGS[name]))

    named = {gate for each in found for gate in re.findall(r"gate (\w)\b", each.text)}
    assert named == set(GATES[kind])
    assert ("gate" in {each.kind for each in found}) == (kind == "GRU")


# ---------------------------------------------------------------- nothing to ask


@pytest.mark.parametrize(
    "one",
    [
        masks(reason="nothing is dropped: the rate is 0."),
        masks(values=np.zeros((0, 1, 4, 0, 3), "float32"), batch_sizes=(), batches=()),
        # Equal for all one can see, by luck or not: nothing to ask.
        masks(
            values=np.ones((2, 1, 2, 1, 1), "float32"),
            batch_sizes=(1, 1),
            batches=(0, 1),
            time_steps=1,
        ),
    ],
    ids=["no rate", "no batch", "too little to tell"],
)
def test_masks_that_tell_nothing_are_not_asked_about(one: Masks) -> None:
    assert questions(layer(one), 0) == []


def test_a_layer_without_sites_is_not_asked_about() -> None:
    assert questions(layer(), 0) == []


@pytest.mark.parametrize(
    ("one", "missing"),
    [
        (masks(time_steps=1), "step"),
        (masks(shape=(3, 1, 4, 1, 20)), "sample"),
        (masks(shape=(1, 1, 4, 5, 20)), "batch"),
        (masks("cell", (3, 1, 1, 5, 20)), "gate"),
    ],
    ids=["one step", "one sample", "one batch", "no gates"],
)
def test_what_cannot_differ_is_not_asked(one: Masks, missing: str) -> None:
    assert {each.kind for each in asked(layer(one))} == KINDS - {missing}


# ---------------------------------------------------------------- scores

SAME, ANEW = (
    Question("input", "gate", "?", (True, False, True, False), (True, False, True, False), s, "Y.")
    for s in (True, False)
)


@pytest.mark.parametrize(
    ("marks", "points", "said"),
    [
        ((True, False, True, False), 1.0, "4 of 4 units right. Y."),
        ((True, False, False, False), 0.75, "3 of 4 units right. Y."),
        ((False, False, False, False), 0.0, "Nothing was predicted. Y."),
        ((False, True, False, True), 0.0, "0 of 4 units right. Y."),
    ],
)
def test_a_shared_mask_earns_a_share_for_each_unit_that_is_right(
    marks: tuple[bool, ...], points: float, said: str
) -> None:
    score = SAME.score(marks, anew=False)

    assert (score.points, score.sentence) == (points, said)


def test_calling_a_shared_mask_new_earns_nothing() -> None:
    score = SAME.score(SAME.answer, anew=True)

    assert (score.points, score.sentence) == (0.0, "It was not drawn anew. Y.")


@pytest.mark.parametrize("marks", [ANEW.answer, (False,) * 4])
def test_knowing_that_nobody_can_know_earns_all(marks: tuple[bool, ...]) -> None:
    score = ANEW.score(marks, anew=True)

    assert (score.points, score.sentence) == (1.0, "Right: nobody can know. Y.")


def test_a_lucky_guess_earns_nothing() -> None:
    score = ANEW.score(ANEW.answer, anew=False)

    assert (score.points, score.sentence) == (0.0, "4 of 4 units right, by luck. Y.")


def test_one_unit_is_counted_as_one() -> None:
    one = replace(SAME, given=(True,), answer=(True,))

    assert one.score((True,), anew=False).sentence == "1 of 1 unit right. Y."


def test_marks_for_another_number_of_units_are_refused() -> None:
    with pytest.raises(ValueError, match=r"zip\(\)"):
        SAME.score((True,), anew=False)


@pytest.mark.parametrize("calls", [2, 3])
def test_where_a_batch_has_several_calls_the_next_batch_is_not_asked_about(calls: int) -> None:
    several = masks(
        shape=(6, 1, 4, 5, 20),
        batches=tuple(40 + number // calls for number in range(6)),
        calls=tuple(number % calls for number in range(6)),
    )
    asked = {each.kind for seed in SEEDS for each in questions(layer(several), seed)}
    once = {each.kind for seed in SEEDS for each in questions(layer(masks()), seed)}

    assert once - asked == {"batch"}
