from __future__ import annotations

import pytest

from dropviz.core.masks import Array, Masks
from dropviz.core.setting import Setting
from dropviz.figures import unrolled_scene
from dropviz.figures.mask_letters import marks

from .made import recorded


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


@pytest.mark.parametrize("life", ["step", "sequence"])
def test_each_site_s_masks_are_read_once_however_many_steps_there_are(
    life: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer, read, of_batch = recorded(steps=40, life=life), list[str](), Masks.of_batch

    def counted(masks: Masks, batch: int = -1) -> Array:
        read.append(masks.site)
        return of_batch(masks, batch)

    monkeypatch.setattr(Masks, "of_batch", counted)
    found = marks(layer, -1, 0)

    assert sorted(read) == sorted(layer)
    letters = {
        site: {mark.letter for (of, _), mark in found.items() if of == site} for site in layer
    }
    assert {len(each) for each in letters.values()} == {40 if life == "step" else 1}


def test_masks_that_are_not_known_to_multiply_say_so_and_name_no_line() -> None:
    scene = unrolled_scene.of_recording(recorded().compared(agrees=False))

    assert scene.doubtful
    assert all("was drawn for" in mask.says for mask in scene.masks)
    assert {mask.source for mask in scene.masks} == {""}
