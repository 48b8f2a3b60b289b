"""Texts from outside that would do something: harmless in every form of output."""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import dropviz
from dropviz.__main__ import main
from dropviz.core.comparison import Comparison
from dropviz.core.curves import Curves, Trained
from dropviz.core.gates import LSTM_GATES
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.recording import Recording
from dropviz.core.run_words import lines
from dropviz.core.runs import Run
from dropviz.core.scenario_string import Scenario, magic, parse
from dropviz.core.spec import RunSpec
from dropviz.core.sweep_result import Sweep
from dropviz.core.task import Task
from dropviz.core.trace_result import Proof, Trace
from dropviz.core.verdict import SiteVerdict, Verdict, Verdicts
from dropviz.errors import DropvizError, StoppedError, received, unknown_name
from dropviz.figures.evidence import evidence
from dropviz.figures.gates import gates
from dropviz.figures.theme import Picture
from dropviz.jupyter import living, mime, report
from dropviz.jupyter.explain_report import show_refused, show_verdict
from dropviz.jupyter.lab.contents import TABS, content
from dropviz.jupyter.lab.lab import lab
from dropviz.jupyter.lab.moment import Moment
from dropviz.jupyter.lab.static_copy import StaticCopy
from dropviz.jupyter.progress_view import ProgressView
from tests.studies.studies_made import compared, swept

# ---------------------------------------------------------------- the texts

HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "an element that runs": "<img src=x onerror=alert(1)>",
    "quotes": '"\'` onmouseover="alert(1)" \'',
    "the end of an element": "</pre></li></ul></div>--><!--",
    "entities": "&lt;b&gt; &amp; &#60;",
    "terminal colours": "\x1b[31mred\x1b[0m",
    "terminal commands": "\x1b]0;title\x07\x1b[2J\x9b31m\x08\r",
    "right to left": "lstm\u202egnp.exe\u202c\u2067x\u2069\u200f\u200e",
    "nothing to see": "a\u200bb\ufeffc\u00add\x00e",
    "line ends": "one\ntwo\r\nthree\u2028four\x85five\x0bsix",
    "mathematics": r"$\frac{1}{$ and $x$",
    "one dollar": r"price$ \$ \\$",
    "half a pair": "\ud800 half",
    "fields": "{0} {name} %s %(x)d ${HOME}",
    "no letters of the font": "\u5c42 \U0001f469\u200d\U0001f4bb \ue000",
    "markdown": "[x](javascript:alert(1)) `code` **b** | a | \\(x\\)",
    "long": "<b>&" * 100,
}
MANY = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)

_MARKUP = {"div", "strong", "span", "ul", "li", "table", "caption", "thead", "tbody", "tr", "th"}
_MARKUP |= {"td", "img", "pre", "p", "b", "h1", "h2", "html", "head", "meta", "title", "style"}
_MARKUP |= {"body"}
_ATTRIBUTES = {"class", "style", "src", "width", "height", "alt", "lang", "charset", "name"}
_ATTRIBUTES |= {"content", "role", "decoding"}


