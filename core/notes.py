"""What agents write on a call, or on an item of the abandoned-call desk."""

from dataclasses import dataclass
from datetime import datetime

from core.errors import CommandRefused
from core.ids import AgentId

NOTE_LENGTH = 2000
"""Characters of the longest note."""

NOTES_AT_MOST = 50
"""On one call or item: what a screen is told of it stays small."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What somebody wrote, and when. ``name`` is theirs, as shown to colleagues."""

    text: str
    agent_id: AgentId
    name: str
    at: datetime


def note_text(text: str, already: int, longest: int = NOTE_LENGTH) -> str:
    """The text of a new note, cleaned of what cannot be shown; ``already``: how many notes there are.

    Raises:
        CommandRefused: ``note_empty``, ``note_too_long`` or ``too_many_notes``.
    """
    cleaned = "".join(c for c in text if c.isprintable() or c == "\n").strip()
    if not cleaned:
        raise CommandRefused("note_empty")
    if len(cleaned) > longest:
        raise CommandRefused("note_too_long")
    if already >= NOTES_AT_MOST:
        raise CommandRefused("too_many_notes")
    return cleaned
