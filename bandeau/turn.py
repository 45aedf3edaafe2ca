"""How strips outside the centre reach Asterisk's sound: a TURN server, and credentials that soon end. Pure.

The credentials are those of the "TURN REST API" (draft-uberti-behave-turn-rest): the name says until when they
are good, the password proves it with a secret that the TURN server shares.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from core.ids import PositionId


@dataclass(frozen=True, slots=True)
class TurnCredentials:
    """What one strip proves itself to the TURN server with."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnAccess:
    """Where strips reach the TURN server. No ``urls``: there is none, strips reach Asterisk directly."""

    urls: Sequence[str] = ()
    secret: str = field(default="", repr=False)
    lasts: timedelta = timedelta(hours=2)
    policy: Literal["all", "relay"] = "all"
    """``relay``: strips try no other way."""

    def credentials(self, position_id: PositionId, now: datetime) -> TurnCredentials:
        """Credentials of one position, good from now on for as long as they last."""
        until = int((now + self.lasts).timestamp())
        username = f"{until}:{position_id}"
        # SHA-1 is what the mechanism asks for; as a keyed hash it is not weakened by known collisions.
        digest = hmac.new(self.secret.encode(), username.encode(), hashlib.sha1).digest()
        return TurnCredentials(username, base64.b64encode(digest).decode())
