"""The words of the recordings' notes: written and looked up in each database's own full-text index.

Words come folded: small letters and figures, single spaces (``recorder/custody/policy.py: folded``).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, TextClause, bindparam, text

FEWEST_LETTERS = 3
"""Of a beginning of a word: SQLite's index is made of beginnings so long; fewer find half the archive."""


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


def places_with(dialect: str, words: Sequence[str]) -> TextClause:
    """A statement that gives the places (``place``) of the recordings with all of these words.

    The last is still being typed: it is a beginning, from ``FEWEST_LETTERS`` on. The others are whole words:
    all that begins as frequent words do takes a full-text index long to merge.

    Args:
        dialect: of the database.
        words: folded; nothing but letters and figures.
    """
    sqlite = dialect == "sqlite"
    each = [f'"{word}"' if sqlite else word for word in words]
    if words and len(words[-1]) >= FEWEST_LETTERS:
        each[-1] += " *" if sqlite else ":*"
    asked = (" AND " if sqlite else " & ").join(each)
    if sqlite:
        found = text("SELECT rowid AS place FROM recording_words WHERE recording_words MATCH :asked")
    else:
        found = text("SELECT place FROM recording_words WHERE words @@ to_tsquery('simple', :asked)")
    return found.bindparams(bindparam("asked", asked))


def clear_words(connection: Connection) -> None:
    """Forget all words."""
    connection.execute(text("DELETE FROM recording_words"))


def _sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"
