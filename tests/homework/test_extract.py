from __future__ import annotations

import ast
import sys
from typing import Any

import pytest

from dropviz.homework.child import AnswerRunner
from dropviz.homework.extract import Taken, literals, needed, statements


def unparsed(taken: list[Taken]) -> str:
    return ast.unparse(ast.Module([each.node for each in taken], []))


def code(cells: list[str], *names: str) -> str:
    return unparsed(needed(statements(cells)[0], names))


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

    assert unparsed(needed(found, ["make", "other"])) == "make = 1\nother = 2"
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

    assert unparsed(needed(found, ["make"])) == "make = 1"
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

    assert unparsed(needed(statements(cells)[0], ["make"], ["asked"])) == "make = asked"


def test_what_a_function_of_a_module_does_is_not_taken_with_it_but_for_its_seed() -> None:
    cells = ["import numpy as np", "np.save('x', 3)\nnp.random.seed(1)", "make = np.ones"]

    assert code(cells, "make") == "import numpy as np\nnp.random.seed(1)\nmake = np.ones"


_CLASS = "class Tests:\n    def __init__(self):\n        self.all = {}\n"
MAY_CHANGE = {
    "a helper that fills what it is given": "def fill(b, at):\n    b[at] = 20\nfill(B, 0)",
    "a helper in a loop": "def fill(b, at):\n    b[at] = 20\nfor at in 0, 3:\n    fill(B[at], at)",
    "a helper that calls one": (
        "def fill():\n    B[0] = 20\ndef fill_all():\n    fill()\nnothing = fill_all()"
    ),
    "a function of NumPy": "np.fill_diagonal(B, 5)",
    "another one": "np.put(B, [0, 3], 20)",
    "a method of one": "np.add.at(B, [0, 3], 20)",
    "an argument out": "np.add(B, 20, out=B)",
    "a view": "row = B[0]\nrow[:] = 20",
    "a view of a view": "row = B[0]\nhalf = row[:2]\nhalf += 20",
    "views in a loop": "for row in B:\n    row[:] = 20",
    "several views": "i, f, g, o = np.split(B, 4)\nf[:] = 20",
    "another name": "also = T\nalso['a'] = 1",
    "a heap": "import heapq\nheapq.heappush(L, 1)",
    "a shuffle": "import random\nrandom.Random(1).shuffle(L)",
    "a comprehension": "[L.append(i) for i in range(3)]",
    "a mapped method": "list(map(L.append, range(3)))",
    "a condition": "L.append(1) if True else None",
    "what is set to the value of a call": "_ = L.append(1)",
    "what is taken out": "x = L.pop()",
    "printed": "print(L.pop())",
    "chained calls": (
        "class Chain:\n    def add(self, x):\n        L.append(x)\n        return self\n"
        "Chain().add(1).add(2)"
    ),
    "a decorator of an object": (
        f"{_CLASS}    def named(self, name):\n        def keep(f):\n            T[name] = 1\n"
        "            return f\n        return keep\ntests = Tests()\n"
        "@tests.named('moon')\ndef moon():\n    pass"
    ),
    "a decorator that is a class": (
        "class named:\n    def __init__(self, name):\n        T[name] = 1\n"
        "    def __call__(self, f):\n        return f\n@named('moon')\ndef moon():\n    pass"
    ),
    "globals": "globals()['L'] = 3",
    "text that is run": "exec('L = 4')",
    "a seed": "np.random.seed(3)\nL = [float(np.random.rand())]",
    "a seed of Python's": "import random\nrandom.seed(3)\nL = [random.random()]",
    "a seed of what is not used again": "import random as r, numpy\nnumpy.random.seed(4)\n"
    "from numpy.random import rand\nL = [float(rand())]",
}
_DATA = "import numpy as np\nB = np.zeros((4, 4))\nT = {}\nL = [3, 2, 1]"
_ANSWER = "def make():\n    return B.tolist(), T, L"


def told(cells: list[str]) -> object:
    runner = AnswerRunner(0, 0)
    runner._execute(needed(statements(cells)[0], ["make"]))
    return runner._space["make"]()


@pytest.mark.parametrize("name", MAY_CHANGE)
def test_what_may_change_a_value_is_taken_with_it(name: str) -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec("\n".join([_DATA, MAY_CHANGE[name], _ANSWER]), space)  # noqa: S102

    assert told([_DATA, MAY_CHANGE[name], _ANSWER]) == space["make"]()


REGISTERED = {
    "by type": (
        "from functools import singledispatch\n@singledispatch\ndef name(x):\n    return 'other'",
        "@name.register\ndef _(x: int):\n    return 'whole'",
        "def make():\n    return name(3)",
        "whole",
    ),
    "by a base": (
        "class Base:\n    all = []\n    def __init_subclass__(cls):\n        Base.all.append(1)",
        "class One(Base):\n    pass\nclass Two(Base):\n    pass",
        "def make():\n    return Base.all",
        [1, 1],
    ),
    "as subclasses": (
        "class Base:\n    pass",
        "class One(Base):\n    pass",
        "def make():\n    return [each.__name__ for each in Base.__subclasses__()]",
        ["One"],
    ),
}


@pytest.mark.parametrize("name", REGISTERED)
def test_what_is_registered_is_taken(name: str) -> None:
    *cells, answer, expected = REGISTERED[name]

    assert told([*cells, str(answer)]) == expected


