from __future__ import annotations

from dropviz.homework.extract import literals, needed, statements


def code(cells: list[str], *names: str) -> str:
    return needed(statements(cells)[0], names)


def test_only_what_an_answer_needs_is_taken_out() -> None:
    cells = [
        "import os, keras\nprint('hello')\nRATE = 2",
        "os.system('ls')\ndef helper(x):\n    return x * RATE",
        "def make(units, rate):\n    return helper(units)",
        "make(3, .5)\nunused = 5",
    ]

    taken = code(cells, "make")

    assert "RATE = 2" in taken
    assert "def helper" in taken
    assert not {"os.system", "print", "unused", "make(3"} & {
        part for part in ("os.system", "print", "unused", "make(3") if part in taken
    }


def test_the_last_of_several_definitions_counts() -> None:
    space: dict[str, object] = {}

    exec(code(["make = 1", "make = 2"], "make"), space)  # noqa: S102

    assert space["make"] == 2


def test_a_definition_inside_a_statement_is_taken_with_it() -> None:
    cells = ["try:\n    import numpy as np\nexcept ImportError:\n    np = None", "make = np"]

    assert code(cells, "make") == (
        "try:\n    import numpy as np\nexcept ImportError:\n    np = None\nmake = np"
    )


def test_magics_are_left_out_and_a_cell_that_is_no_python_is_named() -> None:
    found, wrong = statements(
        ["%load_ext dropviz\n!ls\nmake = 1\nmake?", "%%time\nother = 2", "def broken(:\n  1"]
    )

    assert needed(found, ["make", "other"]) == "make = 1\nother = 2"
    assert len(wrong) == 1
    assert wrong[0].startswith("code cell 3, line 1")


def test_a_text_that_looks_like_a_magic_is_kept() -> None:
    assert code(["make = '''\n%d\n'''"], "make") == "make = '\\n%d\\n'"


def test_what_is_too_deep_for_the_parser_is_no_python() -> None:
    deep = "make = " + "(" * 5000 + ")" * 5000

    assert statements([deep])[0] == []
    assert "make" in code([deep, "make = 1"], "make")


def test_literals_are_read_and_never_run() -> None:
    found, _ = statements(
        ["design = {'seeds': [1, 2]}\nclaim = 1", "claim = open('x')\nother = 2\nclaim = -1.5"]
    )

    assert literals(found, ["design", "claim"]) == {"design": {"seeds": [1, 2]}, "claim": -1.5}


def test_a_later_value_that_is_no_literal_leaves_none() -> None:
    assert literals(statements(["design = 1", "design = f()"])[0], ["design"]) == {}
