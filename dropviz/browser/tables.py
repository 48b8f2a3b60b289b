"""The tables and words of dropviz as plain data, for the page that needs no Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import product
from typing import Any

from dropviz.core import masks, quiz_questions, scenario_string, sentences
from dropviz.core.gates import LSTM_GATES, NAMES
from dropviz.core.method_options import OPTIONS, RATES
from dropviz.core.methods import METHODS, Method, Rule
from dropviz.core.number_forms import MOST, MOST_SEED
from dropviz.core.setting import Setting
from dropviz.core.sites import MASKABLE, SITES
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import BATCH_SIZE, TASKS, load_task
from dropviz.figures import alt_text, cell_geometry, cell_scene, colours, curves_scene
from dropviz.figures.keras_lines import lines_of
from dropviz.figures.scene import plain_data

Plain = dict[str, Any]

_SOME = 0.5  # any rate would do: only whether there is one counts
_FIELDS = {
    *(name for name, _ in scenario_string.NUMBERS.values()),
    *scenario_string.NAMES.values(),
}
ON_THE_PAGE = ("digits", "temporal-order")
MOST_UNITS = 128  # of more a page would train too slowly to be looked at


def can_be_read(spec: RunSpec) -> bool:
    """Whether the page takes a scenario of these settings in its address.

    Args:
        spec: The settings.
    """
    return spec.task in ON_THE_PAGE and spec.units <= MOST_UNITS and not spec.schedule


def tables() -> Plain:
    """The tables, ready for JSON.

    Returns:
        By name: methods, with the rules of each for every choice of options; sites, options,
        gates, tasks, colours; what pictures are made of; the keys of scenario strings; and words.
    """
    return {
        "methods": {name: _method(method) for name, method in METHODS.items()},
        "sites": {name: asdict(SITES[name]) for name in MASKABLE},
        "options": {name: asdict(option) for name, option in OPTIONS.items()},
        "rates": RATES,
        "gates": [{"letter": gate, "name": NAMES[gate]} for gate in LSTM_GATES],
        "tasks": {name: _task(name) for name in ON_THE_PAGE},
        "batchSize": BATCH_SIZE,
        "limits": {"units": MOST_UNITS, "epochs": MOST, "seed": MOST_SEED},
        "defaults": {name: value for name, value in asdict(RunSpec()).items() if name in _FIELDS},
        "scenario": _scenario(),
        "colours": {"arguments": list(colours.ARGUMENTS), "shades": len(colours.SHADES)},
        "curves": {"lines": plain_data(curves_scene.LINES), "caption": curves_scene.MEASURED},
        "cell": _cell(),
        "kerasLines": lines_of("LSTM"),
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
        "equation": method.equation,
        "misuse": method.misuse,
        "options": method.options,
        "entries": dict(_entries(method)),
    }


def _entries(method: Method) -> Iterator[tuple[str, Plain]]:
    """What a method does for each choice of its options, or why it cannot."""
    for given, recurrent in _choices(method):
        key = _key(method, given, recurrent)
        setting = Setting(method.name, _SOME, **given)
        if recurrent and setting.idle:
            yield key, {"refused": setting.idle}
        else:
            setting = replace(setting, recurrent_dropout=recurrent)
            yield key, {"rules": [_rule(setting, *pair) for pair in _pairs(setting)]}


def _choices(method: Method) -> Iterator[tuple[Plain, float]]:
    """Every choice of a method's options, with and without ``recurrent_dropout``."""
    choices = [(None, *(OPTIONS[name].choices or (_SOME,))) for name in method.options]
    for *chosen, recurrent in product(*choices, (0.0, _SOME)):
        yield dict(zip(method.options, chosen, strict=True)), recurrent


def _pairs(setting: Setting) -> Iterator[tuple[Rule, Rule]]:
    """Each rule with its rate filled in, and as the table has it."""
    return zip(setting.rules, setting.row.rules, strict=True)


def _rule(setting: Setting, filled: Rule, bare: Rule) -> Plain:
    # Where the argument of the table is not given, another stands in for it.
    argument = setting.argument(bare)
    return {
        **{name: value for name, value in asdict(filled).items() if name != "rate"},
        "argument": argument,
        **({"own": filled.argument} if filled.argument != argument else {}),
    }


def _cell() -> Plain:
    """The drawing of the cell; by site and tying what is masked, in words too; and outlines."""
    drawn = plain_data(cell_scene.of_settings("keras"))
    masking: dict[str, dict[str, Plain]] = {}
    for rule in (rule for method in METHODS.values() for rule in _every_rule(method)):
        known = masking.setdefault(rule.site, {}).setdefault(
            rule.tying,
            {"edges": cell_geometry.edges(rule), "marks": cell_geometry.marks(rule), "says": {}},
        )
        key = f"{rule.life} {rule.scaling} {str(rule.by_sample).lower()}"
        known["says"][key] = cell_scene.words(replace(rule, rate=0.0))
    ways = [name for name, edge in cell_geometry.EDGES.items() if edge.says]
    subsets = [
        [way for way, on in zip(ways, chosen, strict=True) if on]
        for chosen in product((False, True), repeat=len(ways))
    ]
    return {
        "drawing": {name: drawn[name] for name in ("size", "edges", "dots", "nodes")},
        "masking": masking,
        "outlines": [{"ways": each, "outline": cell_geometry.box(set(each))} for each in subsets],
    }


def _every_rule(method: Method) -> Iterator[Rule]:
    """The rules of a method with every choice of its options."""
    for given, recurrent in _choices(method):
        setting = Setting(method.name, _SOME, **given)
        if not (recurrent and setting.idle):
            yield from replace(setting, recurrent_dropout=recurrent).rules


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
        "arrows": alt_text.NAMES,
        "quiz": {
            "words": quiz_questions.WORDS,
            "next": quiz_questions.NEXT,
            "shared": quiz_questions.SHARED,
            "apart": quiz_questions.APART,
            "units": quiz_questions.UNITS,
        },
    }
