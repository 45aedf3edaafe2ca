"""The core as it ships, but for two things: its strips' SIP accounts are plain, and passwords cost little.

Without sound flowing there is nothing to encrypt nor to find a path for, and a leg that sends no sound would be
taken for dead. Used where figures are of signalling alone; those of sound use the real thing. Logins are
in no figure.
"""

from app import core_process
from app.settings import load_settings
from core.ids import PositionId
from telephony import strips
from tests.support.passwords import hash_cheaply

_WEBRTC = frozenset({"webrtc", "rtp_timeout", "rtp_timeout_hold"})
_shipped = strips.account_of


def plain_account_of(position_id: PositionId, secret: str, codecs: str) -> strips.Account:
    """Describe the account as it ships, less what a browser's sound needs."""
    return tuple(
        (kind, {name: value for name, value in fields.items() if name not in _WEBRTC})
        for kind, fields in _shipped(position_id, secret, codecs)
    )


def make_cheap() -> None:
    """Change both in this process."""
    strips.account_of = plain_account_of
    hash_cheaply()


if __name__ == "__main__":
    make_cheap()
    core_process.main(load_settings())
