from __future__ import annotations

import re

import pytest
from IPython.utils.capture import capture_output

from dropviz.core.curves import Curves
from dropviz.core.recording import Recording
from dropviz.core.runs import Run
from dropviz.core.scenario_string import parse
from dropviz.core.schedule import Change
from dropviz.core.sentences import answers, intentions
from dropviz.core.spec import RunSpec
from dropviz.jupyter.lab.panel import Panel
from dropviz.jupyter.lab.static_copy import StaticCopy
from tests.jupyter.conftest import Shell

from .panels import of_setting, text_of

LINE = "%lstm_dropout -d .2 -r .5 --task digits --units 9 --epochs 10 --seed 7"
SPEC = RunSpec(units=9, dropout=0.2, recurrent_dropout=0.5)
RUN = Run(
    spec=RunSpec(units=9, dropout=0.2, recurrent_dropout=0.5, schedule=(Change(3, 0.0, 0.5),)),
    curves=Curves({"loss": [2.0, 1.0]}),
    recording=Recording.of({"lstm": of_setting(SPEC.setting)}),
    status="done",
    seconds=5.0,
    code="",
)


@pytest.fixture
def panel() -> Panel:
    return Panel(parse("lstm:u9:d.2:r.5"), {"digits": "pixels"}, {"digits": (8, 8)})


def train(panel: Panel) -> None:
    """Puts before the panel what a training leaves there."""
    panel.update(layer=RUN.recording["lstm"], curves=RUN.curves, run=RUN, epochs=2, batches=2)


def settings(markup: str) -> dict[str, str]:
    rows = re.findall(r"<tr><th[^>]*>(.*?)</th><td[^>]*>(.*?)</td></tr>", markup)
    return dict(rows)


def test_the_copy_has_the_plan_the_settings_and_the_line(panel: Panel) -> None:
    page = StaticCopy(panel).bundle()["text/html"]

    assert re.findall(r'alt="(A plan, before)', page) == ["A plan, before"]
    assert "Not trained yet." in page
    for line in intentions(SPEC.setting):
        assert line in text_of(page)
    assert re.findall(r"<pre[^>]*>(.*?)</pre>", page) == [LINE]
    assert settings(page) == {
        "task": "digits",
        "method": "keras",
        "dropout": "0.2",
        "recurrent_dropout": "0.5",
        "units": "9",
        "epochs": "10",
        "seed": "7",
    }


def test_the_copy_as_text_says_the_same_without_a_picture(panel: Panel) -> None:
    said = StaticCopy(panel).bundle()["text/plain"].splitlines()

    assert said == [
        "LSTM dropout lab. Not trained yet.",
        *intentions(SPEC.setting),
        "Settings: lstm:u9:d.2:r.5:m=keras:task=digits:e10:s7",
        f"The same without the panel: {LINE}",
    ]


def test_after_a_training_the_copy_shows_it_with_its_curves_and_changes(panel: Panel) -> None:
    train(panel)

    made = StaticCopy(panel).bundle()

    assert re.findall(r'alt="(LSTM layer|Mask heatmaps|Loss over)', made["text/html"]) == [
        "LSTM layer",
        "Mask heatmaps",
        "Loss over",
    ]
    assert settings(made["text/html"])["changes on the way"] == "1"
    assert f"Last training: {RUN.title}" in text_of(made["text/html"])
    scenario = "lstm:u9:d.2:r.5:m=keras:task=digits:e10:s7:@3,d0"
    assert f"Settings: {scenario}" in made["text/plain"].splitlines()
    assert f"%lstm_dropout {scenario}" in made["text/html"]
    assert all(line in made["text/plain"] for line in answers(RUN.recording))


def test_the_settings_of_the_copy_are_those_of_the_training_that_it_shows(panel: Panel) -> None:
    train(panel)
    panel.update(spec=RunSpec(units=50))

    assert settings(StaticCopy(panel).bundle()["text/html"])["units"] == "9"


def test_the_copy_has_the_class_that_the_panel_hides(panel: Panel) -> None:
    page = StaticCopy(panel).bundle()["text/html"]

    assert re.match(r'<div class="[\w-]+ mathjax_ignore tex2jax_ignore"', page)
    assert page.startswith(f'<div class="{panel.mark} ')
    assert page.count("<div") == page.count("</div>")


def test_the_copy_is_one_output_that_is_brought_up_to_date(panel: Panel, shell: Shell) -> None:
    del shell
    still = StaticCopy(panel)

    with capture_output() as captured:
        still.show()
        train(panel)
        still.update()

    first, second = captured.outputs
    assert (first.update, second.update) == (False, True)
    assert first.transient == second.transient
    assert "Not trained yet." in first.data["text/plain"]
    assert RUN.title in second.data["text/plain"]


def test_a_copy_that_was_never_shown_is_not_brought_up_to_date(panel: Panel, shell: Shell) -> None:
    del shell

    with capture_output() as captured:
        StaticCopy(panel).update()

    assert captured.outputs == []


def test_before_a_prediction_the_copy_tells_nothing_of_what_is_asked(panel: Panel) -> None:
    panel.update(concealed=True)

    made = StaticCopy(panel).bundle()

    for line in intentions(SPEC.setting):
        assert line not in text_of(made["text/html"])
        assert line not in made["text/plain"]
    assert "<img" not in made["text/html"]
    assert "Predict first" in made["text/plain"]
