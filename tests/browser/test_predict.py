"""A prediction is clicked in a real front end, and kept until it is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from .stage import Notebook, write

pytestmark = pytest.mark.browser

ASK = """
import dropviz
guess = dropviz.predict("Which arrows carry a mask?", ["vertical", "horizontal", "both"])
"""


@pytest.mark.parametrize("app", ["lab", pytest.param("notebook", marks=pytest.mark.full)])
def test_a_click_is_a_prediction(notebook: Notebook, address: str, folder: Path, app: str) -> None:
    name = f"predict-{app}.ipynb"
    write(folder, name, [ASK, 'guess.against("both")'])
    notebook.open(address, name, app=app)
    notebook.run(0)
    notebook.see(".widget-radio")

    notebook.page.get_by_label("horizontal").check()
    notebook.see(".jp-OutputArea >> text=/Kept at/")
    notebook.run(1)

    notebook.see(".jp-OutputArea >> text=/You predicted: horizontal .at .*measured: both/")
    assert notebook.page.locator(".widget-radio input:disabled").count() == 3
