"""What each tab of the lab shows, from plain values to plain data: scenes, words, rows, lines."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from dropviz.core.cost import cudnn
from dropviz.core.number_forms import counted
from dropviz.core.scenario_string import Scenario, magic
from dropviz.core.sentences import answers, conclusion, intentions, last_losses
from dropviz.errors import visible
from dropviz.figures.scene import plain_data
from dropviz.jupyter.lab import scenes
from dropviz.jupyter.lab.moment import Moment
from dropviz.jupyter.lab.sequence import sequence_of

Content = dict[str, Any]

_CONCEALED = (
    "Predict first: pictures and sentences stay closed until you have answered. Press Train; "
    "after two batches it asks."
)
_ASKING = "Predict first: pictures and sentences come back when you have answered."
_NOT_YET = {
    "compiling": "Compiling: the first batch of a new model takes some seconds.",
    "training": "Waiting for the first batch.",
    "paused": "Paused before the first batch: press Resume.",
}


def _not_yet(moment: Moment) -> str:
    if moment.closed:
        return "Nothing is recorded, and the panel is closed."
    if moment.layer is not None and not moment.current:
        return "What was recorded is of other settings: press Train."
    return _NOT_YET.get(moment.state, "Nothing is recorded yet: press Train.")


def where(moment: Moment) -> Content:
    """Where dropout acted, or will act."""
    drawn = scenes.where(moment)
    if moment.layer is None or not moment.current:
        return {"pictures": [drawn], "words": intentions(moment.spec.setting)}
    words = answers({"lstm": moment.layer})
    sequence = sequence_of(moment.opened_shown, moment.task)
    return {"pictures": [drawn], "words": words, "sequence": sequence}


def masks(moment: Moment) -> Content:
    """The masks of the latest batch."""
    if moment.layer is None:
        return {"words": [_not_yet(moment), *intentions(moment.spec.setting)]}
    samples = moment.layer.require_batch().batch_sizes[-1]
    picture = scenes.masks(moment, moment.layer)
    # The picture says of each site what the first lines say.
    return {"pictures": [picture], "words": moment.layer.remarks, "samples": samples}


def curves(moment: Moment) -> Content:
    """The losses by epoch, with a line at each change."""
    if not moment.curves.epochs and not moment.unfinished:
        return {"words": [_not_yet(moment)]}
    last = last_losses(moment.curves)
    # A point of an epoch under way is in the picture, and not in these words.
    said = [f"After {counted(moment.curves.epochs, 'epoch')}: {last}."] if last else []
    return {"pictures": [scenes.losses(moment)], "words": said}


def inside(moment: Moment) -> Content:
    """The inside of the cell, and what went through it at one step."""
    made: Content = {"pictures": [scenes.cell(moment)], "words": []}
    if moment.opened is None:
        made["words"] = [
            "Pause, or wait for the end: then a sequence of the batch just done is opened here."
            if moment.training and not moment.closed
            else _not_yet(moment)
        ]
        return made
    sequence = sequence_of(moment.opened, moment.task)
    if not moment.current:
        made["words"] = ["All this is of the last training; what is set now has not been trained."]
    return made | {"sequence": sequence, "values": scenes.values(moment.opened)}


def cost(moment: Moment) -> Content:
    """What this setting costs."""
    rows: list[tuple[str, ...]] = [("cuDNN possible", cudnn(moment.spec.setting, gpu=moment.gpu))]
    if moment.run is not None and moment.run.spec is not None and moment.run.curves.epochs:
        epochs = counted(moment.run.curves.epochs, "epoch")
        took = f"{epochs} in {moment.run.seconds:.1f} s, with evaluations, compiling and pauses"
        rows.append(("the last training", took))
    if moment.cost is None:
        not_yet = "not yet: press Measure, when no training is under way"
        rows.append(("measured", "nothing, and the panel is closed" if moment.closed else not_yet))
    else:
        rows += moment.cost.rows
    return {"rows": [list(row) for row in rows], "title": "What dropout costs here"}


def code(moment: Moment) -> Content:
    """The plain Keras code, and the lines that do the same."""
    spec = moment.ran
    what = "The last training" if moment.run is not None else "These settings"
    plain = moment.run.code if moment.run is not None else ""
    return {
        "codes": [
            [f"{what} without the panel", magic(spec)],
            [
                f"{what} as a scenario, for the panel, the magics and dropviz.run",
                str(Scenario(spec)),
            ],
            ["The last training in code", plain.strip() or "(after the first training)"],
        ],
        "words": [moment.cut] if moment.cut else [],
    }


def verdict(moment: Moment) -> Content:
    """Which method it was: by the recording, the proof, and the experiment."""
    lines: list[str] = []
    if moment.layer is not None:
        lines += [f"Recorded: {line}" for line in conclusion({"lstm": moment.layer})]
    if moment.run is not None:
        lines += [proof.sentence for proof in moment.run.proof.values()]
    if moment.verdict is None:
        not_yet = " yet: press Experiment, when nothing trains"
        how = ", and the panel is closed" if moment.closed else not_yet
        lines.append(f"The experiment was not run{how}.")
        return {"words": lines}
    from dropviz.figures.evidence import evidence

    picture = evidence(moment.verdict)
    png = base64.b64encode(picture.frame(1)).decode()
    return {
        "image": {"png": png, "alt": picture.alt},
        "words": [*moment.verdict.lines, *lines],
    }


TABS: Mapping[str, Callable[[Moment], Content]] = {
    "Where": where,
    "Masks": masks,
    "Curves": curves,
    "Inside": inside,
    "Cost": cost,
    "Code": code,
    "Verdict": verdict,
}
_OPEN = ("Curves", "Cost")  # tell nothing of what is asked


def content(moment: Moment, tab: str) -> Content:
    """What one tab shows.

    Args:
        moment: What there is to see.
        tab: A key of ``TABS``.

    Returns:
        Plain data, for the front end: "tab"; "pictures", each a scene; "words", lines; and what
        else the tab has: "rows", "codes", "image", "sequence", "values".
    """
    if moment.concealed and tab not in _OPEN:
        return {
            "tab": tab,
            "words": [_ASKING if moment.training else _CONCEALED],
            "concealed": True,
        }
    made = TABS[tab](moment)
    if "pictures" in made:
        made["pictures"] = plain_data(made["pictures"])
    for name in ("words", "rows", "codes", "sequence"):
        if name in made:
            made[name] = _seen(made[name], keep="\n" if name == "codes" else "")
    return {
        "tab": tab,
        "coming": moment.coming if tab in ("Where", "Masks", "Inside") else "",
        "steps": moment.shape[0],
        **made,
    }


def _seen(told: Any, keep: str) -> Any:
    """Texts, at any depth, as they may be shown."""
    if isinstance(told, str):
        return visible(told, keep)
    if isinstance(told, list):
        return [_seen(each, keep) for each in told]
    if isinstance(told, dict):
        return {name: _seen(each, keep) for name, each in told.items()}
    return told
