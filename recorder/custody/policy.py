"""Who may do what with a recording, how a search is understood, how long a recording is kept. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.accounts import Account
from core.custody import Grant
from core.ids import CentreId
from core.numbers import bare, e164
from core.recordings import NumberWanted, Recording, RecordingState, Wanted, Within, folded
from core.words import Outcome, Role


class Act(StrEnum):
    """What may be done with recordings."""

    FIND = "find"
    """See that it is there, and what is known of it."""
    LISTEN = "listen"
    MARK = "mark"
    ASK_EXPORT = "ask_export"
    GRANT_EXPORT = "grant_export"
    """Or refuse it."""
    TAKE_EXPORT = "take_export"
    HOLD = "hold"
    """Set a legal hold, or lift it."""
    PROPOSE_ERASURE = "propose_erasure"
    GRANT_ERASURE = "grant_erasure"
    """The archivist's visa."""
    GRANT_AUDITOR = "grant_auditor"
    READ_ACCESSES = "read_accesses"
    """See who listened, and why."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an act is allowed; ``code``: why not, with a text in ``web/texts.py``."""

    code: str = ""

    @property
    def allowed(self) -> bool:
        """Whether it is."""
        return not self.code


YES = Verdict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """How somebody stands to a recording, or to a request."""

    own: bool = False
    """They were in the call."""
    recent: bool = False
    """It is not longer ago than agents may listen to their own."""
    same_centre: bool = True
    granted: bool = False
    """A grant in force covers it."""
    asked_it: bool = False
    """It is their own request, or proposal."""
    state: RecordingState = RecordingState.SEALED


_AGENTS = frozenset({Role.ARM, Role.PHYSICIAN_MU, Role.PHYSICIAN_ML})
_ON_SOUND = frozenset({Act.LISTEN, Act.MARK, Act.ASK_EXPORT, Act.TAKE_EXPORT})
_WITHOUT_SOUND = {
    RecordingState.RECORDING: "still_recording",
    RecordingState.MISSING: "recording_missing",
    RecordingState.ERASED: "recording_erased",
    RecordingState.RECORDED: "not_sealed_yet",
    RecordingState.FAILED: "not_sealed_yet",
}
_ACTS = {
    Role.SUPERVISOR: frozenset(
        {Act.FIND, Act.LISTEN, Act.MARK, Act.ASK_EXPORT, Act.TAKE_EXPORT, Act.GRANT_EXPORT, Act.READ_ACCESSES}
    ),
    Role.AUDITOR: frozenset({Act.FIND, Act.LISTEN, Act.MARK, Act.ASK_EXPORT, Act.TAKE_EXPORT}),
    Role.ARCHIVIST: frozenset(
        {
            Act.FIND, Act.GRANT_EXPORT, Act.HOLD, Act.PROPOSE_ERASURE, Act.GRANT_ERASURE, Act.GRANT_AUDITOR,
            Act.READ_ACCESSES,
        }
    ),
    **dict.fromkeys(_AGENTS, frozenset({Act.FIND, Act.LISTEN, Act.MARK})),
}  # fmt: skip
"""What each role may do at all. Who keeps the recordings does not listen to them."""


def verdict(role: Role, act: Act, relation: Relation) -> Verdict:
    """Whether somebody of a role may do something, standing so to what it is about."""
    if act not in _ACTS.get(role, ()):
        return Verdict(
            "archivist_does_not_listen" if role is Role.ARCHIVIST and act in _ON_SOUND else "not_allowed"
        )
    if not relation.same_centre:
        return Verdict("other_centre")
    if role is Role.AUDITOR and not relation.granted:
        return Verdict("no_grant")
    if role in _AGENTS and not relation.own:
        return Verdict("not_your_recording")
    if role in _AGENTS and not relation.recent:
        return Verdict("too_long_ago")
    if act in (Act.GRANT_EXPORT, Act.GRANT_ERASURE) and relation.asked_it:
        return Verdict("two_persons")
    if act is Act.TAKE_EXPORT and not relation.asked_it:
        return Verdict("not_your_request")
    if act in _ON_SOUND and (why := _WITHOUT_SOUND.get(relation.state)):
        return Verdict(why)
    if act is Act.HOLD and relation.state is RecordingState.ERASED:
        return Verdict("recording_erased")
    return YES


