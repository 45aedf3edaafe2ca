"""Listening: what one recording is made of, who hears it, and by which ticket."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_urlsafe

from core.accounts import Account
from core.custody import Hold, Listening, Marker
from core.ids import AgentId, RecordingId
from core.ports import Clock
from core.recordings import Recording, RecordingState
from recorder.custody.policy import Act, Verdict
from recorder.custody.service import Custody
from recorder.listening.exports import Open, SealedRecording
from recorder.listening.sound import in_thread
from recorder.listening.tickets import Tickets
from recorder.sealing.layout import INDEX
from recorder.sequences import RecordingIndex, read_index

TICKET_LASTS = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """All that is known of a recording, and what somebody may do with it."""

    recording: Recording
    index: RecordingIndex | None
    markers: list[Marker]
    holds: list[Hold]
    listenings: list[Listening]
    listen: Verdict
    export: Verdict
    mark: Verdict
    hold: Verdict


class ListeningService:
    """Listening, in one centre's archive.

    Args:
        custody: whose rights it asks for, and by whom each listening is written down.
        open_recording: opens what is sealed.
        clock: tells the time.
    """

    def __init__(self, custody: Custody, open_recording: Open, clock: Clock) -> None:
        self.custody = custody
        self.clock = clock
        self._open = open_recording
        self.ticket_lasts = TICKET_LASTS
        self._tickets: Tickets[SealedRecording] = Tickets(TICKET_LASTS, token_urlsafe)

    async def names(self) -> Mapping[AgentId, str]:
        """The names of those who have an account."""
        return await self.custody.store.names()

    async def opened(self, account: Account, recording_id: RecordingId) -> SealedRecording:
        """A sealed recording that somebody may know of, to be read from.

        Raises:
            NotThere: it is none of theirs to find. WebError: it cannot be read.
        """
        return await self._sealed(await self.custody.look(account, recording_id))

    async def whole(self, account: Account, recording_id: RecordingId) -> Whole:
        """All of a recording but its sound.

        Raises:
            NotThere: it is none of theirs to find. WebError: the archive cannot be read.
        """
        recording = await self.custody.look(account, recording_id)
        store, may = self.custody.store, self.custody.may
        gone = recording.state is RecordingState.ERASED
        return Whole(
            recording=recording,
            index=None if gone else await self._index(recording),
            markers=[] if gone else await store.markers(recording_id),
            holds=await store.holds(recording_id),
            listenings=await self.custody.accesses(account, recording_id),
            listen=await may(account, recording, Act.LISTEN),
            export=await may(account, recording, Act.ASK_EXPORT),
            mark=await may(account, recording, Act.MARK),
            hold=await may(account, recording, Act.HOLD),
        )

    async def begin(self, account: Account, session: str, recording_id: RecordingId, reason: str) -> str:
        """Let somebody hear a recording; their ticket. It is in the chain when this returns.

        Args:
            account: who listens.
            session: of their browser: the ticket is good for no other.
            recording_id: what they listen to.
            reason: why.

        Raises:
            As :meth:`recorder.custody.service.Custody.begin_listening`; WebError: the archive cannot be read.
        """
        recording = await self.custody.begin_listening(account, recording_id, reason)
        return self._tickets.issue(session, await self._sealed(recording), self.clock.now())

    def heard(self, ticket: str, session: str) -> SealedRecording | None:
        """What a ticket lets this session hear; ``None``: nothing."""
        return self._tickets.find(ticket, session, self.clock.now())

    async def _index(self, recording: Recording) -> RecordingIndex | None:
        document: bytes | None
        if recording.state is RecordingState.SEALED:
            sealed = await self._sealed(recording)
            document = await in_thread(lambda: sealed.read(INDEX))
        else:
            document = await self.custody.store.index_of(recording.recording_id)
        return None if document is None else read_index(document)

    async def _sealed(self, recording: Recording) -> SealedRecording:
        return await in_thread(lambda: self._open(recording))
