"""Envelopes to JSON and back, closed: what this program does not know is refused, never guessed.

One envelope is one JSON object: ``{"seq", "event_id", "occurred_at", "centre_id", "type", "version",
"cause_id", "body"}``, where ``body`` holds the event's own fields and instants are ISO 8601 in UTC.
A field that has a default may be absent (it was added later); any other difference raises ``UnknownEvent``.
"""

from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from core.errors import UnknownEvent
from core.events import EVENT_TYPES, Envelope, Event
from core.ids import CentreId, EventId

AwareInstant = Annotated[datetime, msgspec.Meta(tz=True)]
Build = Callable[[Any], Any]


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An envelope whose event is still raw JSON: enough to store it without understanding it."""

    seq: int
    event_id: str
    occurred_at: AwareInstant
    centre_id: str
    type: str
    version: int
    cause_id: str | None = None
    body: msgspec.Raw


class Subject(msgspec.Struct, frozen=True):
    """Whom a stored event is about, read without understanding the event."""

    call_id: str | None = None
    position_id: str | None = None


def encode(envelope: Envelope) -> bytes:
    """Write an envelope as one line of JSON (it holds no newline).

    Raises:
        ValueError: an instant has no time zone.
    """
    return encode_stored(stored(envelope))


def encode_stored(record: StoredEvent) -> bytes:
    """Write an envelope whose event is already encoded."""
    return _ENCODER.encode(record)


def stored(envelope: Envelope) -> StoredEvent:
    """Encode the event, and only it."""
    return StoredEvent(
        seq=envelope.seq,
        event_id=envelope.event_id,
        occurred_at=_in_utc(envelope.occurred_at),
        centre_id=envelope.centre_id,
        type=type(envelope.event).__name__,
        version=envelope.event.VERSION,
        cause_id=envelope.cause_id,
        body=msgspec.Raw(encode_body(envelope.event)),
    )


def encode_body(event: Event) -> bytes:
    """Write an event's own fields.

    Raises:
        ValueError: an instant has no time zone.
    """
    for name in _SHAPES[type(event)].instants:
        instant = getattr(event, name)
        if instant is not None:
            _in_utc(instant)
    try:
        return _ENCODER.encode(event)
    except UnicodeEncodeError:  # half a surrogate pair from a hostile or broken sender must not stop a call
        return _ENCODER.encode(_printable(msgspec.to_builtins(event)))


def decode(line: bytes) -> Envelope:
    """Read an envelope back.

    Raises:
        UnknownEvent: a type, version or field is unknown or missing, or the text is no envelope.
    """
    return envelope_of(decode_stored(line))


def decode_stored(line: bytes) -> StoredEvent:
    """Read everything but the event itself.

    Raises:
        UnknownEvent: the text is no envelope.
    """
    try:
        return _STORED.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnknownEvent(f"envelope: {error}") from error


def subject_of(record: StoredEvent) -> Subject:
    """Say whom an event is about; nobody, where its body cannot be read."""
    try:
        return _SUBJECT.decode(record.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Subject()


def envelope_of(record: StoredEvent) -> Envelope:
    """Understand a stored event.

    Raises:
        UnknownEvent: its type, version or a field is unknown or missing.
    """
    return Envelope(
        event_id=EventId(record.event_id),
        seq=record.seq,
        occurred_at=_in_utc(record.occurred_at),
        centre_id=CentreId(record.centre_id),
        event=decode_body(record.type, record.version, bytes(record.body)),
        cause_id=None if record.cause_id is None else EventId(record.cause_id),
    )


def decode_body(name: str, version: int, body: bytes | str) -> Event:
    """Read an event from its own fields.

    Raises:
        UnknownEvent: the type, version or a field is unknown or missing.
    """
    cls = EVENT_TYPES.get(name)
    if cls is None:
        raise UnknownEvent(f"type {name!r} is unknown")
    if version != cls.VERSION:
        raise UnknownEvent(f"{name} version {version} is unknown (this program knows {cls.VERSION})")
    shape = _SHAPES[cls]
    try:
        return shape.read(body)
    except (msgspec.DecodeError, ValueError) as error:  # ValueError: a value out of its limits
        raise UnknownEvent(f"{name} version {version}: {error}") from error


class _Shape:
    """One event type as msgspec reads it: a twin Struct that refuses unknown fields, unlike a dataclass."""

    def __init__(self, cls: type[Event]) -> None:
        twin, self._build = _twin(cls)
        self._decoder = msgspec.json.Decoder(twin)
        hints = get_type_hints(cls)
        self.instants = tuple(f.name for f in fields(cls) if datetime in _alternatives(hints[f.name]))

    def read(self, body: bytes | str) -> Event:
        event = self._build(self._decoder.decode(body))
        assert isinstance(event, Event)  # noqa: S101 - for the type checker
        return event


def _twin(cls: Any) -> tuple[type[msgspec.Struct], Build]:
    """Make the Struct twin of a dataclass, and what turns its instances into the dataclass."""
    hints = get_type_hints(cls)
    members: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    builders: list[tuple[str, Build | None]] = []
    for field in fields(cls):
        kind, build = _member(hints[field.name])
        builders.append((field.name, build))
        has_default = field.default is not MISSING
        members.append((field.name, kind, field.default) if has_default else (field.name, kind))
    twin = msgspec.defstruct(cls.__name__, members, kw_only=True, forbid_unknown_fields=True)

    def build_all(read: Any) -> Any:
        values = {}
        for name, build in builders:
            value = getattr(read, name)
            values[name] = value if build is None or value is None else build(value)
        return cls(**values)

    return twin, build_all


def _member(hint: Any) -> tuple[Any, Build | None]:
    """Translate one field's type; at most one alternative of a union needs building."""
    kinds: list[Any] = []
    build: Build | None = None
    for alternative in _alternatives(hint):
        if alternative is datetime:
            kinds.append(AwareInstant)
            build = _in_utc
        elif is_dataclass(alternative):
            twin, build = _twin(alternative)
            kinds.append(twin)
        elif get_origin(alternative) is tuple and is_dataclass(get_args(alternative)[0]):
            twin, build_one = _twin(get_args(alternative)[0])
            kinds.append(tuple[twin, ...])  # type: ignore[valid-type]
            build = _each(build_one)
        else:
            kinds.append(alternative)
    return Union[tuple(kinds)], build  # noqa: UP007 - made from a list


def _each(build: Build) -> Build:
    return lambda values: tuple(map(build, values))


def _alternatives(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _in_utc(instant: datetime) -> datetime:
    if instant.tzinfo is UTC:
        return instant
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone cannot be journalled")
    return instant.astimezone(UTC)


def _printable(value: Any) -> Any:
    """Replace what UTF-8 cannot carry."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    return value


_ENCODER = msgspec.json.Encoder()
_STORED = msgspec.json.Decoder(StoredEvent)
_SUBJECT = msgspec.json.Decoder(Subject)
_SHAPES = {cls: _Shape(cls) for cls in EVENT_TYPES.values()}
