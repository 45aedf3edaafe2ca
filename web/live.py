"""The live screens' protocol, without a socket: frames in, frames out, snapshot + patches, resume.

A screen is a *view*: nested objects of text, numbers and booleans, with no nulls and no lists. The server keeps
it as *sections*, each mounted at a path of the view and sent to one *audience*; a screen listens to some
audiences. An event changes sections; the difference is sent as a JSON merge patch (RFC 7396), computed once and
encoded once for all the screens it concerns.

Client → server: ``hello`` (first), ``ping``, ``command``. Server → client: ``snapshot`` or ``resumed`` (first),
then ``change``, ``reply``, ``pong``, ``bye``. A screen may receive a new ``snapshot`` at any time.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from functools import lru_cache
from typing import Annotated, Any, Protocol

import msgspec

from core.notes import NOTE_LENGTH

MAX_FRAME = 16 * 1024
"""Characters of the longest frame a client may send."""

KEPT_CHANGES = 4096
"""How many changes are kept for screens that come back."""

RESUMED_AT_MOST = 256
"""A screen that missed more changes gets a snapshot: it is shorter."""

Scalar = str | int | float | bool
View = dict[str, Any]
"""``dict[str, Scalar | View]``: no nulls, no lists."""
Patch = dict[str, Any]
"""A JSON merge patch: as a view, where null means "remove"."""


class Close(IntEnum):
    """Why the server closed a screen's WebSocket."""

    RESTARTING = 1012
    REPLACED = 4000
    """A newer strip of the same position took over: do not come back."""
    LOGGED_OUT = 4001
    BAD_FRAME = 4400
    """The client broke the protocol."""
    NO_SESSION = 4401
    """Nobody is logged in: go to the login page."""
    SILENT = 4408
    """No frame for too long, or no ``hello``."""
    TOO_SLOW = 4413
    """The screen did not keep up: come back and resume."""
    TOO_MANY = 4429
    """Too many frames in a second."""


class BadFrame(Exception):
    """A client's frame is not of the protocol."""


# --- frames of the client -----------------------------------------------------------------------------------

ShortText = Annotated[str, msgspec.Meta(max_length=64)]
Counter = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
ArgValue = (
    bool
    | Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
    | Annotated[str, msgspec.Meta(max_length=NOTE_LENGTH)]
)


class Hello(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="hello"):
    """First frame; with the epoch and seq last seen, asks to resume."""

    epoch: ShortText | msgspec.UnsetType = msgspec.UNSET
    seq: Counter | msgspec.UnsetType = msgspec.UNSET


class Ping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="ping"):
    """Heartbeat."""


class CommandFrame(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="command"):
    """Asks for something; answered by a ``reply`` of the same ``id``."""

    id: Counter
    name: ShortText
    args: Annotated[dict[ShortText, ArgValue], msgspec.Meta(max_length=8)] = {}


ClientFrame = Hello | Ping | CommandFrame

_decoder: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)


def decode(frame: str | bytes) -> ClientFrame:
    """Read one frame of a client.

    Raises:
        BadFrame: too long, not JSON, unknown type or field, or a value out of bounds.
    """
    if len(frame) > MAX_FRAME:
        raise BadFrame("too long")
    try:
        return _decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadFrame(type(error).__name__) from error


# --- frames of the server -----------------------------------------------------------------------------------

_encoder = msgspec.json.Encoder()


def encode(frame: Mapping[str, Any]) -> str:
    """Write one frame."""
    return _encoder.encode(frame).decode()


