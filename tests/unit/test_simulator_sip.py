"""SIP as bytes and values: messages on the wire, digest answers, dialogs."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.sip_dialog import Dialog, cancel_of, dialog_of, refusal_ack
from simulator.sip_digest import authorise
from simulator.sip_message import (
    MAX_OCTETS,
    Request,
    Response,
    SipError,
    answer,
    encode,
    parse,
    split_stream,
    tag_of,
    uri_of,
)

pytestmark = pytest.mark.unit

OK_200 = (
    b"SIP/2.0 200 OK\r\n"
    b"Via: SIP/2.0/UDP 10.15.0.1:6060;rport=6060;received=10.15.0.1;branch=z9hG4bK6b86\r\n"
    b"Call-ID: d4735e3a\r\n"
    b"From: <sip:0612345678@10.15.0.1>;tag=bb6a131b\r\n"
    b"To: <sip:15@10.15.0.1>;tag=565d9984-8b6e\r\n"
    b"CSeq: 1 INVITE\r\n"
    b"Contact: <sip:10.15.0.1:5060>\r\n"
    b"Record-Route: <sip:edge1;lr>\r\n"
    b"Record-Route: <sip:edge2;lr>\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Content-Length:   5\r\n\r\nv=0\r\n"
)


def a_dialog() -> Dialog:
    return Dialog(
        via="SIP/2.0/UDP 10.15.0.2:6060",
        contact="<sip:caller@10.15.0.2:6060>",
        local="<sip:+33612345678@10.15.0.1>;tag=mine",
        remote="<sip:15@10.15.0.1>",
        target="sip:15@10.15.0.1",
        call_id="call-1",
        sequence=0,
    )


def response_of(data: bytes) -> Response:
    message = parse(data)
    assert isinstance(message, Response)
    return message


def test_a_real_answer_of_asterisk_is_read() -> None:
    response = response_of(OK_200)
    assert (response.status, response.reason) == (200, "OK")
    assert response.cseq == (1, "INVITE")
    assert response.branch == "z9hG4bK6b86"
    assert response.body == b"v=0\r\n"
    assert tag_of(response.need("to")) == "565d9984-8b6e"
    assert uri_of(response.need("contact")) == "sip:10.15.0.1:5060"


def test_compact_and_folded_headers_are_read() -> None:
    message = parse(
        b"OPTIONS sip:a SIP/2.0\r\nv: SIP/2.0/UDP x;branch=z9\r\nf: <sip:a>\r\n ;tag=1\r\ni: 7\r\n\r\n"
    )
    assert isinstance(message, Request)
    assert message.branch == "z9"
    assert message.get("From") == "<sip:a> ;tag=1"
    assert message.call_id == "7"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x01\x02",
        b"GET / HTTP/1.1\r\n\r\n",
        b"SIP/2.0 abc OK\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\nno colon\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\nContent-Length: 10\r\n\r\nshort",
        b"INVITE sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\nX: \xff\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"INVITE sip:a SIP/2.0\r\nX: " + b"y" * MAX_OCTETS + b"\r\n\r\n",
    ],
)
def test_what_is_not_sip_is_refused(data: bytes) -> None:
    with pytest.raises(SipError):
        parse(data)


@given(st.binary(max_size=400))
def test_any_octets_are_read_or_refused_by_name(data: bytes) -> None:
    try:
        message = parse(data)
        encode(message)
    except SipError:
        pass


def test_a_message_survives_the_wire() -> None:
    request = a_dialog().request("INVITE", ("X-Test", "1"), sdp="v=0\r\n")
    assert parse(encode(request)) == Request(
        (*request.headers, ("Content-Length", "5")), b"v=0\r\n", "INVITE", request.uri
    )


def test_a_header_cannot_smuggle_a_line() -> None:
    with pytest.raises(SipError):
        encode(a_dialog().request("INVITE", ("X-Test", "1\r\nVia: evil")))


def test_the_ack_and_the_bye_carry_the_peers_tag_contact_and_reversed_route() -> None:
    dialog = a_dialog()
    invite = dialog.request("INVITE", sdp="v=0\r\n")
    dialog.learn(response_of(OK_200))
    ack, bye = dialog.ack(1), dialog.request("BYE")
    assert ack.cseq == (1, "ACK")
    assert bye.cseq == (2, "BYE")
    for request in (ack, bye):
        assert tag_of(request.need("To")) == "565d9984-8b6e"
        assert request.uri == "sip:10.15.0.1:5060"
        assert request.all("Route") == ["<sip:edge2;lr>", "<sip:edge1;lr>"]
        assert request.branch != invite.branch


def test_a_refusal_is_acked_and_a_call_cancelled_in_the_same_transaction() -> None:
    invite = a_dialog().request("INVITE")
    busy = answer(invite, 486, "Busy Here", tag="theirs")
    ack, cancel = refusal_ack(invite, busy), cancel_of(invite)
    assert {ack.branch, cancel.branch} == {invite.branch}
    assert tag_of(ack.need("To")) == "theirs"
    assert ack.cseq == (1, "ACK")
    assert cancel.cseq == (1, "CANCEL")


def test_the_dialog_of_a_received_invite_speaks_back() -> None:
    invite = a_dialog().request("INVITE")
    dialog = dialog_of(invite, "SIP/2.0/WS x.invalid", "<sip:robot@x.invalid;transport=ws>", "ours")
    bye = dialog.request("BYE")
    assert bye.uri == "sip:caller@10.15.0.2:6060"
    assert tag_of(bye.need("From")) == "ours"
    assert tag_of(bye.need("To")) == "mine"


def challenged(*challenges: str) -> Response:
    return Response(tuple(("WWW-Authenticate", text) for text in challenges), b"", 401, "Unauthorized")


def parameters(request: Request) -> dict[str, str]:
    found = re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', request.need("Authorization"))
    return {name: quoted or bare for name, quoted, bare in found}


@pytest.mark.parametrize(("algorithm", "name"), [("MD5", "md5"), ("SHA-256", "sha256")])
def test_a_challenge_is_answered_as_the_rfc_computes_it(algorithm: str, name: str) -> None:
    request = a_dialog().request("REGISTER")
    again = authorise(
        request, challenged(f'Digest realm="c",nonce="n",qop="auth",algorithm={algorithm}'), "u", "p"
    )
    got = parameters(again)

    def digest(text: str) -> str:
        return hashlib.new(name, text.encode()).hexdigest()

    secret, action = digest("u:c:p"), digest(f"REGISTER:{request.uri}")
    assert got["response"] == digest(f"{secret}:n:00000001:{got['cnonce']}:auth:{action}")
    assert again.cseq == (2, "REGISTER")
    assert again.branch != request.branch


def test_sha256_is_preferred_and_an_unknown_algorithm_refused() -> None:
    request = a_dialog().request("REGISTER")
    both = challenged(
        'Digest realm="c",nonce="1",algorithm=MD5', 'Digest realm="c",nonce="2",algorithm=SHA-256'
    )
    assert parameters(authorise(request, both, "u", "p"))["algorithm"] == "SHA-256"
    with pytest.raises(SipError):
        authorise(request, challenged('Digest realm="c",nonce="1",algorithm=SHA-512'), "u", "p")


def test_rfc_2069_style_challenges_are_answered_without_qop() -> None:
    again = authorise(a_dialog().request("REGISTER"), challenged('Digest realm="c", nonce="n"'), "u", "p")
    secret = hashlib.md5(b"u:c:p").hexdigest()
    action = hashlib.md5(b"REGISTER:sip:15@10.15.0.1").hexdigest()
    assert parameters(again)["response"] == hashlib.md5(f"{secret}:n:{action}".encode()).hexdigest()


MESSAGES = [
    encode(Request((("Via", "SIP/2.0/TCP a"), ("Call-ID", str(number))), body, "INFO", "sip:15@centre"))
    for number, body in enumerate((b"", b"v=0\r\n\r\n", b"\r\n"))
]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=200))
def test_messages_are_found_in_a_stream_however_it_is_cut(pieces: list[int]) -> None:
    stream, found, left = b"\r\n\r\n".join(MESSAGES), [], b""
    for size in [*pieces, len(stream)]:
        messages, left = split_stream(left + stream[:size])
        found += messages
        stream = stream[size:]
    assert (found, left) == (MESSAGES, b"")


@pytest.mark.parametrize(
    "received",
    [
        b"INFO sip:15@centre SIP/2.0\r\nCall-ID: 1\r\n\r\n",
        b"INFO sip:15@centre SIP/2.0\r\nContent-Length: 999999\r\n\r\n",
        b"INFO sip:15@centre SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        b"a" * (MAX_OCTETS + 1),
    ],
)
def test_a_stream_without_lengths_is_refused(received: bytes) -> None:
    with pytest.raises(SipError):
        split_stream(received)
