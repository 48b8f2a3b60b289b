"""What the browser paints, held against the scene: every scene on one page, read off its DOM."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from dropviz.browser.read_scripts import joined
from dropviz.figures.colours import Colour, theme
from dropviz.figures.scene import plain_data
from tests.figures.scenes_made import SCENES, Shown, hostile, wanted
from tests.test_hostile_texts import HOSTILE

from .stage import settle

pytestmark = pytest.mark.browser

WIDTHS = (360, 1000, 1366)

# Reads a painted scene: arrows by name and colour, letters, squares, and all that is written.
READ = """(id) => {
  const root = document.getElementById(id).cloneNode(true);
  const all = (found) => [...document.getElementById(id).querySelectorAll(found)];
  const named = (element, name) => [element.getAttribute(name),
    element.dataset.argument ?? null, Number(element.dataset.shade ?? 0)];
  const boxes = (kind, strokes) => all(`[data-glyph] [data-squares=${kind}]`)
    .reduce((sum, path) => sum + path.getAttribute("d").split("M").length - 1, 0) / strokes;
  const squares = { kept: boxes("kept", 1), dropped: boxes("dropped", 3), open: boxes("open", 1) };
  for (const canvas of all("[data-kind=atlas] canvas")) {
    const [rows, columns] = [Number(canvas.dataset.rows), Number(canvas.dataset.columns)];
    const context = canvas.getContext("2d");
    for (let at = 0; at < rows * columns; at += 1) {
      const x = Math.floor(((at % columns) + 0.08) * canvas.width / columns) + 1;
      const y = Math.floor((Math.floor(at / columns) + 0.08) * canvas.height / rows) + 1;
      const [red, , blue] = context.getImageData(x, y, 1, 1).data;
      squares[red > blue ? "dropped" : "kept"] += 1;
    }
  }
  root.querySelectorAll("style").forEach((each) => each.remove());
  return {
    arrows: all("[data-arrow]").map((each) => named(each, "data-arrow"))
      .concat(all("[data-edge]").map((each) => named(each, "data-edge"))),
    letters: all("[data-badge]").map((each) => each.textContent),
    squares,
    words: root.textContent,
  };
}"""
# Sizes in CSS pixels of all letters that are seen.
LETTERS = """() => [...document.querySelectorAll(".dropviz-scene *")]
  .filter((each) => !each.closest("style")
    && [...each.childNodes].some((node) => node.nodeType === 3 && node.nodeValue.trim()))
  .map((each) => {
    const drawing = each.closest("svg");
    const wide = drawing?.viewBox.baseVal.width;
    const scale = wide ? drawing.getBoundingClientRect().width / wide : 1;
    return parseFloat(getComputedStyle(each).fontSize) * scale;
  })"""


def as_script(data: Any) -> str:
    return json.dumps(data).replace("<", "\\u003c")


def paint(page: Any, scenes: dict[str, Any]) -> None:
    """Paints scenes, each into an element of its own."""
    page.set_content("<!doctype html><body></body>")
    given = f"window.theme = {as_script(theme())};\nwindow.paint = paint;"
    page.add_script_tag(type="module", content=f"{joined('scenes/paint.js')}\n{given}")
    page.wait_for_function("window.paint !== undefined")
    data = {name: plain_data(scene) for name, scene in scenes.items()}
    page.evaluate(
        """(scenes) => {
          for (const [name, scene] of Object.entries(scenes)) {
            const place = document.createElement("div");
            place.id = name;
            document.body.append(place);
            window.paint(place, scene, window.theme);
          }
        }""",
        data,
    )


@pytest.fixture(scope="module")
def painted(chromium: Any) -> Iterator[Any]:
    """A page with all scenes painted, the network cut."""
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, offline=True)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    paint(page, SCENES)
    yield page
    assert errors == []
    context.close()


# Paints a scene once more, and tells what that changed in the page.
AGAIN = """
([name, scene]) => {
  const place = document.getElementById(name);
  const watch = new MutationObserver(() => {});
  watch.observe(place, {childList: true, subtree: true, attributes: true, characterData: true});
  const canvas = place.querySelector("canvas");
  const drawn = () => canvas && canvas.toDataURL();
  const before = drawn();
  window.paint(place, scene, window.theme);
  const changes = watch.takeRecords().map(({type, attributeName, target}) =>
    [type, attributeName, target.nodeName]);
  return {changes, same: drawn() === before};
}
"""


def seen(page: Any, name: str) -> Shown:
    found = page.evaluate(READ, name)
    arrows = Counter(
        (arrow, None if argument is None else Colour(argument, shade))
        for arrow, argument, shade in found["arrows"]
    )
    squares = Counter({kind: round(count) for kind, count in found["squares"].items()})
    return Shown(arrows, Counter(found["letters"]), squares, {" ".join(found["words"].split())})


@pytest.mark.parametrize("name", SCENES)
def test_the_page_shows_the_arrows_letters_colours_and_words_of_the_scene(
    painted: Any, name: str
) -> None:
    expected = wanted(SCENES[name])

    shown = seen(painted, name)

    assert shown.arrows == expected.arrows
    assert shown.letters == expected.letters
    assert +shown.squares == +expected.squares
    (said,) = shown.words
    for each in expected.words:
        assert " ".join(each.split()) in said
    figure = painted.locator(f"[id='{name}'] [role=figure]")
    assert figure.get_attribute("aria-label") == SCENES[name].alt


@pytest.mark.parametrize("name", SCENES)
def test_what_is_painted_again_as_it_is_changes_nothing_in_the_page(
    painted: Any, name: str
) -> None:
    # Ten times a second anything else costs a laptop more than the training: a canvas whose size
    # is taken away and given again is laid out and made anew.
    data = plain_data(SCENES[name])
    painted.evaluate(AGAIN, [name, data])  # its style is told once more

    assert painted.evaluate(AGAIN, [name, data]) == {"changes": [], "same": True}


def test_a_coloured_arrow_has_the_colour_of_the_table(painted: Any) -> None:
    colours = painted.evaluate(
        """(id) => [...document.getElementById(id).querySelectorAll("[data-argument]")].map(
          (each) => [each.dataset.argument, Number(each.dataset.shade),
            getComputedStyle(each.querySelector("path")).stroke])""",
        "a mask at each step",
    )

    assert len({colour for *_, colour in colours}) == 5
    for argument, shade, colour in colours:
        hexed = theme()["light"]["arguments"][argument][shade]
        channels = [int(hexed[at : at + 2], 16) for at in (1, 3, 5)]
        assert colour == f"rgb({', '.join(map(str, channels))})"


@pytest.mark.parametrize("width", WIDTHS)
def test_letters_are_large_enough_and_nothing_reaches_out(painted: Any, width: int) -> None:
    painted.set_viewport_size({"width": width, "height": 768})
    settle(painted)

    assert min(painted.evaluate(LETTERS)) >= (13.99 if width == 1366 else 11.99)
    assert painted.evaluate("document.documentElement.scrollWidth <= innerWidth")


# ---------------------------------------------------------------- pointer and keys


@pytest.fixture
def keras(page: Any) -> Any:
    paint(page, {"keras": SCENES["keras"], "gates": SCENES["gates"]})
    page.evaluate(
        """() => { window.told = []; for (const kind of ["dropviz-point", "dropviz-choose"])
          document.addEventListener(kind, (event) => window.told.push([kind, event.detail])); }"""
    )
    return page


def test_an_arrow_that_has_the_focus_tells_its_mask_in_numbers(keras: Any) -> None:
    scene = SCENES["keras"]
    keras.locator("#keras [data-arrow=x]").first.focus()
    keras.keyboard.press("ArrowRight")
    keras.keyboard.press("ArrowUp")

    card = keras.locator("#keras .dropviz-card")
    mask = scene.mask_on("h", 1)
    assert keras.evaluate("document.activeElement.dataset.key") == "h:1"
    assert [each.inner_text() for each in card.locator("tbody th").all()] == [
        f"mask {gate}" for gate in "ifgo"
    ]
    for row, kept in zip(card.locator("tbody tr").all(), mask.kept, strict=True):
        numbers = [each.inner_text() for each in row.locator("td").all()]
        assert numbers == ["1.67" if each else "0" for each in kept]
    assert mask.says in card.inner_text()
    assert mask.source in card.inner_text()
    point = {"kind": "unrolled", "arrow": "h", "column": 1, "mask": 1}
    assert keras.evaluate("window.told.at(-1)") == ["dropviz-point", point]


def test_the_pointer_opens_the_card_and_a_click_chooses(keras: Any) -> None:
    keras.locator("#keras [data-cell='2']").click()

    assert "LSTM at step 3 of 28" in keras.locator("#keras .dropviz-card").inner_text()
    told = keras.evaluate(
        "window.told.map(([kind, detail]) => [kind, detail.arrow, detail.column])"
    )
    assert told == [["dropviz-point", "cell", 2], ["dropviz-choose", "cell", 2]]


def test_another_scene_comes_in_place_with_the_focus_and_the_card_kept(keras: Any) -> None:
    arrow = keras.locator("#keras [data-arrow=h]").first
    arrow.focus()
    keras.evaluate("window.was = document.activeElement")
    before = keras.locator("#keras .dropviz-card").inner_text()

    other = plain_data(SCENES["a layer above"])
    keras.evaluate("(scene) => paint(document.getElementById('keras'), scene, theme)", other)

    assert keras.evaluate("document.activeElement === window.was && window.was.isConnected")
    after = keras.locator("#keras .dropviz-card").inner_text()
    assert before != after
    assert "recurrent_dropout" in after


def test_a_point_of_a_heatmap_tells_its_value(keras: Any) -> None:
    scene = SCENES["gates"]
    panel = scene.panels[0]
    canvas = keras.locator("#gates canvas").first
    wide, high = canvas.evaluate("(element) => [element.clientWidth, element.clientHeight]")

    lowest = {"x": 0.5 / panel.steps * wide, "y": (panel.units - 0.5) / panel.units * high}
    canvas.hover(position=lowest)

    said = keras.locator("#gates .dropviz-card").inner_text()
    assert f"step 1, unit {panel.units}: {panel.values[0][-1]:.2f}" in said


def test_the_pointer_on_a_heatmap_draws_nothing_but_the_card(keras: Any) -> None:
    panel = SCENES["gates"].panels[0]
    canvas = keras.locator("#gates canvas").first
    wide, high = canvas.evaluate("(element) => [element.clientWidth, element.clientHeight]")
    canvas.hover(position={"x": 0.2 / panel.steps * wide, "y": 0.2 / panel.units * high})
    keras.evaluate(
        """() => {
          const draw = CanvasRenderingContext2D.prototype.fillRect;
          window.drawn = window.cards = 0;
          CanvasRenderingContext2D.prototype.fillRect = function (...given) {
            window.drawn += 1;
            draw.apply(this, given);
          };
          const card = document.querySelector("#gates .dropviz-card");
          new MutationObserver(() => { window.cards += 1; })
            .observe(card, { subtree: true, characterData: true, childList: true });
        }"""
    )

    canvas.hover(position={"x": 0.7 / panel.steps * wide, "y": 0.7 / panel.units * high})
    same = keras.evaluate("[drawn, cards]")
    canvas.hover(position={"x": 1.5 / panel.steps * wide, "y": 0.5 / panel.units * high})

    assert same == [0, 0]
    assert keras.evaluate("drawn") == 0
    said = keras.locator("#gates .dropviz-card").inner_text()
    assert f"step 2, unit 1: {panel.values[1][0]:.2f}" in said


def test_a_style_is_written_only_where_it_changed(page: Any) -> None:
    page.set_content("<!doctype html><body></body>")
    given = "window.patch = patch; window.tag = tag;"
    page.add_script_tag(type="module", content=f"{joined('scenes/tree.js')}\n{given}")
    page.wait_for_function("window.tag !== undefined")

    written = page.evaluate(
        """() => {
          const watch = new MutationObserver(() => {});
          const styled = (style) => patch(document.body, [tag("p", { style })]);
          styled("color: red");
          watch.observe(document.body.firstChild, { attributes: true });
          return ["color: red", "color: blue", null, "color: blue"].map((style) => {
            styled(style);
            return [watch.takeRecords().length, document.body.firstChild.style.color];
          });
        }"""
    )

    assert written == [[0, "red"], [1, "blue"], [1, ""], [1, "blue"]]


def test_a_dark_page_has_the_colours_for_it(chromium: Any) -> None:
    for ground, said in (("dark", "false"), ("light", "true")):
        context = chromium.new_context(color_scheme="dark")
        page = context.new_page()
        paint(page, {"keras": SCENES["keras"]})
        # JupyterLab's word counts more than the system's.
        page.evaluate("(said) => document.body.setAttribute('data-jp-theme-light', said)", said)
        page.wait_for_function(
            "(colour) => getComputedStyle(document.querySelector('.dropviz-scene'))"
            ".getPropertyValue('--dropviz-ground') === colour",
            arg=theme()[ground]["ground"],
        )
        context.close()


# ---------------------------------------------------------------- texts from outside


def test_a_hostile_text_is_text_wherever_it_stands(page: Any) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: errors.append(dialog.message))
    texts = [*HOSTILE.values(), '"><script>alert(1)</script>', "<img src=x onerror=alert(1)>"]
    scenes = {
        f"{kind} {number}": scene
        for number, text in enumerate(texts)
        for kind, scene in hostile(text).items()
    }
    # Data that nobody of dropviz made: the text in every field that holds one.
    for number, text in enumerate(texts[-2:]):
        for name in ("keras", "atlas", "curves", "cell", "gates"):
            scenes[f"{name} all {number}"] = everywhere(plain_data(SCENES[name]), text)
    paint(page, scenes)
    for item in page.locator("[tabindex='0']").all():
        item.focus()

    tags = page.evaluate(
        "[...new Set([...document.querySelectorAll('body *')].map((each) => each.localName))]"
    )
    assert set(tags) <= {
        *("div", "style", "svg", "g", "path", "rect", "circle", "text", "tspan", "span", "p"),
        *("table", "thead", "tbody", "tr", "th", "td", "canvas", "i", "sub", "sup", "strong"),
    }
    handlers = page.evaluate(
        """[...document.querySelectorAll("body *")].flatMap((each) => [...each.attributes])
          .filter((each) => /^on|^src$|href/.test(each.name)).map((each) => each.name)"""
    )
    assert handlers == []
    assert errors == []


def everywhere(data: Any, text: str) -> Any:
    """A scene with a text in each field of words; names that data hang together by stay."""
    names = {"kind", "arrow", "bits", "sign", "tone", "shape", "argument", "line", "edges"}
    if isinstance(data, dict):
        return {k: v if k in names else everywhere(v, text) for k, v in data.items()}
    if isinstance(data, list):
        return [everywhere(each, text) for each in data]
    return text if isinstance(data, str) else data
