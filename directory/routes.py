"""``/api/directory``: the whole directory for the pages, favourites, and changes by supervisors."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from core.directory import DirectoryEntry, DirectoryNumber, DirectoryRefused, EntryKind
from core.ids import EntryId
from core.words import Role
from directory import sheet
from directory.service import DirectoryService
from web.auth import Gate, Identity, WebError
from web.texts import message

SHEET_LENGTH = 10_000_000
"""Characters of the longest sheet taken over HTTP."""
SHEET_PATH = "/api/directory/import"
SHEET_OCTETS = 2 * SHEET_LENGTH
"""Octets of the longest request to import one: a few letters take two, and line ends are written as two."""

_STATUS = {"entry_gone": 404, "entry_invalid": 422, "directory_file_invalid": 422, "directory_full": 409}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NumberSent(_Body):
    """One number of an entry."""

    number: str = Field(max_length=40)
    label: str = Field(default="", max_length=80)


class EntrySent(_Body):
    """An entry as a supervisor writes it."""

    name: str = Field(max_length=500)
    kind: EntryKind
    numbers: list[NumberSent] = Field(max_length=20)
    priority: int = 0
    favourite: bool = False
    tags: list[str] = Field(default=[], max_length=50)
    notes: str = Field(default="", max_length=2000)


class SheetSent(_Body):
    """A whole sheet; ``replace``: entries that are not in it are removed."""

    csv: str = Field(max_length=SHEET_LENGTH)
    replace: bool = False


class Imported(_Body):
    """How many entries came, changed and went."""

    added: int
    changed: int
    removed: int


class FavouritesShown(_Body):
    """The agent's own favourites."""

    favourites: list[str]


def directory_routes(service: DirectoryService, gate: Gate) -> APIRouter:
    """The routes of the directory."""
    router = APIRouter(prefix="/api/directory", dependencies=[Depends(gate.checked)])
    logged_in = Depends(gate.logged_in)

    async def supervisor(identity: Annotated[Identity, logged_in]) -> str:
        if identity.session.agent.role is not Role.SUPERVISOR:
            raise WebError(403, "supervisors_only")
        return identity.session.agent.agent_id

    changing = Depends(supervisor)

    @router.get("", dependencies=[logged_in])
    async def whole(request: Request) -> Response:
        shown = await service.shown()
        headers = {"ETag": shown.etag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == shown.etag:
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(shown.plain, media_type="application/json", headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(shown.packed, media_type="application/json", headers=headers)

    @router.get("/favourites")
    async def favourites(identity: Annotated[Identity, logged_in]) -> FavouritesShown:
        return FavouritesShown(favourites=list(await service.favourites(identity.session.agent.agent_id)))

    @router.put("/favourites/{entry_id}", status_code=204)
    async def add_favourite(entry_id: str, identity: Annotated[Identity, logged_in]) -> Response:
        return await _favourite(entry_id, identity, on=True)

    @router.delete("/favourites/{entry_id}", status_code=204)
    async def remove_favourite(entry_id: str, identity: Annotated[Identity, logged_in]) -> Response:
        return await _favourite(entry_id, identity, on=False)

    async def _favourite(entry_id: str, identity: Identity, *, on: bool) -> Response:
        try:
            await service.set_favourite(identity.session.agent.agent_id, EntryId(entry_id), on=on)
        except DirectoryRefused as error:
            return _refused(error)
        return Response(status_code=204)

    @router.post("/entries", status_code=201)
    async def add(body: EntrySent, by: Annotated[str, changing]) -> Response:
        return await _put(body, EntryId(""), by, new=True)

    @router.put("/entries/{entry_id}")
    async def change(entry_id: str, body: EntrySent, by: Annotated[str, changing]) -> Response:
        return await _put(body, EntryId(entry_id), by, new=False)

    async def _put(body: EntrySent, entry_id: EntryId, by: str, *, new: bool) -> Response:
        try:
            kept = await service.put(_entry(body, entry_id), by, new=new)
        except DirectoryRefused as error:
            return _refused(error)
        return JSONResponse({"id": kept.entry_id}, 201 if new else 200)

    @router.delete("/entries/{entry_id}", status_code=204)
    async def remove(entry_id: str, by: Annotated[str, changing]) -> None:
        await service.remove(EntryId(entry_id), by)

    @router.post("/import")
    async def take_over(body: SheetSent, by: Annotated[str, changing]) -> Response:
        try:
            done = await service.import_sheet(body.csv, by, replace_all=body.replace)
        except DirectoryRefused as error:
            return _refused(error)
        counts = Imported(added=done.added, changed=done.changed, removed=len(done.removed))
        return JSONResponse(counts.model_dump())

    @router.get("/export.csv", dependencies=[changing])
    async def export() -> Response:
        text = sheet.written((await service.shown()).directory.entries)
        headers = {"Content-Disposition": 'attachment; filename="annuaire.csv"'}
        return Response(text.encode("utf-8-sig"), media_type="text/csv", headers=headers)

    return router


def _refused(error: DirectoryRefused) -> Response:
    """Say what is wrong, line by line where there are several things."""
    details = str(error).splitlines() if str(error) != error.code else []
    return JSONResponse(
        {"code": error.code, "message": message(error.code), "details": details}, _STATUS[error.code]
    )


def _entry(body: EntrySent, entry_id: EntryId) -> DirectoryEntry:
    return DirectoryEntry(
        entry_id=entry_id,
        name=body.name,
        kind=body.kind,
        numbers=tuple(DirectoryNumber(each.number, each.label) for each in body.numbers),
        priority=body.priority,
        favourite=body.favourite,
        tags=tuple(body.tags),
        notes=body.notes,
    )
