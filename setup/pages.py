"""The pages: their packages, and their build by Vite into ui/dist."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from setup.places import CHECKOUT, PAGES, STAMPS, VENV, Stamp, fingerprint
from setup.progress import Task
from setup.python_env import NODE_LOCK, install_locked

_PACKAGE = CHECKOUT / "package.json"
_LOCK = CHECKOUT / "package-lock.json"
_MODULES = CHECKOUT / "node_modules"
_SOURCES = (
    *("ui", "bandeau/ui", "desk/ui", "directory/ui", "history/ui", "ivr/ui", "supervision/ui"),
    *("vite.config.ts", "svelte.config.js", "tsconfig.json"),
)
_BUILT = Stamp(STAMPS / "pages")
_INSTALLED = Stamp(_MODULES / ".bandeau15-stamp")


def node_on_path() -> bool:
    """Whether the host has a Node that is recent enough, with npm."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", version)
    if found is None:
        return False
    major, minor = int(found[1]), int(found[2])
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)  # as package.json's "engines"


def _built_from() -> str:
    return fingerprint([_PACKAGE, _LOCK, *(CHECKOUT / name for name in _SOURCES)])


def is_ready() -> bool:
    """Whether the pages are built from the present sources."""
    return _BUILT.matches(_built_from()) and any(PAGES.glob("*.html"))


def packages_ready() -> bool:
    """Whether node_modules is what package-lock.json says."""
    return _INSTALLED.matches(fingerprint([_LOCK]))


def install_packages(task: Task) -> None:
    """Get the pages' packages; first Node itself, into the Python environment, where the host has none."""
    if not node_on_path() and not (VENV / "bin" / "npm").exists():
        task.note("no Node on this machine: taking the one packaged for Python")
        install_locked(NODE_LOCK, task)
    task.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=CHECKOUT,
        env=environment(),
        advice="If the registry cannot be reached, set npm's proxy or registry (npm config).",
    )
    _INSTALLED.write(fingerprint([_LOCK]))


def build(task: Task) -> None:
    """Build the pages."""
    task.run(["npm", "run", "build"], cwd=CHECKOUT, env=environment())
    _BUILT.write(_built_from())


def environment() -> dict[str, str]:
    """Say what to change in the environment so that ``npm`` and ``node`` are found."""
    own: Path = VENV / "bin"
    path = os.environ.get("PATH", os.defpath)
    return {} if node_on_path() else {"PATH": f"{own}{os.pathsep}{path}"}
