"""Webhooks: how they are signed and checked, when they are tried again, whom they may tell."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrm_bridge.api import signing
from lrm_bridge.api.addresses import AddressRefused, _public, checked, receiver_of
from lrm_bridge.api.policy import LONGEST_DELAY_S, MOST_REFUSALS, USELESS_AFTER_S, Next, Try, after_try, delay
from lrm_client import WebhookForged, verified

pytestmark = pytest.mark.unit

# The example of the Standard Webhooks libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "b3RoZXIg" * 5 + "b3Q="
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SENT = 1614265330
BODY = b'{"test": 2432232314}'
SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

EVENT = msgspec.json.encode(
    {
        "type": "call.ended",
        "version": 1,
        "seq": 7,
        "id": "e7",
        "timestamp": "2026-11-22T11:00:00Z",
        "centre_id": "FR751",
        "data": {"later": "a field of tomorrow"},
    }
)
NOW = datetime(2026, 11, 22, 11, tzinfo=UTC)


def sent(secrets: tuple[str, ...] = (SECRET,), at: datetime = NOW, message: str = "e7") -> dict[str, str]:
    return signing.headers(secrets, message, int(at.timestamp()), EVENT)


def test_the_published_vector() -> None:
    assert signing.signature(SECRET, MESSAGE, SENT, BODY) == SIGNED


def test_what_is_signed_is_verified_by_either_of_two_secrets() -> None:
    new = signing.new_secret()
    for known in ([SECRET], [new], [SECRET, new]):
        assert verified(sent((new, SECRET)), EVENT, known, NOW).seq == 7


@pytest.mark.parametrize(
    ("headers", "body", "known"),
    [
        (sent(), EVENT + b" ", SECRET),
        (sent(), EVENT, OTHER),
        (sent() | {"webhook-id": "e8"}, EVENT, SECRET),
        (sent() | {"webhook-timestamp": str(int(NOW.timestamp()) + 1)}, EVENT, SECRET),
        (sent() | {"webhook-timestamp": "now"}, EVENT, SECRET),
        (sent() | {"webhook-timestamp": "9" * 4000}, EVENT, SECRET),
        (sent() | {"webhook-signature": ""}, EVENT, SECRET),
        (sent() | {"webhook-signature": "v1," + "é" * 44}, EVENT, SECRET),
        ({}, EVENT, SECRET),
        (sent(at=NOW - timedelta(seconds=301)), EVENT, SECRET),
        (sent(at=NOW + timedelta(seconds=301)), EVENT, SECRET),
        (sent(message="another"), EVENT, SECRET),
        (signing.headers((SECRET,), "e7", int(NOW.timestamp()), b"[]"), b"[]", SECRET),
    ],
)
def test_what_is_forged_or_played_again_is_refused(headers: dict[str, str], body: bytes, known: str) -> None:
    with pytest.raises(WebhookForged):
        verified(headers, body, [known], NOW)


@given(st.binary(max_size=200), st.dictionaries(st.sampled_from(list(sent())), st.text(max_size=60)))
def test_rubbish_is_refused_and_nothing_else(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(WebhookForged):
        verified(headers, body, [SECRET], NOW)


@pytest.mark.parametrize(
    ("status", "attempts", "age", "expected"),
    [
        (200, 1, 0, Next.DONE),
        (204, 9, 9e9, Next.DONE),
        (302, 1, 0, Next.AGAIN),
        (302, MOST_REFUSALS, 0, Next.GIVE_UP),
        (400, 1, 0, Next.AGAIN),
        (400, MOST_REFUSALS, 0, Next.GIVE_UP),
        (404, MOST_REFUSALS, 0, Next.GIVE_UP),
        (410, 1, 0, Next.STOP),
        (429, 50, 10, Next.AGAIN),
        (500, 50, 10, Next.AGAIN),
        (0, 50, 10, Next.AGAIN),
        (500, 1, USELESS_AFTER_S + 1, Next.GIVE_UP),
        (0, 1, USELESS_AFTER_S + 1, Next.GIVE_UP),
    ],
)
def test_what_becomes_of_an_event_after_a_try(status: int, attempts: int, age: float, expected: Next) -> None:
    assert after_try(Try(status), attempts, age) is expected


def test_delays_grow_and_end_growing() -> None:
    delays = [delay(failures) for failures in range(1, 40)]
    assert delays == sorted(delays)
    assert delays[0] < 1
    assert delays[-1] == LONGEST_DELAY_S


@pytest.mark.parametrize(
    "url",
    [
        "http://lrm.example/",
        "ftp://lrm.example/",
        "https://",
        "https:///x",
        "//lrm.example/",
        "lrm.example",
        "https://user:secret@lrm.example/",
        "https://lrm.example/#part",
        "https://lrm.example:99999/",
        "https://lrm.example:0/",
        "https://lrm.example\\@inside/",
        "https://lrm.example/ x",
        "https://lrm.example/\r\nHost: x",
        "https://lrm.exämple/",
        "https://[::1/",
        "https://lrm.example/" + "x" * 2000,
        "file:///etc/passwd",
        "",
    ],
)
def test_addresses_that_are_none_to_tell(url: str) -> None:
    with pytest.raises(AddressRefused):
        checked(url, frozenset())


async def test_only_public_addresses_unless_the_centre_says_so() -> None:
    for url in (
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fe80::1]/",
        "https://0.0.0.0/",
        "https://2130706433/",
        "https://0x7f.1/",
    ):
        with pytest.raises((AddressRefused, OSError)):
            await receiver_of(url, frozenset())
    found = await receiver_of("http://127.0.0.1:8099/x", frozenset({"127.0.0.1"}))
    assert (found.address, found.port, found.secure) == ("127.0.0.1", 8099, False)
    outside = await receiver_of("https://1.1.1.1/x", frozenset())
    assert (outside.host, outside.port, outside.secure) == ("1.1.1.1", 443, True)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2a01:e0a::1", True),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("192.168.1.1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False),
        ("::", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert _public(ip_address(address)) is public


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_refused(url: str) -> None:
    with suppress(AddressRefused):
        assert checked(url, frozenset()).scheme == "https"
