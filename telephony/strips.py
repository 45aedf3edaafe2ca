"""SIP accounts of strips: what Asterisk is told of each, and keeps in its own database. Pure."""

from typing import Final

from core.ids import PositionId

RTP_TIMEOUT: Final = 6
"""Seconds without any audio packet after which a leg is taken for dead: its browser vanished."""

Account = tuple[tuple[str, dict[str, str]], ...]
"""(type of PJSIP object, its fields), in the order to create them."""

OBJECTS: Final = ("endpoint", "aor", "auth")
"""The objects of an account, in the order to delete them."""


def account_of(position_id: PositionId, secret: str, codecs: str) -> Account:
    """Describe the account of a position: it may register over WebSocket, call ``leg`` and ``echo``, be rung.

    Args:
        position_id: also the account's name.
        secret: its password.
        codecs: in order of preference, such as ``alaw,opus``.
    """
    auth = {"auth_type": "digest", "username": position_id, "password": secret}
    aor = {
        # The newest page of the position replaces an older one.
        "max_contacts": "1",
        "remove_existing": "yes",
        "minimum_expiration": "30",
        "default_expiration": "60",
        "maximum_expiration": "120",
    }
    endpoint = {
        "identify_by": "username",
        "auth": position_id,
        "aors": position_id,
        "context": "positions",
        "language": "fr",
        "callerid": f"<{position_id}>",
        "disallow": "all",
        "allow": codecs,
        # DTLS-SRTP, ICE, RTP and RTCP on one port: all that a browser insists on.
        "webrtc": "yes",
        "max_video_streams": "0",
        "direct_media": "no",
        # Who rings in its bridge is not to be heard there by itself: the core plays the ringing that it wants.
        "tone_zone": "silence",
        "rtp_timeout": str(RTP_TIMEOUT),
        "rtp_timeout_hold": str(RTP_TIMEOUT),
        # Transfers are commands to the core, never SIP: a strip cannot send a call anywhere.
        "allow_transfer": "no",
        "allow_subscribe": "no",
        "trust_id_inbound": "no",
        "send_connected_line": "no",
        "device_state_busy_at": "0",
    }
    return (("auth", auth), ("aor", aor), ("endpoint", endpoint))
