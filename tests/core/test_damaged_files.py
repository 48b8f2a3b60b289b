"""A file is equal to what was saved, or refused in one sentence."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dropviz
from dropviz.core import result_files
from dropviz.core.curves import Curves
from dropviz.core.draw_log import DrawLog, MaskPlan
from dropviz.core.gates import LSTM_GATES
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.method_options import RATES
from dropviz.core.recording import Recording, pack
from dropviz.core.runs import Run
from dropviz.core.schedule import Change
from dropviz.core.setting import Setting
from dropviz.core.spec import RunSpec
from dropviz.core.trace_result import Proof
from dropviz.errors import DropvizError
from tests.damage import WRONG, Again, by_hand, changed_arrays, draw, edited, places, use

NAN, INF = math.nan, math.inf
UNITS, FEATURES, STEPS = 3, 2, 5
PARTS = 48  # of all edits; one is of the fast tier


def layer_of(setting: Setting, name: str = "lstm") -> LayerRecording:
    """A recording of two calls, as a layer of a method would have made it."""
    random = np.random.default_rng(3)
    sites, plan = {}, []
    for rule in setting.rules:
        gates = 4 if rule.tying == "untied" else 1
        wide = {"input": FEATURES, "recurrent_kernel": UNITS**2}.get(rule.site, UNITS)
        steps = STEPS if rule.life == "step" else 1
        samples = 3 if rule.by_sample else 1
        kept = np.float32(rule.kept)
        values = np.where(random.random((2, steps, gates, samples, wide)) < rule.rate, 0, kept)
        values[1, 3:] = NAN  # three steps and two samples
        values[1, :, :, 2:] = NAN
        flags = rule.life == "step", rule.by_sample, rule.scaling == "inverted"
        plan.append(MaskPlan(rule.site, gates, wide, rule.rate, *flags))
        sites[rule.site] = Masks(
            layer=name,
            site=rule.site,
            values=values.astype(np.float32),
            rate=rule.rate,
            gates=LSTM_GATES,
            time_steps=STEPS,
            batch_sizes=(3, 2),
            batches=(5, 6),
            calls=(0, 1),
        )
    draws = DrawLog(
        batches=np.array([4, 5, 6]),
        calls=np.array([0, 0, 1]),
        states=np.array([[2**62, 4], [2**62, 8], [2**62, 12]]),
        samples=np.array([3, 3, 2]),
        steps=np.array([4, STEPS, 3]),
        plan=tuple(plan),
        dtype="float32",
    )
    return LayerRecording(name, "LSTM", UNITS, 7, sites, draws, "A note.", setting, calls=14)


def run_of(spec: RunSpec, *more: LayerRecording, **changed: Any) -> Run:
    layers = [layer_of(spec.setting), *more]
    recording = Recording.of({layer.layer: layer for layer in layers})
    recording.skipped["conv"] = "masks images."
    recording.missed = 2
    curves = {
        "loss": [2.5, 1 / 3, 1e-300],
        "loss_dropout_on": [2.0, NAN, 1.0],
        "loss_dropout_on_low": [1.0, NAN, -0.0],
        "loss_dropout_on_high": [3.0, NAN, INF],
        "学習/率 \0%2F": [1.0, 2.0, 5e-324],
    }
    given: dict[str, Any] = {
        "spec": spec,
        "curves": Curves(curves),
        "recording": recording,
        "status": "stopped",
        "seconds": 1.25,
        "code": "x = '\U0001f600 \0 \\ \" é\u0301 \u202e'\r\n",
        "reason": "Überraschung",
        "proof": {"lstm": Proof(1.25e-7, 1e-5, 72, 8), "Ü$": Proof(NAN, INF, 1, 1, training=False)},
    }
    return Run(**(given | changed))


RATED: dict[str, Any] = dict.fromkeys(RATES, 0.4)
SPECS = {
    "keras": RunSpec(**RATED, units=3, epochs=3, seed=2**32 - 1),
    "moon": RunSpec(
        **RATED,
        method="moon",
        life="step",
        schedule=(Change(1, 0.1, 0.4), Change(4, 0, 0.1, True)),  # noqa: FBT003
    ),
    "weight-drop": RunSpec(**RATED, method="weight-drop", task="a task of one's own"),
    "zoneout": RunSpec(method="zoneout", zoneout_cell=0.5, zoneout_hidden=0.05),
    "semeniuta": RunSpec(**RATED, method="semeniuta", scaling="inverted"),
}
CASES = [*SPECS, "recording"]


def result(case: str) -> Run | Recording:
    other = layer_of(Setting("keras", 0.2, 0.3), "a/b $x$")
    if case == "recording":
        return run_of(SPECS["keras"], other).recording
    return run_of(SPECS[case], *([other] if case == "moon" else []))


def parts(result: Run | Recording) -> tuple[Any, dict[str, tuple[Any, ...]]]:
    """All that a result says, in a form in which equal is equal to the bit."""
    run = result if isinstance(result, Run) else None
    header, arrays = pack(result if isinstance(result, Recording) else result.recording)
    if run:
        header |= {name: getattr(run, name) for name in ("spec", "status", "seconds", "code")}
        header |= {"reason": run.reason, "proof": repr(run.proof), "curves": list(run.curves)}
        arrays |= {f"curve {name}": np.array(values) for name, values in run.curves.items()}
    bits = {name: (each.dtype, each.shape, each.tobytes()) for name, each in arrays.items()}
    return header, bits


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "right").mkdir()
    return tmp_path


def taken_apart(case: str, folder: Path) -> tuple[str, dict[str, Any], dict[str, Any]]:
    return result_files.read(result(case).save(folder / "right" / "a.dropviz"))


def refused(path: Path) -> DropvizError | None:
    """What refuses a file, or None; a foreign error passes through."""
    try:
        loaded = dropviz.load(path)
    except DropvizError as error:
        assert "\n" not in str(error)  # noqa: PT017
        assert len(str(error)) < 900  # noqa: PT017
        return error
    use(loaded)
    return None


# ---------------------------------------------------------------- equal


@pytest.mark.parametrize("case", CASES)
def test_what_is_loaded_is_what_was_saved_to_the_bit(case: str, folder: Path) -> None:
    saved = result(case)

    loaded = dropviz.load(saved.save(folder / "a.dropviz"))

    assert type(loaded) is type(saved)
    assert parts(loaded) == parts(saved)
    use(loaded)


@pytest.mark.parametrize(
    "bits", [0x7FF8000000000001, 0xFFF8000000000000, 0x7FF0000000000000, 0x8000000000000000]
)
def test_a_number_of_a_curve_keeps_its_bits(bits: int, folder: Path) -> None:
    number = np.array([bits], np.uint64).view(np.float64)
    run = run_of(SPECS["keras"], curves=Curves({"loss": number.tolist()}))

    loaded = dropviz.load(run.save(folder / "a.dropviz"))

    assert isinstance(loaded, Run)
    assert np.array(loaded.curves["loss"]).tobytes() == number.tobytes()


@pytest.mark.parametrize(
    ("error", "tolerance"), [(0.0, 1e-5), (NAN, 1e-5), (INF, INF), (NAN, NAN), (5e-324, 1e308)]
)
def test_a_proof_of_any_numbers_comes_back(error: float, tolerance: float, folder: Path) -> None:
    run = run_of(SPECS["keras"], proof={"lstm": Proof(error, tolerance, 1, 1)})

    loaded = dropviz.load(run.save(folder / "a.dropviz"))

    assert isinstance(loaded, Run)
    assert repr(loaded.proof) == repr(run.proof)
    assert loaded.summary == run.summary


# ---------------------------------------------------------------- refused when it is saved


def _with_masks(**changed: Any) -> Recording:
    """A recording of a layer whose first masks are others than they should be."""
    layer = layer_of(Setting("keras", 0.4, 0.4))
    masks = layer["input"]
    given = {name: getattr(masks, name) for name in Masks.__dataclass_fields__}
    sites = {**layer, "input": Masks(**(given | changed))}
    return Recording.of({"lstm": LayerRecording("lstm", "LSTM", 3, 7, sites)})


CONTRADICTIONS: dict[str, Callable[[], Run | Recording]] = {
    "half a letter in the code": lambda: run_of(SPECS["keras"], code="\ud800"),
    "half a letter in a curve": lambda: run_of(SPECS["keras"], curves=Curves({"\udfff": [1.0]})),
    "no time": lambda: run_of(SPECS["keras"], seconds=NAN),
    "no status": lambda: run_of(SPECS["keras"], status="ended"),
    "another name of a layer": lambda: Recording.of({"gru": layer_of(Setting())}),
    "masks of another layer": lambda: _with_masks(layer="gru"),
    "masks of another site": lambda: _with_masks(site="recurrent"),
    "batches of other sizes": lambda: _with_masks(batch_sizes=(3, 3)),
    "whole numbers for masks": lambda: _with_masks(values=np.ones((2, 1, 4, 3, 2), int)),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_what_could_not_be_loaded_is_not_saved_and_leaves_the_old_file(
    case: str, folder: Path
) -> None:
    path = result("keras").save(folder / "a.dropviz")
    before = path.read_bytes()

    with pytest.raises(DropvizError, match=r"cannot be saved: .*(Received|expected)") as caught:
        CONTRADICTIONS[case]().save(path)

    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


# ---------------------------------------------------------------- a right seal, another content


@pytest.mark.few("keras-0", "recording-1")
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("case", ["keras", "moon", "recording"])
def test_an_edited_field_is_refused_or_everything_works(case: str, part: int, folder: Path) -> None:
    kind, header, arrays = taken_apart(case, folder)
    damaged = accepted = 0

    for number, place in enumerate(places(header)):
        for value in [each for at, each in enumerate(WRONG) if (at + number) % PARTS == part]:
            changed = edited(header, place, value)
            if changed == header and value is not Again:
                continue
            damaged += 1
            path = by_hand(folder / "changed.dropviz", kind, changed, arrays)
            accepted += refused(path) is None

    assert damaged > 50
    assert accepted < damaged / 2


@pytest.mark.few("keras-0")
@pytest.mark.parametrize("part", range(6))
@pytest.mark.parametrize("case", CASES)
def test_a_changed_array_is_refused_or_everything_works(case: str, part: int, folder: Path) -> None:
    kind, header, arrays = taken_apart(case, folder)
    damaged = accepted = 0

    for name, array in list(arrays.items())[part::6]:
        for what, changed in changed_arrays(array):
            if changed.dtype == array.dtype and np.array_equal(changed, array, equal_nan=True):
                continue
            damaged += 1
            others = arrays | {name: changed}
            error = refused(by_hand(folder / "changed.dropviz", kind, header, others))
            accepted += error is None
            # A curve may be of any length, and hold any number.
            if name.startswith("curve") and ("axis 0" in what or " at " in what or "all" in what):
                assert error is None
            elif changed.dtype != array.dtype and what != "as >f4":
                assert error is not None or array.dtype.kind == changed.dtype.kind == "f"

    assert damaged > 20
    assert accepted < damaged


@pytest.mark.parametrize("case", CASES)
def test_members_of_other_names_are_refused(case: str, folder: Path) -> None:
    kind, header, arrays = taken_apart(case, folder)

    for name, array in arrays.items():
        others = {key: each for key, each in arrays.items() if key != name}
        for changed in (others, {**others, f"{name}x": array}, {**arrays, f"{name}x": array}):
            path = by_hand(folder / "changed.dropviz", kind, header, changed)
            assert "is damaged" in str(refused(path))


@pytest.mark.full
@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("case", CASES)
def test_whatever_is_accepted_can_be_drawn(case: str, part: int, folder: Path) -> None:
    kind, header, arrays = taken_apart(case, folder)
    drawn = 0

    for number, place in enumerate(places(header)):
        value = WRONG[(part * len(WRONG) // 4 + number) % len(WRONG)]
        path = by_hand(folder / "changed.dropviz", kind, edited(header, place, value), arrays)
        if refused(path) is None:
            draw(dropviz.load(path))
            drawn += 1

    assert drawn


@pytest.mark.full
@pytest.mark.parametrize("case", CASES)
def test_a_loaded_result_can_be_drawn(case: str, folder: Path) -> None:
    draw(dropviz.load(result(case).save(folder / "a.dropviz")))


# ---------------------------------------------------------------- parts that contradict each other

LAYER: tuple[Any, ...] = ("recording", "layers", 0)
SITE: tuple[Any, ...] = (*LAYER, "sites", 0)
PLAN: tuple[Any, ...] = (*LAYER, "draws", "plan", 0)
FIELDS: dict[str, tuple[tuple[Any, ...], Any, str]] = {
    "a rate of one": (("spec", "dropout"), 1.0, "dropout of spec of the run must be at least 0"),
    "a rate as text": (("spec", "dropout"), "0.4", "must be a finite number from 0 to 1"),
    "a rate beyond all": (("spec", "dropout"), "1e400", "must be a finite number from 0 to 1"),
    "a method and a stray option": (("spec", "life"), "step", "'keras' has no option life"),
    "a sentence from a dict": (("reason",), {"a": 1}, "reason of the run must be a text"),
    "a note from a list": ((*LAYER, "note"), ["a"], "must be a text"),
    "no such status": (("status",), "paused", "one of 'done', 'failed', 'stopped'"),
    "a field more": (("proof", "lstm"), {"error": 1}, "the fields of proof"),
    "a negative count": ((*LAYER, "units"), -1, "a whole number from 0"),
    "a count with a point": ((*LAYER, "units"), 3.0, "a whole number from 0"),
    "a kind without such gates": ((*LAYER, "kind"), "GRU", "gates of 'lstm', input, must be"),
    "gates of another name": ((*SITE, "gates"), ["a"] * 4, "gates of 'lstm', input, must be"),
    "a site of another method": ((*SITE, "site"), "cell", "the arrays must be those"),
    "no such site": ((*SITE, "site"), "nowhere", "one of 'input'"),
    "one site twice": ((*SITE, "site"), "recurrent", "the arrays must be those"),
    "masks of no step": ((*SITE, "time_steps"), 0, "time_steps of 'lstm', input, must be above 0"),
    "steps without end": ((*SITE, "time_steps"), 2**31, "a whole number from 0 to 1048576"),
    "steps that another site has not": ((*SITE, "time_steps"), 9, "time_steps of 'lstm', rec"),
    "a batch too few": ((*SITE, "batches"), [5], "must be 1. Received: 2"),
    "a batch beyond the last": ((*LAYER, "batches"), 6, "must be below 6. Received: 6"),
    "a batch of no sample": ((*SITE, "batch_sizes"), [3, 0], "entry 1 must be a whole number"),
    "a batch of more samples": ((*SITE, "batch_sizes"), [4, 2], "batch_sizes of 'lstm', rec"),
    "a plan of other gates": ((*PLAN, "gates"), 1, "rate, gates and units of the draws"),
    "a plan of another rate": ((*PLAN, "rate"), 0.5, "rate, gates and units of the draws"),
    "a plan of a site that is not there": ((*PLAN, "site"), "cell", "must be one of input, recu"),
    "a plan of nothing": ((*LAYER, "draws", "plan"), [], "must be a list of at least 1"),
    "no such floating type": ((*LAYER, "draws", "dtype"), "int8", "one of 'float64'"),
    "one curve twice": (("curves",), Again, "curve 'loss' must be an array"),
    "one layer twice": (("recording", "layers"), Again, "the arrays must be those"),
}


@pytest.mark.parametrize("case", FIELDS)
def test_a_field_that_cannot_be_is_named_with_what_was_expected(case: str, folder: Path) -> None:
    place, value, said = FIELDS[case]
    kind, header, arrays = taken_apart("keras", folder)

    path = by_hand(folder / "changed.dropviz", kind, edited(header, place, value), arrays)

    with pytest.raises(DropvizError) as caught:
        dropviz.load(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"'{path}' is damaged: ")
    assert str(caught.value).endswith("Take another copy, or save it again.")


def _set(place: Any, value: Any) -> Callable[[Any], Any]:
    def changed(array: Any) -> Any:
        other = array.copy()
        other[place] = value
        return other

    return changed


VALUES: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "a hole in a batch": ("masks/0/input", _set((0, 0, 0, 1, 0), NAN), "NaN beyond it"),
    "a number beyond a batch": ("masks/0/input", _set((1, 0, 0, 2, 0), 1), "NaN beyond it"),
    "a batch of nothing": ("masks/0/input", _set(1, NAN), "NaN beyond it"),
    "a mask below zero": ("masks/0/recurrent", _set((0, 0, 0, 0, 0), -1), "must be 0 or above"),
    "three gates": ("masks/0/input", lambda a: a[:, :, :3], "must be 1 or 4. Received: 3"),
    "no entries": ("masks/0/input", lambda a: a[..., :0], "must be 1 or more"),
    "a sample more": ("masks/0/input", lambda a: a[:, :, :, [0, 1, 2, 2]], "must be 1 or 3"),
    "a step more": ("masks/0/input", lambda a: a[:, [0, 0]], "must be 1 or 5. Received: 2"),
    "a batch more": ("masks/0/input", lambda a: a[[0, 1, 1]], "must be 2. Received: 3"),
    "four axes": ("masks/0/input", lambda a: a[0], "float32 or float64 of 5 axes"),
    "half precision": ("masks/0/input", lambda a: a.astype("float16"), "float32 or float64"),
    "calls out of order": ("draws/0/batches", lambda a: a[::-1].copy(), "must be in order, below"),
    "a batch too late": ("draws/0/batches", _set(2, 7), "must be in order, below 7"),
    "samples of no batch": ("draws/0/samples", _set(0, 0), "must be from 1. Received: 0"),
    "samples not as kept": ("draws/0/samples", _set(1, 2), "samples and steps of the draws"),
    "steps beyond the kept": ("draws/0/steps", _set(1, 2**40), "samples and steps of the draws"),
    "states one too few": ("draws/0/states", lambda a: a[1:], "int64 of shape (3, 2)"),
    "no draws": ("draws/0/batches", lambda a: a[:0], "not empty"),
    "a curve of whole numbers": ("curve/0/loss", lambda a: a.astype(int), "an array of float64"),
    "a curve of two axes": ("curve/0/loss", lambda a: a[None], "an array of float64"),
}


@pytest.mark.parametrize("case", VALUES)
def test_an_array_that_cannot_be_is_named_with_what_was_expected(case: str, folder: Path) -> None:
    name, change, said = VALUES[case]
    kind, header, arrays = taken_apart("keras", folder)

    path = by_hand(folder / "a.dropviz", kind, header, {**arrays, name: change(arrays[name])})

    with pytest.raises(DropvizError) as caught:
        dropviz.load(path)
    assert said in str(caught.value)


def test_a_matrix_of_weights_must_be_square(folder: Path) -> None:
    kind, header, arrays = taken_apart("weight-drop", folder)
    name = "masks/0/recurrent_kernel"
    changed = arrays | {name: arrays[name][..., :-1]}

    path = by_hand(folder / "a.dropviz", kind, header, changed)

    assert "of a matrix a square. Received: 8" in str(refused(path))


@pytest.mark.parametrize("kind", ["recording", "verdict", "", "['run']"])
def test_a_file_of_another_kind_than_it_says_is_refused(kind: str, folder: Path) -> None:
    _, header, arrays = taken_apart("keras", folder)

    assert "is damaged" in str(refused(by_hand(folder / "a.dropviz", kind, header, arrays)))


# ---------------------------------------------------------------- bytes


def test_a_file_of_parts_of_two_files_is_refused(folder: Path) -> None:
    paths = [result(case).save(folder / case) for case in CASES]

    for one, other in pairwise(path.read_bytes() for path in paths):
        for share in (0.1, 0.5, 0.9):
            mixed = one[: int(len(one) * share)] + other[int(len(other) * share) :]
            (folder / "mixed").write_bytes(mixed)
            assert refused(folder / "mixed") is not None


@pytest.mark.few("keras-0")
@pytest.mark.parametrize("part", range(32))
@pytest.mark.parametrize("case", ["keras", "recording"])
def test_any_byte_that_is_another_is_found(case: str, part: int, folder: Path) -> None:
    path = result(case).save(folder / "a.dropviz")
    whole = path.read_bytes()

    for place in range(part, len(whole), 32):
        for flip in (1 << place // 32 % 8, 0xFF):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :])
            assert refused(path) is not None
