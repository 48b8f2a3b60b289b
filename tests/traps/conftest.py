from __future__ import annotations

from tests.recording.conftest import _mixed

__all__ = ["_mixed"]
