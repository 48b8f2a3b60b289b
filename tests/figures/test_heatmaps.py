from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PathCollection

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Array
from dropviz.errors import DropvizError
from dropviz.figures.heatmaps import atlas
from dropviz.figures.theme import Picture

from .heat_drawn import heatmaps, numbers, title_of
from .made import (
    GATES,
    KINDS,
    NOT_DROPPED,
    ONE_STEP,
    SETTINGS,
    Drawn,
    Kind,
    called_often,
    cut_off,
    nothing_kept,
    of_setting,
    overlaps,
    recorded,
    texts,
    words,
)
from .test_theme import luminance


def panels(picture: Picture) -> list[Any]:
    """What each heatmap shows: 1 where kept, 0 where dropped, shape (samples, units)."""
    return [each.shown for each in heatmaps(picture)]


def titles_of(picture: Picture) -> list[str]:
    return [title_of(picture, each) for each in heatmaps(picture)]


def crosses_of(picture: Picture) -> list[Any]:
    """The crosses of each heatmap; the signs below are drawn last."""
    (page,) = picture.axes
    marks: list[Any] = page.findobj(PathCollection)
    return marks[: len(heatmaps(picture))]


def cut(values: Array) -> Any:
    """The masks that fit: shape (gates, samples, units) in, the same out."""
    return values[:, :16, :32]


# ---------------------------------------------------------------- what is drawn


@pytest.mark.parametrize("kind", GATES)
def test_there_is_a_heatmap_for_each_site_and_gate(kind: str) -> None:
    assert len(panels(atlas(recorded(kind=kind)))) == 2 * len(GATES[kind])


@pytest.mark.parametrize("name", ["lstm", "gru", "simple rnn", "200 units", "200 samples"])
@pytest.mark.parametrize("batch", [0, -1])
def test_the_heatmaps_show_the_masks_of_the_batch(name: str, batch: int) -> None:
    layer = recorded(KINDS[name])
    expected = [gate for masks in layer.values() for gate in cut(masks.of_batch(batch)[0])]

    drawn = panels(atlas(layer, batch))

    assert len(drawn) == len(expected)
    for panel, mask in zip(drawn, expected, strict=True):
        np.testing.assert_array_equal(panel, mask > 0)


def test_a_cross_marks_every_unit_that_is_dropped_and_no_other() -> None:
    layer = recorded(units=40, samples=20)
    expected = [gate for masks in layer.values() for gate in cut(masks.of_batch(-1)[0])]

    picture = atlas(layer)

    for panel, marks, mask in zip(heatmaps(picture), crosses_of(picture), expected, strict=True):
        places = [panel.cell(*place) for place in marks.get_offsets()]
        assert sorted(places) == [tuple(place) for place in np.argwhere(mask == 0).tolist()]


def test_the_smaller_last_batch_has_no_empty_rows() -> None:
    layer = recorded(samples=4)
    for masks in layer.values():
        masks.values[-1, :, :, 2:] = np.nan
        object.__setattr__(masks, "batch_sizes", (4, 2))

    assert {panel.shape[0] for panel in panels(atlas(layer))} == {2}


def test_gates_are_named_in_keras_s_order() -> None:
    titles = titles_of(atlas(recorded()))

    assert titles[:4] == ["i  input gate", "f  forget gate", "g  candidate", "o  output gate"]
    assert titles[4:] == titles[:4]


def test_a_tied_mask_is_drawn_once_and_says_for_which_gates() -> None:
    assert titles_of(atlas(recorded(tied=True))) == ["one mask for all gates: i f g o"] * 2


@pytest.mark.parametrize("site", ["input", "recurrent"])
def test_one_unit_or_one_feature_has_its_heatmap_too(site: str) -> None:
    changed: dict[str, Any] = {"features": 1} if site == "input" else {"units": 1}

    assert len(panels(atlas(recorded(**changed)))) == 8


def test_a_row_says_what_was_measured() -> None:
    layer = recorded()

    said = words(atlas(layer))

    for masks in layer.values():
        assert f"{masks.dropped:.1%} dropped, rate 0.4; {'; '.join(masks.sharing)}" in said


def test_the_heading_says_which_batch() -> None:
    assert "Masks of lstm as used in batch 49 of 50 (4 samples)" in words(atlas(recorded(), 0))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(Kind(rates=(0, 0.4)), NOT_DROPPED), (Kind(steps=1), ONE_STEP)],
    ids=["no rate", "one step"],
)
def test_a_site_that_drops_nothing_says_why_in_full(kind: Kind, reason: str) -> None:
    picture = atlas(recorded(kind))

    assert reason in words(picture)
    assert reason in picture.alt
    assert len(panels(picture)) == 4


# ---------------------------------------------------------------- every method


