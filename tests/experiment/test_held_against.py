"""What is held against what was found, part by part: which gate, which bits, which units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from dropviz.core.masks import Array
from dropviz.experiment import unexplained
from dropviz.experiment.decode_masks import Bit
from dropviz.experiment.observations import Doubt, Look, Note, Place
from dropviz.experiment.observe import Observer
from dropviz.experiment.unexplained import doubt_what_is_unexplained

from .numpy_layer import NumPyLayer, observer_of
from .zoo_truth import at

SAMPLES = 256


def drawn(rate: float = 0.4, *shape: int, seed: int = 0) -> Array:
    """Bits (calls, samples, readers), 1 where dropped."""
    shape = shape or (2, SAMPLES, 2)
    return (np.random.default_rng(seed).random(shape) < rate).astype(float)


def busy(rate: float = 0.4, kept: float = 2.0, **how: Any) -> Look:
    return Look(kept, 0.0, drawn(rate), **how)


def idle() -> Look:
    return Look(1.0, 0.0, np.zeros((2, SAMPLES, 2)))


LASTING = np.repeat(1 - drawn()[np.newaxis], 3, axis=0)
ANEW = np.stack([1 - drawn(seed=seed) for seed in range(3)])


def place(site: str, steps: Array | None = None, **how: Any) -> Place:
    """A place with masks at the candidate, or at all gates."""
    gate = 2 if site in ("input", "recurrent") else None
    return Place(site, {gate: busy()}, steps=steps, distinct=2, **how)


@dataclass
class Counted(NumPyLayer):
    """A layer that notes of how many steps its inputs were."""

    steps: list[int] = field(default_factory=list)

    def __call__(self, x: Any, **how: Any) -> Any:
        self.steps.append(np.shape(x)[1])
        return super().__call__(x, **how)


def observed(*places: Place, layer: NumPyLayer | None = None) -> Observer:
    observer = observer_of(layer or NumPyLayer())
    observer.places = {each.site: each for each in places}
    return observer


# ---------------------------------------------------------------- what is asked at all


@pytest.mark.parametrize(
    ("doubts", "places", "asked"),
    [
        ([], [], True),
        ([Doubt.ONE_MASK_FOR_ALL_STEPS], [], True),
        ([Doubt.GATE], [], False),
        ([Doubt.ONE_MASK_FOR_ALL_STEPS, Doubt.GATE], [], False),
        ([], [Place("cell", {None: Look(1.0, 0.5, drawn())})], False),
    ],
)
def test_where_something_else_is_in_doubt_nothing_is_held_against_it(
    doubts: list[Doubt],
    places: list[Place],
    asked: bool,  # noqa: FBT001
) -> None:
    # In all of these the layer itself masks x, of which nothing was found.
    observer = observed(*places, layer=NumPyLayer([at("input")]))
    observer.doubts = list(doubts)
    doubt_what_is_unexplained(observer)
    assert observer.doubts == doubts + [Doubt.MORE] * asked


def test_what_is_explained_and_the_same_everywhere_is_no_doubt() -> None:
    observer = observed()
    doubt_what_is_unexplained(observer)
    assert observer.doubts == []


@pytest.mark.parametrize(
    ("place_found", "gate"),
    [
        (None, 2),
        # The candidate, where it was looked at, whether it sees masks or not.
        (Place("input", {0: busy(), 2: idle()}), 2),
        (Place("input", {0: idle(), 1: busy(), 3: busy()}), 1),
        (Place("input", {0: idle(), 1: idle()}), None),
    ],
)
def test_an_arrow_is_heard_through_the_candidate_or_the_first_gate_that_sees_masks(
    place_found: Place | None, gate: int | None
) -> None:
    observer = observed(*([place_found] if place_found else []))
    assert unexplained._gate_of(observer, "input") == gate


def test_a_candidate_of_which_nothing_is_known_is_not_heard() -> None:
    observer = observed()
    observer.unheard = [("input", 2), ("recurrent", 1)]
    assert unexplained._gate_of(observer, "input") is None
    assert unexplained._gate_of(observer, "recurrent") == 2
    calls = observer.harness.calls
    assert unexplained._is_explained(observer, "input")
    assert observer.harness.calls == calls


@pytest.mark.parametrize("noted", [True, False])
def test_an_h_that_is_read_masked_is_not_asked_and_x_beside_it_is(*, noted: bool) -> None:
    output = place("output", LASTING, notes=[Note.NEXT_STEP_READS_MASKED] * noted)
    observer = observed(output)
    asked = {}
    for site in ("recurrent", "input"):
        calls = observer.harness.calls
        unexplained._is_explained(observer, site)
        asked[site] = observer.harness.calls > calls
    assert asked == {"recurrent": not noted, "input": True}


@pytest.mark.parametrize(
    ("places", "steps"),
    [
        ([], 9),
        # One bit for all steps, a bit for each of three, and seven in all.
        ([place("input", LASTING)], 9),
        ([place("input", ANEW)], 3),
        ([place("input", LASTING), place("cell", ANEW), place("candidate", ANEW)], 3),
        # Nine bits of three steps are too many to tell apart.
        ([place("input", ANEW), place("cell", ANEW), place("candidate", ANEW)], None),
        ([place("input", LASTING), place("cell", ANEW), place("candidate", LASTING)], 3),
    ],
)
def test_so_many_steps_are_asked_as_have_bits_that_can_be_told(
    places: list[Place], steps: int | None
) -> None:
    layer = Counted()
    observer = observed(*places, layer=layer)
    layer.steps.clear()
    explained = unexplained._is_explained(observer, "input")
    # Once more with smaller values of the other sign, where the first were explained.
    looks = 1 if places else 2
    assert layer.steps == ([] if steps is None else [steps] * observer.harness.times * looks)
    # The layer masks nothing, so that what is kept is not doubled as was found.
    assert explained is (steps is None or not places)


def test_what_one_mask_cannot_give_is_not_explained() -> None:
    for life, explained in (("sequence", True), ("step", False)):
        layer = NumPyLayer([at("input", life=life, kept=2.0)])
        observer = observed(place("input", LASTING), layer=layer)
        assert unexplained._is_explained(observer, "input") is explained


def of_input(*steps: int | None) -> list[Bit]:
    return [Bit("input", 2.0, 2, step) for step in steps]


@pytest.mark.parametrize(
    ("places", "bits"),
    [
        ([], []),
        ([place("input", LASTING)], of_input(None)),
        ([place("input", ANEW)], of_input(0, 1, 2)),
        ([place("input")], of_input(0, 1, 2)),
        ([place("input", only=(1,))], of_input(1)),
        # A gate that sees none has no bit.
        ([Place("input", {1: busy(), 2: idle()})], []),
        (
            [place("input", LASTING), place("cell", ANEW)],
            [*of_input(None), *(Bit("cell", 2.0, None, step) for step in range(3))],
        ),
    ],
)
def test_what_lasts_is_one_bit_and_what_does_not_one_for_each_step(
    places: list[Place], bits: list[Bit]
) -> None:
    assert unexplained._bits(observed(*places), "input", 2, 3) == bits


@pytest.mark.parametrize(
    ("steps", "lasts"),
    [(None, False), (LASTING, True), (LASTING[:2], True), (LASTING[:1], False), (ANEW, False)],
)
def test_of_one_step_nobody_knows_whether_its_mask_lasts(
    steps: Array | None,
    lasts: bool,  # noqa: FBT001
) -> None:
    assert unexplained._lasts(place("input", steps)) is lasts


# ---------------------------------------------------------------- units and inputs


def test_in_each_turn_what_acts_on_other_units_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(units: int, features: int, unlike: str = "") -> list[tuple[int, str]]:
        observer, seen = observed(layer=NumPyLayer(units=units, features=features)), []

        def looks_alike(_: Observer, site: str) -> bool:
            seen.append((observer.harness.turn, site))
            return site != unlike

        monkeypatch.setattr(unexplained, "_looks_alike", looks_alike)
        assert unexplained._are_alike(observer) is (unlike == "")
        assert observer.harness.turn == 0
        return seen

    every = [(1, "recurrent"), (1, "input"), (1, "carried")]
    assert asked(4, 3) == every
    # Of more inputs than are read at once the others are read, of very many some.
    assert asked(4, 5) == [*every, (2, "input")]
    assert asked(2, 50) == [*every, (2, "input"), (3, "input")]
    assert asked(1, 1) == []
    assert asked(4, 5, "input") == every[:2]


def test_units_that_share_draws_in_part_are_not_held_against_each_other() -> None:
    half = drawn(0.4, 2, SAMPLES // 2, 2)
    agreeing = Place("cell", {None: Look(2.0, 0.0, np.concatenate([half, half], 1))}, distinct=2)
    uneven = Place("output", {None: Look(2.0, 0.0, drawn() * [1, 0.0])}, distinct=2)
    for places, alike in (([agreeing], True), ([uneven], False)):
        observer = observed(*places)
        assert unexplained._are_alike(observer) is alike
        assert observer.harness.calls == 2  # to find the direction


@pytest.mark.parametrize(
    ("sites", "asked"),
    [
        ([], ["carried"]),
        (["candidate"], ["candidate", "carried"]),
        (["cell"], ["cell"]),
        (["output"], ["output"]),
        (["carried", "candidate"], ["carried", "candidate"]),
        (["hidden_update"], ["hidden_update"]),
        (["hidden_update", "cell_update"], ["hidden_update"]),
        (["cell_update"], ["carried"]),
        (["input"], ["carried"]),
    ],
)
def test_the_memory_is_looked_at_again_where_nothing_was_found_of_it(
    sites: Sequence[str], asked: list[str]
) -> None:
    assert unexplained._inner(observed(*(place(site) for site in sites))) == asked


SEEN = at("cell", rate=0.4, kept=2.0)


@pytest.mark.parametrize(
    ("truths", "found", "site", "alike"),
    [
        ([], [], "carried", True),
        ([SEEN], [], "carried", False),
        ([SEEN], [place("cell")], "cell", True),
        ([at("cell", rate=0.4, kept=1.5)], [place("cell")], "cell", False),
        ([at("cell", rate=0.1, kept=2.0)], [place("cell")], "cell", False),
        ([], [place("cell")], "cell", False),
        ([], [], "input", True),
        ([at("input")], [], "input", False),
        # What sees no masks at this gate was told so, by other looks.
        ([at("input")], [Place("input", {1: busy(), 2: idle()})], "input", True),
        # It shows at a second step alone.
        ([SEEN], [place("cell_update")], "cell_update", True),
    ],
)
def test_other_units_show_what_was_found_or_not(
    truths: list[Any],
    found: list[Place],
    site: str,
    alike: bool,  # noqa: FBT001
) -> None:
    observer = observed(*found, layer=NumPyLayer(truths))
    assert unexplained._looks_alike(observer, site) is alike


@pytest.mark.parametrize(
    ("rates", "shared", "uneven"),
    [
        ((0.4, 0.4), False, False),
        ((0.2, 0.6), False, True),
        ((0.6, 0.2), False, True),
        ((0.3, 0.3, 0.3, 0.9), False, True),
        ((0.0, 0.5), False, True),
        # Of 512 draws a rate is known to .08, at these confidences.
        ((0.4, 0.46), False, False),
        ((0.2, 0.6), True, False),
        ((0.0, 0.0), False, False),
        ((1.0, 1.0), False, False),
    ],
)
def test_readers_that_are_dropped_more_often_than_others_are_uneven(
    rates: tuple[float, ...],
    shared: bool,  # noqa: FBT001
    uneven: bool,  # noqa: FBT001
) -> None:
    bits = np.stack(
        [drawn(rate, 2, SAMPLES, seed=seed) for seed, rate in enumerate(rates)], axis=-1
    )
    assert unexplained._is_uneven(Look(2.0, 0.0, bits, shared=shared)) is uneven


def test_what_was_not_told_of_a_reader_makes_nothing_uneven() -> None:
    bits = drawn(0.4, 2, SAMPLES, 3)
    bits[..., 2] = np.nan
    assert not unexplained._is_uneven(Look(2.0, 0.0, bits))
    bits[..., 1] = np.where(bits[..., 0] == 1, 1.0, bits[..., 1])
    assert unexplained._is_uneven(Look(2.0, 0.0, bits))
