"""Asterisk's security events as the core's incidents: translated, and bounded in number. Pure."""

from typing import Final

from core.switch import SecurityIncident

KINDS: Final = {
    "ChallengeResponseFailed": "wrong_password",
    "InvalidPassword": "wrong_password",
    "InvalidAccountID": "unknown_account",
    "FailedACL": "denied_address",
    "UnexpectedAddress": "denied_address",
    "RequestNotAllowed": "not_allowed",
    "InvalidTransport": "not_allowed",
}
"""Name of the manager's event → kind of incident."""

QUIET_SECONDS: Final = 10.0
"""A scanner makes hundreds of refusals a second: of each kind and source, one incident in this time."""
_REMEMBERED: Final = 1024


def incident_of(event: str, remote_address: str) -> SecurityIncident | None:
    """Translate an event; ``None``: not one of :data:`KINDS`.

    Args:
        event: its name.
        remote_address: as Asterisk writes it, ``IPV4/UDP/192.0.2.7/5060``.
    """
    kind = KINDS.get(event)
    if kind is None:
        return None
    parts = remote_address.split("/")
    return SecurityIncident(kind=kind, source=parts[2] if len(parts) == 4 else "unknown")


class Damper:
    """Lets through the first incident of each kind and source, then one in :data:`QUIET_SECONDS`."""

    def __init__(self) -> None:
        self._told: dict[SecurityIncident, float] = {}

    def passes(self, incident: SecurityIncident, now: float) -> bool:
        """Whether to tell it. ``now``: seconds that never go back."""
        last = self._told.get(incident)
        if last is not None and now - last < QUIET_SECONDS:
            return False
        self._told.pop(incident, None)  # the order of the memory is that of the last telling
        self._told[incident] = now
        while len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]
        return True
