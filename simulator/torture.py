"""SIP messages that no well-meaning phone sends, and some odd ones that are right: what an open door receives.

They cover the categories of RFC 4475 (torture test messages) and RFC 5118 (IPv6), in words of our own: the
parser, the transaction layer, the application layer, and beyond them size, encoding and session descriptions.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Blow:
    """One message to strike with."""

    name: str
    data: bytes


_SDP: Final = b"\r\n".join(
    b"v=0|o=- 1 1 IN IP4 {host}|s=-|c=IN IP4 {host}|t=0 0|m=audio 40000 RTP/AVP 8|a=rtpmap:8 PCMA/8000|".split(
        b"|"
    )
)


class Workshop:
    """Makes messages for one target, as seen from one source.

    Args:
        host: the target's address.
        source: ours, ``host:port``, where answers are sent.
        number: who is dialled.
    """

    def __init__(self, host: str, source: str, number: str = "15") -> None:
        self._host = host.encode()
        self._source = source.encode()
        self._number = number.encode()
        self._made = 0

    def blows(self) -> list[Blow]:
        """All of them, each of its own call."""
        return [
            *self._parser(),
            *self._values(),
            *self._transaction(),
            *self._application(),
            *self._sizes(),
            *self._sessions(),
        ]

    def mutated(self, seed: int, count: int) -> Iterator[Blow]:
        """Right messages with a few octets changed, cut, doubled or moved; the same for the same seed."""
        chance = random.Random(seed)
        for place in range(count):
            data = bytearray(self.invite() if chance.random() < 0.7 else self.request(b"OPTIONS"))
            for _ in range(chance.randint(1, 8)):
                _spoil(data, chance)
            yield Blow(f"mutated {seed}/{place}", bytes(data))

    # --- right ones -----------------------------------------------------------------------------------------

    def invite(self, body: bytes | None = None, **changes: bytes | None) -> bytes:
        """A call as a phone would make it, but for the changes."""
        sdp = _SDP.replace(b"{host}", self._source.split(b":")[0]) if body is None else body
        return self.request(b"INVITE", sdp, **{"Content_Type": b"application/sdp", **changes})

    def request(self, method: bytes, body: bytes = b"", **changes: bytes | None) -> bytes:
        """A request. A change named as a header (``_`` for ``-``) replaces it; ``None`` leaves it out.

        ``line`` replaces the first line, ``more`` is put after the headers.
        """
        self._made += 1
        mark = b"%d" % self._made
        headers: dict[str, bytes | None] = {
            "Via": b"SIP/2.0/UDP "
            + self._source
            + b";rport;branch=z9hG4bK-"
            + self._source.replace(b":", b"-")
            + mark,
            "Max_Forwards": b"70",
            "From": b"<sip:+33612345678@" + self._source + b">;tag=torture" + mark,
            "To": b"<sip:" + self._number + b"@" + self._host + b">",
            "Call_ID": b"torture-" + mark + b"@" + self._source,
            "CSeq": b"1 " + method,
            "Contact": b"<sip:torture@" + self._source + b">",
            "Content_Length": b"%d" % len(body),
        }
        line = changes.pop("line", None) or method + b" sip:" + self._number + b"@" + self._host + b" SIP/2.0"
        more = changes.pop("more", None) or b""
        headers.update(changes)
        lines = [
            name.replace("_", "-").encode() + b": " + value
            for name, value in headers.items()
            if value is not None
        ]
        return b"\r\n".join([line, *lines]) + b"\r\n" + more + b"\r\n" + body

    # --- categories -----------------------------------------------------------------------------------------

    def _parser(self) -> Iterator[Blow]:
        to = b"<sip:" + self._number + b"@" + self._host + b">"
        yield Blow("folded headers", self.request(b"OPTIONS", more=b"Subject:\r\n  first\r\n\tsecond\r\n"))
        yield Blow("spaces before colons", self.request(b"OPTIONS", more=b"Subject   :  odd\r\ns : odder\r\n"))
        yield Blow(
            "every octet a comment may hold",
            self.request(b"OPTIONS", more=b"Subject: " + bytes(range(32, 256)) + b"\r\n"),
        )
        yield Blow(
            "unknown method of odd letters", self.request(b"!interesting-Method0123456789_*+`.%indeed'~")
        )
        yield Blow(
            "escaped octets in the number",
            self.request(b"OPTIONS", line=b"OPTIONS sip:%31%35;%00=x@" + self._host + b" SIP/2.0"),
        )
        yield Blow(
            "escaped NUL in a name", self.request(b"OPTIONS", To=b"<sip:null-%00-null@" + self._host + b">")
        )
        yield Blow(
            "semicolons in the user part",
            self.request(b"OPTIONS", To=b"<sip:user;par=u%40example@" + self._host + b">"),
        )
        yield Blow("no spaces around brackets", self.request(b"OPTIONS", To=b"caller" + to))
        yield Blow(
            "quoted name with escapes", self.request(b"OPTIONS", From=b'"a \\"\\\\\\" b" <sip:a@b>;tag=q')
        )
        yield Blow("quote never closed", self.request(b"OPTIONS", To=b'"never closed <sip:15@x>'))
        yield Blow(
            "bracket never closed", self.request(b"OPTIONS", To=b"<sip:" + self._number + b"@" + self._host)
        )
        yield Blow(
            "spaces in the address",
            self.request(b"OPTIONS", line=b"OPTIONS sip:15 @ " + self._host + b" SIP/2.0"),
        )
        yield Blow(
            "spaces in the first line",
            self.request(b"OPTIONS", line=b"OPTIONS   sip:15@" + self._host + b"   SIP/2.0  "),
        )
        yield Blow(
            "brackets in the first line",
            self.request(b"OPTIONS", line=b"OPTIONS <sip:15@" + self._host + b"> SIP/2.0"),
        )
        yield Blow(
            "unknown scheme",
            self.request(b"OPTIONS", line=b"OPTIONS nobodyKnowsThisScheme:totallyopaque SIP/2.0"),
        )
        yield Blow("version 7", self.request(b"OPTIONS", line=b"OPTIONS sip:15@" + self._host + b" SIP/7.0"))
        yield Blow("only a first line", b"INVITE sip:15@" + self._host + b" SIP/2.0\r\n\r\n")
        yield Blow("empty", b"\r\n\r\n")
        yield Blow("nothing but zeros", bytes(400))
        yield Blow("bare line feeds", self.invite().replace(b"\r\n", b"\n"))
        yield Blow("no line end at all", b"INVITE sip:15")
        yield Blow("not SIP", b"GET / HTTP/1.1\r\nHost: " + self._host + b"\r\n\r\n")
        yield Blow(
            "multipart that never ends",
            self.invite(
                b"--x\r\nContent-Type: application/sdp\r\n\r\nv=0", Content_Type=b"multipart/mixed;boundary=x"
            ),
        )

    def _values(self) -> Iterator[Blow]:
        yield Blow("length beyond the message", self.invite(Content_Length=b"9999"))
        yield Blow("length less than none", self.invite(Content_Length=b"-999"))
        yield Blow("length that is no number", self.invite(Content_Length=b"many"))
        yield Blow("sequence above 2^31", self.request(b"OPTIONS", CSeq=b"36893488147419103232 OPTIONS"))
        yield Blow("sequence of another method", self.invite(CSeq=b"8 NOTIFY"))
        yield Blow("hops beyond 255", self.request(b"OPTIONS", Max_Forwards=b"300"))
        yield Blow("no hop left", self.invite(Max_Forwards=b"0"))
        yield Blow(
            "expiry beyond all measure", self.request(b"REGISTER", Expires=b"10000000000000000000000000")
        )
        yield Blow(
            "date of no calendar", self.request(b"OPTIONS", more=b"Date: Fri, 32 Jan 2010 25:61:61 EST\r\n")
        )
        yield Blow(
            "warning of no code", self.request(b"OPTIONS", more=b'Warning: 1812 overture "In Progress"\r\n')
        )
        yield Blow(
            "two of each that must be one",
            self.invite(more=b"CSeq: 5 BYE\r\nCall-ID: second\r\nTo: sip:other@x\r\nMax-Forwards: 1\r\n"),
        )
        yield Blow("port of five nines", self.request(b"OPTIONS", Contact=b"<sip:a@b:99999>"))
        yield Blow("contact of commas", self.request(b"REGISTER", Contact=b",,,, <sip:a@b>,, "))
        yield Blow("star and addresses", self.request(b"REGISTER", Contact=b"*, <sip:a@b>"))
        yield Blow("quality below zero", self.request(b"REGISTER", Contact=b"<sip:a@b>;q=-7.77;expires=-1"))

    def _transaction(self) -> Iterator[Blow]:
        yield Blow("no branch", self.invite(Via=b"SIP/2.0/UDP " + self._source))
        yield Blow(
            "branch of the cookie alone", self.invite(Via=b"SIP/2.0/UDP " + self._source + b";branch=z9hG4bK")
        )
        yield Blow("road unknown", self.invite(Via=b"SIP/2.0/PIGEON " + self._source + b";branch=z9hG4bKp"))
        yield Blow(
            "a hundred stations", self.invite(more=(b"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n") * 100)
        )
        yield Blow("no From, no To", self.invite(From=None, To=None))
        yield Blow("no Call-ID", self.invite(Call_ID=None))
        yield Blow("no CSeq", self.invite(CSeq=None))
        yield Blow("no Via", self.invite(Via=None))
        yield Blow(
            "answer to nothing asked", b"SIP/2.0 200 OK\r\n" + self.request(b"INVITE").split(b"\r\n", 1)[1]
        )
        yield Blow(
            "answer of no status",
            b"SIP/2.0 4294967301 better not\r\n" + self.request(b"INVITE").split(b"\r\n", 1)[1],
        )
        yield Blow("acknowledgement of nothing", self.request(b"ACK"))
        yield Blow("withdrawal of nothing", self.request(b"CANCEL"))
        yield Blow("end of nothing", self.request(b"BYE"))

    def _application(self) -> Iterator[Blow]:
        yield Blow(
            "extension nobody has",
            self.invite(more=b"Require: nothingSupportsThis\r\nProxy-Require: norThis\r\n"),
        )
        yield Blow("content nobody knows", self.invite(b"<a/>", Content_Type=b'application/unknown;x="y'))
        yield Blow(
            "credentials of no scheme",
            self.request(b"REGISTER", more=b"Authorization: NoOneKnowsThisScheme opaque-data=here\r\n"),
        )
        yield Blow(
            "credentials half said",
            self.request(b"REGISTER", more=b'Authorization: Digest username="arm1", realm="\r\n'),
        )
        yield Blow("who it replaces", self.invite(more=b"Replaces: any;to-tag=*;from-tag=*;early-only\r\n"))
        yield Blow(
            "passed on by a stranger",
            self.request(b"REFER", more=b"Refer-To: <sip:+33899000000@x>\r\nReferred-By: <sip:15@x>\r\n"),
        )
        yield Blow("route to elsewhere", self.invite(more=b"Route: <sip:192.0.2.9;lr>\r\n"))
        yield Blow(
            "number with dialplan words",
            self.request(b"INVITE", line=b"INVITE sip:15&PJSIP%2F${SHELL(id)}@" + self._host + b" SIP/2.0"),
        )
        yield Blow("caller with dialplan words", self.invite(From=b'"${SHELL(id)}" <sip:${GLOBAL(x)}@x>;tag=d'))
        yield Blow(
            "asserted by many",
            self.invite(more=b"P-Asserted-Identity: <sip:+33612345678@x>, <tel:+33612345678>, junk\r\n" * 10),
        )
        yield Blow(
            "test mark of no number",
            self.invite(more=b"X-Bandeau-Test: ../../etc\r\nX-Bandeau-Aid: " + b"%41" * 500 + b"\r\n"),
        )

    def _sizes(self) -> Iterator[Blow]:
        yield Blow("header of 10 kB", self.invite(more=b"Subject: " + b"x" * 10_000 + b"\r\n"))
        yield Blow(
            "caller of 8 kB", self.invite(From=b'"' + b"n" * 4000 + b'" <sip:' + b"9" * 4000 + b"@x>;tag=l")
        )
        yield Blow(
            "number of 2 kB", self.invite(line=b"INVITE sip:" + b"1" * 2000 + b"@" + self._host + b" SIP/2.0")
        )
        yield Blow("a thousand headers", self.invite(more=b"".join(b"X-%d: y\r\n" % n for n in range(1000))))
        yield Blow("NUL in a header", self.invite(more=b"Subject: a\0b\r\n"))
        yield Blow("NUL in the first line", self.invite(line=b"INVITE sip:1\x005@" + self._host + b" SIP/2.0"))
        yield Blow("broken UTF-8", self.invite(From=b'"\xc3\x28\xff\xfe\xed\xa0\x80" <sip:\xff@x>;tag=u'))
        yield Blow(
            "UTF-8 beyond Unicode", self.invite(From=b'"\xf4\x90\x80\x80\xf8\x88\x80\x80\x80" <sip:1@x>;tag=v')
        )
        yield Blow(
            "IPv6 in odd forms",
            self.request(b"OPTIONS", To=b"<sip:15@[::ffff:192.0.2.1]:5060>", Contact=b"<sip:a@[2001:db8:::1]>"),
        )

    def _sessions(self) -> Iterator[Blow]:
        good = _SDP.replace(b"{host}", self._source.split(b":")[0])
        yield Blow("session of nothing", self.invite(b""))
        yield Blow("session of noise", self.invite(bytes(range(256))))
        yield Blow("session with no medium", self.invite(good.split(b"m=")[0]))
        yield Blow("a hundred media", self.invite(good + b"m=audio 4000 RTP/AVP 8\r\n" * 100))
        yield Blow("port of six digits", self.invite(good.replace(b"40000", b"655360")))
        yield Blow("port of none", self.invite(good.replace(b"40000", b"-1")))
        yield Blow(
            "sound to everybody",
            self.invite(good.replace(b"IN IP4 " + self._source.split(b":")[0], b"IN IP4 255.255.255.255")),
        )
        yield Blow(
            "sound to a name",
            self.invite(good.replace(b"c=IN IP4 " + self._source.split(b":")[0], b"c=IN IP4 nobody.invalid")),
        )
        yield Blow("code of a thousand", self.invite(good.replace(b"RTP/AVP 8", b"RTP/AVP " + b"8 " * 1000)))
        yield Blow("rate of nothing", self.invite(good.replace(b"PCMA/8000", b"PCMA/0/0/0")))
        yield Blow(
            "profile unknown",
            self.invite(
                good.replace(b"RTP/AVP", b"UDP/TLS/RTP/SAVPF")
                + b"a=fingerprint:sha-256 zz\r\na=setup:maybe\r\n"
            ),
        )
        yield Blow(
            "key of no length",
            self.invite(
                good.replace(b"RTP/AVP", b"RTP/SAVP") + b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\r\n"
            ),
        )
        yield Blow("lines of 9 kB", self.invite(good + b"a=" + b"z" * 9000 + b"\r\n"))


def _spoil(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data)) if data else 0
    match chance.randrange(5):
        case 0 if data:
            data[at] = chance.randrange(256)
        case 1:
            del data[at : at + chance.randint(1, 30)]
        case 2:
            data[at:at] = data[at : at + chance.randint(1, 60)] * chance.randint(1, 20)
        case 3:
            data[at:at] = chance.choice(
                [b"\0", b"\r\n", b"\r\n\r\n", b";;", b"%00", b"\xff", b"<", b'"', b"@", b":" * 40]
            )
        case _:
            other = chance.randrange(len(data)) if data else 0
            piece = data[at : at + 20]
            del data[at : at + 20]
            data[other:other] = piece
