"""What `jupyter nbconvert --to html` makes of a report, by each of its templates."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter

from dropviz.figures.unrolled import where

from .conftest import InProcess
from .test_mime import Elements
from .test_report import recorded, run

TEMPLATES = ("lab", "classic", "basic")


def in_text(data: Mapping[str, Any]) -> dict[str, str]:
    """The forms of an output as a notebook holds them."""
    return {
        kind: base64.b64encode(form).decode() if isinstance(form, bytes) else form
        for kind, form in data.items()
    }


def exported(
    shown: Sequence[Mapping[str, Any]], template: str
) -> list[tuple[str, dict[str, str | None]]]:
    """The elements of a notebook's export, whose only cell showed something."""
    outputs = [
        nbformat.v4.new_output("display_data", in_text(each["data"]), metadata=each["metadata"])
        for each in shown
    ]
    cell = nbformat.v4.new_code_cell("made", outputs=outputs)
    page, _ = HTMLExporter(template_name=template).from_notebook_node(
        nbformat.v4.new_notebook(cells=[cell])
    )
    return Elements(page).found


@pytest.mark.few(1)
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_image_of_a_report_has_its_alt_text(ipython: InProcess, template: str) -> None:
    ipython.names["made"] = run(recorded())
    shown = ipython.run("made").shown

    images = [each for tag, each in exported(shown, template) if tag == "img"]

    assert [each["alt"] for each in images] == [each["data"]["text/plain"] for each in shown[1:]]
    assert all(str(each["src"]).startswith("data:image/png;base64,") for each in images)


@pytest.mark.full
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_figure_that_was_asked_for_has_it_too(ipython: InProcess, template: str) -> None:
    drawn = where(recorded())
    ipython.names["drawn"] = drawn

    (image,) = (
        each
        for tag, each in exported(ipython.run("display(drawn)").shown, template)
        if tag == "img"
    )

    assert image["alt"] == drawn.alt
