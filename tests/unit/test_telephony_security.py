"""Security events, translated."""

import pytest

from core.switch import SecurityIncident
from telephony.security import KINDS, incident_of

pytestmark = pytest.mark.unit

GUESS = SecurityIncident(kind="wrong_password", source="192.0.2.7")


def test_events_are_translated() -> None:
    assert incident_of("ChallengeResponseFailed", "IPV4/UDP/192.0.2.7/5060") == GUESS
    assert incident_of("InvalidAccountID", "IPV6/WSS/2001:db8::1/5060") == SecurityIncident(
        kind="unknown_account", source="2001:db8::1"
    )
    assert incident_of("SuccessfulAuth", "IPV4/UDP/192.0.2.7/5060") is None
    assert incident_of("InvalidPassword", "nonsense") == SecurityIncident(
        kind="wrong_password", source="unknown"
    )
    assert all(incident_of(name, "") for name in KINDS)
