"""The page on paper, by keyboard, on small screens, and with less motion."""

from __future__ import annotations

import pytest

from dropviz.figures.colours import theme

from .page_driver import TITLE, Open, overlap, status

pytestmark = pytest.mark.browser


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


# The last one has a note below a slider, that it has nothing to act on.
@pytest.mark.parametrize("scenario", ["lstm:u16:d.2:r.5", "lstm:u16:d.2:m=zaremba"])
@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_on_a_telephone_no_slider_covers_what_has_the_focus(
    opened: Open, scenario: str, key: str
) -> None:
    page = opened(scenario, width=360, height=740)
    page.click("#step")
    status(page, "batch 1 of")
    covered, below = [], 0
    for _ in range(45):
        page.keyboard.press(key)
        at = page.evaluate(
            """() => { const rates = document.querySelector("#rates"), at = document.activeElement;
                 const box = at.getBoundingClientRect();
                 const end = rates.getBoundingClientRect().bottom;
                 const fits = box.height <= innerHeight - end - 8; // a whole tab does not
                 return { below: at !== document.body && !rates.contains(at) && fits,
                          hidden: box.top < end - 1, html: at.outerHTML.slice(0, 80) }; }"""
        )
        below += at["below"]
        if at["below"] and at["hidden"]:
            covered.append(at["html"])

    assert below > 20
    assert covered == []


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
