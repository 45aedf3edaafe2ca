"""Where callers are, in a demonstration: all of it on, unless the centre's own settings say something."""

import secrets

from pydantic import SecretStr

from app.settings import Settings

_PREFIX = "BANDEAU15_LOCATION__"


def with_demo_location(settings: Settings) -> tuple[Settings, dict[str, str]]:
    """The settings with a door for the robots' handsets, a trunk that is believed, and a simulated PFLAU.

    Returns:
        them, and the environment by which the centre's programs read the same.
    """
    if settings.location.model_fields_set:
        return settings, {}
    token = secrets.token_urlsafe(24)
    trunk = next(iter(settings.asterisk.trunks), None)
    location = settings.location.model_copy(
        update={
            "aml_token": SecretStr(token),
            "pidf_lo_trunks": () if trunk is None else (trunk,),
            "pflau": "simulated",
        }
    )
    environment = {f"{_PREFIX}AML_TOKEN": token, f"{_PREFIX}PFLAU": "simulated"}
    return settings.model_copy(update={"location": location}), environment
