"""SIP messages (RFC 3261) as bytes and as values: no socket, no clock. Sizes are capped.

One message is one packet or one WebSocket frame; on a stream, they follow each other (:func:`split_stream`).
"""

import re
import secrets
from dataclasses import dataclass, replace

MAX_OCTETS = 65_535
MAX_HEADERS = 128
USER_AGENT = "bandeau15-simulator"

_COMPACT = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
    "c": "content-type", "k": "supported", "e": "content-encoding", "s": "subject",
}  # fmt: skip
_TOKEN = re.compile(r"[A-Za-z0-9!%'*+\-.^_`|~]+")
_URI_IN_HEADER = re.compile(r"<([^<>]+)>")
_URI_USER = re.compile(r"sips?:([^@<>;]+)@")
_LENGTH = re.compile(rb"\r\n(?:Content-Length|l)[ \t]*:[ \t]*(\d{1,6})[ \t]*(?=\r\n|\Z)", re.IGNORECASE)
_TAG = re.compile(r";\s*tag=([^;,\s]+)", re.IGNORECASE)


class SipError(Exception):
    """A message is not SIP, is too large, or asks for what is not supported."""


@dataclass(frozen=True, slots=True)
class Message:
    """What requests and responses share. ``headers`` keep their order; names are compared without case."""

    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def get(self, name: str) -> str | None:
        """The first header of that name."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> list[str]:
        """Every header of that name, in order."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    def need(self, name: str) -> str:
        """The header of that name.

        Raises:
            SipError: it is absent.
        """
        value = self.get(name)
        if value is None:
            raise SipError(f"no {name} header")
        return value

    @property
    def call_id(self) -> str:
        """The Call-ID; raises SipError when absent."""
        return self.need("Call-ID")

    @property
    def cseq(self) -> tuple[int, str]:
        """The number and the method of the transaction; raises SipError when absent or malformed."""
        number, _, method = self.need("CSeq").partition(" ")
        if not number.isdigit() or len(number) > 10 or not method.strip():
            raise SipError("bad CSeq")
        return int(number), method.strip()

    @property
    def branch(self) -> str:
        """The transaction's mark: the branch of the topmost Via."""
        found = re.search(r";\s*branch=([^;,\s]+)", self.need("Via"))
        if found is None:
            raise SipError("no branch")
        return found[1]


@dataclass(frozen=True, slots=True)
class Request(Message):
    """A SIP request."""

    method: str = ""
    uri: str = ""


@dataclass(frozen=True, slots=True)
class Response(Message):
    """A SIP response."""

    status: int = 0
    reason: str = ""


def uri_user(text: str) -> str:
    """The user part of a URI, or of the one in a header; empty where it has none."""
    found = _URI_USER.search(text)
    return found[1] if found else ""


def parse(data: bytes) -> Request | Response:
    """Read one message.

    Raises:
        SipError: it is too large, not UTF-8, or not SIP/2.0.
    """
    if len(data) > MAX_OCTETS:
        raise SipError("message too large")
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        raise SipError("no end of headers")
    try:
        lines = head.decode("utf-8").split("\r\n")
    except UnicodeDecodeError as error:
        raise SipError("not UTF-8") from error
    headers = _parse_headers(lines[1:])
    return _parse_start(lines[0], headers, _cut_body(headers, body))


def split_stream(received: bytes) -> tuple[list[bytes], bytes]:
    """Cut what came over a stream into whole messages, and the beginning of the next.

    Raises:
        SipError: a message does not say its length, or is too large.
    """
    messages: list[bytes] = []
    while True:
        received = received.lstrip(b"\r\n")  # keep-alives between messages
        head, found, body = received.partition(b"\r\n\r\n")
        if not found:
            if len(received) > MAX_OCTETS:
                raise SipError("message too large")
            return messages, received
        length = _LENGTH.search(head)
        if length is None or len(head) + int(length[1]) > MAX_OCTETS:
            raise SipError("a message on a stream without its length")
        if len(body) < int(length[1]):
            return messages, received
        whole = len(head) + 4 + int(length[1])
        messages.append(received[:whole])
        received = received[whole:]


