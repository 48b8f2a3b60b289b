"""Questions about masks that were recorded: predict first, then see what was used."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.number_forms import counted
from dropviz.core.sites import SITES, is_gated

UNITS = 8  # shown of a mask

# The page that needs no Python (``dropviz.browser``) asks with these words too.
WORDS: Mapping[str, str] = {
    "question": "{site} masks. Crossed: the {noun} dropped in batch {batch}, sequence {sample}, "
    "{gate}step {step}. Which are dropped {next}?",
    "gate": "gate {gate}, ",
    "right": "{hits} of {units} right",
    "by luck": ", by luck.",
    "anew": "Right: nobody can know.",
    "not anew": "It was not drawn anew.",
    "nothing": "Nothing was predicted.",
}
# By what differs between the two places: where the other is, and why a mask is shared or is not.
NEXT: Mapping[str, str] = {
    "step": "at step {step} of the same sequence",
    "gate": "for the gate {gate}",
    "sample": "in sequence {sample} of the same batch",
    "batch": "in the next batch, at the same place",
}
SHARED: Mapping[str, str] = {
    "step": "All {steps} steps of a sequence share one mask.",
    "gate": "All gates share one mask (tied).",
    "sample": "All sequences of a batch share one mask.",
    "batch": "The masks were frozen, so that all batches share them.",
}
APART: Mapping[str, str] = {
    "step": "Each step has a mask of its own.",
    "gate": "Each gate has a mask of its own (untied).",
    "sample": "Each sequence has a mask of its own.",
    "batch": "Each batch draws its masks anew.",
}


@dataclass(frozen=True)
class Question:
    """Two places of one site: what was dropped at the first is shown, at the second asked.

    Attributes:
        site: Where the masks multiply.
        kind: What differs between the places: "step", "gate", "sample" or "batch".
        text: The question in words.
        given: By unit, whether it was dropped at the first place.
        answer: By unit, whether it was dropped at the second.
        same: Whether both places share one mask.
        why: Why it is so, in one sentence.
    """

    site: str
    kind: str
    text: str
    given: tuple[bool, ...]
    answer: tuple[bool, ...]
    same: bool
    why: str

    @property
    def noun(self) -> str:
        """What is dropped, in the plural."""
        return SITES[self.site].entries

    def score(self, marks: Sequence[bool], *, anew: bool) -> Score:
        """Scores a prediction.

        Args:
            marks: By unit, whether it was predicted to be dropped.
            anew: Whether the student said that the mask is drawn anew, so that nobody
                can know.

        Returns:
            The score. A lucky guess of a mask that is drawn anew earns nothing; nor does no
            prediction, unless nothing was dropped.
        """
        if not anew and not any(marks) and any(self.answer):
            return Score(0.0, f"{WORDS['nothing']} {self.why}")
        hits = sum(mark == told for mark, told in zip(marks, self.answer, strict=True))
        of = len(self.answer)
        right = WORDS["right"].format(hits=hits, units=counted(of, "unit"))
        if self.same:
            points = 0.0 if anew else hits / of
            said = WORDS["not anew"] if anew else f"{right}."
        else:
            points = float(anew)
            said = WORDS["anew"] if anew else f"{right}{WORDS['by luck']}"
        return Score(points, f"{said} {self.why}")


@dataclass(frozen=True)
class Answered:
    """A question that a student answered, as homework can take it.

    Attributes:
        question: The question, with what was really used in ``question.answer``.
        prediction: By unit, whether it was predicted to be dropped.
        anew: Whether the student said that the mask is drawn anew, so that nobody can know.
        points: 0 to 1.
        sentence: What was right, and why.
        seconds: From the question to the answer.
    """

    question: Question
    prediction: tuple[bool, ...]
    anew: bool
    points: float
    sentence: str
    seconds: float

    @property
    def answer(self) -> tuple[bool, ...]:
        """By unit, whether it was dropped."""
        return self.question.answer


@dataclass(frozen=True)
class Score:
    """What a prediction earned.

    Attributes:
        points: 0 to 1.
        sentence: What was right, and why.
    """

    points: float
    sentence: str


def seed_of(student: str, seed: int) -> int:
    """A seed for a student's questions: the same for the same name and run."""
    digest = hashlib.sha256(f"{student}/{seed}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def questions(layer: LayerRecording, seed: int, most: int = 4) -> list[Question]:
    """Makes questions about a recording of at least two batches.

    Args:
        layer: The layer's recording.
        seed: Chooses sites, samples, gates and steps.
        most: How many questions.

    Returns:
        The questions, each kind once as far as there are kinds; none where nothing was
        dropped.
    """
    rng = np.random.default_rng(seed)
    able = [(masks, kind) for masks in layer.values() for kind in _kinds(masks)]
    chosen: list[tuple[Masks, str]] = []
    for number in rng.permutation(len(able)):
        # Each kind once, before one comes again at another site.
        if able[number][1] not in {kind for _, kind in chosen}:
            chosen.append(able[number])
    rest = [each for each in able if not any(each is one for one in chosen)]
    return [_ask(masks, kind, rng) for masks, kind in (chosen + rest)[:most]]


def _kinds(masks: Masks) -> list[str]:
    if masks.reason or not masks.entries:
        return []
    one_call = len({*masks.batches}) == len(masks.batches)
    able = [kind for kind, same in _answers(masks).items() if same is not None]
    # The next one kept is the next batch only where a batch has one call.
    return [kind for kind in able if one_call or kind != "batch"]


def _answers(masks: Masks) -> dict[str, bool | None]:
    """By kind of question, whether the two places share a mask; None where one cannot say."""
    return {
        "step": masks.same_over_steps,
        "gate": masks.same_over_gates,
        "sample": masks.same_over_samples,
        "batch": masks.same_over_batches,
    }


def _ask(masks: Masks, kind: str, rng: np.random.Generator) -> Question:
    befores = range(max(1, len(masks.batches) - 1))
    several = [number for number, size in enumerate(masks.batch_sizes) if size > 1]
    batch = int(rng.choice(several if kind == "sample" else befores))
    samples = min(masks.batch_sizes[batch : batch + 2])
    # One step, gate or sample before the last leaves room for the next.
    at = {
        "batch": batch,
        "step": int(rng.integers(max(1, masks.time_steps - 1))),
        "gate": int(rng.integers(max(1, len(masks.gates) - 1))),
        "sample": int(rng.integers(max(1, samples - 1))),
    }
    then = at | {kind: at[kind] + 1}
    given, answer = (_bits(masks, place) for place in (at, then))
    noun = SITES[masks.site].entries
    gate = WORDS["gate"].format(gate=masks.gates[at["gate"]]) if is_gated(masks.site) else ""
    then_gate = masks.gates[min(then["gate"], len(masks.gates) - 1)]
    next_ = NEXT[kind].format(step=then["step"] + 1, gate=then_gate, sample=then["sample"] + 1)
    text = WORDS["question"].format(
        site=masks.site,
        noun=noun,
        batch=masks.batches[batch] + 1,
        sample=at["sample"] + 1,
        gate=gate,
        step=at["step"] + 1,
        next=next_,
    )
    same = _answers(masks)[kind]
    why = (SHARED if same else APART)[kind].format(steps=masks.time_steps)
    return Question(masks.site, kind, text, given, answer, bool(same), why)


def _bits(masks: Masks, place: dict[str, int]) -> tuple[bool, ...]:
    values = masks.of_batch(place["batch"])
    step, gate, sample = (
        min(place[name], size - 1)
        for name, size in zip(("step", "gate", "sample"), values.shape, strict=False)
    )
    return tuple(bool(value == 0) for value in values[step, gate, sample, :UNITS])
