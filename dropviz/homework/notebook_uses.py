"""Which statements of a notebook bind, change or may change a name."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from dropviz.homework.notebook_names import (
    FUNCTIONS,
    IMPORTS,
    Known,
    assigned,
    bound,
    changed,
    is_plain,
    root,
    run_parts,
    set_anew,
    used,
)
from dropviz.homework.without_dropviz import names_of_dropviz, package

STAR = "*"  # as which `from keras.layers import *` binds: nobody can see which names it brings
_FUTURE = "__future__"
_UNSEEN = ("globals", "exec", "eval")  # what they do nobody can see
_OF_PICTURES = ("matplotlib", "seaborn", "plotly", "IPython", "ipywidgets", "tqdm")
_TRAINS = ("fit", "evaluate", "predict", "train_on_batch")
_SETS = re.compile(r"set|seed|manual_seed")  # begins the name of what sets a module up
_DEFINED = (*FUNCTIONS, ast.ClassDef)


class Uses:
    """What the statements of a notebook do with names.

    Attributes:
        bound: By statement, the names that it binds or plainly changes.
        used: By statement, the names that it uses.
        always: Names that stand for what is taken whatever an answer uses.
    """

    always = (*_UNSEEN, _FUTURE)

    def __init__(
        self, found: Sequence[ast.stmt], names: Sequence[str], given: Collection[str]
    ) -> None:
        """Looks at statements.

        Args:
            found: They.
            names: The names of the answer: where it is called, it is tried out.
            given: Names whose values are there already.
        """
        imports = [node for node in found if isinstance(node, IMPORTS)]
        self._modules = {name for node in imports for name in bound(node)}
        functions = [
            each for each in found if isinstance(each, FUNCTIONS) and each.name not in names
        ]
        by = {each.name: changed(each, Known(self._modules)) for each in functions}
        self._found, self._names, self._changed_by = found, names, by
        self.bound = [set(bound(node, Known(self._modules, by))) for node in found]
        self.used = [set(used(node)) for node in found]
        self._bodies: dict[str, set[str]] = defaultdict(set)
        for node, its in zip(found, self.used, strict=True):
            if isinstance(node, _DEFINED):
                self._bodies[node.name] |= its
        of_pictures = (node for node in imports if package(node) in _OF_PICTURES)
        self._pictures = {name for node in of_pictures for name in bound(node)}
        self._anew = [set_anew(node) for node in found]
        self._run = [self._run_names(number) for number in range(len(found))]
        self._beyond = self._using(names_of_dropviz(found) - {*given})
        self._replaced = self._replacing()
        self._binding, self._mentioning = self._index()

    def binding(self, name: str) -> Iterator[int]:
        """The statements that bind a name, or plainly change its value."""
        yield from self._binding.get(name, ())

    def mentioning(self, name: str) -> Iterator[int]:
        """Statements that may change its value, and those that bind it, where they can run."""
        for number in self._binding.get(name, ()):
            if number not in self._beyond and not self._tries(self._found[number]):
                yield number
        yield from self._mentioning.get(name, ())

    def _index(self) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
        binding: dict[str, list[int]] = defaultdict(list)
        mentioning: dict[str, list[int]] = defaultdict(list)
        data = self._data()
        for number, node in enumerate(self._found):
            replaced = self._replaced.get(number, set())
            for name in self.bound[number] - replaced:
                binding[name].append(number)
            if isinstance(node, ast.ImportFrom) and node.module == _FUTURE:
                binding[_FUTURE].append(number)
            if not replaced and not isinstance(node, IMPORTS) and not self._is_look(number):
                for name in self._may_change(number, data):
                    mentioning[name].append(number)
        return binding, mentioning

    def _using(self, names: set[str]) -> set[int]:
        """Statements that run what some names hold, or what was made of it, where they stand."""
        using: set[int] = set()
        more = names
        while more:
            more = set()
            for number, node in enumerate(self._found):
                runs = not isinstance(node, IMPORTS) and self._run[number] & names
                if runs and number not in using:
                    using.add(number)
                    more |= self._anew[number]
            rest = (its for number, its in enumerate(self.bound) if number not in using)
            more -= names.union(*rest)
            names = names | more
        return using

    def _replacing(self) -> dict[int, set[str]]:
        """By statement, names that it gives a value which the answer does not mean.

        One that needs dropviz cannot run there, where another one sets the name as well; and after
        the practice a notebook goes on to look at things, in which a name may be used again.
        """
        binds: dict[str, list[int]] = defaultdict(list)
        for number in range(len(self._found)):
            if number not in self._beyond:
                for name in self._anew[number]:
                    binds[name].append(number)
        last = max((n for n in self._beyond if _is_check(self._found[n])), default=None)
        if last is not None and any(max(binds[name], default=0) > last for name in self._names):
            last = None  # the answer stands below it
        replaced: dict[int, set[str]] = {}
        for number, node in enumerate(self._found):
            if isinstance(node, (*IMPORTS, *_DEFINED)):
                continue
            late = last is not None and number > last
            replaced[number] = {
                name
                for name in self._anew[number]
                if (number in self._beyond and binds[name])
                or (late and binds[name] and binds[name][0] < (last or 0))
            }
        return replaced

    def _run_names(self, number: int) -> set[str]:
        node = self._found[number]
        if not isinstance(node, _DEFINED):
            return self.used[number]
        inside = (each for part in run_parts(node) for each in ast.walk(part))
        return {each.id for each in inside if isinstance(each, ast.Name)}

    def _data(self) -> set[str]:
        """Names of the notebook's own whose values can be changed in place."""
        plain: dict[str, bool] = {}
        for number, node in enumerate(self._found):
            values = dict(assigned(node))
            for name in self.bound[number]:
                fixed = name in values and is_plain(values[name])
                plain[name] = plain.get(name, True) and fixed
        own = {name for name, fixed in plain.items() if not fixed}
        return own - self._modules - self._bodies.keys() - {*self._names}

    def _may_change(self, number: int, data: set[str]) -> set[str]:
        """Names whose values a statement may change where it stands."""
        parts = [*run_parts(self._found[number])]
        names = self._run[number]
        found = names & (data | {*_UNSEEN})
        for name in names & self._bodies.keys():
            found |= self._effects(name, data)
        inside = [each for part in parts for each in ast.walk(part)]
        called = {id(each.func) for each in inside if isinstance(each, ast.Call)}
        for each in inside:
            if isinstance(each, ast.Attribute) and root(each) in self._modules:
                # As a seed, from which whatever is drawn later comes.
                found |= {_UNSEEN[0]} if id(each) in called and _SETS.match(each.attr) else set()
            elif isinstance(each, ast.Attribute):
                found |= {root(each)} & self._bodies.keys()
            elif isinstance(each, ast.Name) and id(each) not in called:
                found |= {each.id} & self._bodies.keys()  # handed on, or a base
        return found - {*self._names}

    def _effects(self, name: str, data: set[str]) -> set[str]:
        """The values that a function or class of the notebook's may change when it is called."""
        found: set[str] = set()
        wanted, seen = [name], {*self._names}
        while wanted:
            each = wanted.pop()
            if each not in seen:
                seen.add(each)
                found |= self._bodies[each] & data | self._changed_by.get(each, set())
                wanted += self._bodies[each] & self._bodies.keys()
        return found

    def _is_look(self, number: int) -> bool:
        """Whether a statement looks at what is there, as far as it does not plainly change it."""
        node = self._found[number]
        if number in self._beyond or self._tries(node):
            return True
        simple = isinstance(node, ast.Expr | ast.Assign)
        return simple and bool(self.used[number] & self._pictures)

    def _tries(self, node: ast.stmt) -> bool:
        """Whether a statement calls the answer, or trains."""
        inside = (each for part in run_parts(node) for each in ast.walk(part))
        calls = (each.func for each in inside if isinstance(each, ast.Call))
        return any(
            call.id in self._names if isinstance(call, ast.Name) else call.attr in _TRAINS
            for call in calls
            if isinstance(call, ast.Name | ast.Attribute)
        )


def _is_check(node: ast.stmt) -> bool:
    """Whether it is the practice that is handed out, as ``homework.check(...)``."""
    match node:
        case ast.Expr(ast.Call(ast.Attribute(attr="check") | ast.Name("check"))):
            return True
        case ast.Assign(value=ast.Call(ast.Attribute(attr="check") | ast.Name("check"))):
            return True
    return False
