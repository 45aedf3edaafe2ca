"""The announcements: spoken from their texts once, shared by all checkouts that have the same texts."""

from pathlib import Path

from setup.places import CHECKOUT, PYTHON, cache_dir, fingerprint
from setup.progress import Task
from setup.roots import voices_root

TEXTS = CHECKOUT / "asterisk-conf" / "prompts"
RECORDED = TEXTS / "recorded"
"""Recordings put here (``welcome.wav``) replace the spoken texts."""
_MADE_BY = (CHECKOUT / "app" / "prompts.py", CHECKOUT / "telephony" / "music.py")


def folder() -> Path:
    """Where the announcements of this checkout are."""
    return cache_dir() / f"prompts-{fingerprint([TEXTS, *_MADE_BY])[:12]}"


def is_ready() -> bool:
    """Whether they are made."""
    return (folder() / "complete").exists()


def make(task: Task) -> None:
    """Make them."""
    root = voices_root()
    argv: list[str | Path] = [PYTHON, "-m", "app.prompts", "--out", folder()]
    argv += ["--root", root] if root else []
    argv += ["--recorded", RECORDED] if RECORDED.is_dir() else []
    task.run(argv, cwd=CHECKOUT, advice="Recordings in asterisk-conf/prompts/recorded would replace voices.")
    (folder() / "complete").touch()
