"""Plain words for what was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import NONE_HELD, Masks, percent, rate_percent
from dropviz.core.number_forms import rate_in_words
from dropviz.core.setting import Setting
from dropviz.core.sites import SITES, place_of
from dropviz.core.text_table import shortened
from dropviz.errors import visible

_NAMES = 3  # names in a list that are spelled out
_NAME = 40  # letters of each


def listed(names: Sequence[str]) -> str:
    """Names; of many the first and the last, and how many there are."""
    short = [shortened(name, _NAME) for name in names]
    if len(short) <= _NAMES:
        return ", ".join(short)
    return f"{short[0]} ... {short[-1]} ({len(short)})"


def figure(value: float) -> str:
    """A loss or a share with as many digits as tell something."""
    if value == 0 or 1e-3 <= abs(value) < 1e4:  # noqa: PLR2004
        return f"{value:.3f}"
    return f"{value:.2e}"


def last_losses(curves: Mapping[str, Sequence[float]]) -> str:
    """The last epoch's figures in one line; empty where there are none."""
    asked = [
        ("loss_dropout_on", "training loss with dropout on"),
        ("loss_dropout_off", "training loss with dropout off"),
        ("loss", "training loss as Keras reports it, over the epoch"),
        ("val_loss", "validation"),
        ("val_accuracy", "validation accuracy"),
        ("val_mae", "validation mean absolute error"),
        ("val_bits_per_character", "validation bits per character"),
    ]
    said = []
    for name, what in asked:
        if curves.get(name):
            low, high = (curves.get(f"{name}_{end}") for end in ("low", "high"))
            over = f" ({figure(low[-1])} to {figure(high[-1])})" if low and high else ""
            said.append(f"{what} {last_figure(curves, name)}{over}")
    return ", ".join(said)


def last_figure(curves: Mapping[str, Sequence[float]], name: str) -> str:
    """The last figure of a curve, with its epoch where later ones had no number.

    An epoch without validation has none. Where the training's own loss came to nothing, so has all
    else, and that is said.
    """
    values = curves[name]
    epochs = [epoch for epoch, value in enumerate(values, 1) if not math.isnan(value)]
    loss = curves.get("loss")
    if not epochs or epochs[-1] == len(values) or (loss and math.isnan(loss[-1])):
        return figure(values[-1])
    return f"{figure(values[epochs[-1] - 1])} (epoch {epochs[-1]}, no number since)"


def answers(recording: Mapping[str, LayerRecording]) -> list[str]:
    """Where each argument of each layer acted, a line each.

    Args:
        recording: The recording.

    Returns:
        Lines such as "dropout=0.2 multiplied x_t, the vertical arrows: ...".
    """
    several = len(recording) > 1
    lines = []
    for layer in recording.values():
        name = visible(layer.layer)
        prefix = f"{name}: " if several else ""
        verb = "was drawn for" if layer.drawn_only else "multiplied"
        argument = {rule.site: rule.argument for rule in layer.setting.rules}
        lines += [
            prefix + answer(masks, argument.get(masks.site, ""), verb, _between(layer))
            for masks in layer.values()
        ]
        if layer.called:
            lines.append(f"{name}: {layer.called}")
        if layer.note:
            lines.append(f"{name}: {visible(layer.note)}")
    return lines + conclusion(recording)


def _between(layer: LayerRecording) -> str:
    """What a Dropout layer drops, in words; empty for another."""
    if layer.is_recurrent:
        return ""
    before, after = visible(layer.follows), visible(layer.feeds)
    return f"what {before or 'comes before it'} passes to {after or 'what follows'}"


def conclusion(recording: Mapping[str, LayerRecording]) -> list[str]:
    """Which method it was; for Keras's own layers, what their masks have in common.

    Layers whose masks are not known to act are left out.
    """
    lines = [
        f"{visible(layer.layer)} follows the method {row.name}, {row.paper}: it {row.summary}."
        for layer in recording.values()
        if (row := layer.setting.row).name != "keras" and not layer.drawn_only
    ]
    return lines or _as_gal(recording)


