"""The teacher's key: secrets for each student come out of it, and it never goes anywhere."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from dropviz.errors import DropvizError, received

_HEADING = "dropviz homework key 1"
_BYTES = 32
_EDITION = 6  # hexadecimal digits, which tell one year's key from another's
_STUDENT = re.compile(r"\w[\w.@+-]{0,63}")  # a spreadsheet takes "=..." and "+..." for formulas
_MOST_BYTES = 255  # of the name of a folder on Linux


class Key:
    """A teacher's key."""

    def __init__(self, secret: bytes) -> None:
        """Takes the secret of a key file; 32 bytes."""
        self._secret = secret

    @property
    def edition(self) -> str:
        """A short name of the key, which says nothing of it: notebooks carry it."""
        return self.digest("edition").hex()[:_EDITION]

    def digest(self, *words: str) -> bytes:
        """What the key makes of some words (HMAC-SHA256, RFC 2104); 32 bytes."""
        # A cell of a notebook may hold half of a pair of surrogates.
        message = "\0".join(words).encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, message, hashlib.sha256).digest()

    def number(self, *words: str) -> int:
        """The same as a number below 2**31, for a seed."""
        return int.from_bytes(self.digest(*words)[:4], "big") >> 1


def make_key(path: Path) -> Key:
    """Makes a key, and writes it to a file that only its owner may read.

    Args:
        path: Where to.

    Returns:
        The key.

    Raises:
        DropvizError: If something is there already, or it cannot be written.
    """
    secret = secrets.token_bytes(_BYTES)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise DropvizError(
            f"{received(str(path))} exists, and a key that is overwritten is lost with every "
            "variant made from it. Give another name, or move it away."
        ) from None
    except OSError as error:
        raise DropvizError(
            f"The key cannot be written to {received(str(path))} ({error.strerror}). Give a file "
            "in a folder that exists."
        ) from None
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(f"{_HEADING}\n{secret.hex()}\n")
    return Key(secret)


def read_key(path: Path) -> Key:
    """Reads a key file.

    Args:
        path: The file.

    Returns:
        The key.

    Raises:
        DropvizError: If it is not there, cannot be read, or is no key.
    """
    try:
        heading, secret = path.read_text(encoding="ascii").split("\n")[:2]
        raw = bytes.fromhex(secret)
    except FileNotFoundError:
        raise DropvizError(
            f"There is no key at {received(str(path))}. Take the copy that you keep elsewhere: "
            "another key asks every student something else. For a new course, make one with "
            "`dropviz homework key`."
        ) from None
    except OSError as error:
        raise DropvizError(
            f"The key {received(str(path))} cannot be read ({error.strerror or error}). Expected "
            "the file that `dropviz homework key` wrote, which only its owner may read. Grade as "
            "its owner, or give yourself a copy."
        ) from None
    except ValueError:
        heading, raw = "", b""
    if heading != _HEADING or len(raw) != _BYTES:
        raise DropvizError(
            f"{received(str(path))} is no key of dropviz, or damaged. Expected the file that "
            "`dropviz homework key` wrote. Take the copy that you keep elsewhere."
        )
    return Key(raw)


def check_student(student: object) -> str:
    """Checks a student's id, which names folders and goes into secrets.

    Args:
        student: What came.

    Returns:
        The id.

    Raises:
        DropvizError: If it is none.
    """
    if not isinstance(student, str) or not is_student(student):
        raise DropvizError(
            "A student's id must be 1 to 64 letters, digits or . @ + - _, begin with a letter or a "
            f"digit, and take {_MOST_BYTES} bytes at the most. Received: {received(student)}. "
            "Name the folder, or the id, so."
        )
    return student


def is_student(text: str) -> bool:
    """Whether a text can be a student's id."""
    return bool(_STUDENT.fullmatch(text)) and len(text.encode()) <= _MOST_BYTES
