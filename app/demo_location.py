"""Where callers are, in a demonstration: all of it on, unless the centre's own settings say something."""

import secrets

from app.demo_settings import is_silent, with_section
from app.settings import Settings


def with_demo_location(settings: Settings) -> tuple[Settings, dict[str, str]]:
    """The settings with a door for the robots' handsets, a trunk that is believed, and a simulated PFLAU."""
    if not is_silent(settings, "location"):
        return settings, {}
    told = {
        "aml_token": secrets.token_urlsafe(24),
        "pidf_lo_trunks": list(settings.asterisk.trunks)[:1],
        "pflau": "simulated",
    }
    return with_section(settings, "location", told)
