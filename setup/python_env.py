"""The Python environment in .venv, exactly as requirements.lock says."""

import shutil
import sys
import sysconfig
from pathlib import Path

from setup.places import CHECKOUT, PYTHON, VENV, Stamp, fingerprint
from setup.progress import SetupFailed, Task

LOCK = CHECKOUT / "requirements.lock"
NODE_LOCK = CHECKOUT / "requirements-node.lock"
_STAMP = Stamp(VENV / "bandeau15-stamp")


def _inputs() -> str:
    return fingerprint([LOCK], sys.version, sys.executable, str(CHECKOUT))


def is_ready() -> bool:
    """Whether the environment is there and up to date."""
    return PYTHON.exists() and _STAMP.matches(_inputs())


def build(task: Task) -> None:
    """Make the environment afresh."""
    if VENV.exists():
        shutil.rmtree(VENV)
    task.run(
        [sys.executable, "-m", "venv", VENV],
        advice="Install your distribution's venv module (Debian, Ubuntu: python3-venv).",
    )
    install_locked(LOCK, task)
    _make_importable()
    _STAMP.write(_inputs())


def install_locked(lock: Path, task: Task) -> None:
    """Install packages, each checked against its hash."""
    pip: list[str | Path] = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install"]
    pip += ["--no-input", "--progress-bar=off"]
    task.run(
        [*pip, "--only-binary=:all:", "--require-hashes", "-r", lock],
        advice="If the package index cannot be reached, set pip's proxy or index (pip config).",
    )


def _make_importable() -> None:
    """Let the environment import the checkout, and give it the ``bandeau15`` command."""
    folder = sysconfig.get_path("purelib", scheme="venv", vars={"base": str(VENV), "platbase": str(VENV)})
    (Path(folder) / "bandeau15.pth").write_text(f"{CHECKOUT}\n")
    command = VENV / "bin" / "bandeau15"
    command.write_text(f'#!{PYTHON}\nfrom app.cli import main\n\nif __name__ == "__main__":\n    main()\n')
    command.chmod(0o755)


def write_locks(task: Task) -> None:
    """Resolve pyproject.toml again into both lists of exact versions, for every supported Python.

    Raises:
        SetupFailed: uv is not there.
    """
    uv = shutil.which("uv")
    if uv is None:
        raise SetupFailed("Renewing the lock needs uv: python3 -m pip install uv")
    compile_ = [
        uv,
        "pip",
        "compile",
        "--quiet",
        "--upgrade",
        "--universal",
        "--generate-hashes",
        "--no-emit-index-url",
    ]
    compile_ += ["--no-annotate", "--no-header", "--python-version", "3.11"]
    task.run([*compile_, "pyproject.toml", "--group", "simulator", "--group", "dev", "-o", LOCK], cwd=CHECKOUT)
    task.run([*compile_, "--group", "node", "-o", NODE_LOCK], cwd=CHECKOUT)