def may_at_all(role: Role, act: Act) -> bool:
    """Whether a role may do something to some recording, at some time: what its pages offer."""
    return act in _ACTS.get(role, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """What a centre decides about access."""

    centre_id: CentreId
    recent: timedelta = timedelta(days=30)
    """How long agents may listen to their own calls."""


def relation_to(
    account: Account,
    recording: Recording,
    grants: Iterable[Grant],
    now: datetime,
    rules: AccessRules,
    *,
    asked_it: bool = False,
) -> Relation:
    """How somebody stands to a recording now."""
    return Relation(
        own=account.agent_id in recording.agents,
        recent=now - recording.started_at < rules.recent,
        same_centre=recording.centre_id == rules.centre_id,
        granted=any(g.auditor == account.agent_id and covers(g, recording, now) for g in grants),
        asked_it=asked_it,
        state=recording.state,
    )


def covers(grant: Grant, recording: Recording, now: datetime) -> bool:
    """Whether a grant is in force, and for this recording."""
    return (
        grant.holds_at(now)
        and (grant.since is None or grant.since <= recording.started_at)
        and (grant.until is None or recording.started_at < grant.until)
        and (not grant.line or grant.line == recording.line)
        and (not grant.recordings or recording.recording_id in grant.recordings)
    )


def scope_of(
    account: Account, grants: Iterable[Grant], now: datetime, rules: AccessRules
) -> tuple[Within, ...]:
    """What somebody may find, in parts; none: nothing."""
    match account.role:
        case Role.SUPERVISOR | Role.ARCHIVIST:
            return (Within(),)
        case Role.AUDITOR:
            return tuple(
                Within(since=g.since, until=g.until, line=g.line, recordings=g.recordings)
                for g in grants
                if g.auditor == account.agent_id and g.holds_at(now)
            )
        case role if role in _AGENTS:
            return (Within(agent_id=account.agent_id, since=now - rules.recent),)
        case _:
            return ()


# --- how a search is understood -----------------------------------------------------------------------------

FEWEST_DIGITS = 3
"""Of a part of a number: fewer would find half the archive."""
WORDS_AT_MOST = 12


def words_of(text: str) -> tuple[str, ...]:
    """The words that somebody looks for, each once; the last typed is last, for it may be only a beginning."""
    from_the_last = dict.fromkeys(reversed(folded(text).split()))
    return tuple(reversed(list(from_the_last)[:WORDS_AT_MOST]))


def number_of(typed: str) -> NumberWanted | None:
    """The number that somebody looks for, in whatever form they typed it; ``None``: that is none.

    A whole number finds itself alone. A part finds the numbers that end so, and, where it could be a beginning
    (``06 12``, ``+33 6``), those that begin so.
    """
    digits = bare(typed)
    if not re.fullmatch(r"\+?[0-9]{1,20}", digits):
        return None
    if (whole := e164(digits)) is not None:
        return NumberWanted(exact=whole)
    alone = digits.lstrip("+")
    if len(alone) < FEWEST_DIGITS:
        return None
    if digits.startswith(("+", "00")):
        return NumberWanted(begins="+" + alone.removeprefix("00") if digits[0] == "0" else digits)
    return NumberWanted(ends=alone, begins=f"+33{alone[1:]}" if alone[0] == "0" else "")


# --- how long a recording is kept ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """How long which recordings are kept; what is not given matches all."""

    keep: timedelta
    line: str = ""
    outcome: Outcome | None = None
    with_dossier: bool | None = None
    test: bool | None = None

    def matches(self, recording: Recording) -> bool:
        """Whether it is about this recording."""
        return (
            (not self.line or self.line == recording.line)
            and (self.outcome is None or self.outcome is recording.outcome)
            and (self.with_dossier is None or self.with_dossier is bool(recording.dossier))
            and (self.test is None or self.test is recording.test)
        )

    def __str__(self) -> str:
        about = [
            *([f"ligne {self.line}"] if self.line else []),
            *([f"issue {self.outcome.value}"] if self.outcome is not None else []),
            *(
                [("avec" if self.with_dossier else "sans") + " dossier"]
                if self.with_dossier is not None
                else []
            ),
            *(["appels d'essai"] if self.test else []),
        ]
        return f"{', '.join(about) or 'tous'} : {self.keep.days} jours"


def rule_for(recording: Recording, rules: Sequence[RetentionRule]) -> RetentionRule | None:
    """The first rule that is about a recording; ``None``: it is kept for good."""
    return next((rule for rule in rules if rule.matches(recording)), None)


def erasable_since(recording: Recording, rules: Sequence[RetentionRule]) -> datetime | None:
    """From when on its erasure may be proposed; ``None``: never, or not while it is as it is."""
    rule = rule_for(recording, rules)
    if rule is None or recording.ended_at is None or not may_erase(recording):
        return None
    return recording.ended_at + rule.keep


def may_erase(recording: Recording) -> bool:
    """Whether nothing forbids its erasure now: no hold, and nothing going on."""
    return recording.holds == 0 and recording.state in ERASABLE


ERASABLE = frozenset({RecordingState.SEALED, RecordingState.FAILED, RecordingState.MISSING})
"""What waits to be sealed is not erased: it will be sealed first."""


def searches(wanted: Wanted) -> tuple[str, ...]:
    """What of a search goes into the chain: the fields by which somebody looks for one person."""
    given = {
        "number": wanted.number is not None,
        "dossier": bool(wanted.dossier),
        "words": bool(wanted.words),
    }
    return tuple(name for name, there in given.items() if there)
