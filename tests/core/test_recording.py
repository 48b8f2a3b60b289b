from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dropviz.core import result_files
from dropviz.core.draw_log import DrawLog, MaskPlan
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.recording import Recording, pack, unpack
from dropviz.errors import DropvizError

GATES = ("i", "f", "g", "o")


def masks(site: str, values: NDArray[Any], **kwargs: Any) -> Masks:
    given: dict[str, Any] = {
        "layer": "inner/lstm",
        "site": site,
        "values": values,
        "rate": 0.3,
        "gates": GATES,
        "time_steps": 7,
        "batch_sizes": (3, 2),
        "batches": (4, 4),
        "calls": (1, 2),
    }
    return Masks(**(given | kwargs))


def recording() -> Recording:
    """A recording with padding, a site that dropped nothing, two dtypes and no draws."""
    # No power of two: what a detour through text or another type would change.
    scale = np.float32(1 / 0.7)
    values = np.where(np.random.default_rng(1).random((2, 1, 4, 3, 5)) < 0.3, 0, scale)
    values[1, :, :, 2:] = np.nan
    nothing = np.broadcast_to(np.float32(1), (2, 1, 1, 3, 1))
    draws = DrawLog(
        batches=np.array([2, 4], np.int64),
        calls=np.array([0, 1], np.int64),
        states=np.array([[2**62, 8], [2**62, 12]], np.int64),
        samples=np.array([3, 3], np.int64),
        steps=np.array([6, 5], np.int64),
        plan=(MaskPlan("input", 4, 5, 0.3),),
        dtype="float16",
    )
    made = Recording.of(
        {
            "inner/lstm": LayerRecording(
                "inner/lstm",
                "LSTM",
                3,
                7,
                {
                    "input": masks("input", values.astype("float32")),
                    "recurrent": masks("recurrent", nothing, rate=0.0, reason="rate 0."),
                },
                draw_log=draws,
                note="too long to redraw its first 2 batches.",
                calls=21,
                stateful=True,
            ),
            "gru": LayerRecording(
                "gru",
                "GRU",
                2,
                7,
                {
                    "input": masks(
                        "input",
                        values.astype("float64"),
                        layer="gru",
                        gates=(),
                        batches=(4, 6),
                        calls=(),
                    )
                },
            ),
        }
    )
    made.skipped["own"] = "its cell keeps no masks."
    made.missed = 3
    return made


@pytest.fixture
def back(tmp_path: Path) -> Recording:
    path = recording().save(tmp_path / "a.dropviz")
    kind, header, arrays = result_files.read(path)
    assert kind == "recording"
    return unpack(header["recording"], arrays)


def test_masks_come_back_to_the_bit(back: Recording) -> None:
    for path, layer in recording().items():
        for site, its in layer.items():
            mine = back[path][site].values
            assert mine.dtype == its.values.dtype
            assert mine.tobytes() == np.ascontiguousarray(its.values).tobytes()


@pytest.mark.parametrize(
    "fact",
    ["layer", "site", "rate", "gates", "time_steps", "batch_sizes", "batches", "reason", "calls"],
)
def test_what_is_known_of_masks_comes_back(back: Recording, fact: str) -> None:
    for path, layer in recording().items():
        for site, its in layer.items():
            mine = getattr(back[path][site], fact)
            assert (type(mine), mine) == (type(getattr(its, fact)), getattr(its, fact))


@pytest.mark.parametrize(
    "fact", ["layer", "kind", "units", "batches", "calls", "note", "drawn_only", "stateful"]
)
def test_what_is_known_of_a_layer_comes_back(back: Recording, fact: str) -> None:
    for path, its in recording().items():
        assert getattr(back[path], fact) == getattr(its, fact)


def test_a_file_of_before_that_says_nothing_of_states_is_loaded() -> None:
    header, arrays = pack(recording())
    for layer in header["layers"]:
        del layer["stateful"]

    assert not any(layer.stateful for layer in unpack(header, arrays).values())