class Parsed(HTMLParser):
    """What a browser makes of some HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.data: list[tuple[str, str]] = []
        self.odd: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script" and attrs == [("type", "application/json")]:
            self.open.append(tag)
            return
        self.odd += [] if tag in _MARKUP else [tag]
        for name, value in attrs:
            self.odd += [] if name in _ATTRIBUTES else [f"{tag} {name}={value}"]
            if name == "src" and not str(value).startswith("data:image/png;base64,"):
                self.odd.append(f"{tag} src={value}")
            self.odd += [] if harmless(str(value)) else [f"{tag} {name}={value!r}"]
        if tag not in {"img", "meta"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.odd.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.data.append((self.open[-1] if self.open else "", data))

    def handle_comment(self, data: str) -> None:
        self.odd.append(f"<!--{data}")


def harmless(text: str, keep: str = "") -> bool:
    """Whether a text does nothing but be read, all of it on one line."""
    return all(letter.isprintable() or letter in keep for letter in text)


def check_plain(text: str) -> None:
    assert harmless(text, keep="\n"), ascii(text)


def check_html(text: str) -> None:
    # What runs is dropviz's own, whatever the texts; scenes are data beside it.
    for script in (living.output_script(), living.page_script(), living.CALL):
        text = text.replace(script, "")
    parsed = Parsed(text)
    assert parsed.odd == []
    assert parsed.open == []
    for tag, data in parsed.data:
        assert harmless(data, keep="\n\t" if tag in {"pre", "style", "head", "body"} else "\n")
        if tag == "script":
            assert json.loads(data)["kind"] in {"unrolled", "atlas", "curves", "cell"}


def check_picture(picture: Picture) -> None:
    assert harmless(picture.alt), ascii(picture.alt)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a letter that the font lacks
        png = picture.png()
    with Image.open(io.BytesIO(png)) as opened:
        assert opened.text["Description"] == picture.alt  # type: ignore[attr-defined]


# ---------------------------------------------------------------- results of hostile texts alone


def layer(text: str, name: str = "") -> LayerRecording:
    kept = np.random.default_rng(1).random((2, 1, 4, 3, 5)) >= 0.5
    masks = Masks(
        layer=name or text,
        site="input",
        values=np.where(kept, np.float32(2), np.float32(0)),
        rate=0.5,
        # A kind that nobody knows has no gates of known names.
        gates=(),
        time_steps=4,
        batch_sizes=(3, 3),
        batches=(0, 1),
    )
    nothing = replace(masks, site="recurrent", reason=f"nothing is dropped: {text}")
    sites = {"input": masks, "recurrent": nothing}
    return LayerRecording(name or text, text[:12] or "LSTM", 5, 2, sites, note=text)


def recording(text: str, layers: int = 1) -> Recording:
    each = [layer(text, f"{text}{number or ''}") for number in range(layers)]
    made = Recording.of({one.layer: one for one in each})
    made.skipped[f"{text} skipped"] = text
    return made


def run(text: str, **changed: Any) -> Run:
    given: dict[str, Any] = {
        "spec": None,
        "curves": Curves({"loss": [2.0, 1.0], text: [1.0, 2.0]}),
        "recording": recording(text),
        "status": "done",
        "seconds": 1.5,
        "code": f"x = 1\n\tif {text}:",
        "reason": text,
        "proof": {text: Proof(0.5, 1e-5, 2, 3)},
    }
    return Run(**(given | changed))


def of_task(text: str) -> Run:
    return run(text, spec=RunSpec(task=text, dropout=0.5, units=5), proof={})


def of_many(text: str) -> Run:
    """Two models, of five layers and of one that both have."""
    recorded = recording(text, layers=5)
    names = tuple(recorded)
    curves = Curves({"loss": [2.0, 1.0]})
    models = (Trained(f"{text}#2", names[:1]), Trained(text, names, curves))
    return run(text, recording=recorded, models=models, curves=curves)


RUNS: dict[str, Callable[[str], Run]] = {"one": run, "a task": of_task, "many": of_many}
EACH = pytest.mark.parametrize("make", RUNS.values(), ids=RUNS)


def verdict(text: str) -> Verdict:
    site = SiteVerdict(
        "input", 0.5, (0.4, 0.6), "sequence", "tied", "inverted", 2.0, 1.0, LSTM_GATES, (),
        same_over_samples=False, same_over_units=False, frozen=False,
        seen=np.random.default_rng(0).integers(0, 2, (4, 6)).astype("float64"),
    )  # fmt: skip
    return Verdict(text, "LSTM", {"input": site}, False, "keras", (), (text,), (text,), 1.0, 2)  # noqa: FBT003


def trace(text: str) -> Trace:
    values = np.random.default_rng(0).random((2, 4, 5))
    opened = dict.fromkeys((*LSTM_GATES[:3], text), values)
    return Trace(text, values, layer(text), opened, values, values, values, Proof(1e-7, 1e-5, 2, 4))


def task(text: str) -> Task:
    x = np.zeros((8, 4, 3), "float32")
    y = np.array([0, 1] * 4)
    return Task(text, x, y, x[:4], y[:4], title=text)


# ---------------------------------------------------------------- plain text


def _tabs(text: str) -> list[str]:
    """Every text of the lab's tabs."""
    done = of_task(text)
    assert done.spec is not None
    moment = Moment(done.spec, (4, 3), layer=layer(text), run=done, verdict=verdict(text))
    return [each for name in TABS for each in _texts(content(moment, name))]


