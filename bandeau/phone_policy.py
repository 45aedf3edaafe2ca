"""Which telephones may carry a position's sound, and what becomes of one that is lost. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.errors import BandeauError, CommandRefused, SwitchRefused
from core.ids import PositionId
from core.numbers import bare, e164, within
from core.words import PhoneEnd, PhoneMode

_LONGEST = 32
_REGISTERED = "phone-"
"""What the telephones begin with that register with the centre."""
KEY = "1"
"""Pressed to say that a person is there, where no code is asked for."""
MOST_KEYS = 8
"""After so many wrong keys a call is given up."""

_BUSY, _NOBODY = frozenset({17, 21}), frozenset({18, 19, 102})
_UNREACHABLE = frozenset({1, 3, 20, 22, 27, 28})
_HUNG_UP = frozenset({0, 16})
"""Q.850 causes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneRules:
    """How a centre lets telephones carry positions' sound. By default none may."""

    trunk: bool = False
    """Whether there is a trunk to call numbers by."""
    prefixes: tuple[str, ...] = ()
    """How the E.164 numbers begin that may be called."""
    refused_prefixes: tuple[str, ...] = ()
    sip_phones: frozenset[str] = frozenset()
    """Names of the SIP phones that register with the centre."""
    modes: tuple[PhoneMode, ...] = tuple(PhoneMode)
    set_by_position: Mapping[PositionId, str] = field(default_factory=dict)
    """Telephones set by the centre; such a position may use no other."""
    presented: str = ""
    """The number they are shown."""
    code: bool = False
    """Whether a code shown on the strip is to be typed, rather than the one key."""
    ring_seconds: float = 30
    confirm_seconds: float = 20
    recall_after: tuple[float, ...] = (1, 5, 15, 30)
    """Waits before each call to a telephone that was lost; after the last, only a click calls it."""

    @property
    def allowed(self) -> bool:
        """Whether any telephone may be used."""
        return self.trunk or bool(self.sip_phones)


def telephone(text: str, position_id: PositionId, rules: PhoneRules) -> str:
    """Read the telephone that an agent asks for: E.164, or ``phone-`` and the name of a SIP phone.

    Raises:
        CommandRefused: ``no_phones``, ``phone_is_set``, ``bad_number`` or ``number_not_allowed``.
    """
    given = rules.set_by_position.get(position_id, "")
    if given and text.strip() and _read(text, rules) != _read(given, rules):
        raise CommandRefused("phone_is_set")
    return _read(given or text, rules)


def _read(text: str, rules: PhoneRules) -> str:
    if not rules.allowed:
        raise CommandRefused("no_phones")
    name = text.strip().lower()
    if name in rules.sip_phones:
        return f"{_REGISTERED}{name}"
    if len(text) > _LONGEST or (number := e164(bare(text))) is None:
        raise CommandRefused("bad_number")
    if not rules.trunk or not within(number, rules.prefixes, rules.refused_prefixes):
        raise CommandRefused("number_not_allowed")
    return number


def recall_at(rules: PhoneRules, attempt: int, now: datetime) -> datetime | None:
    """When a telephone lost is called again, after so many calls in vain; ``None``: not by itself any more."""
    if attempt < len(rules.recall_after):
        return now + timedelta(seconds=rules.recall_after[attempt])
    return None


def why_not_made(number: str, error: BandeauError) -> PhoneEnd:
    """Why Asterisk did not even begin a call: a SIP phone that is not registered cannot be called."""
    registers = number.startswith(_REGISTERED) and isinstance(error, SwitchRefused)
    return PhoneEnd.UNREACHABLE if registers else PhoneEnd.FAILED


def why_ended(cause: int, *, picked_up: bool, up: bool) -> PhoneEnd:
    """Why a telephone's call ended, from its Q.850 cause and how far it had come."""
    if up:
        return PhoneEnd.HUNG_UP
    if picked_up:
        return PhoneEnd.NOT_CONFIRMED
    if cause in _BUSY:
        return PhoneEnd.BUSY
    if cause in _NOBODY or cause in _HUNG_UP:
        return PhoneEnd.NO_ANSWER
    return PhoneEnd.UNREACHABLE if cause in _UNREACHABLE else PhoneEnd.FAILED
