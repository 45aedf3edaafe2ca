"""The words of the recordings' notes: written and looked up in each database's own full-text index.

Words come folded: small letters and figures, single spaces (``recorder/custody/policy.py: folded``).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, TextClause, bindparam, text

FEWEST_LETTERS = 3
"""Of a beginning of a word: SQLite's index is made of beginnings so long; fewer find half the archive."""
_MOST_TERMS = 1000
"""Words that begin alike, walked side by side."""


def write_words(connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
    """Replace the words of recordings, by place; none: they are forgotten."""
    if not rows:
        return
    forget_words(connection, [place for place, _ in rows])
    given: list[dict[str, Any]] = [{"place": place, "words": words} for place, words in rows if words]
    if not given:
        return
    insert = (
        "INSERT INTO recording_words (rowid, words) VALUES (:place, :words)"
        if _sqlite(connection)
        else "INSERT INTO recording_words (place, words) VALUES (:place, to_tsvector('simple', :words))"
    )
    connection.execute(text(insert), given)


def forget_words(connection: Connection, places: Sequence[int]) -> None:
    """Forget the words of recordings."""
    column = "rowid" if _sqlite(connection) else "place"
    if places:
        connection.execute(
            text(f"DELETE FROM recording_words WHERE {column} = :place"),  # noqa: S608 - the column is ours
            [{"place": place} for place in places],
        )


def places_with(connection: Connection, words: Sequence[str]) -> TextClause:
    """A statement that gives the places (``place``) of the recordings with all of these words.

    The last is still being typed: it is a beginning, from ``FEWEST_LETTERS`` on. The others are whole words.

    Args:
        connection: to the database.
        words: folded; nothing but letters and figures.
    """
    sqlite = _sqlite(connection)
    each = [f'"{word}"' if sqlite else word for word in words]
    if words and len(words[-1]) >= FEWEST_LETTERS:
        each[-1] = _beginning(connection, words[-1]) if sqlite else f"{words[-1]}:*"
    asked = (" AND " if sqlite else " & ").join(each)
    if sqlite:
        found = text("SELECT rowid AS place FROM recording_words WHERE recording_words MATCH :asked")
    else:
        found = text("SELECT place FROM recording_words WHERE words @@ to_tsquery('simple', :asked)")
    return found.bindparams(bindparam("asked", asked))


def _beginning(connection: Connection, start: str) -> str:
    """What begins so, as SQLite finds it fast: the latest first, and no more than a page of it.

    Asked for a beginning that it has no index of, FTS5 first merges all places of all that begins so. Asked for
    each word that does, it walks them side by side, and stops.
    """
    if len(start) == FEWEST_LETTERS:
        return f'"{start}" *'
    vocabulary = "fts5vocab(main, recording_words, row)"
    connection.execute(text(f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.recording_terms USING {vocabulary}"))
    terms = text("SELECT term FROM temp.recording_terms WHERE term >= :start AND term < :end LIMIT :most")
    given = {"start": start, "end": f"{start}\U0010ffff", "most": _MOST_TERMS + 1}
    found = connection.execute(terms, given).scalars().all()
    if not found or len(found) > _MOST_TERMS:
        return f'"{start}" *'
    each = " OR ".join(f'"{term}"' for term in found)
    return f"({each})"


def clear_words(connection: Connection) -> None:
    """Forget all words."""
    connection.execute(text("DELETE FROM recording_words"))


def _sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"