def _texts(told: object) -> list[str]:
    parts = told.values() if isinstance(told, dict) else told if isinstance(told, list) else ()
    return [told] if isinstance(told, str) else [text for each in parts for text in _texts(each)]


@cache
def _studies() -> tuple[Comparison, Sweep]:
    with pytest.MonkeyPatch.context() as patch:
        both = compared(patch, lambda _: 0.5, methods=["none", "keras"], seeds=2)
        return both, swept(patch, lambda _: 0.5, dropout=[0.0, 0.5], seeds=2)


def studies(text: str) -> list[Comparison | Sweep]:
    """A comparison and a sweep of a task with a name."""
    return [replace(each, task=text) for each in _studies()]


PLAIN: dict[str, Callable[[str], list[str]]] = {
    "the tabs of the lab": _tabs,
    "a run": lambda text: [str(run(text)), *run(text).summary, run(text).title],
    "a run of a task": lambda text: [str(of_task(text)), of_task(text).title],
    "a run of many": lambda text: [str(of_many(text)), *lines(of_many(text).of(f"{text}#2"))],
    "the repr of a run": lambda text: [repr(run(text)), repr(of_many(text))],
    "a report": lambda text: [report._words(make(text))["text/plain"] for make in RUNS.values()],
    "a recording": lambda text: [str(recording(text)), repr(recording(text))],
    "a layer": lambda text: [*layer(text).sentences, repr(layer(text))],
    "masks": lambda text: [each.sentence for each in layer(text).values()],
    "the repr of masks": lambda text: [repr(layer(text)["input"])],
    "curves": lambda text: [repr(Curves({text: [1.0]}))],
    "a task": lambda text: [repr(task(text))],
    "a verdict": lambda text: [str(verdict(text)), repr(verdict(text)), verdict(text).title],
    "verdicts": lambda text: [str(Verdicts({text: verdict(text)}, {text: text}))],
    "a trace": lambda text: [repr(trace(text))],
    "studies": lambda text: [said for each in studies(text) for said in (str(each), each.title)],
    "a scenario": lambda text: [str(Scenario(RunSpec(task=text))), magic(RunSpec(task=text))],
    "words": lambda text: [mime.words([text, text], [text])["text/plain"]],
    "a table": lambda text: [mime.table(text, [text], [(text,)])["text/plain"]],
    "an error": lambda text: [str(DropvizError(f"No: {text}")), *face(DropvizError(text))],
    "a stop": lambda text: [str(StoppedError(text)), *face(StoppedError(text))],
    "an unknown name": lambda text: [str(unknown_name("task", text, [text, "x"]))],
    "what came": lambda text: [received(text), received(Named(text))],
}  # fmt: skip


def face(error: DropvizError | StoppedError) -> list[str]:
    return error._render_traceback_()


