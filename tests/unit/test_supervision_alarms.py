"""Alarms: raised once for each cause, cleared when all is well for long enough, a restart or not."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bus import InProcessBus
from core.alarms import CARDS, AlarmCard, AlarmKind, Severity, StuckKind
from core.events import AlarmCleared, AlarmRaised, Envelope, StuckStateHealed, SwitchConnected, SwitchLost
from core.ids import CentreId
from supervision.alarms import AlarmService
from supervision.policy import AlarmBook, Due
from tests.support.centre import HeldClock, MemoryJournal
from tests.support.events import NOON, envelope

pytestmark = pytest.mark.unit

AWAY = (AlarmKind.DATABASE_AWAY, "")
CARD = AlarmCard(severity=Severity.WARNING, raise_after=2, clear_after=5, confirm_after=60)
INSTANT = AlarmCard(severity=Severity.WARNING, momentary=True, clear_after=30)


class Book:
    """A book with a journal of its own: what is due is said at once."""

    def __init__(self, card: AlarmCard = CARD, past: Iterable[Envelope] = (), started: float = 0) -> None:
        self.book = AlarmBook(NOON + timedelta(seconds=started), {AlarmKind.DATABASE_AWAY: card})
        self.said: list[tuple[Due, float]] = []
        self.journal = list(past)
        for each in self.journal:
            self.book.fold(each)

    def at(self, seconds: float, wrong: bool | None = None) -> None:
        now = NOON + timedelta(seconds=seconds)
        if wrong is True:
            self.book.wrong(AWAY, "no answer", now)
        elif wrong is False:
            self.book.well(AWAY, now)
        for key, due in self.book.due(now):
            self.said.append((due, seconds))
            event = (
                AlarmRaised(kind=key[0], severity=Severity.WARNING, detail=self.book.detail(key))
                if due is Due.RAISE
                else AlarmCleared(kind=key[0])
            )
            self.journal.append(envelope(event, len(self.journal) + 1, now))
            self.book.fold(self.journal[-1])


WRONG, WELL, NOTHING = True, False, None
TABLE: list[tuple[str, AlarmCard, list[tuple[float, bool | None]], list[tuple[Due, float]]]] = [
    ("too short to say", CARD, [(0, WRONG), (1, WELL), (2, WRONG), (3, WELL), (9, NOTHING)], []),
    ("said once", CARD, [(0, WRONG), (2, WRONG), (3, WRONG), (50, WRONG)], [(Due.RAISE, 2)]),
    ("raised without a further report", CARD, [(0, WRONG), (2, NOTHING)], [(Due.RAISE, 2)]),
    (
        "over when well for long enough",
        CARD,
        [(0, WRONG), (2, WRONG), (3, WELL), (7, WELL), (8, WELL)],
        [(Due.RAISE, 2), (Due.CLEAR, 8)],
    ),
    (
        "wrong again meanwhile: it never was over",
        CARD,
        [(0, WRONG), (2, WRONG), (3, WELL), (7, WRONG), (8, WELL), (12, WELL), (13, WELL)],
        [(Due.RAISE, 2), (Due.CLEAR, 13)],
    ),
    (
        "it comes back: its clearing waits twice as long",
        CARD,
        [
            (0, WRONG),
            (2, WRONG),
            (3, WELL),
            (8, WELL),
            (9, WRONG),
            (11, WRONG),
            (12, WELL),
            (17, WELL),
            (22, WELL),
        ],
        [(Due.RAISE, 2), (Due.CLEAR, 8), (Due.RAISE, 11), (Due.CLEAR, 22)],
    ),
    (
        "it comes back much later: as the first time",
        CARD,
        [(0, WRONG), (2, WRONG), (3, WELL), (8, WELL), (700, WRONG), (702, WRONG), (703, WELL), (708, WELL)],
        [(Due.RAISE, 2), (Due.CLEAR, 8), (Due.RAISE, 702), (Due.CLEAR, 708)],
    ),
    ("an instant", INSTANT, [(0, WRONG), (29, NOTHING), (30, NOTHING)], [(Due.RAISE, 0), (Due.CLEAR, 30)]),
    (
        "the same instant again: said once, and for longer",
        INSTANT,
        [(0, WRONG), (20, WRONG), (30, NOTHING), (50, NOTHING), (99, NOTHING)],
        [(Due.RAISE, 0), (Due.CLEAR, 50)],
    ),
    ("the clock is put back", CARD, [(3600, WRONG), (0, WRONG), (2, WRONG)], [(Due.RAISE, 2)]),
]


@pytest.mark.parametrize(("card", "steps", "said"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_when_it_is_said(
    card: AlarmCard, steps: list[tuple[float, bool | None]], said: list[tuple[Due, float]]
) -> None:
    book = Book(card)
    for seconds, wrong in steps:
        book.at(seconds, wrong)
    assert book.said == said


def raised_at(seconds: float) -> list[Envelope]:
    return [
        envelope(AlarmRaised(kind=AWAY[0], severity=Severity.WARNING), 1, NOON + timedelta(seconds=seconds))
    ]


def test_a_core_that_starts_keeps_an_alarm_until_somebody_says_how_it_is() -> None:
    confirmed = Book(past=raised_at(-100))
    confirmed.at(30, WRONG)
    confirmed.at(61, WRONG)
    assert confirmed.said == []
    well = Book(past=raised_at(-100))
    well.at(30, WELL)
    well.at(35, WELL)
    assert well.said == [(Due.CLEAR, 35)]


def test_an_alarm_nobody_confirms_is_over_after_a_while() -> None:
    book = Book(past=raised_at(-100))
    book.at(59)
    assert book.said == []
    book.at(60)
    assert book.said == [(Due.CLEAR, 60)]


def test_an_instant_before_a_restart_ends_at_its_time() -> None:
    book = Book(INSTANT, past=raised_at(-20), started=0)
    book.at(9)
    assert book.said == []
    book.at(10)
    assert book.said == [(Due.CLEAR, 10)]


@given(
    st.sampled_from([CARD, INSTANT]),
    st.lists(st.tuples(st.floats(0, 40), st.sampled_from([WRONG, WELL, NOTHING])), max_size=60),
)
def test_raised_and_cleared_take_turns_and_a_settled_cause_ends_as_it_is(
    card: AlarmCard, steps: list[tuple[float, bool | None]]
) -> None:
    book, now = Book(card), 0.0
    for gap, wrong in steps:
        now += gap
        book.at(now, wrong)
    assert [due for due, _ in book.said] == [Due.RAISE, Due.CLEAR] * (len(book.said) // 2) + [Due.RAISE] * (
        len(book.said) % 2
    )
    again = AlarmBook(NOON, {AlarmKind.DATABASE_AWAY: card})
    for each in book.journal:
        again.fold(each)
    assert set(again.raised) == set(book.book.raised)
    for _ in range(3):
        now += 300
        book.at(now, WELL)
    assert not book.book.raised


# --- the service ---


class World:
    def __init__(self, past: Iterable[Envelope] = ()) -> None:
        self.clock, self.journal = HeldClock(), MemoryJournal(past)
        self.bus = InProcessBus(self.journal, self.clock, CentreId("FR751"))
        self.alarms = AlarmService(self.bus, self.clock)
        for each in list(self.journal.envelopes):
            self.bus.replay(each)

    def pass_(self, seconds: float) -> None:
        """Let time pass as the ticker does."""
        for _ in range(round(seconds * 10)):
            self.alarms.tick(self.clock.advance(0.1))

    @property
    def told(self) -> list[tuple[str, str, str]]:
        said = [each.event for each in self.journal.envelopes]
        return [
            (type(event).__name__, event.kind.value, event.subject)
            for event in said
            if isinstance(event, AlarmRaised | AlarmCleared)
        ]


def test_what_is_reported_is_said_at_once_and_once() -> None:
    world = World()
    for _ in range(3):
        world.alarms.raise_alarm(AlarmKind.NODE_DOWN, "asterisk-b", "frozen")
        world.alarms.raise_alarm(AlarmKind.NODE_DOWN, "asterisk-a")
    assert world.told == [
        ("AlarmRaised", "node_down", "asterisk-b"),
        ("AlarmRaised", "node_down", "asterisk-a"),
    ]
    [first, _] = world.journal.events(AlarmRaised)
    assert (first.severity, first.detail) == (Severity.CRITICAL, "frozen")
    world.alarms.clear_alarm(AlarmKind.NODE_DOWN, "asterisk-b")
    world.pass_(6)
    assert world.told[2:] == [("AlarmCleared", "node_down", "asterisk-b")]
    assert set(world.alarms.raised) == {(AlarmKind.NODE_DOWN, "asterisk-a")}


def test_clearing_what_was_never_raised_says_nothing() -> None:
    world = World()
    world.alarms.clear_alarm(AlarmKind.FLOOD)
    world.pass_(10)
    assert world.told == []


def test_what_is_watched_is_looked_at_and_one_bad_look_blinds_nobody() -> None:
    world, wrong = World(), ["ENOSPC"]
    world.alarms.watch(AlarmKind.DATABASE_AWAY, lambda: str(1 / 0))
    world.alarms.watch(AlarmKind.JOURNAL_DISK_FULL, lambda: wrong[0] if wrong else None)
    world.pass_(2)
    assert world.told == [("AlarmRaised", "journal_disk_full", "")]
    wrong.clear()
    world.pass_(7)
    assert world.told[1:] == [("AlarmCleared", "journal_disk_full", "")]


def test_the_silence_of_asterisk_and_healed_states_are_alarms() -> None:
    world = World()
    world.bus.publish(SwitchLost(switch="asterisk-a", detail="no answer to pings"))
    world.bus.publish(StuckStateHealed(kind=StuckKind.LEG_GONE))
    world.bus.publish(StuckStateHealed(kind=StuckKind.LEG_GONE))
    assert world.told == [("AlarmRaised", "switch_silent", "asterisk-a"), ("AlarmRaised", "stuck_states", "")]
    world.bus.publish(SwitchConnected(switch="asterisk-a"))
    world.pass_(6)
    assert world.told[2:] == [("AlarmCleared", "switch_silent", "asterisk-a")]


def test_a_restarted_core_says_nothing_twice() -> None:
    world = World()
    world.alarms.raise_alarm(AlarmKind.RECORDINGS_DISK_FULL)
    again = World(world.journal.envelopes)
    again.alarms.raise_alarm(AlarmKind.RECORDINGS_DISK_FULL)
    again.pass_(90)
    assert again.told == [("AlarmRaised", "recordings_disk_full", "")]


def test_every_kind_has_a_card_and_a_text() -> None:
    texts = (Path(__file__).parents[2] / "ui" / "texts" / "alarms.ts").read_text("utf-8")
    for kind in AlarmKind:
        assert kind in CARDS
        assert f"  {kind.value}:" in texts, f"say {kind.value} in French in ui/texts/alarms.ts"
