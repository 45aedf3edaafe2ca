"""SRTP with keys said in the SDP (SDES, RFC 4568): what one side of a call seals and opens packets with."""

import base64
import re
import secrets

from pylibsrtp import Error, Policy, Session

SUITE = "AES_CM_128_HMAC_SHA1_80"
"""The one suite that every SDES equipment knows."""
_KEY_OCTETS = 30
"""A master key of 128 bits and its salt of 112."""
_CRYPTO = re.compile(rf"^a=crypto:1 {SUITE} inline:([A-Za-z0-9+/]{{40}})(?:[|\s]|$)", re.MULTILINE)


class Cipher:
    """Both directions of one call. Put :attr:`offer` in the SDP offer, then :meth:`agree` on the answer."""

    def __init__(self) -> None:
        key = secrets.token_bytes(_KEY_OCTETS)
        self.offer = f"a=crypto:1 {SUITE} inline:{base64.b64encode(key).decode()}\r\n"
        self._sealing = Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_OUTBOUND))
        self._opening: Session | None = None
        self.rejected = 0
        """Packets that were not what the peer's key makes."""

    def agree(self, answer: str) -> None:
        """Take the peer's key from its SDP.

        Raises:
            ValueError: it has none that was offered.
        """
        found = _CRYPTO.search(answer)
        if found is None:
            raise ValueError("the answer has no key")
        key = base64.b64decode(found[1])
        self._opening = Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_INBOUND))

    def sealed(self, packet: bytes) -> bytes:
        """Encrypt and sign an RTP packet."""
        return self._sealing.protect(packet)

    def opened(self, packet: bytes) -> bytes:
        """Verify and decrypt a packet; empty: it is not from the peer."""
        if self._opening is None:
            return b""
        try:
            return self._opening.unprotect(packet)
        except Error:
            self.rejected += 1
            return b""
