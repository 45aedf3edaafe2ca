"""What went over the wires, both ways, as it was: for whoever looks for a fault. Never leaves this memory."""

import itertools
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

KEPT = 300
LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with its answer, or one event."""

    number: int
    at: datetime
    way: str
    """``reçu``, ``envoyé`` or ``flux``."""
    what: str
    status: str
    sent: str = ""
    answered: str = ""

    @property
    def failed(self) -> bool:
        """Whether it went wrong."""
        return not (self.status == "" or self.status.startswith("2"))


@dataclass(slots=True)
class Exchanges:
    """The last ones."""

    _kept: deque[Exchange] = field(default_factory=lambda: deque(maxlen=KEPT))
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def note(self, way: str, what: str, status: object, sent: object = "", answered: object = "") -> None:
        """Note one."""
        told = "" if status == "" else str(status)
        self._kept.append(
            Exchange(next(self._numbers), datetime.now(UTC), way, what, told, _shown(sent), _shown(answered))
        )

    def latest(self, most: int = 60) -> list[Exchange]:
        """The latest first."""
        return list(itertools.islice(reversed(self._kept), most))


def _shown(content: object) -> str:
    if isinstance(content, bytes):
        content = content.decode(errors="replace")
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except ValueError:
            return str(content)[:LONGEST]
    if content in ("", None):
        return ""
    return json.dumps(_said(content), ensure_ascii=False, indent=1, default=str)[:LONGEST]


def _said(content: Any) -> Any:
    """Without what is not told."""
    if isinstance(content, dict):
        return {key: _said(value) for key, value in content.items() if value is not None}
    if isinstance(content, list | tuple):
        return [_said(each) for each in content]
    return content
