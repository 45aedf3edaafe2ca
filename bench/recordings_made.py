"""A catalogue of invented recordings, made by the million: the archive's rows, written in bulk."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, text

from core.recordings import folded
from core.words import Outcome
from storage.archive_tables import recording, recording_agent
from storage.database import Database
from storage.recording_rows import place_at
from storage.recording_words import write_words

BEGAN = datetime(2022, 1, 1, tzinfo=UTC)
AGENTS = 120
LINES = ("15", "15", "15", "15", "112", "112", "116117", "0140000015")
OUTCOMES = (*([Outcome.ANSWERED] * 80), *([Outcome.ABANDONED_QUEUE] * 10), *([Outcome.ABANDONED_SVI] * 7))
_SYLLABLES = (
    "dou",
    "leur",
    "thora",
    "cique",
    "chu",
    "te",
    "mal",
    "aise",
    "fiè",
    "vre",
    "sai",
    "gne",
    "ment",
    "a",
    "vc",
)
_TOGETHER = 20_000


@dataclass(frozen=True, slots=True)
class Made:
    """One recording, and what a search would know of it."""

    row: dict[str, Any]
    agents: tuple[str, ...]
    words: str


def vocabulary(count: int = 4000) -> list[str]:
    """Words of notes, the most used first."""
    chance = random.Random(15)
    made: dict[str, None] = {}
    while len(made) < count:
        made["".join(chance.choice(_SYLLABLES) for _ in range(chance.randint(2, 4)))] = None
    return list(made)


def recordings(count: int) -> Iterator[Made]:
    """Recordings of five years of a centre, in order, the same each time."""
    chance, words = random.Random(count), vocabulary()
    weights = [1 / (rank + 3) for rank in range(len(words))]
    step = timedelta(days=5 * 365) / count
    for number in range(count):
        started_at = BEGAN + step * number
        seconds = round(min(chance.expovariate(1 / 180) + 3, 7200), 3)
        hidden = chance.random() < 0.04
        e164 = "" if hidden else f"+33{chance.choice('1345679999')}{chance.randrange(10**8):08d}"
        noted = chance.random() < 0.3
        notes = " ".join(chance.choices(words, weights, k=chance.randint(4, 20))) if noted else ""
        its_id = f"FR751-a-{int(started_at.timestamp())}.{number}"
        row = {
            "place": place_at(started_at),
            "recording_id": its_id,
            "call_id": its_id,
            "last_call_id": its_id,
            "centre_id": "FR751",
            "line": chance.choice(LINES),
            "number": e164,
            "number_reversed": e164.removeprefix("+")[::-1],
            "direction": "out" if chance.random() < 0.2 else "in",
            "started_at": started_at,
            "ended_at": started_at + timedelta(seconds=seconds),
            "seconds": seconds,
            "outcome": chance.choice(OUTCOMES).value,
            "dossier": f"DRM{number // 2:09d}" if chance.random() < 0.6 else "",
            "notes": notes,
            "test": chance.random() < 0.02,
            "state": "sealed",
            "detail": "",
            "attempts": 0,
            "caller_track": "",
            "manifest_sha256": "",
            "holds": 0,
        }
        agents = {
            f"8997{min(int(chance.expovariate(1 / 30)), AGENTS - 1):08d}" for _ in range(chance.randint(1, 2))
        }
        yield Made(row, tuple(agents), folded(notes))


async def fill(database: Database, count: int) -> None:
    """Write them into an empty catalogue, and let the database learn what is in it."""
    await database.upgrade()
    made = recordings(count)
    while some := list(islice(made, _TOGETHER)):
        await database.write(_write, some)
    await database.write(lambda connection: connection.execute(text("ANALYZE")))


def _write(connection: Connection, some: list[Made]) -> None:
    connection.execute(recording.insert(), [each.row for each in some])
    pairs = [{"agent_id": agent, "place": each.row["place"]} for each in some for agent in each.agents]
    connection.execute(recording_agent.insert(), pairs)
    write_words(connection, [(each.row["place"], each.words) for each in some if each.words])
