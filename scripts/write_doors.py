"""Writes the doors into the README and into each lesson: ways in, in the order to try them.

Where the repository is stands in one place, ``[tool.dropviz]`` of pyproject.toml. Whoever forks it
changes that line and runs ``python -m scripts.write_doors``, which sets the address in homework's
sources too; a test says where that was forgotten.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from urllib.parse import quote, urlencode

import nbformat

ROOT = Path(__file__).parents[1]
FIRST = "notebooks/01-where-does-it-act.ipynb"
# What a notebook installs where there is no dropviz, and what a person clones.
_FETCHED = re.compile(r"(git\+|git clone )https://github\.com/[\w.-]+/[\w.-]+")
_BLOCK = re.compile(r"(<!-- doors -->\n).*?((?:# )?<!-- /doors -->)", re.DOTALL)


def repository() -> str:
    """The owner and the name of the repository, as in ``owner/name``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return str(project["tool"]["dropviz"]["repository"])


def doors(repository: str, notebook: str = FIRST) -> str:
    """The ways to a notebook, with when to take each.

    Args:
        repository: Its owner and name.
        notebook: A notebook's path in it.

    Returns:
        Markdown.
    """
    owner, name = repository.split("/")
    page = f"https://{owner.lower()}.github.io/{name}/playground.html"
    colab = f"https://colab.research.google.com/github/{repository}/blob/main/{notebook}"
    binder = f"https://mybinder.org/v2/gh/{repository}/main?urlpath={quote(f'lab/tree/{notebook}')}"
    pulled = {
        "repo": f"https://github.com/{repository}",
        "branch": "main",
        "urlpath": f"lab/tree/{name}/{notebook}",
    }
    form = f"https://nbgitpuller.readthedocs.io/en/latest/link.html?{urlencode(pulled)}"
    hub = f"[make a link for yours]({form})"
    local = (
        f"git clone https://github.com/{repository} && cd {name} && "
        f'python -m pip install ".[cpu]" jupyterlab && jupyter lab {notebook}'
    )
    ways = (
        (
            "The page without Python",
            page,
            "for a telephone too; its masks are its own.",
        ),
        ("Colab", colab, "a kernel of your own, with an account; for a class of any size."),
        ("Binder", binder, "no account; one processor, 2 GB, and not for thirty people at once."),
    )
    return "\n".join(
        [
            *(f"{at}. [{name}]({way}): {when}" for at, (name, way, when) in enumerate(ways, 1)),
            f"4. Local: `{local}`; on a JupyterHub, {hub}.",
        ]
    )


def with_doors(text: str, written: str, prefix: str = "") -> str:
    """A text with what stands between its marks written anew.

    Args:
        text: It holds ``<!-- doors -->`` and ``<!-- /doors -->``, on lines of their own.
        written: What comes between.
        prefix: What each line begins with, as the comments of a percent source do.

    Returns:
        The text.

    Raises:
        ValueError: If it has no marks.
    """
    lines = "".join(f"{prefix}{line}\n" for line in written.splitlines())
    found, count = _BLOCK.subn(lambda match: f"{match[1]}{lines}{match[2]}", text)
    if not count:
        raise ValueError("it has no <!-- doors --> and <!-- /doors -->")
    return found


def fetching(text: str, repository: str) -> str:
    """A text in which dropviz is installed or cloned from a repository.

    Args:
        text: Of a lesson or the README; what it fetches is found by its address.
        repository: Its owner and name.
    """
    return _FETCHED.sub(rf"\g<1>https://github.com/{repository}", text)


def written() -> dict[Path, str]:
    """What each file with doors, and each source of homework, should hold, by its path."""
    where = repository()
    readme = ROOT / "README.md"
    found = {readme: fetching(with_doors(readme.read_text("utf-8"), doors(where)), where)}
    for source in sorted((ROOT / "notebooks" / "lessons").glob("0*.py")):
        notebook = ROOT / "notebooks" / f"{source.stem}.ipynb"
        own = doors(where, notebook.relative_to(ROOT).as_posix())
        found[source] = fetching(with_doors(source.read_text("utf-8"), own, "# "), where)
        found[notebook] = _notebook_with(notebook, own, where)
    for source in sorted((ROOT / "notebooks" / "homework").glob("*.py")):
        found[source] = fetching(source.read_text("utf-8"), where)
    return found


def _notebook_with(path: Path, own: str, where: str) -> str:
    """A notebook as it is stored, but for the doors: its outputs need no new run."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = fetching(cell.source, where)
        if _BLOCK.search(cell.source):
            cell.source = with_doors(cell.source, own)
    return str(nbformat.writes(notebook)) + "\n"


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, "utf-8")
