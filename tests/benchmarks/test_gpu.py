"""The lines that a GPU is measured by, on a training that any machine has room for."""

from __future__ import annotations

import pytest

from benchmarks import gpu

SMALL = gpu.Size(samples=16, batch=8, steps=3, units=3, features=2, pairs=1)


@pytest.fixture(scope="module")
def rows() -> dict[str, str]:
    return {row.what: row.measured for row in gpu.rows(SMALL)}


@pytest.mark.full
def test_recording_changes_no_bit(rows: dict[str, str]) -> None:
    assert rows["weights, optimizer and random streams with recording / without"] == "equal"


@pytest.mark.full
def test_every_ratio_and_path_is_measured_on_any_device(rows: dict[str, str]) -> None:
    unmeasured = {what for what, said in rows.items() if said.startswith("could not be measured")}

    # A processor's memory is not the device's.
    assert unmeasured <= {"device memory at most, recorded (not recorded)"}
    assert "both: cell by cell, in a loop" in rows['way through the steps, `use_cudnn="auto"`']


@pytest.mark.full
def test_what_cannot_be_measured_says_why_and_the_next_row_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(size: gpu.Size) -> str:
        raise MemoryError(f"no room for {size.units} units\nand more")

    monkeypatch.setattr(gpu, "_bits", fails)
    _, first, second, *_ = gpu.rows(SMALL)

    assert first.measured == "could not be measured: MemoryError: no room for 3 units"
    assert second.measured.startswith("**")
