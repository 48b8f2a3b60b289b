"""What a package index shows of a release: addresses, and a README whose links work there.

Where the repository and the site are stands in no file: ``DROPVIZ_REPOSITORY`` and ``DROPVIZ_SITE``
say so where a release is built, as in ``.github/workflows/release.yml``, and the packages of a fork
lead to the fork. Without them a package has no addresses, and its README is as it stands.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)(\[[^\]]*\])\(([^)\s]+)\)")
_VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)


class ReleaseMetadata(MetadataHookInterface):  # type: ignore[misc]
    """Fills in what depends on where a package is built."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Sets the README and the addresses.

        Args:
            metadata: The table ``project`` of pyproject.toml; it is changed.
        """
        root = Path(self.root)
        readme = (root / "README.md").read_text("utf-8")
        if repository := os.environ.get("DROPVIZ_REPOSITORY", "").rstrip("/"):
            (version,) = _VERSION.findall((root / "dropviz" / "__init__.py").read_text("utf-8"))
            readme = _absolute(readme, root, repository, f"v{version}")
            metadata["urls"] = {
                "Repository": repository,
                "Changelog": f"{repository}/blob/v{version}/CHANGELOG.md",
                "Issues": f"{repository}/issues",
            }
            if site := os.environ.get("DROPVIZ_SITE"):
                metadata["urls"]["Documentation"] = site
        metadata["readme"] = {"content-type": "text/markdown", "text": readme}


def _absolute(text: str, root: Path, repository: str, tag: str) -> str:
    """Markdown whose links to files of the repository lead there: a package index has no files."""

    def lead(found: re.Match[str]) -> str:
        image, words, target = found.groups()
        if not (root / target.partition("#")[0]).is_file():
            return found[0]
        return f"{image}{words}({repository}/{'raw' if image else 'blob'}/{tag}/{target})"

    return _LINK.sub(lead, text)
