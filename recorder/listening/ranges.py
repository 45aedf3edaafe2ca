"""Which octets of a recording's sound a request is for (RFC 9110, section 14). Pure."""

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes=\s*(?P<first>\d{0,18})\s*-\s*(?P<last>\d{0,18})\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """Octets of a whole of ``size``: from ``first``, ``length`` of them. ``partial``: asked for as a part."""

    first: int
    length: int
    size: int
    partial: bool

    @property
    def headers(self) -> dict[str, str]:
        """How the answer tells of it."""
        told = {"Accept-Ranges": "bytes", "Content-Length": str(self.length)}
        if self.partial:
            told["Content-Range"] = f"bytes {self.first}-{self.first + self.length - 1}/{self.size}"
        return told


def part_of(size: int, asked: str | None, unless_changed: str | None, tag: str) -> Part | None:
    """What to answer with; ``None``: there are no such octets.

    Args:
        size: octets of the whole.
        asked: the header ``Range``. What is no single range of octets is overlooked, as the standard allows.
        unless_changed: the header ``If-Range``: the part is wanted only of the very same whole.
        tag: the whole's ``ETag``.
    """
    whole = Part(0, size, size, partial=False)
    if asked is None or (unless_changed is not None and unless_changed.strip() != tag):
        return whole
    found = _ONE.fullmatch(asked.strip())
    if found is None or not (found["first"] or found["last"]):
        return whole
    if not found["first"]:
        length = min(int(found["last"]), size)
        return Part(size - length, length, size, partial=True) if length else None
    first = int(found["first"])
    last = min(int(found["last"]), size - 1) if found["last"] else size - 1
    if found["last"] and int(found["last"]) < first:
        return whole  # not a range at all
    return Part(first, last - first + 1, size, partial=True) if first < size else None
