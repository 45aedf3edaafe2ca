"""What a demonstration settles by itself, where the centre's own settings are silent."""

import json
from collections.abc import Mapping
from typing import Any

from app.settings import Settings


def with_section(settings: Settings, section: str, told: Mapping[str, Any]) -> tuple[Settings, dict[str, str]]:
    """The settings with these values in a section: plain ones, as a file would give them.

    Returns:
        them, and the environment by which the centre's programs read the same.
    """
    before = getattr(settings, section)
    made = type(before).model_validate(told)
    prefix = f"BANDEAU15_{section.upper()}__"
    environment = {
        prefix + name.upper(): value if isinstance(value, str) else json.dumps(value)
        for name, value in told.items()
    }
    return settings.model_copy(update={section: made}), environment


def is_silent(settings: Settings, section: str) -> bool:
    """Whether the centre's own settings say nothing in a section."""
    return not getattr(settings, section).model_fields_set
