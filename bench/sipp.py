"""Load: SIPp as callers, and as the peer's agents. Its log gives the instant of each INVITE."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from setup.roots import ASTERISK
from setup.sandbox import sandboxed

CALLERS = "127.0.0.2"
_ports = count(6000)
_INSTANT = re.compile(r"\bno=(\d+)\b.*?(\d{9,}\.\d+)")

_SDP = """\
      Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=- 1 1 IN IP[local_ip_type] [local_ip]
      s=-
      c=IN IP[media_ip_type] [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 8
      a=rtpmap:8 PCMA/8000
      a=ptime:20
"""

CALLER = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller">
  <nop><action><log message="no=[call_number] [timestamp]"/></action></nop>
  <send retrans="500"><![CDATA[
      INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]-[local_port]
      From: <sip:+99910000[call_number]@[local_ip]>;tag=[local_port]c[call_number]
      To: <sip:[service]@[remote_ip]>
      Call-ID: [call_id]
      CSeq: 1 INVITE
      Contact: <sip:caller@[local_ip]:[local_port]>
      Max-Forwards: 70
{_SDP}
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200"/>
  <send><![CDATA[
      ACK [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]-[local_port]
      From: <sip:+99910000[call_number]@[local_ip]>;tag=[local_port]c[call_number]
      [last_To:]
      Call-ID: [call_id]
      CSeq: 1 ACK
      Max-Forwards: 70
      Content-Length: 0

  ]]></send>
  <pause/>
  <send retrans="500"><![CDATA[
      BYE [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]-[local_port]
      From: <sip:+99910000[call_number]@[local_ip]>;tag=[local_port]c[call_number]
      [last_To:]
      Call-ID: [call_id]
      CSeq: 2 BYE
      Max-Forwards: 70
      Content-Length: 0

  ]]></send>
  <recv response="200"/>
</scenario>
"""

AGENT = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<scenario name="agent">
  <recv request="INVITE">
    <action>
      <ereg regexp="99910000([0-9]+)@" search_in="hdr" header="From:" assign_to="all,no"/>
      <log message="no=[$no] [timestamp]"/>
    </action>
  </recv>
  <Reference variables="all"/>
  <send retrans="500"><![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:];tag=[local_port]a[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:agent@[local_ip]:[local_port]>
{_SDP}
  ]]></send>
  <recv request="ACK" optional="true"/>
  <recv request="BYE"/>
  <send><![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

  ]]></send>
</scenario>
"""


@dataclass(frozen=True, slots=True)
class Calls:
    """What callers saw. ``sent``: the instant of each INVITE (seconds since 1970) by the call's number."""

    made: int
    answered: int
    failed: int
    sent: dict[int, float]


def caller_number(e164: str) -> int | None:
    """The number of a call of SIPp's, read back from its caller's number; ``None``: not one of them."""
    found = re.fullmatch(r"\+?99910000(\d+)", e164)
    return int(found[1]) if found else None


def instants(log: str) -> dict[int, float]:
    """The first instant logged for each call."""
    found: dict[int, float] = {}
    for match in _INSTANT.finditer(log):
        found.setdefault(int(match[1]), float(match[2]))
    return found


def totals(statistics: str) -> tuple[int, int, int]:
    """Calls made, successful and failed, in the last line of SIPp's statistics file."""
    head, *rows = (line.split(";") for line in statistics.splitlines() if line)
    last = dict(zip(head, rows[-1], strict=False))
    return int(last["OutgoingCall(C)"]), int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"])


def speaking(sound: Path) -> str:
    """The scenario of callers who send a sound (raw A-law) again and again."""
    said = f'<nop><action><exec rtp_stream="{sound},-1,8,PCMA/8000"/></action></nop>'
    return CALLER.replace("<pause/>", f"{said}\n  <pause/>").replace("[media_port]", "[rtpstream_audio_port]")


async def call(
    folder: Path,
    target: tuple[str, int],
    line: str,
    *,
    rate: float,
    calls: int,
    talk_seconds: float,
    scenario: str = CALLER,
) -> Calls:
    """Call a line so many times, so many a second; each caller hangs up some seconds after the answer.

    Stops by itself: a call stuck is cut a few seconds after the last one should be over, and counts as failed.
    """
    port = next(_ports)
    files = {name: folder / f"caller-{port}.{name}" for name in ("xml", "log", "csv", "err")}
    files["xml"].write_text(scenario)
    limit = calls / rate + talk_seconds + 12
    argv: list[str | Path] = ["sipp", f"{target[0]}:{target[1]}", "-sf", files["xml"], "-s", line]
    argv += ["-i", CALLERS, "-p", str(port), "-mp", "32000", "-nostdin", "-cid_str", f"%u-{port}@%s"]
    argv += ["-r", f"{max(1, round(rate * 10))}", "-rp", "10000"]
    argv += ["-m", str(calls), "-l", "5000", "-d", f"{round(talk_seconds * 1000)}"]
    argv += ["-trace_logs", "-log_file", files["log"], "-trace_stat", "-stf", files["csv"], "-fd", "1"]
    argv += ["-trace_err", "-error_file", files["err"], "-timeout", f"{round(limit)}"]
    async with _sipp(folder, argv) as process:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), limit + 3)
    made, answered, failed = totals(files["csv"].read_text())
    return Calls(made, answered, failed + calls - made, instants(files["log"].read_text()))


class Agents:
    """The peer's agents: they answer at once, and note when they were called."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def called(self) -> dict[int, float]:
        """When the agent of each call was called, by the call's number."""
        return instants(self._log.read_text()) if self._log.exists() else {}


@contextlib.asynccontextmanager
async def agents(folder: Path, address: tuple[str, int]) -> AsyncIterator[Agents]:
    """Run agents at an address."""
    stem = folder / f"agents-{next(_ports)}"
    scenario, log = stem.with_suffix(".xml"), stem.with_suffix(".log")
    scenario.write_text(AGENT)
    argv: list[str | Path] = ["sipp", "-sf", scenario, "-i", address[0], "-p", str(address[1])]
    argv += ["-mp", "40000", "-nostdin", "-trace_logs", "-log_file", log, "-timeout", "600"]
    async with _sipp(folder, argv):
        yield Agents(log)


@contextlib.asynccontextmanager
async def _sipp(folder: Path, argv: Sequence[str | Path]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *sandboxed(ASTERISK.path, argv, writable=[folder]),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()  # the sandbox takes SIPp with it
            await process.wait()
