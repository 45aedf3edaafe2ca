"""The words of the recordings' notes: written and looked up in each database's own full-text index.

Words come folded: small letters and figures, single spaces (``recorder/custody/policy.py: folded``).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, TextClause, bindparam, text


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
    """A statement that gives the places (``place``) of the recordings with words that begin so, all of them.

    Args:
        dialect: of the database.
        words: folded; nothing but letters and figures.
    """
    if dialect == "sqlite":
        asked = " AND ".join(f'"{word}" *' for word in words)
        found = text("SELECT rowid AS place FROM recording_words WHERE recording_words MATCH :asked")
    else:
        asked = " & ".join(f"{word}:*" for word in words)
        found = text("SELECT place FROM recording_words WHERE words @@ to_tsquery('simple', :asked)")
    return found.bindparams(bindparam("asked", asked))


def clear_words(connection: Connection) -> None:
    """Forget all words."""
    connection.execute(text("DELETE FROM recording_words"))


def _sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"
