"""The dialog of a call or registration: what its next request is made of. No socket, no clock."""

from dataclasses import dataclass, field

from simulator.sip_message import USER_AGENT, Request, Response, new_branch, uri_of


@dataclass(slots=True)
class Dialog:
    """One dialog as its own user agent sees it: who, with whom, and the next CSeq."""

    via: str
    """Transport and address of the Via header: ``SIP/2.0/UDP 10.15.0.1:6060``."""
    contact: str
    local: str
    """Our From (or To) header, with its tag."""
    remote: str
    """The peer's, with its tag once known."""
    target: str
    """Where requests go: the peer's contact once known."""
    call_id: str
    sequence: int = 1
    routes: list[str] = field(default_factory=list)

    def request(self, method: str, *headers: tuple[str, str], sdp: str = "") -> Request:
        """The next request of the dialog."""
        self.sequence += 1
        return self._build(method, self.sequence, headers, sdp)

    def ack(self, sequence: int) -> Request:
        """The ACK of a 2xx answer to the INVITE of that CSeq."""
        return self._build("ACK", sequence, (), "")

    def learn(self, response: Response) -> None:
        """Take the peer's tag, contact and route set from its answer."""
        self.remote = response.need("To")
        contact = response.get("Contact")
        if contact:
            self.target = uri_of(contact)
        self.routes = list(reversed(response.all("Record-Route")))

    def _build(self, method: str, number: int, headers: tuple[tuple[str, str], ...], sdp: str) -> Request:
        base = [("Via", f"{self.via};branch={new_branch()};rport"), ("Max-Forwards", "70")]
        base += [("Route", route) for route in self.routes]
        base += [("From", self.local), ("To", self.remote), ("Call-ID", self.call_id)]
        base += [
            ("CSeq", f"{number} {method}"),
            ("Contact", self.contact),
            ("User-Agent", USER_AGENT),
            *headers,
        ]
        if sdp:
            base.append(("Content-Type", "application/sdp"))
        return Request(tuple(base), sdp.encode(), method, self.target)


def dialog_of(invite: Request, via: str, contact: str, tag: str) -> Dialog:
    """The dialog begun by a received INVITE that was answered with ``tag``."""
    return Dialog(
        via=via,
        contact=contact,
        local=f"{invite.need('To')};tag={tag}",
        remote=invite.need("From"),
        target=uri_of(invite.need("Contact")),
        call_id=invite.call_id,
        routes=invite.all("Record-Route"),
    )


def cancel_of(invite: Request) -> Request:
    """The CANCEL of an INVITE: the same transaction mark."""
    kept = {"via", "max-forwards", "from", "to", "call-id", "route"}
    headers = [header for header in invite.headers if header[0].lower() in kept]
    return Request((*headers, ("CSeq", f"{invite.cseq[0]} CANCEL")), b"", "CANCEL", invite.uri)


def refusal_ack(invite: Request, response: Response) -> Request:
    """The ACK of a non-2xx answer: within the INVITE's transaction."""
    kept = {"via", "max-forwards", "from", "call-id", "route"}
    headers = [header for header in invite.headers if header[0].lower() in kept]
    headers += [("To", response.need("To")), ("CSeq", f"{invite.cseq[0]} ACK")]
    return Request(tuple(headers), b"", "ACK", invite.uri)
