"""The interfaces between the parts. Adapters implement them; only ``app/`` chooses which."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Protocol, TypeVar

from core.accounts import Account, Session
from core.alarms import AlarmKind
from core.commands import Command
from core.directory import Directory, DirectoryEntry
from core.dossiers import DossierDetails
from core.events import Envelope, Event
from core.ids import AgentId, BridgeId, CallId, CentreId, ChannelId, EntryId, PlaybackId, PositionId
from core.location import Location
from core.switch import Entrusted, FallbackCaller, FallbackRecord, SwitchEvent

C = TypeVar("C", bound=Command)


class Clock(Protocol):
    """Time, so that tests can hold it in their hand."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back, for durations and deadlines within one process."""


class Bus(Protocol):
    """Where features meet. Single-threaded: one event is handled by everyone before the next is published."""

    def publish(self, event: Event, cause: Envelope | None = None) -> Envelope:
        """Give the event its place in the journal, then tell every listener, in order of subscription.

        An event published by a listener is delivered after the current one has reached everybody.
        A listener that raises is logged and isolated.
        """

    def project(self, fold: Callable[[Envelope], None]) -> None:
        """Call ``fold`` at once, inside ``publish``, for every event: so a state is never behind the journal.

        A fold only changes its own state: it publishes nothing, orders nothing, and does not block.
        """

    def subscribe(self, types: Iterable[type[Event]] | None, listener: Callable[[Envelope], None]) -> None:
        """Call ``listener`` for each event of these types (``None``: all). It must not block."""

    def handle(self, command: type[C], handler: Callable[[C], None]) -> None:
        """Make ``handler`` the one that carries out a command type. It must not block."""

    def execute(self, command: Command) -> None:
        """Carry out a command.

        Raises:
            CommandRefused: the present state does not allow it; nothing was changed.
        """


class Alarms(Protocol):
    """Where any part says that something is wrong with the platform, or well again. Neither ever blocks.

    A part that starts says once how things are: until then, an alarm raised before is kept for a while.
    """

    def raise_alarm(self, kind: AlarmKind, subject: str = "", detail: str = "") -> None:
        """Say that a cause holds; as often as one likes: it is journalled and shown once.

        ``subject``: which node, line or core, where there are several. No personal data in it or ``detail``.
        """

    def clear_alarm(self, kind: AlarmKind, subject: str = "") -> None:
        """Say that a cause does not hold (any more); as often as one likes."""


class JournalWriter(Protocol):
    """Where the bus writes each envelope before anybody hears of it. Never blocks a call."""

    @property
    def next_seq(self) -> int:
        """The place the next envelope will take."""

    def append(self, envelope: Envelope) -> None:
        """Keep the envelope: it survives the death of this process from here on."""


class JournalReader(Protocol):
    """Reading back what was written."""

    async def since(self, instant: datetime) -> list[Envelope]:
        """All envelopes from ``instant`` on, in order, including those not yet in the database."""

    async def of_call(self, call_id: CallId) -> list[Envelope]:
        """Everything that happened to one call, in order."""

    async def of_day(self, day: date) -> list[Envelope]:
        """Everything of one day of Europe/Paris, in order."""


class Lease(Protocol):
    """The right to be the one core of a centre that commands its calls and writes its journal.

    Life: ``take`` again and again until it is ours → ``renew`` every half second → ``release``, or the process
    ends.
    """

    @property
    def epoch(self) -> int:
        """Which holding this is; it only grows from one holder to the next. 0: it is not ours."""

    def held(self) -> bool:
        """Whether it is surely ours at this instant: asked before each order and each event written."""

    async def take(self) -> bool:
        """Take it if nobody has it, or who has it gave no sign of life for too long."""

    async def renew(self) -> None:
        """Give a sign of life.

        Raises:
            LeaseLost: another core has it. Nothing may be ordered nor written any more.
        """

    async def release(self) -> None:
        """Let another core have it at once."""


class Accounts(Protocol):
    """Local accounts. Every method raises StorageUnavailable when the database does not answer."""

    async def verify(self, login: str, password: str) -> Account | None:
        """Whose login and password these are; ``None``: nobody's. Takes as long for an unknown login."""


class Sessions(Protocol):
    """Sessions of browsers. Every method raises StorageUnavailable when the database does not answer."""

    async def create(self, agent: Account, position_id: PositionId, expires_at: datetime) -> str:
        """Open a session.

        Returns:
            its token, for the cookie; only a digest of it is kept.
        """

    async def find(self, token: str) -> Session | None:
        """The session of a token; ``None``: unknown, ended or expired."""

    async def delete(self, token: str) -> None:
        """End a session; ending an unknown one is no error."""

    async def sweep(self) -> int:
        """Forget the expired sessions; how many they were."""


