"""Homework: tasks that differ from student to student, and a judge that believes only numbers.

In a student's notebook: ``from dropviz import homework``. What is named here is for students;
a teacher's commands are those of ``dropviz homework``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dropviz.homework.chat_lines import chat_line
    from dropviz.homework.practice import asked, check, known_layer
    from dropviz.homework.study import carry_out

__all__ = ["asked", "carry_out", "chat_line", "check", "known_layer"]

_HOMES = {
    "asked": "practice",
    "carry_out": "study",
    "chat_line": "chat_lines",
    "check": "practice",
    "known_layer": "practice",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dropviz.homework' has no attribute {name!r}")
    import_module("dropviz.keras_inside.start_keras").ready()
    return getattr(import_module(f"dropviz.homework.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