def test_what_it_takes_to_redraw_comes_back(back: Recording) -> None:
    mine, its = back["inner/lstm"].draw_log, recording()["inner/lstm"].draw_log
    assert mine is not None
    assert its is not None

    for name in ("batches", "calls", "states", "samples", "steps"):
        one, other = getattr(mine, name), getattr(its, name)
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    assert (mine.plan, mine.dtype) == (its.plan, its.dtype)
    assert back["gru"].draw_log is None


def test_what_was_skipped_and_every_sentence_come_back(back: Recording) -> None:
    assert (back.skipped, back.missed) == (recording().skipped, recording().missed)
    assert str(back) == str(recording())


def test_an_empty_recording_comes_back(tmp_path: Path) -> None:
    _, header, arrays = result_files.read(Recording.of({}).save(tmp_path / "empty.dropviz"))

    assert list(unpack(header["recording"], arrays)) == []


def test_the_header_is_json_and_the_arrays_are_arrays() -> None:
    header, arrays = pack(recording())

    assert json.loads(json.dumps(header))["layers"][0]["layer"] == "inner/lstm"
    assert {array.dtype.kind for array in arrays.values()} == {"f", "i"}


def test_saving_twice_writes_the_same_bytes_of_data(tmp_path: Path) -> None:
    first = result_files.read(recording().save(tmp_path / "a.dropviz"))
    second = result_files.read(recording().save(tmp_path / "b.dropviz"))

    assert first[1] == second[1]
    assert {name: each.tobytes() for name, each in first[2].items()} == {
        name: each.tobytes() for name, each in second[2].items()
    }


# ---------------------------------------------------------------- a mapping


def test_a_recording_is_a_mapping_by_layer() -> None:
    made = recording()

    assert list(made) == ["inner/lstm", "gru"]
    assert len(made) == 2
    assert made["gru"].kind == "GRU"
    assert "lstm" not in made
    assert made.get("lstm") is None


def test_an_unknown_layer_is_answered_with_the_nearest() -> None:
    with pytest.raises(DropvizError, match=r"recorded layer 'innr/lstm'. Did you mean 'inner/lstm"):
        recording()["innr/lstm"]


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (recording(), "<Recording of inner/lstm, gru>"),
        (Recording.of({}), "<Recording of no layer>"),
    ],
)
def test_a_recording_shows_its_layers(made: Recording, shown: str) -> None:
    assert repr(made) == shown


def test_a_recording_says_a_line_for_each_site_and_each_skipped_layer() -> None:
    lines = str(recording()).splitlines()

    assert lines[0].startswith("inner/lstm, input: rate 0.3;")
    assert lines[1:4] == [
        "inner/lstm, recurrent: rate 0.",
        "inner/lstm: called 21 times in 7 batches.",
        "inner/lstm: too long to redraw its first 2 batches.",
    ]
    assert lines[-2] == "own: its cell keeps no masks."
    assert lines[-1].startswith("Not recorded: 3 steps that the optimizer counts. A function that")
    assert lines[-2:] == recording().notes
    assert Recording.of({}).notes == []


# ---------------------------------------------------------------- open and closed


class Source:
    """Counts how often it is read."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self) -> dict[str, LayerRecording]:
        self.reads += 1
        return {"lstm": LayerRecording("lstm", "LSTM", 3, self.reads, {})}


def test_an_open_recording_is_read_at_each_look() -> None:
    made = Recording(Source())

    assert [made["lstm"].batches, made["lstm"].batches] == [1, 2]


def test_a_closed_recording_is_read_once_and_only_when_looked_at() -> None:
    made, last = Recording(Source()), Source()
    made.close(last)

    assert last.reads == 0
    assert [made["lstm"].batches, made["lstm"].batches] == [1, 1]
    assert last.reads == 1


def test_a_closed_recording_lets_go_of_what_it_was_read_from() -> None:
    source = Source()
    made = Recording(source)
    made.close(source)
    gone = weakref.ref(source)
    assert len(made) == 1
    del source
    gc.collect()

    assert gone() is None


def test_layers_that_were_skipped_for_one_reason_share_a_line() -> None:
    made = Recording.of({})
    made.skipped |= {"a": "it masks images.", "b": "its cell keeps no masks."}
    made.skipped["c"] = "it masks images."

    assert made.notes == ["a, c: it masks images.", "b: its cell keeps no masks."]
