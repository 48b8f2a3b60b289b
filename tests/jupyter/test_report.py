from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from dropviz.core.curves import Curves, Trained
from dropviz.core.layer_recording import LayerRecording
from dropviz.core.masks import Masks
from dropviz.core.recording import Recording
from dropviz.core.runs import Run
from dropviz.core.spec import RunSpec
from dropviz.core.trace_result import Proof
from dropviz.jupyter import report
from dropviz.jupyter.report import left_out, page, pictures, words

from .conftest import InProcess

RATE = 0.5
STEPS, SAMPLES, UNITS = 4, 4, 6
NOTHING = "nothing is dropped: the rate is 0."


def masks(layer: str, site: str, reason: str) -> Masks:
    kept = np.random.default_rng(1).random((2, 1, 4, SAMPLES, UNITS)) >= RATE
    return Masks(
        layer=layer,
        site=site,
        values=np.where(kept, 1 / (1 - RATE), 0).astype("float32"),
        rate=0.0 if reason else RATE,
        gates=("i", "f", "g", "o"),
        time_steps=STEPS,
        batch_sizes=(SAMPLES, SAMPLES),
        batches=(0, 1),
        reason=reason,
    )


def recorded(layer: str = "lstm", reason: str = "") -> LayerRecording:
    sites = {site: masks(layer, site, reason) for site in ("input", "recurrent")}
    return LayerRecording(layer, "LSTM", UNITS, 2, sites)


def unseen(layer: str) -> LayerRecording:
    return LayerRecording(layer, "LSTM", UNITS, 0, {}, note="no training batch came by.")


def run(*layers: LayerRecording, **kwargs: Any) -> Run:
    """Makes a run of two epochs, unless told otherwise."""
    given: dict[str, Any] = {
        "spec": None,
        "curves": Curves({"loss": [2.0, 1.0]}),
        "recording": Recording.of({each.layer: each for each in layers}),
        "status": "done",
        "seconds": 1.5,
        "code": "model.fit(x, y)",
    }
    return Run(**(given | kwargs))


def kinds(of: Run) -> list[str]:
    """What each picture is, from its alt text."""
    starts = {
        "Loss over": "curves",
        "LSTM layer": "where",
        "Mask heatmaps": "masks",
    }
    return [
        next(kind for start, kind in starts.items() if drawn.alt.startswith(start))
        for drawn in pictures(of)
    ]


# ---------------------------------------------------------------- pictures


def test_curves_come_first_and_then_where_and_masks_of_each_layer() -> None:
    assert kinds(run(recorded("a"), recorded("b"))) == [
        "curves",
        "where",
        "masks",
        "where",
        "masks",
    ]


def test_layers_are_drawn_in_the_order_of_the_model() -> None:
    _, where_b, masks_b, where_a, masks_a = pictures(run(recorded("b"), recorded("a")))

    assert where_b.alt.startswith("LSTM layer b unrolled")
    assert masks_b.alt.startswith("Mask heatmaps of b,")
    assert where_a.alt.startswith("LSTM layer a unrolled")
    assert masks_a.alt.startswith("Mask heatmaps of a,")


def test_no_curves_are_drawn_where_no_epoch_was_counted() -> None:
    assert kinds(run(recorded(), curves=Curves())) == ["where", "masks"]


def test_no_masks_are_drawn_where_nothing_could_be_dropped() -> None:
    assert kinds(run(recorded(reason=NOTHING))) == ["curves", "where"]


def test_a_layer_that_saw_no_batch_is_not_drawn() -> None:
    assert kinds(run(unseen("a"), recorded("b"))) == ["curves", "where", "masks"]


def test_a_layer_whose_batches_were_too_large_to_hold_is_not_drawn() -> None:
    empty = replace(
        masks("a", "input", ""),
        values=np.zeros((0, 1, 4, 0, UNITS), np.float32),
        batch_sizes=(),
        batches=(),
    )
    large = LayerRecording("a", "LSTM", UNITS, 2, {"input": empty}, note="no masks are held.")

    assert kinds(run(large, recorded("b"))) == ["curves", "where", "masks"]
    assert "a: no masks are held." in words(run(large, recorded("b")))


def dropping(name: str, follows: str) -> LayerRecording:
    """A Dropout layer after another."""
    between = replace(
        masks(name, "between", ""), gates=(), values=np.ones((2, 1, 1, SAMPLES, UNITS))
    )
    return LayerRecording(name, "Dropout", UNITS, 2, {"between": between}, follows=follows)


