"""The documentation site: `python -m sphinx -W --keep-going docs build/site`."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent)]

# TensorFlow says much as it is loaded, and a kernel's words become part of a page.
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}

from docs import generated  # noqa: E402
from dropviz import __version__  # noqa: E402
from dropviz.browser.write_playground import write_playground  # noqa: E402

LESSONS = HERE.parent / "notebooks"

project = "dropviz"
author = "The dropviz developers"
version = release = __version__
project_copyright = f"2026, {author}"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
# Reports to other projects are no pages.
exclude_patterns = ["upstream"]
nitpicky = True
# What only annotations name, and what other packages document.
nitpick_ignore_regex = [("py:.*", r"(?!dropviz\.[A-Za-z]+$).*")]

# The lessons keep the outputs that they were stored with, and a test runs them. A page whose
# front matter asks for it is run here, and a cell that fails ends the build.
nb_execution_mode = "off"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
# Scripts of widgets would come from another host.
nb_ipywidgets_js: dict[str, Any] = {}
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_use_ivar = True
napoleon_use_rtype = False
python_display_short_literal_types = True

html_theme = "pydata_sphinx_theme"
html_title = f"dropviz {__version__}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_favicon = "static/favicon.svg"
html_context = {"default_mode": "auto"}
html_copy_source = False
html_show_sourcelink = False
html_sidebars: dict[str, list[str]] = {"index": [], "gallery": [], "or": [], "search": []}
html_theme_options = {
    "logo": {"text": "dropviz"},
    "navigation_with_keys": False,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

# Pages that are read beside the source too lead to its files; here these are pages.
_ELSEWHERE = {
    "](../notebooks/": "](/tutorials/",
    "](../README.md#homework)": "](/how-to/homework.md)",
}
_PLACE = re.compile(r"^\{\{ (\w+) \}\}$", re.MULTILINE)


def copy_lessons(app: Any) -> None:
    """Puts the lessons where their pages are; Sphinx reads no file above its folder."""
    del app
    pages = HERE / "tutorials"
    lessons = {path.name: path for path in LESSONS.glob("*.ipynb")}
    for stale in {path.name for path in pages.glob("*.ipynb")} - set(lessons):
        (pages / stale).unlink()
    for name, path in lessons.items():
        shutil.copy2(path, pages / name)


def fill_in(app: Any, page: str, source: list[str]) -> None:
    """Puts what `docs/generated.py` makes of the tables where a page says so, and mends links."""
    del app, page
    for theirs, here in _ELSEWHERE.items():
        source[0] = source[0].replace(theirs, here)
    source[0] = _PLACE.sub(lambda found: generated.PARTS[found[1]](), source[0])


def keep_whole(app: Any, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
    """Keeps what stands before a colon in a property's docstring: Napoleon takes it for a type."""
    del app, name, found, options
    if what == "property" and lines:
        lines[0] = f": {lines[0]}"


def write_page_without_python(app: Any, error: Exception | None) -> None:
    """Writes the page that the first screen shows alive."""
    if error is None:
        write_playground(Path(app.outdir, "playground.html"))


def setup(app: Any) -> None:
    """Runs as Sphinx begins."""
    app.connect("builder-inited", copy_lessons)
    app.connect("source-read", fill_in)
    app.connect("autodoc-process-docstring", keep_whole, priority=400)  # Napoleon's is 500
    app.connect("build-finished", write_page_without_python)
