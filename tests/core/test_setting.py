from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, asdict
from typing import Any

import numpy as np
import pytest

from dropviz.core.methods import METHODS
from dropviz.core.setting import Setting
from dropviz.errors import DropvizError, UnknownNameError

RATES = ("dropout", "recurrent_dropout", "zoneout_cell", "zoneout_hidden")
BOTH: dict[str, Any] = {"dropout": 0.25, "recurrent_dropout": 0.5}


def refused(**kwargs: Any) -> str:
    """What a setting that is refused says: one line."""
    with pytest.raises(DropvizError) as caught:
        Setting(**kwargs)
    said = str(caught.value)
    assert "\n" not in said
    assert said[0].isalpha()
    assert said.endswith((".", ".)"))
    return said


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("semenuita", "Did you mean 'semeniuta'?"),
        ("gal", "Did you mean 'gal-tied'?"),
        ("Zoneout", "Did you mean 'zoneout'?"),
        ("weightdrop", "Did you mean 'weight-drop'?"),
        ("xyzzy", "There is no method 'xyzzy'. Known:"),
        ("", "There is no method ''. Known:"),
        (None, "There is no method None."),
        (7, "There is no method 7. Known:"),
        (["moon"], "There is no method ['moon']."),
    ],
)
def test_an_unknown_method_is_answered_with_the_nearest(name: Any, hint: str) -> None:
    said = refused(method=name)

    assert hint in said
    assert all(repr(known) in said for known in METHODS)
    with pytest.raises(UnknownNameError):
        Setting(name)


@pytest.mark.parametrize("method", ["moon", "semeniuta"])
@pytest.mark.parametrize(
    ("name", "known"), [("life", ("step", "sequence")), ("scaling", ("inverted", "test-time"))]
)
@pytest.mark.parametrize("value", ["steps", "", "none", 1, ["step"]])
def test_an_unknown_life_or_scaling_is_answered_with_the_known_ones(
    method: str, name: str, known: tuple[str, str], value: Any
) -> None:
    said = refused(method=method, **{name: value})

    assert said == (f"{name} must be {known[0]!r} or {known[1]!r}. Received: {name}={value!r}.")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("option", "value", "able"),
    [
        ("life", "step", "moon, semeniuta"),
        ("scaling", "inverted", "moon, semeniuta"),
        ("zoneout_cell", 0.5, "zoneout"),
        ("zoneout_hidden", 0.0, "zoneout"),
    ],
)
def test_an_option_that_a_method_does_not_take_is_refused(
    method: str, option: str, value: Any, able: str
) -> None:
    if method in able.split(", "):
        assert getattr(Setting(method, **{option: value}), option) == value
        return

    said = refused(method=method, **{option: value})

    assert said == (
        f"Method {method!r} has no option {option}. Received: {option}={value!r}. "
        f"Methods that have it: {able}."
    )


def test_zaremba_masks_nothing_recurrent() -> None:
    said = refused(method="zaremba", **BOTH)

    assert "'zaremba' masks the inputs only" in said
    assert "Received: recurrent_dropout=0.5." in said
    assert Setting("zaremba", dropout=0.25, recurrent_dropout=0).dropout == 0.25


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"method": "zaremba"}, "masks the inputs only"),
        ({"method": "zoneout", "zoneout_cell": 0.5, "zoneout_hidden": 0.5}, "are both given"),
        ({"method": "zoneout", "zoneout_cell": 0.5}, ""),
        ({"method": "moon"}, ""),
    ],
)
def test_a_setting_says_why_the_second_rate_would_be_idle(
    given: dict[str, Any], words: str
) -> None:
    idle = Setting(**given).idle

    assert words in idle
    assert bool(words) == bool(idle)
    if words:
        assert refused(**given, recurrent_dropout=0.5) == idle.replace("{recurrent_dropout}", "0.5")
    else:
        assert Setting(**given, recurrent_dropout=0.5).recurrent_dropout == 0.5


@pytest.mark.parametrize("zones", [(0.1, 0.2), (0.0, 0.0)])
def test_zoneout_takes_two_of_its_three_rates(zones: tuple[float, float]) -> None:
    cell, hidden = zones

    said = refused(
        method="zoneout", zoneout_cell=cell, zoneout_hidden=hidden, recurrent_dropout=0.5
    )

    assert "both given, so recurrent_dropout has nothing to act on" in said
    assert "Leave one of the three out." in said


@pytest.mark.parametrize("name", RATES)
@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (math.nan, "Give a number"),
        (np.float32("nan"), "Give a number"),
        ("much", "Give a number"),
        (True, "Give a number"),
        ([0.5], "Give a number"),
        (-0.1, "Keras would silently use 0"),
        (-math.inf, "Keras would silently use 0"),
        (1, "Keras from 3.14 on would silently apply none"),
        (1.0, "Keras from 3.14 on would silently apply none"),
        (50, "Keras from 3.14 on would silently apply none"),
        (math.inf, "Keras from 3.14 on would silently apply none"),
        (10**400, "Keras from 3.14 on would silently apply none"),
    ],
    ids=str,
)
def test_a_bad_rate_is_refused(name: str, value: Any, advice: str) -> None:
    said = refused(method="zoneout", **{name: value})

    assert said.startswith(f"{name} must be at least 0 and below 1. Received: {name}=")
    assert advice in said


