"""Tells each agent's LRM of the calls they take: in order for one agent, retried, and never in a call's way.

What is pending is a fold of the journal (``outbox.py``); when to try again is data, looked at by the ticker.
An LRM that fails is spared (``policy.Breaker``): one try at a time, while what is pending waits or expires.
"""

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol

import structlog

from core.alarms import AlarmKind
from core.events import (
    CallAnswered,
    CallsMerged,
    DossierCorrelated,
    Envelope,
    LrmNotificationFailed,
    LrmNotified,
)
from core.ids import AgentId, DossierId
from core.ports import Alarms, Bus, Clock
from lrm_bridge.contract import AffichageDossier, AppelEntrant
from lrm_bridge.metrics import LrmMetrics
from lrm_bridge.model import CallBook
from lrm_bridge.outbox import Key, Notice, Outbox
from lrm_bridge.policy import USELESS_AFTER_S, Answer, Breaker, next_delay, too_late, unwell

log = structlog.get_logger(__name__)

AT_ONCE = 16
"""Tries at a time, of all agents."""
_STEPS_A_TURN = 200
"""Messages looked at in one turn of the loop: however many are pending, calls come first."""
LOOK_EVERY = timedelta(seconds=10)
"""How often an LRM that failed is asked whether it is there, while there is nothing to tell it."""


class Lrm(Protocol):
    """The LRM, as this service needs it. Nothing here raises for what the LRM does."""

    async def appel_entrant(self, agent_id: AgentId, body: AppelEntrant) -> Answer:
        """Tell the LRM of a call."""

    async def afficher_dossier(self, dossier_id: DossierId, body: AffichageDossier) -> Answer:
        """Ask the LRM to show a dossier."""

    async def look(self) -> Answer:
        """Ask whether it is there."""


@dataclass(slots=True)
class _Turn:
    """An agent's first message: tries made, and when it is to be looked at. ``busy``: it is being sent."""

    key: Key | None = None
    attempts: int = 0
    due: datetime | None = None
    busy: bool = False


