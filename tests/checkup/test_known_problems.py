from __future__ import annotations

import pytest

from dropviz.checkup.front_end import FrontEnd
from dropviz.checkup.known_problems import preventing, troubling
from dropviz.checkup.machine import Machine
from dropviz.keras_inside.choose_backend import Choice

from .here import changed

GIB = 2**30
INSTALL = 'python -m pip install "dropviz[cpu]"'


@pytest.mark.parametrize(
    "versions",
    [
        {},
        {"tensorflow": "", "tensorflow-cpu": "2.21.0"},
        {"keras": "3.8.0"},
        {"keras": "3.10.0rc1"},
        {"keras": "4.0"},
        {"keras": "4"},
    ],
    ids=str,
)
def test_what_dropviz_can_work_with_is_ready(versions: dict[str, str]) -> None:
    assert preventing(changed(versions=versions)) == ""


@pytest.mark.parametrize(
    ("versions", "backend", "said"),
    [
        ({"tensorflow": ""}, "tensorflow", f"no TensorFlow. Run: {INSTALL}"),
        ({"keras": ""}, "tensorflow", f"no Keras. Run: {INSTALL}"),
        ({"keras": "3.7.0"}, "tensorflow", "Keras 3.7.0; dropviz needs 3.8 or later."),
        ({"keras": "2.15.0"}, "tensorflow", "Keras 2.15.0; dropviz needs 3.8 or later."),
        ({"jax": ""}, "jax", 'no JAX. Run: python -m pip install "dropviz[jax]"'),
        ({"torch": ""}, "torch", 'no PyTorch. Run: python -m pip install "dropviz[torch]"'),
        (
            {},
            "openvino",
            "dropviz records on tensorflow, jax, torch; set KERAS_BACKEND to one.",
        ),
    ],
    ids=lambda each: str(each)[:20],
)
def test_what_is_missing_is_said_with_what_to_do(
    versions: dict[str, str], backend: str, said: str
) -> None:
    here = changed(versions=versions, backend=Choice(backend, "so said"))

    assert preventing(here) == said


@pytest.mark.parametrize("name", ["jax", "torch"])
def test_another_backend_that_is_there_is_ready(name: str) -> None:
    versions = {"tensorflow": "", name: "1.0"}

    assert preventing(changed(versions=versions, backend=Choice(name, "so said"))) == ""


@pytest.mark.parametrize("value", ["1", "True", "true"])
def test_the_keras_2_of_tf_keras_is_said(value: str) -> None:
    here = changed(environment={"TF_USE_LEGACY_KERAS": value})

    assert preventing(here).startswith("TF_USE_LEGACY_KERAS makes tf.")


@pytest.mark.parametrize("value", ["", "0", "False", "yes"])
def test_keras_3_that_was_asked_for_is_ready(value: str) -> None:
    assert preventing(changed(environment={"TF_USE_LEGACY_KERAS": value})) == ""


@pytest.mark.parametrize("of", [2, 64])
def test_threads_for_processors_that_are_not_ours_are_said(of: int) -> None:
    machine = Machine(of, 1, 8 * GIB, None)

    (said,) = troubling(changed(machine=machine))

    assert said.startswith(f"TensorFlow counts {of} processors, and 1 may be used")
    assert "TF_NUM_INTRAOP_THREADS=1" in said
    # As binder/start sets it.
    quiet = changed(machine=machine, environment={"TF_NUM_INTRAOP_THREADS": "1"})
    assert troubling(quiet) == []


@pytest.mark.parametrize(
    ("limit", "said"),
    [(0.5, "1 kernel "), (1.0, "1 kernel "), (2.0, "3 kernels "), (4.0, "6 kernels ")],
)
def test_how_many_kernels_fit_into_what_is_allowed(limit: float, said: str) -> None:
    (told,) = troubling(changed(machine=Machine(2, 2, 2 * GIB, int(limit * GIB))))

    assert f"enough for {said}" in told


@pytest.mark.parametrize(("left", "troubles"), [(0.2, 1), (0.59, 1), (0.61, 0), (None, 0)])
def test_too_little_memory_for_a_kernel_is_said(left: float | None, troubles: int) -> None:
    bytes_left = None if left is None else int(left * GIB)

    said = troubling(changed(machine=Machine(2, 2, bytes_left, None)))

    assert len(said) == troubles
    assert all("Shut down kernels" in each for each in said)


@pytest.mark.parametrize(
    ("lab", "widgets", "troubles"),
    [("4.6.6", "7.8.5", 1), ("4.6.6", "8.1.9", 0), ("3.6.0", "7.8.5", 0), ("", "7.7.1", 0)],
)
def test_widgets_that_jupyterlab_cannot_show_are_said(
    lab: str, widgets: str, troubles: int
) -> None:
    said = troubling(changed(versions={"jupyterlab": lab, "ipywidgets": widgets}))

    assert len(said) == troubles


@pytest.mark.parametrize(
    ("front_end", "word"),
    [
        (FrontEnd.VS_CODE, "jupyter.widgetScriptSources"),
        (FrontEnd.TERMINAL, "IPython in a terminal"),
        (FrontEnd.PYTHON, "sliders need a notebook"),
    ],
)
def test_what_a_front_end_cannot_show_is_said(front_end: FrontEnd, word: str) -> None:
    (said,) = troubling(changed(front_end=front_end))

    assert word in said


@pytest.mark.parametrize(
    "front_end", [FrontEnd.JUPYTER, FrontEnd.COLAB, FrontEnd.BINDER, FrontEnd.JUPYTERHUB]
)
def test_of_a_front_end_that_shows_all_nothing_is_said(front_end: FrontEnd) -> None:
    assert troubling(changed(front_end=front_end)) == []
