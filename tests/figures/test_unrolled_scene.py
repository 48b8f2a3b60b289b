from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dropviz.core.setting import Setting
from dropviz.core.trace_result import Trace
from dropviz.errors import DropvizError
from dropviz.figures import unrolled_scene

from .made import SETTINGS, of_setting, recorded
from .test_gates import traced

SAMPLE = 1


def opened(**changed: Any) -> Trace:
    """A pass opened: masks of a layer, and numbers of its size on the arrows."""
    given = {"steps": 5, "units": 6, "features": 4, "samples": 3, "batches": 1} | changed
    layer = of_setting(given.pop("setting", Setting("keras", 0.2, 0.5)), **given)
    random = np.random.default_rng(3)
    shape = given["samples"], given["steps"], given["units"]
    states: dict[str, Any] = {name: random.normal(size=shape) for name in ("h", "c", "outputs")}
    gates = {name: random.random(shape) for name in "ifgo"}
    x = random.normal(size=(*shape[:2], given["features"]))
    return replace(traced(), layer="lstm", x=x, masks=layer, gates=gates, **states)


@pytest.mark.parametrize(
    ("name", "column", "carried"),
    [("x", 1, lambda t: t.x[SAMPLE, 1]), ("h", 2, lambda t: t.h[SAMPLE, 1])],
)
def test_an_arrow_of_an_opened_pass_tells_before_and_after_for_each_gate(
    name: str, column: int, carried: Any
) -> None:
    trace = opened()
    scene = unrolled_scene.of_trace(trace, SAMPLE)

    arrow, mask = scene.arrow(name, column), scene.mask_on(name, column)

    assert arrow is not None
    assert mask is not None
    np.testing.assert_array_equal(arrow.before, carried(trace))
    assert mask.factor == pytest.approx(trace.masks[mask.site].scale)
    for kept, after in zip(mask.kept, arrow.after or (), strict=True):
        # float32 masks, and numbers of either sign.
        expected = np.array(arrow.before, float) * np.array(kept, float) * mask.factor
        np.testing.assert_allclose(after, expected, rtol=1e-6)


def test_an_arrow_without_a_mask_tells_what_it_carries() -> None:
    trace = opened()

    arrow = unrolled_scene.of_trace(trace).arrow("c", 1)

    assert arrow is not None
    assert (arrow.mask, arrow.after) == (None, None)
    np.testing.assert_array_equal(arrow.before, trace.c[0, 0])


@pytest.mark.parametrize("method", ["zoneout", "moon", "weight-drop"])
def test_what_went_into_a_mask_is_not_told_where_it_is_not_known(method: str) -> None:
    scene = unrolled_scene.of_trace(opened(setting=SETTINGS[method]))
    unknown = {"cell", "hidden_update", "cell_update", "recurrent_kernel"}

    for arrow in scene.arrows:
        hidden = arrow.mask is not None and scene.masks[arrow.mask].site in unknown
        assert (arrow.before is None) == hidden


def test_a_pass_with_dropout_off_has_no_masks() -> None:
    trace = opened()
    off = replace(trace, proof=replace(trace.proof, training=False))

    scene = unrolled_scene.of_trace(off)

    assert scene.masks == ()
    assert all(arrow.mask is None for arrow in scene.arrows)


@pytest.mark.parametrize("sample", [-1, 3])
def test_a_sample_that_the_pass_has_not_is_refused(sample: int) -> None:
    with pytest.raises(DropvizError, match=f"no sample {sample}. Expected 0 to 2"):
        unrolled_scene.of_trace(opened(), sample)


def test_a_plan_holds_no_number_and_knows_how_many_units_there_will_be() -> None:
    scene = unrolled_scene.of_plan(Setting("keras", 0.2, 0.5), 32, 28, 9)
    sizes = {mask.site: mask.units for mask in scene.masks}

    assert scene.planned
    assert sizes == {"input": 28, "recurrent": 32}
    for mask in scene.masks:
        assert len(mask.kept) == 4
        assert {each for values in mask.kept for each in values} == {None}
        assert " will multiply " in mask.says


def test_masks_stand_in_the_order_of_their_letters() -> None:
    scene = unrolled_scene.of_recording(recorded(steps=60, life="step"))

    letters = [mask.letter for mask in scene.masks]

    assert letters == sorted(letters, key=lambda each: (int(each[1:] or 0), each[0]))
    assert {arrow.mask for arrow in scene.arrows} == {None, *range(len(letters))}


def test_masks_that_are_not_known_to_multiply_say_so_and_name_no_line() -> None:
    scene = unrolled_scene.of_recording(recorded().compared(agrees=False))

    assert scene.doubtful
    assert all("was drawn for" in mask.says for mask in scene.masks)
    assert {mask.source for mask in scene.masks} == {""}