class LrmService:
    """The LRM of one centre, as far as it is told. ``lrm`` none: nobody is told, and nothing is written.

    Args:
        bus: where events meet.
        clock: the time.
        lrm: the LRM.
        alarms: where it is said that it is away.
        book: the calls of the centre.
        professional: whether a number is a known professional's (``nePasExecuter``).
        metrics: what is counted.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        lrm: Lrm | None,
        alarms: Alarms,
        *,
        book: CallBook | None = None,
        professional: Callable[[str], bool] = lambda number: False,
        metrics: LrmMetrics | None = None,
    ) -> None:
        self.outbox = Outbox(book or CallBook())
        self.breaker = Breaker()
        self._bus = bus
        self._clock = clock
        self._lrm = lrm
        self._alarms = alarms
        self._professional = professional
        self._metrics = metrics or LrmMetrics()
        self._turns: dict[AgentId, _Turn] = {}
        self._due: list[tuple[datetime, int, AgentId]] = []
        self._numbers = count()
        self._tasks: set[asyncio.Task[None]] = set()
        self._look_at: datetime | None = None
        self._trouble: Answer | None = None
        bus.project(self.outbox.fold)
        if lrm is not None:
            self._metrics.watch(self.outbox, self.breaker)
            bus.subscribe((CallAnswered, CallsMerged, DossierCorrelated), self._on_something_to_tell)

    def start(self) -> None:
        """Go on with what was not told before the restart."""
        if self._lrm is not None:
            self._schedule_stirred()
            self._pump(self._clock.now())

    async def close(self) -> None:
        """Stop telling; what is pending goes on at the next start."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def tick(self, now: datetime) -> None:
        """Tell what is due, and look whether an LRM that failed is back."""
        if self._lrm is None:
            return
        self._pump(now)
        idle = self._trouble is not None and not self.outbox.pending and not self._tasks
        if idle and (self._look_at is None or now >= self._look_at) and self.breaker.allows(now):
            self._spawn(self._look(self._lrm, probe=self.breaker.begin()))

    # --- whose turn it is -------------------------------------------------------------------------------

    def _on_something_to_tell(self, envelope: Envelope) -> None:
        self._schedule_stirred()
        self._pump(self._clock.now())

    def _schedule_stirred(self) -> None:
        """Look at once at those for whom something came: earlier messages of theirs wait no longer."""
        stirred, self.outbox.stirred = self.outbox.stirred, []
        now = self._clock.now()
        for agent_id in dict.fromkeys(stirred):
            if agent_id in self.outbox.pending:
                self._schedule(agent_id, now)

    def _schedule(self, agent_id: AgentId, due: datetime) -> None:
        turn = self._turns.setdefault(agent_id, _Turn())
        if not turn.busy:
            turn.due = due
            heapq.heappush(self._due, (due, next(self._numbers), agent_id))

    def _pump(self, now: datetime) -> None:
        for _ in range(_STEPS_A_TURN):
            if not self._due or self._due[0][0] > now or len(self._tasks) >= AT_ONCE:
                return
            due, _, agent_id = heapq.heappop(self._due)
            turn = self._turns.get(agent_id)
            if turn is not None and turn.due == due and not turn.busy:
                self._take_turn(agent_id, turn, now)

    def _take_turn(self, agent_id: AgentId, turn: _Turn, now: datetime) -> None:
        notice = next(iter(self.outbox.pending.get(agent_id, {}).values()), None)
        if notice is None:
            del self._turns[agent_id]
            return
        if turn.key != notice.key:
            turn.key, turn.attempts = notice.key, 0
        if too_late(self._age(notice)):
            self._settle(notice, Answer(None, "too late"), turn.attempts)
            self._schedule(agent_id, now)
            return
        if not self.breaker.allows(now):
            useless = notice.at + timedelta(seconds=USELESS_AFTER_S + 0.001)
            self._schedule(agent_id, min(useless, self.breaker.next_look(now)))
            return
        try:
            body = notice.body(self._professional)
        except ValueError as error:
            self._settle(notice, Answer(None, str(error)), turn.attempts)
            self._schedule(agent_id, now)
            return
        turn.busy, turn.due = True, None
        self._spawn(self._tell(notice, turn, body, probe=self.breaker.begin()))

    def _spawn(self, what: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(what, name="lrm")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- telling ----------------------------------------------------------------------------------------

    async def _tell(
        self, notice: Notice, turn: _Turn, body: AppelEntrant | AffichageDossier, *, probe: bool
    ) -> None:
        try:
            answer = await self._send(notice, body)
        except Exception as error:  # a fault of ours must not keep the agent's next calls from being told
            log.exception("lrm_try_broken")
            answer = Answer(None, type(error).__name__)
        now = self._clock.now()
        self._note(answer, now, probe=probe)
        turn.busy = False
        turn.attempts += 1
        delay = next_delay(turn.attempts, self._age(notice), answer, newer=self._newer(notice))
        if delay is None:
            self._settle(notice, answer, turn.attempts)
            self._schedule(notice.agent_id, now)
        else:
            log.warning("lrm_try_failed", detail=str(answer), attempts=turn.attempts)
            self._schedule(notice.agent_id, now + timedelta(seconds=delay))
        if (task := asyncio.current_task()) is not None:
            self._tasks.discard(task)  # its place is free for the next one
        self._pump(now)

    async def _send(self, notice: Notice, body: AppelEntrant | AffichageDossier) -> Answer:
        assert self._lrm is not None  # noqa: S101 - nothing is sent without it
        if isinstance(body, AppelEntrant):
            return await self._lrm.appel_entrant(notice.agent_id, body)
        assert notice.dossier_id is not None  # noqa: S101 - that is what the body says
        return await self._lrm.afficher_dossier(notice.dossier_id, body)

    async def _look(self, lrm: Lrm, *, probe: bool) -> None:
        """An LRM that could not be reached, and now can, is well; one that failed has to take a call first."""
        answer = await lrm.look()
        was = self._trouble
        if was is not None and was.status is not None and not unwell(answer):
            answer = was
        self._note(answer, self._clock.now(), probe=probe)

    def _newer(self, notice: Notice) -> bool:
        """Whether something of another call waits behind it."""
        return any(each.call_id != notice.call_id for each in self.outbox.pending[notice.agent_id].values())

    def _note(self, answer: Answer, now: datetime, *, probe: bool) -> None:
        """Say how the LRM is."""
        self.breaker.end(answer, now, probe=probe)
        if unwell(answer):
            self._trouble = answer
            self._look_at = now + LOOK_EVERY
            self._alarms.raise_alarm(AlarmKind.LRM_AWAY, detail=str(answer))
        else:
            self._trouble = None
            self._alarms.clear_alarm(AlarmKind.LRM_AWAY)

    def _age(self, notice: Notice) -> float:
        return (self._clock.now() - notice.at).total_seconds()

    def _settle(self, notice: Notice, answer: Answer, attempts: int) -> None:
        self._metrics.settled(notice, answer, self._age(notice))
        if answer.accepted and answer.status is not None:
            self._bus.publish(
                LrmNotified(
                    call_id=notice.call_id,
                    agent_id=notice.agent_id,
                    status=answer.status,
                    attempts=attempts,
                    message=notice.message,
                    dossier_id=notice.dossier_id,
                )
            )
            return
        log.error("lrm_not_told", message=notice.message, detail=str(answer), attempts=attempts)
        self._bus.publish(
            LrmNotificationFailed(
                call_id=notice.call_id,
                agent_id=notice.agent_id,
                detail=str(answer),
                attempts=attempts,
                message=notice.message,
                dossier_id=notice.dossier_id,
            )
        )
