"""Tells webhooks of events: each in order, again until it has them, and never in a call's way.

The outbox is the event log itself, which is folded from the journal, and each webhook's place in it, which is
in the database. So nothing is forgotten by a restart; an event may come twice, with the same ``webhook-id``.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from core.api_clients import ApiClient, DeadLetter, Webhook, Webhooks
from core.errors import StorageUnavailable
from core.ids import new_id
from core.ports import Clock
from lrm_bridge.api import signing
from lrm_bridge.api.errors import ApiError
from lrm_bridge.api.log import Entry, EventLog
from lrm_bridge.api.policy import BREAKS_AFTER, USELESS_AFTER_S, Next, Try, after_try, delay

log = structlog.get_logger(__name__)

MOST_WEBHOOKS = 10
"""Of one client."""
BOTH_SECRETS = timedelta(hours=24)
"""How long the former secret signs too."""
SAVED_EVERY_S = 1.0
LOOKED_AT_EVERY_S = 10.0
"""How often clients revoked by the command line are looked for."""


class Sender(Protocol):
    """How events are carried."""

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Try:
        """One try; never raises for what the receiver does."""


@dataclass(slots=True)
class Telling:
    """How it goes with one webhook."""

    webhook: Webhook
    task: asyncio.Task[None] | None = None
    failures: int = 0
    """In a row."""
    away_since: datetime | None = None
    last_status: int | None = None
    last_detail: str = ""

    @property
    def away(self) -> bool:
        """Whether its receiver is given up on for the moment: one try at a time, ever less often."""
        return self.failures >= BREAKS_AFTER


class WebhookService:
    """The webhooks of all clients."""

    def __init__(self, events: EventLog, store: Webhooks, sender: Sender, clock: Clock) -> None:
        self._events = events
        self._store = store
        self._sender = sender
        self._clock = clock
        self._tellings: dict[str, Telling] = {}
        self._unsaved: dict[str, int] = {}
        self._house: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        """Held while what is stored and what is told are brought in line, whichever follows the other."""

    # --- life -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Go on where the last core stopped."""
        self._house = asyncio.get_running_loop().create_task(self._keep_house(), name="webhooks")

    async def close(self) -> None:
        """Stop telling, and note how far it got."""
        tasks = [self._house, *(each.task for each in self._tellings.values())]
        running = [task for task in tasks if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        with suppress(StorageUnavailable, TimeoutError):
            async with asyncio.timeout(2):
                await self._save_places()

    async def _keep_house(self) -> None:
        """Take up the webhooks there are, drop those of revoked clients, and note places; until cancelled."""
        looked_at = float("-inf")
        while True:
            try:
                if self._clock.monotonic() - looked_at >= LOOKED_AT_EVERY_S:
                    await self._look()
                    looked_at = self._clock.monotonic()
                await self._save_places()
            except StorageUnavailable:
                log.warning("webhooks_not_saved", advice="tried again; what is told twice has the same id")
            await asyncio.sleep(SAVED_EVERY_S)

    async def _look(self) -> None:
        async with self._changing:
            stored = {each.webhook_id: each for each in await self._store.all()}
            for webhook_id in [each for each in self._tellings if each not in stored]:
                self._drop(webhook_id)
            for webhook_id, webhook in stored.items():
                if webhook_id not in self._tellings:
                    self._begin(webhook)

    async def _save_places(self) -> None:
        places, self._unsaved = self._unsaved, {}
        if not places:
            return
        try:
            await self._store.told(places)
        except BaseException:
            self._unsaved = {**places, **self._unsaved}
            raise

    @property
    def away(self) -> int:
        """How many have a receiver that does not work."""
        return sum(each.away for each in self._tellings.values())

    # --- what clients ask for ---------------------------------------------------------------------------

    def of(self, client: ApiClient) -> list[Telling]:
        """A client's webhooks."""
        return [each for each in self._tellings.values() if each.webhook.client_id == client.client_id]

    def find(self, client: ApiClient, webhook_id: str) -> Telling:
        """One of a client's webhooks.

        Raises:
            ApiError: ``unknown_webhook``.
        """
        telling = self._tellings.get(webhook_id)
        if telling is None or telling.webhook.client_id != client.client_id:
            raise ApiError("unknown_webhook")
        return telling

    async def add(self, client: ApiClient, url: str, types: tuple[str, ...]) -> Telling:
        """Begin to tell an address, of what happens from now on.

        Raises:
            ApiError: ``too_many_webhooks``.
            StorageUnavailable: nothing was changed.
        """
        async with self._changing:
            if len(self.of(client)) >= MOST_WEBHOOKS:
                raise ApiError("too_many_webhooks")
            webhook = Webhook(
                webhook_id=f"w-{new_id()}",
                client_id=client.client_id,
                url=url,
                types=types,
                secret=signing.new_secret(),
                created_at=self._clock.now(),
                after=self._events.seq,
            )
            await self._store.save(webhook)
            log.info("webhook_added", client=client.client_id, webhook=webhook.webhook_id)
            return self._begin(webhook)

    async def remove(self, client: ApiClient, webhook_id: str) -> None:
        """Tell an address no more. Raises as :meth:`find`, and StorageUnavailable."""
        async with self._changing:
            self.find(client, webhook_id)
            await self._store.remove(webhook_id)
            self._drop(webhook_id)
            log.info("webhook_removed", client=client.client_id, webhook=webhook_id)

    async def rotate(self, client: ApiClient, webhook_id: str) -> Telling:
        """Sign with a new secret; the former one signs too for a day. Raises as :meth:`remove`."""
        async with self._changing:
            old = self.find(client, webhook_id).webhook
            changed = replace(
                old,
                secret=signing.new_secret(),
                previous_secret=old.secret,
                previous_until=self._clock.now() + BOTH_SECRETS,
            )
            return await self._change(changed)

    async def replay(self, client: ApiClient, webhook_id: str, after: int | None) -> Telling:
        """Go on after that place, or from where it stands, also if stopped. Raises as :meth:`remove`."""
        async with self._changing:
            old = self.find(client, webhook_id).webhook
            place = old.after if after is None else min(after, self._events.seq)
            return await self._change(replace(old, after=place, stopped=""))

    async def _change(self, webhook: Webhook) -> Telling:
        """Tell it as it now is, also where that could not be stored."""
        self._drop(webhook.webhook_id)
        try:
            await self._store.save(webhook)
        finally:
            telling = self._begin(webhook)
        return telling

    # --- telling ----------------------------------------------------------------------------------------

    def _begin(self, webhook: Webhook) -> Telling:
        telling = Telling(webhook)
        self._tellings[webhook.webhook_id] = telling
        if not webhook.stopped:
            loop = asyncio.get_running_loop()
            telling.task = loop.create_task(self._tell(telling), name=f"webhook {webhook.webhook_id}")
        return telling

    def _drop(self, webhook_id: str) -> None:
        telling = self._tellings.pop(webhook_id, None)
        self._unsaved.pop(webhook_id, None)
        if telling is not None and telling.task is not None:
            telling.task.cancel()

    async def _tell(self, telling: Telling) -> None:
        """Tell one webhook of everything it wants, in order, until cancelled or stopped."""
        while not telling.webhook.stopped:
            webhook = telling.webhook
            if not self._events.has(webhook.after):
                await self._note_gap(telling)
                continue
            entries = self._events.after(webhook.after)
            for entry in entries:
                if entry.event.type in webhook.types and not await self._deliver(telling, entry):
                    return
                self._reached(telling, entry.event.seq)
            if not entries:
                await self._events.news()

    async def _deliver(self, telling: Telling, entry: Entry) -> bool:
        """Tell of one event, until it is told or given up; whether to go on."""
        attempts, tried = 0, Try(0, "away")
        while True:
            if telling.away and self._age(entry) > USELESS_AFTER_S:
                await self._bury(telling, entry, attempts, tried)
                return True
            tried = await self._try(telling.webhook, entry)
            attempts += 1
            age = self._age(entry)
            verdict = after_try(tried, attempts, age)
            self._note(telling, tried)
            if verdict is Next.DONE:
                return True
            if verdict is Next.STOP:
                await self._stop(telling, "gone")
                return False
            if verdict is Next.GIVE_UP:
                await self._bury(telling, entry, attempts, tried)
                return True
            await asyncio.sleep(delay(telling.failures))

    def _age(self, entry: Entry) -> float:
        return (self._clock.now() - entry.event.timestamp).total_seconds()

    async def _try(self, webhook: Webhook, entry: Entry) -> Try:
        now = self._clock.now()
        both = webhook.previous_until is not None and now < webhook.previous_until
        secrets = (webhook.secret, webhook.previous_secret) if both else (webhook.secret,)
        signed = signing.headers(secrets, entry.event.id, int(now.timestamp()), entry.body)
        return await self._sender.post(webhook.url, signed, entry.body)

    def _note(self, telling: Telling, tried: Try) -> None:
        telling.last_status, telling.last_detail = tried.status, tried.detail
        if tried.accepted:
            if telling.away:
                log.info("webhook_back", webhook=telling.webhook.webhook_id)
            telling.failures, telling.away_since = 0, None
            return
        telling.failures += 1
        telling.away_since = telling.away_since or self._clock.now()
        if telling.failures == BREAKS_AFTER:
            log.warning("webhook_away", webhook=telling.webhook.webhook_id, status=tried.status)

    def _reached(self, telling: Telling, seq: int) -> None:
        telling.webhook = replace(telling.webhook, after=seq)
        self._unsaved[telling.webhook.webhook_id] = seq

    async def _note_gap(self, telling: Telling) -> None:
        """What it was to be told next is not in the log any more, or the place is of another journal."""
        floor, seq = self._events.floor, self._events.seq
        place = floor if telling.webhook.after < floor else seq
        await self._keep(telling, place, "", "stream.gap", 0, Try(0, f"{telling.webhook.after} to {place}"))
        self._reached(telling, place)

    async def _stop(self, telling: Telling, why: str) -> None:
        telling.webhook = replace(telling.webhook, stopped=why)
        log.warning("webhook_stopped", webhook=telling.webhook.webhook_id, why=why)
        with suppress(StorageUnavailable):
            async with self._changing:  # one removed meanwhile has cancelled us
                await self._store.save(telling.webhook)

    async def _bury(self, telling: Telling, entry: Entry, attempts: int, tried: Try) -> None:
        event = entry.event
        await self._keep(telling, event.seq, event.id, event.type, attempts, tried)

    async def _keep(
        self, telling: Telling, seq: int, event_id: str, event_type: str, attempts: int, tried: Try
    ) -> None:
        letter = DeadLetter(
            webhook_id=telling.webhook.webhook_id,
            seq=seq,
            event_id=event_id,
            type=event_type,
            given_up_at=self._clock.now(),
            attempts=attempts,
            status=tried.status,
            detail=tried.detail,
        )
        log.error("webhook_gave_up", webhook=letter.webhook_id, type=event_type, status=tried.status)
        try:
            await self._store.bury(letter)
        except StorageUnavailable:
            log.warning("dead_letter_not_saved", webhook=letter.webhook_id, seq=seq)

    async def dead_letters(self, client: ApiClient, webhook_id: str) -> list[DeadLetter]:
        """What could not be told to one. Raises as :meth:`remove`."""
        self.find(client, webhook_id)
        return list(await self._store.dead_letters(webhook_id))