@pytest.mark.full
@pytest.mark.parametrize(
    ("above", "drawn"),
    [
        (["a"], ["Mask heatmaps of a"]),
        (["a", "a"], ["Mask heatmaps of a", "Mask heatmaps of drop_1"]),
        (["bidirectional"], ["Mask heatmaps of a", "Mask heatmaps of drop_0"]),
        ([""], ["Mask heatmaps of a", "Mask heatmaps of drop_0"]),
    ],
    ids=["one above", "two above", "above both directions", "above none"],
)
def test_every_dropout_layer_is_drawn_once(above: list[str], drawn: list[str]) -> None:
    drops = [dropping(f"drop_{number}", follows) for number, follows in enumerate(above)]

    alts = [each.alt for each in pictures(run(recorded("a"), *drops))]

    assert [alt.partition(",")[0] for alt in alts if alt.startswith("Mask heatmaps")] == drawn
    for each in drops:
        assert sum(f"{each.layer}, between: rate" in alt for alt in alts) >= 1


def test_at_most_four_layers_are_drawn() -> None:
    assert kinds(run(*map(recorded, "abcdef"))).count("where") == 4


def test_layers_that_are_not_drawn_are_named() -> None:
    six = run(*map(recorded, "abcdef"))

    assert left_out(six) == "Not drawn here, but recorded: e, f."
    assert left_out(six) in words(six)


def test_nothing_is_left_out_of_a_report_of_four_layers() -> None:
    four = run(*map(recorded, "abcd"))

    assert left_out(four) == ""
    assert "" not in words(four)


def test_a_layer_of_own_code_that_drew_nothing_is_drawn_as_any_other() -> None:
    made = run(recorded(reason=NOTHING).compared(agrees=False))

    assert kinds(made) == ["curves", "where"]
    assert left_out(made) == ""
    _, where = pictures(made)
    assert not any("NOT known" in text.get_text() for axes in where.axes for text in axes.texts)


@pytest.mark.parametrize("reason", ["", NOTHING])
def test_a_layer_that_is_disproved_is_not_drawn_and_named(reason: str) -> None:
    made = run(recorded("a", reason), recorded("b"), proof={"a": Proof(0.5, 1e-5, 2, 3)})

    assert kinds(made) == ["curves", "where", "masks"]
    assert left_out(made).startswith("No pictures of a: ")
    assert left_out(made).count("No pictures") == 1
    assert ("masks were drawn" in left_out(made)) == (reason == "")


def test_several_layers_that_are_not_drawn_are_spoken_of_as_several() -> None:
    unknown = [recorded(name).compared(agrees=False) for name in "ab"]

    assert left_out(run(*unknown)).startswith("No pictures of a, b: their masks were drawn")


def test_a_layer_that_saw_no_batch_takes_no_place_among_the_four() -> None:
    assert left_out(run(unseen("a"), *map(recorded, "bcde"))) == ""


# ---------------------------------------------------------------- several models


def turns() -> Run:
    """A maker and a critic that trained in turns; the critic last, and the maker in a GAN."""
    models = (
        Trained("gan", ("maker",), Curves({"loss": [3.0, 2.5]})),
        Trained("critic", ("critic/lstm", "critic/more"), Curves({"loss": [2.0, 1.0, 0.5]})),
    )
    layers = map(recorded, ("maker", "critic/lstm", "critic/more"))
    proofs = {name: Proof(1e-7, 1e-5, 2, 3) for name in ("maker", "critic/lstm")}
    return run(*layers, models=models, curves=models[-1].curves, proof=proofs)


def folds() -> Run:
    """Three folds, each with a layer of its own."""
    models = tuple(
        Trained(f"fold_{number}", (f"lstm_{number}",), Curves({"loss": [number + 1.0]}))
        for number in range(3)
    )
    return run(
        *(recorded(f"lstm_{number}") for number in range(3)),
        models=models,
        curves=models[-1].curves,
    )


def loops() -> Run:
    """Two models of a loop by hand, without curves."""
    models = (Trained("encoder", ("reads",)), Trained("decoder", ("writes",)))
    return run(recorded("reads"), recorded("writes"), models=models, curves=Curves())


SEVERAL = {"turns": (turns, "critic"), "folds": (folds, "fold_2"), "loops": (loops, "decoder")}
MANY = pytest.mark.parametrize(("make", "name"), SEVERAL.values(), ids=SEVERAL)


