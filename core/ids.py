"""Identifiers. Each is opaque text; a NewType keeps one from being passed for another."""

import os
from itertools import count
from secrets import token_hex
from typing import Final, NewType

CentreId = NewType("CentreId", str)
"""A SAMU – Centre 15, in its wire form ``^FR[0-9][0-9AB]{2}$`` (``FR751``)."""

CallId = NewType("CallId", str)
"""``idAppel`` of the LRM contract, at most 64 characters. Made by Asterisk when the call arrives, so that it
exists even with no core, and never changed by transfer, overflow or restart."""

ChannelId = NewType("ChannelId", str)
"""One leg inside Asterisk."""

BridgeId = NewType("BridgeId", str)
"""One mixing bridge inside Asterisk. Ours are named, never reused for another purpose."""

PlaybackId = NewType("PlaybackId", str)
"""One announcement being played on a channel."""

AgentId = NewType("AgentId", str)
"""``idNatPs``: the national id of a professional, at most 32 characters; may hold a ``/``."""

PositionId = NewType("PositionId", str)
"""A poste: where an agent takes calls. Also the name of its SIP endpoint: ``^[a-z0-9][a-z0-9-]{0,39}$``."""

QueueId = NewType("QueueId", str)
"""A salle d'attente (waiting room), such as ``15``."""

RecordingId = NewType("RecordingId", str)
"""One recording: the id of the channel it was made of. A call has one for each who is outside."""

PartyId = NewType("PartyId", str)
"""Somebody in a call: ``caller``, an agent by their position, or an invited number by an id of its own."""

OfferId = NewType("OfferId", str)
"""One offer of one call to one position."""

ItemId = NewType("ItemId", str)
"""One item of the abandoned-call desk: the id of the first call it is about."""

DossierId = NewType("DossierId", str)
"""``idDossier``: a dossier (regulation file) of the LRM, 1 to 25 characters."""

EntryId = NewType("EntryId", str)
"""One entry of the telephone directory."""

EventId = NewType("EventId", str)


_MADE: Final = count()
_program = token_hex(10)


def _begin() -> None:
    """Be another program: one that was forked goes on counting where its parent was."""
    global _program
    _program = token_hex(10)


os.register_at_fork(after_in_child=_begin)


def new_id() -> str:
    """Make an identifier of 32 hexadecimal characters that no other program, before or after, ever makes.

    80 random bits of this program's, then a counter: no secret, but a twentieth of the cost of random bits for
    each.
    """
    return f"{_program}{next(_MADE):012x}"
