"""A release: one version everywhere, and what a package index will show of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

import dropviz

ROOT = Path(__file__).parents[1]
REPOSITORY = "https://example.org/somebody/dropviz"
_LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.fixture
def metadata(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in request.param.items():
        monkeypatch.setenv(name, value)
    return ProjectMetadata(str(ROOT), PluginManager())


HERE: dict[str, str] = {"DROPVIZ_REPOSITORY": "", "DROPVIZ_SITE": ""}
RELEASED = {"DROPVIZ_REPOSITORY": f"{REPOSITORY}/", "DROPVIZ_SITE": "https://example.org/site/"}


# ---------------------------------------------------------------- one version


@pytest.mark.parametrize("metadata", [HERE], indirect=True, ids=["here"])
def test_the_version_stands_in_the_package_alone(metadata: Any) -> None:
    assert metadata.version == dropviz.__version__
    assert dropviz.__version__ not in read("pyproject.toml")


def test_the_citation_and_the_change_log_are_of_this_version() -> None:
    cited = dict(re.findall(r"^(version|date-released): (.+)$", read("CITATION.cff"), re.MULTILINE))
    version, date = re.findall(r"^## \[(\d.*)\] - (.+)$", read("CHANGELOG.md"), re.MULTILINE)[0]

    assert cited == {"version": version, "date-released": date}
    assert version == dropviz.__version__


# ---------------------------------------------------------------- what an index shows


@pytest.mark.parametrize("metadata", [HERE], indirect=True, ids=["here"])
def test_a_package_that_is_built_anywhere_claims_no_address(metadata: Any) -> None:
    assert metadata.core.urls == {}
    assert metadata.core.readme == read("README.md")


@pytest.mark.parametrize("metadata", [RELEASED], indirect=True, ids=["released"])
def test_a_release_leads_to_where_it_was_made(metadata: Any) -> None:
    assert metadata.core.urls == {
        "Repository": REPOSITORY,
        "Changelog": f"{REPOSITORY}/blob/v{dropviz.__version__}/CHANGELOG.md",
        "Issues": f"{REPOSITORY}/issues",
        "Documentation": "https://example.org/site/",
    }


@pytest.mark.parametrize("metadata", [RELEASED], indirect=True, ids=["released"])
def test_every_link_and_image_of_the_readme_works_outside_of_the_repository(metadata: Any) -> None:
    places = {kind: f"{REPOSITORY}/{kind}/v{dropviz.__version__}/" for kind in ("raw", "blob")}
    links = _LINK.findall(metadata.core.readme)
    led = {"raw": 0, "blob": 0}

    for image, target in links:
        assert target.startswith("https://"), target
        kind = "raw" if image else "blob"
        if target.startswith(places[kind]):
            assert (ROOT / target.removeprefix(places[kind]).partition("#")[0]).is_file()
            led[kind] += 1

    assert len(links) == len(_LINK.findall(read("README.md")))
    assert led["raw"] == sum(bool(image) for image, _ in links)
    assert led["blob"] > 0