def _as_gal(recording: Mapping[str, LayerRecording]) -> list[str]:
    """The scheme of the layers whose sequences are known to keep their masks."""
    recurrent = {name: layer for name, layer in recording.items() if layer.is_recurrent}
    drops = {
        name: [masks for masks in layer.values() if not masks.reason]
        for name, layer in recurrent.items()
    }
    dropping = [name for name, sites in drops.items() if sites]
    keeping = [name for name in dropping if _keeps(recurrent[name], drops[name])]
    sites = [masks for name in keeping for masks in drops[name] if masks.entries]
    if not sites or not all(m.same_over_steps and m.same_over_samples is False for m in sites):
        return []
    tying = {masks.same_over_gates for masks in sites}
    where = "" if len(recurrent) == len(recording) else "In its recurrent layers "
    if len(keeping) < len(dropping):
        where = f"In {listed(keeping)} "
    which = ", untied" if tying == {False} else ", tied" if tying == {True} else ""
    line = (
        f"{where}{'each' if where else 'Each'} sequence keeps its masks from its first step to "
        "its last: the scheme of "
        f"Gal & Ghahramani (arXiv:1512.05287{which})."
    )
    return [line]


def _keeps(layer: LayerRecording, sites: Sequence[Masks]) -> bool:
    """Whether what its masks show of a sequence holds from the first step to the last."""
    # In a stateful layer a sequence may go on in the next batch, with other masks.
    return any(each.entries for each in sites) and not layer.drawn_only and not layer.stateful


def intentions(setting: Setting) -> list[str]:
    """What a method with its rates will do once it trains, a line for each site."""
    lines = []
    for rule in setting.rules:
        argument = f"{setting.argument(rule)}={rate_in_words(rule.rate)}"
        if not rule.rate:
            lines.append(WORDS["drops nothing"].format(argument=argument))
            continue
        parts = [WORDS["dropped"].format(share=rate_percent(rule.rate))]
        if rule.kept != 1:
            parts.append(WORDS["kept"].format(scale=f"{rule.kept:.3g}"))
        parts.append(LIVES[rule.life])
        parts += [TIES[rule.tying]] if rule.tying else []
        parts.append(SAMPLES[rule.by_sample])
        place = place_of(rule.site)
        will = WORDS["will multiply"]
        lines.append(will.format(argument=argument, place=place, parts=", ".join(parts)))
    if setting.method == "keras" and setting.recurrent_dropout:
        lines.append(WORDS["untied" if setting.dropout else "no cuDNN"])
    return lines


# The page that needs no Python (``dropviz.browser``) words its masks with these too.
WORDS: Mapping[str, str] = {
    "drops nothing": "{argument} will drop nothing.",
    "will multiply": "{argument} will multiply {place}: {parts}.",
    "multiplied": "{argument} {verb} {place}, {parts}; {sharing}.",
    "dropped": "{share} dropped",
    "kept": "the rest times {scale}",
    # keras/src/layers/rnn/lstm.py: recurrent_dropout forces implementation 1.
    "untied": "recurrent_dropout above 0 has Keras draw a mask for each gate, for the inputs too, "
    "and rules out cuDNN.",
    "no cuDNN": "recurrent_dropout above 0 rules out cuDNN.",
}
LIVES = {"step": "a new mask at each step", "sequence": "one mask for all steps of a sequence"}
TIES = {"tied": "the same for all gates", "untied": "one for each gate"}
SAMPLES = {True: "another for each sample", False: "one for all samples of a batch"}


def answer(masks: Masks, argument: str = "", verb: str = "multiplied", place: str = "") -> str:
    """Where one argument acted, in one line.

    Args:
        masks: The masks of one site.
        argument: The argument's name; the site's where there is none.
        verb: What is known of it: it multiplied, or it was drawn for the place.
        place: Where; the site's place where it is empty.

    Returns:
        The line, from the recorded masks alone.
    """
    own = SITES[masks.site].argument if masks.site in SITES else ""
    argument = f"{argument or own or masks.site}={rate_in_words(masks.rate)}"
    if masks.reason:
        return f"{argument}: {visible(masks.reason)}"
    if not masks.entries:
        return f"{argument}: {NONE_HELD}"
    parts = [WORDS["dropped"].format(share=percent(masks.dropped))]
    if masks.scale and not math.isclose(masks.scale, 1):
        parts.append(WORDS["kept"].format(scale=f"{masks.scale:.3g}"))
    return WORDS["multiplied"].format(
        argument=argument,
        verb=verb,
        place=place or place_of(masks.site),
        parts=", ".join(parts),
        sharing="; ".join(masks.sharing),
    )
