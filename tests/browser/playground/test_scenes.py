"""The page's picture of where masks act has the letters and shades of the one in Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from dropviz.browser.tables import tables
from dropviz.core.gates import LSTM_GATES
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.sentences import answer
from dropviz.core.setting import Setting
from dropviz.figures import colours
from dropviz.figures.mask_letters import arrows, marks, steps_drawn

from .engines import Engine
from .every_setting import EVERY, named
from .test_masks import plain

TABLES = json.loads(json.dumps(tables()))
# So many features and units that no two masks are equal by luck.
SIZES = {"samples": 3, "steps": 7, "features": 64, "units": 64}
SAMPLE = 1


def recorded(setting: Setting, masks: list[dict[str, Any]]) -> LayerRecording:
    rates = {rule.site: rule.rate for rule in setting.rules}
    sites: Mapping[str, Masks] = {
        each["site"]: Masks(
            layer="lstm",
            site=each["site"],
            values=np.reshape(
                each["values"], [1, *(each[a] for a in ("steps", "gates", "samples", "units"))]
            ),
            rate=rates[each["site"]],
            gates=LSTM_GATES,
            time_steps=SIZES["steps"],
            batch_sizes=(SIZES["samples"],),
            batches=(0,),
        )
        for each in masks
    }
    return LayerRecording("lstm", "LSTM", SIZES["units"], 1, sites, setting=setting)


@pytest.mark.parametrize("setting", EVERY, ids=named)
def test_arrows_carry_the_letters_shades_and_masks_of_python_s_picture(
    engine: Engine, setting: Setting
) -> None:
    seen = engine.ask(
        "unrolled",
        tables=TABLES,
        setting=plain(setting),
        sizes=SIZES,
        seed=5,
        sample=SAMPLE,
        columns=4,
    )
    layer = recorded(setting, seen["masks"])
    found = marks(layer, 0, SAMPLE)
    shown = steps_drawn(SIZES["steps"])
    expected = [
        (arrow, site, found[site, step])
        for arrow, site, step in arrows(shown)
        if (site, step) in found
    ]

    scene = seen["scene"]
    drawn = [(each["arrow"], each["mark"]) for each in scene["marks"]]
    assert scene["shown"] == shown
    assert [(arrow, mark["site"], mark["letter"]) for arrow, mark in drawn] == [
        (arrow, site, mark.letter) for arrow, site, mark in expected
    ]
    for (_, mine), (_, _, its) in zip(drawn, expected, strict=True):
        assert colours.colour_of(mine["argument"], mine["shade"]) == its.colour
        if not mine["side"]:
            np.testing.assert_array_equal(mine["gates"], its.mask[:, :8] > 0)
    for masks in layer.values():
        assert answer(masks, setting.argument_at(masks.site)) in scene["alt"]
