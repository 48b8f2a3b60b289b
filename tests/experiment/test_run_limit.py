"""How long an experiment may take, what it says meanwhile, and what of a layer it runs on."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest

from dropviz.core.verdict import Verdict
from dropviz.errors import DropvizError
from dropviz.experiment import run_limit
from dropviz.experiment.explain import explain
from dropviz.experiment.harness import mounted
from dropviz.experiment.run_limit import Asked, OutOfTimeError, RunLimit, listening
from dropviz.methods.lstm import LSTM

from .zoo_cells import Mask
from .zoo_gru import in_gru
from .zoo_layers import in_cell

Layer = Any


def verdict_on(layer: Layer) -> Verdict:
    if not layer.built:
        layer.build((None, None, 3))
    found = explain(layer)
    assert isinstance(found, Verdict)
    return found


def both(units: int = 8, **how: Any) -> Layer:
    return keras.layers.LSTM(units, dropout=0.4, recurrent_dropout=0.3, seed=1, **how)


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ends the time of an experiment after so many runs, whatever the clock says."""

    def after(runs: int) -> None:
        monkeypatch.setattr(run_limit, "_USUAL", runs)
        monkeypatch.setattr(run_limit, "SECONDS", -1.0)

    return after


def test_runs_are_counted_until_the_time_is_over(ended: Any) -> None:
    ended(3)
    limit = RunLimit("lstm")
    for _ in range(3):
        limit.next_run()
    with pytest.raises(OutOfTimeError):
        limit.next_run()
    assert limit.runs == 3


def test_a_listener_hears_of_every_run_inside_the_block() -> None:
    heard: list[Asked] = []
    limit = RunLimit("lstm")
    with listening(heard.append):
        limit.next_run()
        limit.next_run()
    limit.next_run()
    assert [(each.layer, each.runs) for each in heard] == [("lstm", 1), ("lstm", 2)]
    assert re.fullmatch(
        r"explaining lstm: run 2, 0 s; most layers take fewer than 400 runs", heard[1].sentence
    )


def test_how_long_it_may_take_is_said_once_it_may_be_ended() -> None:
    # Run 400 may begin however late it is.
    assert Asked("lstm", 400, 40.0).sentence.startswith("explaining lstm: run 400, 40 s; most")
    assert Asked("lstm", 401, 7.0).sentence == "explaining lstm: run 401, 7 s of at most 10 s"


@pytest.mark.full
@pytest.mark.few("12")
@pytest.mark.parametrize("runs", [12, 22])
def test_where_not_every_place_was_looked_at_nothing_is_said_of_the_layer(
    ended: Any, runs: int
) -> None:
    ended(runs)
    with pytest.raises(DropvizError, match="it cannot be told where it drops"):
        verdict_on(both())


def out_of_time(*_: Any) -> None:
    raise OutOfTimeError


@pytest.mark.few(2)
@pytest.mark.full
@pytest.mark.parametrize(
    ("make", "last", "words"),
    [
        (both, "read_ties", ("whether gates share a mask", "how long a mask lives")),
        (lambda: LSTM(4, "weight-drop", recurrent_dropout=0.3), "read_structure", ("on the we",)),
        (lambda: LSTM(4, "moon", recurrent_dropout=0.3), "read_lives", ("how long a mask lives",)),
        (lambda: keras.layers.GRU(4, dropout=0.3), "read_lives", ("how long a mask lives",)),
    ],
)
def test_what_the_time_did_not_suffice_for_is_a_doubt(
    make: Any, last: str, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"dropviz.experiment.experiment.{last}", out_of_time)
    verdict = verdict_on(make())
    assert verdict.is_open
    assert "may drop by" in verdict.title
    for each in words:
        assert any("10 s were over" in doubt and each in doubt for doubt in verdict.doubts)


# ---------------------------------------------------------------- stateful layers


class MasksByState(keras.layers.LSTM):  # type: ignore[misc]
    """Drops only where it keeps its states."""

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        dropping = training and self.stateful
        return super().call(sequences, initial_state, mask=mask, training=dropping)


@pytest.mark.parametrize(
    ("make", "free"),
    [
        (lambda: both(stateful=True), True),
        (lambda: keras.layers.GRU(4, dropout=0.3, stateful=True, seed=1), True),
        (lambda: LSTM(4, "moon", recurrent_dropout=0.3, stateful=True, seed=1), True),
        (lambda: keras.layers.RNN(keras.layers.LSTMCell(4, dropout=0.3), stateful=True), True),
        (lambda: MasksByState(4, dropout=0.3, stateful=True, seed=1), False),
    ],
)
def test_a_stateful_layer_runs_on_many_samples_where_that_changes_nothing(
    make: Any,
    free: bool,  # noqa: FBT001
) -> None:
    layer = make()
    layer(np.ones((2, 3, 3), "float32"))
    before = [np.asarray(each).tobytes() for each in layer.variables]
    with mounted(layer, 0) as harness:
        assert harness.samples == (256 if free else 2)
    assert layer.stateful
    assert [np.asarray(each).tobytes() for each in layer.variables] == before


@pytest.mark.full
@pytest.mark.parametrize("make", [keras.layers.GRU, keras.layers.LSTM])
def test_one_sample_a_batch_takes_no_more_runs_than_many(make: Any) -> None:
    runs = []
    for stateful in (False, True):
        layer = make(4, dropout=0.3, recurrent_dropout=0.3, stateful=stateful, seed=1)
        layer(np.ones((1, 3, 3), "float32"))
        verdict = verdict_on(layer)
        assert verdict.method == "keras"
        assert verdict.doubts == ()
        runs.append(verdict.calls)
    assert runs[1] <= runs[0] + 5


# ---------------------------------------------------------------- masks that are seldom seen


def shared(kind: str, *masks: Mask, units: int = 6) -> Layer:
    """A student's layer with masks that all samples share, drawn once a call."""
    make = in_cell(*masks) if kind == "LSTM" else in_gru(*masks)
    return make(units, 3, 1)


@pytest.mark.full
@pytest.mark.parametrize("seed", [0, 1, 2], ids=str)
@pytest.mark.parametrize("place", ["input", "recurrent"])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_a_gate_is_not_said_to_be_free_of_masks_for_want_of_draws(
    kind: str, place: str, seed: int
) -> None:
    found = explain(shared(kind, Mask(place, rate=0.06, by_sample=False, kept=1.0)), seed=seed)
    assert isinstance(found, Verdict)
    for site in found.sites.values():
        assert site.missing == ()
    assert set(found.sites) == {place} or "could not be told" in found.title


@pytest.mark.full
def test_where_masks_are_too_rare_to_find_it_is_not_said_that_nothing_is_dropped() -> None:
    for seed in range(3):
        mask = Mask("candidate", rate=0.03, by_sample=False, kept=1.0)
        found = explain(shared("LSTM", mask, units=1), seed=seed)
        assert isinstance(found, Verdict)
        if not found.sites:
            assert found.title.endswith("(LSTM): where it drops could not be told.")
            assert found.doubts == ("something is dropped at random, too rarely to tell where.",)
            break
    else:
        pytest.fail("the masks were found each time: make them rarer")
