"""A program that runs and does not work is told from one that is slow, and from a watchdog that slept."""

import asyncio

import pytest

from app.watchdog import Patience, Vigil, sip_answers

pytestmark = pytest.mark.unit

PATIENCE = Patience(still=0.375, frozen=2.5, stuck=20)
STILL = "answers nothing and does not run"


def watched(
    seconds: float, answering: tuple[str, ...], step: float = 0.125, *, still: bool = False
) -> str | None:
    """The verdict after so long, with looks so far apart, while only these questions are answered."""
    vigil = Vigil(("SIP", "ARI"), PATIENCE)
    for _ in range(round(seconds / step)):
        vigil.pass_time(step, still=still)
        for name in answering:
            vigil.answered(name)
        if vigil.verdict is not None:
            return vigil.verdict
    return None


@pytest.mark.parametrize(
    ("seconds", "answering", "expected"),
    [
        (3600, ("SIP", "ARI"), None),
        (2.375, (), None),
        (2.5, (), "has answered nothing for 2.5 s"),
        (19.875, ("ARI",), None),
        (20, ("ARI",), "has not answered SIP for 20 s"),
        (20, ("SIP",), "has not answered ARI for 20 s"),
    ],
)
def test_silence_is_counted_for_each_question(
    seconds: float, answering: tuple[str, ...], expected: str | None
) -> None:
    assert watched(seconds, answering) == expected


@pytest.mark.parametrize(
    ("seconds", "answering", "expected"),
    [
        (0.5, (), None),
        (0.625, (), STILL),
        (19, ("ARI",), None),
        (20, ("ARI",), "has not answered SIP for 20 s"),
    ],
)
def test_one_that_does_not_run_is_given_less(
    seconds: float, answering: tuple[str, ...], expected: str | None
) -> None:
    assert watched(seconds, answering, still=True) == expected


def test_one_that_runs_now_and_then_is_given_more() -> None:
    vigil = Vigil(("SIP", "ARI"), PATIENCE)
    for look in range(19):
        vigil.pass_time(0.125, still=look % 3 > 0)
    assert vigil.verdict is None


@pytest.mark.parametrize("still", [False, True])
def test_a_watchdog_that_slept_knows_nothing_of_that_time(still: bool) -> None:
    assert watched(3600, (), step=3600, still=still) is None


async def test_a_late_answer_is_one() -> None:
    class Late(asyncio.DatagramProtocol):
        asked = 0

        def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            Late.asked += 1
            assert data.startswith(b"OPTIONS sip:127.0.0.1:")
            if Late.asked > 1:  # what the first was answered with got lost
                self.transport.sendto(b"SIP/2.0 404 Not Found\r\n\r\n", addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Late, ("127.0.0.1", 0))
    await sip_answers("127.0.0.1", transport.get_extra_info("sockname")[1]).ask()
    assert Late.asked == 2
    transport.close()


async def test_a_port_where_nobody_listens_gives_no_answer() -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, ("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    transport.close()
    with pytest.raises(OSError, match="refused"):
        await sip_answers("127.0.0.1", port).ask()