@MANY
def test_the_pictures_are_of_the_model_that_is_named(make: Callable[[], Run], name: str) -> None:
    made = make()
    its = next(each for each in made.models if each.name == name)

    drawn = [each.alt for each in pictures(made)]

    assert f"Below: model {name}, the last that trained;" in " ".join(words(made))
    assert drawn == [each.alt for each in pictures(made.of(name))]
    assert len(drawn) == bool(its.curves) + 2 * len(its.layers)
    for alt in drawn:
        assert name in alt
    for other in made.models:
        assert other is its or not any(layer in alt for layer in other.layers for alt in drawn)


@pytest.mark.full
@MANY
def test_a_figure_of_several_models_is_of_the_one_that_is_named(
    make: Callable[[], Run], name: str
) -> None:
    made = make()

    assert made.figure("where").alt == made.of(name).figure("where").alt
    assert made.figure("masks").alt.startswith("Mask heatmaps of ")
    assert name in made.figure("masks").alt


def test_the_curves_of_one_of_several_name_it() -> None:
    drawn = next(pictures(turns()))

    assert drawn.alt.startswith("Loss of critic over 3 epochs")
    assert [axes.get_title(loc="left") for axes in drawn.axes] == ["Loss of critic by epoch"]


def test_the_curves_of_a_single_model_name_nothing() -> None:
    drawn = next(pictures(run(recorded())))

    assert drawn.alt.startswith("Loss over")
    assert [axes.get_title(loc="left") for axes in drawn.axes] == ["Loss by epoch"]


def test_a_picture_names_the_model_beside_the_layer_once() -> None:
    _, where_two, *_ = pictures(folds())
    _, where_critic, *_ = pictures(turns())

    assert where_two.alt.startswith("LSTM layer lstm_2 of fold_2 unrolled")
    assert where_critic.alt.startswith("LSTM layer critic/lstm unrolled")


@pytest.mark.full
@pytest.mark.few(1)
@MANY
def test_each_model_has_a_row_in_html_and_a_line_of_text(
    make: Callable[[], Run], name: str, ipython: InProcess
) -> None:
    ipython.names["made"] = make()

    bundle = ipython.run("made").shown[0]["data"]

    rows = re.findall(r"<tr><td[^>]*>([^<]*)</td>", bundle["text/html"])
    assert rows == [each.name for each in make().models]
    lines = bundle["text/plain"].split("\n")
    assert [line.split()[0] for line in lines[2 : 2 + len(rows)]] == rows
    assert f"<strong>Below: model {name}," in bundle["text/html"]


def test_badges_are_of_the_model_that_is_named() -> None:
    html = report._words(turns())["text/html"]

    assert "critic/lstm: NumPy agrees: 1.0e-07</span>" in html
    assert "maker: NumPy" not in html


def test_five_layers_have_rows_and_one_badge() -> None:
    proofs = {name: Proof(1e-7, 1e-5, 2, 3) for name in "abcd"}
    html = report._words(run(*map(recorded, "abcde"), proof=proofs))["text/html"]

    assert re.findall(r"<tr><td[^>]*>([^<]*)</td>", html) == list("abcde")
    assert html.count("</span>") == 1
    assert "NumPy agrees to 1.0e-07 in 4 of 5 layers</span>" in html


# ---------------------------------------------------------------- words


def test_the_first_line_is_the_title() -> None:
    assert words(run(recorded()))[0] == "done after 2 epochs, 1.5 s"


def test_the_title_of_what_a_spec_asked_for_says_what_that_was() -> None:
    spec = RunSpec(dropout=0.5, units=UNITS, epochs=9)

    assert words(run(recorded(), spec=spec, status="stopped"))[0] == (
        "digits, 6 units, dropout 0.5, recurrent_dropout 0, seed 7: "
        "stopped after 2 epochs of 9, 1.5 s"
    )


def test_the_words_hold_all_that_the_summary_says() -> None:
    made = run(recorded(), reason="A remark.")

    assert words(made)[: len(made.summary)] == made.summary
    assert "A remark." in made.summary


def test_a_skipped_layer_is_named_with_the_reason() -> None:
    made = run(recorded())
    made.recording.skipped["conv"] = "it masks images."

    assert "conv: it masks images." in words(made)


def test_a_run_that_recorded_nothing_says_so() -> None:
    assert (
        words(run())[-1]
        == "No recurrent layer was seen to train in this thread, so nothing was recorded."
    )