@lru_cache(maxsize=4096)  # the same few instants are shown again at each change of a view
def instant(when: datetime) -> str:
    """An instant as screens read it: ISO 8601, UTC, milliseconds, ``Z``."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def pong(now: datetime) -> str:
    """Answer to a ping; the client corrects its clock with it."""
    return encode({"type": "pong", "now": instant(now)})


def reply_ok(command_id: int) -> str:
    """The command took effect."""
    return encode({"type": "reply", "id": command_id, "ok": True})


def reply_refused(command_id: int, code: str, message: str) -> str:
    """The command was refused; nothing was changed. ``message`` is shown to the agent."""
    return encode({"type": "reply", "id": command_id, "ok": False, "code": code, "message": message})


def bye(reason: str) -> str:
    """The server is about to close: ``replaced``, ``logged_out`` or ``restarting``."""
    return encode({"type": "bye", "reason": reason})


# --- merge patches (RFC 7396) -------------------------------------------------------------------------------


def merge_diff(old: View, new: View) -> Patch:
    """The patch that turns ``old`` into ``new``; empty when they are equal."""
    patch: Patch = {key: None for key in old if key not in new}
    for key, value in new.items():
        if key not in old:
            patch[key] = value
            continue
        before = old[key]
        if isinstance(before, dict) and isinstance(value, dict):
            if inner := merge_diff(before, value):
                patch[key] = inner
        elif type(before) is not type(value) or before != value:
            patch[key] = value
    return patch


def merge_apply(view: View, patch: Patch) -> View:
    """``view`` with ``patch`` applied; neither is changed."""
    merged = dict(view)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            before = merged.get(key)
            merged[key] = merge_apply(before if isinstance(before, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def _merge_patches(first: Patch, second: Patch) -> Patch:
    """Two patches as one: of sections with nothing in common, or, one after the other, of a flat section."""
    merged = dict(first)
    for key, value in second.items():
        before = merged.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            value = _merge_patches(before, value)
        merged[key] = value
    return merged


# --- the hub ------------------------------------------------------------------------------------------------

Audience = str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the view: who sees it, and where it is mounted (``()``: at the root)."""

    audience: Audience
    path: tuple[str, ...] = ()

    def mount(self, patch: Patch | None) -> Patch:
        """The patch of the section as a patch of the whole view."""
        mounted: Any = patch
        for key in reversed(self.path):
            mounted = {key: mounted}
        return mounted if mounted is not None else {}


class Screen(Protocol):
    """One connected screen, as the hub sees it."""

    def push(self, frame: str) -> None:
        """Take a frame to send. Never blocks; a screen that does not keep up closes itself."""


@dataclass(frozen=True, slots=True)
class _Change:
    """``patches``: who must be told, and of what. ``along``: what they get with it, if they listen to it."""

    seq: int
    event: str
    patches: dict[Audience, Patch]
    along: dict[Audience, Patch]


