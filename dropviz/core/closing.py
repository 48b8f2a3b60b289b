"""What is closed at the end of a ``with`` block, however the block ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Closing(ABC):
    """Something that holds processes, files or memory until it is closed."""

    @abstractmethod
    def close(self) -> object:
        """Gives back what it holds; does nothing where that is done already."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
