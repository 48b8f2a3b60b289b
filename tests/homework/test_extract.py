from __future__ import annotations

import pytest

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


MAGICS = {
    "a comment that asks": (
        "%time x = 1\ndef make(units, rate):  # which site?\n    return units",
        "def make(units, rate):\n    return units",
    ),
    "a docstring that asks": (
        '!ls\ndef make(units):\n    """Why\n    so?\n    """\n    return units',
        'def make(units):\n    """Why\n    so?\n    """\n    return units',
    ),
    "a remainder on a line of its own": ("%matplotlib inline\nmake = (7\n% 4)", "make = 7 % 4"),
    "a cell magic, and one below": ("\n%%time\n%%capture out\nmake = 1\nmake?", "make = 1"),
    "a magic in a function": (
        "def make():\n    %time other()\n    return 2",
        "def make():\n    get_ipython().run_line_magic('time', 'other()')\n    return 2",
    ),
}


@pytest.mark.parametrize("name", MAGICS)
def test_a_cell_with_magics_loses_them_alone(name: str) -> None:
    cell, kept = MAGICS[name]

    assert code([cell], "make").strip() == kept


def test_a_cell_of_magics_without_end_is_no_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("IPython.core.inputtransformer2.TRANSFORM_LOOP_LIMIT", 5)
    found, wrong = statements(["%time\n" * 6, "make = 1"])

    assert needed(found, ["make"]) == "make = 1"
    assert wrong == ["code cell 1: no Python"]


def test_what_is_too_deep_for_the_parser_is_no_python() -> None:
    deep = "make = " + "(" * 5000 + ")" * 5000

    assert statements([deep])[0] == []
    assert "make" in code([deep, "make = 1"], "make")


def test_a_star_import_is_kept_as_nobody_sees_what_it_binds() -> None:
    cells = ["from keras.layers import *\nimport os", "def make(units):\n    return LSTM(units)"]
    tried = "try:\n    from keras.ops import *\nexcept ImportError:\n    from numpy import *"

    assert code(cells, "make").splitlines()[0] == "from keras.layers import *"
    assert "import os" not in code(cells, "make")
    assert code([tried, "make = 1"], "make") == f"{tried}\nmake = 1"


CHANGES = {
    "an attribute": "Cell.call = f",
    "an attribute of an attribute": "Cell.inner.table = f",
    "an item": "Cell.table['x'] = f",
    "items in a loop": "for name in 'ab':\n    Cell.table[name] = f",
    "one added to": "Cell.count += f",
    "a method": "Cell.names.append(f)",
    "a method in a loop": "for name in 'ab':\n    Cell.names.append(f)",
    "an attribute by its name": "setattr(Cell, 'call', f)",
    "a function with a global name": "def set_up():\n    global Cell\n    Cell = f\nset_up()",
    "a function that fills a table": "def fill(x):\n    Cell.table[x] = f\nfill('a')",
    "a decorator": (
        "def named(x):\n\n    def add(g):\n        Cell.table[x] = g\n        return g\n"
        "    return add\n\n@named('a')\ndef other():\n    return f"
    ),
    "a pattern": "match f:\n    case [Cell, *_]:\n        pass",
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_a_value_is_taken_with_it(name: str) -> None:
    cells = ["class Cell:\n    pass", f"f = 1\n{CHANGES[name]}", "make = Cell"]

    taken = [line for line in code(cells, "make").splitlines() if line]
    assert taken == [line for cell in cells for line in cell.splitlines() if line]


def test_an_answer_that_is_tried_out_is_not_run() -> None:
    tried = "import dropviz\nseen = []\nidentify(dropviz.LSTM(8))\nprint(keep(dropviz.LSTM(8)))"
    cells = [
        "def keep(x):\n    seen.append(x)",
        "def identify(x):\n    seen.append(keep(x))",
        tried,
    ]

    assert "dropviz" not in code(cells, "identify")


def test_what_is_given_is_not_read() -> None:
    cells = ["from dropviz import homework\nasked = homework.asked('x.csv', 'ada')", "make = asked"]

    assert needed(statements(cells)[0], ["make"], ["asked"]) == "make = asked"


def test_what_a_function_of_a_module_does_is_not_taken_with_it() -> None:
    cells = ["import numpy as np", "np.save('x', 3)\nnp.random.seed(1)", "make = np.ones"]

    assert code(cells, "make") == "import numpy as np\nmake = np.ones"


OWN_NAMES = {
    "a parameter": "def identify(layer):\n    return layer.units",
    "a variable": "def identify(x):\n    layer = x\n    return layer",
    "a loop": "def identify(x):\n    return [layer for layer in x]",
    "a function inside": "def identify(x):\n    return (lambda layer: layer)(x)",
    "a method": "class identify:\n    def layer(self, x):\n        return x",
}


@pytest.mark.parametrize("name", OWN_NAMES)
def test_a_functions_own_name_is_not_looked_for_in_the_notebook(name: str) -> None:
    # As in practice, of which nothing may come to the judge: there is no dropviz there.
    tried = "import dropviz\nlayer = dropviz.LSTM(8, method='moon')"

    taken = code([tried, OWN_NAMES[name]], "identify")

    assert "identify" in taken
    assert "dropviz" not in taken


USED = {
    "a default": "def make(x=NAME):\n    pass",
    "a decorator": "@NAME\ndef make():\n    pass",
    "a body": "def make():\n    return NAME",
    "a function inside": "def make():\n    return lambda x: NAME + x",
    "a loop": "def make():\n    return [NAME for _ in 'ab']",
    "declared": "def make():\n    global NAME\n    NAME += 1",
    "a base": "class make(NAME):\n    pass",
    "a class": "class make:\n    NAME = NAME",
    "a method": "class make:\n    def call(self):\n        return NAME",
}


@pytest.mark.parametrize("name", USED)
def test_a_name_of_the_notebook_is_found_wherever_it_is_used(name: str) -> None:
    assert code(["NAME = 1", USED[name]], "make").startswith("NAME = 1\n")


def test_literals_are_read_and_never_run() -> None:
    found, _ = statements(
        ["design = {'seeds': [1, 2]}\nclaim = 1", "claim = open('x')\nother = 2\nclaim = -1.5"]
    )

    assert literals(found, ["design", "claim"]) == {"design": {"seeds": [1, 2]}, "claim": -1.5}


@pytest.mark.parametrize(
    "cell",
    [
        "design: dict = {'seeds': [1]}\nclaim: 'dict[str, str]' = 2",
        "design, claim = {'seeds': [1]}, 2",
        "(design, [claim]) = [{'seeds': [1]}, (2,)]\nclaim: int",
    ],
)
def test_a_literal_is_read_however_it_is_set(cell: str) -> None:
    found, _ = statements(["claim = 1", cell])

    assert literals(found, ["design", "claim"]) == {"design": {"seeds": [1]}, "claim": 2}


@pytest.mark.parametrize(
    "change",
    [
        "design['seeds'] = [1]",
        "design.update(seeds=[1])",
        "if True:\n    design = {}",
        "design |= {}",
    ],
)
def test_a_literal_that_is_changed_later_is_none(change: str) -> None:
    assert literals(statements(["design = {}", change])[0], ["design"]) == {}


def test_a_later_value_that_is_no_literal_leaves_none() -> None:
    assert literals(statements(["design = 1", "design = f()"])[0], ["design"]) == {}
