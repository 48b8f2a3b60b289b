"""The tables and words of dropviz as plain data, for the page that needs no Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import product
from typing import Any

from dropviz.core import masks, quiz_questions, scenario_string, sentences
from dropviz.core.gates import LSTM_GATES, NAMES
from dropviz.core.method_options import OPTIONS, RATES
from dropviz.core.methods import METHODS, Method, Rule
from dropviz.core.number_forms import MOST_SEED
from dropviz.core.setting import Setting
from dropviz.core.sites import MASKABLE, SITES
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import BATCH_SIZE, TASKS, load_task
from dropviz.errors import DropvizError
from dropviz.figures import colours
from dropviz.figures.curves_scene import LINES

Plain = dict[str, Any]

# Any rate would do: only whether there is one counts. Of this one the digits are found again.
_SOME = 0.53125
_FIELDS = {
    *(name for name, _ in scenario_string.NUMBERS.values()),
    *scenario_string.NAMES.values(),
}
ON_THE_PAGE = ("digits", "temporal-order")
MOST_UNITS = 128  # of more a page would train too slowly to be looked at


def tables() -> Plain:
    """The tables, ready for JSON.

    Returns:
        By name: methods, with the rules of each for every choice of options; sites, options,
        gates, tasks, colours; the keys of scenario strings; and words.
    """
    return {
        "methods": {name: _method(method) for name, method in METHODS.items()},
        "sites": {name: asdict(SITES[name]) for name in MASKABLE},
        "options": {name: asdict(option) for name, option in OPTIONS.items()},
        "rates": RATES,
        "gates": [{"letter": gate, "name": NAMES[gate]} for gate in LSTM_GATES],
        "tasks": {name: _task(name) for name in ON_THE_PAGE},
        "batchSize": BATCH_SIZE,
        "limits": {"units": MOST_UNITS, "seed": MOST_SEED},
        "defaults": {name: value for name, value in asdict(RunSpec()).items() if name in _FIELDS},
        "scenario": _scenario(),
        "colours": {
            "arguments": {name: light for name, (light, _) in colours.ARGUMENTS.items()},
            "darker": colours.SHADES,
            "curves": [{**asdict(line), "colour": colours.TONES[line.tone][0]} for line in LINES],
        },
        "words": _words(),
    }


def _key(method: Method, options: Plain, recurrent: float) -> str:
    """Which of a method's entries a choice of options has: methods.js makes the same."""
    parts = []
    for name in method.options:
        value = options[name]
        parts.append("-" if value is None else value if OPTIONS[name].choices else "given")
    return " ".join([*parts, "recurrent" if recurrent else "-"])


def _method(method: Method) -> Plain:
    return {
        "title": method.title,
        "paper": method.paper,
        "link": method.link,
        "summary": method.summary,
        "misuse": method.misuse,
        "options": method.options,
        "entries": dict(_entries(method)),
    }


def _entries(method: Method) -> Iterator[tuple[str, Plain]]:
    """What a method does for each choice of its options, or why it cannot."""
    choices = [(None, *(OPTIONS[name].choices or (_SOME,))) for name in method.options]
    for *chosen, recurrent in product(*choices, (0.0, _SOME)):
        given: Plain = dict(zip(method.options, chosen, strict=True))
        key = _key(method, given, recurrent)
        try:
            setting = Setting(method.name, _SOME, recurrent, **given)
        except DropvizError as error:
            yield key, {"refused": str(error).replace(str(_SOME), "{recurrent_dropout}")}
        else:
            yield key, {"rules": [_rule(setting, *pair) for pair in _pairs(setting)]}


def _pairs(setting: Setting) -> Iterator[tuple[Rule, Rule]]:
    """Each rule with its rate filled in, and as the table has it."""
    return zip(setting.rules, setting.row.rules, strict=True)


def _rule(setting: Setting, filled: Rule, bare: Rule) -> Plain:
    # Where the argument of the table is not given, another stands in for it.
    return {
        **{name: value for name, value in asdict(filled).items() if name != "rate"},
        "argument": setting.argument(bare),
    }


def _task(name: str) -> Plain:
    entry, task = TASKS[name], load_task(name)
    return {
        "title": entry.title,
        "needs": entry.needs,
        "source": entry.source,
        "samples": entry.samples,
        "steps": entry.steps,
        "features": entry.features,
        "classes": task.outputs,
        "learningRate": task.learning_rate,
        "guess": dict(task.guess),
    }


def _scenario() -> Plain:
    return {
        "head": scenario_string.HEAD,
        "numbers": {
            key: {"name": name, "whole": read is int}
            for key, (name, read) in scenario_string.NUMBERS.items()
        },
        "names": scenario_string.NAMES,
        "order": scenario_string.ORDER,
        "quiz": scenario_string.QUIZ,
    }


def _words() -> Plain:
    return {
        "sentences": sentences.WORDS,
        "lives": sentences.LIVES,
        "ties": sentences.TIES,
        "samples": {str(shared).lower(): said for shared, said in sentences.SAMPLES.items()},
        "sharing": masks.SHARING,
        "differs": masks.DIFFERS,
        "quiz": {
            "words": quiz_questions.WORDS,
            "next": quiz_questions.NEXT,
            "shared": quiz_questions.SHARED,
            "apart": quiz_questions.APART,
            "units": quiz_questions.UNITS,
        },
    }
