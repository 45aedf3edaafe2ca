"""Security events, translated and bounded."""

import pytest

from core.switch import SecurityIncident
from telephony.security import KINDS, QUIET_SECONDS, Damper, incident_of

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


def test_a_scan_is_told_once_in_a_while() -> None:
    damper = Damper()
    told = [damper.passes(GUESS, second / 10) for second in range(250)]
    assert [second / 10 for second, passed in enumerate(told) if passed] == [
        0,
        QUIET_SECONDS,
        2 * QUIET_SECONDS,
    ]


def test_each_source_and_kind_counts_apart() -> None:
    damper = Damper()
    assert damper.passes(GUESS, 0)
    assert damper.passes(SecurityIncident(kind="unknown_account", source="192.0.2.7"), 0)
    assert damper.passes(SecurityIncident(kind="wrong_password", source="192.0.2.8"), 0)
    assert not damper.passes(GUESS, 1)


def test_its_memory_is_bounded_and_forgets_the_oldest() -> None:
    damper = Damper()
    assert damper.passes(GUESS, 0)
    for number in range(5000):
        damper.passes(SecurityIncident(kind="wrong_password", source=str(number)), 1)
    assert len(damper._told) <= 1024
    assert damper.passes(GUESS, 2)
