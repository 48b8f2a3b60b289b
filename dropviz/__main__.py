"""The command line: `dropviz demo`, `doctor`, `playground` and `homework`."""

from __future__ import annotations

import argparse
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from dropviz.errors import DropvizError, StoppedError, visible
from dropviz.homework import command_line as homework

if TYPE_CHECKING:
    from dropviz.studies.progress import Progress

_UNREAD = (
    "Nobody reads any more what is printed, as after `| head`, so that it ended there. What was "
    "written is kept; run it again without that."
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(visible(message))


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: The words after ``dropviz``; those of this process by default.

    Returns:
        The exit status.
    """
    parser = _Parser(prog="dropviz", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="train an LSTM on digits and write a page about it")
    demo.add_argument(
        "--out", type=Path, default=Path("dropviz-demo.html"), help="where to (%(default)s)"
    )
    commands.add_parser("doctor", help="tell what is installed")
    playground = commands.add_parser("playground", help="write the page that needs no Python")
    playground.add_argument(
        "path",
        type=Path,
        nargs="?",
        default=Path("dropviz-playground.html"),
        help="where to (%(default)s)",
    )
    homework.add_to(commands)
    given = parser.parse_args(arguments)
    try:
        status = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python writes what is left as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(_UNREAD, file=sys.stderr)
        return 1
    except (DropvizError, OSError) as error:
        print(visible(str(error)), file=sys.stderr)
        return 1
    except StoppedError as stop:
        print(f"\n{stop}", file=sys.stderr)
        return 130
    return status


def _run(given: argparse.Namespace) -> int:
    """Does what was asked for, and returns the exit status."""
    if given.command == "homework":
        return int(given.run(given))
    if given.command == "doctor":
        from dropviz.checkup.doctor import doctor

        doctor()
    elif given.command == "playground":
        _playground(given.path)
    else:
        _demo(given.out)
    return 0


def _demo(out: Path) -> None:
    if not out.parent.is_dir():
        raise DropvizError(f"The folder {str(out.parent)!r} does not exist. Make it first.")
    if out.is_dir():
        raise DropvizError(f"--out must name a file. Received: the folder {str(out)!r}.")
    from dropviz.keras_inside.choose_backend import choose_backend
    from dropviz.keras_inside.start_keras import ready

    print(f"loading Keras and {choose_backend().title} ...", flush=True)

    ready()
    from dropviz.studies.train import run

    done = run(dropout=0.2, recurrent_dropout=0.2, epochs=15, listener=_Ticker())
    done.page(out)
    if sys.stdout.isatty():
        print(" " * 78, end="\r")
    print("\n".join(done.summary))
    print(visible(f"Wrote {out.resolve()}"))


def _playground(path: Path) -> None:
    from dropviz.browser.write_playground import write_playground

    write_playground(path)
    print(visible(f"Wrote {path.resolve()}"))


class _Ticker:
    """One line that changes on a terminal; a line an epoch elsewhere."""

    def __init__(self) -> None:
        self._epoch = -1
        self._same_line = sys.stdout.isatty()

    def __call__(self, progress: Progress) -> None:
        if self._same_line:
            print(f"{progress.sentence:<78}", end="\r", flush=True)
        elif self._epoch < progress.epoch < (progress.epochs or math.inf):
            print(progress.sentence, flush=True)
        self._epoch = progress.epoch


if __name__ == "__main__":
    sys.exit(main())
