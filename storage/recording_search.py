"""Finds recordings among millions: every search gives places in descending order, and stops after one page.

PostgreSQL chooses the way by its statistics. SQLite is told it: the most telling of what is asked leads, by an
index that gives places in order where there is one; all else is looked at row by row.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, or_, select, true
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from core.recordings import NumberWanted, Page, Wanted, Within
from storage.archive_tables import recording, recording_agent
from storage.recording_rows import place_at, recordings_of
from storage.recording_words import places_with
from storage.rows import storable

Condition = ColumnElement[bool]
LONGEST = timedelta(hours=24)
"""How long before an instant a recording may have begun that lies across it."""
_FEW = 2000
"""So many rows are sorted in no time: below, a range that does not give places in order may lead."""
_LAST = "\U0010ffff"

c = recording.c


def find(
    connection: Connection, wanted: Wanted, within: Sequence[Within], before: int | None, limit: int
) -> Page:
    """Recordings that match, the latest first.

    Args:
        connection: to the database.
        wanted: what must match.
        within: of what: any of these parts.
        before: only those of an earlier place.
        limit: how many at most.
    """
    asked = _Asked(connection, wanted, within, before)
    places = list(connection.execute(asked.statement().limit(limit + 1)).scalars())
    rows = connection.execute(
        select(recording).where(c.place.in_(places[:limit])).order_by(c.place.desc())
    ).all()
    following = places[limit - 1] if len(places) > limit else None
    return Page(tuple(recordings_of(connection, rows)), following)


class _Asked:
    """One search, put into the words of a database."""

    def __init__(
        self, connection: Connection, wanted: Wanted, within: Sequence[Within], before: int | None
    ) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"
        self._wanted = wanted
        self._within = within
        self._before = before

    def statement(self) -> Select[int]:
        """The places found, in order."""
        (source, place), rest = self._leading()
        conditions = [*self._period(place), *rest, self._scope()]
        return select(place).select_from(source).where(*conditions).order_by(place.desc())

    # --- what leads -------------------------------------------------------------------------------------

    def _leading(self) -> tuple[tuple[Any, ColumnElement[int]], list[Condition]]:
        """Where the places come from, in order; and what each must meet beside."""
        w = self._wanted
        conditions: dict[str, Condition] = {}
        if w.number is not None:
            conditions["number"] = _number(w.number)
        if w.call_id is not None:
            call_id = storable(w.call_id)
            conditions["call"] = or_(c.call_id == call_id, c.last_call_id == call_id)
        if w.dossier:
            conditions["dossier"] = _begins(c.dossier, storable(w.dossier) or "")
        telling = bool(conditions)
        alone = not telling and not w.words
        if w.line:
            conditions["line"] = self._plain(c.line, indexed=alone and w.outcome is None) == storable(w.line)
        if w.outcome is not None:
            conditions["outcome"] = self._plain(c.outcome, indexed=alone) == w.outcome.value
        by_length = alone and self._few_of_length()
        if w.shortest is not None:
            conditions["shortest"] = self._plain(c.seconds, indexed=by_length) >= w.shortest
        if w.longest is not None:
            conditions["longest"] = self._plain(c.seconds, indexed=by_length) <= w.longest
        rest = [*conditions.values(), *self._small()]
        # What gives few rows leads: they are sorted, rather than all rows looked at in order.
        place = self._plain(c.place, indexed=not telling and not by_length)
        if w.words:
            words = places_with(self._connection, w.words).columns(place=c.place.type).subquery("w")
            return (words.join(recording, c.place == words.c.place), words.c.place), rest
        agents = [part.agent_id for part in self._within if part.agent_id is not None]
        agent = w.agent_id or (agents[0] if len(self._within) == 1 and agents else None)
        if agent is not None:
            theirs = recording_agent.alias("theirs")
            rest.append(theirs.c.agent_id == storable(agent))
            place = place if telling else theirs.c.place
            return (theirs.join(recording, c.place == theirs.c.place), place), rest
        return (recording, place), rest

    def _few_of_length(self) -> bool:
        """Whether so few recordings are of that length that they may be sorted."""
        w = self._wanted
        if not self._sqlite or (w.shortest is None and w.longest is None):
            return False
        least, most = w.shortest or 0.0, w.longest if w.longest is not None else 1e9
        some = select(c.seconds).where(c.seconds.between(least, most)).limit(_FEW).subquery()
        found = self._connection.execute(select(func.count()).select_from(some)).scalar_one()
        return int(found) < _FEW

    def _plain(self, column: ColumnElement[Any], *, indexed: bool) -> ColumnElement[Any]:
        """A column; unless it leads, hidden from SQLite's choice of an index."""
        if indexed or not self._sqlite:
            return column
        return UnaryExpression(column, operator=custom_op("+"), type_=column.type)

    # --- what must be met beside ------------------------------------------------------------------------

    def _period(self, place: ColumnElement[int]) -> list[Condition]:
        w = self._wanted
        alone = self._within[0] if len(self._within) == 1 else Within()
        bounds = []
        if alone.since is not None:
            bounds.append(place >= place_at(alone.since))
        if alone.until is not None:
            bounds.append(place < place_at(alone.until))
        if w.since is not None:
            bounds.append(place >= place_at(w.since))
        if w.until is not None:
            bounds.append(place < place_at(w.until))
        if w.during is not None:
            bounds += [place >= place_at(w.during - LONGEST), place <= place_at(w.during)]
        if self._before is not None:
            bounds.append(place < self._before)
        return bounds

    def _small(self) -> list[Condition]:
        """What few recordings fail to meet, or only those of a small period are asked for."""
        w = self._wanted
        found: list[Condition] = []
        if w.during is not None:
            found.append(or_(c.ended_at.is_(None), c.ended_at >= w.during))
        if w.states:
            found.append(self._plain(c.state, indexed=False).in_([state.value for state in w.states]))
        if w.held is not None:
            found.append(c.holds > 0 if w.held else c.holds == 0)
        if not w.tests:
            found.append(self._plain(c.test, indexed=False).is_(False))
        return found

    def _scope(self) -> Condition:
        """In one of the parts that may be found."""
        return or_(false(), *(self._part(part) for part in self._within))

    def _part(self, part: Within) -> Condition:
        met: list[Condition] = [true()]
        if part.agent_id is not None:
            theirs = select(recording_agent.c.place).where(
                recording_agent.c.agent_id == storable(part.agent_id), recording_agent.c.place == c.place
            )
            met.append(theirs.exists())
        if part.since is not None:
            met.append(self._plain(c.place, indexed=False) >= place_at(part.since))
        if part.until is not None:
            met.append(self._plain(c.place, indexed=False) < place_at(part.until))
        if part.line:
            met.append(self._plain(c.line, indexed=False) == storable(part.line))
        if part.recordings:
            met.append(c.recording_id.in_(part.recordings))
        return and_(*met)


def _number(number: NumberWanted) -> Condition:
    either: list[Condition] = []
    if number.exact:
        either.append(c.number == storable(number.exact))
    if number.ends:
        either.append(_begins(c.number_reversed, number.ends[::-1]))
    if number.begins:
        either.append(_begins(c.number, number.begins))
    return or_(false(), *either)


def _begins(column: ColumnElement[str], text: str) -> Condition:
    return and_(column >= text, column < text + _LAST)
