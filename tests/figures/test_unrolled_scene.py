from __future__ import annotations

from dropviz.core.setting import Setting
from dropviz.figures import unrolled_scene

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


def test_masks_that_are_not_known_to_multiply_say_so_and_name_no_line() -> None:
    scene = unrolled_scene.of_recording(recorded().compared(agrees=False))

    assert scene.doubtful
    assert all("was drawn for" in mask.says for mask in scene.masks)
    assert {mask.source for mask in scene.masks} == {""}
