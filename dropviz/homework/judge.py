"""Judges one submission, whatever it does."""

from __future__ import annotations

from dropviz.errors import DropvizError, received
from dropviz.homework.assignments import assignment_of
from dropviz.homework.fork_client import ForkServer
from dropviz.homework.key_file import Key
from dropviz.homework.locks import WORDS
from dropviz.homework.report import Report
from dropviz.homework.sandbox import Child, RefusedError
from dropviz.homework.submission import Submission

_CALL_SECONDS, _ALL_SECONDS = 20.0, 180.0


def judge(
    server: ForkServer, submission: Submission, key: Key, *, unlocked: bool = False
) -> Report:
    """Judges a submission.

    Args:
        server: It forks the process that the answer runs in.
        submission: What was handed in.
        key: The teacher's key.
        unlocked: Whether to run it where a lock that is needed does not hold.

    Returns:
        The report: also where the answer fails, or does not answer.

    Raises:
        DropvizError: If it is of an assignment or edition that this is not, or a lock that is
            needed does not hold.
    """
    assignment = assignment_of(submission)
    if submission.edition != key.edition:
        raise DropvizError(
            f"It is of another edition, as of another year. Expected {key.edition}, which this key "
            f"made. Received: {received(submission.edition)}. Grade it with the key that it was "
            "built with."
        )
    limits = {"call_seconds": _CALL_SECONDS, "all_seconds": _ALL_SECONDS}
    with Child(server, unlocked=unlocked, **limits) as child:
        locks = tuple(WORDS[lock] for lock in child.locks)
        try:
            checks, reason = assignment.judge(child, submission, key)
        except RefusedError as error:
            checks, reason = [], str(error)
        except Exception as error:  # noqa: BLE001 (whatever numbers an answer makes up)
            checks, reason = [], child.refused or _words(error)
    return Report(
        submission.student,
        assignment.name,
        key.edition,
        tuple(checks),
        assignment.of,
        reason,
        locks,
    )


def _words(error: Exception) -> str:
    """Why the judge gave up; the experiment's own errors are a sentence for the student."""
    if isinstance(error, DropvizError):
        return str(error).rstrip(".")
    return f"the experiment could not be finished ({type(error).__name__})"
