"""What acts otherwise at later steps, or at other units, leaves a doubt, and no untrue sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from dropviz.core.masks import Array
from dropviz.experiment.observations import Doubt

from .numpy_layer import NumPyLayer, explained
from .zoo_truth import SiteTruth, at

Masks = dict[str, Array]


@dataclass
class Changed(NumPyLayer):
    """A layer whose masks are changed after they were drawn.

    Attributes:
        change: Changes them; each of shape (steps, gates or 1, samples, entries).
    """

    change: Callable[[Masks], None] = field(default=lambda _: None)

    def _masks(self, samples: int, steps: int, *, training: bool) -> Masks:
        masks = super()._masks(samples, steps, training=training)
        if training:
            self.change(masks)
        return masks


def from_step(site: str, step: int) -> Callable[[Masks], None]:
    """Masks from a step on, counted from 0."""

    def change(masks: Masks) -> None:
        masks[site][:step] = 1

    return change


def only(site: str, *entries: int) -> Callable[[Masks], None]:
    """Masks some entries alone: units, or inputs."""

    def change(masks: Masks) -> None:
        rest = [n for n in range(masks[site].shape[-1]) if n not in entries]
        masks[site][..., rest] = 1

    return change


def other_after(site: str, step: int) -> Callable[[Masks], None]:
    """Has a mask begin anew at a step."""

    def change(masks: Masks) -> None:
        masks[site][step:] = np.roll(masks[site][step:], 1, axis=2)

    return change


UPDATES = ("cell_update", "hidden_update")
X, H = at("input", rate=0.3), at("recurrent", rate=0.5)
LATER: dict[str, tuple[list[SiteTruth], Callable[[Masks], None]]] = {
    "h from the second step on, beside x": ([X, H], from_step("recurrent", 1)),
    "h from the fourth step on": ([H], from_step("recurrent", 3)),
    "x from the sixth step on, beside h": ([X, H], from_step("input", 5)),
    "c from the second step on, beside x": ([X, at("cell")], from_step("cell", 1)),
    "x anew after four steps": ([X], other_after("input", 4)),
    "h anew after six steps, beside x": ([X, H], other_after("recurrent", 6)),
}


@pytest.mark.parametrize("case", LATER)
def test_what_acts_at_later_steps_is_a_doubt(case: str) -> None:
    truths, change = LATER[case]
    verdict = explained(Changed(truths, change=change, units=6))

    assert Doubt.MORE.value in verdict.doubts or Doubt.RARE.value in verdict.doubts
    assert verdict.unplaced
    assert " drops by " not in verdict.title
    assert "nothing is dropped" not in verdict.title


def blocks(site: str, many: int) -> Callable[[Masks], None]:
    """Has each so many steps share a mask."""

    def change(masks: Masks) -> None:
        steps = np.arange(len(masks[site]))
        masks[site][:] = masks[site][steps - steps % many]

    return change


SEVERAL = ("input", "recurrent", "candidate", "cell", "carried", "output", *UPDATES)


@pytest.mark.few(8)
@pytest.mark.parametrize("units", [4, 7])
@pytest.mark.parametrize("rate", [0.2, 0.5])
@pytest.mark.parametrize("many", [2, 3])
@pytest.mark.parametrize("site", SEVERAL)
def test_a_mask_of_some_steps_is_neither_of_one_nor_of_all(
    site: str, many: int, rate: float, units: int
) -> None:
    how: dict[str, Any] = {"scaling": "expectation"} if site in UPDATES else {}
    truth = at(site, rate, "step", **how)
    verdict = explained(Changed([truth], change=blocks(site, many), units=units, features=units))

    assert verdict.sites[site].life is None
    assert " drops by " not in verdict.title


@pytest.mark.parametrize("units", [4, 7, 10])
def test_a_mask_beside_one_that_all_samples_share_is_a_doubt(units: int) -> None:
    together = at("recurrent_kernel", 0.4, "sequence", tying="untied")
    stored = at("output", 0.4, "step")

    def read_only(masks: Masks) -> None:
        # Stored masked, and given out whole: it is on the h of the next step.
        masks["recurrent"] = np.ones((*masks["output"].shape[:1], 4, *masks["output"].shape[2:]))
        masks["recurrent"][1:] = masks["output"][:-1]
        del masks["output"]

    verdict = explained(Changed([together, stored], change=read_only, units=units))

    assert Doubt.MORE.value in verdict.doubts
    assert " drops by " not in verdict.title


SOME: dict[str, tuple[SiteTruth, tuple[int, ...], dict[str, Any]]] = {
    "h of odd units": (H, (1, 3, 5), {}),
    "h of even units": (H, (0, 2, 4), {}),
    "g of even units": (at("candidate"), (0, 2, 4), {}),
    "the output of odd units": (at("output"), (1, 3, 5), {}),
    "c of the first units": (at("cell", scaling="none"), (0, 1, 2), {}),
    "c of the last units": (at("cell"), (3, 4, 5), {}),
    "c of one unit, which is not read": (at("cell"), (0,), {}),
    "the output of one unit": (at("output"), (5,), {}),
    "what a GRU carries, of half its units": (
        at("carried", kind="GRU"),
        (0, 1, 2),
        {"kind": "GRU"},
    ),
    "two of six inputs": (X, (1, 2), {"features": 6}),
    "the third input of two units": (X, (2,), {"units": 2}),
    "the last of four inputs": (X, (3,), {"features": 4, "units": 4}),
}


@pytest.mark.parametrize("case", SOME)
def test_what_acts_on_some_units_or_inputs_is_a_doubt(case: str) -> None:
    truth, entries, how = SOME[case]
    layer = Changed([truth], change=only(truth.site, *entries), **{"units": 6, **how})
    verdict = explained(layer)

    assert Doubt.UNITS.value in verdict.doubts
    assert " drops by " not in verdict.title
    assert "nothing is dropped" not in verdict.title


def one_mask(site: str, partner: Callable[[int, int], int]) -> Callable[[Masks], None]:
    """Has each unit share the mask of its partner."""

    def change(masks: Masks) -> None:
        many = masks[site].shape[-1]
        first = [min(unit, partner(unit, many) % many) for unit in range(many)]
        masks[site][:] = masks[site][..., first]

    return change


PARTNERS: dict[str, Callable[[int, int], int]] = {
    "neighbours": lambda unit, _: unit - unit % 2,
    "every three": lambda unit, _: unit - unit % 3,
    "halves": lambda unit, many: unit % (many // 2),
    "mirrored": lambda unit, many: many - 1 - unit,
}


@pytest.mark.few(8)
@pytest.mark.parametrize("site", ["recurrent", "input", "cell", "candidate", "output"])
@pytest.mark.parametrize("which", PARTNERS)
@pytest.mark.parametrize("units", [8, 16])
def test_units_that_share_a_mask_follow_no_method(units: int, which: str, site: str) -> None:
    layer = Changed([at(site)], change=one_mask(site, PARTNERS[which]), units=units, features=units)
    verdict = explained(layer)

    assert "follows no known method" in verdict.title
    assert any(
        note.startswith("entries agree more often")
        for found in verdict.sites.values()
        for note in found.notes
    )


@pytest.mark.parametrize("units", [1, 2, 5])
@pytest.mark.parametrize("truths", [[], [X], [H], [X, H], [at("cell"), X], [at("output")]])
def test_where_all_is_explained_there_is_no_such_doubt(truths: list[SiteTruth], units: int) -> None:
    for life in ("step", "sequence"):
        layer = NumPyLayer([at(t.site, t.rate, life) for t in truths], units=units, features=4)
        assert not {Doubt.MORE.value, Doubt.UNITS.value} & set(explained(layer).doubts)


@pytest.mark.parametrize("life", ["step", "sequence"])
@pytest.mark.parametrize("site", ["cell", "candidate"])
def test_without_a_bias_a_life_that_cannot_be_told_is_nothing_that_acts_besides(
    site: str, life: str
) -> None:
    verdict = explained(NumPyLayer([at(site, 0.4, life)], bias=False, units=6))

    assert Doubt.MORE.value not in verdict.doubts


@pytest.mark.parametrize("features", [1, 4])
@pytest.mark.parametrize("units", [2, 3])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("site", ["input", "recurrent"])
def test_where_one_unit_alone_is_read_a_product_is_not_told_from_what_is_multiplied(
    site: str, kind: str, units: int, features: int
) -> None:
    layer = NumPyLayer([at(site, 0.4, kind=kind)], kind, units=units, features=features)
    verdict = explained(layer)

    # The h of one of two units of a GRU is read by the other alone.
    alone = (site, kind, units) == ("recurrent", "GRU", 2)
    assert any("one unit was read" in doubt for doubt in verdict.doubts) == alone
    assert (" may drop by " in verdict.title) == alone
    assert list(verdict.sites) == [site]