def encode(message: Request | Response) -> bytes:
    """Write one message, with its Content-Length."""
    if isinstance(message, Request):
        start = f"{message.method} {message.uri} SIP/2.0"
    else:
        start = f"SIP/2.0 {message.status} {message.reason}"
    headers = [(name, value) for name, value in message.headers if name.lower() != "content-length"]
    headers.append(("Content-Length", str(len(message.body))))
    if any("\r" in part or "\n" in part for header in [(start, ""), *headers] for part in header):
        raise SipError("line break in a header")
    lines = [start, *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode() + message.body


def answer(
    request: Request, status: int, reason: str, *, tag: str = "", contact: str = "", sdp: str = ""
) -> Response:
    """The response to a request. ``tag`` goes on To where the request has none yet."""
    to = request.need("To")
    if tag and tag_of(to) is None:
        to = f"{to};tag={tag}"
    headers = [("Via", via) for via in request.all("Via")]
    headers += [("Record-Route", route) for route in request.all("Record-Route")]
    headers += [("From", request.need("From")), ("To", to), ("Call-ID", request.call_id)]
    headers += [("CSeq", request.need("CSeq")), ("User-Agent", USER_AGENT)]
    if contact:
        headers.append(("Contact", contact))
    if sdp:
        headers.append(("Content-Type", "application/sdp"))
    return Response(tuple(headers), sdp.encode(), status, reason)


def tag_of(header: str) -> str | None:
    """The tag of a From or To header."""
    found = _TAG.search(header)
    return found[1] if found else None


def uri_of(header: str) -> str:
    """The address in a From, To or Contact header."""
    found = _URI_IN_HEADER.search(header)
    return found[1] if found else header.split(";")[0].strip()


def new_tag() -> str:
    """A fresh tag."""
    return secrets.token_hex(8)


def new_branch() -> str:
    """A fresh transaction mark."""
    return f"z9hG4bK{secrets.token_hex(12)}"


def with_headers(request: Request, *headers: tuple[str, str]) -> Request:
    """The same request with more headers."""
    return replace(request, headers=(*request.headers, *headers))


def without(request: Request, *names: str) -> Request:
    """The same request without the headers of those names."""
    dropped = {name.lower() for name in names}
    return replace(request, headers=tuple(h for h in request.headers if h[0].lower() not in dropped))


def renewed(request: Request) -> Request:
    """The same request with a fresh branch: a new transaction."""
    headers = list(request.headers)
    index = next(i for i, (name, _) in enumerate(headers) if name.lower() == "via")
    headers[index] = ("Via", re.sub(r"branch=[^;,\s]+", f"branch={new_branch()}", headers[index][1]))
    return replace(request, headers=tuple(headers))


def _parse_headers(lines: list[str]) -> tuple[tuple[str, str], ...]:
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and headers:
            headers[-1] = (headers[-1][0], f"{headers[-1][1]} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        name = name.strip()
        if not colon or not _TOKEN.fullmatch(name):
            raise SipError("bad header line")
        headers.append((_COMPACT.get(name.lower(), name), value.strip()))
        if len(headers) > MAX_HEADERS:
            raise SipError("too many headers")
    return tuple(headers)


def _cut_body(headers: tuple[tuple[str, str], ...], body: bytes) -> bytes:
    length = next((value for name, value in headers if name.lower() == "content-length"), None)
    if length is None:
        return body
    if not length.isdigit() or len(length) > 6 or int(length) > len(body):
        raise SipError("bad Content-Length")
    return body[: int(length)]


def _parse_start(line: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Request | Response:
    first, _, rest = line.partition(" ")
    middle, _, last = rest.partition(" ")
    if first == "SIP/2.0":
        if not re.fullmatch(r"[1-6][0-9][0-9]", middle):
            raise SipError("bad status")
        return Response(headers, body, int(middle), last)
    if last != "SIP/2.0" or not _TOKEN.fullmatch(first) or not middle:
        raise SipError("not SIP/2.0")
    return Request(headers, body, first, middle)
