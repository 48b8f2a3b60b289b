"""The page in a real browser, opened from its file with the network cut."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from dropviz.browser.tables import tables
from dropviz.core.scenario_string import parse
from dropviz.figures.colours import theme

from .keras_run import PATH as RECORDED

pytestmark = pytest.mark.browser

TITLE = "#picture-where .dropviz-title"
STAGE = "#picture-where .dropviz-stage"
MILLISECONDS = 30_000  # that something may take, on two shared cores
Open = Callable[..., Any]


@pytest.fixture
def opened(chromium: Any, file: Path) -> Iterator[Open]:
    """Opens the page at an address of its own; it may ask for nothing, and no script may fail."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def open_page(
        scenario: str = "", width: int = 1366, height: int = 768, script: str = "", **how: Any
    ) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": height}, **how)
        context.set_offline(True)
        context.set_default_timeout(MILLISECONDS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("console", lambda line: wrong.append(f"console: {line.text}"))
        page.on("request", lambda request: wrong.append(f"request: {request.url}"))
        if script:
            page.add_init_script(script)
        address = file.as_uri()
        page.goto(f"{address}#{scenario}" if scenario else address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    allowed = ("request: file://", "request: blob:")
    assert [each for each in wrong if not each.startswith(allowed)] == []


def status(page: Any, words: str) -> str:
    """Waits until the line of status holds some words; the whole line."""
    page.locator(f'#status:has-text("{words}")').wait_for()
    text: str = page.inner_text("#status")
    return text


def reached(page: Any, epoch: int) -> str:
    """Waits until a training has come to an epoch, 2 to 9, or further; the line of status."""
    further = re.compile(rf"epoch ([{epoch}-9]|\d\d+),")
    page.locator("#status").filter(has_text=further).wait_for()
    text: str = page.inner_text("#status")
    return text


def alt(page: Any, name: str = "where") -> str:
    text: str = page.locator(f"#picture-{name} [role=figure]").first.get_attribute("aria-label")
    return text


def trained(page: Any, epoch: int = 2) -> None:
    """Trains until so many epochs were begun, and pauses."""
    page.click("#train")
    reached(page, epoch)
    page.click("#train")
    status(page, "paused")


def overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    """Whether two boxes of a page lie over each other."""
    return all(
        one[at] < other[at] + other[size] and other[at] < one[at] + one[size]
        for at, size in (("x", "width"), ("y", "height"))
    )


# ---------------------------------------------------------------- it trains


def test_it_shows_what_settings_will_do_before_anything_is_trained(opened: Open) -> None:
    page = opened("lstm:u16:d.2:r.5")

    assert page.inner_text(TITLE) == "LSTM(16, dropout=0.2, recurrent_dropout=0.5)"
    assert page.inner_text("#status") == "ready"
    assert alt(page).startswith("A plan, before anything is trained.")
    assert "drawn by this page, by the rules measured in Keras" in page.inner_text("#source-said")
    assert "20% dropped, the rest times 1.25" in page.inner_text("#words")


def test_a_step_is_one_batch_and_shows_its_masks(opened: Open) -> None:
    page = opened("lstm:u16:d.2:r.5")

    page.click("#step")
    assert status(page, "batch 1 of").startswith("paused")
    one = page.inner_html(STAGE)
    page.click("#step")
    status(page, "batch 2 of")

    assert page.inner_html(STAGE) != one
    # One mask for all steps: A on each x, B on each h.
    assert "Vertical arrows (x) carry the masks A, A, A, A;" in alt(page)
    assert "Horizontal arrows (h) carry the masks B, B, B;" in alt(page)
    assert page.locator("#picture-where [data-badge=A]").count() == 4


def test_it_learns_and_the_sliders_act_while_it_trains(opened: Open) -> None:
    page = opened("lstm:u16:d.2:r.5")
    page.click("#train")
    reached(page, 3)

    page.locator("#slide-dropout").focus()
    page.keyboard.press("ArrowRight")
    page.locator(f'{TITLE}:has-text("dropout=0.25")').wait_for()
    batch = int(re.findall(r"batch (\d+),", page.inner_text("#picture-where"))[0])
    accuracy = int(re.findall(r"(\d+)% of the validation sequences right", reached(page, 9))[0])

    assert batch > 2 * 23  # it went on where it was
    assert accuracy > 50  # guessing is right in one of ten
    page.click("#tab-curves")
    assert "training, dropout on" in alt(page, "curves")


def test_the_same_seed_trains_the_same(opened: Open) -> None:
    seen = []
    for seed in (3, 3, 4):
        page = opened(f"lstm:u8:d.2:r.5:s{seed}")
        page.click("#step")
        seen.append((status(page, "batch 1 of"), page.inner_html(STAGE)))

    assert seen[0] == seen[1]
    assert seen[0] != seen[2]


def test_what_is_moved_while_it_is_paused_is_said_to_come(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5")
    page.click("#step")
    status(page, "batch 1 of")

    page.locator("#slide-recurrent_dropout").press("ArrowLeft")

    assert "from the next batch: recurrent_dropout 0.45" in page.inner_text("#status")
    assert "recurrent_dropout=0.5)" in page.inner_text(TITLE)
    page.click("#step")
    status(page, "batch 2 of")
    assert "recurrent_dropout=0.45)" in page.inner_text(TITLE)


@pytest.mark.few(4)
@pytest.mark.parametrize("method", list(tables()["methods"]))
def test_every_method_trains_on_both_tasks(opened: Open, method: str) -> None:
    for task in tables()["tasks"]:
        page = opened(f"lstm:u4:d.3:r{0 if method == 'zaremba' else '.4'}:m={method}:task={task}")
        page.click("#step")
        status(page, "batch 1 of")
        for tab in ("where", "masks", "curves", "inside"):
            page.click(f"#tab-{tab}")
            assert page.is_visible(f"#picture-{tab}")
        assert page.inner_text("#said") == ""


# ---------------------------------------------------------------- settings


def test_a_method_without_a_recurrent_mask_says_so_and_leaves_the_slider(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5")

    page.select_option("#menu-method", "zaremba")

    assert "recurrent_dropout has nothing to act on" in page.inner_text("#why-recurrent_dropout")
    assert page.input_value("#slide-recurrent_dropout") == "0.5"
    page.select_option("#menu-method", "keras")
    assert page.inner_text("#why-recurrent_dropout") == ""
    assert "recurrent_dropout=0.5" in page.inner_text(TITLE)


def test_options_come_with_their_method(opened: Open) -> None:
    page = opened("lstm:u8:r.5")
    page.click("#more details > summary")

    assert not page.is_visible("#menu-life")
    page.select_option("#menu-method", "moon")
    page.select_option("#menu-life", "step")
    assert "life=step" in page.url
    page.select_option("#menu-method", "keras")
    assert "life" not in page.url


def test_typed_rates_are_kept_as_typed_and_bad_ones_refused_in_a_sentence(opened: Open) -> None:
    page = opened("lstm:u8:d.2")
    typed = page.get_by_label("dropout, typed", exact=True)

    typed.fill("0.33")
    typed.press("Enter")
    assert page.inner_text(TITLE) == "LSTM(8, dropout=0.33, recurrent_dropout=0)"
    assert typed.input_value() == "0.33"
    typed.fill("1")
    typed.press("Enter")

    assert "at least 0 and below 1" in page.inner_text("#said")
    assert page.inner_text(TITLE) == "LSTM(8, dropout=0.33, recurrent_dropout=0)"


def type_in(page: Any, box: str, text: str) -> None:
    """Types as a person does: letters that the box may not take, too."""
    page.locator(box).press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


DROPOUT = "[aria-label='dropout, typed']"


@pytest.mark.parametrize("rate", ["0", "0.2"])
@pytest.mark.parametrize(
    ("typed", "came"), [("", "What was typed"), ("1e", '"1e"'), (" a half", '"a half"')]
)
def test_a_rate_that_cannot_be_read_changes_nothing(
    opened: Open, typed: str, came: str, rate: str
) -> None:
    page = opened(f"lstm:u8:d{rate}")
    page.click("#step")
    status(page, "batch 1 of")
    url = page.url

    type_in(page, DROPOUT, typed)

    assert page.inner_text("#said") == f"{came} is no dropout: at least 0 and below 1."
    assert page.input_value(DROPOUT) == page.input_value("#slide-dropout") == rate
    assert page.url == url
    assert "next batch" not in page.inner_text("#status")


@pytest.mark.parametrize(
    ("rate", "keys", "came"),
    [
        (".33", ["ArrowRight"], "0.35"),
        (".33", ["ArrowLeft"], "0.3"),
        (".99", ["End", "ArrowRight"], "0.99"),
        (".99", ["ArrowLeft"], "0.95"),
    ],
)
def test_a_slider_stands_at_a_rate_between_two_of_its_stops(
    opened: Open, rate: str, keys: list[str], came: str
) -> None:
    page = opened(f"lstm:u8:d{rate}")
    bar = page.locator("#slide-dropout")
    stood = bar.input_value()

    for key in keys:
        bar.press(key)

    assert stood == f"0{rate}"
    assert page.input_value(DROPOUT) == bar.input_value() == came


def test_a_comma_stands_for_a_point(opened: Open) -> None:
    page = opened("lstm:u8:d.2")

    type_in(page, DROPOUT, "0,35")

    assert page.inner_text("#said") == ""
    assert page.inner_text(TITLE) == "LSTM(8, dropout=0.35, recurrent_dropout=0)"


def test_a_rate_is_refused_where_it_has_nothing_to_act_on_too(opened: Open) -> None:
    page = opened("lstm:u8:d.2:m=zaremba")

    type_in(page, "[aria-label='recurrent_dropout, typed']", "5")

    assert page.inner_text("#said") == '"5" is no recurrent_dropout: at least 0 and below 1.'
    assert page.input_value("[aria-label='recurrent_dropout, typed']") == "0"


@pytest.mark.parametrize("typed", ["", "1e", "-"])
def test_a_seed_that_cannot_be_read_leaves_the_training(opened: Open, typed: str) -> None:
    page = opened("lstm:u8:d.2:s7")
    page.click("#step")
    status(page, "batch 1 of")
    page.click("#more details > summary")

    type_in(page, "#number-seed", typed)

    said = "What was typed is no seed that this page has: 0 to 4294967295."
    assert page.inner_text("#said") == said
    assert page.input_value("#number-seed") == "7"
    assert "batch 1 of" in page.inner_text("#status")
    page.locator("#number-seed").press("ArrowUp")
    page.keyboard.press("Enter")
    assert page.url.endswith(":s8")
    assert page.inner_text("#said") == ""


def test_an_option_that_cannot_be_read_stays_and_an_empty_one_is_not_given(opened: Open) -> None:
    page = opened("lstm:u8:m=zoneout:r.2:zc.5")
    page.click("#more details > summary")

    type_in(page, "#number-zoneout_cell", "1e")
    assert page.inner_text("#said") == '"1e" is no zoneout_cell: at least 0 and below 1.'
    assert page.input_value("#number-zoneout_cell") == "0.5"
    type_in(page, "#number-zoneout_cell", "0,25")
    assert ":zc.25:" in page.url
    type_in(page, "#number-zoneout_cell", "")
    assert ":zc" not in page.url
    assert page.inner_text("#said") == ""
    type_in(page, "#number-zoneout_cell", "1e")
    assert page.input_value("#number-zoneout_cell") == ""


def test_the_address_is_the_setting_and_python_reads_it(opened: Open) -> None:
    page = opened()
    page.locator("#slide-dropout").press("ArrowRight")
    page.select_option("#menu-method", "semeniuta")

    scenario = page.url.partition("#")[2]
    spec = parse(scenario).spec

    assert (spec.method, spec.dropout, spec.recurrent_dropout) == ("semeniuta", 0.25, 0.5)
    assert f'dropviz.run("{scenario}")' in page.locator("#code").text_content()


def test_another_address_is_another_setting(opened: Open, file: Path) -> None:
    page = opened("lstm:u8:d.2")

    page.goto(f"{file.as_uri()}#lstm:u4:d.5:m=moon:r.1")

    page.locator(f"{TITLE}:has-text('method=\"moon\"')").wait_for()
    assert "LSTM(4," in page.inner_text(TITLE)


HOSTILE = [
    "lstm:<script>window.hit=1</script>",
    '"><img src=x onerror=window.hit=1>',
    "lstm:m=<svg onload=window.hit=1>",
    "javascript:window.hit=1",
    "lstm:\u202etxt.exe\u202c",
    "lstm:m='; DROP TABLE; --",
    "%E0%A4%A",
    "lstm:__proto__=1:constructor=2",
    "lstm:" + "d.1:" * 5000,
    "x" * 200_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
def test_a_hostile_address_is_one_sentence_and_the_page_works(opened: Open, text: str) -> None:
    page = opened(text if text.startswith("%") else quote(text), bypass_csp=True)

    said = page.inner_text("#said")

    assert said.startswith("The setting in the address was left out: ")
    assert said.isprintable()
    assert len(said) < 250
    assert page.evaluate("window.hit") is None
    assert page.locator("main img, main script, main iframe").count() == 0
    page.click("#step")
    status(page, "batch 1 of")


@pytest.mark.parametrize("address", ["", "nonsense", "lstm:d7"])
def test_a_training_goes_on_where_an_address_asks_for_nothing(opened: Open, address: str) -> None:
    page = opened("lstm:u4:d.2")
    page.click("#step")
    status(page, "batch 1 of")
    setting = page.url

    page.evaluate("(address) => { location.hash = address; }", address)
    page.wait_for_function("(setting) => location.href === setting", arg=setting)

    assert "batch 1 of" in page.inner_text("#status")
    assert bool(address) == ("left out" in page.inner_text("#said"))


# ---------------------------------------------------------------- the tabs


def test_an_arrow_answers_to_pointer_and_keys(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5")
    page.click("#step")
    status(page, "batch 1 of")
    card = page.locator("#picture-where .dropviz-card")

    page.locator("#picture-where [data-badge=B]").first.hover()
    assert "recurrent_dropout multiplies" in card.inner_text()
    assert "h_tm1_i = h_tm1 * rec_dp_mask[0]" in card.inner_text()
    said = card.inner_text()
    page.locator("#picture-where [data-open]").focus()
    page.keyboard.press("ArrowRight")
    assert card.inner_text() != said


def test_heatmaps_say_what_is_shared(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5")
    page.click("#step")
    status(page, "batch 1 of")
    page.click("#tab-masks")

    assert page.locator("#picture-masks canvas").count() == 8  # four gates at two sites
    said = page.inner_text("#picture-masks")
    assert said.count("same at all 8 steps; differs between gates and samples") == 2


def test_inside_shows_one_sequence_at_one_step(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5")
    trained(page)
    page.click("#tab-inside")

    assert "Marked: input (dropout=0.2)" in page.locator("#cell [role=figure]").get_attribute(
        "aria-label"
    )
    one = page.inner_text("#gates")
    page.locator("#sample").press("ArrowRight")
    page.locator('#reads:has-text("Sequence 2:")').wait_for()
    page.locator("#at-step").press("End")
    assert page.inner_text("#at-step-said") == "step 8 of 8"
    assert page.inner_text("#gates") != one


def test_bars_stand_where_their_words_say(opened: Open) -> None:
    page = opened("lstm:u4:d.2:task=temporal-order")
    page.click("#more details > summary")
    page.click("#step")
    status(page, "batch 1 of")
    page.click("#tab-inside")
    page.locator("#at-step").press("End")

    for task, steps in (("digits", 8), ("temporal-order", 30)):
        page.select_option("#menu-task", task)
        page.click("#step")
        status(page, "batch 1 of")
        assert page.inner_text("#at-step-said") == f"step {steps} of {steps}"
        assert page.input_value("#at-step") == str(steps)

    # A browser may bring a bar back to where it was on another visit.
    page.locator("#sample").evaluate("bar => { bar.value = 5; }")
    page.click("#step")
    status(page, "batch 2 of")
    assert page.inner_text("#sample-said") == "sequence 1"
    assert page.input_value("#sample") == "1"


def test_what_comes_late_of_a_training_that_was_left_is_not_shown(opened: Open) -> None:
    page = opened("lstm:u32:d.4:task=temporal-order")
    leaving: list[Callable[[], Any]] = [
        lambda: page.select_option("#menu-method", "moon"),
        lambda: page.click("#reset"),
        lambda: page.locator("#predict").check(),
    ]
    for leave in leaving:
        page.click("#train")
        status(page, "batch")
        page.click("#train")
        leave()
        page.wait_for_timeout(1000)  # some batches' time

        assert page.inner_text("#status") == "ready"


def test_a_recorded_keras_run_is_replayed_as_it_was(opened: Open) -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    page = opened("lstm:u8:d.4:m=moon:r.3:life=step:e50:s3")
    page.click("#train")
    reached(page, 2)

    page.check("#source-keras")
    code = page.locator("#code").text_content()
    # All of it is the run's own, and nothing of what the page had.
    assert asdict(parse(code.split('"')[1]).spec) | recorded["spec"] == asdict(
        parse(code.split('"')[1]).spec
    )
    assert recorded["made"] in page.inner_text("#source-said")
    assert "used by Keras" in page.inner_text("#picture-where")
    page.click("#step")
    status(page, "batch 2 of 23")
    for site in recorded["sites"]:
        assert f"{site['dropped'][1]:.1%} dropped" in page.inner_text("#words")
    assert page.is_disabled("#slide-dropout")
    page.click("#train")
    reached(page, 2)
    page.click("#tab-curves")
    assert "validation" in alt(page, "curves")

    page.check("#source-page")
    page.click("#tab-where")
    assert page.inner_text(TITLE).startswith('LSTM(8, method="moon", dropout=0.4')


def test_a_replay_that_has_ended_begins_anew(opened: Open) -> None:
    clock = """const every = window.setInterval;
      window.setInterval = (run, time) => every(run, window.slowly ? time : 0)"""
    page = opened(script=clock)
    page.check("#source-keras")
    for _ in range(2):
        page.click('#train:text-is("Replay")')
        page.locator('#train:text-is("Replay")').wait_for()
        status(page, "epoch 3, batch 23 of 23")

        assert status(page, "the end of the recorded run")

    page.evaluate("window.slowly = true")
    page.check("#speed-slow")
    page.click("#train")
    status(page, "epoch 1,")


def test_an_address_that_cannot_be_written_leaves_the_picture_right(opened: Open) -> None:
    refuse = "history.replaceState = () => { throw new DOMException('no', 'SecurityError'); }"
    page = opened("lstm:u8:d.2", script=refuse)

    page.locator("#slide-dropout").press("ArrowRight")
    page.locator(f'{TITLE}:has-text("dropout=0.25")').wait_for()
    page.select_option("#menu-method", "semeniuta")
    page.locator(f'{TITLE}:has-text("semeniuta")').wait_for()
    page.click("#step")
    status(page, "batch 1 of")


# ---------------------------------------------------------------- predict first


NAMES = "all => all.map((each) => each.ariaLabel)"


def test_predict_first_hides_the_answer_asks_and_scores(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5:quiz")

    assert page.is_checked("#predict")
    assert not page.is_visible("#picture-where")
    assert not page.is_visible("#words")
    assert not page.is_visible("#method .note")  # the method's summary is the answer
    page.click("#train")
    page.locator('#quiz h2:has-text("Question 1 of 4")').wait_for()
    points = 0.0
    for number in range(1, 5):
        assert not page.is_visible("#pages")
        assert not page.is_visible("#method .note")
        assert "Which are dropped" in page.inner_text("#quiz")
        page.get_by_label("Nobody can know").check()
        labels = page.locator("#quiz .unit").evaluate_all(NAMES)
        half = len(labels) // 2
        assert all(re.fullmatch(r"(unit|input) \d: (dropped|kept)", each) for each in labels[:half])
        assert all(each.endswith(": dropped?") for each in labels[half:])
        page.click('#quiz button:text-is("Reveal")')
        labels = page.locator("#quiz button.unit").evaluate_all(NAMES)
        assert all(each.endswith(": not predicted") for each in labels)
        said = page.inner_text("#quiz [role=status]")
        points = float(re.findall(r"([\d.]+) of \d points", said)[0])
        last = number == 4
        page.click(f'#quiz button:text-is("{"Go on training" if last else "Next question"}")')
    page.locator('#said:has-text("Predicted:")').wait_for()

    # Of Keras's masks the steps share one; gates, sequences and batches do not.
    assert points == 3
    assert page.is_visible("#picture-where")
    assert page.is_visible("#method .note")
    reached(page, 2)


def test_a_prediction_stays_beside_what_was_used(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5:quiz")
    page.click("#train")
    page.locator("#quiz h2").wait_for()
    page.locator("#quiz button.unit").nth(1).click()
    page.locator("#quiz button.unit").nth(4).click()
    page.click('#quiz button:text-is("Reveal")')

    dropped = "all => all.map((each) => each.textContent.includes('✕'))"
    marked = page.locator("#quiz button.unit").evaluate_all(dropped)
    assert marked == [unit in (1, 4) for unit in range(8)]
    used = page.locator('#quiz .row:has(.name:text-is("used")) .unit').evaluate_all(NAMES)
    labels = page.locator("#quiz button.unit").evaluate_all(NAMES)
    for unit, (label, its) in enumerate(zip(labels, used, strict=True)):
        right = ("dropped" in its) == marked[unit]
        how = "dropped" if marked[unit] else "kept"
        assert label.endswith(f": predicted {how}, {'' if right else 'not '}as used")


def test_no_prediction_earns_nothing(opened: Open) -> None:
    page = opened("lstm:u8:m=gal-tied:d.1:r.1:quiz")
    page.click("#train")
    for number in range(1, 5):
        page.locator(f'#quiz h2:has-text("Question {number} of 4")').wait_for()
        crossed = page.locator("#quiz .crossed").count()
        page.click('#quiz button:text-is("Reveal")')
        used = page.locator('#quiz .row:has(.name:text-is("used")) .crossed').count()
        said = page.inner_text("#quiz [role=status]")
        assert "Nothing was predicted." in said or not used
        if crossed and used:
            assert "right" not in said
        page.locator("#quiz button.primary").click()


@pytest.mark.parametrize("tab", ["where", "masks", "curves", "inside"])
@pytest.mark.parametrize("batches", [0, 1])
def test_what_was_seen_before_is_hidden_from_whoever_is_to_predict(
    opened: Open, batches: int, tab: str
) -> None:
    page = opened("lstm:u8:d.2:r.5")
    for _ in range(batches):
        page.click("#step")
        status(page, "batch 1 of")
    page.click(f"#tab-{tab}")

    page.check("#predict")

    assert page.inner_text("#pages") == "Hidden until you have predicted: press Train."
    assert page.locator("#words li").count() == 0


# ---------------------------------------------------------------- whoever looks


# A worker that is slow to begin.
SLOW_WORKER = """window.Worker = class extends window.Worker {
  postMessage(asked) { setTimeout(() => super.postMessage(asked), window.wait ?? 0); }
}"""


def test_one_step_says_that_it_is_on_its_way_until_its_picture_is_there(opened: Open) -> None:
    page = opened("lstm:u4:d.2", script=SLOW_WORKER)
    page.evaluate("window.wait = 1000")
    page.click("#step")
    assert page.inner_text("#status") == "the first batch is on its way ..."
    status(page, "paused · epoch 1, batch 1 of")
    # What was asked for before another beginning is on its way no more.
    page.click("#reset")
    page.click("#step")
    page.click("#reset")
    assert page.inner_text("#status") == "ready"


def test_a_page_that_is_still_coming_takes_no_clicks_and_says_so(
    opened: Open, file: Path, tmp_path: Path
) -> None:
    page = opened()
    page.click("#train")  # of the whole page
    status(page, "batch")
    beginning = file.read_text(encoding="utf-8").partition('<script type="module">')[0]
    (tmp_path / "beginning.html").write_text(beginning, encoding="utf-8")
    page.goto((tmp_path / "beginning.html").as_uri())

    assert page.inner_text("#status") == "loading the page ..."
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "BODY"


def test_the_line_of_status_says_what_is_so_and_not_each_batch_aloud(opened: Open) -> None:
    page = opened("lstm:u4:d.2", script=SLOW_WORKER)

    def live() -> str:
        text: str = page.get_attribute("#status", "aria-live")
        return text

    assert (page.inner_text("#status"), live()) == ("ready", "polite")
    page.evaluate("window.wait = 1000")
    page.click("#train")
    assert (page.inner_text("#status"), live()) == ("the first batch is on its way ...", "off")
    page.evaluate("window.wait = 0")
    status(page, "epoch 1")
    page.click("#train")
    status(page, "paused")
    assert live() == "polite"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_it_has_the_colours_of_light(opened: Open, scheme: str) -> None:
    page = opened("lstm:u4:d.2", color_scheme=scheme)
    from playwright.sync_api import expect

    page.emulate_media(media="print")

    ink = theme()["light"]["ink"]
    assert isinstance(ink, str)
    channels = ", ".join(str(int(ink[at : at + 2], 16)) for at in (1, 3, 5))
    for each in ("body", ".dropviz-scene"):
        # A browser tells scripts of the paper in a later frame: the first may be one too early.
        expect(page.locator(each).first).to_have_css("color", f"rgb({channels})")
        # White letters on a colour would be lost without it.
        expect(page.locator(each).first).to_have_css("print-color-adjust", "exact")


@pytest.mark.parametrize("step", [0, 29])
def test_on_paper_all_steps_of_a_sequence_are_seen(opened: Open, step: int) -> None:
    page = opened("lstm:u4:d.2:task=temporal-order")
    page.set_viewport_size({"width": 680, "height": 900})  # A4, less its margins
    page.click("#step")
    status(page, "batch 1 of")
    page.click("#tab-inside")
    page.locator(".dropviz-lab-bits tr").first.locator("td").nth(step).click()
    page.emulate_media(media="print")

    around, inside = page.locator(".dropviz-lab-scroll:has(.dropviz-lab-bits)").evaluate(
        "(place) => [place.getBoundingClientRect(), "
        "place.querySelector('table').getBoundingClientRect()].map((box) => [box.left, box.right])"
    )

    assert page.locator(".dropviz-lab-bits tr").first.locator("td").count() == 30
    assert around[0] <= inside[0]
    assert inside[1] <= around[1] + 1


def test_a_lesson_by_keyboard_alone(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5")

    def focused() -> str:
        name: str = page.locator(":focus").get_attribute("id")
        return name

    def walk(to: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.locator(":focus").count() and focused() == to:
                return
        raise AssertionError(f"{to} is not reached")

    walk("slide-dropout")
    page.keyboard.press("ArrowRight")
    walk("step")
    page.keyboard.press("Enter")
    status(page, "batch 1 of")
    walk("tab-where")
    for tab in ("masks", "curves", "inside", "where"):
        page.keyboard.press("ArrowRight")
        assert focused() == f"tab-{tab}"
        assert page.is_visible(f"#page-{tab}")
    walk("sample")
    page.keyboard.press("ArrowRight")
    assert "sequence 2" in page.inner_text("#picture-where")
    assert "dropout=0.25" in page.inner_text(TITLE)


def test_every_control_has_a_name(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5:m=moon")
    page.click("#more details > summary")

    nameless = page.locator("input, select, button").evaluate_all(
        """all => all.filter((each) => !each.textContent.trim() && !each.labels?.length
             && !each.getAttribute("aria-label")).map((each) => each.outerHTML)"""
    )
    assert nameless == []
    assert page.get_by_role("slider", name="dropout", exact=True).get_attribute(
        "aria-valuetext"
    ) == ("0.20")
    for typed, said in (("0.999", "0.999"), ("0.125", "0.125"), ("0.5", "0.50")):
        page.get_by_label("dropout, typed", exact=True).fill(typed)
        page.get_by_label("dropout, typed", exact=True).press("Enter")
        assert page.locator("#slide-dropout").get_attribute("aria-valuetext") == said


def test_on_a_telephone_sliders_are_at_hand_beside_every_picture(opened: Open) -> None:
    page = opened("lstm:u16:d.2:r.5", width=360, height=740)
    page.click("#step")
    status(page, "batch 1 of")
    assert page.locator("#picture-where").bounding_box()["y"] < 600

    page.locator("#picture-where svg").last.scroll_into_view_if_needed()
    for tab in ("masks", "inside"):
        page.click(f"#tab-{tab}")
        page.locator(f"#picture-{tab}").scroll_into_view_if_needed()
        for name in ("dropout", "recurrent_dropout"):
            box = page.locator(f"#slide-{name}").bounding_box()
            assert 0 <= box["y"] <= 120
    page.locator("#slide-dropout").press("ArrowRight")
    status(page, "from the next batch: dropout 0.25")

    # What is folded away here is always open where there is room for it.
    assert page.locator("#speed-slow").is_hidden()
    page.locator("summary", has_text="Settings").press("Enter")
    page.check("#speed-slow")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.locator("summary", has_text="Settings").wait_for(state="hidden")
    assert page.locator("#speed-slow").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 911, 1000, 1366])
def test_it_fits_and_can_be_read(opened: Open, width: int, scheme: str) -> None:
    page = opened("lstm:u32:d.2:r.5", width=width, height=768, color_scheme=scheme)
    page.click("#step")
    status(page, "batch 1 of")

    for tab in ("where", "masks", "curves", "inside"):
        page.click(f"#tab-{tab}")
        assert page.locator("html").evaluate("it => it.scrollWidth <= it.clientWidth")
        small = page.locator(f"#page-{tab} svg text").evaluate_all(
            """(all, least) => all.filter((text) => {
                 const scale = text.ownerSVGElement.getScreenCTM().a;
                 return parseFloat(getComputedStyle(text).fontSize) * scale < least;
               }).map((text) => text.textContent)""",
            # Where there is less room letters are smaller, as in the pictures of reports.
            14 if width == 1366 else 12,
        )
        assert small == []
    page.click("#tab-where")
    boxes = {
        part: [each.bounding_box() for each in page.locator(f"#picture-where {part}").all()]
        for part in ("[data-badge]", "[data-cell] rect:not(.dropviz-halo)")
    }
    assert not [
        1
        for one in boxes["[data-badge]"]
        for other in boxes["[data-cell] rect:not(.dropviz-halo)"]
        if overlap(one, other)
    ]
    if width == 1366:
        for name in ("#slide-dropout", "#slide-recurrent_dropout", "#train", "#picture-where"):
            box = page.locator(name).bounding_box()
            assert 0 <= box["y"] <= box["y"] + box["height"] <= 768


@pytest.mark.parametrize("width", [360, 1366])
def test_a_long_sequence_scrolls_in_its_place_with_its_step_marked(
    opened: Open, width: int
) -> None:
    page = opened("lstm:u4:d.2:task=temporal-order", width=width)
    page.click("#step")
    status(page, "batch 1 of")
    page.click("#tab-inside")
    page.locator("#reads table").wait_for()

    assert page.locator("html").evaluate("it => it.scrollWidth <= it.clientWidth")
    page.locator("#at-step").press("End")
    grounds = page.locator("#reads tr:first-child td").evaluate_all(
        "all => all.map((each) => getComputedStyle(each).backgroundColor)"
    )
    assert len(set(grounds)) == 2
    assert grounds.index(grounds[-1]) == len(grounds) - 1


def test_less_motion_is_slow(opened: Open) -> None:
    page = opened("lstm:u8:d.2", reduced_motion="reduce")

    assert page.is_checked("#speed-slow")


SILENT = """window.Worker = class {
  constructor() { setTimeout(() => this.onerror({}), 0); }
  postMessage() {}
}"""


@pytest.mark.parametrize(
    ("script", "why"),
    [("delete window.Worker", "no workers"), (SILENT, "could not start")],
    ids=["none", "silent"],
)
def test_without_a_worker_there_is_the_plan_a_sentence_and_the_replay(
    opened: Open, script: str, why: str
) -> None:
    page = opened("lstm:u8:d.2", script=script)
    page.locator(f'#said:has-text("{why}")').wait_for()
    said = page.inner_text("#said")

    def idle() -> list[bool]:
        return [page.is_disabled(f"#{name}") for name in ("train", "step", "reset")]

    assert idle() == [True] * 3
    assert alt(page).startswith("A plan")
    for tab, shown in (
        ("masks", "#picture-masks"),
        ("curves", "#picture-curves"),
        ("inside", "#gates"),
    ):
        page.click(f"#tab-{tab}")
        assert page.inner_text(shown) == said
    page.click("#tab-where")
    page.locator("#slide-dropout").press("ArrowRight")
    assert "dropout=0.25" in page.inner_text(TITLE)
    assert page.inner_text("#said") == said
    type_in(page, DROPOUT, "2")  # another sentence, until all is well again
    assert page.inner_text("#said") != said
    page.locator("#slide-dropout").press("ArrowRight")
    assert page.inner_text("#said") == said
    assert idle() == [True] * 3

    page.check("#source-keras")
    assert idle() == [False] * 3
    page.click("#step")
    status(page, "batch 2 of")
    page.check("#source-page")
    assert idle() == [True] * 3
    assert page.inner_text("#status") == "cannot train"


def test_without_canvas_the_words_remain(opened: Open) -> None:
    page = opened("lstm:u8:d.2", script="HTMLCanvasElement.prototype.getContext = () => null")
    page.click("#step")
    status(page, "batch 1 of")
    page.click("#tab-masks")

    assert "% dropped" in page.inner_text("#picture-masks")


# ---------------------------------------------------------------- one setting, one step


def test_where_a_slider_moved_the_inside_is_still_of_the_batch_that_is_shown(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5")
    page.click("#step")
    status(page, "batch 1 of")
    page.locator("#slide-dropout").press("ArrowRight")
    page.click("#tab-inside")

    assert "from the next batch: dropout 0.25" in page.inner_text("#status")
    told = page.locator("#cell").inner_text() + page.inner_text("#words")
    assert "0.25" not in told
    assert "dropout=0.2" in told


def test_without_a_canvas_a_sentence_says_what_is_missing(opened: Open) -> None:
    page = opened("lstm:u8:d.2", script="HTMLCanvasElement.prototype.getContext = () => null")

    assert "no canvas" in page.inner_text("#lacks")
    page.click("#step")
    status(page, "batch 1 of")
    assert opened("lstm:u8:d.2").inner_text("#lacks") == ""


def test_an_arrow_tells_what_it_carried_before_and_after_its_mask(opened: Open) -> None:
    page = opened("lstm:u8:d.2:r.5")
    page.click("#step")
    status(page, "batch 1 of")
    page.locator("#picture-where [data-key='h:1']").focus()

    card = page.locator("#picture-where .dropviz-card")
    rows = {
        row.locator("th").inner_text(): [each.inner_text() for each in row.locator("td").all()]
        for row in card.locator("tbody tr").all()
    }
    assert list(rows)[:3] == ["h_1 before", "\u00d7 mask i", "= after"]
    values = (
        [float(each.replace("\u2212", "-")) for each in rows[name]] for name in list(rows)[:2]
    )
    after = [
        float(each.inner_text().replace("\u2212", "-"))
        for each in card.locator("tbody tr").nth(2).locator("td").all()
    ]
    products = [before * mask for before, mask in zip(*values, strict=True)]
    # Two digits behind the point are shown of what is left.
    assert after == pytest.approx(products, abs=0.0051)


def test_a_cell_that_is_clicked_opens_at_its_step_and_the_bar_moves_its_numbers(
    opened: Open,
) -> None:
    page = opened("lstm:u8:d.2:r.5")
    page.click("#step")
    status(page, "batch 1 of")
    page.locator("#picture-where [data-cell='2']").click()

    page.locator("#values td").first.wait_for()
    assert page.inner_text("#at-step-said") == "step 3 of 8"
    before = page.inner_text("#values")
    page.locator("#at-step").press("ArrowRight")
    assert page.inner_text("#at-step-said") == "step 4 of 8"
    assert page.inner_text("#values") != before


def test_a_method_that_has_no_place_for_a_rate_says_so_of_none(opened: Open) -> None:
    page = opened("lstm:u8:m=zaremba:d.2")

    said = page.locator("#rates .slider").nth(1).inner_text()
    assert "zaremba has nothing for recurrent_dropout to act on." in said
    assert "Received" not in said