LOOKS = {
    "a picture": "import matplotlib.pyplot as plt\nplt.imshow(B)",
    "what is not there": "show(B)\nB.plot()",
    "something of dropviz": "from dropviz import homework\nhomework.known_layer('moon')(B)",
    "a training": "model = object()\nmodel.fit(B, B)\nhistory = model.fit(B)",
    "an exit": "import sys\nsys.exit(len(B))",
    "the answer": "for _ in range(10**12):\n    make(B)",
    "a name that dropviz gives": (
        "import dropviz\nlayer = dropviz.LSTM(8)\nfor _ in B:\n    out = layer(B)\nprint(out, B)"
    ),
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_at_a_value_costs_no_answer(name: str) -> None:
    assert told([_DATA, LOOKS[name], _ANSWER]) == told([_DATA, _ANSWER])


def test_an_answer_that_fails_tells_what_was_left_out() -> None:
    runner = AnswerRunner(0, 0)
    cells = ["T = {}", "fill(T)", "def make():\n    return T['a']"]
    runner._execute(needed(statements(cells)[0], ["make"]))

    assert runner._told(KeyError("a")) == (
        "KeyError: 'a' (left out, as it failed: fill(T) (NameError: name 'fill' is not defined))"
    )


NOT_RUN = {
    "a script": "%%script echo skipped\n",
    "a file": "%%writefile attempt.py\n",
    "a shell": "%%bash\n",
    "a page": "%%html\n",
    "timed over and over": "%%timeit -n1\n",
    "a script below a time": "%%time\n%%script echo\n",
}


@pytest.mark.parametrize("name", NOT_RUN)
def test_a_cell_that_does_not_run_as_python_binds_nothing(name: str) -> None:
    assert code(["make = 1", f"{NOT_RUN[name]}make = 2"], "make") == "make = 1"


@pytest.mark.parametrize("magic", ["time", "capture out", "prun -q", "lstm_dropout -d .3"])
def test_a_cell_that_runs_as_python_under_a_magic_counts(magic: str) -> None:
    assert code([f"%%{magic}\nmake = 2"], "make") == "make = 2"


def test_a_line_that_is_timed_binds_its_names() -> None:
    assert code(["%time make = 2"], "make") == "make = 2"


BESIDE = {
    "an import beside another": "import math, dropviz\ndef make():\n    return math.ceil(6.5)",
    "an annotation": (
        "from dropviz.homework.asked_layer import AskedLayer\n"
        "def make(layer: AskedLayer = None) -> AskedLayer:\n    return 7"
    ),
    "an annotation of a value": (
        "import dropviz\nlayers: list[dropviz.LSTM] = [7]\ndef make():\n    return layers[0]"
    ),
    "a helper's name after the practice": (
        "from dropviz import homework\ndef near():\n    return 7\ndef make():\n    return near()\n"
        "homework.check('x', make=make)\nnear = 3"
    ),
    "a helper's name for what dropviz made": (
        "from dropviz import homework\ndef near():\n    return 7\n"
        "layer = homework.known_layer('moon')\nnear = layer(3)\ndef make():\n    return near()"
    ),
    "a helper's name in a loop after the practice": (
        "import dropviz.homework as h\nOPEN = 7\ndef make():\n    return OPEN\n"
        "h.check('x', make=make)\nfor OPEN in (1, 2):\n    print(OPEN)"
    ),
    "a helper that is defined again after the practice": (
        "import dropviz.homework as h\ndef near():\n    return 3\ndef make():\n    return near()\n"
        "h.check('x', make=make)\ndef near():\n    return 7"
    ),
    "an answer after the practice": (
        "import dropviz.homework as h\nNEAR = 3\nh.check('x', make=make)\nNEAR = 7\n"
        "def make():\n    return NEAR"
    ),
}


@pytest.mark.parametrize("name", BESIDE)
def test_dropviz_beside_an_answer_costs_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("dropviz", "dropviz.homework", "dropviz.homework.asked_layer"):
        monkeypatch.setitem(sys.modules, module, None)

    assert told([BESIDE[name]]) == 7


FUTURE = {
    "class variables": (
        "from dataclasses import dataclass\nfrom typing import ClassVar\n@dataclass\nclass Plan:\n"
        "    names: ClassVar[dict] = {}\n    rate: float = 7\ndef make():\n    return Plan(7).rate"
    ),
    "a text for a class variable": (
        "from __future__ import annotations\nfrom dataclasses import KW_ONLY, dataclass\n"
        "from typing import ClassVar\n@dataclass\nclass Plan:\n    names: ClassVar[dict] = {}\n"
        "    _: KW_ONLY\n    rate: float = 7\ndef make():\n    return Plan(rate=7).rate"
    ),
    "a value that is for the beginning alone": (
        "from dataclasses import InitVar, dataclass\n@dataclass\nclass Plan:\n"
        "    rate: InitVar[float]\n    kept: float = 0\n    def __post_init__(self, rate):\n"
        "        self.kept = rate\ndef make():\n    return Plan(7).kept"
    ),
    "annotations that are looked at": (
        "class Plan:\n    rate: int\nSIZES = {n: t(7) for n, t in Plan.__annotations__.items()}\n"
        "def make():\n    return SIZES['rate']"
    ),
    "the notebook's own wish": (
        "from __future__ import annotations\n\ndef make(x: Nothing = 7) -> Nothing:\n    return x"
    ),
}


@pytest.mark.parametrize("name", FUTURE)
def test_annotations_are_what_the_notebook_has_them_be(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = AnswerRunner(0, 0)
    monkeypatch.setitem(sys.modules, "__main__", runner._main)
    runner._execute(needed(statements([FUTURE[name]])[0], ["make"]))

    assert runner._space["make"]() == 7


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


def test_what_dropviz_made_is_followed_through_names_of_names() -> None:
    cells = [
        "from dropviz import homework\ndef make():\n    return near()\ndef near():\n    return 7",
        "near = third + 1\nthird = second\nsecond = first(3)\nfirst = homework.known_layer('moon')",
    ]

    assert told(cells) == 7
