from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.opened_batch import OpenedBatch
from dropviz.core.setting import Setting
from dropviz.figures import unrolled_scene
from dropviz.figures.arrow_numbers import with_numbers
from dropviz.figures.unrolled_parts import UnrolledScene

from .made import SETTINGS, of_setting

SAMPLE, STEPS, UNITS, FEATURES = 1, 5, 6, 4


def opened(layer: LayerRecording, steps: int = STEPS) -> OpenedBatch:
    """A sequence of a layer's last batch, with numbers of its size on the arrows."""
    random = np.random.default_rng(3)
    each: dict[str, Any] = {name: random.normal(size=(steps, UNITS)) for name in "ifgohc"}
    x = random.normal(size=(steps, FEATURES))
    return OpenedBatch(
        batch=0,
        sample=SAMPLE,
        index=0,
        data=x,
        target=np.zeros(1),
        answer=np.zeros(1),
        x=x,
        masks={
            site: masks.of_batch()[:, :, min(SAMPLE, masks.shape[3] - 1)]
            for site, masks in layer.items()
        },
        gates={name: each[name] for name in "ifgo"},
        h=each["h"],
        c=each["c"],
    )


def numbered(setting: Setting, steps: int = STEPS) -> tuple[UnrolledScene, OpenedBatch]:
    layer = of_setting(setting, steps=steps, units=UNITS, features=FEATURES, samples=3, batches=1)
    sequence = opened(layer, steps)
    scene = unrolled_scene.of_recording(layer, sample=SAMPLE)
    return with_numbers(scene, sequence), sequence


@pytest.mark.parametrize(
    ("name", "column", "carried"), [("x", 1, lambda o: o.x[1]), ("h", 2, lambda o: o.h[1])]
)
def test_an_arrow_tells_before_and_after_for_each_gate(
    name: str, column: int, carried: Any
) -> None:
    scene, sequence = numbered(Setting("keras", 0.2, 0.5))

    arrow, mask = scene.arrow(name, column), scene.mask_on(name, column)

    assert arrow is not None
    assert mask is not None
    assert len(arrow.after or ()) == 4
    # Numbers are rounded to four digits, before and after: by half of the last, scaled.
    np.testing.assert_allclose(arrow.before or (), carried(sequence), atol=5e-5)
    for kept, after in zip(mask.kept, arrow.after or (), strict=True):
        expected = carried(sequence) * np.array(kept, float) * mask.factor
        np.testing.assert_allclose(after, expected, atol=1e-4)


def test_an_arrow_without_a_mask_tells_what_it_carries() -> None:
    scene, sequence = numbered(Setting("keras", 0.2, 0.5))

    arrow = scene.arrow("c", 1)

    assert arrow is not None
    assert (arrow.mask, arrow.after) == (None, None)
    np.testing.assert_allclose(arrow.before or (), sequence.c[0], atol=5e-5)


@pytest.mark.parametrize("method", ["zoneout", "moon", "weight-drop"])
def test_what_went_into_a_mask_is_not_told_where_it_is_not_known(method: str) -> None:
    scene, _ = numbered(SETTINGS[method])
    unknown = {"cell", "hidden_update", "cell_update", "recurrent_kernel"}

    for arrow in scene.arrows:
        hidden = arrow.mask is not None and scene.masks[arrow.mask].site in unknown
        assert (arrow.before is None) == hidden


@pytest.mark.parametrize("method", ["keras", "gal-tied", "naive"])
def test_the_state_that_a_layer_was_called_with_is_not_taken_from_its_last_step(
    method: str,
) -> None:
    scene, _ = numbered(SETTINGS[method], steps=1)

    into_first = scene.arrow("h", 0)
    assert into_first is not None
    assert (into_first.before, into_first.after) == (None, None)
    # What goes up is known.
    up = scene.arrow("up", 0)
    assert up is not None
    assert up.before is not None