class LiveHub:
    """Sections, the changes kept for resume, and the screens to tell.

    Sections of one audience, and of audiences listened to together, must not overlap. A screen gets at most one
    frame for one event, so the last ``seq`` it saw says exactly where it is.

    What a whole room sees changes several times with each call: to tell every screen each time would cost a
    call as much as there are screens. Changes of ``patient`` audiences are gathered until :meth:`flush`. A
    frame sent meanwhile brings along what is gathered: a screen never shows a past older than its last ``seq``.
    Their sections are flat (no view within the view) and, once shown, stay: so one patch can stand for several.
    """

    def __init__(self, epoch: str, keep: int = KEPT_CHANGES, patient: Iterable[Audience] = ()) -> None:
        self._base_epoch = epoch
        self._resets = 0
        self.seq = 0
        self._keep = keep
        self._floor = 0
        self._patient = frozenset(patient)
        self._gathered: dict[Audience, Patch] = {}
        """What has changed for the patient audiences since the last flush: a patch each, as if by one event."""
        self._last_event = ""
        self._changes: deque[_Change] = deque()
        self._sections: dict[Audience, dict[tuple[str, ...], View]] = {}
        self._screens: dict[Audience, dict[Screen, None]] = {}
        self._audiences: dict[Screen, tuple[Audience, ...]] = {}
        self._reached: dict[Screen, int] = {}
        """The last ``seq`` each screen was told of: up to there it lacks nothing."""

    @property
    def epoch(self) -> str:
        """Changes with each start of the core, and with each :meth:`reset` after the first."""
        return f"{self._base_epoch}.{self._resets}" if self._resets > 1 else self._base_epoch

    def __len__(self) -> int:
        """How many screens are connected."""
        return len(self._audiences)

    # --- what is shown ----------------------------------------------------------------------------------

    def reset(self, seq: int, sections: Mapping[Section, View], now: datetime) -> None:
        """Replace everything shown, outside of any event; connected screens get a fresh snapshot."""
        self._resets += 1
        self.seq = self._floor = seq
        self._changes.clear()
        self._gathered.clear()
        self._sections.clear()
        for section, view in sections.items():
            self._sections.setdefault(section.audience, {})[section.path] = view
        for screen, audiences in list(self._audiences.items()):
            self._reached[screen] = seq
            screen.push(self._snapshot_frame(audiences, now))

    def publish(self, seq: int, event: str, sections: Mapping[Section, View | None]) -> None:
        """Show the new state of the sections that an event touched (``None``: the section is gone)."""
        self.seq, self._last_event = seq, event
        patches: dict[Audience, Patch] = {}
        for section, view in sections.items():
            if patch := self._replace(section, view):
                told = self._gathered if section.audience in self._patient else patches
                told[section.audience] = _merge_patches(told.get(section.audience, {}), patch)
        if patches:
            self._change(_Change(seq, event, patches, dict(self._gathered)))

    def flush(self) -> None:
        """Tell the patient audiences what has changed for them since the last time."""
        patches, self._gathered = self._gathered, {}
        if patches:
            self._change(_Change(self.seq, self._last_event, patches, {}))

    def _replace(self, section: Section, view: View | None) -> Patch:
        shown = self._sections.setdefault(section.audience, {})
        old = shown.get(section.path)
        if view is None:
            shown.pop(section.path, None)
            if old is None:
                return {}
            return section.mount(None) if section.path else merge_diff(old, {})
        shown[section.path] = view
        if old is None:
            return section.mount(view)
        patch = merge_diff(old, view)
        return section.mount(patch) if patch else {}

    def _change(self, change: _Change) -> None:
        self._remember(change)
        self._tell(change)

    def _remember(self, change: _Change) -> None:
        self._changes.append(change)
        if len(self._changes) > self._keep:
            self._floor = self._changes.popleft().seq

    def _tell(self, change: _Change) -> None:
        if len(change.patches) == 1 and not change.along:
            ((audience, patch),) = change.patches.items()
            screens = self._screens.get(audience)
            if screens:
                frame = _change_frame(change, patch)
                for screen in list(screens):
                    self._push(screen, change.seq, frame)
            return
        concerned = {screen for audience in change.patches for screen in self._screens.get(audience, ())}
        frames: dict[tuple[Audience, ...], str] = {}
        for screen in concerned:
            listened = self._audiences.get(screen, ())
            seen = tuple(a for a in listened if a in change.patches or a in change.along)
            if seen not in frames:
                frames[seen] = _change_frame(change, _patch_for(change, seen))
            self._push(screen, change.seq, frames[seen])

    def _push(self, screen: Screen, seq: int, frame: str) -> None:
        """Tell a screen, unless a frame with this very ``seq`` brought it all along already."""
        if self._reached.get(screen) != seq:
            self._reached[screen] = seq
            screen.push(frame)

    # --- who sees it ------------------------------------------------------------------------------------

    def join(self, screen: Screen, audiences: Iterable[Audience], hello: Hello, now: datetime) -> None:
        """Connect a screen: push what it missed if it can resume, else a snapshot; then every change."""
        listened = tuple(audiences)
        self._audiences[screen] = listened
        for audience in listened:
            self._screens.setdefault(audience, {})[screen] = None
        missed = self._missed(listened, hello)
        if missed is None:
            self._reached[screen] = self.seq
            screen.push(self._snapshot_frame(listened, now))
            return
        screen.push(encode({"type": "resumed", "seq": self.seq, "now": instant(now)}))
        if not isinstance(hello.seq, msgspec.UnsetType):
            self._reached[screen] = hello.seq
        for change in missed:
            self._push(screen, change.seq, _change_frame(change, _patch_for(change, listened)))

    def leave(self, screen: Screen) -> None:
        """Disconnect a screen; one that is not connected is no error."""
        self._reached.pop(screen, None)
        for audience in self._audiences.pop(screen, ()):
            screens = self._screens[audience]
            screens.pop(screen, None)
            if not screens:
                del self._screens[audience]

    def snapshot(self, audiences: Iterable[Audience]) -> View:
        """What these audiences see now, as one view."""
        view: View = {}
        for audience in audiences:
            for path, shown in self._sections.get(audience, {}).items():
                view = merge_apply(view, Section(audience, path).mount(shown))
        return view

    def _missed(self, audiences: tuple[Audience, ...], hello: Hello) -> list[_Change] | None:
        """The changes since the last event the screen saw, if they are all kept and not too many."""
        if hello.epoch != self.epoch or isinstance(hello.seq, msgspec.UnsetType):
            return None
        if not self._floor <= hello.seq <= self.seq:
            return None
        missed: list[_Change] = []
        for change in reversed(self._changes):
            if change.seq <= hello.seq:
                break
            if any(audience in change.patches for audience in audiences):
                missed.append(change)
                if len(missed) > RESUMED_AT_MOST:
                    return None
        missed.reverse()
        return missed

    def _snapshot_frame(self, audiences: tuple[Audience, ...], now: datetime) -> str:
        return encode(
            {
                "type": "snapshot",
                "epoch": self.epoch,
                "seq": self.seq,
                "now": instant(now),
                "view": self.snapshot(audiences),
            }
        )


def _patch_for(change: _Change, audiences: tuple[Audience, ...]) -> Patch:
    patch: Patch = {}
    for audience in audiences:
        if part := change.patches.get(audience) or change.along.get(audience):
            patch = _merge_patches(patch, part) if patch else part
    return patch


def _change_frame(change: _Change, patch: Patch) -> str:
    return encode({"type": "change", "seq": change.seq, "event": change.event, "patch": patch})


# --- rates --------------------------------------------------------------------------------------------------
