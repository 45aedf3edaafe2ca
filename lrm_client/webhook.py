"""Whether what came to a webhook is the centre's: the Standard Webhooks specification."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac

import msgspec

from lrm_client.errors import WebhookForged
from lrm_client.shown import Event, read

TOLERANCE_S = 300
"""How far the sender's clock may be from ours: what is older was sent before, and is sent again by somebody."""


def verified(
    headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: datetime | None = None
) -> Event:
    """Read what came, if it is the centre's.

    Answer with a 2xx at once and work afterwards; keep ``event.id`` for a day and pass over what comes twice.

    Args:
        headers: of the request; their names in lower case, or a mapping that does not mind.
        body: of the request, as it came.
        secrets: ``whsec_…``; two while one replaces the other.
        now: the instant; by default it is looked up.

    Raises:
        WebhookForged: it is not.
    """
    message_id, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (sent.isascii() and sent.isdecimal() and len(sent) <= 12):
        raise WebhookForged("no timestamp")
    instant = (now or datetime.now(UTC)).timestamp()
    if abs(instant - int(sent)) > TOLERANCE_S:
        raise WebhookForged("sent too long ago")
    signed = f"{message_id}.{sent}.".encode() + body
    given = headers.get("webhook-signature", "").split(" ")[:10]
    if not any(_is_one_of(_signature(secret, signed), given) for secret in secrets):
        raise WebhookForged("signed by somebody else")
    try:
        event: Event = read(Event, body)
    except msgspec.DecodeError as error:
        raise WebhookForged("no event") from error
    if event.id != message_id:
        raise WebhookForged("another event's id")
    return event


def _signature(secret: str, signed: bytes) -> bytes:
    try:
        key = b64decode(secret.removeprefix("whsec_"), validate=True)
    except NotBase64 as error:
        raise ValueError("a secret is whsec_ and base64") from error
    return b"v1," + b64encode(hmac(key, signed, sha256).digest())


def _is_one_of(expected: bytes, given: list[str]) -> bool:
    found = False
    for each in given:
        found |= compare_digest(expected, each.encode("utf-8", "replace"))
    return found
