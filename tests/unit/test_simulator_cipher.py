"""SRTP of the robot callers: only the two who exchanged keys open each other's packets."""

import struct

import pytest

from simulator.cipher import Cipher

pytestmark = pytest.mark.unit

PACKET = struct.pack("!BBHII", 0x80, 8, 1, 160, 42) + b"voice" * 32


def test_two_who_exchanged_keys_understand_each_other_and_nobody_else() -> None:
    one, two, stranger = Cipher(), Cipher(), Cipher()
    one.agree(two.offer)
    two.agree(one.offer)
    stranger.agree(stranger.offer)
    sealed = one.sealed(PACKET)
    assert b"voice" not in sealed
    assert two.opened(sealed) == PACKET
    assert (stranger.opened(sealed), stranger.rejected) == (b"", 1)
    assert (two.opened(PACKET), two.rejected) == (b"", 1)


@pytest.mark.parametrize("answer", ["", "a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:AAAA\r\n"])
def test_an_answer_without_the_offered_suite_is_refused(answer: str) -> None:
    cipher = Cipher()
    with pytest.raises(ValueError, match="key"):
        cipher.agree(answer)
    assert cipher.opened(PACKET) == b""
