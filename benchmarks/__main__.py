"""Prints a table of the README as measured now; `lab`, `playground`, `studies`, `gpu`: others."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import statistics
import sys
from importlib.metadata import version

import nbformat
from nbclient import NotebookClient

from benchmarks.pairs import Ratio, Seconds

# Live curves go to a front end, so that they are measured inside a kernel.
_LIVE = """
import dataclasses, json
from benchmarks.fit import live
from dropviz.jupyter.progress_view import ProgressView
print("RESULT" + json.dumps(dataclasses.asdict(live(ProgressView()))))
"""


def main() -> None:
    """Measures all and prints it."""
    from dropviz.keras_inside.start_keras import ready

    ready()
    print("| what | must reach | measured |\n|---|---|---|")
    if "lab" in sys.argv[1:]:
        _lab()
    elif "playground" in sys.argv[1:]:
        _playground()
    elif "studies" in sys.argv[1:]:
        _studies()
    elif "gpu" in sys.argv[1:]:
        _gpu()
    else:
        _recording()
    print(
        f"\n{platform.machine()}, {os.cpu_count()} processors, Python "
        f"{platform.python_version()}, Keras {version('keras')}"
    )


def _recording() -> None:
    from benchmarks import explain, fit, load, memory

    _row("`fit` with recording / without", "<= 1.05", _said(fit.recording(jit_compile=False)))
    _row("the same with `jit_compile=True`", "<= 1.05", _said(fit.recording(jit_compile=True)))
    _row("`fit` with live curves / `verbose=0`", "<= 1.05", _said(_live()))
    _row("`%load_ext dropviz` over a bare IPython", "< 100 ms", f"{load.milliseconds():.0f} ms")
    took = explain.explaining()
    _row(
        "`explain` a `keras.layers.LSTM(64)` with both rates set",
        "< 5 s",
        _took(took),
    )
    with_it = memory.grown(record_it=True)
    without = memory.grown(record_it=False)
    _row(
        "memory of `fit`, epoch 2 to 100, recorded (not recorded)",
        "flat",
        f"{with_it:+.1f} MiB ({without:+.1f} MiB)",
    )


def _lab() -> None:
    from benchmarks import lab

    seen = lab.in_browser()
    what = "redraws a second while training at full speed"
    _row(f"{what}: masks", ">= 10", _times(seen.masks, "", 1))
    _row(f"{what}: curves", ">= 10", _times(seen.curves, "", 1))
    _row("a message with the masks of a batch", "a few kB", _times(seen.bytes, "bytes", 0))
    # No batch changes what stands under Code.
    for tab, bound in (("Masks", "<= 1.10"), ("Curves", "<= 1.10"), ("Code", "")):
        row = f"20 epochs in the panel, {tab} on the screen / the same plain, compiled before"
        _row(row, bound, _said(lab.pace_in_browser(tab=tab)))
    _row("slider to new picture, idle", "p95 <= 50 ms", _p95(seen.idle))
    _row("the same while training", "p95 <= 100 ms", _p95(seen.training))
    acted, moves = lab.next_batch()
    _row("slider move to the batch that uses it", "next batch", f"{acted} of {moves} moves")
    _row("panel visible after `%lstm_lab`, fresh kernel", "<= 1.0 s", _times(seen.visible, "s", 1))
    row = "Train to the first recorded masks on the screen, TensorFlow loaded"
    _row(row, "<= 3 s", _times(seen.first, "s", 1))
    _row("Stop to stopped", "<= 1 s", _times(seen.stop, "s", 2))
    kernel, page = lab.grown_in_browser()
    row = "200 moves and 20 trainings, growth of the kernel / of the page"
    _row(row, "<= 50 / 50 MiB", f"{kernel:+.1f} / {page:+.1f} MiB")
    row = "12 trainings, each of other units, another method or task: what stays of each"
    _row(row, "<= 30 MiB", f"{lab.kept_by_shape():+.1f} MiB")


def _playground() -> None:
    from benchmarks import playground

    moving = _times(playground.first_moving(), "s", 2)
    _row("playground: open, Train at once, to the first moving mask", "<= 1.5 s", moving)
    pace = playground.pace()
    _row(
        "playground: batches a second, 32 units on digits, batch 64 (a second of its thread)",
        ">= 30",
        f"**{pace.by_clock:.0f}** ({pace.by_thread:.0f})",
    )
    _row("playground: pictures a second meanwhile", ">= 10", f"{pace.pictures:.0f}")


def _studies() -> None:
    import keras

    from benchmarks import many_trainings

    if keras.config.backend() == "jax":
        _studies_on_jax()
        return
    cell = "a cell of 5 epochs of digits, 32 units, batch 64: plain / compiled program, "
    for one_thread, threads in ((True, "one thread"), (False, "all threads")):
        exact = many_trainings.cell("exact", one_thread=one_thread)
        _row(f"{cell}graph mode (to the bit), {threads}", ">= 6", _said(exact))
        xla = many_trainings.cell("xla", one_thread=one_thread)
        _row(f"{cell}XLA, after the first cell, {threads}", ">= 20", _said(xla))
    first = "first cell in a fresh process, after imports"
    _row(f"{first}, graph mode", "", _took(many_trainings.first_cell("exact")))
    _row(f"{first}, XLA", "", _took(many_trainings.first_cell("xla", times=3)))
    kept = many_trainings.first_cell("xla", kept=True)
    _row(f"{first}, XLA, compiled program cached on disk", "<= 3 s", _took(kept))
    for engine in ("exact", "xla"):
        held = many_trainings.memory(engine, cells=500)
        _row(
            f"memory over 500 cells, {engine}: growth after the first 5, in all",
            "flat, < 1.2 GiB",
            f"{held.grown:+.1f} MiB, {held.total / 1024:.2f} GiB",
        )
    _whole_studies()


def _whole_studies() -> None:
    from benchmarks import whole_studies

    what = "whole processes, {} cells: plain (from 6 cells) / `sweep`, {}"
    for rates, seeds, engine, bound in ((5, 3, "xla", 10), (5, 3, "exact", 5), (5, 10, "xla", 18)):
        found = whole_studies.grid(rates, seeds, engine)
        _row(what.format(rates**2 * seeds, engine), f">= {bound}", _said(found))
    found = whole_studies.comparison()
    _row("`compare`, two settings, five seeds / plain, whole processes", "<= 0.5", _said(found))
    done = whole_studies.simulated()
    _row("overhead of planning, writing and scheduling a cell", "<= 5 ms", f"{done.each:.1f} ms")
    _row(f"results file of {done.cells:,} cells, read back", "<= 2 s", f"{done.read:.1f} s")


def _studies_on_jax() -> None:
    from benchmarks import many_trainings

    cell = "a cell of 5 epochs of digits, 32 units, batch 64: plain / compiled program, JAX"
    _row(f"{cell} (to the bit)", ">= 6", _said(many_trainings.cell("exact", one_thread=False)))
    first = many_trainings.first_cell("exact", times=3)
    _row("first cell in a fresh process, after imports, JAX", "", _took(first))
    held = many_trainings.memory("exact")
    _row(
        "memory over 200 cells, JAX: growth after the first 5, in all",
        "flat, < 1.2 GiB",
        f"{held.grown:+.1f} MiB, {held.total / 1024:.2f} GiB",
    )


def _gpu() -> None:
    from benchmarks import gpu

    device = gpu.gpu()
    if not device:
        _row("all of it", "", "not measured: the backend finds no GPU here")
        return
    _row("device", "", device)
    for row in gpu.rows(gpu.Size()):
        _row(row.what, row.bound, row.measured)
    _row("the pace of a sweep of 1,000 cells", "", "not measured by this script: it takes hours")


def _took(seconds: Seconds) -> str:
    return (
        f"{seconds.median:.1f} s ({seconds.low:.1f} to {seconds.high:.1f} s, {seconds.times} times)"
    )


def _times(values: list[float], unit: str, digits: int) -> str:
    low, high = min(values), max(values)
    return (
        f"{statistics.median(values):.{digits}f} {unit} "
        f"({low:.{digits}f} to {high:.{digits}f}, {len(values)} times)"
    )


def _p95(values: list[float]) -> str:
    from benchmarks.lab import p95

    return f"{p95(values):.0f} ms (median {statistics.median(values):.0f}, {len(values)} moves)"


def _row(what: str, bound: str, measured: str) -> None:
    print(f"| {what} | {bound} | {measured} |", flush=True)


def _said(ratio: Ratio) -> str:
    return (
        f"**{ratio.median:.2f}** ({ratio.low:.2f} to {ratio.high:.2f}, {ratio.pairs} pairs; "
        f"{ratio.first:.2f} s and {ratio.second:.2f} s)"
    )


def _live() -> Ratio:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(_LIVE)])
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    texts = [out["text"] for out in notebook.cells[0].outputs if out.output_type == "stream"]
    result = "".join(texts).split("RESULT")[1].splitlines()[0]
    return Ratio(**{f.name: json.loads(result)[f.name] for f in dataclasses.fields(Ratio)})


if __name__ == "__main__":
    main()
