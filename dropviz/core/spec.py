"""What is asked of a training, with every check of its ranges."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from dropviz.core.checks import check_whole
from dropviz.core.file_fields import refused
from dropviz.core.method_options import Options
from dropviz.core.number_forms import MOST, MOST_SEED
from dropviz.core.schedule import Change, checked
from dropviz.core.setting import Setting
from dropviz.core.tasks import TASKS
from dropviz.errors import is_known, unknown_name


@dataclass(frozen=True)
class RunSpec(Options):
    """One training, in numbers and names.

    Attributes:
        task: A name in ``dropviz.core.tasks.TASKS``, or that of a ``Task`` of one's own.
        method: Where dropout acts, a key of ``dropviz.core.methods.METHODS``; "keras" is
            ``keras.layers.LSTM`` itself.
        dropout: Drop rate for the inputs x_t, ``0 <= rate < 1``.
        recurrent_dropout: Drop rate of the method's other site (h_{t-1} in Keras),
            ``0 <= rate < 1``.
        units: LSTM units, 1 to 2**31 - 1.
        epochs: Passes over the training data, 1 to 2**31 - 1.
        seed: Seed for ``keras.utils.set_random_seed``, 0 to 2**32 - 1.
        schedule: Changes of the rates on the way; none as a rule.

    The options are those of ``dropviz.core.method_options.Options``.

    Raises:
        DropvizError: If a value is out of range, or the method and the rest cannot act
            together.
    """

    task: str = "digits"
    method: str = "keras"
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    units: int = 32
    epochs: int = 10
    seed: int = 7
    schedule: tuple[Change, ...] = ()

    def __post_init__(self) -> None:
        set_checked = object.__setattr__
        if not isinstance(self.task, str):
            raise refused("task", 'a name, as in task="digits"', self.task)
        for name, value in asdict(self.setting).items():
            set_checked(self, name, value)
        set_checked(self, "schedule", checked(self.schedule))
        for change in self.schedule:
            self.setting_at(change)
        for name, low, high in (("units", 1, MOST), ("epochs", 1, MOST), ("seed", 0, MOST_SEED)):
            set_checked(self, name, check_whole(name, getattr(self, name), low, high))

    @property
    def setting(self) -> Setting:
        """The method with its rates and options."""
        return Setting(**{each.name: getattr(self, each.name) for each in fields(Setting)})

    @property
    def start(self) -> Change:
        """The rates that the training begins with."""
        return Change(0, self.dropout, self.recurrent_dropout)

    def setting_at(self, change: Change) -> Setting:
        """The method with the rates of a change; raises DropvizError where they cannot act."""
        return replace(
            self.setting,
            dropout=change.dropout,
            recurrent_dropout=change.recurrent_dropout,
        )

    @property
    def settings(self) -> list[Setting]:
        """The method with the rates that a training begins with, then with those of each change."""
        return [self.setting, *map(self.setting_at, self.schedule)]

    def check_task(self) -> None:
        """Raises UnknownNameError unless ``task`` names a task that comes with dropviz."""
        if not is_known(self.task, TASKS):
            raise unknown_name("task", self.task, TASKS)

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, for JSON."""
        return asdict(self)
