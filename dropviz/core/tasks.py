"""The tasks that come with dropviz: a table with one entry for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dropviz.core import task_data
from dropviz.core.task import Task
from dropviz.errors import DropvizError, is_known, one_line, unknown_name

BATCH_SIZE = 64  # of every training that dropviz makes itself


@dataclass(frozen=True)
class TaskEntry:
    """A task that comes with dropviz: a row of the table.

    What guessing scores is worked out from the data: ``load_task(name).guess``.

    Attributes:
        load: Makes its data.
        samples: Training sequences, known before any data are there.
        steps: Time steps of its inputs.
        features: Features of what the LSTM meets at each step.
        title: A few words about it, for a menu.
        source: Where it comes from: a paper, an equation or a collection.
        needs: What an LSTM has to remember for it.
        offline: Whether its data are on disk already.
    """

    load: Callable[[], Task]
    samples: int
    steps: int
    features: int
    title: str
    source: str = ""
    needs: str = ""
    offline: bool = True


def _made(name: str, code: str, title: str, **given: Any) -> Callable[[], Task]:
    """What makes a task from the text that makes its data."""

    def load() -> Task:
        made = task_data.run_text(code)
        x, y, x_val, y_val = (_single(made[part]) for part in ("x", "y", "x_val", "y_val"))
        return Task(name, x, y, x_val, y_val, title=title, code=code, **given)

    return load


def _single(values: NDArray[Any]) -> NDArray[Any]:
    """Numbers in single precision, as Keras would have them of the plain code."""
    return values.astype(np.float32) if values.dtype == np.float64 else values


_LSTM_PAPER = "Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735"
_IN_THE_FORM = f"{_LSTM_PAPER}, in the form of Arjovsky et al. 2016, arXiv:1511.06464"

TASKS: dict[str, TaskEntry] = {
    "digits": TaskEntry(
        _made(
            "digits",
            task_data.DIGITS,
            "1,797 handwritten digits, each read as 8 rows of 8 pixels",
            learning_rate=0.01,
        ),
        *(1437, 8, 8),
        "8 rows of 8 pixels",
        source="Alpaydin & Kaynak 1998, doi:10.24432/C50P49, as scikit-learn has it",
        needs="the rows above, over 8 steps; small enough to be learned by heart",
    ),
    "temporal-order": TaskEntry(
        _made(
            "temporal-order",
            task_data.TEMPORAL_ORDER,
            "30 random bits, two of them marked: which were they, in their order?",
            learning_rate=0.005,
        ),
        *(6400, 30, 2),
        "which bits, in their order",
        source=f"Semeniuta et al. 2016, arXiv:1603.05118, after {_LSTM_PAPER}",
        needs="two bits and which came first, for up to 30 steps",
    ),
    "adding": TaskEntry(
        _made(
            "adding",
            task_data.ADDING,
            "30 random numbers, two of them marked: what is their sum?",
            learning_rate=0.01,
            goal="numbers",
        ),
        *(6400, 30, 2),
        "the sum of two marked numbers",
        source=_IN_THE_FORM,
        needs="a number as exactly as it came, for up to 30 steps",
    ),
    "copy": TaskEntry(
        _made(
            "copy",
            task_data.COPY,
            "5 symbols and 10 empty steps: give the symbols back in their order",
            learning_rate=0.01,
            goal="classes-per-step",
        ),
        *(6400, 20, 9),
        "give 5 symbols back after 10 steps",
        source=_IN_THE_FORM,
        needs="5 symbols and their order, each for 15 steps",
    ),
    "noisy-sine": TaskEntry(
        _made(
            "noisy-sine",
            task_data.NOISY_SINE,
            "20 values of a noisy sine: which is the next?",
            learning_rate=0.005,
            goal="numbers",
        ),
        *(4000, 20, 1),
        "the next value of a noisy sine",
        source="x_t = a sin(2 pi t / p + phase) + noise of 0.1; a 0.5 to 1, p 8 to 16",
        needs="amplitude, period and phase, out of 20 values with noise",
    ),
    "language": TaskEntry(
        _made(
            "language",
            task_data.LANGUAGE,
            "360,000 characters of Python's own help texts, in lines of 50: which is next?",
            learning_rate=0.005,
            goal="classes-per-step",
            embedding=32,
            characters=True,
        ),
        *(6400, 50, 32),
        "the next character of Python's help",
        source="pydoc_data.topics of CPython, each paragraph once; another text in each version",
        needs="the begun word, the phrase and what is open, for up to 50 characters",
    ),
    "imdb": TaskEntry(
        _made(
            "imdb",
            task_data.IMDB,
            "the last 80 words of 50,000 film reviews: for or against?",
            embedding=32,
        ),
        *(25_000, 80, 32),
        "film reviews (a download)",
        source="Maas et al. 2011, aclanthology.org/P11-1015, as keras.datasets has it",
        needs="words of praise and blame, for up to 80 steps",
        offline=False,
    ),
    "mnist": TaskEntry(
        _made("mnist", task_data.MNIST, "70,000 digits, each read as 28 rows of 28 pixels"),
        *(60_000, 28, 28),
        "28 rows of 28 pixels (a download)",
        source="LeCun et al. 1998, doi:10.1109/5.726791, as keras.datasets has it",
        needs="the rows above, over 28 steps",
        offline=False,
    ),
}


def batches_of(task: str | Task, epochs: int) -> int:
    """Training batches of so many epochs.

    Args:
        task: A name in ``TASKS``, whose data need not be there; or a task of one's own.
        epochs: Passes over the training data.

    Returns:
        The number of batches.

    Raises:
        UnknownNameError: If there is no such task.
    """
    samples = len(task.x) if isinstance(task, Task) else _entry_of(task).samples
    return epochs * -(-samples // BATCH_SIZE)


def _entry_of(name: object) -> TaskEntry:
    """A row of the table; raises UnknownNameError where there is none of the name."""
    if not is_known(name, TASKS):
        raise unknown_name("task", name, TASKS)
    return TASKS[str(name)]


def check_own_name(task: Task) -> None:
    """Checks that what repeats a training on a task will find the same one under its name.

    Raises:
        DropvizError: If it is another than the one that comes with dropviz by this name.
    """
    if task.name not in TASKS or (task.code and not TASKS[task.name].offline):
        return
    ours = load_task(task.name) if task.code else None
    told = [each.name for each in fields(task) if each.name not in ("title", "code")]
    if ours is None or any(
        not np.array_equal(getattr(task, name), getattr(ours, name)) for name in told
    ):
        raise DropvizError(
            f"A task of one's own must have a name of its own. Received: {task.name!r}, which "
            "comes with dropviz and is another task. Give yours another name."
        )


def load_task(name: str) -> Task:
    """Loads a task; one that is not offline is downloaded by Keras when it is first asked for.

    Args:
        name: A name in ``TASKS``.

    Returns:
        The task.

    Raises:
        UnknownNameError: If there is no such task.
        DropvizError: If its data cannot be had, as where there is no network to load them.
    """
    entry = _entry_of(name)
    # Where a download fails Keras raises an Exception of no kind of its own.
    failures = (OSError, ImportError) if entry.offline else Exception
    try:
        return entry.load()
    except DropvizError:
        raise
    except failures as error:
        others = [each for each, other in TASKS.items() if other.offline and each != name]
        raise DropvizError(
            f"The data of task {name!r} cannot be had here ({one_line(error)}). "
            f"These need no network: {', '.join(others)}."
        ) from error
