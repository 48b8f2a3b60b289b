"""Runs in the child: answers with numbers, and knows nothing of what is asked of it."""

from __future__ import annotations
import __future__

import ast
import json
import random
import re
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from dropviz.homework.asked_layer import AskedLayer
from dropviz.homework.extract import Taken, literals, needed, statements
from dropviz.homework.frames import CODE, Array, Frame, Kind, read, write

_STEPS = 4  # of the input that a layer is built for
_SAID, _NAME = 500, 60  # letters of an error, and of a name

_BOLD = re.compile(r"\x1b\[[0-9;]*m")


class _Shell:
    """What a notebook asks for its magics, of which none does anything here."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


class AnswerRunner:
    """An answer that is run, at this end of the pipes."""

    def __init__(self, ask: int, answer: int) -> None:
        """Waits for what is asked.

        Args:
            ask: The pipe by which the judge asks.
            answer: The pipe by which it is answered.
        """
        self._ask, self._answer = ask, answer
        self._main = ModuleType("__main__")
        self._space: dict[str, Any] = vars(self._main)
        self._space["get_ipython"] = _Shell
        self._left: list[str] = []  # what failed, and may not have been needed
        self._layers: list[Any] = []

    def serve(self) -> None:
        """Answers one frame after another, until there is none."""
        do: dict[Kind, Callable[[Frame], Frame]] = {
            Kind.CODE: self._run,
            Kind.LITERAL: self._literal,
            Kind.MAKE: self._make,
            Kind.CALL: self._call,
            Kind.IDENTIFY: self._identify,
        }
        while True:
            asked = read(self._ask, most=CODE)
            try:
                reply = do[asked.kind](asked)
            except BaseException as error:  # noqa: BLE001 (whatever an answer raises, exits too)
                reply = Frame(Kind.FAILED, text=self._told(error))
            write(self._answer, reply)

    def _run(self, asked: Frame) -> Frame:
        import keras

        names, given, cells = _asked_for(asked.text)
        found, wrong = statements(cells)
        # A notebook that does not hold the value itself has read it where nothing is read from.
        given = {name: given[name] for name in given.keys() - literals(found, [*given]).keys()}
        self._space.update(given)
        seed = asked.numbers[0]
        random.seed(seed)
        keras.utils.set_random_seed(seed)
        sys.modules["__main__"] = self._main  # where dataclasses look for an answer's names
        try:
            self._execute(needed(found, names, given))
        except ImportError as error:
            if str(error.name).partition(".")[0] != "dropviz":
                raise
            raise ImportError("there is no dropviz here; it needs Keras and NumPy alone") from None
        missing = [name for name in names if name not in self._space]
        if missing:
            also = f" ({'; '.join(wrong)})" if wrong else ""
            raise NameError(f"the notebook defines no {' and no '.join(missing)}{also}")
        return Frame(Kind.DONE)

    def _execute(self, taken: Sequence[Taken]) -> None:
        """Runs statements, one by one, and notes which failed that need not run."""
        flags = 0
        for node, is_needed in taken:
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                for each in node.names:
                    flags |= getattr(__future__, each.name).compiler_flag
            try:
                module = ast.Module([node], [])
                # Or what this file asks of the future would be asked for the answer too.
                code = compile(module, "<your notebook>", "exec", flags, dont_inherit=True)
                exec(code, self._space)  # noqa: S102
            except (Exception, SystemExit) as error:
                if is_needed:
                    raise
                line = ast.unparse(node).strip().partition("\n")[0][:_NAME]
                self._left.append(f"left out, as it failed: {line} ({_words(error)})")

    def _told(self, error: BaseException) -> str:
        return " ".join([_words(error), *(f"({each})" for each in self._left[:1])])[:_SAID]

    def _literal(self, asked: Frame) -> Frame:
        names, _, cells = _asked_for(asked.text)
        values = literals(statements(cells)[0], names)
        # A set, say, is no value of a design's; as what it reads like it comes to be told so.
        return Frame(Kind.DONE, text=json.dumps(values, default=repr, skipkeys=True))

    def _make(self, asked: Frame) -> Frame:
        import keras

        units, features = asked.numbers[:2]
        layer = self._space["make"](units=units, rate=round(float(asked.arrays[0][0]), 6))
        if not isinstance(layer, keras.Layer):
            raise TypeError(f"make must give back a Keras layer, not {type(layer).__name__}")
        if not layer.built:
            layer.build((None, _STEPS, features))
        _reseed(layer, asked.numbers[2])
        self._layers.append(layer)
        shapes = [np.asarray(each.shape, np.float32) for each in layer.get_weights()]
        return Frame(Kind.DONE, shapes)

    def _call(self, asked: Frame) -> Frame:
        import keras

        number, training, many = asked.numbers[:3]
        layer = self._layers[number]
        if many:
            layer.set_weights(asked.arrays[:many])
        x, *states = (keras.ops.convert_to_tensor(each) for each in asked.arrays[many:])
        given = {"initial_state": states} if states else {}
        out = layer(x, training=bool(training), **given)
        out = out[0] if isinstance(out, (list, tuple)) else out
        values = keras.ops.convert_to_numpy(keras.ops.cast(out, "float32"))
        return Frame(Kind.DONE, [np.asarray(values)])

    def _identify(self, asked: Frame) -> Frame:
        features, units = asked.numbers[:2]
        layer = AskedLayer(features, units, self._asked)
        try:
            return Frame(Kind.NAMED, text=str(self._space["identify"](layer))[:_NAME])
        except BaseException as error:  # noqa: BLE001 (whatever an answer raises, exits too)
            # It names nothing here; the other layers are asked about all the same.
            return Frame(Kind.NAMED, text=self._told(error), numbers=(1,))

    def _asked(self, arrays: Sequence[Array], training: bool, weights: int) -> Array:  # noqa: FBT001
        write(self._answer, Frame(Kind.ASK, arrays, numbers=(0, int(training), weights)))
        reply = read(self._ask)
        if reply.kind is not Kind.DONE:
            raise ValueError(reply.text or "that is no answer")
        return np.array(reply.arrays[0])


def _asked_for(text: str) -> tuple[list[str], dict[str, Any], list[str]]:
    names, given, *cells = text.split("\0")
    return names.split(), json.loads(given), cells


def _reseed(layer: Any, seed: int) -> None:
    """Lets the random streams of a layer begin where the judge says, so that points repeat."""
    number = 0
    for variable in layer.non_trainable_variables:
        if tuple(variable.shape) == (2,) and "int" in str(variable.dtype):
            number += 1
            variable.assign(np.array([(seed + number) % (1 << 31), 0]))


def _words(error: BaseException) -> str:
    plain = _BOLD.sub("", str(error))  # as Keras has it
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    own = [line for line in lines if not line.startswith("Exception encountered when calling")]
    said = " ".join((own or lines)[:1])
    return f"{type(error).__name__}: {said}"[:_SAID] if said else type(error).__name__
