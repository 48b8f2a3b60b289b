"""The report of a run: pictures and words, in a notebook or as one HTML page."""

from __future__ import annotations

from collections.abc import Iterator

from IPython.display import display

from dropviz.core import run_words
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.runs import Run
from dropviz.core.text_table import Table
from dropviz.figures.colours import theme
from dropviz.figures.curves import curves
from dropviz.figures.heatmaps import atlas
from dropviz.figures.theme import Picture
from dropviz.figures.unrolled import where
from dropviz.jupyter import living, mime

# A report of more layers than this would be a flood; the recording holds them all.
_LAYERS = 4


def pictures(run: Run) -> Iterator[Picture]:
    """The pictures of a run, in the order of the report.

    Args:
        run: The run; of several models the one that is shown is drawn.

    Yields:
        The curves where an epoch came to its end; then for each recorded layer where
        dropout acted, and its masks.
    """
    shown = run.shown
    if shown.curves.get("loss"):
        yield curves(shown.curves, model=shown.name)
    for layer in _drawable(shown)[:_LAYERS]:
        if layer.is_recurrent:
            yield where(layer)
        if any(masks.entries and not masks.reason for masks in layer.values()):
            yield atlas(layer)


def _drawable(run: Run) -> list[LayerRecording]:
    wrong = run.disproved
    known = [name for name, layer in run.layers.items() if not layer.doubt and name not in wrong]
    # A Dropout layer is drawn with the recurrent layer below it.
    above = {after.layer for name in known if (after := run.recording.dropout_after(name))}
    # Of a layer that drew nothing there is nothing that might not have multiplied.
    layers = (run.layer_to_draw(name).compared(agrees=True) for name in known if name not in above)
    # A layer may have trained with no batch of it small enough to be held.
    return [layer for layer in layers if any(masks.batches for masks in layer.values())]


def left_out(run: Run) -> str:
    """Names the layers that the report does not draw; empty where it draws all."""
    shown = run.shown
    said = []
    doubtful = [name for name, layer in shown.layers.items() if layer.doubt]
    if doubtful:
        said.append(
            f"No pictures of {', '.join(doubtful)}: "
            f"{'its' if len(doubtful) == 1 else 'their'} masks were drawn, and what they "
            "multiplied is not known."
        )
    wrong = [name for name in shown.disproved if name in shown.layers and name not in doubtful]
    if wrong:
        said.append(f"No pictures of {', '.join(wrong)}: plain NumPy gives other outputs.")
    rest = [layer.layer for layer in _drawable(shown)[_LAYERS:]]
    if rest:
        said.append(f"Not drawn here, but recorded: {', '.join(rest)}.")
    return " ".join(said)


def words(run: Run) -> list[str]:
    """The lines of the report."""
    return [line for section in _sections(run) for line in mime.plain_lines(section)]


def _words(run: Run) -> dict[str, str]:
    """The words of the report as HTML and as text, for one output."""
    *above, last = _sections(run)
    parts = [*map(mime.words, above), mime.words(last, _badges(run.shown))]
    return {
        "text/html": "".join(each["text/html"] for each in parts),
        "text/plain": "\n".join(each["text/plain"] for each in parts),
    }


def _sections(run: Run) -> list[list[str | Table]]:
    """The words of the report by what they are of; the run's own and its notes last."""
    *above, last = run_words.sections(run)
    return [*above, [*last, *filter(None, [left_out(run)])]]


def _badges(run: Run) -> list[str]:
    proofs = run.proof
    if run_words.in_rows(run):
        layers = len(run_words.recurrent(run, run.recording))
        return [f"NumPy {run_words.proved(proofs, layers)}"] if proofs else []
    return [f"{prefix}{proof.badge}" for prefix, proof in run_words.whose(run)]


def report(run: Run) -> None:
    """Shows the report of a run in a notebook: words, then pictures with alt text.

    Args:
        run: The run.
    """
    said = _words(run)
    display(said | {"text/html": said["text/html"] + living.output_script()}, raw=True)
    for drawn in pictures(run):
        mime.picture(drawn)


_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>dropviz: {title}</title>
<style>
body {{ font: clamp(16px, 1.35vw, 20px)/1.55 system-ui, sans-serif; max-width: 1150px;
  color: {light[ink]}; background: {light[ground]}; margin: 2em auto; padding: 0 1em; }}
h1 {{ font-size: 1.5em; }} h2 {{ font-size: 1.15em; margin: 2em 0 .5em; }}
h1, h2 {{ break-after: avoid; }}
img {{ display: block; }}
.dropviz-picture {{ margin: 1.2em 0; break-inside: avoid; }}
pre {{ background: {light[paper]}; padding: 1em; overflow-x: auto; font-size: .85em;
  line-height: 1.45; }}
@media screen and (prefers-color-scheme: dark) {{
  body {{ color: {dark[ink]}; background: {dark[ground]}; }} pre {{ background: {dark[paper]}; }}
}}
@media print {{
  body {{ margin: 0; }}
  pre {{ white-space: pre-wrap; overflow-wrap: anywhere; overflow: visible; }}
}}
</style>
</head>
<body>
<h1>Where dropout acts in this LSTM</h1>
{body}
</body>
</html>
"""


def page(run: Run) -> str:
    """The report as one HTML page that needs nothing else.

    Args:
        run: The run.

    Returns:
        HTML with the pictures inside it.
    """
    parts = [_words(run)["text/html"]]
    parts += [living.picture(drawn, drawn.png()) for drawn in pictures(run)]
    parts.append(f"<h2>The same in plain Keras</h2>{mime.code(run.code)}")
    parts.append(living.page_script())
    return _PAGE.format(title=mime.escaped(run.title), body="\n".join(parts), **theme())
