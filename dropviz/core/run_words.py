"""What a run says: of one model, or of many a line each and then of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from dropviz.core import sentences
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks, percent
from dropviz.core.number_forms import counted, rate_in_words
from dropviz.core.sentences import listed
from dropviz.core.sites import SITES, short_place_of
from dropviz.core.text_table import Table
from dropviz.core.trace_result import Proof
from dropviz.errors import visible

if TYPE_CHECKING:
    from dropviz.core.curves import Trained
    from dropviz.core.runs import Run

Line = str | Table
Section = list[Line]  # the first line is its title

_SENTENCES = 6  # about places, those of three recurrent layers; of more a row for each layer
_UNPROVED = "not compared"
_UNCOMPARED = (
    "Code that is not Keras's own may leave its masks out, and it was not compared with NumPy."
)
_ROWS = 12  # models with a line each; of more the first and the last


def sections(run: Run) -> list[Section]:
    """A run in words, under one title or more.

    Args:
        run: The run.

    Returns:
        Its title and what stands below it; of several models a table, and then one of them.
        What is not recorded comes last.
    """
    if not run.models:
        return [[*_one(run), *_unrecorded(run)]]
    shown = [_shown(run), *_one(run.shown)[1:], *_unrecorded(run)]
    return [_drop_empty([run.title, _models(run), run.reason]), shown]


def lines(run: Run) -> list[str]:
    """The words of a run as lines of text, tables and all."""
    said: list[str] = []
    for line in (line for section in sections(run) for line in section):
        said += line.lines if isinstance(line, Table) else [visible(line)]
    return said


def _drop_empty(section: Section) -> Section:
    return [line for line in section if line]


def _unrecorded(run: Run) -> list[str]:
    notes = run.recording.notes
    if run.recording or notes:
        return notes
    return ["No recurrent layer was seen to train in this thread, so nothing was recorded."]


def _one(run: Run) -> Section:
    said: Section = [run.title, run.reason, sentences.last_losses(run.curves), _shared(run)]
    if in_rows(run):
        return _drop_empty([*said, *_many_layers(run)])
    said += sentences.answers(run.layers)
    said += [*_uncompared(run), *_unproved(run)]
    said += [f"{prefix}{proof.sentence}" for prefix, proof in whose(run)]
    return _drop_empty(said)


def _uncompared(run: Run) -> list[str]:
    """Of layers with code of their own that have no proof, that they have none."""
    layers = run.layers.items()
    names = [name for name, layer in layers if layer.doubt and name not in run.proof]
    return [f"{listed(names)}: NOT proved. {_UNCOMPARED}"] if names else []


def _unproved(run: Run) -> list[str]:
    """Of Keras's own layers that dropped something and have no proof, that they have none."""
    names = [
        name
        for name, layer in run.layers.items()
        if name not in run.proof and layer.is_recurrent and not layer.doubt
        if any(masks.entries and not masks.reason for masks in layer.values())
    ]
    why = "" if run.status == "done" else ", as the training did not come to its end"
    return [f"{listed(names)}: {_UNPROVED} with NumPy{why}."] if names else []


def in_rows(run: Run) -> bool:
    """Whether a run has so many layers that each has a row in place of sentences."""
    return sum(map(len, run.recording.values())) > _SENTENCES


def whose(run: Run) -> list[tuple[str, Proof]]:
    """The proofs of a run, each with the layer's name before it where there are several."""
    several = len({*run.recording, *run.proof}) > 1
    return [(f"{name}: " if several else "", proof) for name, proof in run.proof.items()]


# ---------------------------------------------------------------- many models


def _models(run: Run) -> Table:
    rows = [_model(run, each) for each in run.models]
    if len(rows) > _ROWS:
        first, last = _ROWS // 2, _ROWS - _ROWS // 2 - 1
        left_out = len(rows) - first - last
        gap = (f"... {left_out} more, in run.models", *[""] * (len(rows[0]) - 1))
        rows = [*rows[:first], gap, *rows[-last:]]
    heads = ("model", "recurrent layers", "trained", "loss (Keras's)", "val_loss", "proof by NumPy")
    # What no model has is no column.
    there = [any(row[column] for row in rows) for column in range(len(heads))]
    kept = [column for column, some in enumerate(there) if some]
    return Table([heads[c] for c in kept], [[row[c] for c in kept] for row in rows])


def _model(run: Run, model: Trained) -> tuple[str, ...]:
    losses = [
        sentences.last_figure(model.curves, name) if model.curves.get(name) else ""
        for name in ("loss", "val_loss")
    ]
    layers = recurrent(run, model.layers)
    proofs = {name: run.proof[name] for name in layers if name in run.proof}
    return (
        model.name,
        listed(layers) or "none recorded",
        _trained(run, model),
        *losses,
        proved(proofs, len(layers)) if layers else "",
    )


