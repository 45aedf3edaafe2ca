"""Who may do what with which recording; how a search is understood; how long a recording is kept."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from core.custody import Grant
from core.ids import AgentId, CallId, CentreId, RecordingId
from core.recordings import NumberWanted, Recording, RecordingState, Within, folded
from core.words import Outcome, Role
from recorder.custody.policy import (
    AccessRules,
    Act,
    Relation,
    RetentionRule,
    covers,
    erasable_since,
    number_of,
    relation_to,
    rule_for,
    scope_of,
    verdict,
    words_of,
)
from tests.support.web_server import account
from web.texts import MESSAGES

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
RULES = AccessRules(centre_id=CentreId("FR751"), recent=timedelta(days=30))


def recording(**more: object) -> Recording:
    told: dict[str, object] = {
        "place": 1,
        "recording_id": RecordingId("FR751-a-1700000000.1"),
        "call_id": CallId("FR751-a-1700000000.1"),
        "last_call_id": CallId("FR751-a-1700000000.1"),
        "centre_id": CentreId("FR751"),
        "line": "15",
        "number": "+33612345678",
        "direction": "in",
        "started_at": NOW - timedelta(days=2),
        "ended_at": NOW - timedelta(days=2),
        "seconds": 60.0,
        "outcome": Outcome.ANSWERED,
        "dossier": "",
        "notes": "",
        "agents": (AgentId("8arm1/1"),),
        "test": False,
        "state": RecordingState.SEALED,
        "detail": "",
        "attempts": 0,
        "caller_track": "",
        "sealed_at": None,
        "manifest_sha256": "",
        "holds": 0,
    }
    return Recording(**{**told, **more})  # type: ignore[arg-type]


MINE = Relation(own=True, recent=True)
MINE_OLD = Relation(own=True)
NOT_MINE = Relation(recent=True)
AUDITED = Relation(granted=True)
ASKED = Relation(asked_it=True)
ELSEWHERE = Relation(own=True, recent=True, granted=True, same_centre=False)
YES = ""


@pytest.mark.parametrize(
    ("role", "act", "relation", "code"),
    [
        # An agent hears their own calls of the last weeks, and nothing else.
        (Role.ARM, Act.LISTEN, MINE, YES),
        (Role.PHYSICIAN_MU, Act.LISTEN, MINE, YES),
        (Role.PHYSICIAN_ML, Act.MARK, MINE, YES),
        (Role.ARM, Act.LISTEN, MINE_OLD, "too_long_ago"),
        (Role.ARM, Act.FIND, MINE_OLD, "too_long_ago"),
        (Role.ARM, Act.LISTEN, NOT_MINE, "not_your_recording"),
        (Role.ARM, Act.FIND, NOT_MINE, "not_your_recording"),
        (Role.ARM, Act.LISTEN, AUDITED, "not_your_recording"),
        (Role.ARM, Act.LISTEN, ELSEWHERE, "other_centre"),
        (Role.ARM, Act.ASK_EXPORT, MINE, "not_allowed"),
        (Role.ARM, Act.GRANT_EXPORT, MINE, "not_allowed"),
        (Role.ARM, Act.HOLD, MINE, "not_allowed"),
        (Role.ARM, Act.GRANT_ERASURE, MINE, "not_allowed"),
        (Role.ARM, Act.GRANT_AUDITOR, MINE, "not_allowed"),
        (Role.ARM, Act.READ_ACCESSES, MINE, "not_allowed"),
        # A supervisor hears their centre.
        (Role.SUPERVISOR, Act.LISTEN, NOT_MINE, YES),
        (Role.SUPERVISOR, Act.LISTEN, Relation(), YES),
        (Role.SUPERVISOR, Act.LISTEN, ELSEWHERE, "other_centre"),
        (Role.SUPERVISOR, Act.ASK_EXPORT, Relation(), YES),
        (Role.SUPERVISOR, Act.HOLD, Relation(), "not_allowed"),
        (Role.SUPERVISOR, Act.PROPOSE_ERASURE, Relation(), "not_allowed"),
        (Role.SUPERVISOR, Act.GRANT_ERASURE, Relation(), "not_allowed"),
        (Role.SUPERVISOR, Act.GRANT_AUDITOR, Relation(), "not_allowed"),
        # Nobody exports alone.
        (Role.SUPERVISOR, Act.GRANT_EXPORT, Relation(), YES),
        (Role.SUPERVISOR, Act.GRANT_EXPORT, ASKED, "two_persons"),
        (Role.ARCHIVIST, Act.GRANT_EXPORT, Relation(), YES),
        (Role.AUDITOR, Act.GRANT_EXPORT, AUDITED, "not_allowed"),
        (Role.SUPERVISOR, Act.TAKE_EXPORT, ASKED, YES),
        (Role.SUPERVISOR, Act.TAKE_EXPORT, Relation(), "not_your_request"),
        # An auditor has what a grant gives, while it does.
        (Role.AUDITOR, Act.LISTEN, AUDITED, YES),
        (Role.AUDITOR, Act.LISTEN, MINE, "no_grant"),
        (Role.AUDITOR, Act.FIND, Relation(), "no_grant"),
        (Role.AUDITOR, Act.ASK_EXPORT, AUDITED, YES),
        (Role.AUDITOR, Act.HOLD, AUDITED, "not_allowed"),
        (Role.AUDITOR, Act.GRANT_AUDITOR, AUDITED, "not_allowed"),
        # An archivist keeps, and does not listen.
        (Role.ARCHIVIST, Act.FIND, Relation(), YES),
        (Role.ARCHIVIST, Act.LISTEN, MINE, "archivist_does_not_listen"),
        (Role.ARCHIVIST, Act.ASK_EXPORT, Relation(), "archivist_does_not_listen"),
        (Role.ARCHIVIST, Act.HOLD, Relation(), YES),
        (Role.ARCHIVIST, Act.GRANT_AUDITOR, Relation(), YES),
        (Role.ARCHIVIST, Act.PROPOSE_ERASURE, Relation(), YES),
        (Role.ARCHIVIST, Act.GRANT_ERASURE, Relation(), YES),
        (Role.ARCHIVIST, Act.GRANT_ERASURE, ASKED, "two_persons"),
        # What cannot be heard.
        (Role.SUPERVISOR, Act.LISTEN, Relation(state=RecordingState.ERASED), "recording_erased"),
        (Role.SUPERVISOR, Act.LISTEN, Relation(state=RecordingState.RECORDING), "still_recording"),
        (Role.SUPERVISOR, Act.LISTEN, Relation(state=RecordingState.RECORDED), "not_sealed_yet"),
        (Role.SUPERVISOR, Act.LISTEN, Relation(state=RecordingState.MISSING), "recording_missing"),
        (Role.SUPERVISOR, Act.FIND, Relation(state=RecordingState.ERASED), YES),
        (Role.ARCHIVIST, Act.HOLD, Relation(state=RecordingState.ERASED), "recording_erased"),
        (Role.ARCHIVIST, Act.HOLD, Relation(state=RecordingState.RECORDING), YES),
    ],
)
def test_who_may(role: Role, act: Act, relation: Relation, code: str) -> None:
    assert verdict(role, act, relation).code == code


def test_the_test_robot_may_nothing_and_each_refusal_has_its_words() -> None:
    relations = [
        Relation(own=own, recent=recent, granted=granted, same_centre=centre, asked_it=asked)
        for own, recent, granted, centre, asked in product((True, False), repeat=5)
    ]
    every = [verdict(role, act, relation) for role in Role for act in Act for relation in relations]
    assert {said.code for said in every if not said.allowed} <= set(MESSAGES)
    assert not any(verdict(Role.TEST_ROBOT, act, MINE).allowed for act in Act)


def grant(**more: object) -> Grant:
    told: dict[str, object] = {
        "grant_id": "g",
        "auditor": AgentId("8auditeur/1"),
        "by": AgentId("a"),
        "reason": "revue",
        "at": NOW - timedelta(days=1),
        "expires_at": NOW + timedelta(days=1),
    }
    return Grant(**{**told, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "covered"),
    [
        (grant(), True),
        (grant(line="15"), True),
        (grant(line="112"), False),
        (grant(recordings=(recording().recording_id,)), True),
        (grant(recordings=(RecordingId("another"),)), False),
        (grant(since=NOW - timedelta(days=3), until=NOW), True),
        (grant(until=NOW - timedelta(days=2)), False),  # exclusive
        (grant(since=NOW - timedelta(days=2)), True),  # inclusive
        (grant(since=NOW - timedelta(days=1)), False),
        (grant(expires_at=NOW), False),
        (grant(ended_at=NOW - timedelta(hours=1)), False),
    ],
)
def test_what_a_grant_covers(given: Grant, covered: bool) -> None:
    assert covers(given, recording(), NOW) is covered
    auditor = account("auditeur", Role.AUDITOR)
    assert relation_to(auditor, recording(), [given], NOW, RULES).granted is covered
    assert not relation_to(account("autre", Role.AUDITOR), recording(), [given], NOW, RULES).granted


def test_what_somebody_may_find() -> None:
    grants = [grant(line="15"), grant(line="112", ended_at=NOW)]
    found = {role: scope_of(account("arm1", role), grants, NOW, RULES) for role in Role}
    assert found[Role.SUPERVISOR] == found[Role.ARCHIVIST] == (Within(),)
    assert found[Role.ARM] == (Within(agent_id=AgentId("8arm1/1"), since=NOW - timedelta(days=30)),)
    assert found[Role.TEST_ROBOT] == found[Role.AUDITOR] == ()  # the grants are another's
    assert scope_of(account("auditeur", Role.AUDITOR), grants, NOW, RULES) == (Within(line="15"),)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("06 12 34 56 78", NumberWanted(exact="+33612345678")),
        ("+33 6 12 34 56 78", NumberWanted(exact="+33612345678")),
        ("0033612345678", NumberWanted(exact="+33612345678")),
        ("0692.12.34.56", NumberWanted(exact="+262692123456")),
        ("56 78", NumberWanted(ends="5678")),
        ("0612", NumberWanted(ends="0612", begins="+33612")),
        ("+336", NumberWanted(begins="+336")),
        ("0044 20", NumberWanted(begins="+4420")),
        ("78", None),
        ("+", None),
        ("douleur", None),
        ("", None),
        ("6" * 40, None),
    ],
)
def test_a_number_in_any_form(typed: str, wanted: NumberWanted | None) -> None:
    assert number_of(typed) == wanted


def test_accents_and_punctuation_do_not_matter() -> None:
    assert folded("Œdème  aigu — Père GÊNÉ, 80 ans!") == "oedeme aigu pere gene 80 ans"
    assert words_of("l'Œdème, l’œdème") == ("l", "oedeme")
    assert words_of("dou père dou") == ("pere", "dou")  # the last typed stays last
    assert words_of(" ".join(map(str, range(100)))) == tuple(map(str, range(88, 100)))


@pytest.mark.parametrize(
    ("about", "days"),
    [
        ({"test": True}, 7),
        ({"test": True, "line": "112"}, 7),  # the first that matches
        ({"line": "112", "dossier": "D1"}, 3650),
        ({"line": "112"}, 365),
        ({"outcome": Outcome.ABANDONED_SVI}, 90),
        ({}, None),
    ],
)
def test_the_first_rule_that_matches_counts(about: dict[str, object], days: int | None) -> None:
    rules = [
        RetentionRule(keep=timedelta(days=7), test=True),
        RetentionRule(keep=timedelta(days=3650), line="112", with_dossier=True),
        RetentionRule(keep=timedelta(days=365), line="112", with_dossier=False),
        RetentionRule(keep=timedelta(days=90), outcome=Outcome.ABANDONED_SVI),
    ]
    one = recording(**about)
    rule = rule_for(one, rules)
    assert (None if rule is None else rule.keep.days) == days
    since = erasable_since(one, rules)
    assert since == (None if days is None else NOW - timedelta(days=2) + timedelta(days=days))
    assert erasable_since(recording(**about, holds=1), rules) is None
