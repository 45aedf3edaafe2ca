"""The API's requests about webhooks. Each client sees its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import ConfigDict, Field

from core.api_clients import ApiClient, DeadLetter, Webhook
from lrm_bridge.api.addresses import LONGEST_URL, AddressRefused
from lrm_bridge.api.door import Door
from lrm_bridge.api.dossiers import Body
from lrm_bridge.api.errors import ApiError
from lrm_bridge.api.kinds import KINDS
from lrm_bridge.api.routes import Place, Visitor, problems
from lrm_bridge.api.sender import HttpSender
from lrm_bridge.api.webhooks import Telling, WebhookService

WebhookInPath = Annotated[str, Path(min_length=1, max_length=64)]


class WebhookWanted(Body):
    """An address to tell, and of what."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"url": "https://lrm.example.org/bandeau15", "types": ["call.answered", "call.ended"]}]
        }
    )

    url: Annotated[str, Field(min_length=1, max_length=LONGEST_URL, description="An https address.")]
    types: Annotated[
        list[Annotated[str, Field(json_schema_extra={"enum": list(KINDS)})]],
        Field(min_length=1, max_length=64, description="Types of events."),
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookShown:
    """A webhook and how it goes. ``after``: the last event it has been told of, or did not want.

    ``state``: ``telling``; ``away`` (its receiver does not work: tried ever less often, at least every half
    minute); ``stopped`` (it answered 410: replay to go on).
    """

    webhook_id: str
    url: str
    types: tuple[str, ...]
    created_at: datetime
    state: str
    after: int
    failures: int
    failing_since: datetime | None
    last_status: int | None
    last_detail: str
    previous_secret_until: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookWithSecret:
    """A webhook and its new secret (``whsec_…``), which is shown this once."""

    webhook: WebhookShown
    secret: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookList:
    """The client's webhooks, the oldest first."""

    webhooks: tuple[WebhookShown, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadLetters:
    """What could not be told, the latest first, a hundred at most."""

    dead_letters: tuple[DeadLetter, ...]


def _shown(telling: Telling) -> WebhookShown:
    webhook: Webhook = telling.webhook
    state = "stopped" if webhook.stopped else "away" if telling.away else "telling"
    return WebhookShown(
        webhook_id=webhook.webhook_id,
        url=webhook.url,
        types=webhook.types,
        created_at=webhook.created_at,
        state=state,
        after=webhook.after,
        failures=telling.failures,
        failing_since=telling.away_since,
        last_status=telling.last_status,
        last_detail=telling.last_detail,
        previous_secret_until=webhook.previous_until,
    )


def webhook_routes(service: WebhookService, sender: HttpSender, door: Door) -> APIRouter:
    """What concerns webhooks."""
    router = APIRouter(prefix="/webhooks", tags=["webhooks"])
    anybody = Depends(Visitor(door))

    def wanted(client: ApiClient, types: list[str]) -> tuple[str, ...]:
        if any(each not in KINDS for each in types):
            raise ApiError("bad_request")
        if any(KINDS[each].scope not in client.scopes for each in types):
            raise ApiError("scope_missing")
        return tuple(dict.fromkeys(types))

    @router.get("", summary="The client's webhooks", responses=problems())
    async def all_of_them(client: Annotated[ApiClient, anybody]) -> WebhookList:
        return WebhookList(webhooks=tuple(_shown(each) for each in service.of(client)))

    @router.post("", status_code=201, summary="Tell an address of events", responses=problems(409))
    async def add(body: WebhookWanted, client: Annotated[ApiClient, anybody]) -> WebhookWithSecret:
        """Each event is posted there as the stream has it, signed by the Standard Webhooks specification
        (``webhook-id``, ``webhook-timestamp``, ``webhook-signature``), in order, again until the answer is a
        2xx. What is an hour old is given up. It may come twice, with the same ``webhook-id``."""
        types = wanted(client, body.types)
        try:
            await sender.check(body.url)
        except AddressRefused as error:
            raise ApiError("url_not_allowed") from error
        telling = await service.add(client, body.url, types)
        return WebhookWithSecret(webhook=_shown(telling), secret=telling.webhook.secret)

    @router.get("/{webhook_id}", summary="One webhook, and how it goes", responses=problems(404))
    async def one(webhook_id: WebhookInPath, client: Annotated[ApiClient, anybody]) -> WebhookShown:
        return _shown(service.find(client, webhook_id))

    @router.delete("/{webhook_id}", status_code=204, summary="Tell it no more", responses=problems(404))
    async def remove(webhook_id: WebhookInPath, client: Annotated[ApiClient, anybody]) -> None:
        await service.remove(client, webhook_id)

    @router.post("/{webhook_id}/rotate", summary="Sign with a new secret", responses=problems(404))
    async def rotate(webhook_id: WebhookInPath, client: Annotated[ApiClient, anybody]) -> WebhookWithSecret:
        """The former secret signs too for a day: each request then has two signatures."""
        telling = await service.rotate(client, webhook_id)
        return WebhookWithSecret(webhook=_shown(telling), secret=telling.webhook.secret)

    @router.post("/{webhook_id}/replay", summary="Tell again, or go on", responses=problems(404))
    async def replay(
        webhook_id: WebhookInPath, client: Annotated[ApiClient, anybody], after: Place = None
    ) -> WebhookShown:
        """Tell again what came after a place, as far as it is remembered; go on where it was stopped."""
        return _shown(await service.replay(client, webhook_id, after))

    @router.get("/{webhook_id}/dead-letters", summary="What could not be told", responses=problems(404))
    async def dead_letters(webhook_id: WebhookInPath, client: Annotated[ApiClient, anybody]) -> DeadLetters:
        """``stream.gap``: events that are not remembered any more, from the place told to the one named."""
        return DeadLetters(dead_letters=tuple(await service.dead_letters(client, webhook_id)))

    return router
