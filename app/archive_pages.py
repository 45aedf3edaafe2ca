"""The archive's API for its page, put together: search, listening, extracts, visas, grants."""

from fastapi import APIRouter

from app.archive import Archive
from app.settings import Settings
from core.ids import CallId
from core.recordings import Recording
from recorder.custody.places import prefix
from recorder.listening.custody_routes import custody_routes
from recorder.listening.exports import Centre, Exports
from recorder.listening.packages import Packages
from recorder.listening.routes import CorePorts, listening_routes
from recorder.listening.service import ListeningService
from recorder.listening.story import story_of
from recorder.listening.views import StoryLine
from recorder.sealing.reader import SealedReader
from storage.accounts import StoredAccounts
from storage.reader import reader_beside


def archive_routers(archive: Archive, settings: Settings) -> tuple[list[APIRouter], Exports]:
    """The routes, and who makes extracts: to be closed at the end."""
    parts, clock = archive.parts, archive.parts.clock

    def opened(recording: Recording) -> SealedReader:
        return SealedReader.open(parts.sealed, parts.keys, prefix(recording))

    reader = reader_beside(parts.database, settings.storage.spool_dir)

    async def story(call_id: CallId) -> list[StoryLine]:
        return story_of(await reader.of_call(call_id), await parts.store.names())

    exports = Exports(
        parts.custody,
        opened,
        Packages(settings.storage.data_dir / "extracts"),
        clock,
        Centre(settings.centre.id, settings.centre.name),
        parts.store.names,
    )
    listening = listening_routes(
        ListeningService(parts.custody, opened, clock),
        archive.gate,
        story=story,
        people=StoredAccounts(parts.database).list,
        core=CorePorts(settings.web.http_port, settings.web.https_port),
    )
    return [listening, custody_routes(parts.custody, archive.retention, exports, archive.gate)], exports
