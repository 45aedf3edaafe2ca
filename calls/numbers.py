"""Which numbers may be called, and what number they are shown. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.ids import PositionId
from core.numbers import bare, e164, within

_LONGEST = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberRules:
    """What may be dialled, and how those called see the centre. By default nobody can be called."""

    trunk: bool = False
    """Whether there is a trunk to call by."""
    short_numbers: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    refused_prefixes: tuple[str, ...] = ()
    presented: str = ""
    presented_by_line: Mapping[str, str] = field(default_factory=dict)
    presented_by_position: Mapping[str, str] = field(default_factory=dict)
    ring_seconds: float = 40


class NumberRefused(Exception):
    """A number may not be called. ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def dialled(text: str, rules: NumberRules) -> str:
    """Read what somebody typed as a number that may be called: E.164, or a short number.

    Raises:
        NumberRefused: ``no_trunk``, ``bad_number`` or ``number_not_allowed``.
    """
    if not rules.trunk:
        raise NumberRefused("no_trunk")
    if len(text) > _LONGEST:
        raise NumberRefused("bad_number")
    number = bare(text)
    if number in rules.short_numbers:
        return number
    full = e164(number)
    if full is None:
        raise NumberRefused("bad_number")
    if not within(full, rules.prefixes, rules.refused_prefixes):
        raise NumberRefused("number_not_allowed")
    return full


def presented(rules: NumberRules, line: str, position_id: PositionId | None) -> str:
    """The number shown to somebody called from a call that came in on ``line``, or by a position."""
    by_position = rules.presented_by_position.get(position_id or "", "")
    return rules.presented_by_line.get(line, "") or by_position or rules.presented
