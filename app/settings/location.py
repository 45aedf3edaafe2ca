"""Where callers are."""

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from app.settings.base import Section

_SHORTEST_SECRET = 24


class LocationSettings(Section):
    """Where callers are: who may tell, and who is asked."""

    aml_token: SecretStr = SecretStr("")
    """With what the operator's SMS gateway and whoever hands on AML forms prove themselves; empty: none may."""
    aml_hmac: SecretStr = SecretStr("")
    """The secret by which handsets' forms are signed; empty: no signature is accepted."""
    pidf_lo_trunks: tuple[str, ...] = ()
    """Trunks (``asterisk.trunks``) that are believed when their INVITE says where the caller is."""
    keep_minutes: float = Field(default=10, ge=1, le=60)
    """How long the position of a number is kept for its call to come, or to come again."""
    pflau: Literal["", "simulated"] = ""
    """The operators' platform, asked by number: none, or a simulated one that invents positions."""
    pflau_seconds: float = Field(default=5, ge=0.5, le=60)
    """How long it may take to answer. No call waits for it."""
    lrm_map_url: str = Field(default="", pattern=r"^(https?://[^\s]{1,500})?$")
    """The LRM's page that shows a position; ``{latitude}``, ``{longitude}``, ``{radius}`` in it are filled."""

    @field_validator("aml_token", "aml_hmac")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and len(value.get_secret_value()) < _SHORTEST_SECRET:
            raise ValueError(f"at least {_SHORTEST_SECRET} characters")
        return value