class DirectoryStore(Protocol):
    """The telephone directory. Every method raises StorageUnavailable when the database does not answer."""

    async def version(self) -> int:
        """The version of what is stored; 0: nothing ever was."""

    async def load(self) -> Directory:
        """The whole directory, by name."""

    async def save(self, entries: Sequence[DirectoryEntry], removed: Sequence[EntryId], by: str) -> int:
        """Write entries, new or changed, and remove others, all or nothing; the new version."""

    async def favourites(self, agent_id: AgentId) -> list[EntryId]:
        """An agent's favourites."""

    async def set_favourite(self, agent_id: AgentId, entry_id: EntryId, *, on: bool) -> None:
        """Add or remove a favourite; doing it twice is no error.

        Raises:
            DirectoryRefused: ``entry_gone``.
        """


class DossierDisplay(Protocol):
    """What LRMs said of calls, for a day. Every method raises StorageUnavailable when the database is away."""

    async def save(self, details: Sequence[DossierDetails]) -> None:
        """Keep what was said last of each call."""

    async def load(self, since: datetime) -> list[DossierDetails]:
        """What was said after an instant."""

    async def purge(self, until: datetime) -> int:
        """Forget what was said until an instant; of how many calls."""


class Switch(Protocol):
    """Orders to Asterisk.

    Each order is sent at once, and orders are carried out in the order they were given. The awaitable returned
    ends when Asterisk has answered; it need not be awaited (a failure nobody awaits is logged). It raises
    SwitchRefused (404: the channel is gone) or SwitchUnavailable. No order ever blocks.
    """

    def listen(self, listener: Callable[[SwitchEvent], None]) -> None:
        """Be told of every switch event, in order. Set before the switch is started."""

    def pick_up(self, channel: ChannelId) -> Awaitable[None]:
        """Answer a ringing channel (SIP 200 OK)."""

    def play(self, channel: ChannelId, playback: PlaybackId, *sounds: str) -> Awaitable[None]:
        """Play announcements, by their names in the prompts catalogue (``welcome``). Then one PlaybackEnded."""

    def listen_for_speech(self, channel: ChannelId, on: bool) -> Awaitable[None]:
        """Begin or stop listening whether somebody speaks on a channel. SpeechHeard then tells it."""

    def stop_playback(self, playback: PlaybackId) -> Awaitable[None]:
        """Cut an announcement short."""

    def start_music(self, channel: ChannelId, music: str) -> Awaitable[None]:
        """Let the channel hear a class of music: ``waiting`` (with its periodic message) or ``hold``."""

    def stop_music(self, channel: ChannelId) -> Awaitable[None]:
        """Stop the music."""

    def open_bridge(self, bridge: BridgeId) -> Awaitable[None]:
        """Make sure a mixing bridge of that name exists."""

    def close_bridge(self, bridge: BridgeId) -> Awaitable[None]:
        """Destroy a bridge; the channels in it stay under control."""

    def join(self, bridge: BridgeId, channel: ChannelId) -> Awaitable[None]:
        """Let a channel hear, and be heard by, those in the bridge. What is played to it, or music, stops."""

    def leave(self, bridge: BridgeId, channel: ChannelId) -> Awaitable[None]:
        """Take a channel out of the bridge; it stays under control, in silence. What is played to it stops."""

    def start_ringback(self, channel: ChannelId, playback: PlaybackId) -> Awaitable[None]:
        """Let the channel alone hear a telephone ring, and nothing of its bridge, until ``stop_playback``."""

    def whisper(self, channel: ChannelId, playback: PlaybackId, file: str) -> Awaitable[None]:
        """Play a file (a path, no suffix) into one channel's ear, over what it hears. Then PlaybackEnded."""

    def stop_whisper(self, playback: PlaybackId) -> Awaitable[None]:
        """Stop it; stopping what is over is no error."""

    def call_out(self, channel: ChannelId, call_id: CallId, number: str) -> Awaitable[None]:
        """Make a channel of that id towards a number, through the outgoing trunk. Then CalleeReady.

        It raises SwitchRefused where there is no such trunk, or the number is none.
        """

    def call_centre(self, channel: ChannelId, centre: CentreId, call: Entrusted) -> Awaitable[None]:
        """Make a channel of that id towards a neighbouring centre, for one of our callers. Then CalleeReady.

        It goes on as after ``call_out``. It raises SwitchRefused where the call cannot be told to that centre.
        """

    def say_ringing(self, channel: ChannelId) -> Awaitable[None]:
        """Tell who calls, before the line is picked up, that it rings (SIP 180)."""

    def refuse(self, channel: ChannelId) -> Awaitable[None]:
        """End a channel that is not picked up: no room for it here (SIP 503)."""

    def ring(self, channel: ChannelId, presented: str, seconds: float) -> Awaitable[None]:
        """Ring a callee that is ready, showing it the number ``presented``. Join it first to hear it ring.

        Then CalleeRinging, and CalleeAnswered, or ChannelGone with the cause (after ``seconds`` at most).
        """

    def call_phone(
        self, channel: ChannelId, position_id: PositionId, number: str, presented: str, seconds: float
    ) -> Awaitable[None]:
        """Ring a position's telephone by a channel of that id: a number, or ``phone-`` and a name.

        Then PhoneAnswered, or ChannelGone with the cause (after ``seconds`` at most). SwitchRefused: no number.
        """

    def confirm_phone(self, channel: ChannelId) -> Awaitable[None]:
        """Make a telephone that was picked up the position's leg. Then LegOpened."""

    def mute(self, channel: ChannelId, muted: bool) -> Awaitable[None]:
        """Let nobody hear a channel any more, or let it be heard again."""

    def send_digits(self, channel: ChannelId, digits: str) -> Awaitable[None]:
        """Sound keys (``0123456789*#``) to a channel."""

    def hang_up(self, channel: ChannelId) -> Awaitable[None]:
        """End a channel, with the normal cause."""

    def hand_back(self, channel: ChannelId) -> Awaitable[None]:
        """Give a caller back to the dialplan, which goes on with the fallback."""


