"""Asterisk's security events as the core's incidents: translated. Pure."""

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
