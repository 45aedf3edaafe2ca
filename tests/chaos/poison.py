"""Messages at the door of the trunk that are none, or are meant to break who reads them."""

import asyncio
from random import Random

from simulator.sip_udp import address_towards

_HEAD = (
    "INVITE sip:15@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{n}\r\n"
    "From: <sip:x@127.0.0.1>;tag={n}\r\nTo: <sip:15@127.0.0.1>\r\nCall-ID: {n}@poison\r\nCSeq: 1 INVITE\r\n"
    "Contact: <sip:x@127.0.0.1:{port}>\r\nMax-Forwards: 70\r\n"
)
_SDP_TYPE = "Content-Type: application/sdp\r\n"

MESSAGES: tuple[bytes, ...] = (
    b"",
    b"\r\n\r\n",
    b"\x00" * 400,
    b"\xff\xfe\xfd" * 300,
    b"INVITE\r\n\r\n",
    b"INVITE sip: SIP/2.0\r\n\r\n",
    b"SIP/2.0 200\r\n\r\n",
    b"INVITE sip:15@127.0.0.1 SIP/7.0\r\nVia: \r\n\r\n",
    (_HEAD + "Content-Length: 99999\r\n\r\nv=0").encode(),
    (_HEAD + "Content-Length: -1\r\n\r\n").encode(),
    (_HEAD + "X-Long: " + "a" * 10_000 + "\r\nContent-Length: 0\r\n\r\n").encode(),
    (_HEAD + "X-Many: 1\r\n" * 900 + "Content-Length: 0\r\n\r\n").encode(),
    (_HEAD + "Subject: \x00\x01\x02\r\nContent-Length: 0\r\n\r\n").encode(),
    _HEAD.encode() + b"Subject: \xc3\x28\xa0\xa1\r\nContent-Length: 0\r\n\r\n",
    (_HEAD + "CSeq: 4294967296999 INVITE\r\nContent-Length: 0\r\n\r\n").encode(),
    (_HEAD + "Via: SIP/2.0/UDP [::::]:99999;rport;;;\r\nContent-Length: 0\r\n\r\n").encode(),
    (_HEAD + _SDP_TYPE + "Content-Length: 9\r\n\r\nm=audio\r\n").encode(),
    (_HEAD + _SDP_TYPE + "Content-Length: 40\r\n\r\nv=0\r\nm=audio 99999999 RTP/AVP 8\r\nc=IN IP9 x").encode(),
    (_HEAD + 'P-Asserted-Identity: "' + "\\" * 3000 + '" <sip:+33@x>\r\nContent-Length: 0\r\n\r\n').encode(),
    b"BYE sip:15@127.0.0.1 SIP/2.0\r\nCSeq: 0 INVITE\r\n\r\n",
    b"REGISTER sip:arm1@127.0.0.1 SIP/2.0\r\nContact: *\r\nExpires: -5\r\n\r\n",
)
"""In the manner of RFC 4475: broken framing, absurd lengths and numbers, control characters, odd SDP."""


async def throw(door: tuple[str, int], chance: Random) -> None:
    """Send each of them, in an order drawn."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=(address_towards(door[0]), 0)
    )
    port = transport.get_extra_info("sockname")[1]
    try:
        for number, message in enumerate(chance.sample(MESSAGES, len(MESSAGES))):
            told = message.replace(b"{port}", str(port).encode()).replace(b"{n}", str(number).encode())
            transport.sendto(told, door)
            await asyncio.sleep(0.02)
    finally:
        transport.close()
