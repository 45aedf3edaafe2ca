"""What the benchmarks read: SIPp's files, the kernel's counters, WebSocket frames."""

import pytest

from bench.cpu import cpu_of_stat
from bench.sipp import caller_number, instants, totals
from bench.wire import FrameCounter

pytestmark = pytest.mark.unit

LOG = """\
no=1 2026-11-22\t08:21:16.147041\t1795310986.482913
no=12 2026-11-22\t08:21:16.247041\t1795310986.582913
no=1 2026-11-22\t08:21:17.147041\t1795310987.482913
"""
STATISTICS = """\
StartTime;CurrentTime;OutgoingCall(P);OutgoingCall(C);SuccessfulCall(P);SuccessfulCall(C);FailedCall(C);
a;b;5;5;2;2;0;
a;b;5;10;7;9;1;
"""


def test_the_first_instant_of_each_call_is_read() -> None:
    assert instants(LOG) == {1: 1795310986.482913, 12: 1795310986.582913}


def test_the_last_totals_are_read() -> None:
    assert totals(STATISTICS) == (10, 9, 1)


@pytest.mark.parametrize(
    ("number", "expected"),
    [("+9991000042", 42), ("9991000042", 42), ("+33612345678", None), ("", None), ("+99910000", None)],
)
def test_a_call_is_known_by_its_callers_number(number: str, expected: int | None) -> None:
    assert caller_number(number) == expected


def test_cpu_is_user_and_system_whatever_the_name() -> None:
    stat = "42 (a) b (c) S 1 " + "0 " * 9 + "150 50 " + "0 " * 20
    assert cpu_of_stat(stat) == pytest.approx(2.0)


def frame(payload: bytes, *, masked: bool = False, opcode: int = 1, final: bool = True) -> bytes:
    """A WebSocket frame as it is on the wire."""
    mask = 0x80 if masked else 0
    first = bytes([(0x80 if final else 0) | opcode])
    if len(payload) < 126:
        head = first + bytes([mask | len(payload)])
    elif len(payload) < 65536:
        head = first + bytes([mask | 126]) + len(payload).to_bytes(2, "big")
    else:
        head = first + bytes([mask | 127]) + len(payload).to_bytes(8, "big")
    return head + (b"mask" if masked else b"") + payload


@pytest.mark.parametrize("step", [1, 3, 1000, 10**6])
def test_frames_are_counted_however_they_are_cut(step: int) -> None:
    frames = [
        frame(b"x" * 5),
        frame(b"x" * 200, masked=True),
        frame(b"x" * 70_000),
        frame(b"", opcode=9),  # a ping is no message
        frame(b"x" * 10, final=False),
        frame(b"x" * 10, opcode=0),  # the rest of it: one message
    ]
    stream = b"GET /ari HTTP/1.1\r\nHost: x\r\n\r\n" + b"".join(frames)
    counter = FrameCounter()
    for at in range(0, len(stream), step):
        counter.feed(stream[at : at + step])
    assert counter.messages == 4
    assert counter.octets == sum(map(len, frames))