@pytest.mark.parametrize("name", ["dropout", "recurrent_dropout"])
def test_a_rate_of_none_is_refused_where_there_is_nothing_to_stand_in(name: str) -> None:
    assert f"Received: {name}=None." in refused(**{name: None})


# ---------------------------------------------------------------- what is taken


@pytest.mark.parametrize("method", METHODS)
def test_every_method_can_drop_nothing(method: str) -> None:
    setting = Setting(method)

    assert [rule.rate for rule in setting.rules] == [0.0] * len(METHODS[method].rules)
    assert setting.arguments == {}
    assert setting.row is METHODS[method]


@pytest.mark.parametrize(
    "rate", [0.5, np.float32(0.5), np.float64(0.5), "0.5", np.array(0.5)], ids=repr
)
def test_a_rate_becomes_a_plain_number(rate: Any) -> None:
    setting = Setting("zoneout", dropout=rate, zoneout_cell=rate)

    assert (setting.dropout, setting.zoneout_cell) == (0.5, 0.5)
    assert type(setting.dropout) is type(setting.zoneout_cell) is float


def test_settings_are_values() -> None:
    one, other = Setting("moon", **BOTH, life="step"), Setting("moon", **BOTH, life="step")

    assert one == other
    assert hash(one) == hash(other)
    assert one != Setting("moon", **BOTH)
    assert Setting(**asdict(one)) == one
    with pytest.raises(FrozenInstanceError):
        one.dropout = 0.1  # type: ignore[misc]


@pytest.mark.parametrize("method", ["naive", "gal-tied", "gal-untied", "weight-drop"])
def test_rules_carry_the_rates_and_nothing_else_is_changed(method: str) -> None:
    rules = Setting(method, **BOTH).rules

    assert [rule.rate for rule in rules] == [0.25, 0.5]
    for rule, plain in zip(rules, METHODS[method].rules, strict=True):
        assert (rule.site, rule.life, rule.tying, rule.scaling, rule.by_sample) == (
            plain.site,
            plain.life,
            plain.tying,
            plain.scaling,
            plain.by_sample,
        )


# keras.md 3.1: a recurrent rate, however small, unties the masks of the inputs.
@pytest.mark.parametrize(("recurrent", "tying"), [(0.0, "tied"), (1e-9, "untied"), (0.5, "untied")])
def test_keras_unties_its_input_masks_with_the_recurrent_rate(recurrent: float, tying: str) -> None:
    rules = Setting("keras", dropout=0.25, recurrent_dropout=recurrent).rules

    assert rules[0].tying == tying
    untied = Setting("gal-untied", dropout=0.25, recurrent_dropout=recurrent).rules
    assert untied[0].tying == "untied"


@pytest.mark.parametrize("method", ["moon", "semeniuta"])
@pytest.mark.parametrize("life", [None, "step", "sequence"])
@pytest.mark.parametrize("scaling", [None, "inverted", "test-time"])
def test_life_and_scaling_act_on_the_recurrent_site_alone(
    method: str, life: str | None, scaling: str | None
) -> None:
    paper = METHODS[method].rules

    inputs, recurrent = Setting(method, **BOTH, life=life, scaling=scaling).rules

    assert (inputs.life, inputs.scaling, inputs.rate) == ("step", "inverted", 0.25)
    assert recurrent.life == (life or paper[1].life)
    assert recurrent.scaling == (scaling or paper[1].scaling)
    assert recurrent.rate == 0.5


@pytest.mark.parametrize(
    ("given", "cell", "hidden"),
    [
        ({"recurrent_dropout": 0.3}, 0.3, 0.3),
        ({"zoneout_cell": 0.1}, 0.1, 0.0),
        ({"zoneout_hidden": 0.2}, 0.0, 0.2),
        ({"zoneout_cell": 0.1, "zoneout_hidden": 0.2}, 0.1, 0.2),
        ({"zoneout_cell": 0.1, "recurrent_dropout": 0.3}, 0.1, 0.3),
        ({"zoneout_hidden": 0.0, "recurrent_dropout": 0.3}, 0.3, 0.0),
    ],
)
def test_zoneout_takes_the_shared_rate_where_none_of_its_own_is_given(
    given: dict[str, float], cell: float, hidden: float
) -> None:
    rates = {rule.site: rule.rate for rule in Setting("zoneout", dropout=0.25, **given).rules}  # type: ignore[arg-type]

    assert rates == {"input": 0.25, "cell_update": cell, "hidden_update": hidden}


@pytest.mark.parametrize(
    "given",
    [
        {"dropout": 0.25},
        {"recurrent_dropout": 0.5},
        {**BOTH, "life": "step", "scaling": "inverted"},
        {},
    ],
)
def test_arguments_are_those_given_without_their_defaults(given: dict[str, Any]) -> None:
    assert Setting("moon", **given).arguments == given


def test_an_option_of_nothing_is_an_argument_all_the_same() -> None:
    zones = {"zoneout_cell": 0.0, "zoneout_hidden": 0.5}

    assert Setting("zoneout", dropout=0.0, **zones).arguments == zones  # type: ignore[arg-type]
