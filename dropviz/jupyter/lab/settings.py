"""The settings of the lab: their names, what each is for, and what they ask for together."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace
from typing import Any

from dropviz.browser.tables import can_be_read
from dropviz.core.checks import check_rate
from dropviz.core.method_options import RATES
from dropviz.core.methods import METHODS
from dropviz.core.number_forms import MOST, MOST_SEED
from dropviz.core.scenario_string import Scenario, magic, parse
from dropviz.core.setting import Setting
from dropviz.core.spec import RunSpec
from dropviz.core.tasks import BATCH_SIZE
from dropviz.errors import is_known, unknown_name, visible

# The names that `hide` and `lock` take; those of the settings are RunSpec's.
SETTINGS = ("dropout", "recurrent_dropout", "method", "task", "units", "epochs", "seed")
SWITCHES = ("freeze", "quiz")
BUTTONS = ("train", "step", "pause", "stop", "reset")
MEASURES = ("cost", "verdict")  # buttons of two tabs
LIVE = ("dropout", "recurrent_dropout", "freeze")  # they act while it trains
NAMES = (*SETTINGS, *SWITCHES, "speed", *BUTTONS)
CHECKED = (*RATES, "method", "task", "speed", "scenario")
# The least and the most of what is a whole number; samples are counted from 1 there.
LIMITS: Mapping[str, tuple[int, int]] = {
    "units": (1, MOST),
    "epochs": (1, MOST),
    "seed": (0, MOST_SEED),
    "sample": (1, BATCH_SIZE),
}
SPEEDS: Mapping[str, float] = {"full": 0.0, "slow": 0.5}  # seconds from batch to batch, at least

_KEYS = "Arrow keys move it by 0.05, Page Up and Page Down by 0.1; or type a number."
TIPS: Mapping[str, str] = {
    "dropout": (
        f"Share of x_t that is dropped. Acts from the next batch on, also while it trains. {_KEYS}"
    ),
    "recurrent_dropout": (
        "Share of the method's other site that is dropped: in Keras h_(t-1). Acts from the next "
        f"batch on, also while it trains. {_KEYS}"
    ),
    "method": "Where dropout acts. keras is keras.layers.LSTM itself.",
    "task": "What the LSTM learns. Only what says so is downloaded, when it first trains.",
    "units": "Units of the LSTM.",
    "epochs": "Passes over the training data; leave it empty to train until you press Stop.",
    "seed": "The same seed gives the same training, to the bit.",
    "freeze": "Use one mask for all batches until it is released.",
    "quiz": "Train stops after two batches and asks what was dropped, before anything shows it.",
    "speed": "Full speed, or two batches a second, slow enough to follow by eye.",
    "train": "Train a fresh LSTM with these settings.",
    "step": "Train one batch, and wait.",
    "pause": "Wait before the next batch; press again to go on.",
    "stop": "End the training before the next batch. What was recorded is kept.",
    "reset": "Back to the settings that the panel began with.",
}


def checked(name: str, value: Any, tasks: Container[str]) -> Any:
    """Checks what a person, or a widget of theirs, moved a control to.

    Args:
        name: One of ``CHECKED``.
        value: Where to.
        tasks: Names of the tasks that there are.

    Returns:
        The value.

    Raises:
        DropvizError: If it is none that the control can have.
    """
    if name in RATES:
        return check_rate(name, value)
    if name == "scenario":
        checked("task", parse(value).spec.task, tasks)
        return value
    known: Any = {"method": METHODS, "task": tasks, "speed": SPEEDS}[name]
    if not is_known(value, known):
        raise unknown_name(name, value, known)
    return value


def says_epochs(scenario: str) -> bool:
    """Whether a scenario gives a number of epochs; else a training goes on until it is stopped."""
    return "epochs" in parse(scenario).given


def is_idle(method: str, own: RunSpec) -> bool:
    """Whether a method has nothing for ``recurrent_dropout`` to act on.

    Args:
        method: A key of ``METHODS``.
        own: Where the options of the method come from.
    """
    return bool(Setting(method, **options(method, own)).idle)


def options(method: str, own: RunSpec) -> dict[str, Any]:
    """The options of a method, which no control shows, as a spec has them."""
    return {name: getattr(own, name) for name in METHODS[method].options}


def scenario_of(values: Mapping[str, Any], own: RunSpec) -> Scenario:
    """What the controls ask for together.

    Args:
        values: What each of ``SETTINGS`` and ``SWITCHES`` shows; None epochs where the training
            is to go on until it is stopped.
        own: The spec that the panel was opened with: its epochs stand for those that are not
            said, its options and its schedule for what no control shows.

    Returns:
        The scenario. A rate that has nothing to act on counts as 0.

    Raises:
        DropvizError: If the settings cannot act together.
    """
    given = {name: values[name] for name in SETTINGS}
    if given["epochs"] is None:
        given["epochs"] = own.epochs
    if is_idle(given["method"], own):
        given["recurrent_dropout"] = 0.0
    spec = RunSpec(**given, **options(given["method"], own))
    if values["freeze"]:
        spec = replace(spec, schedule=(replace(spec.start, frozen=True),))
    elif spec == replace(own, schedule=()):
        spec = own
    return Scenario(spec, bool(values["quiz"]))


def note_of(spec: RunSpec, kept: float) -> str:
    """What the settings mean, in a sentence.

    Args:
        spec: The settings.
        kept: What the second slider shows, whether it acts or not.
    """
    if spec.method == "keras" and spec.recurrent_dropout:
        inputs = ", for the inputs too," if spec.dropout else ""
        return (
            f"recurrent_dropout above 0: Keras draws four masks, one for each gate{inputs} and "
            "cuDNN is ruled out."
        )
    if spec.method == "keras" and spec.dropout:
        return "recurrent_dropout is 0: one input mask serves all four gates."
    if spec.method == "keras":
        return ""
    waits = ""
    if kept and not spec.recurrent_dropout:
        waits = f" It has nothing for recurrent_dropout to act on; {kept:g} waits for another."
    return f"{spec.method} is a layer of dropviz with Keras's weights.{waits}"


def able_while(*, training: bool) -> dict[str, bool]:
    """Which controls can be moved or pressed, by their names.

    Args:
        training: Whether a training is under way.
    """
    live = (*LIVE, "speed", "step")
    able = {name: name in live or name in ("pause", "stop") or not training for name in NAMES}
    return able | dict.fromkeys(("pause", "stop"), training) | dict.fromkeys(MEASURES, not training)


def copies_of(scenario: Scenario, cut: str) -> dict[str, str]:
    """The lines that do the same elsewhere: magic, scenario, and page without Python, if it can.

    Args:
        scenario: What is repeated.
        cut: What they do beyond it; "" for nothing.
    """
    text = str(scenario)
    link = {"link": f"playground.html#{text}"} if can_be_read(scenario.spec) else {}
    return {"magic": magic(scenario.spec), "scenario": text, **link, "cut": cut}


def offers(tasks: Mapping[str, str]) -> dict[str, Any]:
    """What a front end offers, for its menus.

    Args:
        tasks: Names of tasks with a few words about each.
    """
    return {
        "tasks": [[name, visible(f"{name}: {title}")] for name, title in tasks.items()],
        "methods": list(METHODS),
        "speeds": list(SPEEDS),
        "tips": dict(TIPS),
        "limits": LIMITS,
    }