def recurrent(run: Run, names: Iterable[str]) -> list[str]:
    """Those of some recorded layers that are recurrent; a Dropout layer has no proof."""
    layers = run.recording
    return [name for name in names if name not in layers or layers[name].is_recurrent]


def _trained(run: Run, model: Trained) -> str:
    if model.curves.epochs:
        return counted(model.curves.epochs, "epoch")
    batches = [run.recording[name].batches for name in model.layers if name in run.recording]
    return counted(max(batches), "batch", "batches") if batches else ""


def proved(proofs: Mapping[str, Proof], layers: int) -> str:
    """How far NumPy is from some layers, in a few words.

    Args:
        proofs: The proofs of those layers that could be proved.
        layers: How many layers there are.
    """
    wrong = [name for name, proof in proofs.items() if not proof.agrees]
    if wrong:
        return f"does NOT agree: {listed(wrong)}"
    if not proofs:
        return _UNPROVED
    of = f" in {len(proofs)} of {layers} layers" if len(proofs) < layers else ""
    return f"agrees to {max(proof.error for proof in proofs.values()):.1e}{of}"


def _shown(run: Run) -> str:
    name, models = run.shown.name, run.models
    last = "the last that trained"
    if name != models[-1].name:
        last += " with a recurrent layer"
    other = next(each.name for each in models if each.name != name)
    return f"Below: model {name}, {last}; run.of({other!r}) shows another."


def _shared(run: Run) -> str:
    """Which layers of a model are those of others too, whose batches are among these."""
    told = [
        f"{layer.layer} trained in {' and '.join(layer.models)}: its masks are those of all."
        for layer in run.recording.values()
        if len(layer.models) > 1
    ]
    return " ".join(told)


# ---------------------------------------------------------------- many layers


def _many_layers(run: Run) -> Section:
    layers = list(run.layers.values())
    order = sorted({(name, site) for layer in layers for site, name in _arguments(layer).items()})
    table = Table(
        (
            "layer",
            *(f"{argument}: {short_place_of(site)}" for argument, site in order),
            "proof by NumPy",
        ),
        [
            (
                _named(layer),
                *(_cell(layer, *column) for column in order),
                _proof(run.proof.get(layer.layer)) if layer.is_recurrent else "",
            )
            for layer in layers
        ],
    )
    said = [*_remarks(layers), *sentences.conclusion(run.layers)]
    said += [f"{name}: {run.proof[name].sentence}" for name in run.disproved]
    said += _uncompared(run)
    return [table, *said]


def _named(layer: LayerRecording) -> str:
    """A layer's name; of a Dropout layer also the one whose outputs it drops."""
    return f"{layer.layer}, after {layer.follows}" if layer.follows else layer.layer


def _arguments(layer: LayerRecording) -> dict[str, str]:
    """By recorded site the argument that gives it its rate; the site's name without one."""
    named = {rule.site: rule.argument for rule in layer.setting.rules}
    return {site: named.get(site) or SITES[site].argument or site for site in layer}


def _cell(layer: LayerRecording, argument: str, site: str) -> str:
    if _arguments(layer).get(site) != argument:
        return ""
    masks = layer[site]
    if masks.reason or not masks.entries:
        return rate_in_words(masks.rate)
    drawn = "drawn, " if layer.drawn_only else ""
    manner = "".join(_manner(layer, masks))
    return f"{rate_in_words(masks.rate)}: {drawn}{percent(masks.dropped)} dropped{manner}"


def _manner(layer: LayerRecording, masks: Masks) -> Iterable[str]:
    # A sequence that goes on in the next batch meets other masks there.
    kept = ", same at all steps" if layer.stateful else ", one a sequence"
    lives = {True: kept, False: ", new at each step"}
    ties = {True: ", tied", False: ", untied"}
    yield lives.get(masks.same_over_steps, "")  # type: ignore[arg-type]
    yield ties.get(masks.same_over_gates, "")  # type: ignore[arg-type]
    # What is seldom so.
    yield ", same for all samples" if masks.same_over_samples else ""
    yield ", same in all batches" if masks.same_over_batches else ""


def _proof(proof: Proof | None) -> str:
    if proof is None:
        return _UNPROVED
    return f"agrees to {proof.error:.1e}" if proof.agrees else "does NOT agree"


def _remarks(layers: Sequence[LayerRecording]) -> list[str]:
    """Notes, calls, and why nothing was dropped where the rate does not say so, each once."""
    remarks: dict[str, list[str]] = {}
    for layer in layers:
        names = _arguments(layer)
        able = [masks for masks in layer.values() if masks.reason and masks.rate]
        said = [sentences.answer(masks, names[masks.site]) for masks in able]
        for remark in filter(None, [*said, layer.called, layer.note]):
            remarks.setdefault(remark, []).append(layer.layer)
    return [f"{listed(names)}: {remark}" for remark, names in remarks.items()]