class StripCredentials(Protocol):
    """SIP accounts of strips: made at login, gone at logout."""

    async def create(self, position_id: PositionId, secret: str) -> None:
        """Let the strip of that position register with that password; replaces an earlier one."""

    async def delete(self, position_id: PositionId) -> None:
        """Forget the account; deleting an unknown one is no error."""


class SourceBans(Protocol):
    """The list of addresses Asterisk refuses everything from, before anything else is looked at.

    Both raise SwitchUnavailable when Asterisk does not answer.
    """

    async def ban(self, source: str) -> None:
        """Keep an IP address out; keeping it out twice is no error."""

    async def release(self, source: str) -> None:
        """Let it in; one that is not kept out is no error."""


class Locator(Protocol):
    """Who is asked where a number is (PFLAU, the operators' national platform)."""

    async def locate(self, number: str) -> Location | None:
        """Where the number (E.164) is; ``None``: that is not known. It may be slow: no call waits for it.

        Raises:
            LocatorUnavailable: it does not answer, or answers what nobody understands.
        """


class FallbackQueue(Protocol):
    """Members of the dialplan's own queue, which rings the strips when no core answers.

    Both raise SwitchUnavailable when Asterisk does not answer: it is then done when it is back.
    """

    async def add(self, position_id: PositionId) -> None:
        """Make the position a member; adding it twice is no error."""

    async def remove(self, position_id: PositionId) -> None:
        """Take the position out; removing an unknown one is no error."""


class RecordingSwitch(Protocol):
    """What is left out of the recordings that Asterisk makes."""

    async def leave_out(self, channel: ChannelId, on: bool) -> None:
        """Write silence for what a channel says and hears, or its sound again; doing it twice is no error.

        Raises:
            SwitchUnavailable: Asterisk does not answer; nothing has changed.
            SwitchRefused: there is no such channel, or it is not recorded.
        """


class FallbackCalls(Protocol):
    """The calls that Asterisk handles, or handled, with no core (mode secours)."""

    async def present(self) -> tuple[FallbackCaller, ...]:
        """Who is in the dialplan's own hands now. Raises SwitchUnavailable."""

    async def take_back(self, channel: ChannelId) -> None:
        """Take a caller who waits there over: CallerArrived follows. One who has left is no error.

        Raises:
            SwitchUnavailable: Asterisk does not answer; the caller waits on.
        """

    async def noted(self) -> tuple[FallbackRecord, ...]:
        """What Asterisk noted of the calls not settled yet, in order of arrival."""

    async def settled(self, unsettled: Collection[CallId]) -> None:
        """All that the last :meth:`noted` gave are in the journal, but these: they need not be given again."""
