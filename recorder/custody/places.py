"""Where the tracks of a recording are, and its objects in the archive."""

from datetime import UTC, date
from pathlib import Path

from core.recordings import Recording
from recorder.sealing.layout import prefix_of
from recorder.sealing.tracks import TrackPair

_CALLER, _CENTRE = "-caller.wav", "-centre.wav"


def archived_on(recording: Recording) -> date:
    """The day under which a recording is archived: in UTC, as its tracks are named."""
    named = recording.caller_track.partition("/")[0]
    try:
        return date.fromisoformat(named)
    except ValueError:
        return recording.started_at.astimezone(UTC).date()


def prefix(recording: Recording) -> str:
    """Where its objects are in the archive."""
    return prefix_of(recording.centre_id, archived_on(recording), recording.recording_id)


def tracks_in(folder: Path, recording: Recording) -> TrackPair | None:
    """Both tracks as one writer made them; ``None``: nobody knows their names."""
    caller = recording.caller_track
    if not caller.endswith(_CALLER) or ".." in caller:
        return None
    return TrackPair(folder / caller, folder / (caller.removesuffix(_CALLER) + _CENTRE))
