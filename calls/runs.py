"""Which calls an Asterisk took with it when it ended: pure."""

import re
from datetime import UTC, datetime
from typing import Final

from core.events import Envelope, SwitchConnected
from core.ids import ChannelId
from core.switch import SwitchTruth

_CREATED: Final = re.compile(r"-(\d{10,11})\.\d+$")


class Runs:
    """When each Asterisk of the centre last began, folded from the journal."""

    def __init__(self) -> None:
        self._began: dict[str, datetime] = {}

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        event = envelope.event
        if isinstance(event, SwitchConnected) and event.started_at is not None:
            self._began[event.switch] = event.started_at

    def cut(self, truth: SwitchTruth, channel_id: ChannelId) -> bool:
        """Whether a channel that Asterisk does not have any more ended with an earlier run of it.

        Where the journal does not tell which run was the last, the channel's own birth does.
        """
        if truth.started_at is None:
            return False
        began = self._began.get(truth.switch)
        if began is not None:
            return began != truth.started_at
        created = _CREATED.search(channel_id)
        return created is not None and datetime.fromtimestamp(int(created[1]), UTC) <= truth.started_at
