"""Which announcements a plan may name, with their texts: those of the catalogue, and further recordings."""

from collections.abc import Mapping

from app.asterisk_setup import prompts_dir
from app.prompts import MUSIC, catalogue
from app.settings import Settings


def announcements(settings: Settings) -> Mapping[str, str]:
    """Names → texts; a recording that has no text in the catalogue has an empty one."""
    recorded = {file.stem: "" for file in prompts_dir(settings).glob("*.wav") if file.stem != MUSIC}
    return recorded | catalogue()


def missing(settings: Settings, names: frozenset[str]) -> list[str]:
    """Of these announcements, those without sound: a caller who should hear one goes to the emergency room."""
    folder = prompts_dir(settings)
    return sorted(name for name in names if not (folder / f"{name}.wav").is_file())
