"""From the settings of a centre to the rules of its features."""

from datetime import timedelta
from pathlib import Path

from app.settings import OutgoingSettings, Settings
from calls.service import AidRules, NumberRules
from core.ids import CentreId
from desk.policy import DeskRules
from location.service import LocationRules
from recorder.policy import DiskRules, PauseRules


def number_rules(outgoing: OutgoingSettings) -> NumberRules:
    """Whom agents may call, and what those see."""
    return NumberRules(
        trunk=bool(outgoing.host),
        short_numbers=frozenset(outgoing.short_numbers),
        prefixes=outgoing.prefixes,
        refused_prefixes=outgoing.refused_prefixes,
        presented=outgoing.presented,
        presented_by_line=outgoing.presented_by_line,
        presented_by_position=outgoing.presented_by_position,
        ring_seconds=outgoing.ring_seconds,
    )


def second_memory(settings: Settings) -> Path | None:
    """Where a second writer of recordings writes: nobody here looks at the place to which it is carried."""
    return settings.recorder.second_memory if settings.recorder.second_dir is not None else None


def pause_rules(settings: Settings) -> PauseRules:
    """Who may have a moment of a call left out of its recording, and for how long."""
    pause = settings.recorder.pause
    return PauseRules(
        roles=frozenset(pause.roles) if pause.enabled else frozenset(),
        lines=frozenset(pause.lines),
        reasons=tuple(dict.fromkeys(pause.reasons)),
        longest=timedelta(seconds=pause.longest_seconds),
    )


def disk_rules(settings: Settings) -> DiskRules:
    """When the disk of the recordings is low, and full."""
    megabyte = 10**6
    return DiskRules(
        low=settings.recorder.low_megabytes * megabyte, full=settings.recorder.full_megabytes * megabyte
    )


def location_rules(settings: Settings) -> LocationRules:
    """How long positions are kept, and asked for."""
    location = settings.location
    return LocationRules(keep_seconds=location.keep_minutes * 60, locator_seconds=location.pflau_seconds)


def aid_rules(settings: Settings) -> AidRules:
    """The neighbouring centres, and what may go to and come from each."""
    aid = settings.mutual_aid
    return AidRules(
        centre=CentreId(settings.centre.id),
        answer_seconds=aid.answer_seconds,
        lines={CentreId(centre): frozenset(each.lines) for centre, each in aid.neighbours.items()},
    )


def desk_rules(settings: Settings) -> DeskRules:
    """Who among those that gave up is shown for a callback, and for how long."""
    desk = settings.desk
    return DeskRules(
        short_seconds=desk.short_seconds,
        uncallable_hours=desk.uncallable_hours,
        open_days=desk.open_days,
    )