@pytest.mark.few(7)
@pytest.mark.parametrize("name", SETTINGS)
def test_every_site_of_a_method_has_its_name_and_its_heatmaps(name: str) -> None:
    layer = of_setting(SETTINGS[name])
    picture = atlas(layer)
    # The labels of axes are a word: of x "input", and of all others "unit".
    titles = [each.text.split()[0] for each in texts(picture) if " " in each.text]
    labels = Counter(each.text for each in texts(picture))

    for site in layer:
        assert titles.count(site) == 1
    drops = [site for site in layer if not layer[site].reason]
    assert (labels["input"] > 0) == ("input" in drops)
    assert (labels["unit"] > 0) == bool(set(drops) - {"input", "recurrent_kernel"})
    assert len(panels(picture)) == sum(m.shape[2] for m in layer.values() if not m.reason)


@pytest.mark.parametrize("units", [5, 8, 40])
def test_the_masks_of_weights_are_matrices(units: int) -> None:
    layer = of_setting(SETTINGS["weight drop alone"], units=units)
    matrices = layer["recurrent_kernel"].of_batch()[0, :, 0].reshape(4, units, units)

    drawn = panels(atlas(layer))

    for panel, matrix in zip(drawn, matrices, strict=True):
        np.testing.assert_array_equal(panel, matrix[:16, :32] > 0)


def test_the_matrices_name_what_runs_down_and_across() -> None:
    said = words(atlas(of_setting(SETTINGS["weight drop alone"], units=8)))

    assert said.count("from unit") == 1
    assert said.count("to unit") == 4


def test_masks_that_live_for_a_step_run_down_the_steps() -> None:
    layer = of_setting(SETTINGS["semeniuta alone"], steps=6)

    (panel,) = panels(atlas(layer))

    np.testing.assert_array_equal(panel, layer["candidate"].of_batch()[:, 0, 0] > 0)


def test_a_site_without_gates_says_what_it_is_instead() -> None:
    picture = atlas(of_setting(SETTINGS["zoneout alone"]))

    assert titles_of(picture) == [
        "the update of c: a dropped unit keeps c_(t-1)",
        "the update of h: a dropped unit keeps h_(t-1)",
    ]


# ---------------------------------------------------------------- alt text and colours


def test_the_alt_text_tells_the_shares_and_what_is_shared() -> None:
    layer = recorded()

    alt = atlas(layer).alt

    assert alt.startswith("Mask heatmaps of lstm, batch 50. ")
    for masks in layer.values():
        assert f"{masks.dropped:.1%} dropped" in alt
        assert masks.sentence in alt


def test_masks_that_are_not_known_to_multiply_are_marked_so() -> None:
    picture = atlas(recorded().compared(agrees=False))

    assert "drawn, NOT known to multiply, in batch" in words(picture)
    assert "is not known" in picture.alt


def test_kept_and_dropped_differ_in_a_grey_print() -> None:
    mesh = heatmaps(atlas(recorded()))[0].mesh

    dropped, kept = (luminance(colour[:3]) for colour in mesh.to_rgba(np.array([0, 1])))

    assert dropped - kept > 0.5


def test_a_cross_stands_out_from_its_square_in_a_grey_print() -> None:
    picture = atlas(recorded())

    ground = luminance(heatmaps(picture)[0].mesh.to_rgba(np.array([0]))[0, :3])
    cross = luminance(crosses_of(picture)[0].get_edgecolor()[0, :3])

    assert ground - cross > 0.3


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("batches", [0, 5])
def test_nothing_to_draw_is_said_with_the_reason(batches: int) -> None:
    with pytest.raises(DropvizError, match=r"'lstm' has no recorded batch.*larger than budget_mib"):
        atlas(nothing_kept(batches))


@pytest.mark.parametrize("batch", [2, -3])
def test_a_batch_that_is_not_there_is_refused(batch: int) -> None:
    with pytest.raises(DropvizError, match="batch"):
        atlas(recorded(batches=2), batch)


# ---------------------------------------------------------------- layout


# Kinds of layers, and the methods of dropviz.LSTM.
CASES = {name: recorded(kind) for name, kind in KINDS.items()} | {
    f"setting: {name}": of_setting(setting) for name, setting in SETTINGS.items()
}


@cache
def drawn(name: str) -> tuple[Picture, list[Drawn]]:
    """Draws a case once: the picture and its texts."""
    picture = atlas(CASES[name])
    return picture, texts(picture)


# The same for each test, as each is drawn once.
FEW = (
    *("setting: keras", "setting: zoneout of h alone", "setting: weight-drop", "gru"),
    *("200 units", "long rates", "500 steps, new masks at each"),
)


@pytest.mark.few(*FEW)
@pytest.mark.parametrize("name", CASES)
def test_no_text_is_cut_off(name: str) -> None:
    picture, found = drawn(name)

    assert cut_off(found, picture.size) == []


def test_a_layer_called_often_in_a_batch_says_which_call_it_shows_and_fits() -> None:
    picture = atlas(called_often())
    found = texts(picture)

    assert any("batch 12,345 of 12,345, call 100 of the layer" in each.text for each in found)
    assert cut_off(found, picture.size) == []
    assert overlaps(found) == []


@pytest.mark.few(*FEW)
@pytest.mark.parametrize("name", CASES)
def test_no_texts_overlap(name: str) -> None:
    _, found = drawn(name)

    assert overlaps(found) == []


