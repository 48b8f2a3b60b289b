"""`python -m studies papers [NAME ...]` runs studies; `python -m studies show` draws them again."""

from __future__ import annotations

import argparse

from dropviz.errors import DropvizError


def main(given: list[str] | None = None) -> int:
    """Runs what the command line asks for.

    Args:
        given: Its words; those of the process by default.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(prog="python -m studies", description=__doc__)
    parser.add_argument("what", choices=["papers", "show"])
    parser.add_argument("names", nargs="*", metavar="NAME", help="a study; all without names")
    asked = parser.parse_args(given)
    try:
        _do(asked.what, asked.names)
    except DropvizError as error:
        parser.exit(1, f"{error}\n")
    return 0


def _do(what: str, names: list[str]) -> None:
    from dropviz.keras_inside.start_keras import ready

    ready()
    from studies.nets import start
    from studies.papers import RESULTS, run, show

    if what == "show":
        show(RESULTS)
        return
    start()
    run(names, RESULTS, lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
