from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path

import pytest

from dropviz.browser import read_scripts
from dropviz.browser.read_scripts import joined, read_script
from dropviz.errors import DropvizError
from tests.browser.in_node import said_in_node

SCRIPTS = Path(read_scripts.__file__).parent
Put = Callable[[Mapping[str, str]], None]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Has scripts made by hand read instead of the package's own."""

    def put(scripts: Mapping[str, str]) -> None:
        for path, text in scripts.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
        monkeypatch.setattr(resources, "files", lambda _: tmp_path)

    return put


def test_modules_whose_private_names_are_equal_keep_their_own(put: Put, tmp_path: Path) -> None:
    put(
        {
            "a/top.js": (
                'import { one as first, two } from "./low.js";\n'
                'import {\n  three,\n} from "../b/low.js";\n'
                'const own = "top";\n'
                "/** Says all. */\nexport function all() {\n"
                "  // each of them\n  return [first(), two, new three().name, own].join();\n}\n"
            ),
            "a/low.js": (
                'const own = "low";\nexport function one() {\n  return own;\n}\n'
                "export const two = 2;\n"
            ),
            "b/low.js": (
                'import { one } from "../a/low.js";\n'
                "export class three {\n  name = `3 ${one()}`;\n}\n"
            ),
        }
    )

    text = joined("a/top.js")

    assert "Says all" not in text
    assert "each of them" not in text
    assert text == joined("a/top.js")
    assert said_in_node(f"{text}console.log(all());", tmp_path) == "low,2,3 low,top\n"


def test_types_and_comments_within_lines_are_left_out_and_the_code_beside_them_stays(
    put: Put, tmp_path: Path
) -> None:
    put(
        {
            "top.js": (
                "const all = {\n  /** @type {number | null} */ one: 1, // first\n"
                '  /** @type {import("./types.js").Two} */ two: 2,\n};\n'
                'const SVG = "http://www.w3.org/"; // an address\n'
                "/** @type {number[]} */\nconst more = [3];\n"
                'const sum = (/** @type {import("./types.js").Two} */ of) => of.one + of.two;\n'
                "export function said() {\n  return sum(all) + more[0];\n}\n"
            )
        }
    )

    text = joined("top.js")

    assert "@type" not in text
    assert "// first" not in text
    assert 'const SVG = "http://www.w3.org/";\n' in text
    assert said_in_node(f"{text}console.log(said());", tmp_path) == "6\n"


def test_what_exports_nothing_is_a_plain_script_for_a_worker(put: Put, tmp_path: Path) -> None:
    put(
        {
            "top.js": 'import { one } from "./low.js";\nconsole.log(one);\n',
            "low.js": "export const one = 1;\n",
        }
    )

    text = joined("top.js")

    assert "export" not in text
    assert said_in_node(f"new Function({text!r})();", tmp_path) == "1\n"


@pytest.mark.parametrize(
    "line",
    [
        'import value from "./low.js";',
        'import * as low from "./low.js";',
        'import { low } from "https://example.org/low.js";',
        'import "./low.js";',
        "export default function low() {}",
        "export { low };",
        "export let low = 1;",
        'const low = await import("./low.js");',
    ],
)
def test_any_other_import_or_export_is_refused_in_a_sentence(line: str, put: Put) -> None:
    put({"top.js": f"export function all() {{}}\n{line}\n", "low.js": ""})

    with pytest.raises(DropvizError, match=r"top\.js cannot be joined .*Received: '") as caught:
        joined("top.js")

    assert line.partition("import(")[2] in str(caught.value)


def test_a_circle_is_refused_with_its_way(put: Put) -> None:
    put(
        {
            name: f'import {{ f }} from "./{other}";\nexport function f() {{}}\n'
            for name, other in (("a.js", "b.js"), ("b.js", "a.js"))
        }
    )

    with pytest.raises(DropvizError, match=r"in a circle: a\.js -> b\.js -> a\.js\."):
        joined("a.js")


def test_a_script_that_is_not_there_is_named() -> None:
    with pytest.raises(DropvizError, match=r"no script 'scenes/paint_nothing\.js'"):
        joined("scenes/paint_nothing.js")


def test_the_painters_are_joined_and_ask_for_nothing_from_outside() -> None:
    text = joined("scenes/paint.js")

    assert text.endswith("export { paint };\n")
    # The name of SVG's elements is no address that anything is asked from.
    assert text.count("http") == text.count('"http://www.w3.org/2000/svg"') == 1
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert forbidden not in text


@pytest.mark.parametrize("path", sorted(SCRIPTS.rglob("*.js")), ids=lambda path: path.name)
def test_every_script_can_be_read_as_part_of_the_package_and_joined(path: Path) -> None:
    name = path.relative_to(SCRIPTS).as_posix()

    assert read_script(name) == path.read_text(encoding="utf-8")
    assert "const module_0 = (() => {\n" in joined(name)
