"""What tracked files must not hold, and lists that must agree with each other."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from setup.places import CHECKOUT

pytestmark = pytest.mark.unit

_REGISTRIES = ("debian", "ubuntu", "pypi", "pythonhosted", "npmjs", "npmmirror", "nodesource", "yarnpkg")
_ADDRESS = re.compile(rf"https?://[^\s\"'/]*({'|'.join(_REGISTRIES)})", re.IGNORECASE)
_MACHINE_PATH = re.compile(r"(?<![\w./-])/(?:work|root|home)/[\w.]")
_IGNORED = {".git", ".venv", "var", "dist", "node_modules", "__pycache__", ".artifacts", ".hypothesis"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def tracked_names() -> list[str]:
    """Paths of the tracked files; where there is no git, of all but those in folders that git ignores."""
    if shutil.which("git") and (CHECKOUT / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=True).stdout
        return [name for name in listed.decode().split("\0") if name]
    names = []
    for folder, subfolders, files in os.walk(CHECKOUT):
        subfolders[:] = [name for name in subfolders if name not in _IGNORED and not name.endswith("_cache")]
        names += [str((Path(folder) / file).relative_to(CHECKOUT)) for file in files]
    return names


def tracked_texts() -> list[tuple[str, str]]:
    """Path and text of every tracked text file that is still there."""
    texts = []
    for name in tracked_names():
        file = CHECKOUT / name
        content = file.read_bytes() if file.is_file() else b""
        if b"\0" not in content:
            texts.append((name, content.decode()))
    return texts


@pytest.mark.parametrize("pattern", [_ADDRESS, _MACHINE_PATH], ids=["registry", "machine path"])
def test_no_tracked_file_names_a_registry_or_a_machine(pattern: re.Pattern[str]) -> None:
    found = [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (_ADDRESS, "https" + "://deb.debian.org/x"),
        (_ADDRESS, "http" + "://pypi.org/simple"),
        (_MACHINE_PATH, " /work" + "/main"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


def normal(requirement: str) -> str:
    """Name of a requirement, as package indexes compare names."""
    found = _NAME.match(requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def locked(file: str) -> set[str]:
    lines = (CHECKOUT / file).read_text().splitlines()
    return {normal(line) for line in lines if "==" in line and not line.startswith(" ")}


def test_every_requirement_is_locked() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = {
        normal(text) for text in (*project["project"]["dependencies"], *groups["simulator"], *groups["dev"])
    }
    assert wanted - locked("requirements.lock") == set(), "run make lock"
    assert {normal(text) for text in groups["node"]} - locked("requirements-node.lock") == set(), (
        "run make lock"
    )


def test_every_locked_package_has_a_hash() -> None:
    for file in ("requirements.lock", "requirements-node.lock"):
        text = (CHECKOUT / file).read_text()
        entries = re.split(r"\n(?=[A-Za-z0-9])", text)
        assert entries
        assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_pages_lock_is_complete() -> None:
    """npm refuses a lock without the packages of other platforms, which npm itself leaves out at times."""
    packages = json.loads((CHECKOUT / "package-lock.json").read_text())["packages"]
    names = {path.rpartition("node_modules/")[2] for path in packages}
    missing = [
        name
        for entry in packages.values()
        for name in entry.get("optionalDependencies", {})
        if name not in names
    ]
    assert missing == []
    assert not any("resolved" in entry for entry in packages.values()), (
        "npm must not note where packages came from"
    )


def test_every_package_is_checked_by_types_and_import_directions() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    packages = {file.parent.name for file in CHECKOUT.glob("*/__init__.py")}
    product = packages - {"tests", "bench"}
    assert packages - set(project["tool"]["mypy"]["packages"]) - {"bench"} == set()
    assert set(project["tool"]["importlinter"]["root_packages"]) == product
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == product


def test_the_continuous_integration_runs_everything() -> None:
    script = CHECKOUT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "make test" in script.read_text()
    makefile = Path(CHECKOUT / "Makefile").read_text()
    assert re.search(r"tests\.run check unit\+asterisk chaos e2e", makefile)
