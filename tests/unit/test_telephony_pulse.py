"""An Asterisk that has ended is told apart from one that is silent."""

import socket

import pytest

from telephony.pulse import DeathWatch, has_ended, is_listened_to
from tests.support.waiting import until

pytestmark = pytest.mark.unit

TITLE = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("   0: 0100007F:13AE 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1", True),
        ("   0: 0100007F:13AE 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 1", False),
        ("   0: 0100007F:13AF 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1", False),
        ("   0: 0100007F:9C40 0100007F:13AE 0A 00000000:00000000 00:00000000 00000000     0        0 1", False),
        ("", False),
    ],
    ids=["listening", "connected", "another port", "the other end", "empty"],
)
def test_who_listens_is_read_from_the_kernel(line: str, expected: bool) -> None:
    assert is_listened_to(5038, [TITLE, line]) is expected


async def test_the_end_of_whoever_listened_is_told_once() -> None:
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert not has_ended(port)
        watch = DeathWatch(port, lambda: told.append("died"))
        watch.begin()
    await until(lambda: bool(told), "its end is told")
    watch.begin()
    watch.end()
    assert told == ["died"]
