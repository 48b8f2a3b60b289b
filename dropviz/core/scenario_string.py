"""A whole setting as one short string: ``lstm:u16:d.2:r.5:m=keras:task=digits:e10:s7``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, fields
from fractions import Fraction
from typing import Any, TypeGuard

from dropviz.core.method_options import OPTIONS, RATES
from dropviz.core.number_forms import DECIMAL, WHOLE
from dropviz.core.schedule import Change, number
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import TASKS, batches_of
from dropviz.errors import DropvizError, received, visible

HEAD = "lstm"
_EXAMPLE = "lstm:u16:d.2:r.5:m=keras:task=digits:s7"

# Key -> (field of RunSpec, how to read it). Numbers follow their key, names a "=". The page that
# needs no Python (``dropviz.browser``) reads scenarios by the same table.
NUMBERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "u": ("units", int),
    "d": ("dropout", float),
    "r": ("recurrent_dropout", float),
    "e": ("epochs", int),
    "s": ("seed", int),
    **{option.key: (name, float) for name, option in OPTIONS.items() if not option.choices},
}
NAMES: Mapping[str, str] = {
    "m": "method",
    "task": "task",
    **{option.key: name for name, option in OPTIONS.items() if option.choices},
}
ORDER = ("u", "d", "r", "m", *(option.key for option in OPTIONS.values()), "task", "e", "s")
# The longer keys first: "s" begins others.
_KEYS = "|".join(sorted(NUMBERS, key=len, reverse=True))
_NUMBER = re.compile(rf"({_KEYS})([-+]?[\d.].*)", re.DOTALL)
_BATCH = re.compile(r"\d{1,9}", re.ASCII)
_SHARE = re.compile(r"(\d{1,3}(\.\d{1,9})?|\.\d{1,9})%", re.ASCII)
QUIZ = "quiz"
_WHOLE_PERCENT = 100


@dataclass(frozen=True)
class Scenario:
    """What a panel shows.

    Attributes:
        spec: The training.
        quiz: Whether the student predicts first.
        given: The fields of ``RunSpec`` that the text gave; none where there was no text.
    """

    spec: RunSpec
    quiz: bool = False
    given: frozenset[str] = field(default=frozenset(), compare=False)

    def __str__(self) -> str:
        return self.without(())

    def without(self, names: Collection[str]) -> str:
        """The scenario as text that leaves these fields of ``RunSpec`` out."""
        keys = {name: key for key, (name, _) in NUMBERS.items()}
        keys |= {name: key for key, name in NAMES.items()}
        values = {
            keys[f.name]: getattr(self.spec, f.name)
            for f in fields(RunSpec)
            if f.name in keys and f.name not in names
        }
        parts = [HEAD, *(_part(key, values[key]) for key in ORDER if values.get(key) is not None)]
        before = self.spec.start
        for change in self.spec.schedule:
            parts.append(_change(change, before))
            before = change
        return visible(":".join([*parts, *([QUIZ] if self.quiz else [])]))


def _part(key: str, value: Any) -> str:
    if key not in NUMBERS:
        return f"{key}={value}"
    return f"{key}{number(value) if isinstance(value, float) else value}"


def _change(change: Change, before: Change) -> str:
    parts = [f"@{change.batch}"]
    for key in ("d", "r"):
        name = NUMBERS[key][0]
        if getattr(change, name) != getattr(before, name):
            parts.append(_part(key, getattr(change, name)))
    if change.frozen != before.frozen:
        parts.append("freeze" if change.frozen else "release")
    # A change that changes nothing names a rate, as every change does.
    return ",".join(parts if parts[1:] else [*parts, _part("d", change.dropout)])


def call(spec: RunSpec) -> str:
    """The call of ``dropviz.run`` that repeats a training.

    Args:
        spec: The training.

    Returns:
        A call with a scenario; with arguments for a task of one's own, which no scenario
        can name.
    """
    if spec.task in TASKS:
        return f"dropviz.run({str(Scenario(spec))!r})"
    plain = asdict(RunSpec())
    given = {k: v for k, v in asdict(spec).items() if v != plain[k] and k != "task"}
    return f"dropviz.run({', '.join(['task', *(f'{k}={v!r}' for k, v in given.items())])})"


def magic(spec: RunSpec) -> str:
    """The line that does the same in a notebook.

    Args:
        spec: The training.

    Returns:
        ``%lstm_dropout`` with flags; with a scenario where rates change on the way; a
        call where the task is one's own, which no flag can name.
    """
    if spec.task not in TASKS:
        return call(spec)
    if spec.schedule:
        return f"%lstm_dropout {Scenario(spec)}"
    method = "" if spec.method == "keras" else f"--method {spec.method} "
    options = "".join(
        f"{OPTIONS[name].flag} {value} " for name, value in spec.given_options.items()
    )
    return (
        f"%lstm_dropout -d {number(spec.dropout)} -r {number(spec.recurrent_dropout)} "
        f"{method}{options}--task {spec.task} --units {spec.units} --epochs {spec.epochs} "
        f"--seed {spec.seed}"
    )


def is_scenario(text: object) -> TypeGuard[str]:
    """Whether something is meant as a scenario, right or wrong, and not as a name."""
    return isinstance(text, str) and text.partition(":")[0] == HEAD


def parse(text: str, batches: int | None = None) -> Scenario:
    """Reads a scenario.

    Args:
        text: Parts joined by ":", the first "lstm"; what is left out is as in
            ``RunSpec``. ``u16`` units, ``d.2`` dropout, ``r.5`` recurrent_dropout,
            ``m=moon`` method, ``task=digits``, ``e10`` epochs, ``s7`` seed,
            ``life=step``, ``scaling=inverted``, ``zc.5`` and ``zh.05`` for zoneout;
            ``@120,d.3,freeze`` a change from batch 120 on, ``@20%,r.3`` one when a fifth of the
            training is done; ``quiz``.
        batches: Those of the training that shares are shares of; by default of the scenario's
            own task and epochs.

    Returns:
        The scenario.

    Raises:
        DropvizError: If a part is none of these, is there twice, or is out of range; or if a
            share is asked for of a task that does not come with dropviz.
    """
    if not isinstance(text, str):
        raise DropvizError(f"A scenario is a string, as in {_EXAMPLE}. Received: {received(text)}.")
    head, *parts = text.strip().split(":")
    if head != HEAD:
        raise DropvizError(
            f"A scenario begins with {HEAD!r}, as in {_EXAMPLE}. Received: {received(text)}."
        )
    values: dict[str, Any] = {}
    changes: list[str] = []
    quiz = False
    for part in parts:
        if part == QUIZ:
            if quiz:
                raise _twice(QUIZ, text)
            quiz = True
        elif part.startswith("@"):
            changes.append(part)
        else:
            name, value = _field(part, text)
            if name in values:
                raise _twice(name, text)
            values[name] = value
    spec = RunSpec(**values)
    if changes:
        values["schedule"] = tuple(_changes(changes, spec, text, batches))
        spec = RunSpec(**values)
    return Scenario(spec, quiz, frozenset(values))


def _field(part: str, text: str) -> tuple[str, Any]:
    key, equals, value = part.partition("=")
    if equals and key in NAMES and value:
        return NAMES[key], value
    found = _NUMBER.fullmatch(part)
    if not found:
        raise _unknown(part, text)
    name, read = NUMBERS[found[1]]
    form, what = (WHOLE, "a whole number") if read is int else (DECIMAL, "a number")
    try:
        if form.fullmatch(found[2]):
            return name, read(found[2])
    except ValueError:  # more digits than Python reads
        pass
    raise DropvizError(
        f"In the scenario {received(text)} {name} must be {what}. Received: {received(part)}."
    )


def _twice(name: str, text: str, where: str = "") -> DropvizError:
    return DropvizError(f"The scenario {received(text)} gives {name} twice{where}. Leave one out.")


def _unknown(part: str, text: str) -> DropvizError:
    known = [*(f"{key}=" for key in NAMES), *NUMBERS, QUIZ]
    # What is far longer than any key is near to none.
    near = difflib.get_close_matches(part.partition("=")[0][:20], [*NAMES, QUIZ], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return DropvizError(
        f"In the scenario {received(text)} the part {received(part)} is not understood.{hint} "
        f"Known: {', '.join(known)}, @BATCH, @20%. As in {_EXAMPLE}."
    )


def _batch(at: str, spec: RunSpec, batches: int | None) -> int | None:
    """The batch that a change is at; None where it is written as neither batch nor share."""
    if _BATCH.fullmatch(at):
        return int(at)
    if _SHARE.fullmatch(at) and Fraction(at[:-1]) <= _WHOLE_PERCENT:
        whole = batches_of(spec.task, spec.epochs) if batches is None else batches
        return int(Fraction(at[:-1]) / _WHOLE_PERCENT * whole)
    return None


def _changes(parts: list[str], spec: RunSpec, text: str, batches: int | None) -> list[Change]:
    changes = []
    before = spec.start
    for part in parts:
        at, *what = part[1:].split(",")
        values: dict[str, Any] = {name: getattr(before, name) for name in (*RATES, "frozen")}
        given: set[str] = set()
        for each in what:
            freezes = each in ("freeze", "release")
            name, value = ("frozen", each == "freeze") if freezes else _field(each, text)
            if name in given:
                raise _twice(name, text, f" in {part!r}")
            given.add(name)
            if name not in values:
                raise DropvizError(
                    f"In the scenario {received(text)} {name} cannot change on the way. Received: "
                    f"{received(part)}. Only d, r, freeze and release can."
                )
            values[name] = value
        batch = _batch(at, spec, batches)
        if batch is None or not what:
            raise DropvizError(
                f"In the scenario {received(text)} a change is written @BATCH,d.3,r.1 or "
                f"@20%,d.3,r.1 with what changes. Received: {received(part)}."
            )
        before = Change(batch, **values)
        changes.append(before)
    return changes
