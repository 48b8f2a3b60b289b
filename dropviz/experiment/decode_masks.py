"""Reads masks out of what a probe brought up, with the oracle as the dictionary."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dropviz.core import oracle
from dropviz.core.masks import Array
from dropviz.core.sites import is_gated
from dropviz.experiment.harness import Harness
from dropviz.experiment.probe import Probe

# Multipliers that a mask or a scaling may come to.
_GRID = np.concatenate([-np.geomspace(60, 0.02, 150), [0.0], np.geomspace(0.02, 60, 400)])
_STEP = 0.05  # how far to look on either side of a multiplier of 1
_SHUT = -15.0  # noise of a rate of .9 multiplies by less than -10 once in ten thousand draws
_ZERO = 0.02  # a multiplier below this is a dropped entry


@dataclass(frozen=True)
class Bit:
    """One unknown: whether a mask keeps or drops.

    Attributes:
        site: Where it multiplies.
        kept: The multiplier of a kept entry.
        gate: The gate that it is for; None for all.
        step: The time step that it is for; None for all.
        source: Whether it is that of the unit whose h is read, and not of the reader.
    """

    site: str
    kept: float
    gate: int | None = None
    step: int | None = None
    source: bool = False


def predict(harness: Harness, probe: Probe, masks: Mapping[str, Array], samples: int) -> Array:
    """What a reader gives out at the last step, by the oracle.

    Args:
        harness: The layer's facts.
        probe: The probe.
        masks: By site (steps, gates, samples, 1); or 2 at the end, source and reader.
        samples: Predictions to make.

    Returns:
        Shape (samples,).
    """
    weights = harness.weights(probe, small=True)
    x = harness.inputs(probe, samples, small=True)
    states = harness.states(probe, samples, small=True)
    if harness.kind == "LSTM":
        done = oracle.lstm(weights, x, masks, h=states[0], c=states[1])
    else:
        after = not harness.reset_before
        done = oracle.gru(weights, x, masks, h=states[0], reset_after=after)
    last: Array = done.outputs[:, -1, -1]
    return last


def multipliers(
    harness: Harness,
    probe: Probe,
    out: Array,
    site: str,
    gate: int | None = None,
    others: Mapping[str, float] | None = None,
    hiding: Sequence[str] = (),
) -> tuple[Array, bool]:
    """Works out what multiplied at one place.

    Args:
        harness: The layer's facts.
        probe: The probe, under which the output follows the multiplier up or down.
        out: What the readers gave out, shape (samples, readers).
        site: The place.
        gate: The gate; None for all.
        others: Multipliers of kept entries at other sites.
        hiding: Those of the other sites that, where they drop, hide this one.

    Returns:
        Shaped like ``out``, the multipliers, NaN where they do not show; and whether a
        multiplier of 0 shows at all.
    """
    masks = _blank(harness, probe, [Bit(site, 1, gate)], len(_GRID))
    fixed = {name: np.full((1, 1, 1, 1), value) for name, value in (others or {}).items()}
    masks |= fixed
    masks[site][:, gate if gate is not None else slice(None), :, 0] = _GRID
    table = predict(harness, probe, masks, len(_GRID))
    order = np.argsort(table, kind="stable")
    found = np.interp(out, table[order], _GRID[order])
    slack = slack_of(harness, table)
    reach = (out >= table.min() - slack) & (out <= table.max() + slack)
    found = np.where(np.abs(found) < _ZERO, 0, found)
    # So far below zero a gate is shut, as by whatever else silences it.
    reach &= found > _SHUT
    shows = True
    for other in hiding:
        dropped = {**masks, other: np.zeros((1, 1, 1, 1))}
        level = predict(harness, probe, dropped, len(_GRID))
        if np.ptp(level) <= slack:
            reach &= np.abs(out - level[0]) > slack
            shows &= bool(abs(table[_GRID == 0][0] - level[0]) > slack)
    values: Array = np.where(reach, found, np.nan)
    return values, shows


def rounding_of(
    harness: Harness, probe: Probe, site: str, gate: int | None, others: Mapping[str, float]
) -> float:
    """How far rounding alone may move a multiplier of 1 that is read off.

    Args:
        harness: The layer's facts.
        probe: The probe.
        site: The place.
        gate: The gate; None for all.
        others: Multipliers at other sites, which were read off themselves.

    Returns:
        The distance; infinite where the outputs do not follow the multiplier.
    """
    gates = gate if gate is not None else slice(None)

    def out(value: float, known: Mapping[str, float]) -> float:
        masks = _blank(harness, probe, [Bit(site, 1, gate)], 1)
        masks |= {name: np.full((1, 1, 1, 1), each) for name, each in known.items()}
        masks[site][:, gates] = value
        return float(predict(harness, probe, masks, 1)[0])

    slope = abs(out(1 + _STEP, others) - out(1 - _STEP, others)) / (2 * _STEP)
    plain = out(1, others)
    off = harness.noise * abs(plain)
    # What was read off itself is off by rounding, and as small signals are only nearly straight:
    # of .1 at inference .0997 was read.
    for name, value in others.items():
        off += abs(out(1, {**others, name: value * (1 + 4 * harness.noise)}) - plain)
    return off / slope if slope else np.inf


def patterns(bits: Sequence[Bit]) -> Array:
    """Every way to keep (1) and drop (0): shape (2 ** bits, bits)."""
    return np.array(list(itertools.product((0.0, 1.0), repeat=len(bits))))


def outcomes(harness: Harness, probe: Probe, bits: Sequence[Bit]) -> Array:
    """What a reader gives out under each pattern of bits."""
    every = patterns(bits)
    masks = _blank(harness, probe, bits, len(every))
    for column, bit in zip(every.T, bits, strict=True):
        step = bit.step if bit.step is not None else slice(None)
        gate = bit.gate if bit.gate is not None else slice(None)
        masks[bit.site][step, gate, :, 0 if bit.source else -1] *= column * bit.kept
    return predict(harness, probe, masks, len(every))


def _blank(harness: Harness, probe: Probe, bits: Sequence[Bit], samples: int) -> dict[str, Array]:
    apart = {bit.site for bit in bits if bit.source}
    return {
        bit.site: np.ones(
            (
                probe.steps,
                len(harness.gates) if is_gated(bit.site) else 1,
                samples,
                2 if bit.site in apart else 1,
            )
        )
        for bit in bits
    }


def read_bits(harness: Harness, probe: Probe, out: Array, bits: Sequence[Bit]) -> Array:
    """Reads off which bits were kept.

    Args:
        harness: The layer's facts.
        probe: The probe.
        out: What the readers gave out, shape (samples, readers).
        bits: The unknowns.

    Returns:
        Shape (bits, samples, readers): 1 kept, 0 dropped, NaN where the output does not
        tell, or is that of no pattern; all NaN where it never tells one of the two.
    """
    table = outcomes(harness, probe, bits)
    read = _read(harness, table, out, bits)
    # A bit of which one value never shows would seem to be always the other.
    shown = _read(harness, table, table, bits)
    for each, values in zip(read, shown, strict=True):
        if not ((values == 0).any() and (values == 1).any()):
            each[:] = np.nan
    return read


def _read(harness: Harness, table: Array, out: Array, bits: Sequence[Bit]) -> Array:
    near = np.abs(out[..., np.newaxis] - table) <= slack_of(harness, table)
    kept = near @ patterns(bits)
    many = near.sum(axis=-1)[..., np.newaxis]
    values = np.where(kept == many, 1.0, np.where(kept == 0, 0.0, np.nan))
    values = np.where(many > 0, values, np.nan)
    read: Array = np.moveaxis(values, -1, 0)
    return read


def share_explained(harness: Harness, probe: Probe, out: Array, bits: Sequence[Bit]) -> float:
    """The share of outputs that are the outcome of some pattern."""
    table = outcomes(harness, probe, bits)
    near = np.abs(out[..., np.newaxis] - table) <= slack_of(harness, table)
    return float(near.any(axis=-1).mean())


def balance_readings(
    harness: Harness, probe: Probe, read: Array, bits: Sequence[Bit], shares: Sequence[float]
) -> Array:
    """Keeps of the first bit as many readings as make its two values equally visible.

    Where the outcomes of some patterns coincide, one value of a bit may be told more
    often than the other, and the share told dropped would be wrong.

    Args:
        harness: The layer's facts.
        probe: The probe.
        read: Readings of the first bit; NaN where not told.
        bits: The unknowns, the first of them read.
        shares: The shares dropped of the others.

    Returns:
        The readings, some of them NaN now.
    """
    every = patterns(bits)
    table = outcomes(harness, probe, bits)
    told = ~np.isnan(read_bits(harness, probe, table[:, np.newaxis], bits)[0, :, 0])
    drop = np.asarray(shares)
    odds = np.prod(np.where(every[:, 1:] == 0, drop, 1 - drop), axis=1)
    seen = [float((odds * told)[every[:, 0] == value].sum()) for value in (0, 1)]
    least = min(seen)
    keep = np.where(read == 0, least / max(seen[0], 1e-9), least / max(seen[1], 1e-9))
    lucky = np.random.default_rng(0).random(read.shape) < keep
    return np.where(lucky, read, np.nan)


def luck_of_equal_bits(
    harness: Harness, probe: Probe, bits: Sequence[Bit], shares: Sequence[float], many: int
) -> float:
    """How often two bits are read as equal that are drawn each by itself.

    Where outcomes coincide, both may be told most of all where both were kept: equal bits
    then prove less than it seems.

    Args:
        harness: The layer's facts.
        probe: The probe.
        bits: The unknowns.
        shares: The share that each drops.
        many: The first so many are compared.

    Returns:
        The greatest share of equal ones among pairs that are told; 1 where no pair that
        differs could be told.
    """
    table = outcomes(harness, probe, bits)
    read = read_bits(harness, probe, table[:, np.newaxis], bits)[:many, :, 0]
    drop, every = np.asarray(shares), patterns(bits)
    apart = np.prod(np.where(every == 0, drop, 1 - drop), axis=1)
    # What acts beside them may keep its mask from step to step.
    together = apart * np.all(
        [
            every[:, first] == every[:, second]
            for first, second in itertools.combinations(range(many, len(bits)), 2)
            if replace(bits[first], step=None) == replace(bits[second], step=None)
        ],
        axis=0,
    )
    luck = 0.0
    for odds, (one, other) in itertools.product((apart, together), itertools.combinations(read, 2)):
        told = ~np.isnan(one) & ~np.isnan(other) & (odds > 0)
        if told.any():
            luck = max(luck, float(odds[told & (one == other)].sum() / odds[told].sum()))
    return luck


def slack_of(harness: Harness, table: Array) -> float:
    """How far an output may be from its outcome."""
    return float(2 * harness.noise * np.abs(table).max())


def choose_probe(harness: Harness, probes: Sequence[Probe], bits: Sequence[Bit]) -> Probe:
    """Chooses the probe whose outcomes tell most bits apart, and best.

    Args:
        harness: The layer's facts.
        probes: Probes to choose from.
        bits: The unknowns.

    Returns:
        One of the probes.
    """

    def worth(probe: Probe) -> tuple[int, float]:
        table = np.sort(outcomes(harness, probe, bits))
        gaps = np.diff(table)
        apart = gaps > 2.5 * slack_of(harness, table)
        smallest = gaps[apart].min() / np.abs(table).max() if apart.any() else 0.0
        return int(apart.sum()), float(smallest)

    return max(probes, key=worth)
