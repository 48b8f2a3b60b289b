"""The experiment of dropviz.explain, on a layer whose calls the page's engine answers."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest

import dropviz
from dropviz.browser.tables import tables
from dropviz.core.setting import Setting
from dropviz.core.verdict import Verdict

from .engines import Engine, sequences, weights
from .every_setting import named, slow_cases
from .test_masks import plain

pytestmark = pytest.mark.slow
TABLES = json.loads(json.dumps(tables()))
# The names of one thing: both untied, with both rates above 0.
ALIKE = {"keras": "gal-untied"}


class PageLayer(keras.layers.Layer):  # type: ignore[misc]
    """A layer with an LSTM's weights that hands every call to the page's engine."""

    def __init__(self, engine: Engine, setting: Setting, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.engine, self.setting, self.units = engine, setting, units

    def build(self, shape: tuple[int | None, ...]) -> None:
        width = 4 * self.units
        for rows in ((shape[-1], width), (self.units, width), (width,)):
            self.add_weight(shape=rows)

    def call(self, x: Any, initial_state: Any = None, *, training: bool = False) -> Any:
        x = np.asarray(x, np.float64)
        outputs = self.engine.ask(
            "layer",
            weights=weights(*(np.asarray(w, np.float64) for w in self.get_weights())),
            x=sequences(x),
            states={
                name: np.asarray(state, np.float64).ravel().tolist()
                for name, state in zip("hc", initial_state or (), strict=False)
            },
            tables=TABLES,
            setting=plain(self.setting),
            training=bool(training),
            stream=named(self.setting),
        )
        steps = np.reshape(outputs, (x.shape[1], x.shape[0], self.units))
        return keras.ops.convert_to_tensor(steps[-1], "float32")


@pytest.mark.few("node-keras-r0.4", "node-zoneout-r0.4")
@pytest.mark.parametrize(("engine", "setting"), list(slow_cases()), indirect=["engine"])
def test_the_experiment_names_the_method_of_the_page(engine: Engine, setting: Setting) -> None:
    layer = PageLayer(engine, setting, units=8)
    layer.build((None, None, 6))

    verdict = dropviz.explain(layer)

    assert isinstance(verdict, Verdict)
    method = setting.method
    assert {verdict.method, *verdict.same_as} & {method, ALIKE.get(method, method)}
    assert verdict.differences == ()
    assert not verdict.active_at_inference
    for rule in setting.rules:
        if not rule.rate:
            continue
        found = verdict.sites[rule.site]
        low, high = found.rate_interval
        assert low <= rule.rate <= high
        assert (found.life, found.scaling) == (rule.life, rule.scaling)
        assert found.tying == rule.tying
