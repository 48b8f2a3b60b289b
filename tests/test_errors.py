from __future__ import annotations

import pytest

from dropviz.errors import (
    DropvizError,
    StoppedError,
    UnknownNameError,
    one_line,
    received,
    unknown_name,
    visible,
)

KNOWN = ["lstm", "gru"]


@pytest.mark.parametrize(
    ("error", "face"),
    [
        (DropvizError("It is so. Do this."), "DropvizError: It is so. Do this."),
        (unknown_name("task", "x", []), "DropvizError: There is no task 'x'. Known: none."),
        (StoppedError("Stopped after 2 epochs."), "Stopped after 2 epochs."),
    ],
)
def test_a_notebook_shows_one_line(error: DropvizError | StoppedError, face: str) -> None:
    assert error._render_traceback_() == [face]


def test_to_code_it_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="It is so"):
        raise DropvizError("It is so")


@pytest.mark.parametrize("kind", [DropvizError, KeyError, ValueError])
def test_an_unknown_name_is_also_a_key_error(kind: type[Exception]) -> None:
    assert isinstance(unknown_name("layer", "lstn", KNOWN), kind)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lstn", "There is no layer 'lstn'. Did you mean 'lstm'? Known: 'lstm', 'gru'."),
        ("conv", "There is no layer 'conv'. Known: 'lstm', 'gru'."),
        (3, "There is no layer 3. Known: 'lstm', 'gru'."),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name: object, words: str) -> None:
    assert str(unknown_name("layer", name, KNOWN)) == words


def test_the_known_names_may_come_from_anywhere() -> None:
    assert str(unknown_name("layer", "gro", (each for each in KNOWN))).endswith(
        "Did you mean 'gru'? Known: 'lstm', 'gru'."
    )


def test_an_unknown_name_shows_no_quotes_round_its_message() -> None:
    assert str(UnknownNameError("There is none.")) == "There is none."


def test_a_stop_is_an_interrupt_that_carries_what_was_done() -> None:
    stopped = StoppedError("Stopped.", run="the run")

    assert isinstance(stopped, KeyboardInterrupt)
    assert stopped.run == "the run"
    assert StoppedError("Stopped.").run is None


# ---------------------------------------------------------------- texts from outside


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("lstm_1", "lstm_1"),
        ("größe 层 <b> $x$ \\", "größe 层 <b> $x$ \\"),
        ("\x1b[31mred\x07\x9b", r"\x1b[31mred\x07\x9b"),
        ("a\nb\r\tc\u2028", r"a\nb\r\tc\u2028"),
        ("\u202egnp\u2066\u200f", r"\u202egnp\u2066\u200f"),
        ("\u200b\ufeff\x00\ud800", r"\u200b\ufeff\x00\ud800"),
    ],
)
def test_what_a_text_hides_is_seen(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


def test_what_is_to_be_kept_stays() -> None:
    assert visible("a\n\tb\x1b", keep="\n\t") == "a\n\tb\\x1b"


class Raw:
    def __repr__(self) -> str:
        return "raw \x1b[2J\u202e\nmore"


def test_a_repr_that_hides_something_is_seen() -> None:
    assert received(Raw()) == r"raw \x1b[2J\u202e more"


def test_an_error_whose_words_fail_is_named_by_its_type() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise LookupError

    assert one_line(MuteError()) == "MuteError"


@pytest.mark.parametrize("kind", [DropvizError, UnknownNameError, StoppedError])
def test_an_error_is_one_line_that_does_nothing(kind: type[Exception]) -> None:
    assert str(kind("Failed:\n\n  \x1b[1mno\x1b[0m ")) == r"Failed: \x1b[1mno\x1b[0m"


# ---------------------------------------------------------------- errors of others


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("  first line\nsecond line"), "ValueError: first line"),
        (MemoryError(), "MemoryError"),
        (OSError(2, "No such file"), "FileNotFoundError: [Errno 2] No such file"),
        (RuntimeError("\x1b[1mno\x1b[0m  luck"), r"RuntimeError: \x1b[1mno\x1b[0m luck"),
        (DropvizError("It is so. Do this."), "It is so. Do this."),
    ],
)
def test_an_error_of_others_is_its_type_and_its_first_line(error: Exception, said: str) -> None:
    assert one_line(error) == said


def test_of_a_long_error_the_begin_and_the_end_are_shown() -> None:
    said = one_line(ValueError("x" * 500 + "y"))

    assert len(said) < 200
    assert said.startswith("ValueError: xxx")
    assert said.endswith("xy")