@pytest.mark.few(*FEW)
@pytest.mark.parametrize("name", CASES)
def test_heatmaps_lie_within_the_picture_and_apart(name: str) -> None:
    picture, _ = drawn(name)
    boxes = [each.box for each in heatmaps(picture)]

    assert picture.size[0] == 880
    for number, box in enumerate(boxes):
        assert 0 < box.x0 < box.x1 < picture.size[0]
        assert 0 < box.y0 < box.y1 < picture.size[1]
        assert not any(box.overlaps(other) for other in boxes[:number])


# ---------------------------------------------------------------- a sample and a gate to choose


@pytest.mark.few(6)
@pytest.mark.parametrize("name", ["lstm", "tied", "gru", "200 samples", "one sample"])
@pytest.mark.parametrize("sample", [0, 1, 3])
def test_the_rows_begin_with_the_sample_that_is_chosen(name: str, sample: int) -> None:
    layer = recorded(KINDS[name])
    sample = min(sample, KINDS[name].samples - 1)
    rows = [gate[sample : sample + 16] for m in layer.values() for gate in m.of_batch()[0]]

    drawn = panels(atlas(layer, sample=sample))

    for panel, mask in zip(drawn, rows, strict=True):
        np.testing.assert_array_equal(panel, mask[:, :32] > 0)


def test_rows_are_numbered_from_the_sample_that_is_chosen() -> None:
    picture = atlas(recorded(samples=60), sample=40)

    assert numbers(picture, x=heatmaps(picture)[0].box.x0 - 3)[:2] == ["41", "56"]


@pytest.mark.parametrize("sample", [0, 2])
def test_masks_that_live_for_a_step_are_those_of_the_sample_that_is_chosen(sample: int) -> None:
    layer = of_setting(SETTINGS["semeniuta alone"], steps=6)

    picture = atlas(layer, sample=sample)

    (panel,) = heatmaps(picture)
    np.testing.assert_array_equal(panel.shown, layer["candidate"].of_batch()[:, 0, sample] > 0)
    assert numbers(picture, x=panel.box.x0 - 3) == ["1", "6"]


def test_one_mask_for_all_samples_is_that_of_every_sample() -> None:
    layer = of_setting(SETTINGS["weight-drop"])

    drawn = panels(atlas(layer, sample=3))

    assert [panel.shape[0] for panel in drawn[1:]] == [9] * 4


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_a_gate_that_is_chosen_is_shown_alone_with_its_name(name: str) -> None:
    layer = recorded(KINDS[name])

    for number, gate in enumerate(GATES[layer.kind]):
        picture = atlas(layer, gate=gate)

        for panel, masks in zip(panels(picture), layer.values(), strict=True):
            np.testing.assert_array_equal(panel, masks.of_batch()[0, number] > 0)
        assert all(title.startswith(f"{gate}  ") for title in titles_of(picture))


def test_a_gate_that_is_chosen_is_shown_larger() -> None:
    all_gates, one = (
        heatmaps(atlas(recorded(KINDS["200 units"]), gate=gate))[0].box.width
        for gate in (None, "f")
    )

    assert one > 1.5 * all_gates


def test_a_mask_for_all_gates_is_that_of_every_gate() -> None:
    tied = recorded(tied=True)

    assert titles_of(atlas(tied, gate="f")) == ["one mask for all gates: i f g o"] * 2


@pytest.mark.parametrize("name", SETTINGS)
def test_every_site_of_a_method_is_there_with_a_gate_chosen(name: str) -> None:
    layer = of_setting(SETTINGS[name])

    drawn = panels(atlas(layer, gate="o"))

    assert len(drawn) == sum(not masks.reason for masks in layer.values())


@pytest.mark.parametrize("sample", [-1, 4, 99])
def test_a_sample_that_is_not_there_is_refused(sample: int) -> None:
    with pytest.raises(DropvizError, match=f"no sample {sample}. Expected 0 to 3."):
        atlas(recorded(samples=4), sample=sample)


@pytest.mark.few(5)
@pytest.mark.parametrize("gate", [None, "g"])
@pytest.mark.parametrize("name", ["lstm", "tied", "200 units", "200 samples", "setting: moon"])
def test_the_layout_holds_with_a_sample_and_a_gate(name: str, gate: str | None) -> None:
    picture = atlas(CASES[name], sample=3, gate=gate)
    found = texts(picture)
    boxes = [each.box for each in heatmaps(picture)]

    assert cut_off(found, picture.size) == []
    assert overlaps(found) == []
    for number, box in enumerate(boxes):
        assert 0 < box.x0 < box.x1 < picture.size[0]
        assert not any(box.overlaps(other) for other in boxes[:number])


@pytest.mark.parametrize("gates", [2, 3, 4])
def test_gates_of_no_known_names_are_numbered(gates: int) -> None:
    made = recorded(tied=False)
    masks = made["input"]
    nameless = replace(masks, values=masks.values[:, :, :gates], gates=())

    picture = atlas(LayerRecording("own", "OwnCell", made.units, 50, {"input": nameless}))

    assert titles_of(picture) == [f"mask {number}" for number in range(1, gates + 1)]
