"""Tells each agent's LRM of the calls they take: in order for one agent, retried, and never in a call's way."""

import asyncio
from typing import Protocol

import structlog

from core.alarms import AlarmKind
from core.events import CallAnswered, Envelope, LrmNotificationFailed, LrmNotified
from core.ids import AgentId
from core.ports import Alarms, Bus, Clock
from lrm_bridge.model import AppelEntrant, Notice, Notices
from lrm_bridge.policy import Answer, next_delay, too_late, unwell

log = structlog.get_logger(__name__)


class Lrm(Protocol):
    """The LRM, as this service needs it."""

    async def appel_entrant(self, agent_id: AgentId, body: AppelEntrant) -> Answer:
        """Tell the LRM of a call; never raises for what the LRM does."""


class LrmService:
    """The LRMs of one centre. ``lrm`` none: nobody is told, and nothing is written."""

    def __init__(self, bus: Bus, clock: Clock, lrm: Lrm | None, alarms: Alarms) -> None:
        self._bus = bus
        self._clock = clock
        self._lrm = lrm
        self._alarms = alarms
        self._notices = Notices()
        self._turns: dict[AgentId, asyncio.Lock] = {}
        self._newest: dict[AgentId, Notice] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        if lrm is not None:
            bus.project(self._notices.fold)
            bus.subscribe((CallAnswered,), self._on_call_answered)

    def start(self) -> None:
        """Go on with what was not told before the restart."""
        for notice in list(self._notices.pending.values()):
            self._spawn(notice)

    async def close(self) -> None:
        """Stop telling; what is pending goes on at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_call_answered(self, envelope: Envelope) -> None:
        assert isinstance(envelope.event, CallAnswered)  # noqa: S101 - by subscription
        notice = self._notices.pending.get((envelope.event.call_id, envelope.event.agent_id))
        if notice is not None:
            self._spawn(notice)

    def _spawn(self, notice: Notice) -> None:
        self._newest[notice.agent_id] = notice
        task = asyncio.get_running_loop().create_task(self._tell_in_turn(notice), name="lrm")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell_in_turn(self, notice: Notice) -> None:
        """One agent's calls are told one after the other; agents do not wait for each other."""
        async with self._turns.setdefault(notice.agent_id, asyncio.Lock()):
            await self._tell(notice)

    async def _tell(self, notice: Notice) -> None:
        answer, attempts = Answer(None, "too late"), 0
        try:
            body = notice.body()
        except ValueError as error:
            self._write(notice, Answer(None, str(error)), attempts)
            return
        while not too_late(self._age(notice)):
            answer = await self._try(notice, body)
            attempts += 1
            newer = self._newest[notice.agent_id] is not notice
            delay = next_delay(attempts, self._age(notice), answer, newer=newer)
            if delay is None:
                break
            log.warning("lrm_try_failed", status=answer.status, detail=answer.detail, attempts=attempts)
            await asyncio.sleep(delay)
        self._write(notice, answer, attempts)

    async def _try(self, notice: Notice, body: AppelEntrant) -> Answer:
        assert self._lrm is not None  # noqa: S101 - nothing is spawned without it
        answer = await self._lrm.appel_entrant(notice.agent_id, body)
        if unwell(answer):
            self._alarms.raise_alarm(AlarmKind.LRM_AWAY, detail=answer.detail or f"status {answer.status}")
        else:
            self._alarms.clear_alarm(AlarmKind.LRM_AWAY)
        return answer

    def _age(self, notice: Notice) -> float:
        return (self._clock.now() - notice.answered_at).total_seconds()

    def _write(self, notice: Notice, answer: Answer, attempts: int) -> None:
        if answer.accepted and answer.status is not None:
            self._bus.publish(
                LrmNotified(
                    call_id=notice.call_id, agent_id=notice.agent_id, status=answer.status, attempts=attempts
                )
            )
            return
        detail = f"status {answer.status}" if answer.status else answer.detail
        log.error("lrm_not_told", detail=detail, attempts=attempts)
        self._bus.publish(
            LrmNotificationFailed(
                call_id=notice.call_id, agent_id=notice.agent_id, detail=detail, attempts=attempts
            )
        )
