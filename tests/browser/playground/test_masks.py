"""The masks that the page draws: shares, lives and tying, by the tests of the recorder's masks."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from dropviz.browser.tables import tables
from dropviz.core.gates import LSTM_GATES
from dropviz.core.masks import Masks
from dropviz.core.methods import METHODS
from dropviz.core.setting import Setting
from dropviz.core.sites import SITES
from dropviz.errors import DropvizError

from .engines import Engine
from .every_setting import EVERY, named

TABLES = json.loads(json.dumps(tables()))
SIZES = {"samples": 12, "steps": 7, "features": 9, "units": 11}
BATCHES = 3


def plain(setting: Setting) -> dict[str, Any]:
    rates = {name: getattr(setting, name) for name in ("dropout", "recurrent_dropout")}
    return {"method": setting.method, **rates, **setting.options}


def recorded(engine: Engine, setting: Setting) -> tuple[dict[str, Masks], list[Any]]:
    """The masks of a few batches as a recording would have them, and what the page says of them."""
    batches = engine.ask(
        "draws", tables=TABLES, setting=plain(setting), sizes=SIZES, batches=BATCHES, seed=21
    )
    rates = {rule.site: rule.rate for rule in setting.rules}
    axes = ("steps", "gates", "samples", "units")
    found = {}
    for masks in zip(*batches, strict=True):
        site = masks[0]["site"]
        values = [np.reshape(each["values"], [each[axis] for axis in axes]) for each in masks]
        found[site] = Masks(
            layer="page",
            site=site,
            values=np.stack(values).astype(np.float32),
            rate=rates[site],
            gates=LSTM_GATES,
            time_steps=SIZES["steps"],
            batch_sizes=(SIZES["samples"],) * BATCHES,
            batches=tuple(range(BATCHES)),
        )
    return found, batches[0]


@pytest.mark.parametrize("setting", EVERY, ids=named)
def test_the_rules_are_those_of_the_setting(engine: Engine, setting: Setting) -> None:
    rules = engine.ask("rules", tables=TABLES, setting=plain(setting))["rules"]

    names = ("site", "life", "tying", "scaling", "by_sample", "rate")
    assert [tuple(rule[name] for name in names) for rule in rules] == [
        tuple(getattr(rule, name) for name in names) for rule in setting.rules
    ]
    pairs = zip(rules, setting.row.rules, strict=True)
    assert all(rule["argument"] == setting.argument(bare) for rule, bare in pairs)


def test_what_cannot_act_together_is_refused_in_the_same_words(engine: Engine) -> None:
    for given in (
        {"method": "zaremba", "recurrent_dropout": 0.5},
        {"method": "zoneout", "recurrent_dropout": 0.5, "zoneout_cell": 0.1, "zoneout_hidden": 0.1},
    ):
        with pytest.raises(DropvizError) as refused:
            Setting(**given)  # type: ignore[arg-type]
        blank = {"dropout": 0.0, "recurrent_dropout": 0.0} | dict.fromkeys(TABLES["options"])

        entry = engine.ask("rules", tables=TABLES, setting=blank | given)

        assert entry["rules"] == []
        assert entry["refused"].format(**given) == str(refused.value)


@pytest.mark.parametrize("setting", EVERY, ids=named)
def test_masks_live_and_are_tied_as_the_method_says(engine: Engine, setting: Setting) -> None:
    found, _ = recorded(engine, setting)

    assert set(found) == {rule.site for rule in setting.rules if rule.rate}
    for rule in setting.rules:
        masks = found.get(rule.site)
        if masks is None:
            continue
        low, high = masks.expected_range
        assert low <= masks.dropped <= high
        assert masks.scale == pytest.approx(rule.kept)
        assert masks.same_over_steps is (rule.life == "sequence")
        assert masks.same_over_samples is (not rule.by_sample)
        assert masks.same_over_batches is False
        if SITES[rule.site].gated:
            assert masks.same_over_gates is (rule.tying == "tied")


@pytest.mark.parametrize("method", METHODS)
def test_the_page_says_of_its_masks_what_the_recorder_would(engine: Engine, method: str) -> None:
    recurrent = 0.0 if method == "zaremba" else 0.4
    setting = Setting(method=method, dropout=0.3, recurrent_dropout=recurrent)
    found, said = recorded(engine, setting)

    for each in said:
        masks = found[each["site"]]
        assert each["dropped"] == pytest.approx(float((masks.of_batch(0) == 0).mean()))
        # None, where a recorder cannot say, is where gates have no part.
        for axis, same in each["shared"].items():
            assert getattr(masks, f"same_over_{axis}") in (same, None)


# ---------------------------------------------------------------- what they are drawn from


def test_random_numbers_repeat_and_are_spread_as_they_should_be(engine: Engine) -> None:
    one, again, other = (
        engine.ask("random", seed=seed, count=20_000, bound=7) for seed in (1, 1, 2**32 - 1)
    )
    uniform, normal = np.array(one["uniform"]), np.array(one["normal"])

    assert one == again
    assert one["uniform"] != other["uniform"]
    assert uniform.min() >= 0
    assert uniform.max() < 1
    # Five standard errors: less than once in a million seeds, and the seed is fixed.
    assert uniform.mean() == pytest.approx(0.5, abs=5 * np.sqrt(1 / 12 / uniform.size))
    assert np.corrcoef(uniform[:-1], uniform[1:])[0, 1] == pytest.approx(0, abs=5 / 141)
    assert normal.mean() == pytest.approx(0, abs=5 / 141)
    assert normal.std() == pytest.approx(1, abs=5 / 200)
    assert np.bincount(one["below"], minlength=7) == pytest.approx(20_000 / 7, rel=0.1)
    assert sorted(one["shuffled"]) == list(range(7))


def test_first_weights_are_spread_as_keras_s_are(engine: Engine) -> None:
    features, units, classes = 8, 32, 10
    sizes = {"features": features, "units": units, "classes": classes}
    made = {name: np.array(v) for name, v in engine.ask("initialise", sizes=sizes, seed=4).items()}

    for name, (rows, columns) in {"kernel": (8, 128), "head": (32, 10)}.items():
        limit = np.sqrt(6 / (rows + columns))
        assert np.abs(made[name]).max() <= limit
        assert made[name].std() == pytest.approx(limit / np.sqrt(3), rel=0.15)
    recurrent = made["recurrent"].reshape(units, 4 * units)
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(units), atol=1e-12)
    ones = np.repeat([0.0, 1.0, 0.0, 0.0], units)
    np.testing.assert_array_equal(made["bias"], ones)
    np.testing.assert_array_equal(made["headBias"], np.zeros(classes))
