"""Looks again and again whether Asterisk and we agree on the channels under control: events may be lost.

The look is cheap: one request, answered with a list of ids. It proves besides that Asterisk still does what it
is asked, which an answered ping does not.
"""

import asyncio
from collections.abc import Callable, Set
from dataclasses import dataclass
from itertools import count
from typing import Final

import msgspec
import structlog

from core.errors import SwitchUnavailable
from core.ids import BridgeId, ChannelId
from telephony.ari import AriLink
from telephony.ari_protocol import Application, Bridge, uri
from telephony.translation import bridges_of

log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 3.0
BRIDGES_EVERY: Final = 4
"""Looks between two at the bridges, of which there are many: each position has one."""
ANSWER_WITHIN_S: Final = 5.0
"""An Asterisk that answers pings, but no request for this long, does not work."""


class Suspects:
    """Tells what is stuck from what is only on its way: what differs at two looks in a row. Pure."""

    def __init__(self) -> None:
        self._gone: frozenset[ChannelId] = frozenset()
        self._stray: frozenset[ChannelId] = frozenset()

    def look(
        self, ours: Set[ChannelId], held: Set[ChannelId]
    ) -> tuple[frozenset[ChannelId], frozenset[ChannelId]]:
        """Compare what we believe with what Asterisk holds.

        Returns:
            our channels that do not exist any more, and channels held for us that we know nothing of.
        """
        gone, stray = frozenset(ours - held), frozenset(held - ours)
        stuck = gone & self._gone, stray & self._stray
        self._gone, self._stray = gone, stray
        return stuck


@dataclass(frozen=True, slots=True)
class Look:
    """What Asterisk holds for us, and what is stuck of it. ``bridges``: the empty ones, where looked at."""

    held: frozenset[ChannelId]
    gone: frozenset[ChannelId]
    stray: frozenset[ChannelId]
    bridges: frozenset[BridgeId] | None = None


class Patrol:
    """One task for each link, from its reconciliation to its end.

    Args:
        app: the core's application.
        believed: the channels that should be under control now.
        found: told of each look.
        mute: told when Asterisk does not answer any more.
        every: seconds between looks.
    """

    def __init__(
        self,
        app: str,
        *,
        believed: Callable[[], Set[ChannelId]],
        found: Callable[[Look], None],
        mute: Callable[[AriLink], None],
        every: float = LOOK_EVERY_S,
    ) -> None:
        self._app = app
        self._believed = believed
        self._found = found
        self._mute = mute
        self._every = every
        self._task: asyncio.Task[None] | None = None
        self._suspects = Suspects()

    def begin(self, link: AriLink) -> None:
        """Look over this link from now on."""
        self.end()
        self._suspects = Suspects()
        self._task = asyncio.get_running_loop().create_task(self._walk(link), name="patrol")

    def end(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _walk(self, link: AriLink) -> None:
        for number in count(1):
            await asyncio.sleep(self._every)
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    self._found(await self.look(link, bridges=number % BRIDGES_EVERY == 0))
            except TimeoutError:
                self._mute(link)
                return
            except SwitchUnavailable:
                return
            except Exception:  # the top of this task: a fault of ours must not end the patrol
                log.exception("patrol_failed")

    async def look(self, link: AriLink, *, bridges: bool = False) -> Look:
        """Ask, and compare.

        Raises:
            SwitchUnavailable, SwitchRefused: there is no answer, or no good one.
        """
        answer = await link.request("GET", uri("applications", self._app))
        held = frozenset(map(ChannelId, msgspec.json.decode(answer, type=Application).channel_ids))
        gone, stray = self._suspects.look(self._believed(), held)
        if not bridges:
            return Look(held, gone, stray)
        answer = await link.request("GET", "bridges")
        found = bridges_of(msgspec.json.decode(answer, type=list[Bridge]))
        return Look(held, gone, stray, frozenset(bridge for bridge, inside in found.items() if not inside))
