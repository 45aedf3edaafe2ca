"""I3: the journal has no hole, says nothing twice, and still has what it had. I9: screens."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.audit.evidence import Evidence
from app.audit.findings import Finding, Invariant
from core.ids import EventId


def check_journal(evidence: Evidence) -> Iterator[Finding]:
    """I3."""
    places: dict[int, EventId] = {}
    seen: set[EventId] = set()
    before: int | None = None
    for envelope in evidence.envelopes:
        seq = envelope.seq
        if before is not None and seq > before + 1:
            yield Finding(Invariant.NOTHING_LOST, f"event {before + 1}", f"{seq - before - 1} missing")
        elif before is not None and seq <= before:
            yield Finding(Invariant.NOTHING_LOST, f"event {seq}", "out of order, or its place taken twice")
        if envelope.event_id in seen:
            yield Finding(Invariant.NOTHING_LOST, f"event {seq}", "the same event twice")
        before = seq
        places[seq] = envelope.event_id
        seen.add(envelope.event_id)
    for seq, event_id in evidence.kept:
        if places.get(seq) != event_id:
            yield Finding(Invariant.NOTHING_LOST, f"event {seq}", "it was there, and is not any more")


def check_screens(screens: Mapping[str, tuple[Any, Any]]) -> Iterator[Finding]:
    """I9."""
    for name, (shown, fresh) in screens.items():
        if shown != fresh:
            yield Finding(
                Invariant.SCREENS, name, f"it shows something else in {', '.join(_where(shown, fresh))}"
            )


def _where(shown: Any, fresh: Any, above: str = "") -> list[str]:
    """The paths that differ."""
    if not (isinstance(shown, dict) and isinstance(fresh, dict)):
        return [above or "everything"]
    return [
        path
        for key in sorted(shown.keys() | fresh.keys())
        if shown.get(key) != fresh.get(key)
        for path in _where(shown.get(key), fresh.get(key), f"{above}.{key}" if above else str(key))
    ]
