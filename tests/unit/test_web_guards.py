"""What protects the pages: origins, headers, texts."""

import re
from pathlib import Path

import pytest

from web.auth import origin_allowed
from web.headers import content_policy, strict_transport
from web.texts import MESSAGES, message

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("origin", "scheme", "host", "allowed"),
    [
        (None, "ws", "samu:8015", True),
        ("http://samu:8015", "http", "samu:8015", True),
        ("http://samu:8015", "ws", "samu:8015", True),
        ("https://samu:8443", "wss", "samu:8443", True),
        ("https://portail.samu.fr", "https", "samu:8443", True),
        ("http://samu:8443", "wss", "samu:8443", False),
        ("https://samu", "wss", "samu:8443", False),
        ("https://samu:8443.evil.example", "wss", "samu:8443", False),
        ("http://evil.example", "ws", "samu:8015", False),
        ("null", "ws", "samu:8015", False),
        ("", "ws", "samu:8015", False),
        ("http://", "ws", None, False),
    ],
)
def test_origins(origin: str | None, scheme: str, host: str | None, allowed: bool) -> None:
    assert origin_allowed(origin, scheme, host, ("https://portail.samu.fr",)) is allowed


def test_pages_may_reach_their_server_and_its_sip_ports_only() -> None:
    policy = content_policy("samu.local:8443", (8088, 8089))
    connect = next(part for part in policy.split("; ") if part.startswith("connect-src"))
    assert connect.split()[1:] == [
        "'self'",
        "ws://samu.local:8443",
        "wss://samu.local:8443",
        "ws://samu.local:8088",
        "wss://samu.local:8088",
        "ws://samu.local:8089",
        "wss://samu.local:8089",
    ]
    assert "script-src 'self';" in policy
    assert "ws://[::1]:8088" in content_policy("[::1]:8015", (8088,))


@pytest.mark.parametrize("host", ["", "a b", "a; script-src *", "a,b", "a\nb", "x:999999", "'unsafe-inline'"])
def test_a_forged_host_adds_nothing_to_the_policy(host: str) -> None:
    assert "connect-src 'self';" in content_policy(host, (8088,))


def test_strict_transport_only_over_https_and_never_for_loopback() -> None:
    assert strict_transport("http", "samu.local:8015") is None
    assert strict_transport("https", "localhost:8443") is None
    assert strict_transport("https", "samu.local:8443") == "max-age=31536000"


def test_every_refusal_has_a_french_text() -> None:
    codes, written = set(), ""
    areas = (
        "acd",
        "bandeau",
        "calls",
        "core",
        "desk",
        "directory",
        "history",
        "location",
        "lrm_bridge",
        "recorder",
        "supervision",
        "web",
    )
    for area in areas:
        for file in (ROOT / area).rglob("*.py"):
            text = file.read_text()
            written += text if file.name != "texts.py" else ""
            codes |= set(re.findall(r'NumberRefused\(\s*"(\w+)"', text))
            codes |= set(re.findall(r'def refusal_\w+\([^)]*\)[^:]*:\s+"""(?:[^"]*)"""\s+return "(\w+)"', text))
            codes |= set(re.findall(r'CommandRefused\(\s*"(\w+)"', text))
            codes |= set(re.findall(r'WebError\(\s*\d+,\s*"(\w+)"', text))
            codes |= set(re.findall(r'message\("(\w+)"', text))
    codes |= set(re.findall(r'code = "(\w+)"', (ROOT / "core" / "errors.py").read_text())) - {
        "account_refused",
        "configuration",
        "locator_unavailable",
        "unknown_event",
    }
    assert len(codes) > 15
    assert codes - MESSAGES.keys() == set()
    shown_nowhere = {code for code in MESSAGES.keys() - codes if f'"{code}"' not in written}
    assert shown_nowhere == set(), "texts nobody shows"


def test_an_unknown_code_has_a_text_too() -> None:
    assert message("something else") == MESSAGES["error"]
