"""``/api/history``: the logged-in agent's recent calls, and notes on them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from core.commands import NoteCall
from core.ids import CallId
from core.notes import NOTE_LENGTH, Note
from history.model import Remembered, number_of, position_of
from history.service import HistoryService
from web.auth import Gate, Identity


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoteShown(_Body):
    """A note, as the pages read it."""

    text: str
    name: str
    at: datetime


class CallShown(_Body):
    """One recent call. ``way``: ``in``, ``out`` or ``missed``; ``position`` for a call between colleagues."""

    id: str
    way: str
    kind: str
    at: datetime
    line: str
    hidden: bool
    number: str | None = None
    position: str | None = None
    answeredAt: datetime | None = None
    endedAt: datetime | None = None
    dossier: str | None = None
    notes: list[NoteShown] = []


class NewNote(_Body):
    """What the agent wrote."""

    text: str = Field(max_length=NOTE_LENGTH)


def history_routes(service: HistoryService, gate: Gate) -> APIRouter:
    """The routes of recent calls and notes."""
    router = APIRouter(prefix="/api/history", dependencies=[Depends(gate.checked)])
    logged_in = Depends(gate.logged_in)

    @router.get("/recent", response_model_exclude_none=True)
    async def recent(identity: Annotated[Identity, logged_in]) -> list[CallShown]:
        agent = identity.session.agent
        return [_shown(remembered) for remembered in service.history.recent(agent.agent_id)]

    @router.post("/calls/{call_id}/notes", status_code=204)
    async def note(call_id: str, body: NewNote, identity: Annotated[Identity, logged_in]) -> None:
        service.note(
            NoteCall(position_id=identity.session.position_id, call_id=CallId(call_id), text=body.text)
        )

    return router


def _shown(remembered: Remembered) -> CallShown:
    call = remembered.call
    return CallShown(
        id=call.call_id,
        way=remembered.way.value,
        kind=call.kind.value,
        at=remembered.at,
        line=call.line,
        hidden=call.caller is not None and call.caller.hidden,
        number=number_of(remembered),
        position=position_of(remembered),
        answeredAt=call.answered_at,
        endedAt=call.ended_at,
        dossier=call.dossier_id,
        notes=[_note_shown(note) for note in call.notes],
    )


def _note_shown(note: Note) -> NoteShown:
    return NoteShown(text=note.text, name=note.name, at=note.at)
