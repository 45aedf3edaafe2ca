"""How webhooks are signed: HMAC-SHA-256 over ``id.timestamp.body``, by the Standard Webhooks specification."""

from base64 import b64decode, b64encode
from hashlib import sha256
from hmac import new as hmac
from secrets import token_bytes

PREFIX = "whsec_"
_KEY_OCTETS = 32


def new_secret() -> str:
    """Make a secret: ``whsec_`` and 256 random bits in base64."""
    return PREFIX + b64encode(token_bytes(_KEY_OCTETS)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature, ``v1,…``. ``timestamp``: whole seconds since 1970, when this try is sent."""
    key = b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac(key, signed, sha256).digest()).decode()


def headers(secrets: tuple[str, ...], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of one try: a signature by each secret, of which the receiver needs to know one."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(each, message_id, timestamp, body) for each in secrets),
    }
