"""Tasks: small real data sets, on disk already, with something to remember or to overfit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dropviz.errors import DropvizError, is_known, received, unknown_name

BATCH_SIZE = 64  # of every training that dropviz makes itself


@dataclass(frozen=True, eq=False)
class Task:
    """A data set of sequences with a class for each.

    Attributes:
        name: What to call it.
        x: Training inputs, float32, shape (samples, steps, features).
        y: Training classes, integers from 0, shape (samples,).
        x_val: Validation inputs, shaped like ``x``.
        y_val: Validation classes.
        learning_rate: Adam's learning rate that suits the task.
        title: One line that says what it is.
        code: Plain Python that makes ``x, y, x_val, y_val``; empty where there is none.

    Raises:
        DropvizError: If the data are empty, not finite or of the wrong shape.
    """

    name: str
    x: NDArray[np.float32]
    y: NDArray[np.int64]
    x_val: NDArray[np.float32]
    y_val: NDArray[np.int64]
    learning_rate: float = 1e-3
    title: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        for name in ("x", "y", "x_val", "y_val"):
            object.__setattr__(self, name, self._as_array(name))
        for name, x, y in (("x", self.x, self.y), ("x_val", self.x_val, self.y_val)):
            self._check_inputs(name, x)
            self._check_classes(name.replace("x", "y"), y, len(x))
        if self.x.shape[1:] != self.x_val.shape[1:]:
            raise DropvizError(
                f"x and x_val of task {self.name!r} must agree in steps and features. "
                f"Received: {self.x.shape[1:]} and {self.x_val.shape[1:]}."
            )

    def _as_array(self, name: str) -> NDArray[Any]:
        try:
            return np.asarray(getattr(self, name))
        except Exception as error:
            raise DropvizError(
                f"{name} of task {received(self.name)} must be an array of one shape. Received: "
                f"{received(getattr(self, name))}."
            ) from error

    def _check_inputs(self, name: str, x: NDArray[np.floating]) -> None:
        where = f"{name} of task {self.name!r}"
        if x.ndim != 3:  # noqa: PLR2004
            raise DropvizError(
                f"{where} must have the shape (samples, steps, features). Received: shape "
                f"{x.shape}. For one feature, try {name}[:, :, None]."
            )
        if not x.size:
            raise DropvizError(f"{where} must not be empty. Received: shape {x.shape}.")
        if not np.issubdtype(x.dtype, np.number):
            raise DropvizError(f"{where} must be numbers. Received: dtype {x.dtype}.")
        if not np.isfinite(x).all():
            bad = int(np.count_nonzero(~np.isfinite(x)))
            raise DropvizError(
                f"{where} must be finite. Received: {bad} of {x.size} values are NaN or "
                "infinite. Remove or fill them first."
            )

    def _check_classes(self, name: str, y: NDArray[np.integer], samples: int) -> None:
        where = f"{name} of task {self.name!r}"
        if y.shape != (samples,):
            raise DropvizError(
                f"{where} must have one class for each of the {samples} samples. Received: "
                f"shape {y.shape}."
            )
        whole = np.issubdtype(y.dtype, np.integer)
        if not whole or y.min() < 0:
            came = f"smallest {y.min()}" if whole else f"dtype {y.dtype}"
            raise DropvizError(f"{where} must be integers from 0. Received: {came}.")

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(max(self.y.max(), self.y_val.max())) + 1


_DIGITS = """\
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

digits = load_digits()
x, x_val, y, y_val = train_test_split(
    digits.images / 16, digits.target, test_size=0.2, random_state=0, stratify=digits.target
)
"""


def _digits() -> Task:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    x, x_val, y, y_val = train_test_split(
        # Multiples of 1/16: exact in float32, as in the float64 of the plain code.
        (digits.images / 16).astype(np.float32),
        digits.target,
        test_size=0.2,
        random_state=0,
        stratify=digits.target,
    )
    return Task(
        name="digits",
        x=x,
        y=y,
        x_val=x_val,
        y_val=y_val,
        learning_rate=0.01,
        title="1,797 handwritten digits, each read as 8 rows of 8 pixels",
        code=_DIGITS,
    )


# As in the code of Semeniuta et al. 2016 (arXiv:1603.05118): low 10, high 20, length 30,
# both ends of each range included, 6,400 sequences to train on.
_TEMPORAL_ORDER = """\
import numpy as np

rng = np.random.default_rng(0)
x = np.zeros((8400, 30, 2), "float32")
x[:, :, 0] = rng.integers(0, 2, (8400, 30))
first, second = rng.integers(0, 11, 8400), rng.integers(10, 21, 8400)
row = np.arange(8400)
x[row, first, 1] = x[row, second, 1] = 1
y = (2 * x[row, first, 0] + x[row, second, 0]).astype("int64")
x, x_val, y, y_val = x[:6400], x[6400:], y[:6400], y[6400:]
"""


def _temporal_order() -> Task:
    made: dict[str, Any] = {}
    # One text makes the data here and in the plain code that a run hands out.
    exec(_TEMPORAL_ORDER, made)  # noqa: S102
    return Task(
        name="temporal-order",
        **{name: made[name] for name in ("x", "y", "x_val", "y_val")},
        learning_rate=0.005,
        title="30 random bits, two of them marked: which were they, in their order?",
        code=_TEMPORAL_ORDER,
    )


@dataclass(frozen=True)
class TaskEntry:
    """A task that comes with dropviz: a row of the table.

    Attributes:
        load: Makes its data.
        samples: Training sequences, known before any data are there.
        steps: Time steps of its inputs.
        features: Features of its inputs.
        title: A few words about it, for a menu.
        offline: Whether its data are on disk already.
    """

    load: Callable[[], Task]
    samples: int
    steps: int
    features: int
    title: str
    offline: bool = True


TASKS: dict[str, TaskEntry] = {
    "digits": TaskEntry(_digits, 1437, 8, 8, "8 rows of 8 pixels"),
    "temporal-order": TaskEntry(_temporal_order, 6400, 30, 2, "which bits, in their order"),
}


def batches_of(name: str, epochs: int) -> int:
    """Training batches of so many epochs of a task that comes with dropviz."""
    return epochs * -(-TASKS[name].samples // BATCH_SIZE)


def load_task(name: str) -> Task:
    """Loads a task; nothing is downloaded.

    Args:
        name: A name in ``TASKS``.

    Returns:
        The task.

    Raises:
        UnknownNameError: If there is no such task.
        DropvizError: If its data cannot be had, as where there is no network to load them.
    """
    if not is_known(name, TASKS):
        raise unknown_name("task", name, TASKS)
    try:
        return TASKS[name].load()
    except OSError as error:
        offline = [each for each, entry in TASKS.items() if entry.offline]
        raise DropvizError(
            f"The data of task {name!r} cannot be had here ({type(error).__name__}: {error}). "
            f"Choose {' or '.join(offline)}, which need no network."
        ) from error