def test_a_run_whose_only_layer_was_skipped_gives_its_reason_instead() -> None:
    made = run()
    made.recording.skipped["conv"] = "it masks images."

    assert words(made)[-1] == "conv: it masks images."


# ---------------------------------------------------------------- shown in a notebook


def test_a_run_at_the_end_of_a_cell_shows_its_report(ipython: InProcess) -> None:
    made = run(recorded())
    ipython.names["made"] = made

    ran = ipython.run("made")

    assert ran.texts == ["\n".join(words(made)), *(drawn.alt for drawn in pictures(made))]
    assert "Run(" not in ran.stdout


def test_display_of_a_run_shows_its_report(ipython: InProcess) -> None:
    made = run()
    ipython.names["made"] = made

    assert ipython.run("display(made)").report == "\n".join(words(made))


def test_every_picture_of_the_report_carries_alt_text(ipython: InProcess) -> None:
    ipython.names["made"] = run(recorded())

    shown = ipython.run("made").shown[1:]

    assert [each["metadata"]["image/png"]["alt"] for each in shown] == [
        each["data"]["text/plain"] for each in shown
    ]
    assert all(each["data"]["image/png"] for each in shown)


def test_the_words_of_the_report_come_as_html_too(ipython: InProcess) -> None:
    ipython.names["made"] = run()

    assert set(ipython.run("made").shown[0]["data"]) == {"text/html", "text/plain"}


# ---------------------------------------------------------------- the page


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "img"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]] = self.texts.get(self._open[-1], "") + data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


HOSTILE = '<b>&"lstm'


@pytest.fixture(scope="module")
def hostile() -> Page:
    """The page of a run all of whose texts hold markup."""
    made = run(recorded(HOSTILE), code="if a < b: {x} = '<i>'", reason="<u>")
    made.recording.skipped["<s>"] = "<em>"
    return Page(page(made))


@pytest.mark.full
def test_the_page_needs_nothing_from_elsewhere(hostile: Page) -> None:
    assert not {"link", "iframe"} & {tag for tag, _ in hostile.elements}
    kinds = [each["type"] for each in hostile.all("script")]
    assert kinds == ["application/json"] * 3 + ["module"]
    assert not re.search(r"\bimport\b|fetch|XMLHttp", hostile.texts["script"])
    addresses = [
        str(value)
        for _, attributes in hostile.elements
        for name, value in attributes.items()
        if name in {"src", "href", "srcset"}
    ]
    assert len(addresses) == 3
    assert all(each.startswith("data:image/png;base64,") for each in addresses)


def test_the_page_imports_no_style_from_elsewhere(hostile: Page) -> None:
    assert "font" in hostile.texts["style"]
    assert "url(" not in hostile.texts["style"]
    assert "@import" not in hostile.texts["style"]


def test_every_image_of_the_page_is_a_png_with_alt_text(hostile: Page) -> None:
    images = hostile.all("img")

    assert len(images) == 3
    for image in images:
        png = base64.b64decode(str(image["src"]).partition(",")[2])
        assert png.startswith(b"\x89PNG\r\n\x1a\n")
        assert len(str(image["alt"])) > 20


def test_a_layer_named_like_markup_stays_text(hostile: Page) -> None:
    assert not {"b", "u", "i", "s", "em"} & {tag for tag, _ in hostile.elements}
    alt = str(hostile.all("img")[1]["alt"])
    assert alt.startswith(f"LSTM layer {HOSTILE} unrolled")
    assert "<s>: <em>" in hostile.texts["li"]


def test_the_page_holds_every_word_of_the_report(hostile: Page) -> None:
    made = run(recorded(HOSTILE), reason="<u>")

    assert hostile.texts["strong"] == words(made)[0]
    assert all(line in hostile.texts["li"] for line in words(made)[1:])


def test_the_page_holds_the_code_as_it_is(hostile: Page) -> None:
    assert hostile.texts["pre"] == "if a < b: {x} = '<i>'"


def test_the_page_says_its_language_its_letters_and_its_title(hostile: Page) -> None:
    assert hostile.all("html") == [{"lang": "en"}]
    assert {"charset": "utf-8"} in hostile.all("meta")
    assert hostile.texts["title"] == "dropviz: done after 2 epochs, 1.5 s"


def test_the_page_of_a_run_without_layers_is_words_alone() -> None:
    shown = Page(page(run(curves=Curves())))

    assert not shown.all("img")
    assert "nothing was recorded" in shown.texts["li"]