class Named:
    """An object whose repr is somebody's text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


@pytest.mark.few(6)
@pytest.mark.parametrize("form", PLAIN)
@MANY
def test_plain_text_does_nothing_and_hides_nothing(form: str, text: str) -> None:
    for said in PLAIN[form](text):
        check_plain(said)


@pytest.mark.parametrize("form", ["a run", "a layer", "a recording", "a verdict"])
def test_what_is_hidden_is_told_and_not_left_out(form: str) -> None:
    said = " ".join(PLAIN[form]("lstm\u202egnp\x1b[2J"))

    assert r"lstm\u202egnp\x1b[2J" in said


@MANY
def test_each_row_of_a_table_is_a_line(text: str) -> None:
    heading, *_ = of_many(text).summary
    words = report.words(of_many(text))

    assert heading == "2 models trained: done, 1.5 s"
    assert words[1].startswith("model")
    assert sum(line.startswith("Below: model") for line in words) == 1


# ---------------------------------------------------------------- HTML


HTML: dict[str, Callable[[str], list[str]]] = {
    "a report": lambda text: [report._words(make(text))["text/html"] for make in RUNS.values()],
    "words": lambda text: [mime.words([text, text], [text])["text/html"]],
    "a table": lambda text: [mime.table(text, [text], [(text,)])["text/html"]],
    "code": lambda text: [mime.code(text), mime.code(f"x\n\t{text}", "color: red")],
}


@pytest.fixture
def _no_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Picture, "frame", lambda *_, **__: b"")
    monkeypatch.setattr(Picture, "png", lambda *_, **__: b"")


@pytest.mark.few(6)
@pytest.mark.usefixtures("_no_pixels")
@pytest.mark.parametrize("form", HTML)
@MANY
def test_html_holds_a_text_as_text(form: str, text: str) -> None:
    for said in HTML[form](text):
        check_html(said)


@pytest.mark.few(5)
@pytest.mark.usefixtures("_no_pixels")
@EACH
@MANY
def test_a_page_holds_a_text_as_text(make: Callable[[str], Run], text: str) -> None:
    page = report.page(make(text))

    check_html(page.removeprefix("<!doctype html>\n"))
    page.encode()


@pytest.mark.parametrize("form", ["a report", "words", "a table"])
def test_no_notebook_takes_a_dollar_for_mathematics(form: str) -> None:
    for said in HTML[form]("$x$"):
        outer = re.findall(r"<(?:div|table) [^>]*>", said)
        assert outer
        assert all("mathjax_ignore tex2jax_ignore" in each for each in outer)


# ---------------------------------------------------------------- pictures

PICTURES: dict[str, Callable[[str], list[Picture]]] = {
    "a run": lambda text: [run(text, proof={}).figure(name) for name in ("where", "masks")],
    "curves": lambda text: [of_many(text).figure("curves")],
    "one of many": lambda text: [of_many(text).of(f"{text}#2").figure("where")],
    "evidence": lambda text: [evidence(verdict(text))],
    "gates": lambda text: [gates(trace(text))],
}


@pytest.mark.few(2)
@pytest.mark.parametrize("form", PICTURES)
@MANY
def test_a_picture_is_drawn_and_its_words_do_nothing(form: str, text: str) -> None:
    for picture in PICTURES[form](text):
        check_picture(picture)


def drawn_words(picture: Picture) -> list[str]:
    picture.draw_without_rendering()
    drawn: list[Any] = [text for axes in picture.axes for text in axes.texts]
    return [text._preprocess_math(text.get_text())[0] for text in drawn]


@pytest.mark.parametrize("name", ["$x$", r"\frac{$a$}", "a$b", "$$"])
def test_a_name_with_dollars_is_drawn_as_it_is(name: str) -> None:
    assert any(name in words for words in drawn_words(run(name, proof={}).figure("masks")))


# ---------------------------------------------------------------- what a person meets


class Shown:
    """Collects what is displayed."""

    def __init__(self) -> None:
        self.bundles: list[dict[str, Any]] = []

    def __call__(self, bundle: dict[str, Any], **kwargs: Any) -> Any:
        self.bundles.append({**bundle, "alt": str(kwargs.get("metadata", ""))})
        return self

    def update(self, bundle: dict[str, Any], **kwargs: Any) -> None:
        self(bundle, **kwargs)

    def check(self) -> None:
        assert self.bundles
        for bundle in self.bundles:
            check_plain(bundle["text/plain"])
            check_html(bundle.get("text/html", ""))
            check_plain(bundle["alt"])


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Shown:
    taken = Shown()
    for module in ("mime", "report", "explain_report", "progress_view"):
        monkeypatch.setattr(f"dropviz.jupyter.{module}.display", taken)
    return taken


SHOW: dict[str, Callable[[str], object]] = {
    "a report": lambda text: report.report(run(text)),
    "a report of many": lambda text: report.report(of_many(text)),
    "a verdict": lambda text: show_verdict(verdict(text)),
    "what has no verdict": lambda text: show_refused({text: text}),
    "progress": lambda text: ProgressView().say(text),
}


@pytest.mark.few
@pytest.mark.usefixtures("_no_pixels")
@pytest.mark.parametrize("show", SHOW.values(), ids=SHOW)
@MANY
def test_what_is_displayed_is_harmless_in_each_of_its_forms(
    show: Callable[[str], object], text: str, display: Shown
) -> None:
    show(text)

    display.check()


@pytest.mark.few(6)
@MANY
def test_the_lab_shows_a_task_s_name_as_text(text: str) -> None:
    panel = lab("lstm:u4:e1", task=task(text))
    try:
        copy = StaticCopy(panel).bundle()
        check_plain(copy["text/plain"])
        check_html(copy["text/html"])
        panel.say(text, alert=True)
        check_plain(panel.status)
        panel._worker.fail(RuntimeError(text))
        check_plain(panel.status)
        panel.write_copies()
        check_plain(repr(panel))
        # Of these the script makes text alone; that it can make nothing else is tested there.
        for label in (*panel.copies.values(), *(label for _, label in panel.offers["tasks"])):
            check_plain(label)
    finally:
        panel.close()


@MANY
def test_a_saved_run_comes_back_and_is_as_harmless(text: str, tmp_path: Path) -> None:
    for made in (of_many(text), run(text)):
        if "\ud800" in text:
            with pytest.raises(DropvizError, match="must be a text of whole letters"):
                made.save(tmp_path / "run.dropviz")
            continue
        loaded = dropviz.load(made.save(tmp_path / "run.dropviz"))

        assert isinstance(loaded, Run)
        assert list(loaded.recording) == list(made.recording)
        assert list(loaded.curves) == list(made.curves)
        assert [each.name for each in loaded.models] == [each.name for each in made.models]
        assert loaded.summary == made.summary
        check_plain(str(loaded))


@MANY
def test_an_error_about_a_scenario_or_a_file_is_harmless(text: str, tmp_path: Path) -> None:
    asked: list[Callable[[], object]] = [
        lambda: parse(text),
        lambda: parse(f"lstm:{text}"),
        lambda: dropviz.load(tmp_path / text.replace("/", "_")[:80]),
        lambda: run(text).of(text),
        lambda: run(text).figure(text),
        lambda: recording(text)[f"{text}x"],
        lambda: layer(text)[text],
        lambda: lab(hide=[text]),
    ]
    for ask in asked:
        with pytest.raises(DropvizError) as caught:
            ask()
        check_plain(str(caught.value))
        assert "\n" not in str(caught.value)


@MANY
def test_the_command_line_says_harmlessly_what_is_wrong(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for words in ([text or "x"], ["demo", "--out", f"nowhere-{text}/page.html"]):
        try:
            told.append(main(words))
        except SystemExit as end:
            told.append(int(str(end.code)))
    written = capsys.readouterr()

    assert all(told)
    check_plain(written.err)
    check_plain(written.out)


# ---------------------------------------------------------------- one home


def test_html_is_escaped_in_one_place() -> None:
    sources = Path(dropviz.__file__).parent.rglob("*.py")
    users = [path.name for path in sources if "html.escape" in path.read_text(encoding="utf-8")]

    assert users == ["html_text.py"]
