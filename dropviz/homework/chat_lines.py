"""Short lines with a checksum, which students paste into a chat: their predictions, in a workshop.

The checksum catches letters that were lost or mistyped. It is no signature: anybody can make one.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dropviz.errors import DropvizError, received
from dropviz.homework.key_file import check_student, is_student

_MARK = "dropviz1"
_WORD = r"[\w.+-]{1,40}"
_PAIR = re.compile(rf"{_WORD}={_WORD}")
_LINE = re.compile(rf"\b{_MARK}:([\w.@+-]{{1,64}})((?::{_WORD}={_WORD}){{1,40}}):([0-9a-f]{{4}})\b")
# A teacher who says how a line begins writes the mark alone.
# A phone writes the first letter of a line in capitals, and a chat may glue a name to it.
_STARTED = re.compile(rf"{_MARK}:((?=\S*\w)\S*)", re.IGNORECASE)
_BY_MARK = {
    codecs.BOM_UTF32_LE: "utf-32",  # begins as that of UTF-16 does
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_DIGITS = 4


@dataclass(frozen=True)
class Told:
    """What a line of a chat says.

    Attributes:
        student: Who predicted.
        predictions: By question, the choice.
    """

    student: str
    predictions: Mapping[str, str]


def chat_line(student: str, predictions: Mapping[str, str]) -> str:
    """Makes a line.

    Args:
        student: The student's id.
        predictions: By question, the choice; letters, digits and . + - _.

    Returns:
        The line, such as "dropviz1:ada:where=h:life=step:1f0a".

    Raises:
        DropvizError: If something cannot stand in such a line.
    """
    pairs = [f"{question}={choice}" for question, choice in predictions.items()]
    for pair in pairs:
        if not _PAIR.fullmatch(pair):
            raise DropvizError(
                "A question and its choice must be 1 to 40 letters, digits or . + - _. "
                f"Received: {received(pair)}. Shorten it."
            )
    if not pairs:
        raise DropvizError("There is no prediction to tell. Predict first.")
    body = ":".join([_MARK, check_student(student), *pairs])
    return f"{body}:{_checksum(body)}"


def read_chat(path: Path) -> str:
    """Reads a chat as it was copied into a file, by Windows's Notepad too.

    Args:
        path: The file.

    Returns:
        Its text; what is of another encoding is not read as it was meant.

    Raises:
        DropvizError: If it cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DropvizError(
            f"The chat {received(str(path))} cannot be read ({error.strerror or error}). Give a "
            "text file that the chat was copied into."
        ) from None
    encoding = next((name for mark, name in _BY_MARK.items() if raw.startswith(mark)), "utf-8-sig")
    return raw.decode(encoding, errors="replace")


def read_lines(text: str) -> tuple[list[Told], list[str]]:
    """Reads the lines in a chat, whatever else is in it.

    Args:
        text: The chat.

    Returns:
        What they say, of each student the last choice for each question; and the lines whose
        checksum is wrong, or whose student has no id.
    """
    told: dict[str, Told] = {}
    damaged: list[str] = []
    for each in _STARTED.finditer(text):
        found = _LINE.match(f"{_MARK}:{each[1]}")
        body = found[0].rpartition(":")[0] if found else ""
        if found is None or found[3] != _checksum(body) or not is_student(found[1]):
            damaged.append(each[0])
            continue
        # A workshop has a line for each lesson.
        before = told[found[1]].predictions if found[1] in told else {}
        told[found[1]] = Told(found[1], {**before, **dict(_pairs(found[2]))})
    return list(told.values()), damaged


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for pair in text.removeprefix(":").split(":"):
        question, _, choice = pair.partition("=")
        yield question, choice


def _checksum(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:_DIGITS]
